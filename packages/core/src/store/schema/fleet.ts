import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from './tables.ts';

/** What servers on many hosts need: who may come, who is connected, what the screens of unreachable servers showed, who drains. */
export const fleet: Migration = {
  async up(db: Kysely<Tables>): Promise<void> {
    await db.schema
      .createTable('token')
      .addColumn('id', 'text', c => c.primaryKey().notNull())
      .addColumn('user_id', 'text', c => c.notNull())
      .addColumn('scope', 'text', c => c.notNull())
      .addColumn('session_id', 'text')
      .addColumn('hash', 'text', c => c.notNull())
      .addColumn('label', 'text', c => c.notNull())
      .addColumn('created_at', 'bigint', c => c.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .execute();
    await db.schema.createIndex('token_by_user_id').on('token').column('user_id').execute();

    await db.schema
      .createTable('connection')
      .addColumn('id', 'text', c => c.primaryKey().notNull())
      .addColumn('user_id', 'text', c => c.notNull())
      .addColumn('server_id', 'text', c => c.notNull())
      .addColumn('incarnation', 'bigint', c => c.notNull())
      .execute();
    for (const column of ['user_id', 'server_id'] as const)
      await db.schema.createIndex(`connection_by_${column}`).on('connection').column(column).execute();

    await db.schema
      .createTable('session_screen')
      .addColumn('session_id', 'text', c => c.primaryKey().notNull())
      .addColumn('owner_epoch', 'bigint', c => c.notNull())
      .addColumn('stream_offset', 'bigint', c => c.notNull())
      .addColumn('cols', 'bigint', c => c.notNull())
      .addColumn('rows', 'bigint', c => c.notNull())
      .addColumn('content', 'text', c => c.notNull())
      .addColumn('at', 'bigint', c => c.notNull())
      .execute();

    await db.schema
      .alterTable('server')
      .addColumn('draining', 'bigint', c => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .createIndex('session_by_owner_server')
      .on('session')
      .column('owner_server')
      .where(sql.ref('deleted_at'), 'is', null)
      .execute();
  },
};
