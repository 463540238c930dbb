import { isDeepStrictEqual } from 'node:util';
import { type Config, RELOAD, SETTINGS } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import type { Result } from '@triterm/core/protocol/messages';
import type { Log } from './observe/log.ts';
import type { ServiceManager } from './systemd/notify.ts';

export interface ReloadOptions {
  /** What the daemon runs with. Members that can be taken up are replaced in it: whoever reads them at use has the new ones. */
  readonly config: Config;
  /** Reads it again, from where the start has read it, and looks at all of it. Throws BAD_CONFIG. */
  readonly read: () => Config;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Is told when it begins, and when it is done. */
  readonly manager: Pick<ServiceManager, 'reloading' | 'ready'>;
}

/** Something that is made from settings and has to be made anew when they change. Must not throw. */
export type TakeUp = () => void;

/** Reads the configuration of a running daemon again. All of it is taken up that can be, or nothing. */
export class Reload {
  readonly #o: ReloadOptions;
  readonly #takers: TakeUp[] = [];
  #isStarted = false;
  #isSignalled = false;

  constructor(options: ReloadOptions) {
    this.#o = options;
  }

  /** `takeUp` is called after each reload. */
  onReload(takeUp: TakeUp): void {
    this.#takers.push(takeUp);
  }

  /** Everything stands that takes up a change; a signal that came before is followed now. */
  started(): void {
    this.#isStarted = true;
    if (this.#isSignalled) this.signalled();
  }

  /** By SIGHUP: nobody waits for an answer but who reads the log. */
  signalled(): void {
    this.#isSignalled = true;
    if (!this.#isStarted) return;
    try {
      this.reload();
    } catch {
      // The log has it.
    }
  }

  /** Tells the log, too. Throws BAD_CONFIG, and then nothing has changed. */
  reload(): Result<'daemon.reload'> {
    const { manager } = this.#o;
    manager.reloading();
    try {
      return this.#reload();
    } finally {
      manager.ready();
    }
  }

  #reload(): Result<'daemon.reload'> {
    const { config, log } = this.#o;
    const next = this.#read();
    const changed = changedSettings(config, next);
    const applied = changed
      .filter(setting => RELOAD[setting] === 'reload')
      .map(setting => ({ setting, from: config[setting], to: next[setting] }));
    const restart = changed.filter(setting => RELOAD[setting] === 'restart');
    Object.assign(config, Object.fromEntries(applied.map(({ setting, to }) => [setting, to])));
    for (const takeUp of this.#takers) takeUp();
    log.info({ applied }, 'the configuration was read again');
    if (restart.length > 0)
      log.warn(
        { restart },
        `restart to take up: ${restart.join(', ')}; \`triterm daemon restart\` keeps every session`,
      );
    return { applied, restart };
  }

  #read(): Config {
    const { read, log } = this.#o;
    try {
      return read();
    } catch (thrown) {
      const error = TermError.from(thrown);
      log.error(
        { code: error.code, error: error.message, hint: error.hint, ...error.details },
        'the configuration could not be taken up; nothing has changed',
      );
      throw error;
    }
  }
}

/** Pure. */
function changedSettings(before: Config, after: Config): (keyof Config)[] {
  return SETTINGS.filter(setting => !isDeepStrictEqual(before[setting], after[setting]));
}
