import type { Config } from '@triterm/core/config/load';
import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams, Result } from '@triterm/core/protocol';
import type { ScreenTable, SessionRow, SessionStore } from '@triterm/core/store';
import type { EventBus } from './event-bus.ts';
import type { KnownServer } from './known-servers.ts';
import { decodeContent, plain } from './screen-content.ts';
import { storedInfo } from './stored-info.ts';

export interface AbsentSessionsDependencies {
  readonly store: Pick<SessionStore, 'delete'>;
  readonly tails: Pick<ScreenTable, 'getScreen'>;
  readonly bus: EventBus;
  /** For what an earlier release stored. */
  readonly config: Pick<Config, 'handOver'>;
}

/** A session of another server that can't be asked, as the database had it a moment ago. */
export interface AbsentSession {
  readonly row: SessionRow;
  /** Undefined when the database does not know it any more. */
  readonly server: KnownServer | undefined;
}

/** Answers for sessions whose servers can't be reached, from what the database has of them. */
export class AbsentSessions {
  readonly #d: AbsentSessionsDependencies;

  constructor(dependencies: AbsentSessionsDependencies) {
    this.#d = dependencies;
  }

  async show(absent: AbsentSession): Promise<Result<'session.show'>> {
    const { doc, id } = absent.row;
    const tail = await this.#d.tails.getScreen(id);
    return {
      session: infoOf(absent),
      clients: [],
      devices: [],
      sizePolicy: doc.sizePolicy,
      handOver: doc.handOver ?? this.#d.config.handOver,
      scrollbackLines: doc.scrollbackLines,
      prompt: 'none',
      argv: doc.argv,
      offset: tail?.offset ?? 0,
    };
  }

  /**
   * The last screen that its server has left. Rejects with NO_SCREEN; with `reason`, why its server can't be asked, where older
   * lines are wanted than that one has sent just before.
   */
  async capture(
    absent: AbsentSession,
    {
      format,
      scrollbackLines,
      before,
    }: Pick<ParsedParams<'session.capture'>, 'format' | 'scrollbackLines' | 'before'>,
    reason: TermError,
  ): Promise<Result<'session.capture'>> {
    if (before !== undefined) throw reason;
    const { id, name, ownerServer } = absent.row;
    const tail = await this.#d.tails.getScreen(id);
    const content = tail === undefined ? undefined : decodeContent(tail.content);
    if (tail === undefined || content === undefined)
      throw new TermError(
        'NO_SCREEN',
        `Server ${ownerServer} can't be reached, and has left no screen of ${name} in the database.`,
      );
    const shown = format === 'ansi' ? (line: string) => line : plain;
    const { scrollback, screen, cursor, alternateScreen } = content;
    const from = scrollbackLines < 0 ? 0 : Math.max(0, scrollback.length - scrollbackLines);
    return {
      session: infoOf(absent),
      scrollback: scrollback.slice(from).map(shown),
      screen: screen.map(shown),
      cursor,
      alternateScreen,
      offset: tail.offset,
      asOf: new Date(tail.at).toISOString(),
      firstLine: null,
      more: false,
    };
  }

  /** With `force` removes it from the database; rejects with `reason`, why its server can't be asked, without. */
  async kill(absent: AbsentSession, force: boolean, reason: TermError): Promise<Result<'session.kill'>> {
    const { row } = absent;
    if (!force) {
      throw new TermError(reason.code, reason.message, {
        cause: reason,
        details: { ...reason.details, server: row.ownerServer },
        hint: 'Wait until its server is back; `--force` removes it from the list, and what still runs there becomes a session of its own when that server is back.',
      });
    }
    const info = infoOf(absent);
    await this.#d.store.delete(row.id, { rev: row.rev });
    this.#d.bus.emit('removed', row);
    return { session: info };
  }
}

function infoOf({ row, server }: AbsentSession): SessionInfo {
  return storedInfo(row, server);
}
