import { openSqliteDatabase } from '@triterm/core/store/sqlite';
import { exampleSession } from '../session-examples.ts';
import { sqliteOptions } from '../sqlite-harness.ts';

/**
 * Creates sessions `<prefix>0`, `<prefix>1`, … in the database in argv[2], eight at a time, until it is killed or has made
 * argv[4] of them; prints the id and revision of each that the store has acknowledged.
 */
const [, , file = '', prefix = '', count = '0'] = process.argv;
const { database: store } = await openSqliteDatabase(sqliteOptions(file));
process.stdout.write('open\n');
let next = 0;
const write = async (): Promise<void> => {
  while (next < Number(count)) {
    const { id, rev } = await store.create(exampleSession(`${prefix}${next++}`), { limit: 1_000_000 });
    process.stdout.write(`${id} ${rev}\n`);
  }
};
await Promise.all(Array.from({ length: 8 }, write));
await store.close();
