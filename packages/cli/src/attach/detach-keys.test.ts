import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DetachKeys, type InputEvent, SEQUENCE_TIMEOUT_MS, TWICE_TIMEOUT_MS } from './detach-keys.ts';
import { parseWatchedKey } from './key-forms.ts';

const KEYS = { detach: parseWatchedKey('C-\\'), switch: parseWatchedKey('C-]') };

/** What becomes of the reads, and of the silence after them. */
function decided(chunks: readonly string[], keys: ConstructorParameters<typeof DetachKeys>[0] = KEYS) {
  const detachKeys = new DetachKeys(keys);
  const events = chunks.flatMap(chunk => detachKeys.push(Buffer.from(chunk, 'latin1')));
  while (detachKeys.timeoutMs !== undefined) events.push(...detachKeys.timeUp());
  return summary(events);
}

function summary(events: readonly InputEvent[]) {
  const sent = events.flatMap(event => (event.kind === 'send' ? [event.bytes] : []));
  return {
    sent: Buffer.concat(sent).toString('latin1'),
    acts: events.flatMap(event => (event.kind === 'act' ? [event.action] : [])),
    answers: events.flatMap(event => (event.kind === 'answer' ? [event.bytes.toString('latin1')] : [])),
  };
}

function everyDivision(text: string): string[][] {
  return Array.from({ length: text.length + 1 }, (_, at) => [text.slice(0, at), text.slice(at)]);
}

