import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { Fleet } from '../../../tests/support/fleet.ts';
import { figuresOf } from '../../hybrid-store/figures.ts';
import { payloadBlock } from '../../programs/payloads.ts';
import { lineBreaks } from '../../terminal/screen-state.ts';
import { DIRECT, RELAYED, SUBJECT } from '../measure.ts';
import type { FleetScale } from '../scale.ts';
import type { Reporter } from './load.ts';
import { Typist } from './typist.ts';

const MEGABYTE = 1e6;

/** Ways to one session: the server's own socket, a WebSocket to it, and a WebSocket to another server, which relays. */
export async function ways(scale: FleetScale, reporter: Reporter): Promise<void> {
  await using fleet = await Fleet.start({ listen: true });
  const owner = await fleet.daemon('server-1');
  await fleet.daemon('server-2');
  const token = await fleet.token({ user: 'local', scope: 'admin' });
  const connections: Readonly<Record<string, () => Promise<ProtocolClient>>> = {
    'own socket': () => owner.client(),
    [DIRECT]: () => fleet.client('server-1', { token }),
    [RELAYED]: () => fleet.client('server-2', { token }),
  };
  await owner.session('echo', ['cat']);
  const block = payloadBlock('sgr');
  const payload = join(owner.stateDir, 'payload');
  writeFileSync(payload, block);
  const blocks = Math.max(1, Math.round(scale.floodBytes / block.length));
  // The tty puts a CR before each LF.
  const expected = blocks * (block.length + lineBreaks(block));
  for (const [variant, connect] of Object.entries(connections)) {
    const key = { measure: 'relay', peer: SUBJECT, variant };
    reporter.progress(`relay: ${variant}`);
    const client = await connect();
    const typist = await Typist.attach(client, 'echo');
    const echoMs: number[] = [];
    for (let typed = 0; typed < scale.keys; typed += 1) echoMs.push(await typist.echoMs());
    const { p50, p99 } = figuresOf(echoMs);
    reporter.add({ ...key, metric: 'echo p50 ms' }, p50);
    reporter.add({ ...key, metric: 'echo p99 ms' }, p99);

    const name = `flood-${variant.replace(' ', '-')}`;
    await owner.session(name, [
      'sh',
      '-c',
      `stty -echo; read go; for block in $(seq ${blocks}); do cat ${payload}; done; exec cat`,
    ]);
    const attachment = await client.attach(name, { lossless: true });
    const beganMs = performance.now();
    attachment.type('\n');
    await attachment.until('the flood', ({ received }) => received >= expected, 600_000);
    const seconds = (performance.now() - beganMs) / 1000;
    reporter.add({ ...key, metric: 'MB/s' }, expected / MEGABYTE / seconds);
    await client.close();
  }
}
