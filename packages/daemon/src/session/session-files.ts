import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureSecureDir, writeFileAtomic } from '@triterm/core/config';
import { isSessionId } from '@triterm/core/domain';

/** A session's checkpoint is written to disk at most this often. */
const WRITE_INTERVAL_MS = 5000;

/** Whose a PTY is. */
export interface PtyHolder {
  /** Of the session for which it was started, or taken up last. */
  readonly id: string;
  readonly userId: string;
}

/** What a session keeps on disk beside its row: last screen, packed scrollback, environment, and whose it is. */
export class SessionFiles {
  readonly dir: string;
  readonly #trouble: (error: unknown) => void;
  #latest: Uint8Array | undefined;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<boolean> = Promise.resolve(true);

  constructor(sessionsDir: string, id: string, trouble: (error: unknown) => void) {
    this.dir = join(sessionsDir, id);
    this.#trouble = trouble;
  }

  get historyDir(): string {
    return join(this.dir, 'history');
  }

  /** Makes the directory. Throws UNSAFE_PATH, PERMISSION_DENIED, DISK_FULL or READ_ONLY_STATE. */
  prepare(): void {
    ensureSecureDir(this.dir);
  }

  /** Keeps whose it is, for when the database does not tell any more. Trouble is told. */
  async keepHolder({ id, userId }: PtyHolder): Promise<void> {
    await writeFileAtomic(this.#holderFile, JSON.stringify({ id, userId })).catch(this.#trouble);
  }

  /** As it was kept last; undefined when it was not. */
  async holder(): Promise<PtyHolder | undefined> {
    try {
      return holderOf(JSON.parse(await readFile(this.#holderFile, 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** Keeps the checkpoint for a reboot; the latest wins. */
  keep(checkpoint: Uint8Array): void {
    this.#latest = checkpoint;
    if (this.#timer !== undefined) return;
    const dueMs = Math.max(0, this.#writtenAtMs + WRITE_INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => void this.flush(), dueMs).unref();
  }

  /** Writes what is kept. Whether it is on disk; trouble is told. */
  flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<boolean> {
    const latest = this.#latest;
    if (latest === undefined) return true;
    this.#writtenAtMs = performance.now();
    try {
      await writeFileAtomic(this.#checkpointFile, latest);
    } catch (error) {
      this.#trouble(error);
      return false;
    }
    if (this.#latest === latest) this.#latest = undefined;
    return true;
  }

  /** The last checkpoint that was kept, or null. */
  async lastCheckpoint(): Promise<Uint8Array | null> {
    if (this.#latest !== undefined) return this.#latest;
    await this.#writing;
    try {
      return await readFile(this.#checkpointFile);
    } catch {
      return null;
    }
  }

  /** Removes everything. */
  async discard(): Promise<void> {
    clearTimeout(this.#timer);
    this.#latest = undefined;
    await this.#writing;
    await rm(this.dir, { recursive: true, force: true }).catch(error => this.#trouble(error));
  }

  get #checkpointFile(): string {
    return join(this.dir, 'checkpoint');
  }

  get #holderFile(): string {
    return join(this.dir, 'holder.json');
  }
}

function holderOf(kept: unknown): PtyHolder | undefined {
  if (typeof kept !== 'object' || kept === null || !('id' in kept) || !('userId' in kept)) return undefined;
  const { id, userId } = kept;
  if (typeof id !== 'string' || !isSessionId(id) || typeof userId !== 'string' || userId === '')
    return undefined;
  return { id, userId };
}
