/** An input filter took control characters for junk: Ctrl-Z, Ctrl-A and Ctrl-R never reached the program. */
import { expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

/** Ctrl-\ detaches and Ctrl-] switches; the configuration moves them. */
const OWN_KEYS: readonly number[] = [0x1c, 0x1d];

it('every control character of an attached terminal reaches the program', async () => {
  await using triterm = new Triterm();
  const codes = Array.from({ length: 0x1f }, (_, i) => i + 1).filter(code => !OWN_KEYS.includes(code));
  const read = `got=$(head -c ${codes.length + 1} | od -An -v -tu1)`;
  const show = `stty raw -echo; printf READY; ${read}; stty sane; echo "$got"; sleep 1000`;
  await triterm.ok('new', '-d', '-n', 'work', '--', 'sh', '-c', show);
  await using terminal = triterm.open(['attach', 'work']);
  await terminal.untilText('READY');
  // One by one, as fingers do; DEL at last.
  for (const code of [...codes, 0x7f]) terminal.type(String.fromCharCode(code));
  const { text } = await terminal.untilText(/\b127\b/);
  const got = text.replace('READY', '').trim().split(/\s+/).map(Number);
  expect(got).toEqual([...codes, 0x7f]);
});

it('Ctrl-Z stops a job, Ctrl-A and Ctrl-R edit the line', async () => {
  await using triterm = new Triterm({ SHELL: '/bin/bash' });
  await triterm.ok('new', '-d', '-n', 'work', '--', 'bash', '--norc', '--noprofile', '-i');
  await using terminal = triterm.open(['attach', 'work']);
  await terminal.untilText(/\$ ?$/);
  terminal.type('sleep 1000\r');
  await terminal.untilText('sleep 1000');
  terminal.type('\x1a');
  await terminal.untilText(/Stopped/);
  terminal.type('cho first-$((40+2))\x01e\r');
  await terminal.untilText('first-42');
  terminal.type('\x12first');
  await terminal.untilText(/reverse-i-search/);
  terminal.type('\r');
  await terminal.until(({ rows }) => rows.filter(row => row === 'first-42').length === 2);
});
