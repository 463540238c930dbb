/**
 * Adds golden frames for messages that have none yet: `node --conditions=@triterm/source scripts/add-golden-frames.mjs`.
 * What a release has once sent is decoded for ever, so a frame that is there is never changed; a message of a new shape gets
 * a new example here, under a new name.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  encodeAck,
  encodeControl,
  encodeDataHeader,
  encodeFrame,
  FLAG_MAY_IGNORE,
  FrameKind,
} from '@triterm/core/protocol';

const FIXTURES = new URL('../packages/core/src/protocol/fixtures/v1/', import.meta.url);
const TOKEN = '00112233445566778899aabbccddeeff';
const CHANNEL = 3;
const MAX_OFFSET = Number.MAX_SAFE_INTEGER;
const PTY_IDENTITY = '0123456789ab.a1b2c3d4.1';

const SESSION = {
  id: '0123456789ab',
  name: 'main',
  state: 'running',
  command: 'vim notes.txt',
  pid: 4711,
  cwd: '/home/ada',
  title: 'notes.txt — VIM',
  cols: 120,
  rows: 40,
  clients: 2,
  exitCode: null,
  signal: null,
  createdAt: '2026-11-25T08:00:00.000Z',
  lastActivityAt: '2026-11-25T09:30:00.000Z',
  server: 'laptop',
  labels: { project: 'triterm', owner: 'ada' },
};
/** As sessions are told of since there are several servers. */
const FLEET_SESSION = {
  ...SESSION,
  user: 'ada',
  reachable: false,
  unreachableSince: '2026-11-25T09:31:00.000Z',
};
const ENDED = { ...SESSION, state: 'exited', pid: null, exitCode: null, signal: 'SIGKILL' };
const CLIENT = {
  id: '00112233',
  role: 'controller',
  primary: true,
  cols: 120,
  rows: 40,
  deviceName: 'laptop pts/3',
  pid: 4712,
  attachedAt: '2026-11-25T08:00:01.000Z',
  idleMs: 250,
  view: 'bytes',
  lossless: false,
};
const ROW = {
  id: '0123456789ab',
  rev: 17,
  userId: 'local',
  name: 'main',
  ownerServer: 'laptop',
  ownerEpoch: 3,
  state: 'running',
  primarySocket: null,
  doc: { cwd: '/home/ada' },
};
const ENTRY = {
  id: '0123456789ab',
  name: 'main',
  epoch: 'a1b2.4',
  floor: 17,
  tiers: [
    { tier: 'l1', state: 'absent', version: null, epoch: null, ttlMs: null, value: null, reason: null },
    {
      tier: 'redis',
      state: 'present',
      version: 16,
      epoch: 'a1b2.4',
      ttlMs: 3_599_000.5,
      value: { ...ROW, rev: 16 },
      reason: null,
    },
    {
      tier: 'database',
      state: 'present',
      version: 17,
      epoch: null,
      ttlMs: null,
      value: ROW,
      reason: null,
    },
  ],
  agree: false,
  differences: ['Redis has version 16, the database 17.'],
};
const LOCK = {
  name: 'session:0123456789ab',
  session: '0123456789ab',
  sessionName: 'main',
  holder: 'laptop',
  tokenPrefix: '00112233',
  ageMs: 12.5,
  ttlMs: 9987.5,
  waiters: 2,
  fence: 3,
};
const READS = {
  reads: 1000,
  l1Hits: 900,
  redisHits: 50,
  tombstones: 5,
  misses: 20,
  coalesced: 10,
  bypassed: 14,
  errors: 1,
};

