import type { SessionInfo } from '@triterm/core/domain';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { runs } from '@triterm/core/sandbox/session-requests';

const SHOWN_MS = 10_000;

/** A session that runs a shell script, made over a connection; 80x24. */
export async function startProgram(
  client: ProtocolClient,
  name: string,
  script: string,
): Promise<SessionInfo> {
  return (await client.request('session.create', runs(name, ['/bin/sh', '-c', script]))).session;
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
