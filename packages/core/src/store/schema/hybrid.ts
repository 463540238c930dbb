import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Dialect } from './dialect.ts';
import type { Tables } from './tables.ts';

/**
 * What several servers need: sockets by terminal, an outbox that knows the age of its entries, and epochs. Earlier releases
 * wrote neither `socket` nor `cache_outbox`, so both are made anew.
 */
export function hybrid(dialect: Dialect): Migration {
  return {
    async up(db: Kysely<Tables>): Promise<void> {
      await db.schema.dropTable('socket').execute();
      await db.schema
        .createTable('socket')
        .addColumn('session_id', 'text', c => c.notNull())
        .addColumn('id', 'text', c => c.notNull())
        .addColumn('server_id', 'text', c => c.notNull())
        .addColumn('incarnation', 'bigint', c => c.notNull())
        .addColumn('user_id', 'text', c => c.notNull())
        .addColumn('device_id', 'text', c => c.notNull())
        .addColumn('device_name', 'text', c => c.notNull())
        .addColumn('connected_at', 'bigint', c => c.notNull())
        .addPrimaryKeyConstraint('socket_key', ['session_id', 'id'])
        .execute();
      for (const column of ['id', 'user_id', 'server_id'] as const)
        await db.schema.createIndex(`socket_by_${column}`).on('socket').column(column).execute();

      await db.schema.dropTable('cache_outbox').execute();
      await db.schema
        .createTable('cache_outbox')
        .addColumn('id', 'text', c => c.primaryKey().notNull())
        .addColumn('rev', 'bigint', c => c.notNull())
        .addColumn('at', 'bigint', c => c.notNull())
        .execute();
      await db.schema.createIndex('cache_outbox_by_at').on('cache_outbox').column('at').execute();

      await db
        .insertInto('meta')
        .values([
          { k: 'db_epoch', v: randomBytes(16).toString('hex') },
          { k: 'cache_epoch', v: '0' },
          { k: 'cache_identity', v: '' },
          // PostgreSQL counts revisions by a sequence.
          ...(dialect === 'sqlite' ? [{ k: 'rev', v: '0' }] : []),
        ])
        .onConflict(conflict => conflict.column('k').doNothing())
        .execute();
      if (dialect === 'postgres') await sql`create sequence triterm_rev as bigint`.execute(db);
    },
  };
}
