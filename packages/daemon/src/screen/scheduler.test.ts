import { describe, expect, it } from 'vitest';
import { Scheduler } from './scheduler.ts';

class Job {
  isAsked: boolean;
  #slices: number;
  readonly #log: string[];
  readonly name: string;

  constructor(name: string, isAsked: boolean, slices: number, log: string[]) {
    this.name = name;
    this.isAsked = isAsked;
    this.#slices = slices;
    this.#log = log;
  }

  step(): boolean {
    this.#log.push(this.name);
    this.#slices -= 1;
    return this.#slices > 0;
  }
}

function run(jobs: Job[], log: string[], total: number): Promise<string[]> {
  return new Promise(resolve => {
    const scheduler = new Scheduler<Job>(() => {
      if (log.length === total) resolve(log);
    });
    for (const job of jobs) scheduler.add(job);
  });
}

describe('Scheduler', () => {
  it('takes turns', async () => {
    const log: string[] = [];
    await run([new Job('a', false, 3, log), new Job('b', false, 3, log)], log, 6);
    expect(log.join('')).toBe('ababab');
  });

  it('serves those who are asked first and lets the others go on', async () => {
    const log: string[] = [];
    await run([new Job('f', false, 3, log), new Job('q', true, 7, log)], log, 10);
    expect(log.join('')).toBe('qqqfqqqfqf');
  });
});
