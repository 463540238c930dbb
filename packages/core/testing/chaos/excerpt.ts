import type { FaultRecord, History, Operation, Violation } from './history.ts';

const AROUND_MS = 1500;
const MAX_LINES = 40;

/** What happened to an id, and to everything, around a violation: oldest first, in milliseconds from it. */
export function excerpt(history: History, { id, atMs }: Violation): string[] {
  const middleMs = atMs ?? history.operations.at(-1)?.endMs ?? 0;
  const isNear = (startMs: number, endMs: number) =>
    startMs <= middleMs + AROUND_MS && endMs >= middleMs - AROUND_MS;
  const at = (ms: number) => `${(ms - middleMs).toFixed(1).padStart(9)} ms`;
  const lines: { ms: number; text: string }[] = [];
  for (const fault of history.faults)
    if (isNear(fault.startMs, fault.endMs))
      lines.push({ ms: fault.startMs, text: `${at(fault.startMs)}  FAULT ${faultText(fault)}` });
  for (const operation of history.operations)
    if (operation.id === id && isNear(operation.startMs, operation.endMs))
      lines.push({ ms: operation.startMs, text: `${at(operation.startMs)}  ${operationText(operation)}` });
  for (const event of history.redis)
    if (event.kind === 'set' && event.id === id && isNear(event.atMs, event.atMs))
      lines.push({
        ms: event.atMs,
        text: `${at(event.atMs)}  Redis stores rev ${event.seen.rev}${event.seen.deleted ? ' (tombstone)' : ''}`,
      });
  const near = lines
    .toSorted((a, b) => Math.abs(a.ms - middleMs) - Math.abs(b.ms - middleMs))
    .slice(0, MAX_LINES);
  return near.toSorted((a, b) => a.ms - b.ms).map(({ text }) => text);
}

function faultText({ kind, server, startMs, endMs }: FaultRecord): string {
  return `${kind}${server === undefined ? '' : ` of server ${server}`} for ${Math.round(endMs - startMs)} ms`;
}

function operationText({
  server,
  order,
  kind,
  outcome,
  seen,
  startMs,
  endMs,
  guard,
  stale,
  source,
}: Operation): string {
  const found = seen === undefined ? 'nothing' : `rev ${seen.rev}${seen.deleted ? ' (deleted)' : ''}`;
  return [
    `server ${server} #${order} ${kind} → ${outcome === 'ok' ? found : outcome}`,
    `in ${(endMs - startMs).toFixed(1)} ms`,
    ...(guard === undefined ? [] : [`guard ${JSON.stringify(guard)}`]),
    ...(source === undefined ? [] : [`from ${source}`]),
    ...(stale === true ? ['stale'] : []),
  ].join(', ');
}
