import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';

/** Asks for the cursor's place and the device's attributes, and tells what it was answered within a second. */
const ASKER =
  "stty raw -echo; printf 'A\\033[6n\\033[c'; answer=$(timeout --foreground 1 cat | od -An -c | tr -d ' \\n'); " +
  'stty sane; printf \'\\r\\nanswer %s.\\r\\n\' "$answer"; exec cat';

describe('queries of a program to its terminal', () => {
  let daemon: DaemonProcess;
  beforeEach(async () => {
    daemon = new DaemonProcess();
    await daemon.start();
  });
  afterEach(() => daemon.dispose());

  const answer = async (target: string) => {
    const wait = { target, condition: { kind: 'text' as const, pattern: 'answer .*\\.' }, timeoutMs: 15_000 };
    return (await daemon.request('session.wait', wait)).matched;
  };
  const cursor = '033\\[1;2R';
  const once = new RegExp(`^answer ${cursor}033\\[\\?[\\d;]+c\\.$`);

  it('are answered while nobody is attached', async () => {
    await daemon.session('ask', ['sh', '-c', ASKER]);
    expect(await answer('ask')).toMatch(once);
  });

  it('are answered once while many are attached', async () => {
    await daemon.session('ask', ['sh', '-c', `read go; ${ASKER}`]);
    const clients = await Promise.all(
      Array.from({ length: 5 }, async () => (await daemon.client()).attach('ask', {})),
    );
    for (const client of clients) await client.until('it is painted', self => self.snapshots > 0);
    clients[0]?.type('\n');
    expect((await answer('ask'))?.replace('[2;2R', '[1;2R')).toMatch(once);
  });

  it('are not answered again by a daemon that replays the log', async () => {
    await daemon.session('ask', ['sh', '-c', ASKER]);
    const first = await answer('ask');
    await daemon.end('SIGKILL');
    await daemon.start();
    await daemon.request('session.wait', {
      target: 'ask',
      condition: { kind: 'idle', idleMs: 300 },
      timeoutMs: 10_000,
    });
    const { screen } = await daemon.request('session.capture', { target: 'ask', format: 'text' });
    expect(screen.filter(row => row !== '')).toEqual(['A', first]);
  });
});
