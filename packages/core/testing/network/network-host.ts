import { ip } from './ip-command.ts';

/** A link-layer address that no interface has: what is sent there is lost on its way without a word. */
const NOWHERE = '02:00:00:00:00:00';
/** Its interface; the same name in every namespace. */
const LINK = 'eth0';

export interface NetworkHostOptions {
  readonly namespace: string;
  readonly address: string;
  /** The switch's end of its cable. */
  readonly port: string;
  readonly switchNamespace: string;
}

/** A host of a `Network`. */
export class NetworkHost {
  readonly address: string;
  /** Words before a command that make it run on this host, in the same process. */
  readonly within: readonly string[];
  readonly #o: NetworkHostOptions;
  readonly #cutFrom = new Set<NetworkHost>();

  constructor(options: NetworkHostOptions) {
    this.#o = options;
    this.address = options.address;
    this.within = ['ip', 'netns', 'exec', options.namespace];
  }

  /** Called by the network, once. */
  async make(): Promise<void> {
    const { namespace, switchNamespace, port, address } = this.#o;
    await ip('netns', 'add', namespace);
    const ends = ['netns', namespace, 'type', 'veth', 'peer', 'name', port, 'netns', switchNamespace];
    await ip('link', 'add', 'name', LINK, ...ends);
    await ip('-n', switchNamespace, 'link', 'set', port, 'master', 'switch', 'up');
    await ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', LINK);
    await ip('-n', namespace, 'link', 'set', LINK, 'up');
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }

  /** Its cable leads nowhere: it reaches nobody, nobody reaches it, and no connection is told. */
  async unplug(): Promise<void> {
    await ip('-n', this.#o.switchNamespace, 'link', 'set', this.#o.port, 'nomaster');
  }

  /** These two don't hear from each other any more, as all others do. */
  async cutFrom(other: NetworkHost): Promise<void> {
    this.#cutFrom.add(other);
    other.#cutFrom.add(this);
    await Promise.all([this.#lose(other), other.#lose(this)]);
  }

  /** The cable is back, and whoever it was cut from. */
  async heal(): Promise<void> {
    await ip('-n', this.#o.switchNamespace, 'link', 'set', this.#o.port, 'master', 'switch');
    const others = [...this.#cutFrom];
    this.#cutFrom.clear();
    for (const other of others) {
      other.#cutFrom.delete(this);
      await Promise.all([this.#find(other), other.#find(this)]);
    }
  }

  #lose(other: NetworkHost): Promise<string> {
    const wrong = [other.address, 'lladdr', NOWHERE, 'dev', LINK, 'nud', 'permanent'];
    return ip('-n', this.#o.namespace, 'neighbour', 'replace', ...wrong);
  }

  #find(other: NetworkHost): Promise<string> {
    return ip('-n', this.#o.namespace, 'neighbour', 'delete', other.address, 'dev', LINK);
  }
}
