import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ProcessSignals } from '../attach/process-signals.ts';
import type { CommandContext } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

/**
 * The daemon writes a file below its own state directory, which both see whatever is mounted where; it is copied from there, in
 * pieces, and removed, also when a signal comes.
 */
export async function exportToStdout(context: CommandContext): Promise<number> {
  let signal: NodeJS.Signals | undefined;
  const over = new AbortController();
  const status = await withDaemon(context, async client => {
    const dir = mkdtempSync(join(context.paths.stateDir, 'export-'));
    const remove = () => rmSync(dir, { recursive: true, force: true });
    const signals = new ProcessSignals({
      ended: name => {
        signal = name;
        over.abort();
        client.close();
      },
      stopping: async () => {},
      continued: () => {},
      dying: remove,
    });
    try {
      const { file } = await client.request(
        'db.export',
        { file: join(dir, 'sessions.jsonl') },
        { timeoutMs: 0 },
      );
      await pipeline(createReadStream(file), context.stdout, { end: false, signal: over.signal });
      return 0;
    } catch (thrown) {
      if (signal === undefined) throw thrown;
      return 0;
    } finally {
      remove();
      signals.remove();
    }
  });
  if (signal !== undefined) ProcessSignals.raise(signal);
  return status;
}
