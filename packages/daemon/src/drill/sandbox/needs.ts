import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { DrillNeed } from '@triterm/core/domain';
import { hasPostgres } from '@triterm/core/sandbox/postgres-server';

/** Why what a drill needs is not to be had here, and how to get it; undefined when all is there. */
export function missing(
  needs: readonly DrillNeed[],
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  for (const need of needs) {
    const reason = MISSING[need](env);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const redis = (env: NodeJS.ProcessEnv): string | undefined => {
  const absent = ['redis-server', 'redis-cli'].find(program => !isOnPath(program, env));
  return absent === undefined
    ? undefined
    : `${absent} is not installed. Install it with: apt-get install --no-install-recommends redis-server`;
};

const MISSING: Readonly<Record<DrillNeed, (env: NodeJS.ProcessEnv) => string | undefined>> = {
  redis,
  sentinel: redis,
  postgres: env =>
    hasPostgres(env)
      ? undefined
      : 'PostgreSQL is not installed. Install it with: apt-get install --no-install-recommends postgresql',
};

function isOnPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env.PATH ?? '').split(delimiter).some(dir => {
    try {
      if (dir === '') return false;
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
