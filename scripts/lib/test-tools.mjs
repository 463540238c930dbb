import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Stop, say } from './workspace.mjs';

/** Programs from outside that suites run; those suites are skipped without them. */
const TOOLS = [
  { command: 'zsh', aptPackage: 'zsh' },
  { command: 'fish', aptPackage: 'fish' },
];

/** Installs what is missing, where that is permitted without a password. */
export function installTestTools() {
  const missing = missingTools();
  const asRoot = rootPrefix();
  if (missing.length === 0 || asRoot === undefined || !isInstalled('apt-get')) return;
  say(`installing what the tests need: ${names(missing)}`);
  // The package lists may be missing or old; where new ones cannot be had, the old ones may do.
  run([...asRoot, 'apt-get', 'update', '-qq']);
  const failure = run([...asRoot, ...aptInstall(missing)]);
  if (failure !== undefined) process.stderr.write(failure);
}

/** What is missing and the command that installs it; undefined when nothing is. */
export function missingTestTools() {
  const missing = missingTools();
  if (missing.length === 0) return undefined;
  const install = isInstalled('apt-get')
    ? `sudo ${aptInstall(missing).join(' ')}`
    : 'use the package manager of this system';
  return `without ${names(missing)} some tests are skipped; to install: ${install}`;
}

function names(tools) {
  return tools.map(tool => tool.command).join(', ');
}

function aptInstall(tools) {
  return ['apt-get', 'install', '-y', '--no-install-recommends', ...tools.map(tool => tool.aptPackage)];
}

function missingTools() {
  return TOOLS.filter(tool => !isInstalled(tool.command));
}

function isInstalled(command) {
  return (process.env.PATH ?? '').split(delimiter).some(dir => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What makes a command root's; undefined where that would need a password. */
function rootPrefix() {
  if (process.geteuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined;
}

/** What it said, when it failed. */
function run([command, ...args]) {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 10 * 60_000,
  });
  if (error !== undefined) throw new Stop(`cannot run ${command}: ${error.message}`);
  return status === 0 ? undefined : `${stdout}${stderr}`;
}
