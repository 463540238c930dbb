import { newToken } from '../domain/index.ts';
import type { Params } from '../protocol/index.ts';

/** What asks for a session that runs a program in `/`, with no more of an environment than that needs; 80x24. */
export function runs(name: string, argv: readonly string[]): Params<'session.create'> {
  return {
    name,
    argv: [...argv],
    cwd: '/',
    environment: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' },
    idempotencyKey: newToken(),
  };
}

/** What types Enter into a session. */
export function enter(target: string): Params<'session.send'> {
  return { target, data: Buffer.from('\n').toString('base64'), idempotencyKey: newToken() };
}
