import { rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ensureSecureDir, resolvePaths } from '@triterm/core/config';
import type { Config, ConfigFlags } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import { VERSION } from '@triterm/core/protocol';
import { composeDaemon } from './compose.ts';
import { closeInheritedDescriptors } from './inherited-descriptors.ts';
import { createLog } from './observe/log.ts';
import type { LogFileLimits } from './observe/log-file.ts';
import { journalLine } from './observe/log-journal.ts';
import { openLogStderr, stderrKind } from './observe/log-stderr.ts';
import { Reload } from './reload.ts';
import { acquireStateLock } from './state-lock.ts';
import { serviceManager } from './systemd/notify.ts';
import { passedSocket, takeServiceEnvironment } from './systemd/service-environment.ts';
import { readWholeConfig } from './whole-config.ts';

const HELP = `Usage: tritermd [--listen URL]

The triterm daemon: owns terminal sessions and serves clients on a unix socket below its state directory.
\`triterm\` starts it when it is needed; \`triterm daemon status\` shows it.

Options:
  --listen URL         serves WebSockets too: wss://HOST:PORT with \`tlsCert\` and \`tlsKey\`, or without TLS
                       ws://127.0.0.1:PORT, or just PORT; beats the configuration (docs/network.md)
  --help, --version

Environment:
  TRITERM_STATE_DIR    where everything is kept (default: $XDG_STATE_HOME/triterm)
  TRITERM_RUNTIME_DIR  where sockets are made (default: run/ below the state directory)
  TRITERM_CONFIG       configuration file (default: $XDG_CONFIG_HOME/triterm/config.json)
  TRITERM_PTY_HOST_SOCKET  where systemd starts a pty-host for each connection; its unit sets it
  TRITERM_<SETTING>    overrides a setting of the file, such as TRITERM_MAX_SESSIONS=50
  DATABASE_URL, REDIS_HOST, REDIS_URL, SERVER_ID and others, as docs/configuration.md tells

\`triterm config show --origin\` tells every setting, and where its value comes from; \`triterm config validate\`
tells what is wrong.
`;

/** The daemon may be killed before the hosts, which hold what cannot be made again. */
const OOM_SCORE_ADJ = '100';

async function main(args: readonly string[]): Promise<void> {
  // Node would open its debugger to every local program.
  process.on('SIGUSR1', () => {});
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return;
  }
  if (args.includes('--version')) {
    process.stdout.write(`tritermd ${VERSION}\n`);
    return;
  }
  await serve(parseFlags(args));
}

/** What the command line says of the configuration. Throws USAGE. */
function parseFlags(args: readonly string[]): ConfigFlags {
  const options = { listen: { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (thrown) {
    // Its first sentence names the argument.
    const [reason] = (thrown instanceof Error ? thrown.message : String(thrown)).split('. ');
    throw new TermError('USAGE', `${reason}`, { cause: thrown, hint: 'See `tritermd --help`.' });
  }
}

async function serve(flags: ConfigFlags): Promise<void> {
  // Node reads it at each connection, and would then take any certificate, the database's too.
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  const systemd = takeServiceEnvironment(process.env, process.pid);
  closeInheritedDescriptors(systemd.descriptors.map(({ fd }) => fd));
  const paths = resolvePaths();
  const config = readWholeConfig(paths, process.env, flags);
  ensureSecureDir(paths.stateDir);
  const lock = acquireStateLock(paths, passedSocket(systemd.descriptors) !== undefined);
  if (lock === undefined && systemd.unit !== undefined) throw heldLock(paths.stateDir);
  if (lock === undefined) {
    process.stderr.write('tritermd: another daemon serves this state directory\n');
    return;
  }
  rmSync(paths.stopMarker, { force: true });
  raiseOomScore();
  const log = createLog({
    level: config.logLevel,
    file: paths.logFile,
    limits: logLimits(config),
    stderr: openLogStderr(process.env),
  });
  const die = (what: string) => (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    log.fatal({ error: error.message, stack: error.stack }, what);
    process.exit(70);
  };
  process.on('uncaughtException', die('uncaught exception'));
  process.on('unhandledRejection', die('unhandled rejection'));
  const manager = serviceManager(systemd, log, process.env.PATH);
  const reload = new Reload({
    config,
    read: () => readWholeConfig(paths, process.env, flags),
    log,
    manager,
  });
  reload.onReload(() => {
    log.setLevel(config.logLevel);
    log.setLimits(logLimits(config));
  });
  process.on('SIGHUP', () => reload.signalled());
  try {
    const daemon = await composeDaemon({ paths, config, log, lock, reload, systemd, manager });
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => void daemon.leave('restart'));
    manager.ready();
    log.info(
      { pid: process.pid, version: VERSION, socket: paths.socket, generation: lock.generation },
      'serving',
    );
    reload.started();
    await daemon.left;
    log.info({}, 'left; sessions go on in their hosts');
  } finally {
    lock.release();
  }
}

/** A unit that ends well before it serves has failed all the same, and nobody would learn why. */
function heldLock(stateDir: string): TermError {
  return new TermError(
    'DAEMON_START_FAILED',
    `Another tritermd serves ${stateDir}, which systemd has not started.`,
    {
      hint: 'End that one, its sessions stay: `kill` the pid in daemon.lock.json there.',
    },
  );
}

function logLimits({ logMaxBytes, logFiles }: Config): LogFileLimits {
  return { maxBytes: logMaxBytes, files: logFiles };
}

function raiseOomScore(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', OOM_SCORE_ADJ);
  } catch {
    // Not Linux, or not permitted: the kernel chooses as it likes.
  }
}

function plainReport({ message, hint }: TermError): string {
  return `tritermd: ${message}\n  ${hint}\n`;
}

/** As its stderr is read by people, the journal, or whoever starts the daemon with its log as stderr and looks there for the reason. */
function startFailure(error: TermError): string {
  const kind = stderrKind(process.env);
  if (kind === 'terminal') return plainReport(error);
  return kind === 'journal' ? journalLine(logRecord(error)) : logRecord(error);
}

function logRecord(error: TermError): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: 'fatal', time, error: error.toWire(), msg: error.message })}\n`;
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (thrown: unknown) => {
    const error = TermError.from(thrown);
    process.stderr.write(startFailure(error));
    process.exit(error.exitCode);
  },
);
