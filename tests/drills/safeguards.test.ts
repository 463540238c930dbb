import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drillNames } from '../support/drill-program.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/drill-mutants.mjs', import.meta.url));
const NAMES = await drillNames();

interface Row {
  readonly drill: string;
  readonly without: string;
  readonly caught: string | null;
  readonly found: string;
}

describe('a drill whose safeguard is taken away', () => {
  const rows = new Map(NAMES.map(name => [name, Promise.withResolvers<Row>()]));
  const all = Promise.withResolvers<number | null>();
  let end: () => void = () => {};
  beforeAll(() => {
    const child = spawn(process.execPath, [SCRIPT, '--jobs', '2', '--mutants-only', '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    end = () => child.kill();
    let said = '';
    child.stderr.on('data', chunk => {
      said += String(chunk);
    });
    createInterface({ input: child.stdout }).on('line', line => {
      const row: Row = JSON.parse(line);
      rows.get(row.drill)?.resolve(row);
    });
    child.on('close', code => {
      all.resolve(code);
      for (const { reject } of rows.values()) reject(new Error(`it ended with ${code}: ${said}`));
    });
    for (const { promise } of rows.values()) promise.catch(() => {});
  });
  afterAll(() => end());

  it.each(NAMES)('does not hold: %s', async name => {
    const row = await rows.get(name)?.promise;
    expect(row?.caught, `${row?.without}: ${row?.found}`).not.toBeNull();
  });

  it('does not hold, whatever else is taken away', async () => {
    expect(await all.promise).toBe(0);
  });
});
