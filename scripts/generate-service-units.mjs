/** systemd/ for packagers, from what renders units: `node --conditions=@triterm/source scripts/generate-service-units.mjs [--check]`. */
import { PTY_HOST_NODE_OPTIONS } from '@triterm/core/domain';
import { SYSTEM_PLACES } from '../packages/cli/src/service/this-setup.ts';
import { renderUnits } from '../packages/cli/src/service/units.ts';
import { writeOrCheck } from './lib/generated-file.mjs';

const PROGRAMS = {
  daemon: ['/usr/bin/tritermd'],
  ptyHost: ['/usr/bin/node', ...PTY_HOST_NODE_OPTIONS, '/usr/bin/triterm-pty-host'],
};

/** What `triterm` takes where nothing is set. `%S` is not the state directory of a user before systemd 254. */
const USER_PLACES = {
  stateDir: '%h/.local/state/triterm',
  runDir: '%h/.local/state/triterm/run',
  configFile: '%h/.config/triterm/config.json',
  environmentFile: '%h/.config/triterm/tritermd.env',
};

const SETUPS = [
  { scope: 'user', account: undefined, ...PROGRAMS, ...USER_PLACES },
  { scope: 'system', account: 'triterm', ...PROGRAMS, ...SYSTEM_PLACES },
];

const HEADER = '# Made from packages/cli/src/service/units.ts; do not edit.\n\n';

const files = SETUPS.flatMap(setup =>
  renderUnits(setup).map(({ name, content }) => [`systemd/${setup.scope}/${name}`, HEADER + content]),
);
writeOrCheck(Object.fromEntries(files));
