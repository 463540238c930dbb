import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Workplace } from './workplace.ts';

it('ends what was started in it, daemons too, and nothing else', async () => {
  const place = Workplace.make();
  const other = Workplace.make();
  const sleep = (env: Record<string, string>) =>
    spawn('/bin/sh', ['-c', 'setsid sleep 60 & exec sleep 60'], { env, stdio: 'ignore', detached: true });
  try {
    const child = sleep(place.env);
    const bystander = sleep(other.env);
    const ended = once(child, 'exit');
    await Promise.all([once(child, 'spawn'), once(bystander, 'spawn')]);
    await place.clear();
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(place.processes()).toEqual([]);
    expect(existsSync(place.dir)).toBe(false);
    expect(other.processes()).not.toEqual([]);
  } finally {
    await place.clear();
    await other.clear();
  }
});