/** Requests about the store. */
const STORE_EXCHANGES = {
  'redis.status': {
    params: {},
    result: {
      mode: 'hybrid',
      state: 'up',
      since: '2026-11-25T08:00:00.000Z',
      reason: null,
      server: {
        topology: 'sentinel',
        endpoint: 'rediss://ada@cache.example:6380/2',
        tls: true,
        version: '7.0.15',
        usedMemoryBytes: 12_000_000,
        maxMemoryBytes: 100_000_000,
        evictionPolicy: 'noeviction',
        reconnects: 3,
      },
      latencyMs: { p50: 0.08, p99: 0.4 },
      breaker: 'closed',
      outbox: { entries: 1, oldestMs: 150 },
      resync: { at: '2026-11-25T08:00:00.000Z', durationMs: 12.5, entries: 40 },
      keys: { total: 42, truncated: false, kinds: { session: 40, lock: 2 } },
      history: [{ at: '2026-11-25T08:00:00.000Z', from: 'resync', to: 'up', reason: null }],
      warnings: ['maxmemory-policy noeviction'],
      troubles: [],
    },
  },
  'cache.stats': {
    params: {},
    result: {
      since: '2026-11-25T08:00:00.000Z',
      reads: READS,
      perSecond: { ...READS, l1Hits: 0.5, writes: 2, windowMs: 10_000 },
      hitRate: 0.97,
      staleReads: 0,
      writes: 100,
      l1Entries: 40,
      floors: 1,
      puts: 101,
      casRejections: 1,
      fillRejections: 2,
      putFailures: 3,
      invalidationsReceived: 99,
      invalidationLagMs: { p50: 0.5, p99: 4 },
      outboxDrained: 4,
      resyncs: 1,
    },
  },
  'cache.show': { params: { target: 'main' }, result: ENTRY },
  'cache.invalidate': {
    params: { target: '0123456789ab' },
    result: { id: '0123456789ab', before: ENTRY, removed: { l1: false, redis: true } },
  },
  'locks.list': {
    params: { limit: 100 },
    result: { locks: [LOCK], truncated: false, troubles: [] },
  },
  'locks.show': { params: { target: 'main' }, result: { name: LOCK.name, lock: LOCK } },
  'sockets.list': {
    params: { target: 'main', limit: 1000 },
    result: {
      sockets: [
        {
          id: '00112233',
          terminal: '0123456789ab',
          terminalName: 'main',
          user: 'local',
          server: 'laptop',
          incarnation: 12,
          deviceId: 'd1',
          deviceName: 'laptop pts/3',
          connectedAt: '2026-11-25T08:00:01.000Z',
          lastPingAt: '2026-11-25T08:00:11.000Z',
          primary: true,
        },
      ],
      truncated: false,
      source: 'redis',
      troubles: [],
    },
  },
  'servers.list': {
    params: {},
    result: {
      servers: [
        {
          id: 'laptop',
          host: 'laptop.example',
          incarnation: 12,
          state: 'alive',
          leaseLeftMs: 14_000.5,
          sockets: 1,
          advertiseUrl: 'wss://laptop.example/',
          stateDir: '/home/ada/.local/state/triterm',
          self: true,
        },
      ],
      troubles: ['Registry: no answer within 2000 ms.'],
    },
  },
  'db.status': {
    params: {},
    result: {
      kind: 'postgres',
      location: 'postgres://ada@db.example/triterm',
      state: 'ok',
      reason: null,
      schema: { current: 2, minCompatible: 2 },
      epochs: { db: 'a1b2', cache: 4 },
      sizeBytes: 9_000_000,
      sessions: 40,
      deleted: 2,
      outbox: 1,
      latencyMs: 3.5,
    },
  },
  'db.migrate': { params: {}, result: { before: 1, after: 2 } },
  'db.export': {
    params: { file: '/home/ada/sessions.jsonl', replace: false },
    result: { file: '/home/ada/sessions.jsonl', rows: { session: 42, idempotency: 3 }, bytes: 40_000 },
  },
  'db.import': {
    params: { file: '/home/ada/sessions.jsonl', replace: true },
    result: { file: '/home/ada/sessions.jsonl', rows: { session: 42 }, dbEpoch: 'c3d4' },
  },
  'db.backup': {
    params: { file: '/home/ada/triterm.backup', replace: false },
    result: { file: '/home/ada/triterm.backup', bytes: 90_000 },
  },
};

const PTY = {
  handle: 1,
  session: '0123456789ab',
  pid: 4711,
  cols: 120,
  rows: 40,
  sizeGeneration: 3,
  spawnSize: { cols: 80, rows: 24 },
  logStart: 1000,
  logEnd: 4096,
  floor: 2000,
  checkpointOffset: 1500,
  exit: null,
  eof: false,
  idleMs: 12,
};

const control = (from, name, message, channel = 0) => ({ name, from, kind: 'control', channel, message });
const data = (from, name, kind, offset, bytes, channel = CHANNEL) => ({
  name,
  from,
  kind,
  channel,
  offset,
  bytes: Buffer.from(bytes).toString('hex'),
});
const ack = (from, name, offset, snapshots, channel = CHANNEL) => ({
  name,
  from,
  kind: 'ack',
  channel,
  offset,
  snapshots,
});

