import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { connectError, isBroken, NoAnswer, storeError, wasCut } from './postgres-error.ts';

const endpoint = { host: 'db.example', port: 5432, database: 'triterm', user: 'me' };

function fromServer(code: string, severity = 'ERROR', members: object = {}): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('said so', 0, 'error'), { code, severity, ...members });
}

function fromSystem(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

describe('what a statement fails with', () => {
  it.each([
    ['53100', 'DISK_FULL'],
    ['53300', 'STORE_UNAVAILABLE'],
    ['25006', 'STORE_NOT_PRIMARY'],
    ['57014', 'STORE_UNAVAILABLE'],
    ['55P03', 'STORE_UNAVAILABLE'],
    ['40P01', 'STORE_UNAVAILABLE'],
    ['42501', 'STORE_REFUSED'],
    ['XX001', 'STORE_CORRUPT'],
    ['42P01', 'INTERNAL'],
  ])('as the server’s %s is %s, also of a write: it was not done', (sqlstate, code) => {
    for (const committing of [false, true]) {
      const error = storeError(fromServer(sqlstate), { endpoint, committing });
      expect(error).toMatchObject({ code, details: { sqlstate } });
    }
  });

  it('is a taken name where the index of names says so, and no other index', () => {
    const violated = (constraint: string) =>
      storeError(fromServer('23505', 'ERROR', { constraint }), { endpoint, committing: true }).code;
    expect(violated('session_user_name')).toBe('NAME_TAKEN');
    expect(violated('session_pkey')).toBe('INTERNAL');
  });

  it.each([
    ['an end of the connection', new Error('Connection terminated unexpectedly')],
    ['a reset', fromSystem('ECONNRESET')],
    ['no answer', new NoAnswer()],
    ['a shutdown', fromServer('57P01', 'FATAL')],
    ['a crash', fromServer('57P02', 'FATAL')],
  ])('is not known of a write, and nothing that was done of a read, at %s', (_, thrown) => {
    expect(isBroken(thrown)).toBe(true);
    expect(storeError(thrown, { endpoint, committing: true }).code).toBe('OUTCOME_UNKNOWN');
    expect(storeError(thrown, { endpoint, committing: false }).code).toBe('STORE_UNAVAILABLE');
  });

  it('may go by with another connection where this one was cut, and not where the server hangs or is away', () => {
    expect(
      [new Error('Connection terminated unexpectedly'), fromServer('57P01', 'FATAL')].map(wasCut),
    ).toEqual([true, true]);
    expect([new NoAnswer(), fromSystem('ECONNREFUSED'), fromServer('57P03', 'FATAL')].map(wasCut)).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('what connecting fails with', () => {
  it.each([
    ['no such host', fromSystem('ENOTFOUND'), 'STORE_REFUSED', /no host db\.example/],
    ['a wrong password', fromServer('28P01', 'FATAL'), 'STORE_REFUSED', /refused the user me/],
    ['no such database', fromServer('3D000', 'FATAL'), 'STORE_REFUSED', /no database triterm/],
    ['no TLS there', new Error('The server does not support SSL connections'), 'STORE_REFUSED', /SSL/],
    ['a strange certificate', fromSystem('SELF_SIGNED_CERT_IN_CHAIN'), 'STORE_REFUSED', /SELF_SIGNED/],
    ['no password given', new Error('SASL: client password must be a string'), 'STORE_REFUSED', /password/],
    ['nobody there', fromSystem('ECONNREFUSED'), 'STORE_UNAVAILABLE', /can't be reached/],
    ['a name service that is away', fromSystem('EAI_AGAIN'), 'STORE_UNAVAILABLE', /EAI_AGAIN/],
    ['a server that starts', fromServer('57P03', 'FATAL'), 'STORE_UNAVAILABLE', /said so/],
    ['too many connections', fromServer('53300', 'FATAL'), 'STORE_UNAVAILABLE', /said so/],
  ] as const)('at %s says so', (_, thrown, code, message) => {
    expect(connectError(thrown, endpoint)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('names each reason where several addresses were tried', () => {
    const tried = new AggregateError(
      [fromSystem('ECONNREFUSED', 'refused ::1'), new Error('refused 127.0.0.1')],
      '',
    );
    expect(connectError(tried, endpoint).message).toContain('refused ::1, refused 127.0.0.1');
  });

  it('says what a pooler needs that takes no settings', () => {
    const thrown = Object.assign(fromServer('08P01', 'FATAL'), {
      message: 'unsupported startup parameter: statement_timeout',
    });
    expect(connectError(thrown, endpoint)).toMatchObject({
      code: 'STORE_REFUSED',
      hint: expect.stringContaining('ignore_startup_parameters'),
    });
  });
});
