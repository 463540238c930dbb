import { hardening } from './hardening.ts';
import { type ServiceSetup, UNIT_NAMES, type UnitName } from './service-setup.ts';
import { assignment, type Directive, execLine, quoted, type Section, unitFile } from './unit-text.ts';

export interface UnitFile {
  readonly name: UnitName;
  readonly content: string;
}

/** Most hosts at a time: each may hold 256 sessions. */
const MAX_HOSTS = 256;
/** Longer than a daemon without an answer is let live by `daemon restart --force`, and than any pause of a busy machine. */
const WATCHDOG_SECONDS = 30;
/** A large database may have to be migrated first. */
const START_TIMEOUT_SECONDS = 120;
/** The daemon leaves within 2 s, and a host has hung its sessions up after as many. */
const STOP_TIMEOUT_SECONDS = 10;

/** The unit files of a setup (systemd.unit(5)). Needs systemd 248 or newer. */
export function renderUnits(setup: ServiceSetup): UnitFile[] {
  const sections: Readonly<Record<UnitName, Section[]>> = {
    'tritermd.socket': daemonSocket(setup),
    'triterm-pty-host.socket': hostSocket(setup),
    'tritermd.service': daemonService(setup),
    'triterm-pty-host@.service': hostService(setup),
  };
  return UNIT_NAMES.map(name => ({ name, content: unitFile(sections[name]) }));
}

/** Where the daemon asks for a new host. */
export function hostSocketPath({ runDir }: Pick<ServiceSetup, 'runDir'>): string {
  return `${runDir}/new-pty-host.sock`;
}

function daemonSocket(setup: ServiceSetup): Section[] {
  return [
    { name: 'Unit', lines: [['Description', 'triterm daemon: where clients connect']] },
    {
      name: 'Socket',
      lines: [
        ['ListenStream', `${setup.runDir}/tritermd.sock`],
        ['FileDescriptorName', 'tritermd'],
        ...privateSocket(setup),
      ],
    },
    { name: 'Install', lines: [['WantedBy', 'sockets.target']] },
  ];
}

function hostSocket(setup: ServiceSetup): Section[] {
  return [
    {
      name: 'Unit',
      lines: [
        ['Description', 'triterm pty-hosts: one for each connection of the daemon'],
        ...(setup.scope === 'user' ? [] : [['After', 'tritermd.socket'] as const]),
      ],
    },
    {
      name: 'Socket',
      lines: [
        ['ListenStream', hostSocketPath(setup)],
        ['Accept', 'yes'],
        ['MaxConnections', String(MAX_HOSTS)],
        ...privateSocket(setup),
      ],
    },
    { name: 'Install', lines: [['WantedBy', 'sockets.target']] },
  ];
}

/** For the account alone, as clients demand it of a socket and its directory. */
function privateSocket({ account, runDir, scope }: ServiceSetup): (Directive | string)[] {
  const modes: Directive[] = [
    ['SocketMode', '0600'],
    ['DirectoryMode', '0700'],
  ];
  if (scope === 'user' || account === undefined) return modes;
  return [
    ...modes,
    ['SocketUser', account],
    'systemd binds and chowns by path, as root: meanwhile the directory must be out of the account’s hands.',
    ['ExecStartPre', `/usr/bin/install -d -m 0700 -o root -g root ${quoted(runDir)}`],
    ['ExecStartPost', `/usr/bin/chown ${account}: ${quoted(runDir)}`],
  ];
}

