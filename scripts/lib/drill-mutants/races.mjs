/** What drills about races between servers are about, taken away. */
export default [
  {
    drill: 'stale-fill',
    without: 'an absent entry is filled only with a token that was had before the database was asked',
    edits: [
      {
        file: 'packages/core/src/store/redis/scripts/session-fill.ts',
        find: "if found == 'absent' and not has_token then return 'noToken' end\n",
        replace: '',
      },
    ],
  },
  {
    drill: 'partial-write',
    without: 'servers look for what others left undone between the database and Redis',
    edits: [
      {
        file: 'packages/core/src/store/hybrid/outbox-drainer.ts',
        find: '      if (isUp() && ',
        replace: '      if (isUp() && pauseMs < 0 && ',
      },
    ],
  },
  {
    drill: 'concurrent-resize',
    without: 'labels are read and written under the session’s lock',
    edits: [
      {
        file: 'packages/daemon/src/session/session-service.ts',
        find: '    await exclusively(this.#d.locks, session.id, () => {\n      const before = session.row.doc.labels;',
        replace: '    await Promise.resolve().then(() => {\n      const before = session.row.doc.labels;',
      },
    ],
  },
  {
    drill: 'lock-expiry',
    without: 'a lock is given back only by the token that holds it',
    edits: [
      {
        file: 'packages/core/src/store/redis/scripts/lock-release.ts',
        find: 'if held and string.sub(held, 1, #mark) == mark then',
        replace: 'if held then',
      },
    ],
  },
  {
    drill: 'delete-while-reading',
    without: 'a deleted session is told from one that is not cached',
    edits: [
      {
        file: 'packages/core/src/store/cache-entry.ts',
        find: "  return isTombstone(record) ? { kind: 'deleted', rev: record.rev } : { kind: 'hit', row: record };",
        replace: "  return isTombstone(record) ? 'absent' : { kind: 'hit', row: record };",
      },
    ],
  },
  {
    drill: 'socket-storm',
    without: 'the registry hears of every client that is gone',
    edits: [
      {
        file: 'packages/core/src/store/registry/projection.ts',
        find: '    if (gone.length > 0) await this.#options.remove(gone);\n',
        replace: '',
      },
    ],
  },
];
