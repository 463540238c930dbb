/**
 * Output that came before the listener was attached to a new program was lost, and whoever came back while something was written
 * saw it twice, in what was replayed and in what followed: 26 of 27 lines.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { untilText } from '../support/fleet.ts';
import { Terminal } from '../support/terminal.ts';

const PROGRAMS = 20;
const RETURNS = 12;

describe('output', () => {
  let daemon: DaemonProcess;
  beforeEach(async () => {
    daemon = new DaemonProcess();
    await daemon.start();
  });
  afterEach(() => daemon.dispose());

  it('of a program that writes at once and ends is whole', async () => {
    const names = Array.from({ length: PROGRAMS }, (_, i) => `quick-${i}`);
    await Promise.all(names.map(name => daemon.session(name, ['/bin/echo', `first and last of ${name}`])));
    for (const name of names) {
      await daemon.exited(name);
      const { screen } = await daemon.request('session.capture', { target: name, format: 'text' });
      expect(screen.filter(line => line !== '')).toEqual([`first and last of ${name}`]);
    }
  });

  it('comes once to whoever attaches while it is written, again and again', async () => {
    const count = 'i=0; while :; do i=$((i+1)); echo "line $i"; done';
    await daemon.session('count', ['sh', '-c', count]);
    await untilText(daemon, 'count', 'line [0-9]{4}');
    for (let returns = 0; returns < RETURNS; returns += 1) {
      const terminal = new Terminal({ cols: 80, rows: 24 }, 100_000);
      const client = await daemon.client();
      const attachment = await client.attach('count', {
        historyLines: 100,
        onBytes: bytes => terminal.write(bytes),
      });
      await attachment.until('it goes on', self => self.snapshots > 0 && self.received > 2000);
      await client.close();
      const numbers = (await terminal.allText())
        .map(line => /^line (\d+)$/.exec(line)?.[1])
        .filter(number => number !== undefined)
        .map(Number)
        // The last one may have been cut.
        .slice(0, -1);
      const [from = 0] = numbers;
      expect(numbers.length).toBeGreaterThan(100);
      expect(numbers).toEqual(Array.from(numbers, (_, i) => from + i));
    }
  });
});