/** Request and reply of each method. */
function exchanges(asking, answering, methods) {
  let id = 0;
  return Object.entries(methods).flatMap(([method, { params, result, channel = 0 }]) => {
    id += 1;
    return [
      control(asking, `request ${method}`, { id, method, params }, channel),
      control(answering, `reply ${method}`, { id, result }, channel),
    ];
  });
}

const handshake = (opening, accepting, features) => [
  control(opening, 'hello', {
    hello: { protocol: { min: 1, max: 1 }, software: `${features.opening} 0.1.0`, features: features.hello },
  }),
  control(accepting, 'welcome', {
    welcome: { protocol: 1, software: `${features.accepting} 0.1.0`, features: features.welcome },
  }),
  control(accepting, 'reject', {
    reject: {
      code: 'PROTOCOL_MISMATCH',
      message: 'triterm 9.0.0 is newer than this side: it speaks protocol 8 to 9, this one 1 to 1.',
      hint: 'Run `triterm daemon restart` so that client and daemon are of the same release; sessions are kept.',
    },
  }),
];

const error = (from, code) =>
  control(from, 'reply with an error', {
    id: 99,
    error: {
      code,
      message: 'There is no session “mian”.',
      hint: 'Did you mean main?',
      details: { target: 'mian' },
    },
  });

const strange = from => ({ name: 'a kind of the future that may be ignored', from, kind: 'unknown' });

const TOKEN_INFO = {
  id: '0123abcd',
  user: 'ada',
  scope: 'view',
  session: '0123456789ab',
  label: 'phone',
  state: 'active',
  createdAt: '2026-11-25T08:00:00.000Z',
  expiresAt: '2026-11-26T08:00:00.000Z',
  revokedAt: null,
  lastUsedAt: null,
};

const PAGE = `${SESSION.createdAt} ${SESSION.id}`;
/** Lists in pages. */
const PAGE_FORMS = [
  [
    'client',
    'request session.list (first page)',
    { id: 92, method: 'session.list', params: { all: true, page: { after: null } } },
  ],
  [
    'daemon',
    'reply session.list (first page)',
    { id: 92, result: { sessions: [FLEET_SESSION], next: PAGE } },
  ],
  [
    'client',
    'request session.list (next page)',
    { id: 93, method: 'session.list', params: { all: true, page: { after: PAGE } } },
  ],
  ['daemon', 'reply session.list (last page)', { id: 93, result: { sessions: [], next: null } }],
  [
    'client',
    'request session.capture (older lines)',
    {
      id: 94,
      method: 'session.capture',
      params: { target: 'main', format: 'text', scrollbackLines: -1, before: 4000 },
    },
  ],
  [
    'daemon',
    'reply session.capture (older lines)',
    {
      id: 94,
      result: {
        session: FLEET_SESSION,
        scrollback: ['$ make'],
        firstLine: 3999,
        more: true,
        screen: ['$'],
        cursor: { row: 0, col: 2, visible: true },
        offset: 123_456,
        alternateScreen: false,
        asOf: null,
      },
    },
  ],
];
/** Replies and events with the members that they have got since there are several servers. */
const FLEET_FORMS = [
  ['reply session.list (of all servers)', { id: 90, result: { sessions: [FLEET_SESSION] } }],
  [
    'reply session.show (with devices)',
    {
      id: 91,
      result: {
        session: FLEET_SESSION,
        clients: [{ ...CLIENT, asking: true, deviceId: 'a1b2c3d4' }],
        devices: [
          {
            id: 'a1b2c3d4',
            name: 'laptop',
            primary: true,
            clients: ['00112233'],
            servers: ['server-2'],
            connectedAt: '2026-11-25T08:00:00.000Z',
            lastHeardAt: '2026-11-25T09:30:00.000Z',
          },
        ],
        sizePolicy: 'latest',
        handOver: 'request',
        scrollbackLines: 10_000,
        prompt: 'none',
        argv: [],
        offset: 0,
      },
    },
  ],
  [
    'notification event (of another server)',
    {
      method: 'event',
      params: {
        type: 'deviceJoined',
        at: '2026-11-25T09:30:00.000Z',
        session: '0123456789ab',
        name: 'main',
        server: 'server-2',
        data: { client: '00112233', deviceId: 'a1b2c3d4', deviceName: 'laptop' },
      },
    },
  ],
];

