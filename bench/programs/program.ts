/**
 * program.ts SOCKET NAME: what runs in a measured session. It connects to the harness, so that nothing but what it is
 * told to write passes through the terminal, and ends when the harness does.
 */
import { writeSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { nowMs } from '../host/clock.ts';
import type { Greeting, Order, Report } from './orders.ts';
import { ending, type Payload, payloadBlock } from './payloads.ts';

const [socketPath = '', name = ''] = process.argv.slice(2);
/** As much as a busy program writes at once. */
const WRITE_BYTES = 64 * 1024;

const socket = connect(socketPath);
socket.on('close', () => process.exit(0));
socket.on('error', () => process.exit(1));
const greeting: Greeting = { name, pid: process.pid };
socket.write(`${JSON.stringify(greeting)}\n`);
createInterface({ input: socket }).on('line', line => {
  const order = JSON.parse(line) as Order;
  socket.write(`${JSON.stringify(obey(order))}\n`);
});

let redraw: string | undefined;
process.on('SIGWINCH', () => {
  if (redraw !== undefined) write(redraw);
});

function obey(order: Order): Report {
  switch (order.do) {
    case 'flood': {
      const block = payloadBlock(order.payload);
      return timed(() => {
        for (let count = 0; count < order.blocks; count += 1) write(block);
        return order.blocks * block.length + write(ending(order.marker));
      });
    }
    case 'floodOn':
      floodOn(order.payload);
      return timed(() => 0);
    case 'say':
      return timed(() => write(`\r\n${order.text}\r\n`));
    case 'lines': {
      const text = linesOf(order.lines, order.cols);
      redraw = `\r${order.marker}`;
      return timed(() => write(text + redraw));
    }
  }
}

function timed(work: () => number): Report {
  const startedMs = nowMs();
  const bytes = work();
  return { startedMs, bytes, wroteMs: nowMs() };
}

/** Until the harness goes away; in between it is looked whether it has. */
function floodOn(payload: Payload): void {
  const block = payloadBlock(payload);
  let from = 0;
  const more = () => {
    write(block.subarray(from, from + WRITE_BYTES));
    from = from + WRITE_BYTES >= block.length ? 0 : from + WRITE_BYTES;
    setImmediate(more);
  };
  setImmediate(more);
}

function linesOf(lines: number, cols: number): string {
  let text = '';
  for (let line = 1; line <= lines; line += 1) {
    const start = `${line} `;
    text += `${start}${'the quick brown fox jumps over the lazy dog '.repeat(4).slice(0, cols - start.length)}\n`;
  }
  return text;
}

/** The tty is blocking, as programs find it: this waits while the terminal does not take more. */
function write(data: Buffer | string): number {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let at = 0; at < bytes.length; )
    at += writeSync(1, bytes, at, Math.min(WRITE_BYTES, bytes.length - at));
  return bytes.length;
}
