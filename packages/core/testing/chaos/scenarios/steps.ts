import { type Bench, type Node, until } from './bench.ts';

/** One interleaving that a safeguard exists for. */
export interface Scenario {
  /** Says the behaviour in the present tense. */
  readonly title: string;
  readonly invariant: string;
  /** Rejects with what went wrong when the safeguard is not there. */
  readonly play: (bench: Bench) => Promise<void>;
}

export type Scenarios = Readonly<Record<string, Scenario>>;

/** The session of all scenarios. */
export const ID = 'alpha';

/** What must not happen is waited for so long. */
export const NEVER_MS = 400;

/** Nothing that this store tells the others by the database leaves it, until the function is called. */
export function silence({ changes }: Node): () => void {
  return changes.shut('publish');
}

/** The store hears nobody any more, and knows it. */
export async function deaf(node: Node): Promise<void> {
  const down = modeOf(node, 'down');
  await Promise.all([node.redisProxy.refuse(), node.listenProxy.refuse()]);
  await down;
}

export async function hearing(bench: Bench, node: Node): Promise<void> {
  await Promise.all([node.redisProxy.heal(), node.listenProxy.heal()]);
  await bench.isUp(node);
}

export function modeOf(node: Node, mode: string): Promise<void> {
  return until(`the mode is ${mode}`, () => node.store.health()?.state === mode);
}

/** What the first read finds that is made the moment that Redis is believed. */
export function firstReadWhenUp(node: Node): Promise<number | undefined> {
  const first = Promise.withResolvers<number | undefined>();
  node.onMode = ({ to }) => {
    if (to !== 'up') return;
    node.onMode = () => {};
    // The machine tells of its change before it has made it.
    queueMicrotask(() => node.store.read(ID).then(({ row }) => first.resolve(row?.rev), first.reject));
  };
  return first.promise;
}
