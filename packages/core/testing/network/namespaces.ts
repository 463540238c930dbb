import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Program } from '../program.ts';
import { ip, namespaces } from './ip-command.ts';
import { NetworkHost } from './network-host.ts';

/** `tt-<pid of the test>-<random>-<host>`: says whose it is, so that what a killed test has left can be told from what is in use. */
const NAME = /^tt-(\d+)-[0-9a-f]{6}-/;
/** For examples in documentation (RFC 5737): nobody's, so in no way of what the machine itself talks to. */
const PREFIX = '192.0.2';
const RELAY = new URL('./programs/relay.ts', import.meta.url);

/** Why there can be no network of our own here; undefined when there can. */
export async function whyNoNetwork(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.geteuid?.() !== 0) return 'only root makes network namespaces';
  try {
    await using network = await Network.create();
    await network.host('probe');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Hosts with addresses of their own on a switch, as network namespaces: a partition between them is a real one, and nobody gets a
 * FIN. The machine's own interfaces and routes are not touched: the switch has a namespace too.
 */
export class Network implements AsyncDisposable {
  readonly #prefix = `tt-${process.pid}-${randomBytes(3).toString('hex')}-`;
  readonly #hosts = new Map<string, NetworkHost>();
  readonly #relays: Program[] = [];
  readonly #guard: ChildProcess = startGuard(this.#prefix);
  readonly #guardEnded = once(this.#guard, 'exit');

  /** Removes what killed tests have left, too. Rejects where namespaces can't be made. */
  static async create(): Promise<Network> {
    await removeAbandoned();
    const network = new Network();
    try {
      await network.#makeSwitch();
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The host of this name; made when it is not there yet. */
  async host(name: string): Promise<NetworkHost> {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const number = this.#hosts.size + 1;
    const host = new NetworkHost({
      namespace: this.#prefix + name,
      address: `${PREFIX}.${number}`,
      port: `port${number}`,
      switchNamespace: this.#switch,
    });
    this.#hosts.set(name, host);
    await host.make();
    return host;
  }

  /** Makes a server that listens on a unix socket reachable on a host, as if it ran there. */
  async serve(host: NetworkHost, port: number, unixSocket: string): Promise<void> {
    const relay = new Program(RELAY, [host.address, String(port), unixSocket], host.within);
    this.#relays.push(relay);
    await relay.until(lines => lines.includes('ready'));
  }

  /** Ends every process in it, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#relays.map(relay => relay.dispose()));
    this.#guard.stdin?.end();
    await this.#guardEnded;
  }

  get #switch(): string {
    return `${this.#prefix}switch`;
  }

  async #makeSwitch(): Promise<void> {
    await ip('netns', 'add', this.#switch);
    await ip('-n', this.#switch, 'link', 'add', 'switch', 'type', 'bridge');
    await ip('-n', this.#switch, 'link', 'set', 'switch', 'up');
  }
}

/** Ends the processes in all namespaces whose names begin with `$1`, and removes them. */
const REMOVE = `
  for name in $(ip netns list | cut -d ' ' -f 1); do
    case "$name" in "$1"*)
      for pid in $(ip netns pids "$name"); do kill -KILL "$pid"; done
      ip netns delete "$name" ;;
    esac
  done`;

/** Waits for the end of its standard input, then removes everything: it does so too when the test was killed. */
function startGuard(prefix: string): ChildProcess {
  const script = `trap '' INT TERM HUP\nwhile read -r line; do :; done\n${REMOVE}`;
  return spawn('sh', ['-c', script, 'guard', prefix], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
}

async function removeAbandoned(): Promise<void> {
  const abandoned = (await namespaces()).filter(name => {
    const pid = NAME.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  });
  for (const name of abandoned) {
    const removing = spawn('sh', ['-c', REMOVE, 'remove', name], { stdio: 'ignore' });
    await once(removing, 'exit');
  }
}
