#!/usr/bin/env node
/**
 * bootstrap.mjs [--build] [--test-tools]: makes a fresh checkout ready; npm runs it before `start` and `test`. It and
 * all that it imports run on Node 20 with nothing installed.
 */
import { prepare } from './lib/prepare.mjs';
import { installTestTools, missingTestTools } from './lib/test-tools.mjs';
import { main, say } from './lib/workspace.mjs';

await main(async () => {
  const options = new Set(process.argv.slice(2));
  await prepare({ withBuild: options.has('--build') });
  if (!options.has('--test-tools')) return;
  installTestTools();
  const missing = missingTestTools();
  if (missing !== undefined) say(missing);
});
