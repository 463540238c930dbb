import type { DrillEvent, DrillInfo, DrillMode, DrillReport, DrillVerdict } from '@triterm/core/domain';
import type { Drill } from './drill.ts';
import { LiveSystem } from './live/live-system.ts';
import { missing } from './sandbox/needs.ts';
import { type DatabaseKind, Sandbox } from './sandbox/sandbox.ts';
import { ClaimBroken, Stage } from './stage.ts';

/** A drill that is not over by then hangs, and that is no way for a system to be. */
const DRILL_MS = 120_000;

export interface DrillSettings {
  readonly mode: DrillMode;
  readonly keep: boolean;
  /** The kind of database that is configured. */
  readonly database: DatabaseKind;
  /** Of the running daemon. */
  readonly socket: string;
}

type Outcome = Pick<DrillReport, 'verdict' | 'reason' | 'kept'>;

/** Carries one drill out and clears up after it, whatever happens. Never rejects: what went wrong is in the report. */
export async function runDrill(
  drill: Drill,
  settings: DrillSettings,
  signal: AbortSignal,
  tell: (event: DrillEvent) => void,
): Promise<DrillReport> {
  const { name } = drill;
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  tell({ event: 'started', drill: infoOf(drill) });
  const late = AbortSignal.timeout(DRILL_MS);
  const stage = new Stage(AbortSignal.any([signal, late]), {
    step: what => tell({ event: 'step', name, what }),
    claim: claim => tell({ event: 'claim', name, ...claim }),
    measurement: measurement => tell({ event: 'measurement', name, ...measurement }),
  });
  const database = databaseOf(drill, settings);
  const outcome = await carryOut(drill, settings, database, stage);
  const report: DrillReport = {
    ...infoOf(drill),
    mode: settings.mode,
    database: settings.mode === 'live' ? null : textOf(database, settings.database),
    ...(signal.aborted
      ? { ...outcome, verdict: 'interrupted' as const, reason: 'It was interrupted.' }
      : outcome),
    startedAt,
    durationMs: Math.round(performance.now() - startedMs),
    steps: stage.steps,
    claims: stage.claims,
    measurements: stage.measurements,
  };
  tell({ event: 'ended', report });
  return report;
}

export function infoOf({ name, summary, hypothesis, needs, live }: Drill): DrillInfo {
  return { name, summary, hypothesis, needs, live };
}

async function carryOut(
  drill: Drill,
  { mode, keep, socket }: DrillSettings,
  database: DatabaseKind,
  stage: Stage,
): Promise<Outcome> {
  if (mode === 'live') {
    const { runLive } = drill;
    if (runLive === undefined) return skipped('It is not safe on the running system; run it in a sandbox.');
    const system = new LiveSystem(socket);
    return await verdictOf(
      stage,
      () => runLive(stage, system),
      async () => {
        await system.dispose();
        return null;
      },
    );
  }
  const reason = missing(drill.needs);
  if (reason !== undefined) return skipped(reason);
  const sandbox = new Sandbox({ database, keep });
  return await verdictOf(
    stage,
    () => drill.run(stage, sandbox),
    () => sandbox.dispose(),
  );
}

async function verdictOf(
  stage: Stage,
  work: () => Promise<void>,
  clearUp: () => Promise<string | null>,
): Promise<Outcome> {
  let thrown: unknown;
  try {
    await work();
  } catch (error) {
    thrown = error;
  }
  let kept: string | null = null;
  try {
    kept = await clearUp();
  } catch (error) {
    thrown ??= new Error(`clearing up failed: ${messageOf(error)}`, { cause: error });
  }
  const broken = stage.claims.find(({ held }) => !held);
  if (broken !== undefined)
    return ended(
      'failed',
      `Not true: ${broken.claim}${broken.found === '' ? '' : ` (${broken.found})`}`,
      kept,
    );
  if (thrown !== undefined && !(thrown instanceof ClaimBroken))
    return ended('error', messageOf(thrown), kept);
  // What claims nothing proves nothing.
  if (stage.claims.length === 0) return ended('error', 'It has claimed nothing.', kept);
  return { verdict: 'held', reason: null, kept };
}

function skipped(reason: string): Outcome {
  return ended('skipped', reason, null);
}

function ended(verdict: DrillVerdict, reason: string, kept: string | null): Outcome {
  return { verdict, reason, kept };
}

/** Of the configured kind where its programs are on this machine. */
function databaseOf({ needs }: Drill, { database }: DrillSettings): DatabaseKind {
  if (needs.includes('postgres')) return 'postgres';
  return database === 'postgres' && missing(['postgres']) === undefined ? 'postgres' : 'sqlite';
}

function textOf(used: DatabaseKind, configured: DatabaseKind): string {
  return used === 'sqlite' && configured === 'postgres'
    ? 'sqlite (PostgreSQL is configured, but its programs are not on this machine)'
    : used;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
