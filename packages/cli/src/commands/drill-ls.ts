import type { DrillInfo } from '@triterm/core/domain';
import { listDrills } from '../drill/drill-process.ts';
import { type ListColumn, listing } from '../output/listing.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'List the failure drills there are',
    details: 'LIVE marks those that are safe on the running system; all others run on servers of their own.',
    args: [],
    options: { json: JSON_OPTION },
    hostless: true,
    examples: [
      ['triterm drill ls', 'for a person'],
      ['triterm drill ls --json', '[{name, summary, hypothesis, needs, live}]'],
    ],
  },
  async run({ options }, context) {
    const drills = await listDrills(context);
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(drills);
    else for (const line of listing(COLUMNS, drills, printer, Date.now())) printer.line(line);
    return 0;
  },
});

const COLUMNS: readonly ListColumn<DrillInfo>[] = [
  { header: 'NAME', text: drill => drill.name },
  { header: 'LIVE', text: drill => (drill.live ? 'live' : '-') },
  { header: 'NEEDS', dropRank: 1, text: drill => drill.needs.join(',') || '-' },
  { header: 'WHAT HAPPENS', minWidth: 12, text: drill => drill.summary },
];
