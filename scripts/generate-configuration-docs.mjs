/**
 * docs/configuration.md from its introduction and the schema:
 * `node --conditions=@triterm/source scripts/generate-configuration-docs.mjs [--check]`.
 */
import { readFileSync } from 'node:fs';
import { describeSettings } from '@triterm/core/config/load';
import { TAKEN_UP } from '../packages/cli/src/commands/config/take-up.ts';
import { writeOrCheck } from './lib/generated-file.mjs';
import { inRoot } from './lib/workspace.mjs';

const INTRODUCTION = 'scripts/lib/configuration.md';

const sections = describeSettings().map(
  ({ setting, description, allowed, default: byDefault, variables, reload }) => {
    const names = variables.map(name => `\`${name}\``).join(', ');
    const facts = [
      allowed,
      `default \`${JSON.stringify(byDefault)}\``,
      names,
      `taken up ${TAKEN_UP[reload]}`,
    ];
    return [`### ${setting}`, '', description, '', facts.join(' · '), ''].join('\n');
  },
);

const introduction = readFileSync(inRoot(INTRODUCTION), 'utf8').trimEnd();
writeOrCheck({ 'docs/configuration.md': `${introduction}\n\n${sections.join('\n')}` });
