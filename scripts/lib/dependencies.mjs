import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { inRoot, ROOT, Stop, say } from './workspace.mjs';

/**
 * Whether node_modules holds what the lock file asks for. npm writes its own account of it last, so an installation
 * that was interrupted has none.
 */
export function dependenciesInstalled() {
  const wanted = readPackages(inRoot('package-lock.json'));
  const installed = readPackages(inRoot('node_modules/.package-lock.json'));
  if (wanted === undefined) throw new Stop('package-lock.json cannot be read.', 'Check it out again.');
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (!path.includes('node_modules/') || link) return true;
    const found = installed[path];
    // Optional packages are those of other platforms, or could not be had.
    return found === undefined ? optional === true : found.version === version;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Throws a Stop when npm could not do it; npm has said why. */
export function installDependencies() {
  say('installing dependencies (npm ci)');
  const [command, ...args] = npm();
  const { error, status, signal } = spawnSync(
    command,
    // The first two: NODE_ENV=production and omit settings would leave out what builds and runs this checkout.
    [...args, 'ci', '--include=dev', '--include=optional', '--loglevel=error'],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (error !== undefined) throw new Stop(`cannot run npm: ${error.message}`, 'Install npm 10 or newer.');
  if (status !== 0)
    throw new Stop(
      `npm ci failed (${signal ?? `status ${status}`}).`,
      'Mend what npm says above, then run the same command again.',
    );
}

/** The npm that runs us, on the Node that runs it: ours lies below node_modules, which npm takes away first. */
function npm() {
  const { npm_execpath: script = '', npm_node_execpath: node = process.execPath } = process.env;
  return script.endsWith('npm-cli.js') && existsSync(script) ? [node, script] : ['npm'];
}
