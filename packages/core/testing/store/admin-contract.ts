import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import type { Database, DatabaseAdmin } from '@triterm/core/store';
import { exportDatabase, importDatabase } from '@triterm/core/store/open-store';
import { MIN_COMPATIBLE, SCHEMA_VERSION } from '@triterm/core/store/schema';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DatabaseHarness } from './database-contract.ts';
import { exampleScreen } from './screen-table-contract.ts';
import { exampleDoc, exampleSession, USER } from './session-examples.ts';
import { exampleToken } from './token-table-contract.ts';

export interface AdminHarness extends DatabaseHarness {
  /** The administration of the same database; `dispose` closes it. */
  openAdmin(): Promise<DatabaseAdmin>;
}

const ROOMY = { limit: 10_000 };
const APPEND = { replace: false };

/** The whole dump in one text. */
export async function dumpText(admin: DatabaseAdmin): Promise<string> {
  const pieces: string[] = [];
  const output = new Writable({
    write(chunk, _encoding, done) {
      pieces.push(String(chunk));
      done();
    },
  });
  await exportDatabase(admin, output);
  return pieces.join('');
}

/** The rows without first and last line, which tell time and hash. */
export function rowsOf(dump: string): string[] {
  return dump.trimEnd().split('\n').slice(1, -1);
}

/** As it is written, with another content: the end fits again. */
function sealed(lines: readonly string[]): string {
  const body = lines.map(line => `${line}\n`).join('');
  const sha256 = createHash('sha256').update(body).digest('hex');
  return `${body}${JSON.stringify({ end: true, sha256 })}\n`;
}

