import { execFile } from 'node:child_process';
import type { ServiceEnvironment } from './service-environment.ts';

/** What the daemon tells whoever supervises it. None of it waits, fails or throws. */
export interface ServiceManager {
  /** It serves; also after `reloading`. The watchdog is fed from the first time on. */
  ready(): void;
  reloading(): void;
  stopping(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
}

interface NotifierOptions {
  /** NOTIFY_SOCKET: a path, or `@` and an abstract name. */
  readonly notifySocket: string;
  readonly watchdogMs: number | undefined;
  readonly log: { warn(details: object, message: string): void };
  /** PATH to look for `systemd-notify` in. */
  readonly path: string | undefined;
}

/** A message that takes longer is given up: a manager that does not read must not collect processes of ours. */
const SEND_TIMEOUT_MS = 5000;
/** Changes of state that may wait to be told. One is sent in some milliseconds, so more means that nobody reads them. */
const MAX_WAITING = 8;
const USUAL_PATH = '/usr/bin:/bin';

export const NO_SERVICE_MANAGER: ServiceManager = {
  ready: () => {},
  reloading: () => {},
  stopping: () => {},
  status: () => {},
};

/** Where nobody is to be notified, nothing is. */
export function serviceManager(
  { notifySocket, watchdogMs }: Pick<ServiceEnvironment, 'notifySocket' | 'watchdogMs'>,
  log: NotifierOptions['log'],
  path: string | undefined,
): ServiceManager {
  if (notifySocket === undefined) return NO_SERVICE_MANAGER;
  return new Notifier({ notifySocket, watchdogMs, log, path });
}

/**
 * sd_notify(3) by the program `systemd-notify`, because Node has no unix datagram sockets; the unit needs NotifyAccess=all. One
 * process at a time: states are told in order, of the rest the latest.
 *
 * The watchdog is fed by a timer of the main loop and by nothing else, so it stops when the loop hangs. A database that hangs stops
 * nothing: a new daemon would wait for the same one, and sessions work without it.
 */
class Notifier implements ServiceManager {
  readonly #o: NotifierOptions;
  readonly #states: string[][] = [];
  #status: string | undefined;
  #lastStatus: string | undefined;
  #isFeeding = false;
  #isPingDue = false;
  #isSending = false;
  #hasFailed = false;

  constructor(options: NotifierOptions) {
    this.#o = options;
  }

  ready(): void {
    this.#tell(['READY=1']);
    this.#feedWatchdog();
  }

  reloading(): void {
    // CLOCK_MONOTONIC, which Node's is: the manager tells this reload from an earlier one by it.
    this.#tell(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`]);
  }

  stopping(): void {
    this.#tell(['STOPPING=1']);
  }

  status(text: string): void {
    const line = text.replaceAll(/\p{Cc}+/gu, ' ');
    if (line === this.#lastStatus) return;
    this.#lastStatus = line;
    this.#status = line;
    this.#pump();
  }

  #tell(state: string[]): void {
    this.#states.push(state);
    if (this.#states.length > MAX_WAITING) this.#states.shift();
    this.#pump();
  }

  #feedWatchdog(): void {
    const { watchdogMs } = this.#o;
    if (this.#isFeeding || watchdogMs === undefined) return;
    this.#isFeeding = true;
    setInterval(() => {
      this.#isPingDue = true;
      this.#pump();
    }, watchdogMs / 2).unref();
  }

  #pump(): void {
    if (this.#isSending) return;
    const message = this.#next();
    if (message.length === 0) return;
    this.#isSending = true;
    this.#send(message, failure => {
      this.#isSending = false;
      if (failure !== undefined) this.#failed(failure);
      this.#pump();
    });
  }

  #next(): string[] {
    const message = this.#states.shift() ?? [];
    if (this.#status !== undefined) message.push(`STATUS=${this.#status}`);
    if (this.#isPingDue) message.push('WATCHDOG=1');
    this.#status = undefined;
    this.#isPingDue = false;
    return message;
  }

  #send(message: readonly string[], done: (failure: Error | undefined) => void): void {
    const { notifySocket, path } = this.#o;
    const options = {
      env: { NOTIFY_SOCKET: notifySocket, PATH: path ? `${path}:${USUAL_PATH}` : USUAL_PATH },
      cwd: '/',
      timeout: SEND_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    } as const;
    try {
      execFile('systemd-notify', [...message], options, error => done(error ?? undefined));
    } catch (thrown) {
      // No process or descriptor is left: as bad as one that failed, and told later, as those are.
      setImmediate(done, thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }

  #failed(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#o.log.warn(
      { error: error.message },
      'cannot notify systemd; a unit of Type=notify will be ended as hanging',
    );
  }
}
