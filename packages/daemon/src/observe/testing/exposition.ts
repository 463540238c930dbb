/** One line of values. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary']);
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/**
 * Families of Prometheus' text format 0.0.4, by name. Strict: HELP then TYPE then samples, each family once, every sample of
 * the family above it, no sample twice, values that are numbers, buckets that only grow and end with +Inf = count. Throws.
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line is not ended');
  const families = new Map<string, Family>();
  let help: { name: string; text: string } | undefined;
  let family: Family | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      help = { name: comment[2] ?? '', text: comment[3] ?? '' };
      family = undefined;
    } else if (comment !== null) {
      const [, , name = '', type = ''] = comment;
      if (help?.name !== name) throw new Error(`${name} has no HELP`);
      if (!TYPES.has(type)) throw new Error(`${name} has the type ${type}`);
      if (families.has(name)) throw new Error(`${name} comes twice`);
      family = { name, type, help: help.text, samples: [] };
      families.set(name, family);
    } else {
      const sample = parseSample(line);
      const suffixes = SUFFIXES[family?.type ?? ''] ?? [];
      if (family === undefined || !suffixes.some(suffix => sample.name === `${family?.name}${suffix}`))
        throw new Error(`${line}: not of the family above`);
      family.samples.push(sample);
    }
  }
  for (const { samples, type, name } of families.values()) {
    const keys = samples.map(sample => sample.name + JSON.stringify(Object.entries(sample.labels).sort()));
    if (new Set(keys).size !== keys.length) throw new Error(`${name} has a sample twice`);
    if (type === 'histogram') checkBuckets(name, samples);
    if (type === 'counter' && samples.some(({ value }) => value < 0)) throw new Error(`${name} is negative`);
  }
  return families;
}

function parseSample(line: string): Sample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`${line}: no sample`);
  const [, name = '', labelText = '', number = ''] = match;
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
  if (Number.isNaN(value) && number !== 'NaN') throw new Error(`${line}: no number`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labelText.length) {
    const label = LABEL.exec(labelText);
    if (label === null) throw new Error(`${line}: bad labels`);
    const [, key = '', text = ''] = label;
    if (Object.hasOwn(labels, key)) throw new Error(`${line}: ${key} comes twice`);
    labels[key] = text.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  }
  return { name, labels, value };
}

function checkBuckets(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...rest } = sample.labels;
    const key = JSON.stringify(Object.entries(rest).sort());
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, members] of series) {
    const buckets = members.filter(sample => sample.name === `${name}_bucket`);
    const count = members.find(sample => sample.name === `${name}_count`)?.value;
    const grows = buckets.every(({ value }, i) => i === 0 || value >= (buckets[i - 1]?.value ?? 0));
    const last = buckets.at(-1);
    if (!grows || last?.labels.le !== '+Inf' || last.value !== count)
      throw new Error(`${name}${key}: buckets do not add up`);
  }
}