/** What every database's administration does, whatever database it stands on. Registers a suite. */
export function adminContract(name: string, makeHarness: () => Promise<AdminHarness>): void {
  describe(`${name} keeps the administration's contract`, () => {
    let [source, target]: AdminHarness[] = [];
    const opened = async (harness: AdminHarness | undefined): Promise<[Database, DatabaseAdmin]> => {
      if (harness === undefined) throw new Error('no database was made');
      return [await harness.open(), await harness.openAdmin()];
    };
    beforeEach(async () => {
      [source, target] = [await makeHarness(), await makeHarness()];
    });
    afterEach(async () => {
      await source?.dispose();
      await target?.dispose();
    });

    /** Live, ended, renamed and deleted sessions, activity, an idempotency key, tokens and a screen. */
    const fill = async (database: Database): Promise<void> => {
      const one = await database.create(exampleSession('one'), { ...ROOMY, idempotencyKey: 'key-1' });
      const two = await database.create(exampleSession('two', { userId: 'other' }), ROOMY);
      const gone = await database.create(exampleSession('gone'), ROOMY);
      await database.update(one.id, {}, { name: 'öne', primarySocket: 's1', doc: { title: '"\n\u2028🗒' } });
      await database.claim(two.id, {}, 'server-2', { state: 'exited', doc: exampleDoc({ exitCode: 3 }) });
      await database.delete(gone.id, {});
      await database.recordActivity(new Map([[one.id, Date.now() + 1000]]));
      await database.createToken(exampleToken('t1', { sessionId: one.id, expiresInMs: 60_000 }));
      await database.createToken(exampleToken('t2', { userId: 'other', scope: 'admin' }));
      await database.revokeToken('t2');
      await database.recordTokenUse(new Map([['t1', 1000]]));
      await database.putScreens([exampleScreen(one, 77)]);
    };

    it('says what there is, without changing it', async () => {
      const [database, admin] = await opened(source);
      await fill(database);
      const status = await admin.status();
      expect(status).toMatchObject({
        kind: database.kind,
        schema: SCHEMA_VERSION,
        minCompatible: MIN_COMPATIBLE,
        sessions: 2,
        deleted: 1,
        outbox: 3,
      });
      expect(status.epochs).toEqual(await database.epochs());
      expect(status.sizeBytes).toBeGreaterThan(4096);
      expect(status.location.length).toBeGreaterThan(0);
      expect(await admin.migrate()).toEqual({ from: SCHEMA_VERSION, to: SCHEMA_VERSION });
      expect(await database.epochs()).toEqual(status.epochs);
    });

    it('takes a dump into an empty database, with every id, name, tombstone and revision', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      await fill(from);
      const dump = await dumpText(exporting);
      const before = await into.epochs();
      const imported = await importDatabase(Readable.from([dump]), importing, APPEND);
      expect(imported.counts).toEqual({
        session: 3,
        session_activity: 1,
        idempotency: 1,
        token: 2,
        session_screen: 1,
      });
      expect(await into.listTokens()).toEqual(await from.listTokens());
      const screen = (await from.list(USER)).map(({ id }) => id).at(0) ?? '';
      expect(await into.getScreen(screen)).toEqual(await from.getScreen(screen));
      expect(await into.getScreen(screen)).toMatchObject({ offset: 77 });
      expect(rowsOf(await dumpText(importing)).toSorted()).toEqual(rowsOf(dump).toSorted());
      for (const user of [USER, 'other']) expect(await into.list(user)).toEqual(await from.list(user));
      // The key of a creation is good there too.
      const repeated = await into.create(exampleSession('one'), { ...ROOMY, idempotencyKey: 'key-1' });
      expect(repeated.name).toBe('öne');

      expect(imported.epochs).toEqual(await into.epochs());
      expect(imported.epochs.db).not.toBe(before.db);
      expect(imported.epochs.db).not.toBe((await from.epochs()).db);
      expect(imported.epochs.cache).toBe(before.cache + 1);
      expect(await into.outboxDepth()).toMatchObject({ entries: 0 });
    });

    it('keeps tokens that are there beside those that come, and lets none in that was revoked on either side', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      for (const id of ['both', 'here', 'there', 'old']) await from.createToken(exampleToken(id));
      await from.revokeToken('there');
      const dump = await dumpText(exporting);
      for (const id of ['both', 'here', 'there', 'own']) await into.createToken(exampleToken(id));
      await into.revokeToken('here');
      const imported = await importDatabase(Readable.from([dump]), importing, { replace: true });
      expect(imported.counts.token).toBe(5);
      const ids = ['both', 'here', 'there', 'old', 'own', 'unknown'];
      expect(await into.refusedTokens(ids)).toEqual(['here', 'there', 'unknown']);
    });

    it('takes in a dump of the first version, which knew neither tokens nor screens', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      const row = await from.create(exampleSession('work'), ROOMY);
      const [head = '', ...rest] = (await dumpText(exporting)).trimEnd().split('\n').slice(0, -1);
      const counts = { session: 1, session_activity: 0, idempotency: 0 };
      const first = { ...(JSON.parse(head) as object), version: 1, schema: 2, counts };
      const dump = sealed([JSON.stringify(first), ...rest]);
      await importDatabase(Readable.from([dump]), importing, APPEND);
      expect(await into.get(row.id)).toEqual(row);
    });

    it('goes on with revisions above all that came, and above all that were there', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      const row = await from.create(exampleSession('work'), ROOMY);
      let last = row;
      for (let cols = 1; cols <= 20; cols += 1) last = await from.update(row.id, {}, { doc: { cols } });
      await importDatabase(Readable.from([await dumpText(exporting)]), importing, APPEND);
      const next = await into.update(row.id, { rev: last.rev }, { name: 'play' });
      expect(next.rev).toBeGreaterThan(last.rev);

      // The other way round: the dump is the older one.
      let newest = next;
      for (let cols = 1; cols <= 40; cols += 1) newest = await into.update(row.id, {}, { doc: { cols } });
      const dump = await dumpText(exporting);
      await importDatabase(Readable.from([dump]), importing, { replace: true });
      expect((await into.read(row.id))?.rev).toBe(last.rev);
      expect((await into.update(row.id, {}, { name: 'anew' })).rev).toBeGreaterThan(newest.rev);
    });

    it('refuses a database with sessions, even deleted ones, unless it may replace them', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      await fill(from);
      const dump = await dumpText(exporting);
      const theirs = await into.create(exampleSession('theirs'), ROOMY);
      const epochs = await into.epochs();
      const refused = () => importDatabase(Readable.from([dump]), importing, APPEND);
      await expect(refused()).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
      expect(await into.read(theirs.id)).toEqual(theirs);
      await into.delete(theirs.id, {});
      await expect(refused()).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
      expect(await into.epochs()).toEqual(epochs);

      await importDatabase(Readable.from([dump]), importing, { replace: true });
      expect(await into.read(theirs.id)).toBeUndefined();
      expect(rowsOf(await dumpText(importing))).toEqual(rowsOf(dump));
    });

    it('changes nothing for a dump that is cut off, changed, not a dump, or of a newer release', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      await fill(from);
      const kept = await into.create(exampleSession('kept'), ROOMY);
      const state = async () => [
        rowsOf(await dumpText(importing)),
        await into.epochs(),
        await into.listOutbox(0, 10),
      ];
      const before = await state();
      const dump = await dumpText(exporting);
      const lines = dump.trimEnd().split('\n');
      const body = lines.slice(0, -1);
      const [head = '', row = '', ...rest] = body;
      const change = (line: string, members: object) =>
        JSON.stringify({ ...(JSON.parse(line) as object), ...members });
      const { table, row: session } = JSON.parse(row) as { table: string; row: object };
      const doctored = (members: object) =>
        sealed([head, JSON.stringify({ table, row: { ...session, ...members } }), ...rest]);

      const damaged: Record<string, string> = {
        nothing: '',
        'another file': 'this is no dump\n',
        'other JSON': '{"hello":"world"}\n',
        'without its last line': body.map(line => `${line}\n`).join(''),
        'cut in its last line': dump.slice(0, -10),
        'without its last newline': dump.trimEnd(),
        'cut at half': dump.slice(0, dump.length / 2),
        'one row less': [...body.slice(0, -1), lines.at(-1)].map(line => `${line}\n`).join(''),
        'one row less, sealed again': sealed(body.slice(0, -1)),
        'one letter other': dump.replace('"state":"exited"', '"state":"running"'),
        'more after its end': `${dump}${row}\n`,
        'a state that is none': doctored({ state: 'asleep' }),
        'a revision that is none': doctored({ rev: -1 }),
        'a column too many': doctored({ mood: 'good' }),
        'a document that is none': doctored({ doc: 'no JSON' }),
        'an unknown table': sealed([head, row.replace('"session"', '"secrets"'), ...rest]),
        'an id twice': sealed([
          change(head, {
            counts: { session: 4, session_activity: 1, idempotency: 1, token: 2, session_screen: 1 },
          }),
          row,
          row,
          ...rest,
        ]),
      };
      for (const [what, text] of Object.entries(damaged)) {
        const importing_ = importDatabase(Readable.from([text]), importing, { replace: true });
        await expect(importing_, what).rejects.toMatchObject({ code: 'DUMP_DAMAGED' });
      }
      for (const members of [{ version: 99 }, { schema: 99 }]) {
        const newer = sealed([change(head, members), row, ...rest]);
        const importing_ = importDatabase(Readable.from([newer]), importing, { replace: true });
        await expect(importing_).rejects.toMatchObject({ code: 'STORE_TOO_NEW' });
      }
      expect(await state()).toEqual(before);
      expect(await into.update(kept.id, { rev: kept.rev }, { name: 'on' })).toMatchObject({ name: 'on' });
    });

    it('changes nothing when its input breaks off, and lets others write meanwhile', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      await fill(from);
      const dump = await dumpText(exporting);
      const written: string[] = [];
      async function* breaking(): AsyncGenerator<string> {
        yield dump.slice(0, dump.length / 2);
        written.push((await into.create(exampleSession('meanwhile'), ROOMY)).id);
        throw new Error('the disk was pulled out');
      }
      await expect(importDatabase(breaking(), importing, { replace: true })).rejects.toThrow('pulled out');
      expect((await into.list(USER)).map(({ id }) => id)).toEqual(written);
    });

    it('dumps one state while others write, in bounded pieces, and takes it in again', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      const sessions = Array.from({ length: 1201 }, (_, i) => exampleSession(`s${i}`));
      for (let made = 0; made < sessions.length; made += 100)
        await Promise.all(sessions.slice(made, made + 100).map(session => from.create(session, ROOMY)));
      const pieces: string[] = [];
      let longest = 0;
      let first = '';
      const output = new Writable({
        async write(chunk, _encoding, done) {
          first ||= String(chunk);
          pieces.push(String(chunk));
          longest = Math.max(longest, String(chunk).split('\n').length);
          // Between the pieces, so that a dump of several states would show it.
          await from.update(sessions[1200]?.id ?? '', {}, { doc: { cols: pieces.length } });
          await from.create(exampleSession(`late-${pieces.length}`), ROOMY);
          await from.delete(sessions[pieces.length]?.id ?? '', {});
          done();
        },
      });
      expect(await exportDatabase(exporting, output)).toMatchObject({ session: 1201 });
      expect(JSON.parse(first)).toMatchObject({ counts: { session: 1201 } });
      expect(longest).toBeLessThanOrEqual(501);
      const dump = pieces.join('');
      expect(dump).not.toContain('late-');
      expect(dump).not.toMatch(/"deleted_at":\d/);
      const imported = await importDatabase(Readable.from([Buffer.from(dump)]), importing, APPEND);
      expect(imported.counts.session).toBe(1201);
      expect((await into.list(USER)).length).toBe(1201);
    });

    it('dumps screens, which are large, in smaller pieces, and takes them in again', async () => {
      const [from, exporting] = await opened(source);
      const [into, importing] = await opened(target);
      const rows = await Promise.all(
        Array.from({ length: 45 }, (_, i) => from.create(exampleSession(`s${i}`), ROOMY)),
      );
      await from.putScreens(rows.map(row => exampleScreen(row, 1)));
      const pieces: string[] = [];
      const output = new Writable({
        write(chunk, _encoding, done) {
          pieces.push(String(chunk));
          done();
        },
      });
      await exportDatabase(exporting, output);
      const screens = pieces.filter(piece => piece.includes('"session_screen","row"'));
      expect(screens.map(piece => piece.trimEnd().split('\n').length)).toEqual([20, 20, 5]);
      const imported = await importDatabase(Readable.from([pieces.join('')]), importing, APPEND);
      expect(imported.counts.session_screen).toBe(45);
      for (const row of rows) expect(await into.getScreen(row.id)).toMatchObject({ offset: 1 });
    });

    it('gives up a dump whose output fails, and can make the next', async () => {
      const [database, admin] = await opened(source);
      await fill(database);
      const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space')) });
      await expect(exportDatabase(admin, output)).rejects.toThrow('no space');
      expect(rowsOf(await dumpText(admin))).toHaveLength(8);
    });
  });
}
