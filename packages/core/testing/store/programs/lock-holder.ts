import { DatabaseSync } from 'node:sqlite';

/** Holds the write lock of the database in argv[2] from `held` until its standard input ends. */
const database = new DatabaseSync(process.argv[2] ?? '');
database.exec('PRAGMA busy_timeout = 5000');
database.exec('BEGIN IMMEDIATE');
database.exec("UPDATE meta SET v = v WHERE k = 'rev'");
process.stdout.write('held\n');
process.stdin.resume().on('end', () => {
  database.exec('ROLLBACK');
  database.close();
});
