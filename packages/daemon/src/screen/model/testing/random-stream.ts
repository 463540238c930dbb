import fc from 'fast-check';

/** What a program writes, in pieces. Small numbers, so that small screens are hit everywhere. */
const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 9 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('', '0', '12', '99', '99999', '2147483647', '99999999999') },
);

const ascii = fc.string({
  unit: fc.constantFrom(...'abc xyz#@[]{}|~`_qlkmj01'),
  minLength: 1,
  maxLength: 12,
});
const other = fc
  .array(
    fc.constantFrom(
      'é',
      'ß',
      '世',
      '界',
      '가',
      'あ',
      '\u0301',
      '\u0308',
      '\u200d',
      '😀',
      '👍🏽',
      '\ufe0f',
      '─',
      '𝔸',
      '𠀀',
      '\u00a0',
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map(chars => chars.join(''));
const control = fc.constantFrom(
  '\r',
  '\n',
  '\r\n',
  '\b',
  '\t',
  '\x0b',
  '\x0c',
  '\x0e',
  '\x0f',
  '\x07',
  '\x00',
  '\x7f',
);

function csi(...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...parts).map(all => `\x1b[${all.join('')}`);
}
const one = (final: string) => csi(number, fc.constant(final));
const two = (final: string) => csi(number, fc.constant(';'), number, fc.constant(final));

const colour = fc
  .oneof(
    fc.integer({ min: 30, max: 37 }),
    fc.constantFrom(39, 49, 90, 97, 100, 107),
    fc.integer({ min: 40, max: 47 }),
  )
  .map(String);
const extendedColour = fc
  .tuple(fc.constantFrom(38, 48, 58), fc.constantFrom(';5;', ':5:'), fc.integer({ min: 0, max: 255 }))
  .map(([what, by, index]) => `${what}${by}${index}`);
const rgbColour = fc
  .tuple(fc.constantFrom('38;2;', '48;2;', '38:2::', '58:2::'), fc.integer({ min: 0, max: 255 }))
  .map(([what, level]) => what + [level, 7, 200].join(what.includes(':') ? ':' : ';'));
const attribute = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '2',
    '3',
    '4',
    '5',
    '7',
    '8',
    '9',
    '21',
    '22',
    '23',
    '24',
    '25',
    '27',
    '28',
    '29',
    '53',
    '55',
  ),
  fc.constantFrom('4:0', '4:1', '4:2', '4:3', '4:4', '4:5', '59'),
  colour,
  extendedColour,
  rgbColour,
);
const sgr = fc.array(attribute, { minLength: 1, maxLength: 4 }).map(all => `\x1b[${all.join(';')}m`);

const cursor = fc.oneof(
  ...['A', 'B', 'C', 'D', 'E', 'F', 'G', 'd', 'a', 'e', '`', 'I', 'Z'].map(one),
  two('H'),
  two('f'),
  fc.constantFrom('\x1bD', '\x1bE', '\x1bM', '\x1b[H'),
);
const erase = fc.oneof(
  csi(fc.constantFrom('', '0', '1', '2'), fc.constantFrom('J', 'K')),
  csi(fc.constant('?'), fc.constantFrom('', '0', '1', '2'), fc.constantFrom('J', 'K')),
  one('X'),
  csi(fc.constantFrom('0"q', '1"q', '2"q')),
  fc.constantFrom('\x1b#8', '\x1b[3J'),
);
const edit = fc.oneof(
  ...['@', 'P', 'L', 'M', 'S', 'T'].map(one),
  csi(number, fc.constantFrom(' @', ' A', "'}", "'~")),
);
const margins = fc.oneof(two('r'), fc.constantFrom('\x1b[r', '\x1b[2;4r', '\x1b[1;3r'));
const tabs = fc.constantFrom('\x1bH', '\x1b[g', '\x1b[3g', '\x1b[0g');
const charset = fc.oneof(
  fc.tuple(fc.constantFrom(...'()*+'), fc.constantFrom(...'0ABKR4')).map(all => `\x1b${all.join('')}`),
  fc.constantFrom('\x1bn', '\x1bo', '\x0e', '\x0f', '\x1b%G'),
);
const privateMode = fc.constantFrom(
  ...[1, 2, 6, 7, 9, 12, 25, 45, 66, 1000, 1002, 1003, 1004, 1006, 1016, 2004, 2026],
  ...[5, 1005, 1007, 1015, 2031],
);
const mode = fc.oneof(
  fc.tuple(privateMode, fc.constantFrom('h', 'l')).map(([which, set]) => `\x1b[?${which}${set}`),
  fc
    .tuple(fc.constantFrom('4', '20', '4;20'), fc.constantFrom('h', 'l'))
    .map(([which, set]) => `\x1b[${which}${set}`),
  fc.constantFrom('\x1b=', '\x1b>', '\x1b[?1;6;2004h'),
);
const screen = fc
  .tuple(fc.constantFrom('47', '1047', '1049', '1048'), fc.constantFrom('h', 'l'))
  .map(([which, set]) => `\x1b[?${which}${set}`);