describe('DetachKeys', () => {
  it.each(['\x1c', '\x1b[92;5u', '\x1b[27;5;92~', '\x1b[92;5:1u\x1b[92;5:3u', '\x1b[92::92;69u'])(
    'detaches at %j',
    form => {
      expect(decided([`ab${form}`])).toEqual({ sent: 'ab', acts: ['detach'], answers: [] });
    },
  );

  it.each(['\x1b[92;5u', '\x1b[27;5;92~', '\x1b[93;5u'])('finds %j in every division', form => {
    const action = form.includes('93') ? 'switch' : 'detach';
    for (const chunks of everyDivision(`a${form}`)) {
      const { sent, acts } = decided(chunks);
      expect(acts).toEqual([action]);
      // A lone ESC is not kept back.
      expect(sent).toMatch(/^a\x1b?$/);
    }
    const alone = decided([...`a${form}`]);
    expect(alone.acts).toEqual([action]);
  });

  it('waits for a second press, and sends that on once', () => {
    const keys = new DetachKeys(KEYS);
    expect(keys.push(Buffer.from('\x1c'))).toEqual([]);
    expect(keys.timeoutMs).toBe(TWICE_TIMEOUT_MS);
    expect(summary(keys.push(Buffer.from('\x1c')))).toEqual({ sent: '\x1c', acts: [], answers: [] });
    expect(keys.timeoutMs).toBeUndefined();
    expect(decided(['\x1c\x1c'])).toEqual({ sent: '\x1c', acts: [], answers: [] });
    expect(decided(['\x1d\x1d\x1d\x1d'])).toEqual({ sent: '\x1d\x1d', acts: [], answers: [] });
    expect(decided(['\x1b[92;5:1u\x1b[92;5:3u\x1b[92;5:1u\x1b[92;5:3u'])).toEqual({
      sent: '\x1b[92;5:1u\x1b[92;5:3u',
      acts: [],
      answers: [],
    });
  });

  it('swallows repetitions of a key that is held down', () => {
    expect(decided(['\x1b[92;5:1u\x1b[92;5:2u\x1b[92;5:2u'])).toEqual({
      sent: '',
      acts: ['detach'],
      answers: [],
    });
  });

  it('drops what follows a single press', () => {
    expect(decided(['a\x1cb'])).toEqual({ sent: 'a', acts: ['detach'], answers: [] });
    expect(decided(['\x1c\x1d'])).toEqual({ sent: '', acts: ['detach'], answers: [] });
  });

  it('takes nothing within a bracketed paste for a key, wherever it is divided', () => {
    const paste = '\x1b[200~a\x1cb\x1b[92;5u\x1d\x1b[201~';
    for (const chunks of everyDivision(paste)) {
      expect(decided(chunks)).toEqual({ sent: paste, acts: [], answers: [] });
      expect(decided([...chunks, '\x1c']).acts).toEqual(['detach']);
    }
    expect(decided([...paste])).toEqual({ sent: paste, acts: [], answers: [] });
  });

  it('sends a lone ESC at once, and other beginnings of sequences when nothing follows', () => {
    const keys = new DetachKeys(KEYS);
    expect(summary(keys.push(Buffer.from('\x1b'))).sent).toBe('\x1b');
    expect(keys.timeoutMs).toBeUndefined();
    expect(summary(keys.push(Buffer.from('x\x1b['))).sent).toBe('x');
    expect(keys.timeoutMs).toBe(SEQUENCE_TIMEOUT_MS);
    expect(summary(keys.timeUp()).sent).toBe('\x1b[');
    expect(keys.timeoutMs).toBeUndefined();
  });

  it('takes the answers of the terminal out', () => {
    const answers = ['\x1b]10;rgb:ffff/ffff/ffff\x1b\\', '\x1b]11;rgb:0000/0000/0000\x07', '\x1b[?62;22c'];
    for (const chunks of everyDivision(`a${answers.join('')}b`).slice(2)) {
      const { sent, answers: found } = decided(chunks);
      expect(sent.replace('\x1b', '')).toBe('ab');
      expect(found).toEqual(answers);
    }
  });

  it('sends everything else unchanged, in any division', () => {
    const part = fc.oneof(
      fc.string({ maxLength: 8 }).map(text => text.replace(/[\x1c\x1d\x1b]/g, '.')),
      fc.constantFrom(
        '\x1b[A',
        '\x1bOA',
        '\x1bx',
        '\x1b[<0;3;4M',
        '\x1b[97;5u',
        '\x1b[200~x\x1c\x1b[201~',
        '\x1b',
      ),
      fc.constantFrom('\x1b]52;c;aGk=\x07', '\x1b]', '\x1bP1$r0m\x1b\\', '\x1b[I', '\x1b[24;1R', '\x1b\x1b'),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 12 }),
        fc.array(fc.nat(60), { maxLength: 5 }),
        (parts, cuts) => {
          const text = Buffer.from(parts.join('')).toString('latin1');
          const places = [0, ...cuts.filter(cut => cut < text.length).sort((a, b) => a - b), text.length];
          const chunks = places.slice(1).map((end, at) => text.slice(places[at], end));
          expect(decided(chunks)).toEqual({ sent: text, acts: [], answers: [] });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('watches keys that begin with ESC only where they come in one', () => {
    const keys = { detach: parseWatchedKey('M-x'), switch: parseWatchedKey('F1') };
    expect(decided(['a\x1bx'], keys)).toEqual({ sent: 'a', acts: ['detach'], answers: [] });
    expect(decided(['a\x1b', 'x'], keys)).toEqual({ sent: 'a\x1bx', acts: [], answers: [] });
    expect(decided(['\x1bOP'], keys).acts).toEqual(['switch']);
    expect(decided(['\x1b[1;1:1P'], keys).acts).toEqual(['switch']);
    expect(decided(['\x1bOQ'], keys)).toEqual({ sent: '\x1bOQ', acts: [], answers: [] });
  });

  it('sees cursor keys in both of their modes', () => {
    const keys = { detach: parseWatchedKey('PageUp'), switch: parseWatchedKey('Home') };
    expect(decided(['\x1b[5~'], keys).acts).toEqual(['detach']);
    expect(decided(['\x1b[H'], keys).acts).toEqual(['switch']);
    expect(decided(['\x1bOH'], keys).acts).toEqual(['switch']);
  });
});
