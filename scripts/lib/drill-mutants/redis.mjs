/** Safeguards of what happens while Redis or the database is away, each with the drill that must notice when it is taken away. */
export default [
  {
    drill: 'redis-down',
    without: 'what was written while Redis was away is carried over from the outbox when it is back',
    edits: [
      {
        file: 'packages/core/src/store/hybrid/outbox-drainer.ts',
        find: '    if (items.length === 0) return 0;\n',
        replace: '    if (items.length >= 0) return 0;\n',
      },
    ],
  },
  {
    drill: 'redis-hang',
    without: 'a command of Redis has 50 ms; here it has 10 s',
    edits: [
      {
        file: 'packages/core/src/store/redis/settings.ts',
        find: 'DEFAULT_COMMAND_TIMEOUT_MS = 50;',
        replace: 'DEFAULT_COMMAND_TIMEOUT_MS = 10_000;',
      },
    ],
  },
  {
    drill: 'redis-slow',
    without: 'a write that Redis has not confirmed stays in the outbox; here it counts as done',
    edits: [
      {
        file: 'packages/core/src/store/hybrid/write-behind.ts',
        find: '          for (const record of records) this.#giveUp(record);\n',
        replace: "          for (const record of records) this.#did(record, 'cached');\n",
      },
    ],
  },
  {
    drill: 'redis-flush',
    without: 'a registration that Redis has lost is made anew when its lease is renewed',
    edits: [
      {
        file: 'packages/core/src/store/registry/hybrid-registry.ts',
        find: 'this.#publish(whole ? sockets : await redis.renew(sockets, this.#knownOf(sockets)))',
        replace: 'redis.renew(sockets, this.#knownOf(sockets)).then(() => {})',
      },
    ],
  },
  {
    drill: 'redis-failover',
    without: 'another Redis than before voids everything cached',
    edits: [
      {
        file: 'packages/core/src/store/sqlite/epoch-table.ts',
        find: "  return noted === '' ? now : raise(connection, now);\n",
        replace: '  return now;\n',
      },
      {
        file: 'packages/core/src/store/postgres/epoch-table.ts',
        find: "WHERE k = 'cache_epoch' AND EXISTS (SELECT FROM noted WHERE earlier <> '')",
        replace: "WHERE k = 'cache_epoch' AND EXISTS (SELECT FROM noted WHERE earlier = 'never')",
      },
    ],
  },
  {
    drill: 'redis-evict',
    without: 'a put stores nothing where there is no entry of its epoch',
    edits: [
      {
        file: 'packages/core/src/store/redis/scripts/session-put.ts',
        find: "if found == 'absent' then\n",
        replace: "if found == 'absent' then found = 'stored' end\nif found == 'absent' then\n",
      },
    ],
  },
  {
    drill: 'db-down',
    without: 'what could not be stored is tried again until it is',
    edits: [
      {
        file: 'packages/daemon/src/session/record-writer.ts',
        find: '    this.#o.trouble(trouble);\n    this.#schedule(this.#retryMs);\n',
        replace: '    this.#o.trouble(trouble);\n',
      },
    ],
  },
];
