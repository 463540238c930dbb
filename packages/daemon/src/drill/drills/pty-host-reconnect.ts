import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { defineDrill } from '../drill.ts';
import type { Stage } from '../stage.ts';
import { FollowedProgram } from './support/followed-program.ts';
import { NumberedLines } from './support/numbered-lines.ts';
import { shows, startProgram } from './support/programs.ts';
import { startServer } from './support/server.ts';

/** Some 2.8 MB, of which a socket takes 0.2. */
const LINES = 400_000;
const EXIT_CODE = 7;

/** Programs write and end while there is no server; the next one finds everything in the pty-hosts. Then one of those dies. */
export const PTY_HOST_RECONNECT = defineDrill({
  name: 'pty-host-reconnect',
  summary: 'The server is away while programs write and end; later one of two pty-hosts is killed',
  hypothesis:
    'The pty-hosts keep what programs write and how they end until a server comes and takes all of them up. A pty-host that dies takes only its own sessions with it, and their last screens are kept.',
  needs: [],
  async run(stage, sandbox) {
    const daemon = await stage.step('start a server', () => startServer(sandbox, 'drill-1'));
    const gates = new Gates(sandbox.dir);
    const numbers = new NumberedLines();
    const client = await daemon.client();
    const follower = await stage.step('start two programs, one of them with a client attached', async () => {
      const ending = `${gates.wait}; echo GOODBYE; ${gates.note('ending')}; exit ${EXIT_CODE}`;
      await start(client, 'ending', ending);
      return await FollowedProgram.start(daemon, 'followed', gates.writer('followed'), bytes =>
        numbers.push(bytes),
      );
    });
    const [first] = (await statusOf(daemon)).ptyHosts;
    await stage.step('retire their pty-host, and start two more in another one', async () => {
      if (first !== undefined) process.kill(first.pid, 'SIGTERM');
      await start(client, 'alone', gates.writer('alone'));
      await start(client, 'echo', 'exec cat');
    });
    const before = await statusOf(daemon);
    stage.claim('there are two pty-hosts', before.ptyHosts.length === 2, before.ptyHosts.length);

    await stage.step('kill the server', () => daemon.end('SIGKILL'));
    gates.open();
    await stage.until(
      `two programs write ${LINES} lines each while there is no server, and a third one ends`,
      () => ['followed', 'alone', 'ending'].every(name => gates.isNoted(name)),
    );
    const startedAtMs = performance.now();
    await stage.step('start the server again', () => daemon.start());
    stage.measure(
      'start of the server, until it has taken up everything',
      performance.now() - startedAtMs,
      'ms',
    );

    const after = await statusOf(daemon);
    stage.claim(
      'it has taken up both pty-hosts, with what they had',
      hostsOf(after) === hostsOf(before),
      after.ptyHosts.length,
    );
    stage.claim(
      'every session is there',
      (await namesOf(daemon)) === 'alone echo ending followed',
      await namesOf(daemon),
    );
    await claimEnding(stage, daemon);
    await follower.comeBack();
    await stage.until(
      `the attached client gets all ${LINES} lines, each once and in order`,
      () => numbers.isWhole(LINES),
      { withinMs: 5000, found: () => numbers.found },
    );
    stage.claim('it went on where it was, without being painted anew', follower.isUnbroken);
    await claimScrollback(stage, daemon);

    const lastScreen = await screenOf(daemon, 'followed');
    await stage.step('kill the retired pty-host', () => {
      if (first !== undefined) process.kill(first.pid, 'SIGKILL');
    });
    await claimOneHostLost(stage, daemon, lastScreen);
  },
});

/** Files by which programs and the drill wait for each other while there is no server. */
class Gates {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** A script that waits until the gate is open. */
  get wait(): string {
    return `while [ ! -e '${this.#gate}' ]; do sleep 0.02; done`;
  }

  /** A script that notes that it came this far. */
  note(name: string): string {
    return `: > '${this.#noted(name)}'`;
  }

  /** A script that writes the numbered lines when the gate is open. */
  writer(name: string): string {
    return `echo READY; ${this.wait}; seq 1 ${LINES}; ${this.note(name)}; exec sleep 1000`;
  }

  open(): void {
    writeFileSync(this.#gate, '');
  }

  isNoted(name: string): boolean {
    return existsSync(this.#noted(name));
  }

  get #gate(): string {
    return join(this.#dir, 'gate');
  }

  #noted(name: string): string {
    return join(this.#dir, `noted-${name}`);
  }
}

async function start(client: ProtocolClient, name: string, script: string): Promise<void> {
  await startProgram(client, name, `echo READY; ${script}`);
  await shows(client, name, 'READY');
}

async function claimEnding(stage: Stage, daemon: DaemonProcess): Promise<void> {
  const { state, exitCode } = await daemon.state('ending');
  stage.claim(
    `the program that ended meanwhile is told with its exit status, ${EXIT_CODE}`,
    state === 'exited' && exitCode === EXIT_CODE,
    `${state} ${exitCode}`,
  );
  const screen = await screenOf(daemon, 'ending');
  stage.claim('what it wrote last is there', screen.includes('GOODBYE'));
}

/** Nobody was attached to this one. */
async function claimScrollback(stage: Stage, daemon: DaemonProcess): Promise<void> {
  const { scrollback, screen } = await daemon.request('session.capture', {
    target: 'alone',
    format: 'text',
    scrollbackLines: 5000,
  });
  const lines = [...scrollback, ...screen].filter(line => line !== '');
  const isWhole = lines.every((line, at) => line === String(LINES - lines.length + 1 + at));
  stage.claim(
    'screen and scrollback of the program without a client are what it wrote',
    lines.length >= 5000 && isWhole,
    `its last ${lines.length} lines`,
  );
}

async function claimOneHostLost(stage: Stage, daemon: DaemonProcess, lastScreen: string): Promise<void> {
  const stateOf = async (name: string) => (await daemon.state(name)).state;
  await stage.until('its session is told to be lost', async () => (await stateOf('followed')) === 'lost', {
    withinMs: 5000,
  });
  stage.claim('the last screen of that session is kept', (await screenOf(daemon, 'followed')) === lastScreen);
  const others = await Promise.all(['alone', 'echo'].map(stateOf));
  stage.claim(
    'both sessions of the other pty-host run',
    others.every(state => state === 'running'),
    others.join(),
  );
  const client = await daemon.client();
  const echo = await client.attach('echo', {});
  echo.type('still here\n');
  await stage.until(
    'they take what is typed',
    async () => (await screenOf(daemon, 'echo')).includes('still here\nstill here'),
    { withinMs: 5000 },
  );
}

async function screenOf(daemon: DaemonProcess, target: string): Promise<string> {
  return (await daemon.request('session.capture', { target, format: 'text' })).screen.join('\n');
}

async function statusOf(daemon: DaemonProcess) {
  return await daemon.request('daemon.status', {});
}

function hostsOf({ ptyHosts }: Awaited<ReturnType<typeof statusOf>>): string {
  return ptyHosts
    .map(({ id, pid, sessions }) => `${id} ${pid} ${sessions}`)
    .toSorted()
    .join();
}

async function namesOf(daemon: DaemonProcess): Promise<string> {
  const { sessions } = await daemon.request('session.list', {});
  return sessions
    .map(({ name }) => name)
    .toSorted()
    .join(' ');
}
