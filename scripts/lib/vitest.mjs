import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot, ROOT } from './workspace.mjs';

/**
 * Runs the suites, those whose path contains one of the filters where there are any, with `dir` as the place for
 * temporary files. Resolves with how many tests passed, failed and were skipped; what failed outside a test, such as a file
 * that cannot be loaded, counts as a failed one.
 */
export async function runVitest(node, dir, filters) {
  const report = join(dir, 'vitest-report.json');
  const child = spawn(
    node,
    [
      inRoot('node_modules/vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...filters,
    ],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        TMPDIR: dir,
        PATH: `${inRoot('node_modules/.bin')}:${dirname(node)}:${process.env.PATH}`,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  // Whoever ends us means the run; what it has made is cleared away all the same.
  const pass = signal => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass);
  const [status, signal] = await once(child, 'close');
  return count(read(report), signal ?? status);
}

function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    // vitest ended before it could write one, and has said why.
    return { testResults: [] };
  }
}

function count({ testResults }, status) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status: fileStatus, assertionResults } of testResults) {
    for (const { status: result } of assertionResults) {
      if (result === 'passed' || result === 'failed') counts[result] += 1;
      else counts.skipped += 1;
    }
    const told = assertionResults.some(({ status: result }) => result === 'failed');
    if (fileStatus === 'failed' && !told) counts.failed += 1;
  }
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}
