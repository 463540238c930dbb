// Prints its arguments as JSON in ASCII, so that neither a terminal nor its line discipline changes anything.
const json = JSON.stringify(process.argv.slice(2));
const ascii = json.replace(/[^ -~]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
console.log(`<${ascii}>`);
