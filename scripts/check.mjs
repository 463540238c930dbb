#!/usr/bin/env node
/** check.mjs: types, lint and format, import rules, dead exports, versions, safeguards. One line each, and what the failed ones said. */
import { runChecks, tellCheck } from './lib/checks.mjs';
import { prepare } from './lib/prepare.mjs';
import { main } from './lib/workspace.mjs';

await main(async () => {
  const results = await runChecks(await prepare({ withBuild: false }), tellCheck);
  return results.some(({ failure }) => failure !== '') ? 1 : 0;
});
