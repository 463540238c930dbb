import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { definitions, page, plain, prose } from '../scripts/lib/man/roff.ts';

const DIR = join(import.meta.dirname, '../packages/cli/man');
const PAGES = readdirSync(DIR).sort();

const hasGroff = spawnSync('groff', ['--version']).status === 0;
const hasMan = spawnSync('man', ['--version']).status === 0;

/** As a terminal of 80 columns shows it, without bold and underlining; and what the formatter warns of. */
function formatted(input: { readonly file: string } | { readonly text: string }) {
  const args = ['-man', '-ww', '-Tutf8', '-P-cbou', '-rLL=80n', 'file' in input ? input.file : '-'];
  const { stdout, stderr } = spawnSync('groff', args, {
    encoding: 'utf8',
    ...('text' in input ? { input: input.text } : {}),
  });
  return { text: stdout, warnings: stderr };
}

describe.skipIf(!hasGroff)('a manual page', () => {
  it.each(PAGES)('is formatted without a warning: %s', name => {
    expect(name).toMatch(/^triterm(?:d|-[a-z]+)?\.[158]$/);
    const { text, warnings } = formatted({ file: join(DIR, name) });
    expect(warnings).toBe('');
    for (const section of ['NAME', 'SYNOPSIS', 'SEE ALSO'])
      if (!name.endsWith('.5') || section !== 'SYNOPSIS')
        expect(text).toMatch(new RegExp(`^${section}$`, 'm'));
  });

  it('shows every character as it was written, and takes no text for a request', () => {
    const text = `.so /etc/passwd 'tis \\n(.x -- a-b ~/x ^C \`code -x\` “quoted” … \u00e4`;
    const { text: shown, warnings } = formatted({
      text: page({
        title: 'x',
        section: 1,
        version: '1.0',
        sections: [
          { name: 'NAME', lines: [plain(text)] },
          { name: 'CODE', lines: [prose('`.so x` and `a\\b`'), ...definitions([["'so y", '.so z']])] },
        ],
      }),
    });
    expect(warnings).toBe('');
    expect(shown.replaceAll(/\s+/g, ' ')).toContain(text);
    for (const line of ['.so x and a\\b', "'so y", '.so z']) expect(shown).toContain(line);
  });
});

it.skipIf(!hasMan).each(['C.UTF-8', 'C'])(
  'man finds nothing wrong with the pages where the locale is %s',
  locale => {
    const args = ['--warnings', '--local-file', ...PAGES.map(name => join(DIR, name))];
    const { status, stderr } = spawnSync('man', args, {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: locale, MANPAGER: 'cat' },
    });
    expect([status, stderr]).toEqual([0, '']);
  },
);

it('every page is installed with the package', () => {
  // npm links those to the manual that are named one by one.
  const { man, files } = JSON.parse(readFileSync(join(DIR, '../package.json'), 'utf8'));
  expect(man).toEqual(PAGES.map(name => `man/${name}`));
  expect(files).toContain('man');
});
