export type {
  CreateOptions,
  NewSession,
  SessionChange,
  SessionRow,
  SessionStore,
  WriteGuard,
} from './session-store.ts';
