/**
 * docs/degraded-mode.md, with its diagram and table from the health machine:
 * `node --conditions=@triterm/source scripts/generate-degraded-mode.mjs [--check]`.
 */
import { HEALTH_EVENTS, HEALTH_STATES, transition } from '@triterm/core/store/health';
import { writeOrCheck } from './lib/generated-file.mjs';

const STATES = {
  down: 'Redis is not used: it is away, hangs, refuses us, or was not resynchronised yet. The beginning.',
  resync: 'Redis answers, and is brought up to date. Writers put; nobody reads from it.',
  up: 'Reads are served from memory and Redis.',
  suspect: 'One command got no answer in time. Nobody reads from memory or Redis until a probe was answered.',
};

const EVENTS = {
  answered: 'a command or probe was answered',
  timedOut: 'a command or probe got no answer within its deadline (50 ms)',
  disconnected: 'the connection was lost',
  refused: 'a write was refused: memory (OOM), disk (MISCONF), rights (NOPERM), password, loading',
  moved: 'another server may answer now: READONLY, MOVED, a node came or went, another run id',
  channelGap:
    'messages of a channel may have been lost: a connection broke, or no heartbeat came round for 1 s',
  resynced: 'the resynchronisation has ended well',
  resyncFailed: 'the resynchronisation has failed, or took longer than 30 s',
};

const moves = HEALTH_STATES.flatMap(from =>
  HEALTH_EVENTS.flatMap(event => {
    const { state, effects } = transition(from, event);
    return state === from && effects.length === 0 ? [] : [{ from, event, to: state }];
  }),
);

const arrows = Object.entries(Object.groupBy(moves, ({ from, to }) => `${from} --> ${to}`)).map(
  ([arrow, same]) => `    ${arrow}: ${same.map(({ event }) => event).join(', ')}`,
);

const row = state =>
  `| ${state} | ${HEALTH_EVENTS.map(event => {
    const { state: to, effects } = transition(state, event);
    return to === state && effects.length === 0 ? '·' : to;
  }).join(' | ')} |`;

