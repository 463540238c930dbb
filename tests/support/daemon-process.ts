import { readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type DaemonProcessOptions,
  DaemonProcess as SandboxDaemon,
} from '@triterm/core/sandbox/daemon-process';

/** Node's arguments for tritermd: the built one, or with `TRITERM_TEST_SOURCE=1` the sources as they are. */
export const DAEMON: readonly string[] =
  process.env.TRITERM_TEST_SOURCE === '1'
    ? [
        '--conditions=@triterm/source',
        fileURLToPath(new URL('../../packages/daemon/src/main.ts', import.meta.url)),
      ]
    : [fileURLToPath(new URL('../../packages/daemon/bin/tritermd.cjs', import.meta.url))];

/** The tritermd under test, on a state directory of its own. */
export class DaemonProcess extends SandboxDaemon {
  /** `env`: settings as `TRITERM_…` variables. */
  constructor(env: Record<string, string> = {}, options: Omit<DaemonProcessOptions, 'program'> = {}) {
    super(env, { program: DAEMON, ...options });
  }
}

/** What a process's descriptors point to. */
export function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map(fd => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
}
