import { openPostgresDatabase } from '../../../src/store/postgres/index.ts';
import { exampleSession } from '../session-examples.ts';

/**
 * Creates sessions `<prefix>0`, `<prefix>1`, … in the database of argv[2], eight at a time, until it is killed or has made
 * argv[4] of them; prints `<id> <rev>` of each that the database has acknowledged, `unknown <id>` or `refused <id>` of others.
 */
const [, , url = '', prefix = '', count = '0'] = process.argv;
const { database } = await openPostgresDatabase({ url, serverId: prefix });
process.stdout.write('open\n');
let next = 0;
const write = async (): Promise<void> => {
  while (next < Number(count)) {
    const session = exampleSession(`${prefix}${next++}`, { userId: prefix });
    const said = await database.create(session, { limit: 1_000_000 }).then(
      ({ id, rev }) => `${id} ${rev}`,
      ({ code }: { code?: string }) => `${code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'refused'} ${session.id}`,
    );
    process.stdout.write(`${said}\n`);
  }
};
await Promise.all(Array.from({ length: 8 }, write));
await database.close();
