/** Members whose values are never logged: secrets, whole environments, what people type and what programs print. */
const SECRET_NAME =
  /pass(word|wd|phrase)?$|secret|token|credential|authori[sz]ation|cookie|api_?key|private_?key|^env$|environment|^(data|input|output|bytes)$/i;
/** Credentials in an address of a store. Its password may be written with characters that none should hold: `redis://:a/b@c@host`. */
const STORE_CREDENTIALS = /\b((?:rediss?|postgres(?:ql)?):\/\/)[^\s"'`]*@/gi;
/** Credentials in any other address: `https://user:password@host`. No scheme is longer; without a bound, a long text takes seconds. */
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]+@/gi;
/** `postgres:///name?password=…`, `REDIS_PASSWORD=…`. */
const ASSIGNED_PASSWORD = /\b(\w*pass(?:word|wd)?=)[^\s&"'`]+/gi;
/** Secret parts of tokens, and what servers show each other. */
const BEARERS = /\b(trt_[0-9a-f]{8}_|trs_)[\w-]{16,}/g;

const HIDDEN = '[hidden]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 50;
const MAX_TEXT_LENGTH = 4096;
/** More than is kept, so that what begins in that and is a secret is seen whole. */
const MAX_LOOKED_AT = 4 * MAX_TEXT_LENGTH;

/** A value as it may stand in the log: no secrets, errors as objects, bounded in depth, width and length. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(item => redact(item, depth + 1));
  const shown: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value).slice(0, MAX_ITEMS))
    shown[name] = SECRET_NAME.test(name) ? HIDDEN : redact(member, depth + 1);
  return shown;
}

export function redactText(text: string): string {
  const shown = text
    .slice(0, MAX_LOOKED_AT)
    .replaceAll(STORE_CREDENTIALS, `$1${HIDDEN}@`)
    .replaceAll(URL_CREDENTIALS, `$1${HIDDEN}@`)
    .replaceAll(ASSIGNED_PASSWORD, `$1${HIDDEN}`)
    .replaceAll(BEARERS, `$1${HIDDEN}`);
  return shown.length > MAX_TEXT_LENGTH ? `${shown.slice(0, MAX_TEXT_LENGTH)}…` : shown;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