const client = [
  ...handshake('client', 'daemon', {
    opening: 'triterm',
    accepting: 'tritermd',
    hello: [],
    welcome: ['pid:4700'],
  }),
  ...exchanges('client', 'daemon', {
    'session.create': {
      params: {
        name: 'main',
        argv: ['vim', 'notes.txt'],
        cwd: '/home/ada',
        environment: { PATH: '/usr/bin:/bin', LANG: 'de_DE.UTF-8' },
        extraEnvironment: { EDITOR: 'vim' },
        size: { cols: 120, rows: 40 },
        labels: { project: 'triterm' },
        scrollbackLines: 10_000,
        sizePolicy: 'latest',
        idempotencyKey: TOKEN,
      },
      result: { session: SESSION },
    },
    'session.recreate': {
      params: {
        target: 'main',
        environment: { PATH: '/usr/bin:/bin' },
        size: { cols: 80, rows: 24 },
        idempotencyKey: TOKEN,
      },
      result: { session: SESSION },
    },
    'session.list': { params: {}, result: { sessions: [SESSION, ENDED] } },
    'session.show': {
      params: { target: '0123' },
      result: {
        session: SESSION,
        clients: [
          CLIENT,
          { ...CLIENT, id: 'ffeeddcc', role: 'viewer', primary: false, pid: null, view: 'rendered' },
        ],
        sizePolicy: 'latest',
        scrollbackLines: 10_000,
        prompt: 'running',
        argv: [],
        offset: 123_456_789_012,
      },
    },
    'session.rename': { params: { target: 'main', name: 'haupt' }, result: { session: SESSION } },
    'session.label': {
      params: { target: 'main', set: { project: 'triterm' }, remove: ['owner'] },
      result: { session: SESSION },
    },
    'session.resize': {
      params: { target: 'main', size: { cols: 4096, rows: 1 } },
      result: { session: SESSION },
    },
    'session.policy': { params: { target: 'main', sizePolicy: 'smallest' }, result: { session: SESSION } },
    'session.kill': { params: { target: 'main', signal: 'SIGTERM' }, result: { session: ENDED } },
    'session.detach': { params: { target: 'main', client: '00112233' }, result: { detached: 1 } },
    'session.take': { params: { target: 'main', client: '00112233' }, result: { session: SESSION } },
    'session.attach': {
      channel: CHANNEL,
      params: {
        target: 'main',
        attachment: TOKEN,
        role: 'controller',
        window: { cols: 120, rows: 40 },
        lossless: true,
        take: true,
        detachOthers: false,
        historyLines: 500,
        deviceName: 'laptop pts/3',
        pid: 4712,
        environment: { SSH_AUTH_SOCK: '/tmp/ssh-x/agent.1' },
        colours: { foreground: 'rgb:ffff/ffff/ffff', background: 'rgb:0000/0000/0000' },
        resume: { offset: 123_456_789_012, sizeGeneration: 3 },
      },
      result: {
        session: SESSION,
        inputOffset: 17,
        offset: 123_456_789_012,
        resumed: true,
        sizeGeneration: 3,
      },
    },
    'attachment.detach': { channel: CHANNEL, params: {}, result: {} },
    'session.send': {
      params: { target: 'main', data: Buffer.from('make test\r').toString('base64'), idempotencyKey: TOKEN },
      result: { bytes: 10 },
    },
    'session.capture': {
      params: { target: 'main', format: 'ansi', scrollbackLines: -1 },
      result: {
        session: SESSION,
        scrollback: ['$ make', '\u001b[31merror\u001b[m: 日本語 👍🏽 é'],
        screen: ['$ ', ''],
        cursor: { row: 0, col: 2, visible: true },
        offset: 4096,
        alternateScreen: false,
      },
    },
    'session.wait': {
      params: { target: 'main', condition: { kind: 'text', pattern: 'done|failed' }, timeoutMs: 60_000 },
      result: { session: SESSION, matched: 'done', commandStatus: 0 },
    },
    'session.run': {
      params: { target: 'main', argv: ['make', 'test'], timeoutMs: 0, idempotencyKey: TOKEN },
      result: { output: Buffer.from('ok\r\n').toString('base64'), truncated: false, exitCode: 0 },
    },
    'session.search': {
      params: { target: 'main', pattern: 'err.r', ignoreCase: true, limit: 10 },
      result: { matches: [{ line: 42, text: 'an error', start: 3, end: 8 }], truncated: false },
    },
    'events.subscribe': { params: { target: 'main' }, result: {} },
    'daemon.status': {
      params: {},
      result: {
        pid: 4700,
        ptyHostPid: 4701,
        version: '0.1.0',
        protocol: 1,
        uptimeMs: 86_400_000,
        sessions: 2,
        clients: 1,
        server: 'laptop',
        stateDir: '/home/ada/.local/state/triterm',
        socket: '/home/ada/.local/state/triterm/run/tritermd.sock',
        store: 'ok',
        ptyHosts: [{ id: 'a1b2c3d4', pid: 4701, version: '0.1.0', sessions: 2 }],
        memoryBytes: 90_000_000,
      },
    },
    'daemon.shutdown': { params: { reason: 'restart', killSessions: false }, result: { pid: 4700 } },
    ping: { params: {}, result: {} },
    'session.request': {
      params: { target: 'main', client: '00112233', deviceId: 'a1b2c3d4' },
      result: { session: FLEET_SESSION, client: '00112233', state: 'asked' },
    },
    'session.grant': {
      params: { target: 'main', client: '00112233', deny: false },
      result: { session: FLEET_SESSION, client: '00112233' },
    },
    'daemon.drain': {
      params: { undo: false },
      result: { draining: true, sessions: [FLEET_SESSION], handedOver: 2 },
    },
    'daemon.reload': {
      params: {},
      result: {
        applied: [{ setting: 'maxSessions', from: 1000, to: 50 }],
        restart: ['listen'],
      },
    },
    'daemon.log': {
      params: { level: 'debug' },
      result: { level: 'debug', configured: 'info' },
    },
    'drill.break': { params: { kind: 'slow', latencyMs: 200, lapseMs: 60_000 }, result: {} },
    'drill.restore': { params: {}, result: {} },
    'token.create': {
      params: { user: 'ada', scope: 'view', session: 'main', expiresInMs: 86_400_000, label: 'phone' },
      result: { token: `trt_0123abcd_${'x'.repeat(43)}`, info: TOKEN_INFO },
    },
    'token.list': { params: { user: 'ada' }, result: { tokens: [TOKEN_INFO] } },
    'token.revoke': {
      params: { id: '0123abcd' },
      result: { token: { ...TOKEN_INFO, state: 'revoked', revokedAt: '2026-11-25T10:00:00.000Z' } },
    },
    ...STORE_EXCHANGES,
  }),
  ...FLEET_FORMS.map(([name, message]) => control('daemon', name, message)),
  ...PAGE_FORMS.map(([from, name, message]) => control(from, name, message)),
  error('daemon', 'SESSION_NOT_FOUND'),
  ...['exit', 'idle', 'command'].map(kind =>
    control('client', `request session.wait (${kind})`, {
      id: 98,
      method: 'session.wait',
      params: {
        target: 'main',
        condition: { kind, ...(kind === 'idle' ? { idleMs: 500 } : {}) },
        timeoutMs: 0,
      },
    }),
  ),
  control(
    'client',
    'notification attachment.resize',
    { method: 'attachment.resize', params: { cols: 100, rows: 30 } },
    CHANNEL,
  ),
  control(
    'client',
    'request session.attach (spoilt screen)',
    {
      id: 97,
      method: 'session.attach',
      params: {
        target: 'main',
        attachment: TOKEN,
        role: 'viewer',
        window: { cols: 80, rows: 24 },
        resume: { offset: 4096, sizeGeneration: 3, repaint: true },
      },
    },
    CHANNEL,
  ),
  control(
    'client',
    'request session.attach (of a certain PTY)',
    {
      id: 96,
      method: 'session.attach',
      params: {
        target: '0123456789ab',
        attachment: TOKEN,
        role: 'controller',
        window: { cols: 80, rows: 24 },
        resume: { offset: 4096, sizeGeneration: 3, repaint: false, pty: PTY_IDENTITY },
      },
    },
    CHANNEL,
  ),
  control(
    'daemon',
    'reply session.attach (of a certain PTY)',
    {
      id: 96,
      result: {
        session: FLEET_SESSION,
        inputOffset: 17,
        offset: 4096,
        resumed: true,
        sizeGeneration: 3,
        pty: PTY_IDENTITY,
      },
    },
    CHANNEL,
  ),
  control(
    'client',
    'notification attachment.colours',
    {
      method: 'attachment.colours',
      params: {
        foreground: 'rgb:ffff/ffff/ffff',
        background: 'rgb:0000/0000/0000',
        cursor: 'rgb:8080/0000/0000',
      },
    },
    CHANNEL,
  ),
  control(
    'daemon',
    'notification attachment.interrupted',
    { method: 'attachment.interrupted', params: { server: 'server-2', message: 'It was lost.' } },
    CHANNEL,
  ),
  control(
    'daemon',
    'notification attachment.session',
    {
      method: 'attachment.session',
      params: { session: FLEET_SESSION, message: 'It was made anew on server-3.' },
    },
    CHANNEL,
  ),
  control(
    'daemon',
    'notification attachment.requested',
    { method: 'attachment.requested', params: { client: '00112233', deviceName: 'phone' } },
    CHANNEL,
  ),
  control(
    'daemon',
    'notification attachment.answered',
    { method: 'attachment.answered', params: { granted: false, message: 'laptop keeps it.' } },
    CHANNEL,
  ),
  control('daemon', 'notification daemon.leaving (drain)', {
    method: 'daemon.leaving',
    params: { reason: 'drain', elsewhere: ['wss://server-3.example:7443'] },
  }),
  control('daemon', 'notification event', {
    method: 'event',
    params: {
      type: 'commandFinished',
      at: '2026-11-25T09:30:00.000Z',
      session: '0123456789ab',
      name: 'main',
      data: { command: 'make test', exitCode: 2, ok: false, signal: null },
    },
  }),
  control(
    'daemon',
    'notification session.resized',
    { method: 'session.resized', params: { cols: 100, rows: 30, sizeGeneration: 4, offset: 4096 } },
    CHANNEL,
  ),
  control(
    'daemon',
    'notification session.exited',
    { method: 'session.exited', params: { exitCode: 130, signal: null } },
    CHANNEL,
  ),
  control(
    'daemon',
    'notification attachment.detached',
    {
      method: 'attachment.detached',
      params: { reason: 'others', message: 'Another client attached alone.' },
    },
    CHANNEL,
  ),
  control(
    'daemon',
    'notification attachment.role',
    { method: 'attachment.role', params: { role: 'controller', primary: false } },
    CHANNEL,
  ),
  control('daemon', 'notification daemon.leaving', {
    method: 'daemon.leaving',
    params: { reason: 'restart' },
  }),
  data('daemon', 'output', 'output', 4096, '\u001b[1mhello\u001b[m\r\n'),
  data('daemon', 'output at the greatest offset', 'output', MAX_OFFSET, [0, 255, 0x1b, 0xc3]),
  data('daemon', 'output beyond 4 GiB', 'output', 2 ** 32 + 1, 'x'),
  data('daemon', 'snapshot', 'snapshot', 4096, '\u001b[2J\u001b[H$ '),
  data('client', 'input', 'input', 17, 'ls\r'),
  data('client', 'input of a bracketed paste', 'input', 20, '\u001b[200~é\u001b[201~'),
  ack('client', 'ack of output', 123_456_789_012, 2),
  ack('daemon', 'ack of input', 20, 0),
  strange('daemon'),
];

