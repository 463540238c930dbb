/** docs/configuration.md from the schema: `node --conditions=@triterm/source scripts/generate-configuration-docs.mjs [--check]`. */
import { configSchema } from '@triterm/core/config/load';
import * as z from 'zod';
import { writeOrCheck } from './lib/generated-file.mjs';

const variable = setting => `TRITERM_${setting.replaceAll(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`;

const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** What a setting may be, for a person. */
function values({ type, enum: choices, anyOf, minimum, maximum, maxLength }) {
  if (choices !== undefined) return choices.map(choice => `\`${choice}\``).join(', ');
  if (anyOf !== undefined) return anyOf.map(values).join(' or ');
  if (type === 'null') return '`null`';
  if (type === 'integer') {
    const least = minimum === undefined || minimum <= -UNBOUNDED ? '' : ` from ${minimum}`;
    const most = maximum === undefined || maximum >= UNBOUNDED ? '' : ` to ${maximum}`;
    return `whole number${least}${most}`;
  }
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'array') return 'list of strings';
  return maxLength === undefined ? 'string' : `string of at most ${maxLength} characters`;
}

const { properties } = z.toJSONSchema(configSchema);

const sections = Object.entries(properties).map(([setting, schema]) =>
  [
    `## ${setting}`,
    '',
    schema.description,
    '',
    `${values(schema)} · default \`${JSON.stringify(schema.default)}\` · \`${variable(setting)}\``,
    '',
  ].join('\n'),
);

const text = `# Configuration

The settings stand in a JSON object in \`$XDG_CONFIG_HOME/triterm/config.json\` (\`~/.config/triterm/config.json\`), or in the file that
\`TRITERM_CONFIG\` names. A variable \`TRITERM_<SETTING>\` overrides the file; lists are separated by commas there. An unknown setting or a wrong value is an
error that names the file and the setting. The daemon reads them when it starts: \`triterm daemon restart\` keeps every session. What begins
with “Attached” or “Attaching” is read by each client.

\`\`\`json
{ "scrollbackLines": 50000, "detachKey": "C-a" }
\`\`\`

This page is made from \`packages/core/src/config/schema.ts\`; do not edit it.

${sections.join('\n')}`;

writeOrCheck({ 'docs/configuration.md': text });
