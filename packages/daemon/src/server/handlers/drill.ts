import { TermError } from '@triterm/core/errors';
import type { LinkFault } from '@triterm/core/store';
import type { Connection } from '../connection.ts';
import type { Handlers } from '../router.ts';

/** What lets Redis fail for this server. */
export interface FaultyLink {
  disturb(fault: LinkFault | undefined): void;
}

export interface DrillDependencies {
  /** Undefined where no Redis is configured. */
  readonly link: FaultyLink | undefined;
  readonly log: { readonly warn: (fields: object, message: string) => void };
}

/** Faults for drills on the running system. Each ends by itself: with the connection that asked for it, and at its deadline. */
export function drillHandlers({
  link,
  log,
}: DrillDependencies): Pick<Handlers, 'drill.break' | 'drill.restore'> {
  let breaker: Connection | undefined;
  let lapse: NodeJS.Timeout | undefined;

  const restore = (): void => {
    if (breaker === undefined) return;
    breaker = undefined;
    clearTimeout(lapse);
    link?.disturb(undefined);
    log.warn({}, 'a drill has restored Redis');
  };

  return {
    'drill.break': ({ kind, latencyMs, lapseMs }, { connection }) => {
      if (link === undefined) throw new TermError('NO_REDIS', 'This server uses no Redis.');
      if (breaker !== undefined && breaker !== connection)
        throw new TermError('DRILL_RUNNING', 'Another drill lets Redis fail already.');
      const isFirst = breaker === undefined;
      breaker = connection;
      clearTimeout(lapse);
      lapse = setTimeout(restore, lapseMs);
      log.warn({ kind, lapseMs }, 'a drill lets Redis fail for this server');
      link.disturb(kind === 'slow' ? { kind, latencyMs } : { kind });
      // Last, because one that is gone already says so at once.
      if (isFirst)
        connection.onClose(() => {
          if (breaker === connection) restore();
        });
      return {};
    },
    'drill.restore': (_params, { connection }) => {
      if (breaker === connection) restore();
      return {};
    },
  };
}
