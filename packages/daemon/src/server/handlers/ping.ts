import type { Handlers } from '../router.ts';

/** Any answer is a sign of life. */
export const PING_HANDLERS: Pick<Handlers, 'ping'> = { ping: () => ({}) };
