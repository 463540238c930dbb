import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import type { Place } from '../../place.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { SandboxPlace } from '../../sandbox/sandbox-place.ts';
import type { Stage } from '../../stage.ts';
import { untilEqual, untilUsed } from './redis-state.ts';
import { Requests } from './requests.ts';
import { Typist } from './typist.ts';

/** Nothing comes into Redis but what is written, and what it has missed by the outbox: warming it up would hide that something is missing. */
export const WITHOUT_WARMING = { TRITERM_WARM_ENTRIES: '0' };

export interface Work {
  readonly client: ProtocolClient;
  /** Whoever types in `typed`. */
  readonly typist: Typist;
  /** Ids of two sessions that Redis knows: nobody changes the size of the one that is typed in. */
  readonly typed: string;
  readonly changed: string;
}

export function openPlace(
  stage: Stage,
  sandbox: Sandbox,
  env: Readonly<Record<string, string>> = {},
): Promise<SandboxPlace> {
  return stage.step('start a server with Redis', () =>
    SandboxPlace.open(sandbox, { ...WITHOUT_WARMING, ...env }),
  );
}

/** Where a server is that is asked for sessions; what becomes of its Redis is another matter. */
type WorkPlace = Pick<Place, 'client' | 'sessionName'>;

export function placeOf(sandbox: Sandbox, daemon: DaemonProcess): WorkPlace {
  return { client: () => daemon.client(), sessionName: word => sandbox.name(word) };
}

/** What goes on at a place whose Redis works, before that fails. */
export async function beginWork(stage: Stage, place: WorkPlace): Promise<Work> {
  const client = await place.client();
  await untilUsed(stage, client);
  const [typed, changed] = await stage.step('make two sessions, and attach to one', async () => {
    const requests = new Requests(stage, client);
    const { id } = await requests.make(place.sessionName('typed'), ['cat']);
    return [id, (await requests.make(place.sessionName('changed'), ['cat'])).id];
  });
  const typist = await Typist.attach(stage, await place.client(), typed);
  await typist.type('before');
  await untilEqual(stage, client, [typed, changed]);
  return { client, typist, typed, changed };
}

/** All is well again: what was typed is told, and the sessions are removed. */
export async function endWork(
  stage: Stage,
  { typist, requests }: { readonly typist: Typist; readonly requests: Requests },
  sessions: readonly string[],
): Promise<void> {
  await typist.type('after');
  typist.tell();
  await stage.step('remove the sessions', async () => {
    for (const session of sessions) await requests.remove(session);
  });
}

/** Of a sandbox, where there are no others. */
export async function claimListed(stage: Stage, requests: Requests, ids: readonly string[]): Promise<void> {
  const { sessions } = await requests.send('session.list', {});
  const listed = sessions.map(({ id }) => id);
  stage.claim(
    `the ${ids.length} sessions that were not deleted are listed, and no other`,
    listed.toSorted().join() === ids.toSorted().join(),
    `${listed.length} sessions`,
  );
}
