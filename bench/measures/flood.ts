import type { Contestant, Session } from '../contestant.ts';
import { cpuSeconds } from '../host/processes.ts';
import { blocksFor, type Payload } from '../programs/payloads.ts';

/** Slower than this nobody is: 1 MB/s, and some seconds for a start. */
export function floodTimeoutMs(megabytes: number): number {
  return 10_000 + megabytes * 1000;
}

let floods = 0;
export function nextMarker(): string {
  floods += 1;
  return `@@END-${floods}@@`;
}

export interface AttachedFlood {
  readonly bytes: number;
  readonly seconds: number;
  /** Until the terminal showed the end; and with what was left to do for it afterwards. */
  readonly cpuSecondsUntilShown: number;
  readonly cpuSeconds: number;
  readonly receivedBytes: number;
}

/** A program's flood, from its first byte until the terminal shows its end. */
export async function floodAttached(
  contestant: Contestant,
  payload: Payload,
  megabytes: number,
): Promise<AttachedFlood> {
  const session = await contestant.session();
  try {
    const terminal = await session.attachAndWait();
    const program = await session.program();
    const pids = contestant.pids();
    const cpuBefore = cpuSeconds(pids);
    const bytesBefore = terminal.receivedBytes;
    const marker = nextMarker();
    const order = { do: 'flood', payload, blocks: blocksFor(megabytes), marker } as const;
    const timeoutMs = floodTimeoutMs(megabytes);
    const [report, seenMs] = await Promise.all([
      program.order(order, timeoutMs),
      terminal.seen(marker, timeoutMs),
    ]);
    const cpuSecondsUntilShown = cpuSeconds(pids) - cpuBefore;
    return {
      cpuSecondsUntilShown,
      bytes: report.bytes,
      seconds: (seenMs - report.startedMs) / 1000,
      receivedBytes: terminal.receivedBytes - bytesBefore,
      cpuSeconds: (await contestant.settledCpuSeconds(pids)) - cpuBefore,
    };
  } finally {
    await session.end();
  }
}

/** A program's flood without a client: how long the program itself takes. */
export async function floodDetached(session: Session, payload: Payload, megabytes: number) {
  const program = await session.program();
  const marker = nextMarker();
  const order = { do: 'flood', payload, blocks: blocksFor(megabytes), marker } as const;
  const report = await program.order(order, floodTimeoutMs(megabytes));
  return { marker, bytes: report.bytes, seconds: (report.wroteMs - report.startedMs) / 1000 };
}
