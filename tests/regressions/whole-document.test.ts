/**
 * Every keystroke wrote the session's whole document anew, and so did every resize: whoever had read it before the other one wrote
 * took the other's change back. In 109 of 300 trials the stored size was not that of the terminal.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilText } from '../support/fleet.ts';
import { until } from '../support/triterm.ts';

const TRIALS = 10;
const LABELS = 16;

describe('changes of one session at the same time', () => {
  let fleet: Fleet;
  let daemon: DaemonProcess;
  let id: string;
  beforeEach(async () => {
    fleet = await Fleet.start();
    daemon = await fleet.daemon('server-1');
    // Sets its title to every line that is typed.
    const echo = 'stty -echo; echo READY; while read line; do printf "\\033]0;%s\\007" "$line"; done';
    ({ id } = await daemon.session('work', ['sh', '-c', echo]));
    await untilText(daemon, 'work', 'READY');
  });
  afterEach(() => fleet[Symbol.asyncDispose]());

  /** The daemon, the database and Redis tell the same. */
  const agreed = async (expected: Readonly<Record<string, unknown>>) => {
    const told = async () => {
      const { session } = await daemon.request('session.show', { target: id });
      const { name, doc } = await fleet.row(id);
      const places: Readonly<Record<string, unknown>>[] = [session, { ...doc, name }, await entryOf()];
      return places.map(place => Object.fromEntries(Object.keys(expected).map(key => [key, place[key]])));
    };
    await expect.poll(told, { timeout: 10_000 }).toEqual([expected, expected, expected]);
  };
  const entryOf = async (): Promise<Record<string, unknown>> => {
    const { doc, ...rest } = (await fleet.entry(id)) ?? {};
    return { ...(doc as object), ...rest };
  };

  it('keystrokes and resizes: size and title are everywhere as they were set last', async () => {
    const attachment = await (await daemon.client()).attach('work', {});
    for (let trial = 1; trial <= TRIALS; trial += 1) {
      const [cols, rows] = [60 + trial, 20 + (trial % 7)];
      attachment.resize({ cols, rows });
      // Keys come before, while and after the size is being stored.
      const typing = setInterval(() => attachment.type(`title ${trial}\n`), 1);
      try {
        await until(async () => (await fleet.row(id)).doc.cols === cols, 'the size in the database');
      } finally {
        clearInterval(typing);
      }
      attachment.type(`title ${trial}, the last\n`);
      await agreed({ cols, rows, title: `title ${trial}, the last` });
    }
  });

  it('names and what the program sets: the daemon never goes back to an old name', async () => {
    const attachment = await (await daemon.client()).attach('work', {});
    for (let trial = 1; trial <= TRIALS; trial += 1) {
      attachment.type(`title ${trial}\n`);
      await daemon.request('session.rename', { target: id, name: `name-${trial}` });
      await daemon.request('session.show', { target: `name-${trial}` });
    }
    await agreed({ name: `name-${TRIALS}`, title: `title ${TRIALS}` });
  });

  it('labels that several set at once: none is lost', async () => {
    const labels = Object.fromEntries(Array.from({ length: LABELS }, (_, i) => [`label-${i}`, `${i}`]));
    await Promise.all(
      Object.entries(labels).map(([key, value]) =>
        daemon.request('session.label', { target: 'work', set: { [key]: value }, remove: [] }),
      ),
    );
    await agreed({ labels });
  });
});
