import { Network } from '../namespaces.ts';

/** Makes a network, says `ready` and waits to be killed. */
const network = await Network.create();
await network.host('a');
process.stdout.write('ready\n');
setInterval(() => {}, 60_000);
