/** Another server, or this one, as the database had it a moment ago. */
export interface KnownServer {
  readonly id: string;
  /** Where it can be reached; null: nowhere. */
  readonly advertiseUrl: string | null;
  readonly hostId: string;
  readonly bootId: string;
  readonly incarnation: number;
  /** Its lease has not lapsed. */
  readonly alive: boolean;
  /** Milliseconds since 1970 since when its lease has lapsed; null while it is alive. */
  readonly unreachableSince: number | null;
  readonly draining: boolean;
}

/** The servers that share the database, read again every second or so. */
export interface ServerDirectory {
  /** By what was read last, or reads once when it is not known. Never rejects: while the database is away, what was known before. */
  find(id: string): Promise<KnownServer | undefined>;
  /** By what was read last; empty before the first reading. */
  list(): readonly KnownServer[];
  /** There are, or were when the database was last asked, others than this one. */
  readonly hasOthers: boolean;
  /** The same, or others may have come since: when the database can't be asked, only a server that is not one of several is sure. */
  readonly mayHaveOthers: boolean;
  /** Whether this server is, or was, known by that id, and no other one has taken it since. By what was read last. */
  isOwn(id: string): boolean;
  /** Reads them now. Never rejects. */
  refresh(): Promise<void>;
  /** Called when a server's lease has lapsed, or it has one again. Returns what ends it. */
  watch(listener: (server: KnownServer) => void): () => void;
  close(): void;
}
