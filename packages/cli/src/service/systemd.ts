import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { TermError } from '@triterm/core/errors';
import { type ProgramEnd, runProgram } from './run-program.ts';
import type { ServiceScope } from './service-setup.ts';

/** Questions are answered at once; a start waits until the daemon has opened its store (TimeoutStartSec=, and a stop before). */
const ASK_TIMEOUT_MS = 10_000;
const JOB_TIMEOUT_MS = 140_000;
/** Of `systemctl is-system-running`, where no manager answers. */
const NOBODY: ReadonlySet<string> = new Set(['', 'offline', 'unknown']);

/** What `systemctl show` tells of a unit: properties by name. */
export type UnitProperties = Readonly<Record<string, string>>;

/** The service manager of a scope, through its own programs. Nothing is asked of anybody's password. */
export class Systemd {
  readonly scope: ServiceScope;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(scope: ServiceScope, env: NodeJS.ProcessEnv) {
    this.scope = scope;
    this.#env = env;
  }

  /** Throws NO_SERVICE_MANAGER where none runs. */
  static async open(scope: ServiceScope, env: NodeJS.ProcessEnv): Promise<Systemd> {
    const manager = new Systemd(scope, managerEnvironment(env));
    const answer = await manager.#systemctl(['is-system-running'], ASK_TIMEOUT_MS);
    if (answer === undefined) throw noManager('There is no systemctl: this system is not run by systemd.');
    if (NOBODY.has(answer.stdout.trim())) throw noManager(silence(scope, answer));
    return manager;
  }

  /** `systemctl VERB UNIT…`, and waits for the jobs. Throws SERVICE_FAILED with what it said. */
  async manage(verb: string, ...words: string[]): Promise<void> {
    const end = await this.#systemctl([verb, ...words], JOB_TIMEOUT_MS);
    if (end?.status !== 0) throw this.#failure([verb, ...words], end);
  }

  /** Properties of each unit that the manager knows; a pattern stands for those that are loaded. */
  async show(units: readonly string[], properties: readonly string[]): Promise<UnitProperties[]> {
    const words = ['show', `--property=${['Id', ...properties].join(',')}`, '--', ...units];
    const end = await this.#systemctl(words, ASK_TIMEOUT_MS);
    if (end?.status !== 0) throw this.#failure(words, end);
    return parseProperties(end.stdout);
  }

  /** Whether the account's manager runs without a login of it; undefined when that is not known. */
  async isLingering(account: string): Promise<boolean | undefined> {
    const end = await this.#loginctl(['show-user', account, '--property=Linger', '--value']);
    if (end?.status !== 0) return undefined;
    return end.stdout.trim() === 'yes';
  }

  /** Throws SERVICE_FAILED. */
  async enableLingering(account: string): Promise<void> {
    const end = await this.#loginctl(['enable-linger', account]);
    if (end?.status === 0) return;
    throw new TermError('SERVICE_FAILED', `Lingering cannot be enabled for ${account}. ${said(end)}`, {
      hint: `Ask an administrator: sudo loginctl enable-linger ${account}`,
    });
  }

  #systemctl(words: readonly string[], timeoutMs: number): Promise<ProgramEnd | undefined> {
    const scope = this.scope === 'user' ? ['--user'] : [];
    return runProgram(['systemctl', ...scope, '--no-ask-password', '--no-pager', ...words], {
      env: this.#env,
      timeoutMs,
    });
  }

  #loginctl(words: readonly string[]): Promise<ProgramEnd | undefined> {
    return runProgram(['loginctl', '--no-ask-password', ...words], {
      env: this.#env,
      timeoutMs: ASK_TIMEOUT_MS,
    });
  }

  #failure(words: readonly string[], end: ProgramEnd | undefined): TermError {
    const scope = this.scope === 'user' ? ' --user' : '';
    return new TermError('SERVICE_FAILED', `\`systemctl${scope} ${words.join(' ')}\` failed. ${said(end)}`, {
      hint: `See \`journalctl${scope} -u tritermd -n 20\` and \`triterm service status\`.`,
    });
  }
}

function said(end: ProgramEnd | undefined): string {
  return end === undefined ? 'There is no such program.' : end.stderr.trim() || `It left with ${end.status}.`;
}

/** `su` and cron leave the variable out by which the user's manager is found. */
function managerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const runtimeDir = `/run/user/${process.geteuid?.() ?? userInfo().uid}`;
  const found = env.XDG_RUNTIME_DIR || (existsSync(runtimeDir) ? runtimeDir : undefined);
  return {
    ...env,
    ...(found === undefined ? {} : { XDG_RUNTIME_DIR: found }),
    LC_ALL: 'C',
    SYSTEMD_COLORS: '0',
  };
}

function silence(scope: ServiceScope, { stderr }: ProgramEnd): string {
  const what = scope === 'user' ? 'No systemd runs for this user' : 'This system is not run by systemd';
  const why = stderr.trim().split('\n')[0] ?? '';
  return `${what}${why === '' ? '' : ` (${why})`}.`;
}

function noManager(message: string): TermError {
  return new TermError('NO_SERVICE_MANAGER', message);
}

/** Blocks of `Name=value`, an empty line between units. */
export function parseProperties(text: string): UnitProperties[] {
  return text
    .split(/\n\n+/)
    .map(block =>
      Object.fromEntries(
        block
          .split('\n')
          .map(line => /^([A-Za-z]+)=(.*)$/.exec(line))
          .filter(match => match !== null)
          .map(([, name = '', value = '']) => [name, value]),
      ),
    )
    .filter(properties => properties.Id !== undefined);
}
