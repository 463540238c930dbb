/** The table of metrics in docs/monitoring.md: `node --conditions=@triterm/source scripts/generate-metrics-docs.mjs [--check]`. */
import { readFileSync } from 'node:fs';
import { MetricsRegistry } from '../packages/daemon/src/observe/metrics-registry.ts';
import { writeOrCheck } from './lib/generated-file.mjs';

const FILE = 'docs/monitoring.md';
const BEGIN = '<!-- metrics: made by scripts/generate-metrics-docs.mjs -->\n';
const END = '<!-- end of metrics -->\n';

const rows = new MetricsRegistry().describe().map(({ name, type, help, labelNames }) => {
  const labels = labelNames.map(label => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${labels} | ${help.replaceAll('|', '\\|')} |\n`;
});
const table = `| metric | type | labels | |\n|---|---|---|---|\n${rows.join('')}`;

const text = readFileSync(new URL(`../${FILE}`, import.meta.url), 'utf8');
const begin = text.indexOf(BEGIN);
const end = text.indexOf(END);
if (begin === -1 || end < begin) throw new Error(`${FILE} has lost the marks around its table of metrics`);

writeOrCheck({ [FILE]: `${text.slice(0, begin)}${BEGIN}\n${table}\n${text.slice(end)}` });
