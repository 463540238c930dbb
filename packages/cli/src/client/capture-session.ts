import type { Params, Result } from '@triterm/core/protocol';
import type { DaemonClient } from './daemon-client.ts';

/** A session's screen and scrollback, all that was asked for, as of one moment. */
export type Captured = Omit<Result<'session.capture'>, 'firstLine' | 'more'>;

/**
 * Captures a session, however long its scrollback is: older lines are asked for page by page. What is erased or dropped meanwhile is
 * left out. Rejects as `request`.
 */
export async function captureSession(
  client: Pick<DaemonClient, 'request'>,
  params: Omit<Params<'session.capture'>, 'before'> & { readonly scrollbackLines: number },
): Promise<Captured> {
  const { firstLine, more, ...captured } = await client.request('session.capture', params);
  const pages = [captured.scrollback];
  const wanted = params.scrollbackLines < 0 ? Number.POSITIVE_INFINITY : params.scrollbackLines;
  let left = wanted - captured.scrollback.length;
  let before = more && left > 0 ? firstLine : null;
  while (before !== null) {
    const scrollbackLines = Number.isFinite(left) ? left : -1;
    const older: Result<'session.capture'> = await client.request('session.capture', {
      ...params,
      scrollbackLines,
      before,
    });
    pages.push(older.scrollback);
    left -= older.scrollback.length;
    const goesOn = older.more && left > 0 && older.firstLine !== null && older.firstLine < before;
    before = goesOn ? older.firstLine : null;
  }
  return { ...captured, scrollback: pages.reverse().flat() };
}
