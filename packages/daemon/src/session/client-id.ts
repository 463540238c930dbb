import { createHmac, randomBytes } from 'node:crypto';

/** Shown to everybody who sees the session. */
const LENGTH = 8;
/** Without it clients could look for a token that gives them another client's id: so few characters are soon found. */
const KEY = randomBytes(32);

/** What a client is called in lists, by its attachment's token: the same as often as it comes back, until this daemon ends. */
export function clientId(token: string): string {
  return createHmac('sha256', KEY).update(token).digest('hex').slice(0, LENGTH);
}
