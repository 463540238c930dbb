export { ERROR_CATALOG, type ErrorCategory, type ErrorCode, EXIT_CODES, isErrorCode } from './catalog.ts';
export { errnoName } from './errno-name.ts';
export { TermError, type WireError } from './term-error.ts';
