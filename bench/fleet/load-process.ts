import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openPlaces } from '../contestant.ts';
import { Workplace } from '../host/workplace.ts';
import type { FleetContext } from './measure.ts';
import type { LoadOrder, LoadReport } from './programs/load.ts';

const PROGRAM = fileURLToPath(new URL('./programs/load.ts', import.meta.url));

/** Lets a process of its own start a fleet in a private place, be its clients, and report. Rejects with what it failed with. */
export async function runLoad(order: LoadOrder, { results, progress }: FleetContext): Promise<void> {
  const place = Workplace.make();
  openPlaces.add(place);
  // PostgreSQL, not root, has to get through.
  chmodSync(place.dir, 0o711);
  const child = fork(PROGRAM, [JSON.stringify(order)], {
    execArgv: ['--conditions=@triterm/source', '--no-warnings'],
    env: { ...process.env, TMPDIR: place.dir, BENCH_PLACE: place.dir },
  });
  let failed: string | undefined;
  child.on('message', (report: LoadReport) => {
    if (report.kind === 'progress') progress(report.text);
    else if (report.kind === 'value') results.add(report.key, report.value);
    else failed = report.text;
  });
  try {
    const [code, signal] = await once(child, 'exit');
    if (failed !== undefined || code !== 0) throw new Error(failed ?? `it has ended: ${signal ?? code}`);
  } finally {
    child.kill('SIGKILL');
    await place.clear();
    openPlaces.delete(place);
  }
}
