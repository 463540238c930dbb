import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { dirname } from 'node:path';
import type { Results } from '../results.ts';
import type { Judgement } from '../targets.ts';
import { report } from './report.ts';

export interface Run {
  readonly startedAt: string;
  /** What was measured, for people: a line each. */
  readonly about: readonly string[];
  /** The same and more, as JSON has it. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly results: Results;
  readonly judgements: readonly Judgement[];
  readonly jsonFile: string | undefined;
}

/** Prints a run, and writes it to its file. */
export function publish({ startedAt, about, facts, results, judgements, jsonFile }: Run): void {
  const machine = {
    cores: availableParallelism(),
    node: process.versions.node,
    load: loadavg().map(load => Number(load.toFixed(2))),
  };
  const lines = [
    `${machine.cores} cores, Node ${machine.node}, load of the last minutes ${machine.load.join(' ')}`,
    ...about,
  ];
  process.stdout.write(`\n${lines.join('\n')}\n\n${report(results, judgements)}\n`);
  if (jsonFile === undefined) return;
  const json = {
    version: 1,
    startedAt,
    machine,
    ...facts,
    series: results.series.map(series => ({ ...series, median: results.median(series) })),
    notes: results.notes,
    targets: judgements,
  };
  mkdirSync(dirname(jsonFile), { recursive: true });
  writeFileSync(jsonFile, `${JSON.stringify(json, undefined, 2)}\n`);
}
