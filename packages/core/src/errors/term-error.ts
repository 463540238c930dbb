import { ERROR_CATALOG, type ErrorCode, EXIT_CODES, isErrorCode } from './catalog.ts';

/** An error as it travels in a frame. `hint` travels too, so that an old client can show a new daemon's advice. */
export interface WireError {
  code: string;
  message: string;
  hint?: string;
  details?: Record<string, unknown>;
}

/** A peer's message or hint is cut at this length. */
const MAX_TEXT_LENGTH = 8192;

/** The one error class: a code from the catalogue, a message, optional details and the cause. */
export class TermError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  readonly #hint: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown>; hint?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TermError';
    this.code = code;
    this.details = options.details;
    this.#hint = options.hint;
  }

  /** The next step for a person. */
  get hint(): string {
    return this.#hint ?? ERROR_CATALOG[this.code].hint;
  }

  get retryable(): boolean {
    return ERROR_CATALOG[this.code].retryable;
  }

  get exitCode(): number {
    return EXIT_CODES[ERROR_CATALOG[this.code].category];
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  /**
   * Rebuilds a peer's error. A code that this release does not know becomes INTERNAL and keeps message and hint; what has
   * not the shape of a `WireError` is left out.
   */
  static fromWire(wire: unknown): TermError {
    const { code, message, hint, details } = isObject(wire) ? wire : {};
    const known = typeof code === 'string' && isErrorCode(code) ? code : 'INTERNAL';
    return new TermError(known, text(message) ?? 'The other side told no reason.', {
      hint: text(hint),
      ...(isObject(details) ? { details } : {}),
    });
  }

  /** Wraps anything thrown; a TermError passes unchanged. */
  static from(thrown: unknown, code: ErrorCode = 'INTERNAL'): TermError {
    if (thrown instanceof TermError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new TermError(code, message, { cause: thrown });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT_LENGTH) : undefined;
}
