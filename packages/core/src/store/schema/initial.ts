import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The tables of the first release, in types that every database has. */
export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const text = (name: string) => ({ name, type: 'text' as const });
    const bigint = (name: string) => ({ name, type: 'bigint' as const });
    const create = (
      table: string,
      [key, ...columns]: readonly { name: string; type: 'text' | 'bigint' }[],
      nullable: readonly string[] = [],
    ) => {
      if (key === undefined) throw new RangeError(`table ${table} has no columns`);
      const keyed = db.schema.createTable(table).addColumn(key.name, key.type, c => c.primaryKey().notNull());
      return columns
        .reduce(
          (builder, { name, type }) =>
            builder.addColumn(name, type, c => (nullable.includes(name) ? c : c.notNull())),
          keyed,
        )
        .execute();
    };

    await create(
      'session',
      [
        text('id'),
        bigint('rev'),
        text('user_id'),
        text('name'),
        text('owner_server'),
        bigint('owner_epoch'),
        text('state'),
        text('primary_socket'),
        text('doc'),
        bigint('created_at'),
        bigint('updated_at'),
        bigint('deleted_at'),
      ],
      ['primary_socket', 'deleted_at'],
    );
    await db.schema
      .createIndex('session_user_name')
      .on('session')
      .columns(['user_id', 'name'])
      .unique()
      .where(sql.ref('deleted_at'), 'is', null)
      .execute();
    await create('session_activity', [text('id'), bigint('last_activity_at')]);
    await create('socket', [
      text('id'),
      text('session_id'),
      text('server_id'),
      bigint('incarnation'),
      text('user_id'),
      text('device_id'),
      text('device_name'),
      bigint('connected_at'),
    ]);
    await create(
      'server',
      [
        text('id'),
        bigint('incarnation'),
        text('host_id'),
        text('boot_id'),
        text('state_dir'),
        text('advertise_url'),
        bigint('lease_until'),
      ],
      ['advertise_url'],
    );
    await create('cache_outbox', [text('id'), bigint('rev')]);
    await create('quota', [text('scope'), bigint('used')]);
    await create('idempotency', [text('key'), text('result'), bigint('at')]);
    await create('meta', [text('k'), text('v')]);
  },
};