const save = fc.constantFrom('\x1b7', '\x1b8', '\x1b[s', '\x1b[u');
const reset = fc.constantFrom('\x1bc', '\x1b[!p');
const cursorStyle = csi(fc.constantFrom('', '0', '1', '2', '3', '4', '5', '6'), fc.constant(' q'));
const repeat = one('b');
const keyboard = fc.oneof(
  fc.tuple(fc.constantFrom('>', '<', '='), number).map(([what, flags]) => `\x1b[${what}${flags}u`),
  fc.tuple(number, fc.constantFrom('1', '2', '3')).map(([flags, how]) => `\x1b[=${flags};${how}u`),
  fc.constantFrom('\x1b[>4;1m', '\x1b[>4;2m', '\x1b[>4m', '\x1b[>4n', '\x1b[>4;0m'),
);
const end = fc.constantFrom('\x07', '\x1b\\');
const link = fc
  .tuple(fc.constantFrom('8;;http://a', '8;;http://b;c', '8;id=x;http://a', '8;;', '8;;'), end)
  .map(([text, by]) => `\x1b]${text}${by}`);
const title = fc.oneof(
  fc
    .tuple(fc.constantFrom('0', '1', '2'), fc.constantFrom('title', 'ÄÖ 世', ''), end)
    .map(([what, text, by]) => `\x1b]${what};${text}${by}`),
  fc.constantFrom(
    '\x1b[22t',
    '\x1b[23t',
    '\x1b[22;1t',
    '\x1b[22;2t',
    '\x1b[23;1t',
    '\x1b[23;2t',
    '\x1b[22;0t',
  ),
);
const palette = fc
  .tuple(
    fc.constantFrom(
      '4;1;#123456',
      '4;2;rgb:1/2/3;3;red',
      '104',
      '104;1',
      '10;#fff',
      '11;#000;#111',
      '110',
      '112',
    ),
    end,
  )
  .map(([text, by]) => `\x1b]${text}${by}`);
const query = fc.constantFrom(
  ...[
    '\x1b[c',
    '\x1b[>c',
    '\x1b[5n',
    '\x1b[6n',
    '\x1b[?6n',
    '\x1b[?25$p',
    '\x1b[4$p',
    '\x1b[?2026$p',
    '\x1b[18t',
    '\x1b[?u',
  ],
  ...[
    '\x1bP$qm\x1b\\',
    '\x1bP$qr\x1b\\',
    '\x1bP$q q\x1b\\',
    '\x1bP+q544e\x1b\\',
    '\x1b]11;?\x07',
    '\x1b]4;1;?\x1b\\',
    '\x1b[>q',
  ],
);
/** Sequences that nobody knows, that are cut short or run into each other, and bytes that are no text. */
const broken = fc.oneof(
  fc.constantFrom(
    ...[
      '\x1b',
      '\x1b[',
      '\x1b[3',
      '\x1b[3;',
      '\x1b[?',
      '\x1b[4:',
      '\x1b[1 ',
      '\x1b[1<',
      '\x1b(',
      '\x1b]',
      '\x1b]2;x',
      '\x1b]8;;http://z',
    ],
    ...[
      '\x1bP',
      '\x1bP1',
      '\x1bP$',
      '\x1bP$q',
      '\x1bP1<',
      '\x1bPq#0~',
      '\x1b_G',
      '\x1b^',
      '\x1bX',
      '\x18',
      '\x1a',
      '\x1b\\',
      '\x1b[1;2;3z',
    ],
    ...[
      '\x1b[5;5;5',
      '\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1',
      '\x1b]52;c;YQ==\x07',
      '\x1b[38;2;1',
    ],
  ),
);
const bytes = fc.uint8Array({ maxLength: 4 });

/** Everything but what resets, which makes streams dull. */
export const pieceOfOutput: fc.Arbitrary<string> = fc.oneof(
  { weight: 30, arbitrary: ascii },
  { weight: 14, arbitrary: other },
  { weight: 12, arbitrary: control },
  { weight: 14, arbitrary: sgr },
  { weight: 14, arbitrary: cursor },
  { weight: 10, arbitrary: erase },
  { weight: 8, arbitrary: edit },
  { weight: 5, arbitrary: margins },
  { weight: 3, arbitrary: tabs },
  { weight: 5, arbitrary: charset },
  { weight: 9, arbitrary: mode },
  { weight: 5, arbitrary: screen },
  { weight: 6, arbitrary: save },
  { weight: 1, arbitrary: reset },
  { weight: 2, arbitrary: cursorStyle },
  { weight: 4, arbitrary: repeat },
  { weight: 4, arbitrary: keyboard },
  { weight: 5, arbitrary: link },
  { weight: 4, arbitrary: title },
  { weight: 2, arbitrary: palette },
  { weight: 3, arbitrary: query },
  { weight: 6, arbitrary: broken },
);

/** The bytes of a stream of such pieces, with a few that are no text among them. */
export const randomOutput: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 40, arbitrary: pieceOfOutput.map(text => Buffer.from(text)) },
      { weight: 1, arbitrary: bytes },
    ),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map(pieces => new Uint8Array(Buffer.concat(pieces)));

export const smallSize: fc.Arbitrary<{ cols: number; rows: number }> = fc.record({
  cols: fc.oneof(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 13, max: 30 })),
  rows: fc.integer({ min: 2, max: 8 }),
});
