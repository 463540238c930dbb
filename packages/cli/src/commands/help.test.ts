import { describe, expect, it } from 'vitest';
import { displayWidth } from '../output/display-width.ts';
import { commandHelp, groupHelp } from './help.ts';
import { COMMAND_NAMES, GROUPS, type GroupName, loadCommand } from './registry.ts';

const GROUP_NAMES = [undefined, ...Object.keys(GROUPS)] as (GroupName | undefined)[];

function widest(text: string): string {
  return text
    .split('\n')
    .reduce((widest, line) => (displayWidth(line) > displayWidth(widest) ? line : widest));
}

describe.each(COMMAND_NAMES)('the help of `triterm %s`', name => {
  it('has a usage, a summary, its options and examples, within 80 columns', async () => {
    const { spec } = await loadCommand(name);
    const help = await commandHelp(name, 80);
    expect(help).toMatch(new RegExp(`^Usage: triterm ${name} \\[options\\]`));
    expect(help).toContain(`\n\n${spec.summary}.\n`);
    expect(help).toContain('-h, --help');
    expect(help).toMatch(/\nExamples:\n {2}\$ /);
    expect(help.endsWith('\n')).toBe(true);
    expect(displayWidth(widest(help)), widest(help)).toBeLessThanOrEqual(80);
  });

  it('has tables that can be read without doubt', async () => {
    const { spec } = await loadCommand(name);
    const letters = Object.values(spec.options).flatMap(option => option.short ?? []);
    expect(new Set(letters).size).toBe(letters.length);
    expect(letters.every(letter => /^[a-zA-Z]$/.test(letter) && letter !== 'h')).toBe(true);
    expect(spec.args.slice(0, -1).every(arg => arg.repeat !== true)).toBe(true);
    const required = spec.args.map(arg => arg.required === true);
    expect(required).toEqual([...required].sort((a, b) => Number(b) - Number(a)));
    expect(spec.summary).not.toMatch(/\.$/);
    expect(spec.examples.length).toBeGreaterThan(0);
  });
});

describe.each(GROUP_NAMES)('the help of group %s', group => {
  it('lists its commands with their summaries, within 80 columns', async () => {
    const help = await groupHelp(group, 80);
    const prefix = group === undefined ? '' : `${group} `;
    for (const name of COMMAND_NAMES.filter(name => name.startsWith(prefix))) {
      const word = name.slice(prefix.length).split(' ')[0] ?? '';
      expect(help).toMatch(new RegExp(`\n {2}${word} +[A-Z]`));
    }
    expect(help).toContain(`triterm help ${prefix}COMMAND`);
    expect(displayWidth(widest(help)), widest(help)).toBeLessThanOrEqual(80);
  });
});

it('grows with the terminal', async () => {
  expect(widest(await commandHelp('attach', 100)).length).toBeGreaterThan(80);
});
