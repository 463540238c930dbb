/** Known failures were found by accident, again and again: each has a test that fails when it comes back, and the list says which. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../../..');
const LIST = 'docs/known-failures.md';

interface Listed {
  readonly failure: string;
  readonly file: string;
  readonly title: string;
  readonly naive: string;
}

/** Rows of the list's tables: failure, file and title, how the naive version fails. An empty first cell repeats the failure above. */
function listed(page: string): Listed[] {
  const rows: Listed[] = [];
  for (const [, failure = '', file = '', title = '', naive = ''] of page.matchAll(
    /^\| (.*?) ?\| `([^`|]+\.test\.ts|[^`|]+-contract\.ts)`: (.+?) \| (.*?) \|$/gm,
  ))
    rows.push({ failure: failure === '' ? (rows.at(-1)?.failure ?? '') : failure, file, title, naive });
  return rows;
}

/** Titles of the tests in a file, as they are written there. */
function titles(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const call =
    /\bit(?:\.each\((?:[^()]|\([^()]*\))*\))?\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`([^`]*)`)/g;
  return [...text.matchAll(call)].map(([, single, double, template]) => single ?? double ?? template ?? '');
}

describe('the list of known failures', () => {
  const page = readFileSync(join(ROOT, LIST), 'utf8');
  const rows = listed(page);

  it('has a test for each, and says how the naive version fails it', () => {
    const lines = page.split('\n').filter(line => line.startsWith('| ') && line.includes('.ts`'));
    expect(rows).toHaveLength(lines.length);
    expect(rows.length).toBeGreaterThan(20);
    for (const { failure, naive } of rows) expect(failure.length * naive.length).toBeGreaterThan(0);
  });

  it.each(rows)('names a test that there is: $file, $title', ({ file, title }) => {
    expect(titles(file)).toContain(title);
  });
});
