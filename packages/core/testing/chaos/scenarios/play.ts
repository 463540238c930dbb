/**
 * Plays scenarios by their names, or all, on servers of their own; each in turn, each on an empty database. Ends with 1 when one
 * fails.
 */
import { nowMs } from '../history.ts';
import { Bench } from './bench.ts';
import { SCENARIOS } from './scenarios.ts';

const DEADLINE_MS = 25_000;

const wanted = process.argv.slice(2);
const names = wanted.length === 0 ? Object.keys(SCENARIOS) : wanted;
const bench = await Bench.start();
try {
  for (const name of names) {
    const scenario = SCENARIOS[name];
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    const startMs = nowMs();
    const deadline = Promise.withResolvers<never>();
    const timer = setTimeout(() => deadline.reject(new Error('it hung')), DEADLINE_MS);
    try {
      await Promise.race([bench.play(scenario.play), deadline.promise]);
      console.log(`passed ${name} in ${Math.round(nowMs() - startMs)} ms`);
    } catch (error) {
      console.log(
        `failed ${name} (${scenario.invariant}: ${scenario.title}): ${error instanceof Error ? error.message : String(error)}`,
      );
      process.exitCode = 1;
    } finally {
      clearTimeout(timer);
    }
  }
} finally {
  await bench.dispose();
  process.exit();
}
