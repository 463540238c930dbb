import type { Key } from '../../results.ts';
import type { FleetScale } from '../scale.ts';
import { manyClients } from './many-clients.ts';
import { ways } from './ways.ts';

/** Starts a fleet, is its clients, and reports over IPC what argv[2] says. */
export interface LoadOrder {
  readonly what: 'clients' | 'relay';
  readonly scale: FleetScale;
}

export type LoadReport =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'value'; readonly key: Key; readonly value: number }
  | { readonly kind: 'failed'; readonly text: string };

/** What a load tells of. */
export interface Reporter {
  progress(text: string): void;
  add(key: Key, value: number): void;
}

function report(what: LoadReport): void {
  process.send?.(what);
}

process.once('disconnect', () => process.exit());
const order: LoadOrder = JSON.parse(process.argv[2] ?? '');
const reporter: Reporter = {
  progress: text => report({ kind: 'progress', text }),
  add: (key, value) => report({ kind: 'value', key, value }),
};
try {
  await (order.what === 'clients' ? manyClients : ways)(order.scale, reporter);
} catch (thrown) {
  report({
    kind: 'failed',
    text: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  });
}
process.disconnect();
