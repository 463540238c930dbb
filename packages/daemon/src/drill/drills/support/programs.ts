import { newToken, type SessionInfo } from '@triterm/core/domain';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';

const SHOWN_MS = 10_000;

/** A session that runs a shell script, made over a connection; 80x24. */
export async function startProgram(
  client: ProtocolClient,
  name: string,
  script: string,
): Promise<SessionInfo> {
  const { session } = await client.request('session.create', {
    name,
    argv: ['/bin/sh', '-c', script],
    cwd: '/',
    environment: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' },
    idempotencyKey: newToken(),
  });
  return session;
}

/** Resolves when a regular expression matches what is on the session's screen, or was. */
export async function shows(
  client: Pick<ProtocolClient, 'request'>,
  target: string,
  pattern: string,
  timeoutMs = SHOWN_MS,
): Promise<void> {
  await client.request('session.wait', { target, condition: { kind: 'text', pattern }, timeoutMs });
}
