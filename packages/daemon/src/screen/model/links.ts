import type { ByteReader, ByteWriter } from './byte-codec.ts';
import type { XtermLinkService } from './xterm-internals.ts';

export interface Link {
  readonly id?: string;
  readonly uri: string;
}

/** Links after which those that no cell shows are forgotten. */
const COLLECT_AFTER = 1024;

const MAX_LINKS = 1 << 24;
const MAX_TEXT_BYTES = 65_536;

/**
 * The hyperlinks of OSC 8, by the number that cells carry. Takes the place of the terminal's own table, which forgets a link when
 * the row where it began is erased, and costs a marker a row.
 */
export class LinkTable implements XtermLinkService {
  readonly #links = new Map<number, Link>();
  readonly #byId = new Map<string, number>();
  readonly #usedLinks: () => Set<number>;
  #next = 1;
  #collectAt = COLLECT_AFTER;

  constructor(usedLinks: () => Set<number>) {
    this.#usedLinks = usedLinks;
  }

  registerLink(data: Link): number {
    const key = data.id === undefined ? undefined : `${data.id}\n${data.uri}`;
    const known = key === undefined ? undefined : this.#byId.get(key);
    if (known !== undefined) return known;
    if (this.#links.size >= this.#collectAt) this.#collect();
    const link = this.#next;
    this.#next += 1;
    this.#add(link, data.id === undefined ? { uri: data.uri } : { id: data.id, uri: data.uri });
    return link;
  }

  addLineToLink(): void {
    // Rows are not tracked: a link lives as long as a cell shows it.
  }

  getLinkData(link: number): Link | undefined {
    return this.#links.get(link);
  }

  /** Every link that a cell shows, and the next number. */
  write(writer: ByteWriter): void {
    if (this.#links.size > 0) this.#collect();
    writer.u32(this.#next);
    writer.list(this.#links, this.#links.size, ([link, { id, uri }]) => {
      writer.u32(link);
      writer.flag(id !== undefined);
      writer.text(id ?? '');
      writer.text(uri);
    });
  }

  read(reader: ByteReader): void {
    this.#next = reader.u32();
    const links = reader.list(MAX_LINKS, () => {
      const link = reader.u32(this.#next - 1);
      const hasId = reader.flag();
      const id = reader.text(MAX_TEXT_BYTES);
      const uri = reader.text(MAX_TEXT_BYTES);
      return [link, hasId ? { id, uri } : { uri }] as const;
    });
    for (const [link, data] of links) this.#add(link, data);
    this.#collectAt = Math.max(COLLECT_AFTER, 2 * this.#links.size);
  }

  #add(link: number, data: Link): void {
    this.#links.set(link, data);
    if (data.id !== undefined) this.#byId.set(`${data.id}\n${data.uri}`, link);
  }

  #collect(): void {
    const used = this.#usedLinks();
    for (const link of this.#links.keys()) if (!used.has(link)) this.#links.delete(link);
    for (const [key, link] of this.#byId) if (!used.has(link)) this.#byId.delete(key);
    this.#collectAt = Math.max(COLLECT_AFTER, 2 * this.#links.size);
  }
}
