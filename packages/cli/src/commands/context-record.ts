import { type Context, type Contexts, LOCAL_HOST } from '../client/contexts-file.ts';
import { contextNotFound } from '../client/remote-host.ts';

/** A context as commands print it: without its token. */
export interface ContextRecord {
  readonly name: string;
  /** Null for the daemon of this machine. */
  readonly url: string | null;
  readonly current: boolean;
  readonly hasToken: boolean;
  /** The public part of the token, by which `triterm token ls` names it; null when it has none. */
  readonly tokenId: string | null;
  readonly ca: string | null;
}

/** `trt_<id>_<secret>` */
const TOKEN = /^trt_([0-9a-f]{8})_/;

export function contextRecord(
  name: string,
  { url, token, caFile }: Context,
  current: boolean,
): ContextRecord {
  return {
    name,
    url,
    current,
    hasToken: token !== undefined,
    tokenId: (token === undefined ? undefined : TOKEN.exec(token)?.[1]) ?? null,
    ca: caFile ?? null,
  };
}

/** A context by name; without one the current, which may be this machine. Throws CONTEXT_NOT_FOUND. */
export function findContext({ current, byName }: Contexts, wanted: string | undefined): ContextRecord {
  const name = wanted ?? current ?? LOCAL_HOST;
  const isCurrent = name === (current ?? LOCAL_HOST);
  if (name === LOCAL_HOST)
    return { name, url: null, current: isCurrent, hasToken: false, tokenId: null, ca: null };
  const context = byName.get(name);
  if (context === undefined) throw contextNotFound(name, [...byName.keys(), LOCAL_HOST]);
  return contextRecord(name, context, isCurrent);
}

/** How a person reads whether there is a token. */
export function tokenText({ hasToken, tokenId }: ContextRecord): string {
  return tokenId ?? (hasToken ? 'yes' : '-');
}
