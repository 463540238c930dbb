import type { Result } from '@triterm/core/protocol';
import { createPrinter } from '../output/printer.ts';
import { CACHE_ID_ARGUMENT, defineCommand } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Drop a session from L1 and Redis, on every server',
    details:
      'Nothing is lost: the next read asks the database. Says what was there. It is never needed for correctness; ' +
      'if `triterm cache show` finds that the tiers disagree for longer than a moment, please report it.',
    args: [CACHE_ID_ARGUMENT],
    options: { json: { description: 'print what was there and what was removed as JSON' } },
    examples: [
      ['triterm cache invalidate work', 'drop it'],
      ['triterm cache invalidate work --json', 'id, before, removed'],
    ],
  },
  async run({ options, args: [target = ''] }, context) {
    const result = await withDaemon(context, client => client.request('cache.invalidate', { target }), {
      repeatable: true,
    });
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(result);
    else printer.line(outcomeText(result));
    return 0;
  },
});

function outcomeText({ id, before, removed }: Result<'cache.invalidate'>): string {
  const name = before.name === null ? id : `${before.name} (${id})`;
  const tiers = (['l1', 'redis'] as const)
    .filter(tier => removed[tier] === true)
    .map(tier => {
      const entry = before.tiers.find(one => one.tier === tier);
      const what = entry?.state === 'deleted' ? 'the tombstone' : 'the entry';
      const version = entry?.version === null || entry === undefined ? '' : ` of version ${entry.version}`;
      return `${what}${version} from ${tier === 'l1' ? 'L1' : 'Redis'}`;
    });
  return tiers.length === 0 ? `Nothing was cached of ${name}.` : `${name}: removed ${tiers.join(' and ')}.`;
}
