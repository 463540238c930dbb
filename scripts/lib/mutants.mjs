const STORE = 'packages/core/src/store';

/**
 * Safeguards of the hybrid store, each with the text that takes it away (files below `packages/core/src/store`) and the scenarios, or
 * the chaos run, that must notice.
 */
export const MUTANTS = [
  {
    name: 'get-and-set',
    without: 'a put compares and stores in one script; here it is GET, then SET',
    edits: [
      {
        file: 'redis/redis-cache.ts',
        find: '    const answers = await this.#link.scripts(SESSION_PUT, calls);\n    return calls.map(({ outcome }, index) => outcome(answers[index]));',
        replace: `    return Promise.all(
      records.map(async (record): Promise<PutOutcome> => {
        const key = this.#link.keys.session(record.id);
        const text = await this.#link.command('session-get', client => client.get(key));
        const entry = text === null ? undefined : decodeEntry(text, record.id);
        if (entry !== undefined && entry.record.rev >= record.rev) return { kind: 'older' };
        await this.#link.command('session-put', client => client.set(key, encodeEntry(record, epochs), 'PX', 3_600_000));
        await this.#link.command('publish', client => client.publish(EVENT_CHANNEL, changeMessage(record)));
        return { kind: 'stored' };
      }),
    );`,
      },
    ],
    scenarios: ['atomicPut'],
  },
  {
    name: 'no-fill-token',
    without: 'an absent key is filled only by the token that was had before the database was asked',
    edits: [
      {
        file: 'redis/scripts/session-fill.ts',
        find: "if found == 'absent' and not has_token then return 'noToken' end\n",
        replace: '',
      },
    ],
    scenarios: ['fillToken'],
  },
  {
    name: 'put-on-absent',
    without: 'a put stores nothing where there is no entry of its epoch',
    edits: [
      {
        file: 'redis/scripts/session-put.ts',
        find: "if found == 'absent' then\n",
        replace: "if found == 'absent' then found = 'stored' end\nif found == 'absent' then\n",
      },
    ],
    scenarios: ['putOnAbsent'],
  },
  {
    name: 'tombstone-as-miss',
    without: 'a read tells a deleted session from one that is not cached',
    edits: [
      {
        file: 'cache-entry.ts',
        find: "  return isTombstone(record) ? { kind: 'deleted', rev: record.rev } : { kind: 'hit', row: record };",
        replace: "  return isTombstone(record) ? 'absent' : { kind: 'hit', row: record };",
      },
    ],
    scenarios: ['tombstoneAnswers'],
  },
  {
    name: 'clock-as-version',
    without: 'revisions come from a sequence under the row’s lock; here they are the time in milliseconds',
    edits: [
      {
        file: 'postgres/session-queries.ts',
        find: "    UPDATE session SET\n      rev = nextval('triterm_rev'),\n      name = ",
        replace: '    UPDATE session SET\n      rev = ${NOW_MS},\n      name = ',
      },
    ],
    scenarios: ['revisionsRise'],
  },
  {
    name: 'sequence-before-lock',
    without: 'the sequence is asked where the row is locked; here it is asked before the wait for the lock',
    edits: [
      {
        file: 'postgres/session-queries.ts',
        find: "server')}, changed AS (\n    UPDATE session SET\n      rev = nextval('triterm_rev'),\n      name = ",
        replace:
          "server')}, taken AS MATERIALIZED (SELECT nextval('triterm_rev') AS n), changed AS (\n    UPDATE session SET\n      rev = (SELECT n FROM taken),\n      name = ",
      },
    ],
    scenarios: ['revisionsRise'],
  },
  {
    name: 'no-outbox',
    without: 'every write leaves word in the outbox in its own transaction',
    edits: [
      {
        file: 'postgres/session-queries.ts',
        find: 'SELECT id, rev, ${NOW_MS} FROM ${source}\n',
        replace: 'SELECT id, rev, ${NOW_MS} FROM ${source} WHERE false\n',
      },
    ],
    scenarios: ['outboxMakesGood'],
  },
  {
    name: 'nobody-drains',
    without: 'servers look for what others left undone',
    edits: [
      {
        file: 'hybrid/outbox-drainer.ts',
        find: '      if (isUp() && ',
        replace: '      if (isUp() && pauseMs < 0 && ',
      },
    ],
    scenarios: ['outboxMakesGood'],
  },
  {
    name: 'unconditional-del',
    without: 'a lock is given back only by the token that holds it',
    edits: [
      {
        file: 'redis/scripts/lock-release.ts',
        find: 'if held and string.sub(held, 1, #mark) == mark then',
        replace: 'if held then',
      },
    ],
    scenarios: ['strangersLock'],
  },
  {
    name: 'no-floors',
    without: 'a server believes no entry below what it has heard of',
    edits: [
      {
        file: 'hybrid/floors.ts',
        find: '    return Math.max(this.#floors.get(id)?.rev ?? 0, this.#earlier.get(id)?.rev ?? 0);',
        replace: '    return id === undefined ? 1 : 0;',
      },
    ],
    scenarios: ['floorsHold'],
  },
  {
    name: 'memory-kept',
    without: 'a resynchronisation empties memory',
    edits: [{ file: 'hybrid/resync.ts', find: '  d.clearL1();\n', replace: '' }],
    scenarios: ['memoryCleared'],
  },
  {
    name: 'epoch-kept',
    without: 'another Redis than before voids everything cached',
    edits: [
      {
        file: 'postgres/epoch-table.ts',
        find: "WHERE k = 'cache_epoch' AND EXISTS (SELECT FROM noted WHERE earlier <> '')",
        replace: "WHERE k = 'cache_epoch' AND EXISTS (SELECT FROM noted WHERE earlier = 'never')",
      },
    ],
    scenarios: ['rewoundRedis'],
  },
  {
    name: 'drain-before-channels',
    without: 'the channels are proven before the outbox is carried out',
    edits: [
      {
        file: 'hybrid/resync.ts',
        find: '  const drained = await d.drain(signal);\n',
        replace: '',
      },
      {
        file: 'hybrid/resync.ts',
        find: '  await unlessAborted(Promise.all(d.channels.map(channel => channel.start())), signal);\n',
        replace:
          '  const drained = await d.drain(signal);\n  await unlessAborted(Promise.all(d.channels.map(channel => channel.start())), signal);\n',
      },
    ],
    scenarios: ['channelsBeforeDrain'],
  },
  {
    name: 'up-before-drained',
    without: 'Redis is believed only after the outbox was carried out',
    edits: [
      {
        file: 'hybrid/resync.ts',
        find: '  const drained = await d.drain(signal);\n',
        replace: '  const drained = 0;\n  d.drain(signal).catch(() => {});\n',
      },
    ],
    scenarios: ['drainBeforeUp'],
  },
  {
    name: 'liveness-ignored',
    without: 'at each read it is asked whether a heartbeat came round within a second',
    edits: [
      {
        file: 'hybrid/hybrid-tiers.ts',
        find: '    return Math.min(this.#changes.liveUntilMs, this.#events.liveUntilMs);',
        replace: '    return Number.POSITIVE_INFINITY;',
      },
    ],
    scenarios: ['livenessAtTheRead'],
  },
  {
    name: 'flights-joined-over-floors',
    without: 'a read joins no flight that began before its floor rose',
    edits: [
      {
        file: 'hybrid/session-reader.ts',
        find: 'flight !== undefined && flight.floor === floor && flight.generation === generation',
        replace: 'flight !== undefined && flight.generation === generation',
      },
    ],
    scenarios: ['flightsAndFloors'],
  },
  {
    name: 'flights-joined-over-clearing',
    without: 'a read joins no flight that began before memory was emptied',
    edits: [
      {
        file: 'hybrid/session-reader.ts',
        find: 'flight !== undefined && flight.floor === floor && flight.generation === generation',
        replace: 'flight !== undefined && flight.floor === floor',
      },
    ],
    scenarios: ['flightsAndMemory'],
  },
  {
    name: 'late-read-kept',
    without: 'a read that began before memory was emptied does not come into it',
    edits: [
      {
        file: 'hybrid/session-reader.ts',
        find: '    if (generation !== this.#o.l1.generation) return;\n',
        replace: '    if (generation < 0) return;\n',
      },
    ],
    scenarios: ['lateReadKept'],
  },
  {
    name: 'late-own-write-kept',
    without: 'an own write comes into memory only if nothing newer was heard of',
    edits: [
      {
        file: 'hybrid/hybrid-tiers.ts',
        find: '      record.rev >= this.#floors.get(record.id) &&\n',
        replace: '',
      },
    ],
    scenarios: ['lateOwnWrite'],
  },
  {
    name: 'own-write-kept-over-clearing',
    without: 'an own write that began before memory was emptied does not come into it',
    edits: [
      {
        file: 'hybrid/hybrid-tiers.ts',
        find: '      generation === this.#l1.generation &&\n',
        replace: '',
      },
    ],
    scenarios: ['lateOwnWriteAfterGap'],
  },
  {
    name: 'shown-forgotten',
    without: 'what the database has shown to somebody is the least that is shown afterwards',
    edits: [
      {
        file: 'hybrid/hybrid-tiers.ts',
        find: '    if (this.#changes === undefined) return;\n    this.#l1.dropBelow',
        replace: '    if (this.#changes === undefined || rev > 0) return;\n    this.#l1.dropBelow',
      },
    ],
    scenarios: ['shownIsRemembered'],
  },
  {
    name: 'guard-ignored',
    without: 'a write happens only at the revision that it was made for',
    edits: [
      {
        file: 'postgres/session-queries.ts',
        find: `      AND rev = coalesce($2, rev) AND owner_epoch = coalesce($3, owner_epoch)
      AND ($10::bigint`,
        replace: `      AND ($2::bigint IS NULL OR $2::bigint > 0) AND owner_epoch = coalesce($3, owner_epoch)
      AND ($10::bigint`,
      },
    ],
    scenarios: [],
    chaos: ['--rounds', '4', '--seed', '11', '--quiet'],
  },
];

/** From the root. */
export function editsOf({ edits }) {
  return edits.map(edit => ({ ...edit, file: `${STORE}/${edit.file}` }));
}
