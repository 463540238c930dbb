import { rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ensureSecureDir, resolvePaths } from '@triterm/core/config';
import { type ConfigFlags, loadConfig } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import { VERSION } from '@triterm/core/protocol';
import { composeDaemon } from './compose.ts';
import { closeInheritedDescriptors } from './inherited-descriptors.ts';
import { createLog } from './observe/log.ts';
import { acquireStateLock } from './state-lock.ts';

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
  TRITERM_<SETTING>    overrides a setting of the file, such as TRITERM_MAX_SESSIONS=50
  DATABASE_URL, REDIS_HOST, REDIS_URL, SERVER_ID and others, as docs/configuration.md tells
`;

/** The daemon may be killed before the hosts, which hold what cannot be made again. */
const OOM_SCORE_ADJ = '100';

async function main(args: readonly string[]): Promise<void> {
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
  closeInheritedDescriptors();
  const paths = resolvePaths();
  const config = loadConfig(paths, process.env, flags);
  ensureSecureDir(paths.stateDir);
  const lock = acquireStateLock(paths);
  if (lock === undefined) {
    process.stderr.write('tritermd: another daemon serves this state directory\n');
    return;
  }
  rmSync(paths.stopMarker, { force: true });
  raiseOomScore();
  const log = createLog({ level: config.logLevel, file: paths.logFile });
  const die = (what: string) => (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    log.fatal({ error: error.message, stack: error.stack }, what);
    process.exit(70);
  };
  process.on('uncaughtException', die('uncaught exception'));
  process.on('unhandledRejection', die('unhandled rejection'));
  process.on('SIGHUP', () => {});
  try {
    const daemon = await composeDaemon({ paths, config, log, lock });
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => void daemon.leave('restart'));
    log.info(
      { pid: process.pid, version: VERSION, socket: paths.socket, generation: lock.generation },
      'serving',
    );
    await daemon.left;
    log.info({}, 'left; sessions go on in their hosts');
  } finally {
    lock.release();
  }
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

/** Whoever starts the daemon gives it its log as stderr, and looks there for the reason when it did not start. */
function logRecord(error: TermError): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: 'fatal', time, error: error.toWire(), msg: error.message })}\n`;
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (thrown: unknown) => {
    const error = TermError.from(thrown);
    process.stderr.write(process.stderr.isTTY ? plainReport(error) : logRecord(error));
    process.exit(error.exitCode);
  },
);
