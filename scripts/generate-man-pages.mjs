/**
 * The manual pages of packages/cli/man, from the tables of the commands as commander has them, the schema of the configuration and
 * what tritermd says of itself: `node --conditions=@triterm/source scripts/generate-man-pages.mjs [--check]`.
 */
import { readdirSync, rmSync } from 'node:fs';
import { VERSION } from '@triterm/core/protocol';
import { writeOrCheck } from './lib/generated-file.mjs';
import { commandPages } from './lib/man/command-pages.mjs';
import { clientPage, daemonPage, settingsPage } from './lib/man/main-pages.mjs';
import { inRoot } from './lib/workspace.mjs';

const DIR = 'packages/cli/man';

const pages = {
  'triterm.1': await clientPage(VERSION),
  'tritermd.8': daemonPage(VERSION),
  'triterm-config.5': settingsPage(VERSION),
};
for (const [name, text] of Object.entries(await commandPages(VERSION))) pages[`${name}.1`] = text;

writeOrCheck(Object.fromEntries(Object.entries(pages).map(([name, text]) => [`${DIR}/${name}`, text])));

// Of commands that there are no more.
for (const name of existing().filter(file => !Object.hasOwn(pages, file))) {
  if (process.argv.includes('--check')) {
    process.stderr.write(`${DIR}/${name} is of nothing that there is\n`);
    process.exitCode = 1;
  } else rmSync(inRoot(`${DIR}/${name}`));
}

function existing() {
  try {
    return readdirSync(inRoot(DIR));
  } catch {
    return [];
  }
}
