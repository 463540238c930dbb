import { type ErrorCode, errnoName, TermError } from '../errors/index.ts';

/** Codes of what the system says about a file (errno(3)). */
const CODES = new Map<string | undefined, ErrorCode>(
  Object.entries({
    ENOSPC: 'DISK_FULL',
    EDQUOT: 'DISK_FULL',
    EROFS: 'READ_ONLY_STATE',
    EACCES: 'PERMISSION_DENIED',
    EPERM: 'PERMISSION_DENIED',
    ELOOP: 'UNSAFE_PATH',
  } satisfies Record<string, ErrorCode>),
);

/** What went wrong with a file of ours, as DISK_FULL, READ_ONLY_STATE, PERMISSION_DENIED or UNSAFE_PATH; else INTERNAL. */
export function fileError(thrown: unknown, what: string): TermError {
  if (thrown instanceof TermError) return thrown;
  const code = CODES.get(errnoName(thrown)) ?? 'INTERNAL';
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new TermError(code, `${what}: ${reason}`, { cause: thrown });
}
