import type { SessionDoc } from '@triterm/core/domain';

export const USER = 'user';

/** Ids of the sessions that are read, the most wanted first. */
export function sessionIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `session-${index}`);
}

/** Some 500 bytes as JSON. */
export function exampleDoc(): SessionDoc {
  return {
    argv: ['vim', '-u', '/home/user/.config/vim/vimrc', 'notes/2026/november.md'],
    command: 'vim notes/2026/november.md',
    shell: null,
    cwd: '/home/user/projects/triterm/documentation',
    title: 'november.md + (~/projects/triterm/documentation) - VIM',
    cols: 180,
    rows: 50,
    sizePolicy: 'latest',
    labels: { project: 'triterm', team: 'terminals' },
    scrollbackLines: 10_000,
    pid: 4242,
    hostId: 'host-4f1c2a',
    exitCode: null,
    signal: null,
    endedAt: null,
    bootId: '1b4e28ba-2fa1-11d2-883f-0016d3cca427',
  };
}

/** SQL that makes sessions 0 to `count` - 1 of one user in an empty database of the store. */
export function seedSql(count: number): string {
  return `INSERT INTO session
      (id, rev, user_id, name, owner_server, owner_epoch, state, primary_socket, doc, created_at, updated_at, deleted_at)
    SELECT 'session-' || n, nextval('triterm_rev'), '${USER}', 'name-' || n, 'server-1', currval('triterm_rev'),
      'running', NULL, '${JSON.stringify(exampleDoc())}', 1750000000000 + n, 1750000000000 + n, NULL
    FROM generate_series(0, ${count - 1}) AS n;
    ANALYZE`;
}