function daemonService(setup: ServiceSetup): Section[] {
  const { scope } = setup;
  return [
    {
      name: 'Unit',
      lines: [
        ['Description', 'triterm daemon: terminal sessions for clients'],
        ['Wants', 'triterm-pty-host.socket'],
        ['After', `triterm-pty-host.socket${scope === 'user' ? '' : ' network.target'}`],
        'A database that is away for long must not be the end of trying.',
        ['StartLimitIntervalSec', '0'],
      ],
    },
    {
      name: 'Service',
      lines: [
        'Messages are sent by systemd-notify, a child.',
        ['Type', 'notify'],
        ['NotifyAccess', 'all'],
        ['ExecStart', execLine(setup.daemon)],
        ['ExecReload', '/bin/kill -HUP $MAINPID'],
        ...environment(setup),
        ...runAs(setup),
        ...(scope === 'user' ? [] : stateDirectory(setup)),
        ['WorkingDirectory', '/'],
        'It ends with 0 when it is to begin anew: after an import, for `triterm daemon restart`. Stopping is by systemctl.',
        ['Restart', 'always'],
        ['RestartSec', '1'],
        'Told to end is the daemon alone: the messengers that it has sent get through.',
        ['KillMode', 'mixed'],
        ['TimeoutStartSec', String(START_TIMEOUT_SECONDS)],
        ['TimeoutStopSec', String(STOP_TIMEOUT_SECONDS)],
        ['WatchdogSec', String(WATCHDOG_SECONDS)],
        'Without a core dump, which would hold what is on screens.',
        ['WatchdogSignal', 'SIGKILL'],
        ['LimitCORE', '0'],
        ['LimitNOFILE', '65536'],
        ['OOMPolicy', 'continue'],
        ...hardening(setup),
      ],
    },
    { name: 'Install', lines: [['WantedBy', scope === 'user' ? 'default.target' : 'multi-user.target']] },
  ];
}

function hostService(setup: ServiceSetup): Section[] {
  return [
    {
      name: 'Unit',
      lines: [
        ['Description', 'triterm pty-host %i: terminals and the programs in them'],
        'Nothing leads from the daemon to here: its restarts do not concern sessions.',
        ['CollectMode', 'inactive-or-failed'],
      ],
    },
    {
      name: 'Service',
      lines: [
        ['ExecStart', execLine([...setup.ptyHost, '--activated', setup.runDir])],
        ['StandardInput', 'socket'],
        'Would be the socket too otherwise.',
        ['StandardOutput', 'journal'],
        ['StandardError', 'journal'],
        ...runAs(setup),
        ['WorkingDirectory', '/'],
        'A stop hangs up, as the end of a terminal does; what ignores that goes on, and what the host leaves behind too.',
        ['KillMode', 'process'],
        ['KillSignal', 'SIGQUIT'],
        ['TimeoutStopSec', String(STOP_TIMEOUT_SECONDS)],
        ['Delegate', 'yes'],
        'One program that takes all memory is not the end of the others.',
        ['OOMPolicy', 'continue'],
        ['ManagedOOMPreference', 'avoid'],
        ...(setup.scope === 'user' ? [['OOMScoreAdjust', '100'] as const] : []),
        'No limit here but those that a login has: they would be those of every shell.',
        ['TasksMax', 'infinity'],
        'No sandbox either: sudo must work in a session.',
        ['NoNewPrivileges', 'no'],
      ],
    },
  ];
}

function environment({ scope, stateDir, runDir, configFile, environmentFile }: ServiceSetup): Directive[] {
  return [
    [
      'Environment',
      [
        assignment('TRITERM_STATE_DIR', stateDir),
        assignment('TRITERM_RUNTIME_DIR', runDir),
        assignment('TRITERM_CONFIG', configFile),
        assignment('TRITERM_PTY_HOST_SOCKET', hostSocketPath({ runDir })),
        // /tmp is read-only there.
        ...(scope === 'user' ? [] : [assignment('SQLITE_TMPDIR', stateDir)]),
      ],
    ],
    ['EnvironmentFile', `-${environmentFile}`],
  ];
}

function runAs({ account }: ServiceSetup): Directive[] {
  return account === undefined ? [] : [['User', account]];
}

/** Made, and given to the account, by systemd. */
function stateDirectory({ stateDir }: ServiceSetup): Directive[] {
  const name = stateDir.replace(/^(?:\/var\/lib|%S)\//, '');
  return [
    ['StateDirectory', name],
    ['StateDirectoryMode', '0700'],
  ];
}
