/**
 * What the measured programs write: the same bytes in every run and on every machine, so that figures and screens can be
 * compared. Each payload is a block of about a megabyte of whole lines (whole frames), which is repeated.
 */
export const PAYLOADS = ['ascii', 'sgr', 'redraw', 'utf8'] as const;
export type Payload = (typeof PAYLOADS)[number];

const BLOCK_BYTES = 1024 * 1024;
const COLS = 120;
const ROWS = 40;
const SEED = 20_261;

/** mulberry32: small, fast, and good enough to keep lines from repeating. */
type Random = () => number;
function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WORDS = (
  'accept account archive batch buffer cache client cluster commit config connect create delete deploy error event ' +
  'fetch filter handler index input invalid item job key limit list lock merge message node offset output packet parse ' +
  'path peer pending query queue range read record reject release request reset retry route schema search server ' +
  'session shard signal socket start state stop store stream sync table task timeout token trace update user value ' +
  'version wait window worker write'
).split(' ');
const CJK =
  '日本語中文漢字端末画面会話保存記録再生接続切断出力入力文字幅試験速度測定結果한국어터미널세션화면';
const EMOJI = ['🚀', '✅', '❌', '🔥', '📦', '👍🏽', '🧪', '⚠️', '👩‍💻', '🇯🇵'];

const UNITS: Record<Payload, (random: Random, count: number) => string> = {
  ascii: logLine,
  sgr: buildLine,
  redraw: frame,
  utf8: worldLine,
};

/** One block of a payload. */
export function payloadBlock(payload: Payload): Buffer {
  const random = randomFrom(SEED);
  const unit = UNITS[payload];
  const units: string[] = [];
  let bytes = 0;
  for (let count = 0; bytes < BLOCK_BYTES; count += 1) {
    const text = unit(random, count);
    units.push(text);
    bytes += Buffer.byteLength(text);
  }
  return Buffer.from(units.join(''));
}

/** How often the block is written to make about so many megabytes. */
export function blocksFor(megabytes: number): number {
  return Math.max(1, Math.round((megabytes * 1e6) / BLOCK_BYTES));
}

/**
 * Ends a payload: on a row that has been blank, so that a peer that redraws only what differs draws all of it. Every
 * terminal that has followed shows the marker then.
 */
export function ending(marker: string): string {
  return `\x1b[0m\x1b[${ROWS};1H\n${marker}\r\n`;
}

/** A plain log line. */
function logLine(random: Random, count: number): string {
  const level = pick(random, ['INFO ', 'INFO ', 'INFO ', 'DEBUG', 'WARN ']);
  return `2026-01-01T00:${two(count / 60)}:${two(count)}.${three(count * 7)}Z ${level} ${pick(random, WORDS)}: ${words(random, 4, 9)} id=${whole(random, 1e6)} in ${whole(random, 900)} ms\n`;
}

/** A line of a coloured build log: some attributes, 16 and 256 colours, now and then truecolor. */
function buildLine(random: Random, count: number): string {
  const done = `\x1b[2m[${count % 9999}/9999]\x1b[0m`;
  const tool = `\x1b[1;3${1 + whole(random, 7)}m${pick(random, ['CC', 'LD', 'GEN', 'TEST', 'COPY'])}\x1b[0m`;
  const path = `\x1b[38;5;${whole(random, 256)}m${words(random, 2, 4).replaceAll(' ', '/')}\x1b[39m.o`;
  const extra =
    random() < 0.2
      ? ` \x1b[4;38;2;${whole(random, 256)};${whole(random, 256)};${whole(random, 256)}mwarning\x1b[0m: ${words(random, 2, 5)}`
      : ` \x1b[90m(${whole(random, 9000)} ms)\x1b[m`;
  return `${done} ${tool} ${path}${extra}\n`;
}

/** A full-screen program's whole frame, row by row at addressed places. */
function frame(random: Random, count: number): string {
  let text = '\x1b[H';
  for (let row = 1; row <= ROWS; row += 1) {
    const label = `${pick(random, WORDS).padEnd(12)} ${String(whole(random, 1e5)).padStart(6)} `;
    const filled = whole(random, COLS - 40);
    text +=
      `\x1b[${row};1H\x1b[7m${three(count)}\x1b[27m ${label}\x1b[42m${' '.repeat(filled)}\x1b[49m` +
      `${'.'.repeat(COLS - 40 - filled)}\x1b[3${whole(random, 8)}m${whole(random, 1000)}\x1b[39m\x1b[K`;
  }
  return text;
}

/** Wide characters, emoji and letters of several scripts. */
function worldLine(random: Random, count: number): string {
  let text = `${count} `;
  const parts = 3 + whole(random, 4);
  for (let part = 0; part < parts; part += 1) {
    const from = whole(random, CJK.length - 12);
    text += `${CJK.slice(from, from + 3 + whole(random, 9))} ${pick(random, EMOJI)} ${pick(random, ['naïve', 'Größe', 'été', 'Ωμέγα', 'привет'])} `;
  }
  return `${text}\n`;
}

function words(random: Random, least: number, most: number): string {
  return Array.from({ length: least + whole(random, most - least + 1) }, () => pick(random, WORDS)).join(' ');
}

function pick(random: Random, from: readonly string[]): string {
  return from[whole(random, from.length)] ?? '';
}

function whole(random: Random, below: number): number {
  return Math.floor(random() * below);
}

function two(value: number): string {
  return String(Math.floor(value) % 60).padStart(2, '0');
}

function three(value: number): string {
  return String(value % 1000).padStart(3, '0');
}