const ptyHost = [
  ...handshake('daemon', 'host', {
    opening: 'tritermd',
    accepting: 'triterm-pty-host',
    hello: ['control', `pair:${TOKEN}`],
    welcome: ['id:a1b2c3d4', 'pid:4701'],
  }),
  control('daemon', 'hello of the output connection', {
    hello: {
      protocol: { min: 1, max: 1 },
      software: 'tritermd 0.1.0',
      features: ['output', `pair:${TOKEN}`],
    },
  }),
  ...exchanges('daemon', 'host', {
    claim: { params: { generation: 1_795_600_000_000 }, result: {} },
    list: {
      params: {},
      result: {
        ptys: [
          PTY,
          {
            ...PTY,
            handle: 2,
            floor: null,
            checkpointOffset: null,
            exit: { exitCode: 0, signal: null },
            eof: true,
          },
        ],
      },
    },
    spawn: {
      params: {
        session: '0123456789ab',
        file: '/usr/bin/vim',
        argv: ['vim', 'notes.txt'],
        cwd: '/home/ada',
        env: { PATH: '/usr/bin:/bin', TERM: 'xterm-256color' },
        cols: 120,
        rows: 40,
        detachedOverflowAfterMs: null,
      },
      result: { handle: 1, pid: 4711 },
    },
    resize: {
      params: { handle: 1, cols: 100, rows: 30, sizeGeneration: 4 },
      result: { offset: 4096, applied: true },
    },
    signal: { params: { handle: 1, signal: 'SIGHUP' }, result: {} },
    forget: { params: { handle: 1 }, result: {} },
    retire: { params: {}, result: {} },
    subscribe: {
      params: {
        handle: 1,
        channel: 5,
        offset: 0,
        fromCheckpoint: true,
        sizeGeneration: 3,
        creditThrough: 262_144,
      },
      result: { offset: 1500, logEnd: 4096 },
    },
    unsubscribe: { params: { channel: 5 }, result: {} },
    'input.open': { params: { handle: 1, channel: 6, attachment: TOKEN }, result: { inputOffset: 17 } },
    'input.close': { params: { channel: 6, forget: false }, result: {} },
  }),
  error('host', 'STALE_REVISION'),
  control('daemon', 'command credit', { method: 'credit', params: { channel: 5, creditThrough: 524_288 } }),
  control('daemon', 'command flow', {
    method: 'flow',
    params: { handle: 1, floor: 4096, paceThrough: null },
  }),
  control('daemon', 'command answer', {
    method: 'answer',
    params: { handle: 1, queryEnd: 4096, data: Buffer.from('\u001b[?1;2c').toString('base64') },
  }),
  control('daemon', 'command checkpoint', { method: 'checkpoint', params: { handle: 1, sizeGeneration: 3 } }),
  data('daemon', 'checkpoint', 'snapshot', 4096, [0x54, 0x43, 0x50, 1, 0, 255], 1),
  data('daemon', 'input', 'input', 17, 'ls\r', 6),
  ack('host', 'ack of input', 20, 0, 6),
  data('host', 'output', 'output', 4096, 'hello\r\n', 5),
  data('host', 'checkpoint of a subscription', 'snapshot', 4096, [0x54, 0x43, 0x50, 1, 0, 255], 5),
  control(
    'host',
    'record resize',
    { method: 'resize', params: { offset: 4096, cols: 100, rows: 30, sizeGeneration: 4 } },
    5,
  ),
  control('host', 'record gap', { method: 'gap', params: { from: 1000, to: 4096 } }, 5),
  control(
    'host',
    'record exit',
    { method: 'exit', params: { offset: 4096, status: { exitCode: null, signal: 'SIGKILL' } } },
    5,
  ),
  control('host', 'record eof', { method: 'eof', params: { offset: 4096 } }, 5),
  strange('host'),
];

