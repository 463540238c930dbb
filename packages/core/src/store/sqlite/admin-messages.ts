import type { WireError } from '../../errors/index.ts';
import type {
  DatabaseSnapshot,
  DatabaseStatus,
  DumpBatch,
  Imported,
  ImportOptions,
  MigrationOutcome,
} from '../database-admin.ts';

/** What the thread of one administrative task does, one after the other. */
export interface AdminSteps {
  status(): DatabaseStatus;
  migrate(): Promise<MigrationOutcome>;
  /** Begins a snapshot, which `nextBatch` reads to its end. */
  beginExport(): Pick<DatabaseSnapshot, 'schema' | 'counts'>;
  nextBatch(): DumpBatch | undefined;
  /** Keeps rows for `importStaged`, outside the database. */
  stage(batch: DumpBatch): Promise<void>;
  importStaged(options: ImportOptions): Promise<Imported>;
  backup(path: string): void;
  close(): void;
}

export type AdminStep = keyof AdminSteps;
export type StepArguments<S extends AdminStep> = Parameters<AdminSteps[S]>;
export type StepOutcome<S extends AdminStep> = Awaited<ReturnType<AdminSteps[S]>>;

/** What the worker is started with instead of `StoreWorkerData`. */
export interface AdminWorkerData {
  readonly administer: string;
}

/** One at a time. */
export type AdminRequest = {
  [S in AdminStep]: { readonly step: S; readonly args: StepArguments<S> };
}[AdminStep];

export type AdminAnswer = { readonly result: unknown } | { readonly error: WireError };
