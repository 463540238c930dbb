/**
 * Who may import whom; `docs/architecture.md` says why. `scripts/check.mjs` runs it, and makes sure that it has seen our
 * modules at all.
 */
const TESTS = '/testing/';
const core = part => `^packages/core/src/${part}/`;
const daemon = part => `^packages/daemon/src/${part}/`;

/** Modules below `from` import, of our own packages, only themselves and what `to` matches. */
const only = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: TESTS },
  to: { path: '^packages/', pathNot: [from, ...to] },
});

/** Modules below `from` do not import what `to` matches. */
const never = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: TESTS },
  to: { path: to },
});

/** A package is imported below `home` only: its adapter. */
const driver = (packageName, home) => ({
  name: `${packageName.replace(/\W/g, '')}-has-one-home`,
  comment: `Only ${home} knows ${packageName}; everybody else goes through its interface.`,
  severity: 'error',
  from: { path: '^packages/', pathNot: [`^${home}`, TESTS] },
  to: { path: `node_modules/${packageName}/` },
});

export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Modules that import each other are one module in pieces. Across packages too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere, or to a package that package.json does not name.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'not-to-tests',
      comment: 'What is shipped does not import what is not.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: TESTS },
      to: { path: TESTS },
    },

    only('errors-import-nothing', core('errors'), [], 'errors ← domain ← {protocol, store}'),
    only('domain-imports-errors', core('domain'), [core('errors')], 'errors ← domain ← {protocol, store}'),
    only(
      'protocol-imports-domain',
      core('protocol'),
      [core('errors'), core('domain')],
      'protocol and store never meet.',
    ),
    only(
      'store-imports-domain',
      core('store'),
      [core('errors'), core('domain')],
      'protocol and store never meet.',
    ),
    only(
      'config-imports-domain',
      core('config'),
      [core('errors'), core('domain')],
      'Settings are read by everybody.',
    ),
    only(
      'terminal-imports-domain',
      core('terminal'),
      [core('errors'), core('domain')],
      'Escape sequences, no more.',
    ),
    only(
      'websocket-imports-domain',
      core('websocket'),
      [core('errors'), core('domain')],
      'Bytes over a network; what they mean is the protocol’s.',
    ),
    only(
      'sandbox-imports-protocol',
      core('sandbox'),
      ['errors', 'domain', 'protocol', 'config', 'websocket'].map(core),
      'Servers for drills and tests, and a client to talk to them.',
    ),
    never(
      'sandbox-for-drills-only',
      '^packages/(?:cli|core/src/(?!sandbox/)|daemon/src/(?!drill/))',
      core('sandbox'),
      'Nothing that serves or attaches starts servers.',
    ),
    only('core-imports-no-program', '^packages/core/', [], 'The daemon and the client build on core.'),

    only(
      'client-stays-light',
      '^packages/cli/',
      ['errors', 'domain', 'protocol', 'config', 'terminal', 'websocket'].map(core),
      'No database driver and nothing of the daemon in a client’s start.',
    ),

    only(
      'drill-builds-on-core',
      daemon('drill'),
      ['^packages/core/', '^packages/daemon/src/entry-points\\.ts'],
      'A drill sees a daemon as any client does.',
    ),
    never('nobody-needs-drills', '^packages/daemon/src/(?!drill/)', daemon('drill'), 'A program of its own.'),
    never(
      'session-not-up',
      daemon('session'),
      '^packages/daemon/src/(?:server|cluster)/',
      'server → cluster → session, never back.',
    ),
    never(
      'cluster-not-to-handlers',
      daemon('cluster'),
      '^packages/daemon/src/server/(?:handlers|ws|router|server|listener)',
      'server → cluster, never back.',
    ),
    never(
      'screen-and-pty-not-up',
      '^packages/daemon/src/(?:screen|pty)/',
      '^packages/daemon/src/(?:session|server)/',
      'session → {screen, pty}, never back.',
    ),
    never('screen-not-to-pty', daemon('screen'), daemon('pty'), 'The session brings them together.'),
    never('pty-not-to-screen', daemon('pty'), daemon('screen'), 'The session brings them together.'),
    never(
      'store-by-interface',
      '^packages/daemon/src/(?:server|cluster|session|screen|pty)/',
      '^packages/core/src/store/(?!index\\.ts|session-store\\.ts)',
      'Only compose.ts knows which store there is.',
    ),
    only(
      'host-stands-alone',
      daemon('pty-host'),
      ['errors', 'domain', 'protocol'].map(core),
      'The host outlives daemons of other releases: protocol, errors, node-pty and nothing else.',
    ),
    {
      name: 'host-packages',
      comment: 'A host is small and loads little.',
      severity: 'error',
      from: { path: daemon('pty-host'), pathNot: TESTS },
      to: { path: 'node_modules/', pathNot: 'node_modules/node-pty/' },
    },

    driver('better-sqlite3', 'packages/(?:core/src/store/sqlite/|daemon/src/state-lock\\.ts)'),
    driver('kysely', 'packages/core/src/store/'),
    driver('node-pty', 'packages/daemon/src/pty-host/'),
    driver('@xterm/headless', 'packages/daemon/src/screen/'),
    driver('pino', 'packages/daemon/src/observe/'),
    driver('prom-client', 'packages/daemon/src/observe/'),
    driver('ioredis', 'packages/core/src/store/redis/'),
    driver('pg', 'packages/core/src/(?:store/postgres|sandbox)/'),
    driver('ws', 'packages/(?:core/src/websocket|daemon/src/server/ws)/'),
    driver('lru-cache', 'packages/core/src/store/'),
    driver('commander', 'packages/cli/src/commands/'),
    driver('(?:ink|react)', 'packages/cli/src/tui/'),
  ],
  options: {
    doNotFollow: { path: ['node_modules', TESTS] },
    exclude: { path: ['/dist/', '\\.test\\.tsx?$'] },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@triterm/source', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json'],
    },
  },
};
