import type { Result } from '@triterm/core/protocol';
import { type Field, fieldLines, type ListColumn, listing } from '../output/listing.ts';
import type { Printer } from '../output/printer.ts';
import { latencyText } from '../output/quantity.ts';

type Entry = Result<'cache.show'>;
type Tier = Entry['tiers'][number];

/** One member of the entry, as each tier has it. */
interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

const TIER_HEADERS = { l1: 'L1', redis: 'REDIS', database: 'DATABASE' } as const satisfies Record<
  Tier['tier'],
  string
>;

/** An entry in its tiers side by side, and whether they agree. */
export function entryLines(entry: Entry, printer: Printer, nowMs: number): readonly string[] {
  const columns: ListColumn<Row>[] = [
    { header: 'MEMBER', text: row => row.name },
    ...entry.tiers.map(({ tier }, at) => ({
      header: TIER_HEADERS[tier],
      minWidth: 8,
      text: (row: Row) => row.cells[at] ?? '-',
    })),
  ];
  const gap = printer.isTerminal ? [''] : [];
  return [
    ...fieldLines(headFields(entry), printer),
    ...gap,
    ...listing(columns, entryRows(entry.tiers), printer, nowMs),
    ...gap,
    ...fieldLines(verdictFields(entry), printer),
  ];
}

function headFields({ id, name, epoch, floor }: Entry): Field[] {
  return [
    ['session', name === null ? id : `${id} (${name})`],
    ['epoch', epoch ?? 'unknown'],
    ['floor', floor === null ? '-' : String(floor)],
  ];
}

function entryRows(tiers: readonly Tier[]): Row[] {
  const row = (name: string, cell: (tier: Tier) => string | null) => ({
    name,
    cells: tiers.map(tier => cell(tier) ?? '-'),
  });
  const members = tiers.map(({ value }) => flatten(value ?? {}));
  const names = [...new Set(members.flatMap(known => [...known.keys()]))];
  return [
    row('state', tier => tier.state),
    row('version', tier => numberText(tier.version)),
    row('epoch', tier => tier.epoch),
    row('ttl', tier => (tier.ttlMs === null ? null : latencyText(tier.ttlMs))),
    ...names.map(name => ({ name: `.${name}`, cells: members.map(known => known.get(name) ?? '-') })),
  ];
}

function numberText(value: number | null): string | null {
  return value === null ? null : String(value);
}

/** Members by name; those of a member that is an object as `doc.cwd`. */
function flatten(value: Readonly<Record<string, unknown>>): Map<string, string> {
  const members = new Map<string, string>();
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) {
      members.set(name, memberText(member));
      continue;
    }
    for (const [inner, below] of Object.entries(member)) members.set(`${name}.${inner}`, memberText(below));
  }
  return members;
}

function memberText(member: unknown): string {
  return typeof member === 'string' ? member : (JSON.stringify(member) ?? '-');
}

function verdictFields({ agree, differences, tiers }: Entry): Field[] {
  return [
    agree === null
      ? ['agree', 'cannot be said', 'yellow']
      : agree
        ? ['agree', 'yes', 'green']
        : ['agree', 'no', 'red'],
    ...differences.map(difference => ['differs', difference, 'red'] as const),
    ...tiers.flatMap(({ tier, reason }) =>
      reason === null ? [] : [['note', `${TIER_HEADERS[tier]}: ${reason}`, 'yellow'] as const],
    ),
  ];
}
