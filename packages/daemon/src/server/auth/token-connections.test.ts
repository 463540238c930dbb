import { expect, it } from 'vitest';
import { TokenConnections } from './token-connections.ts';

it('a token has so many connections and no more, until one has left; others are not concerned', () => {
  const connections = new TokenConnections(() => 2);
  const refused = expect.objectContaining({ code: 'TOO_MANY_CONNECTIONS' });
  const leave = connections.enter('aaaaaaaa');
  connections.enter('aaaaaaaa');
  expect(() => connections.enter('aaaaaaaa')).toThrow(refused);
  connections.enter('bbbbbbbb');
  leave();
  leave();
  connections.enter('aaaaaaaa');
  expect(() => connections.enter('aaaaaaaa')).toThrow(refused);
});