const text = `# When a part is away

Redis makes triterm faster, and shows servers each other's attachments and locks. It is never needed. The database decides; a server is authoritative for its own sockets and terminals. **Keystrokes and output never wait for
either.** This page says what works while a part is away, and how triterm notices, goes on and comes back. \`triterm redis status\` shows where a server is and why; each change of state is a metric (and a debug
line), each change of mode a line in the log and an event (\`triterm events\`).

The diagram and the tables of states are made from \`packages/core/src/store/hybrid/health-state.ts\`; the rest of this page is in \`scripts/generate-degraded-mode.mjs\`.

## What works

| | all there | Redis away | database away | both away |
|---|---|---|---|---|
| attach, type, output, detach | yes | yes | yes; of [several servers](#when-servers-do-not-reach-what-others-reach) after 8 to 13 s by id only | as without the database |
| resize, take, kill | yes | yes | yes; what is to be stored waits | yes; what is to be stored waits |
| ls, show, capture, send, run, wait | yes | yes | yes | yes |
| new, rename, label, delete | yes | yes | refused: STORE_UNAVAILABLE | refused: STORE_UNAVAILABLE |
| reads of the store (on SQLite always from the database) | from memory, Redis, database | from the database | from memory and Redis, marked \`stale\` | from memory, marked \`stale\` |
| locks | Redis | database (\`pg_try_advisory_xact_lock\`); on SQLite within the process | Redis | the owner's own queue |
| sockets of this server | memory | memory | memory | memory |
| sockets of other servers | Redis | database, as its server last wrote | Redis | not known |
| start of a server | yes | yes | refused; attached clients, or the next command, try again | refused; attached clients, or the next command, try again |
| leases of servers (\`leaseMs\`) | renewed | renewed | run out 10 to 15 s after the last answer, and the server itself relies on it 2 s less; taken anew afterwards | the same |

No call takes longer than the deadlines allow: 50 ms for a command to Redis, 2.5 s for a call of the database (a read makes two at most). A call whose outcome is not known says so (\`OUTCOME_UNKNOWN\`); where it has an idempotency key, repeating it under that is safe.

## When servers do not reach what others reach

Several servers share a database and a Redis, and one of them is cut off from a part of it; it does not matter whether connections are refused or fall silent. *Its own* are the sessions that this server owns. One of several
is a server that has seen another one in the database, or that is on PostgreSQL and has a \`clusterSecret\`: others may come while it is cut off ([0016](adr/0016-owners-and-their-leases.md)).

| | Redis is out of its reach | the database is, for less than its lease | the database is, for longer | another server is | everything is |
|---|---|---|---|---|---|
| its own sessions, by its own clients | yes | yes | yes; attaching by id only: OWNERSHIP_UNVERIFIED by name (a server that was never one of several: by name too) | yes | as without the database |
| its own sessions, through other servers | yes | yes | yes | through those that reach it; SERVER_UNREACHABLE through the others | SERVER_UNREACHABLE; their last screen is shown |
| other servers' sessions, through it | yes | by id, where a cache knows the owner; STORE_UNAVAILABLE by name | the same | those of servers that it reaches; SERVER_UNREACHABLE else | no |
| new, rename, label, delete, on it | yes | STORE_UNAVAILABLE | STORE_UNAVAILABLE or LEASE_LOST | yes | as without the database |
| resize, kill, of its own | yes | yes; what is to be stored waits | yes; what is to be stored waits | yes | yes; what is to be stored waits |
| \`ls\`, on it | yes | yes | yes | yes | yes |
| \`ls --all\`, on it | yes | STORE_UNAVAILABLE | STORE_UNAVAILABLE | yes | STORE_UNAVAILABLE |
| how others list its sessions | reachable | reachable | unreachable, since its lease has run out | reachable | unreachable, since its lease has run out |
| what happens on it, to others (\`events --all\`) | yes, by the database | later, or not at all | later, or not at all | yes | later, or not at all |
| who comes with a token | yes | let in with a token that this server has confirmed within the last minute; STORE_UNAVAILABLE with any other; nobody is closed | the same | yes | the same |
| its sessions made anew elsewhere | OWNER_ALIVE | OWNER_ALIVE | with \`--force\` | OWNER_ALIVE, \`--force\` or not | with \`--force\` |

A server that has fallen silent is noticed by those who are attached through another one after 9 s at most: their client says so and attaches again as soon as it can, from where it was; what was typed meanwhile is typed once. A client whose own server is away goes to
another one.

When the network is whole again, the lapsed server takes its lease anew as a new incarnation, looks which of its sessions were made anew elsewhere meanwhile, and keeps those PTYs as sessions of their own under new names; whoever is attached to one is told. Database, Redis and all servers agree 2 s later.

A round trip of some 400 ms to the database leaves no time for the transaction that makes a session (2.5 s): it is refused, or its outcome is not known, and it can be repeated. Everything else goes on, slower.

## How Redis is taken to be

\`\`\`mermaid
stateDiagram-v2
    [*] --> down
${arrows.join('\n')}
\`\`\`

| state | |
|---|---|
${HEALTH_STATES.map(state => `| ${state} | ${STATES[state]} |`).join('\n')}

| event | |
|---|---|
${HEALTH_EVENTS.map(event => `| ${event} | ${EVENTS[event]} |`).join('\n')}

Every state and every event (· changes nothing):

| | ${HEALTH_EVENTS.join(' | ')} |
|---|${HEALTH_EVENTS.map(() => '---|').join('')}
${HEALTH_STATES.map(row).join('\n')}

While it is down it is asked five times a second whether it answers; a resynchronisation that failed is begun again after 50 to 800 ms. It is never given up.

## What a resynchronisation does

1. Which Redis is this? Another run id or set of masters than the recorded one may hold an older state: then \`cache_epoch\` is raised, and everything in it is void.
2. Both channels, Redis' and the database's, are proven by heartbeats that are sent from now on: no write from here on is missed.
3. Memory is emptied: what was missed before may be in it.
4. The scripts of cache and locks are tried, so that a right that is missing shows now; locks that this server gave back lately are given back once more, in case that Redis has not heard of it; and the outbox as it is now is carried out.
5. Own sockets are registered again. Then the state is \`up\`.

Afterwards the sessions that were active last are put into Redis, up to \`warmEntries\`.

## What Redis may do to us

| | what happens |
|---|---|
| it is stopped, killed or unreachable | \`down\` at the next command or at once; everything goes on with the database |
| it hangs (SIGSTOP, a full disk, a half-open connection) | the first command waits 50 ms, the next one too; then \`down\` |
| it is flushed, or evicts | misses; filled from the database |
| it comes back empty, or with an old state, or a replica takes over | another run id: \`cache_epoch\` is raised, old entries are void |
| wrong password, missing right, full memory, cannot save | \`down\`, with the reason in \`triterm redis status\`; tried again until it is mended |
| older than 6.2 | never used; the reason says which version was found |

## Going back

Stop Redis, or remove \`REDIS_HOST\` and restart the daemon: triterm goes on with the database alone, with nothing to migrate. Set it again, and it is picked up.
`;

writeOrCheck({ 'docs/degraded-mode.md': text });
