import { shortDuration } from './duration.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes in the largest unit of which there is one: `512 B`, `1.5 MiB`. */
export function byteText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** A short length of time as precisely as it matters: `0.08 ms`, `12 ms`, `1.5 s`, `3m`. */
export function latencyText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : shortDuration(ms);
}

/** A rate, or any other number that need not be whole: `0`, `0.25`, `12.5`, `1200`. */
export function rateText(value: number): string {
  if (value === 0) return '0';
  return value < 1 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : String(Math.round(value));
}

/** A part of 1 as per cent: `93.1 %`. */
export function percentText(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** `1 entry`, `2 entries`. */
export function countText(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
