import { Contestant } from '../contestant.ts';
import type { Peer } from '../peers/peer.ts';
import type { Results } from '../results.ts';
import type { Scale } from '../scale.ts';

export interface Measure {
  readonly name: string;
  readonly run: (context: MeasureContext) => Promise<void>;
}

export interface MeasureContext {
  readonly peers: readonly Peer[];
  readonly scale: Scale;
  readonly results: Results;
  /** Tells a person what is being done. */
  readonly progress: (what: string) => void;
}

/** One thing that is measured for each peer, again and again. */
export interface Trial {
  readonly measure: string;
  readonly variant: string;
  readonly peers: readonly Peer[];
  readonly warmUp?: (contestant: Contestant) => Promise<void>;
  readonly repeat: (contestant: Contestant) => Promise<void>;
  /** What is measured in each round beside the peers. */
  readonly beside?: () => Promise<void>;
  readonly repetitions?: number;
}

/**
 * Repeats a trial with the peers taking turns, so that what else the machine does harms all alike. A peer that fails is
 * noted and left out of the rest.
 */
export async function takeTurns(context: MeasureContext, trial: Trial): Promise<void> {
  const { measure, variant } = trial;
  const taking = new Map<Peer, Contestant>();
  const attempt = async (peer: Peer, work: () => Promise<void>) => {
    try {
      await work();
    } catch (thrown) {
      const text = `failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      context.results.note({ measure, peer: peer.name, variant, text });
      await taking.get(peer)?.close();
      taking.delete(peer);
    }
  };
  try {
    for (const peer of trial.peers) {
      context.progress(`${measure} ${variant}: ${peer.name} warms up`);
      await attempt(peer, async () => {
        const contestant = await Contestant.open(peer);
        taking.set(peer, contestant);
        await trial.warmUp?.(contestant);
      });
    }
    const repetitions = trial.repetitions ?? context.scale.repetitions;
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      await trial.beside?.();
      for (const [peer, contestant] of [...taking]) {
        context.progress(`${measure} ${variant}: ${peer.name} ${repetition}/${repetitions}`);
        await attempt(peer, () => trial.repeat(contestant));
      }
    }
  } finally {
    for (const contestant of taking.values()) await contestant.close();
  }
}
