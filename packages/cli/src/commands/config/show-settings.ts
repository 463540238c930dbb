import { unknownVariables } from '@triterm/core/config/load';
import { type Field, fieldLines, type ListColumn, listing } from '../../output/listing.ts';
import { createPrinter, type Look, type Printer } from '../../output/printer.ts';
import type { CommandContext } from '../definition.ts';
import { findSetting } from './find-setting.ts';
import { warn } from './print-problems.ts';
import { type SettingRecord, settingRecords, valueText } from './setting-records.ts';
import { TAKEN_UP } from './take-up.ts';

export interface ShowOptions {
  readonly origin: boolean;
  /** Only what is not left to its default. */
  readonly changed: boolean;
  readonly json: boolean;
}

/** Shows settings in a list; those that are named, one by one with all about them. Returns the exit code. Throws USAGE and BAD_CONFIG. */
export function showSettings(
  names: readonly string[],
  options: ShowOptions,
  context: CommandContext,
): number {
  const all = settingRecords(context);
  const wanted = new Set(names.map(findSetting));
  const records = (
    wanted.size === 0 ? all : [...wanted].flatMap(name => all.filter(({ setting }) => setting === name))
  ).filter(({ origin }) => !options.changed || origin.kind !== 'default');
  warn(context, unknownVariables(context.env));
  const printer = createPrinter(context.stdout, context.env);
  if (options.json) printer.json(records);
  else if (printer.isTerminal && records.length === 0)
    context.stderr.write(`${wanted.size === 0 ? 'Every setting' : 'Each of them'} has its default.\n`);
  else for (const line of lines(records, wanted.size > 0, options.origin, printer)) printer.line(line);
  return 0;
}

function lines(
  records: readonly SettingRecord[],
  oneByOne: boolean,
  withOrigin: boolean,
  printer: Printer,
): readonly string[] {
  if (oneByOne)
    return records.flatMap((record, at) => [
      ...(at === 0 ? [] : ['']),
      ...fieldLines(fieldsOf(record, printer), printer),
    ]);
  return listing(withOrigin ? [...COLUMNS, ORIGIN] : COLUMNS, records, printer, Date.now());
}

const COLUMNS: readonly ListColumn<SettingRecord>[] = [
  { header: 'SETTING', text: ({ setting }) => setting, look: lookOf },
  {
    header: 'VALUE',
    minWidth: 12,
    text: ({ value }) => shownValue(value),
    exact: ({ value }) => valueText(value),
    look: lookOf,
  },
];
const ORIGIN: ListColumn<SettingRecord> = {
  header: 'ORIGIN',
  minWidth: 12,
  cut: 'start',
  text: originText,
  look: lookOf,
};

/** What is left to its default steps back. */
function lookOf({ origin }: SettingRecord): Look | undefined {
  return origin.kind === 'default' ? 'dim' : undefined;
}

function originText({ origin }: SettingRecord): string {
  return origin.name ?? origin.kind;
}

/** A person sees that a text is empty. */
function shownValue(value: unknown): string {
  return value === '' ? '""' : valueText(value);
}

function fieldsOf(record: SettingRecord, { isTerminal }: Printer): readonly Field[] {
  const text = isTerminal ? shownValue : valueText;
  return [
    ['setting', record.setting, 'bold'],
    ['meaning', record.description],
    ['value', text(record.value)],
    ['origin', originText(record)],
    ['default', text(record.default)],
    ['allowed', record.allowed],
    ['variables', record.variables.join(', ')],
    ['taken up', TAKEN_UP[record.reload]],
  ];
}
