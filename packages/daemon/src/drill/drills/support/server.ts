import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import type { Sandbox } from '../../sandbox/sandbox.ts';

/** A server on a database of the sandbox's kind, without Redis. */
export async function startServer(sandbox: Sandbox, id: string): Promise<DaemonProcess> {
  return await sandbox.daemon(id, { database: await sandbox.database() });
}
