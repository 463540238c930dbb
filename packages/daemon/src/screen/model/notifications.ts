import type { ByteReader, ByteWriter } from './byte-codec.ts';

/** UTF-16 units of a notification. */
const MAX_LENGTH = 4096;
const MAX_BYTES = 4 * MAX_LENGTH;

/** Desktop notifications: OSC 9 (iTerm2), 777 (rxvt), 99 (kitty), which may come in parts. */
export class Notifications {
  readonly #tell: (body: string) => void;
  /** Parts of a notification (OSC 99) that is not complete. */
  #id = '';
  #title = '';
  #body = '';

  constructor(tell: (body: string) => void) {
    this.#tell = tell;
  }

  /** The text after `9;`. ConEmu's commands, progress among them, begin with a number. */
  simple(text: string): void {
    if (!/^(?:[1-9]|1[0-2])(?:;|$)/.test(text)) this.#send('', text);
  }

  /** The text after `777;`. */
  rxvt(text: string): void {
    const [command, title, ...body] = text.split(';');
    if (command === 'notify') this.#send(title ?? '', body.join(';'));
  }

  /** The text after `99;`: metadata, a semicolon, payload. */
  kitty(text: string): void {
    const divider = text.indexOf(';');
    if (divider < 0) return;
    const metadata = new Map(
      text
        .slice(0, divider)
        .split(':')
        .map(field => [field.slice(0, 1), field.slice(2)]),
    );
    const part = metadata.get('p') ?? 'title';
    if (part !== 'title' && part !== 'body') return;
    const raw = text.slice(divider + 1);
    const payload = metadata.get('e') === '1' ? Buffer.from(raw, 'base64').toString('utf8') : raw;
    const id = (metadata.get('i') ?? '').slice(0, MAX_LENGTH);
    if (id !== this.#id) this.#forget();
    this.#id = id;
    if (part === 'title') this.#title = (this.#title + payload).slice(0, MAX_LENGTH);
    else this.#body = (this.#body + payload).slice(0, MAX_LENGTH);
    if (metadata.get('d') === '0') return;
    this.#send(this.#title, this.#body);
    this.#forget();
  }

  write(writer: ByteWriter): void {
    for (const text of [this.#id, this.#title, this.#body]) writer.text(text);
  }

  read(reader: ByteReader): void {
    this.#id = reader.text(MAX_BYTES);
    this.#title = reader.text(MAX_BYTES);
    this.#body = reader.text(MAX_BYTES);
  }

  #send(title: string, body: string): void {
    const text = [title, body]
      .map(part => part.replace(/[\x00-\x1f\x7f]+/g, ' ').trim())
      .filter(part => part !== '')
      .join(': ');
    if (text !== '') this.#tell(text.slice(0, MAX_LENGTH));
  }

  #forget(): void {
    this.#id = '';
    this.#title = '';
    this.#body = '';
  }
}
