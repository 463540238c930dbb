import { existsSync } from 'node:fs';
import { TermError } from '@triterm/core/errors';
import { PROTOCOL, VERSION } from '@triterm/core/protocol';
import { isTermDescribed, plainLine } from '@triterm/core/terminal';
import { connectDaemon } from '../client/daemon-client.ts';
import { daemonPackageFile } from '../client/daemon-package.ts';
import { isRunning, readDaemonRecord } from '../client/daemon-process.ts';
import { createPrinter, type Printer } from '../output/printer.ts';
import { type CommandContext, defineCommand, JSON_OPTION } from './definition.ts';
import { checkConfiguration } from './doctor/configuration.ts';
import { checkDaemon, type DaemonFacts } from './doctor/daemon.ts';
import { checkDisk, diskFacts } from './doctor/disk.ts';
import type { Finding, FindingStatus } from './doctor/finding.ts';
import { checkPlaces } from './doctor/places.ts';
import { checkShell, defaultShell, mayExecute } from './doctor/shell.ts';
import { checkStore, type StoreFacts } from './doctor/store.ts';
import { checkTerminal } from './doctor/terminal.ts';
import { checkVersions, type Versions } from './doctor/versions.ts';
import { stayLocal } from './stay-local.ts';

/** One that systemd is starting may take so long to answer; the doctor is asked when something is wrong. */
const DAEMON_DEADLINE_MS = 4000;

export const command = defineCommand({
  spec: {
    summary: 'Look for trouble, and tell how to mend it',
    details:
      'Looks at versions, directories and sockets, the daemon, its database and Redis, the configuration, shell ' +
      'integration, terminfo, locale and disk space. Starts nothing and changes nothing. Leaves with 0 when there is no problem, ' +
      'with warnings too, and with 1 when there is one.',
    args: [],
    options: { json: JSON_OPTION },
    examples: [
      ['triterm doctor', 'for a person'],
      ['triterm doctor --json', '{versions, checks: [{name, status, message, fix}]}'],
    ],
  },
  async run({ options }, given) {
    const context = stayLocal(given, 'doctor');
    const { status, store } = await askDaemon(context);
    const facts = daemonFacts(context, status);
    const versions = versionsOf(facts);
    const checks = [
      ...checkVersions(versions),
      ...checkSystem(context),
      ...checkDaemon(facts),
      ...checkStore(store),
    ];
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json({ versions, checks });
    else for (const line of reportLines(checks, printer)) printer.line(line);
    return checks.some(check => check.status === 'problem') ? 1 : 0;
  },
});

function daemonFacts({ paths }: CommandContext, status: DaemonFacts['status']): DaemonFacts {
  const record = readDaemonRecord(paths);
  return {
    status,
    record: record === undefined ? null : { ...record, isRunning: isRunning(record) },
    isStopped: existsSync(paths.stopMarker),
    hasSocket: existsSync(paths.socket),
    paths,
  };
}

const NO_STORE: StoreFacts = { database: null, redis: null };

async function askDaemon({
  paths,
  env,
}: CommandContext): Promise<{ status: DaemonFacts['status']; store: StoreFacts }> {
  try {
    const client = await connectDaemon({
      paths,
      env,
      remote: undefined,
      autostart: false,
      deadlineMs: DAEMON_DEADLINE_MS,
    });
    try {
      const status = await client.request('daemon.status', {});
      const [database, redis] = await Promise.all([
        answerOf(client.request('db.status', {})),
        answerOf(client.request('redis.status', {})),
      ]);
      return { status, store: { database, redis } };
    } finally {
      client.close();
    }
  } catch (thrown) {
    const error = TermError.from(thrown);
    return { status: error.code === 'DAEMON_UNREACHABLE' ? null : error, store: NO_STORE };
  }
}

/** Null from a daemon of an earlier release, which knows no such request. */
async function answerOf<T>(answer: Promise<T>): Promise<T | TermError | null> {
  try {
    return await answer;
  } catch (thrown) {
    const error = TermError.from(thrown);
    return error.code === 'UNKNOWN_METHOD' ? null : error;
  }
}

function versionsOf({ status }: DaemonFacts): Versions {
  const answer = status !== null && 'pid' in status ? status : null;
  return {
    client: VERSION,
    node: process.versions.node,
    protocol: PROTOCOL,
    daemon: answer?.version ?? null,
    daemonProtocol: answer?.protocol ?? null,
    ptyHosts: answer?.ptyHosts.map(({ id, version }) => ({ id, version })) ?? [],
  };
}

/** Everything but the daemon itself. */
function checkSystem({ paths, env, stdin, stdout }: CommandContext): Finding[] {
  const { finding, config } = checkConfiguration(paths, env);
  const shell = defaultShell(config?.shell ?? '', env);
  const integration = daemonPackageFile('shell/bash/integration.bash');
  return [
    finding,
    ...checkPlaces(paths),
    checkDisk(paths.stateDir, diskFacts(paths.stateDir)),
    ...checkShell({
      shell,
      isExecutable: mayExecute(shell),
      isIntegrationOn: config?.shellIntegration ?? true,
      hasIntegration: integration !== undefined && existsSync(integration),
    }),
    ...checkTerminal({
      isTerminal: stdin.isTTY === true && stdout.isTTY === true,
      env,
      sessionTerm: config?.term ?? 'xterm-256color',
      isDescribed: term => isTermDescribed(term, env),
    }),
  ];
}

const LOOKS = { ok: 'green', warning: 'yellow', problem: 'red' } as const satisfies Record<
  FindingStatus,
  string
>;

function reportLines(checks: readonly Finding[], printer: Printer): string[] {
  const width = Math.max(...checks.map(check => check.name.length));
  const lines = checks.flatMap(({ name, status, message, fix }) => [
    `${printer.paint(LOOKS[status], status.padEnd(7))}  ${name.padEnd(width)}  ${plainLine(message)}`,
    ...(fix === null ? [] : [`${' '.repeat(width + 11)}${printer.paint('bold', plainLine(fix))}`]),
  ]);
  return [...lines, '', summary(checks)];
}

function summary(checks: readonly Finding[]): string {
  const count = (status: FindingStatus) => checks.filter(check => check.status === status).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  if (problems + warnings === 0) return 'Everything is in order.';
  const parts = [
    ...(problems === 0 ? [] : [`${problems} ${problems === 1 ? 'problem' : 'problems'}`]),
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`]),
  ];
  return `${parts.join(', ')}.`;
}
