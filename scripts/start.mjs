#!/usr/bin/env node
/**
 * start.mjs: into the session `main`, with the daemon started if need be; without a terminal, a session is shown at work.
 * start.mjs ARGS…: any triterm command. Leaves with the command's status.
 */
import { Cli } from './lib/cli.mjs';
import { prepare } from './lib/prepare.mjs';
import { main, say } from './lib/workspace.mjs';

const SESSION = 'main';
const GREETING = ['echo', 'This session goes on when you leave it.'];

await main(async () => {
  // npm has done so before, unless it was told to run no scripts.
  const cli = new Cli(await prepare({ withBuild: true }));
  const args = process.argv.slice(2);
  if (args.length > 0) return cli.attachTo(args);
  // Also where it was stopped on purpose: starting is what was asked for.
  const started = cli.ask(['daemon', 'start', '--json']);
  if (started.status !== 0) return fail(started);
  if (process.stdin.isTTY && process.stdout.isTTY) return cli.attachTo(['attach', '--create', SESSION]);
  return show(cli);
});

/** Runs a command in the session and prints its screen. A session that was there and is busy is only looked at. */
function show(cli) {
  const created = cli.ask(['new', '-d', '--json', '-n', SESSION]);
  if (created.status === 0) cli.ask(['wait', SESSION, '--command', '-t', '3']);
  else if (created.errorCode !== 'NAME_TAKEN') return fail(created);

  const ran = cli.ask(['run', SESSION, '-t', '10', '--json', '--', ...GREETING]);
  if (ran.errorCode === 'NO_SHELL_INTEGRATION' && created.status === 0) {
    cli.ask(['send', SESSION, '--enter', GREETING.join(' ')]);
    cli.ask(['wait', SESSION, '--idle', '300', '-t', '5']);
  }
  const captured = cli.ask(['capture', SESSION, '--text']);
  if (captured.status !== 0) return fail(captured);
  process.stdout.write(captured.stdout);
  say(`this is session ${SESSION}; there is no terminal here to attach it to. In one, type: npm start`);
}

function fail({ status, stderr }) {
  process.stderr.write(stderr);
  return status ?? 1;
}
