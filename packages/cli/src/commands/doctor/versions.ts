import { type Finding, ok, problem, warning } from './finding.ts';

/** What each side says of itself; the `versions` of `--json`. Null without a daemon that answers. */
export interface Versions {
  readonly client: string;
  readonly node: string;
  /** What this client speaks, both ends inclusive. */
  readonly protocol: { readonly min: number; readonly max: number };
  readonly daemon: string | null;
  /** What this client and the daemon speak with each other. */
  readonly daemonProtocol: number | null;
  readonly ptyHosts: readonly { readonly id: string; readonly version: string }[];
}

/** As `engines` of package.json says: older ones lack zstd and make SQLite's binding crash. */
const LEAST_NODE = [22, 15] as const;

export function checkVersions(versions: Versions): Finding[] {
  return [checkNode(versions.node), checkDaemonVersion(versions), ...checkPtyHosts(versions)];
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const isNewEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return isNewEnough
    ? ok('node', `Node ${version}`)
    : problem(
        'node',
        `Node ${version} is too old: ${LEAST_NODE.join('.')} is the least.`,
        'Install Node 24 from https://nodejs.org or with your package manager.',
      );
}

function checkDaemonVersion({ client, daemon, protocol, daemonProtocol }: Versions): Finding {
  const own = `triterm ${client}, protocol ${protocol.max}`;
  if (daemon === null) return ok('versions', own);
  if (daemon === client)
    return ok('versions', `triterm and tritermd ${client}, protocol ${daemonProtocol ?? protocol.max}`);
  return warning(
    'versions',
    `${own}, but tritermd ${daemon}.`,
    'Replace the daemon: triterm daemon restart (sessions and attached clients stay)',
  );
}

/** Hosts of another release are no trouble: they leave after their last session. */
function checkPtyHosts({ daemon, ptyHosts }: Versions): Finding[] {
  if (daemon === null) return [];
  const older = ptyHosts.filter(host => host.version !== daemon);
  const list = ptyHosts.map(host => `${host.id} ${host.version}`).join(', ');
  if (ptyHosts.length === 0) return [ok('pty-hosts', 'none yet; the first session starts one')];
  return [
    ok(
      'pty-hosts',
      older.length === 0 ? list : `${list}; those of another release leave after their last session`,
    ),
  ];
}
