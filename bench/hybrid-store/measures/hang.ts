import { nowMs, pause } from '../../host/clock.ts';
import { figuresOf } from '../figures.ts';
import { POSTGRES, type StoreMeasure, SUBJECT } from '../measure.ts';
import type { Call } from '../programs/hanging.ts';

/** Calls before Redis hangs. */
const BEFORE_MS = 500;
/** Ours, and what the database itself takes for the like in the same minute. */
const KINDS = [
  { peer: SUBJECT, prefix: '' },
  { peer: POSTGRES, prefix: 'bare ' },
] as const;
export const HANG = { measure: 'hang' };
export const METADATA = ['read', 'update', 'lock', 'release'] as const;

/** Redis is stopped while servers work. */
export const hang: StoreMeasure = async ({ world, scale, results, progress }) => {
  for (let round = 1; round <= scale.hangs; round += 1) {
    progress(`hang: ${round}/${scale.hangs}`);
    const working = world.first.run('metadata', { forMs: BEFORE_MS + scale.hangMs });
    working.catch(() => {});
    await pause(BEFORE_MS);
    world.redis.signal('SIGSTOP');
    const stoppedMs = nowMs();
    let calls: readonly Call[];
    try {
      calls = await working;
    } finally {
      world.redis.signal('SIGCONT');
    }
    const during = calls.filter(({ startedMs, tookMs }) => startedMs + tookMs > stoppedMs);
    for (const variant of METADATA)
      for (const { peer, prefix } of KINDS) {
        const took = during.filter(({ what }) => what === `${prefix}${variant}`);
        const { p50, p99, max } = figuresOf(took.map(({ tookMs }) => tookMs));
        const key = { ...HANG, peer, variant };
        results.add({ ...key, metric: 'p50 ms' }, p50);
        results.add({ ...key, metric: 'p99 ms' }, p99);
        results.add({ ...key, metric: 'max ms' }, max);
      }
    for (const { what, failed } of during)
      if (failed !== undefined) results.note({ ...HANG, peer: SUBJECT, variant: what, text: failed });
    await Promise.all(world.servers.map(server => server.run('untilUp')));
  }
};
