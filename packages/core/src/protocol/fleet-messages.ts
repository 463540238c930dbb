import * as z from 'zod';
import { SCOPES } from '../domain/index.ts';

/** Messages about who may come, over all servers. Times are RFC 3339. */

const userName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._@-]*$/, 'expected letters, digits, dots, dashes, underscores or @');

const tokenInfo = z.object({
  /** Its public part: names it in lists, logs and `revoke`. */
  id: z.string(),
  user: z.string(),
  scope: z.enum(SCOPES),
  /** Id of the only session that it admits to; null for all of the user's. */
  session: z.string().nullable(),
  label: z.string(),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
});
export type TokenInfo = z.infer<typeof tokenInfo>;

/**
 * For whom a server speaks that passes on what a client asks; null for what a principal does not have. What a later release adds may
 * restrict: who does not know it refuses.
 */
export const relayedPrincipal = z.strictObject({
  userId: z.string().min(1).max(64),
  scope: z.enum(SCOPES),
  sessionId: z.string().min(1).max(64).nullable(),
  tokenId: z.string().min(1).max(64).nullable(),
  relayedBy: z.string().min(1).max(64),
});

/** The longest life of a token: a hundred years, for who means to say never. */
const MAX_EXPIRY_MS = 100 * 366 * 24 * 3_600_000;

export const FLEET_METHODS = {
  /** The only answer that ever has the token itself. */
  'token.create': {
    params: z.object({
      user: userName.optional(),
      scope: z.enum(SCOPES).default('use'),
      /** Name, id, or the beginning of an id. */
      session: z.string().min(1).max(128).optional(),
      expiresInMs: z.int().min(1).max(MAX_EXPIRY_MS).optional(),
      label: z.string().max(128).default(''),
    }),
    result: z.object({ token: z.string(), info: tokenInfo }),
  },
  'token.list': {
    params: z.object({ user: userName.optional() }),
    result: z.object({ tokens: z.array(tokenInfo) }),
  },
  /** By id, or the beginning of one. Its connections are closed within a second, on every server. */
  'token.revoke': {
    params: z.object({ id: z.string().min(1).max(64) }),
    result: z.object({ token: tokenInfo }),
  },
} as const;
