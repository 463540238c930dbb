import { type Command, HOST_OPTION } from './definition.ts';

type Load = () => Promise<{ command: Command }>;

/**
 * Every command by its words. Each is loaded when it is used and not before: `attach` and `ls` must start as fast as
 * Node does.
 */
export const COMMANDS = {
  new: () => import('./new.ts'),
  attach: () => import('./attach.ts'),
  ls: () => import('./sessions-ls.ts'),
  kill: () => import('./sessions-kill.ts'),
  'sessions ls': () => import('./sessions-ls.ts'),
  'sessions show': () => import('./sessions-show.ts'),
  'sessions rename': () => import('./sessions-rename.ts'),
  'sessions resize': () => import('./sessions-resize.ts'),
  'sessions kill': () => import('./sessions-kill.ts'),
  'sessions detach': () => import('./sessions-detach.ts'),
  'sessions take': () => import('./sessions-take.ts'),
  'sessions request': () => import('./sessions-request.ts'),
  'sessions grant': () => import('./sessions-grant.ts'),
  'sessions recreate': () => import('./sessions-recreate.ts'),
  'sessions policy': () => import('./sessions-policy.ts'),
  'sessions label': () => import('./sessions-label.ts'),
  send: () => import('./send.ts'),
  capture: () => import('./capture.ts'),
  wait: () => import('./wait.ts'),
  run: () => import('./run.ts'),
  search: () => import('./search.ts'),
  events: () => import('./events.ts'),
  'daemon start': () => import('./daemon-start.ts'),
  'daemon stop': () => import('./daemon-stop.ts'),
  'daemon restart': () => import('./daemon-restart.ts'),
  'daemon status': () => import('./daemon-status.ts'),
  'daemon logs': () => import('./daemon-logs.ts'),
  'daemon drain': () => import('./daemon-drain.ts'),
  'daemon reload': () => import('./daemon-reload.ts'),
  'daemon log-level': () => import('./daemon-log-level.ts'),
  'service install': () => import('./service-install.ts'),
  'service uninstall': () => import('./service-uninstall.ts'),
  'service status': () => import('./service-status.ts'),
  'context add': () => import('./context-add.ts'),
  'context ls': () => import('./context-ls.ts'),
  'context use': () => import('./context-use.ts'),
  'context show': () => import('./context-show.ts'),
  'context rm': () => import('./context-rm.ts'),
  'config show': () => import('./config-show.ts'),
  'config get': () => import('./config-get.ts'),
  'config set': () => import('./config-set.ts'),
  'config unset': () => import('./config-unset.ts'),
  'config validate': () => import('./config-validate.ts'),
  'config path': () => import('./config-path.ts'),
  'token create': () => import('./token-create.ts'),
  'token ls': () => import('./token-ls.ts'),
  'token revoke': () => import('./token-revoke.ts'),
  'redis status': () => import('./redis-status.ts'),
  'cache stats': () => import('./cache-stats.ts'),
  'cache show': () => import('./cache-show.ts'),
  'cache invalidate': () => import('./cache-invalidate.ts'),
  'locks ls': () => import('./locks-ls.ts'),
  'locks show': () => import('./locks-show.ts'),
  'sockets ls': () => import('./sockets-ls.ts'),
  'servers ls': () => import('./servers-ls.ts'),
  'db status': () => import('./db-status.ts'),
  'db migrate': () => import('./db-migrate.ts'),
  'db export': () => import('./db-export.ts'),
  'db import': () => import('./db-import.ts'),
  'db backup': () => import('./db-backup.ts'),
  'drill ls': () => import('./drill-ls.ts'),
  'drill run': () => import('./drill-run.ts'),
  doctor: () => import('./doctor.ts'),
  completion: () => import('./completion.ts'),
} as const satisfies Record<string, Load>;

export type CommandName = keyof typeof COMMANDS;

/** Commands that have commands of their own. */
export const GROUPS = {
  sessions: 'Look at sessions and change them',
  daemon: 'Start, stop and look at the daemon',
  service: 'Let systemd keep the daemon',
  context: 'Keep servers by name, and choose one',
  config: 'Look at the configuration, and change it',
  token: 'Let people in over the network, and lock them out',
  redis: 'Look at Redis',
  cache: 'Look at cached sessions, and drop them',
  locks: 'Look at locks',
  sockets: 'Look at attached sockets, over all servers',
  servers: 'Look at the servers that share the database',
  db: 'Look at the database, move it and back it up',
  drill: 'Bring failures about, and see whether triterm holds',
} as const;
export type GroupName = keyof typeof GROUPS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

export function isGroupName(name: string): name is GroupName {
  return Object.hasOwn(GROUPS, name);
}

/** What may follow a group's name, or nothing: the first words of all commands. */
export function wordsAfter(group: GroupName | undefined): string[] {
  const names =
    group === undefined
      ? COMMAND_NAMES
      : COMMAND_NAMES.filter(name => name.startsWith(`${group} `)).map(name => name.slice(group.length + 1));
  return [...new Set(names.map(name => name.split(' ')[0] ?? name))];
}

/** With the options that all commands have. */
export async function loadCommand(name: CommandName): Promise<Command> {
  const { command } = await COMMANDS[name]();
  const { spec } = command;
  if (spec.hostless === true) return command;
  return {
    spec: { ...spec, options: { ...spec.options, host: HOST_OPTION } },
    run: (line, context) => command.run(line, context),
  };
}
