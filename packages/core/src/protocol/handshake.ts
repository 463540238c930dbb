import { TermError, type WireError } from '../errors/index.ts';

/**
 * The first control frame of each side. Its shape is frozen for ever: whatever else changes, two releases can
 * always tell each other what they are and what to do.
 */
export interface Hello {
  hello: { protocol: VersionRange; software: string; features: string[] };
}
export interface Welcome {
  welcome: { protocol: number; software: string; features: string[] };
}
export interface Reject {
  reject: WireError;
}

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** The highest version that both speak. Throws PROTOCOL_MISMATCH, saying which side is older. */
export function negotiate(own: VersionRange, theirs: VersionRange, theirSoftware: string): number {
  const common = Math.min(own.max, theirs.max);
  if (common >= Math.max(own.min, theirs.min)) return common;
  const older = theirs.max < own.min ? 'older' : 'newer';
  throw new TermError(
    'PROTOCOL_MISMATCH',
    `${theirSoftware} is ${older} than this side: it speaks protocol ${theirs.min} to ${theirs.max}, this one ${own.min} to ${own.max}.`,
  );
}

/** Reads a hello; everything beyond its frozen shape is ignored. Throws BAD_MESSAGE. */
export function parseHello(message: unknown): Hello['hello'] {
  const hello = member(message, 'hello');
  const protocol = member(hello, 'protocol');
  const min = member(protocol, 'min');
  const max = member(protocol, 'max');
  if (!isVersion(min) || !isVersion(max)) throw notHandshake();
  return {
    protocol: { min, max },
    software: text(member(hello, 'software')),
    features: texts(member(hello, 'features')),
  };
}

/** Reads the answer to a hello. Throws the peer's own error when it rejected, BAD_MESSAGE otherwise. */
export function parseWelcome(message: unknown): Welcome['welcome'] {
  const reject = member(message, 'reject');
  if (reject !== undefined) throw TermError.fromWire(reject);
  const welcome = member(message, 'welcome');
  const protocol = member(welcome, 'protocol');
  if (!isVersion(protocol)) throw notHandshake();
  return {
    protocol,
    software: text(member(welcome, 'software')),
    features: texts(member(welcome, 'features')),
  };
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function text(value: unknown): string {
  return isText(value) ? value.slice(0, 1024) : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, 64).filter(isText).map(text) : [];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function notHandshake(): TermError {
  return new TermError('BAD_MESSAGE', 'The peer did not begin with a handshake.');
}
