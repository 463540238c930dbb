import { declaredFlags } from '../../../packages/cli/src/commands/line-builder.ts';
import { isCommandName, isGroupName, loadCommand } from '../../../packages/cli/src/commands/registry.ts';

/** A command where a shell looks for one: behind another's end, variables, or a keyword; not one whose words are not known yet. */
const COMMAND = /(?<=(?:^|[;&|({`]|\b(?:do|then|else|xargs)\s)\s*(?:[A-Z_]+=\S* )*)triterm (?=[\w-])/gm;
/** Where a shell ends a command, outside quotes. */
const ENDS = /[|;&<>()\n`]/;

/** The words of every `triterm …` in a piece of shell, without its redirections and what follows. */
export function tritermLines(shell: string): string[][] {
  return [...shell.matchAll(COMMAND)].map(({ index }) => words(shell.slice(index)).slice(1));
}

/** The words of every `triterm …` that a page names in running text and tables. */
export function namedLines(markdown: string): string[][] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$|<!--[\s\S]*?-->/gm, '');
  return [...prose.matchAll(/`(triterm [^`]+)`/g)].map(([, line = '']) => words(line).slice(1));
}

/** What is wrong with the words behind `triterm`: a command or an option that does not exist. Undefined when nothing is. */
export async function faultOf(line: readonly string[]): Promise<string | undefined> {
  const [first = '', second = ''] = line;
  if (first === '--host') return faultOf(line.slice(2));
  if (first.startsWith('--host=')) return faultOf(line.slice(1));
  if (['--version', '-V', '--help', '-h'].includes(first)) return undefined;
  if (first === 'help') return faultOf([...line.slice(1), '--help']);
  if (isGroupName(first) && (second === '' || second === '--help')) return undefined;
  const name = isGroupName(first) ? `${first} ${second}` : first;
  if (!isCommandName(name)) return `there is no command "${name}"`;
  const { spec } = await loadCommand(name);
  const flags = [...declaredFlags(spec).keys(), '--help', '-h'];
  const end = line.includes('--') ? line.indexOf('--') : line.length;
  const unknown = line
    .slice(name.split(' ').length, end)
    .filter(word => /^-./.test(word) && !flags.includes(word.split('=')[0] ?? ''));
  return unknown.length === 0 ? undefined : `"${name}" has no ${unknown.join(', ')}`;
}

/** A command's words up to its end, as a shell reads them, but for expansions. */
function words(shell: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const [at, char] of [...shell].entries()) {
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word += char;
    } else if (char === "'" || (char === '"' && shell.indexOf('"', at + 1) > 0)) {
      quote = char;
      word ??= '';
    } else if (ENDS.test(char) || (char === '#' && word === undefined)) {
      break;
    } else if (char === ' ') {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else {
      word = `${word ?? ''}${char}`;
    }
  }
  return word === undefined ? found : [...found, word];
}
