export { ERROR_CATALOG, type ErrorCategory, type ErrorCode, EXIT_CODES } from './catalog.ts';
export { TermError, type WireError } from './term-error.ts';
