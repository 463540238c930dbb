/** docs/errors.md from the catalogue: `node --conditions=@triterm/source scripts/generate-error-docs.mjs [--check]`. */
import { ERROR_CATALOG, EXIT_CODES } from '@triterm/core/errors';
import { ERROR_CATEGORIES } from './lib/error-categories.mjs';
import { writeOrCheck } from './lib/generated-file.mjs';

const cell = text => text.replaceAll('|', '\\|');

function section([category, exitCode]) {
  const rows = Object.entries(ERROR_CATALOG)
    .filter(([, spec]) => spec.category === category)
    .map(([code, spec]) => `| \`${code}\` | ${cell(spec.hint)} | ${spec.retryable ? 'yes' : ''} |`);
  return [
    `## ${category} (exit code ${exitCode})`,
    '',
    ERROR_CATEGORIES[category],
    '',
    '| code | what to do | worth a retry |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const exitCodes = Object.entries(EXIT_CODES).toSorted(([, a], [, b]) => a - b);

const text = `# Errors

Every error has a code, a message and a next step. The code is stable: scripts match on it, \`--json\` prints it, the protocol
carries it. Its category decides the exit code of the command line. \`triterm attach\` and \`triterm run\` otherwise leave
with the status of the program (128 + n when signal n ended it).

This page is made from \`packages/core/src/errors/catalog.ts\`; do not edit it.

| exit code | category | |
|---|---|---|
| 0 | | It worked. |
| 1 | | The answer is no: nothing matched, a check found a problem, a drill did not hold. |
| 130 | | It was interrupted: \`drill run\`. |
${exitCodes.map(([category, code]) => `| ${code} | ${category} | ${ERROR_CATEGORIES[category]} |`).join('\n')}

“Worth a retry”: the same request can succeed later without anybody changing anything.

${exitCodes.map(section).join('\n')}`;

writeOrCheck({ 'docs/errors.md': text });
