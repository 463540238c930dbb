/** docs/configuration.md from the schema: `node --conditions=@triterm/source scripts/generate-configuration-docs.mjs [--check]`. */
import { configSchema, operatorVariable } from '@triterm/core/config/load';
import * as z from 'zod';
import { writeOrCheck } from './lib/generated-file.mjs';

/** The variables that set it, the one that wins first. */
function variables(setting) {
  const own = `TRITERM_${setting.replaceAll(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`;
  return [own, operatorVariable(setting)].filter(name => name !== undefined).map(name => `\`${name}\``);
}

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
    `${values(schema)} · default \`${JSON.stringify(schema.default)}\` · ${variables(setting).join(', ')}`,
    '',
  ].join('\n'),
);

const text = `# Configuration

The settings stand in a JSON object in \`$XDG_CONFIG_HOME/triterm/config.json\` (\`~/.config/triterm/config.json\`), or in the file that
\`TRITERM_CONFIG\` names. A variable \`TRITERM_<SETTING>\` overrides the file; lists are separated by commas there. An unknown setting or a wrong value is an
error that names the file and the setting. The daemon reads them when it starts: \`triterm daemon restart\` keeps every session. What begins
with “Attached” or “Attaching” is read by each client.

Database and Redis can also be set by the variables that deployments have for them, such as \`DATABASE_URL\` and \`REDIS_HOST\`; they override the file, and
\`TRITERM_DATABASE_URL\` overrides \`DATABASE_URL\`. An empty one of these counts as not set, whereas an empty \`TRITERM_DATABASE_URL\` means SQLite even in a shell
whose \`DATABASE_URL\` is another program's. Where the variables name a Redis in one way (\`redisUrl\`, \`redisHost\`, \`redisSentinels\` or \`redisClusterNodes\`), the file's other ways
are put aside. A daemon that \`triterm\` starts gets the variables of that shell: what is to stay stands better in the file, with mode 0600 when it holds a password
(\`chmod 600\`). Sessions have the environment of the client that made them, nothing of the daemon's.

\`\`\`json
{ "scrollbackLines": 50000, "detachKey": "C-a" }
\`\`\`

This page is made from \`packages/core/src/config/schema.ts\`; do not edit it.

${sections.join('\n')}`;

writeOrCheck({ 'docs/configuration.md': text });
