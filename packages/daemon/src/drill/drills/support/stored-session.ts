import type { Store } from '@triterm/core/store';

const USER = 'drill';
const LIMIT = 1000;

/** A session that stands in the database without a terminal behind it; its title says which write made it so. */
export function storeSession({ sessions, lease }: Store, id: string, title: string) {
  return sessions.create(
    {
      id,
      userId: USER,
      name: id,
      ownerServer: lease.serverId,
      state: 'running',
      doc: {
        argv: ['cat'],
        command: 'cat',
        shell: null,
        cwd: '/',
        title,
        cols: 80,
        rows: 24,
        sizePolicy: 'latest',
        labels: {},
        scrollbackLines: 1000,
        pid: null,
        hostId: null,
        exitCode: null,
        signal: null,
        endedAt: null,
        bootId: 'drill',
      },
    },
    { limit: LIMIT },
  );
}

export function retitle({ sessions }: Store, id: string, title: string) {
  return sessions.update(id, {}, { doc: { title } });
}
