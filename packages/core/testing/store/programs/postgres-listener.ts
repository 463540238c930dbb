import { openPostgresDatabase } from '../../../src/store/postgres/index.ts';

/** Prints what comes over the channel of the database in argv[2], and `gap`; publishes the lines of its standard input. */
const { database, openChannel } = await openPostgresDatabase({
  url: process.argv[2] ?? '',
  serverId: 'listener',
});
const channel = openChannel();
await channel.subscribe({
  message: text => process.stdout.write(`message ${text}\n`),
  gap: () => process.stdout.write('gap\n'),
});
process.stdout.write('listening\n');
for await (const chunk of process.stdin)
  for (const line of String(chunk).trim().split('\n')) await channel.publish(line);
await channel.close();
await database.close();
