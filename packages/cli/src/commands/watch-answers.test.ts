import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { TermError } from '@triterm/core/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon } from '../testing/served-daemon.ts';
import { REDIS_STATUS } from '../testing/store-answers.ts';
import { scratchDir, type TestContext, testContext } from '../testing/test-context.ts';
import { runCli } from './route.ts';

let scratch: ReturnType<typeof scratchDir>;
let context: TestContext;
beforeEach(() => {
  scratch = scratchDir();
  context = testContext(scratch.path);
});
afterEach(() => scratch[Symbol.dispose]());

async function untilLines(count: number): Promise<string[]> {
  while (context.out.text.split('\n').length <= count) await once(context.out, 'data');
  return context.out.text.trimEnd().split('\n');
}

/** A daemon that was stopped on purpose ends what watches it. */
async function stop(daemon: ServedDaemon, watching: Promise<number>): Promise<void> {
  writeFileSync(context.paths.stopMarker, '');
  await daemon[Symbol.asyncDispose]();
  await expect(watching).rejects.toMatchObject({ code: 'DAEMON_STOPPED' });
}

describe('watching an answer with --json', () => {
  it('prints it at once, and again as a line when it has changed', async () => {
    let asked = 0;
    const daemon = await ServedDaemon.start(context.paths, {
      answers: {
        'events.subscribe': () => ({}),
        'redis.status': () => {
          asked += 1;
          return { ...REDIS_STATUS, mode: asked < 3 ? 'hybrid' : 'in-memory' };
        },
      },
    });
    const watching = runCli(['redis', 'status', '--watch', '--json'], context);
    const shown = await untilLines(2);
    expect(shown.map(line => (JSON.parse(line) as { mode: string }).mode)).toEqual(['hybrid', 'in-memory']);
    expect(asked).toBeGreaterThanOrEqual(3);
    await stop(daemon, watching);
  });

  it('says when what it has printed may be out of date, once, and goes on', async () => {
    const answers = [
      () => REDIS_STATUS,
      () => {
        throw new TermError('STORE_UNAVAILABLE', 'The database is away.');
      },
    ];
    let asked = 0;
    const daemon = await ServedDaemon.start(context.paths, {
      answers: {
        'events.subscribe': () => ({}),
        'redis.status': () => {
          asked += 1;
          return asked < 4 ? answers[Math.min(asked, 2) - 1]?.() : { ...REDIS_STATUS, mode: 'in-memory' };
        },
      },
    });
    const watching = runCli(['redis', 'status', '--watch', '--json'], context);
    await untilLines(2);
    expect(context.err.text).toBe(
      'triterm: what was printed last may be out of date: The database is away.\n',
    );
    await stop(daemon, watching);
  });

  it('ends with the error of what was refused from the beginning', async () => {
    await using _daemon = await ServedDaemon.start(context.paths, {
      answers: {
        'events.subscribe': () => ({}),
        'sockets.list': () => {
          throw new TermError('SESSION_NOT_FOUND', 'There is no session x.');
        },
      },
    });
    await expect(
      runCli(['sockets', 'ls', '--terminal', 'x', '--watch', '--json'], context),
    ).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('goes on when a later answer fails', async () => {
    let asked = 0;
    const daemon = await ServedDaemon.start(context.paths, {
      answers: {
        'events.subscribe': () => ({}),
        'redis.status': () => {
          asked += 1;
          if (asked === 2) throw new TermError('STORE_UNAVAILABLE', 'Not now.');
          return { ...REDIS_STATUS, reason: String(asked) };
        },
      },
    });
    const watching = runCli(['redis', 'status', '--watch', '--json'], context);
    const shown = await untilLines(2);
    expect(shown.map(line => (JSON.parse(line) as { reason: string }).reason)).toEqual(['1', '3']);
    await stop(daemon, watching);
  });
});
