#!/usr/bin/env node
// Plain JavaScript, so that a Node that cannot read the rest can still say so.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  const { main } = await import('./run.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write(
    `bench: it needs Node 22.18 or newer, and this is ${process.versions.node} (${process.execPath}).\n` +
      '`npm run bench` brings its own.\n',
  );
  process.exitCode = 6;
}
