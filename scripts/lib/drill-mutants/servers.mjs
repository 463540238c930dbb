/** What drills about servers, pty-hosts and clients are about, taken away. */
export default [
  {
    drill: 'server-crash',
    without:
      'a pty-host remembers how much of what a client typed the program has got, when its server is gone',
    edits: [
      {
        file: 'packages/daemon/src/pty-host/input-ledger.ts',
        find: 'const source = this.#sources.get(attachment) ?? newSource(attachment);',
        replace: 'const source = newSource(attachment);',
      },
    ],
  },
  {
    drill: 'pty-host-reconnect',
    without: 'a server that starts takes up what the pty-hosts have',
    edits: [
      {
        file: 'packages/daemon/src/pty/supervisor.ts',
        find: '  await supervisor.adopt();\n',
        replace: '',
      },
    ],
  },
  {
    drill: 'split-brain',
    without: 'a write happens only under the epoch that it was made for',
    edits: [
      {
        file: 'packages/core/src/store/postgres/session-queries.ts',
        find: `      AND rev = coalesce($2, rev) AND owner_epoch = coalesce($3, owner_epoch)
      AND ($10::bigint`,
        replace: `      AND rev = coalesce($2, rev) AND ($3::bigint IS NULL OR $3::bigint > 0)
      AND ($10::bigint`,
      },
    ],
  },
  {
    drill: 'clock-skew',
    without: 'times are taken from the clock of PostgreSQL; here they are taken from the server’s own',
    edits: [
      {
        file: 'packages/core/src/store/postgres/statement.ts',
        find: "export const NOW_MS = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint';",
        replace:
          'export const NOW_MS = `(floor(extract(epoch from clock_timestamp()) * 1000)::bigint + ${Date.now() - Math.floor(performance.timeOrigin + performance.now())})`;',
      },
    ],
  },
  {
    drill: 'slow-client',
    without: 'a client that holds the program and takes nothing is left behind after 2 s',
    edits: [
      {
        file: 'packages/daemon/src/session/attachment.ts',
        find: 'return stalledMs > STALLED_MS ||',
        replace: 'return stalledMs > 1000 * STALLED_MS ||',
      },
    ],
  },
];
