#!/usr/bin/env node
/**
 * test.mjs: the checks and every suite, against the build. test.mjs PATH…: the suites whose path contains one of these.
 * The last line is `N passed, N failed`, with `, N skipped` where tests were; a check counts as one, and so does a
 * process that a test has left behind.
 */
import { runChecks, tellCheck } from './lib/checks.mjs';
import { prepare } from './lib/prepare.mjs';
import { Scratch } from './lib/scratch.mjs';
import { installTestTools, missingTestTools } from './lib/test-tools.mjs';
import { runVitest } from './lib/vitest.mjs';
import { main, say } from './lib/workspace.mjs';

await main(async () => {
  const filters = process.argv.slice(2);
  // npm has done both before, unless it was told to run no scripts.
  const node = await prepare({ withBuild: true });
  installTestTools();

  const checks = filters.length === 0 ? await runChecks(node, tellCheck) : [];
  const failedChecks = checks.filter(({ failure }) => failure !== '').length;

  const scratch = new Scratch();
  let tests;
  let left;
  try {
    tests = await runVitest(node, scratch.dir, filters);
  } finally {
    left = await scratch.clear();
  }
  for (const command of left) process.stdout.write(`FAIL left behind by a test: ${command}\n`);
  const missing = missingTestTools();
  if (missing !== undefined) say(missing);

  const ran = tests.passed + tests.failed;
  if (ran === 0) say('no test ran');
  const passed = checks.length - failedChecks + tests.passed;
  const failed = failedChecks + tests.failed + left.length;
  const skipped = tests.skipped === 0 ? '' : `, ${tests.skipped} skipped`;
  process.stdout.write(`${passed} passed, ${failed} failed${skipped}\n`);
  return failed === 0 && ran > 0 ? 0 : 1;
});
