/**
 * stream-to-file SOCKET GENERATION HANDLE FILE: a daemon that appends a PTY's output to a file, from where the file ends,
 * and lets the host forget what it has. Says `began`, and `eof` at the end.
 */
import { openSync, statSync, writeSync } from 'node:fs';
import { HostClient } from '../host-client.ts';

const CREDIT_BYTES = 512 * 1024;
const STEP_BYTES = 128 * 1024;
const CHECKPOINT_BYTES = 1024 * 1024;

const [socketPath = '', generation, handleText, path = ''] = process.argv.slice(2);
const handle = Number(handleText);
const file = openSync(path, 'a');
const begin = statSync(path).size;
const client = await HostClient.connect(socketPath, { generation: Number(generation) });
let granted = begin + CREDIT_BYTES;
let checkpoint = begin;

const stream = await client.subscribe(handle, {
  offset: begin,
  creditBytes: CREDIT_BYTES,
  keep: false,
  onBytes: (offset, bytes, channel) => {
    writeSync(file, bytes);
    const end = offset + bytes.length;
    if (end + CREDIT_BYTES < granted + STEP_BYTES) return;
    granted = end + CREDIT_BYTES;
    client.command('credit', { channel, creditThrough: granted });
    client.command('flow', { handle, floor: end, paceThrough: null });
    if (end - checkpoint < CHECKPOINT_BYTES) return;
    checkpoint = end;
    client.checkpoint(handle, checkpoint, Buffer.from('state'));
  },
});
process.stdout.write('began\n');
await stream.untilEof();
process.stdout.write(`${stream.misplaced === 0 ? 'eof' : 'misplaced'}\n`);
process.exit(0);
