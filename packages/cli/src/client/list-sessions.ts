import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Result } from '@triterm/core/protocol';
import type { DaemonClient } from './daemon-client.ts';

/** Far more than a fleet has. */
const MAX_PAGES = 1000;

export interface ListOptions {
  /** Of all servers, also of those that can't be reached. */
  readonly all?: boolean;
  /** For each page. */
  readonly timeoutMs?: number;
}

/** The sessions that a daemon lists, oldest first, however many they are. Rejects as `request`. */
export async function listSessions(
  client: Pick<DaemonClient, 'request'>,
  { all = false, timeoutMs }: ListOptions = {},
): Promise<readonly SessionInfo[]> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  // One that is made anew while pages are asked for may be on two of them.
  const listed = new Map<string, SessionInfo>();
  let after: string | null = null;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page: Result<'session.list'> = await client.request(
      'session.list',
      { all, page: { after } },
      options,
    );
    for (const session of page.sessions) listed.set(session.id, session);
    // A daemon of an earlier release does not say it: it has no pages.
    after = page.next ?? null;
    if (after === null) return [...listed.values()];
  }
  throw new TermError('TOO_LARGE', `The list of sessions has more than ${MAX_PAGES} pages.`);
}