function encode(frame) {
  switch (frame.kind) {
    case 'control':
      return encodeControl(frame.channel, frame.message);
    case 'ack':
      return encodeAck(frame.channel, frame.offset, frame.snapshots);
    case 'unknown': {
      const bytes = encodeFrame(FrameKind.control, CHANNEL, Buffer.from('later'), FLAG_MAY_IGNORE);
      bytes[4] = 200;
      return bytes;
    }
    default: {
      const bytes = Buffer.from(frame.bytes, 'hex');
      return Buffer.concat([
        encodeDataHeader(FrameKind[frame.kind], frame.channel, frame.offset, bytes.length),
        bytes,
      ]);
    }
  }
}

for (const [file, examples] of Object.entries({ 'client.json': client, 'pty-host.json': ptyHost })) {
  const url = new URL(file, FIXTURES);
  const kept = existsSync(url) ? JSON.parse(readFileSync(url, 'utf8')) : [];
  const known = new Set(kept.map(({ from, name }) => `${from}: ${name}`));
  const added = examples.filter(({ from, name }) => !known.has(`${from}: ${name}`));
  const frames = [...kept, ...added.map(frame => ({ ...frame, hex: encode(frame).toString('hex') }))];
  if (added.length > 0)
    writeFileSync(url, `[\n${frames.map(frame => JSON.stringify(frame)).join(',\n')}\n]\n`);
  process.stdout.write(`${file}: ${added.length} frames added, ${kept.length} kept\n`);
}
