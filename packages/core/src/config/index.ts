export { type AtomicWriteOptions, writeFileAtomic, writeFileAtomicSync } from './atomic-file.ts';
export {
  CLIENT_DEFAULTS,
  type ClientSettings,
  MAX_HISTORY_LINES,
  readClientSettings,
} from './client-settings.ts';
export { OPERATOR_VARIABLES } from './operator-variables.ts';
export { type Paths, resolvePaths } from './paths.ts';
export { type Exposure, exposureOf } from './private-file.ts';
export {
  checkSocketPath,
  ensureSecureDir,
  MAX_SOCKET_PATH_BYTES,
  makeDirectory,
  verifySecureSocket,
} from './secure-dir.ts';
export { fileError } from './system-error.ts';
