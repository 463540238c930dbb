import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolvePaths } from '@triterm/core/config/paths';

/**
 * What a daemon's start looks like from outside: `serve` takes a lock or leaves with 0, listens and greets with its pid;
 * `fail` reports an error as tritermd does; `crash` throws; `yield` leaves as if another had the lock; `yield-once` does
 * so the first time; `hang` never listens. It ends with its test's process.
 */
const paths = resolvePaths(process.env);
const [mode] = process.argv.slice(2);
setInterval(() => {
  try {
    process.kill(Number(process.env.TRITERM_TEST_PID), 0);
  } catch {
    process.exit(0);
  }
}, 200);

function isFirst(name: string): boolean {
  try {
    openSync(`${paths.stateDir}/${name}`, 'wx');
    return true;
  } catch {
    return false;
  }
}

function serve(): void {
  if (!isFirst('daemon.lock')) process.exit(0);
  mkdirSync(paths.runDir, { recursive: true, mode: 0o700 });
  rmSync(paths.socket, { force: true });
  // A client that sees it before its mode is right refuses it.
  process.umask(0o177);
  createServer(socket => socket.end(String(process.pid))).listen(paths.socket);
}

writeFileSync(`${paths.stateDir}/started-${process.pid}`, JSON.stringify(process.env));
switch (mode) {
  case 'serve':
    serve();
    break;
  case 'fail': {
    const error = {
      code: 'BAD_CONFIG',
      message: 'config.json: maxSessions: must be a number',
      hint: 'Correct it.',
    };
    process.stderr.write('something before\n');
    process.stderr.write(`${JSON.stringify({ level: 'fatal', error, msg: error.message })}\n`);
    process.exit(2);
    break;
  }
  case 'crash':
    throw new Error('no such binding');
  case 'yield':
    process.exit(0);
    break;
  case 'yield-once':
    if (isFirst('yielded')) process.exit(0);
    serve();
    break;
  default:
}
