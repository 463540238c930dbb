import { describe, expect, it, vi } from 'vitest';
import type { Connection } from '../connection.ts';
import type { RequestContext } from '../router.ts';
import { drillHandlers } from './drill.ts';

/** A link that keeps what was done to it, and connections that can end. */
function broken() {
  const faults: (string | undefined)[] = [];
  const handlers = drillHandlers({
    link: { disturb: fault => faults.push(fault?.kind) },
    log: { warn() {} },
  });
  const connection = () => {
    const ends: (() => void)[] = [];
    const context = { connection: { onClose: (end: () => void) => ends.push(end) } as unknown as Connection };
    return { context: context as RequestContext, end: () => ends.forEach(end => void end()) };
  };
  const breakIt = (context: RequestContext, lapseMs = 60_000) =>
    handlers['drill.break']({ kind: 'down', latencyMs: 200, lapseMs }, context);
  return { handlers, faults, connection, breakIt };
}

describe('a fault for a drill', () => {
  it('ends with its connection', () => {
    const { faults, connection, breakIt } = broken();
    const driller = connection();
    breakIt(driller.context);
    driller.end();
    driller.end();
    expect(faults).toEqual(['down', undefined]);
  });

  it('ends at once when its connection has gone before', () => {
    const { faults, breakIt } = broken();
    const gone = { connection: { onClose: (end: () => void) => end() } as unknown as Connection };
    breakIt(gone as RequestContext);
    expect(faults).toEqual(['down', undefined]);
  });

  it('ends when its time is over', () => {
    vi.useFakeTimers();
    try {
      const { faults, connection, breakIt } = broken();
      breakIt(connection().context, 5000);
      vi.advanceTimersByTime(4999);
      expect(faults).toEqual(['down']);
      vi.advanceTimersByTime(1);
      expect(faults).toEqual(['down', undefined]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is one drill’s at a time, and nobody else ends it', () => {
    const { handlers, faults, connection, breakIt } = broken();
    const [one, two] = [connection(), connection()];
    breakIt(one.context);
    expect(() => breakIt(two.context)).toThrow(expect.objectContaining({ code: 'DRILL_RUNNING' }));
    handlers['drill.restore']({}, two.context);
    expect(faults).toEqual(['down']);
    handlers['drill.restore']({}, one.context);
    breakIt(two.context);
    one.end();
    expect(faults).toEqual(['down', undefined, 'down']);
  });

  it('is refused where there is no Redis', () => {
    const handlers = drillHandlers({ link: undefined, log: { warn() {} } });
    const params = { kind: 'hang', latencyMs: 200, lapseMs: 1000 } as const;
    expect(() => handlers['drill.break'](params, broken().connection().context)).toThrow(
      expect.objectContaining({ code: 'NO_REDIS' }),
    );
  });
});
