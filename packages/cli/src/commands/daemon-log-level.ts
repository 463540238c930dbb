import { LOG_LEVELS, type LogLevel } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show how much the daemon logs, or change it for a while',
    details:
      'A changed level holds until the daemon starts again or reads its configuration again; the setting logLevel stays as it is.',
    args: [{ name: 'LEVEL', description: 'the least that is to be logged', choices: LOG_LEVELS }],
    options: {
      reset: { description: 'as it is configured' },
      json: { description: 'print {level, configured} as JSON' },
    },
    examples: [
      ['triterm daemon log-level debug', 'while something is looked into'],
      ['triterm daemon log-level --reset', 'as before'],
    ],
  },
  async run({ options, args: [text] }, context) {
    const wanted = wantedLevel(text, options.reset);
    const { level, configured } = await withDaemon(
      context,
      client => client.request('daemon.log', wanted === undefined ? {} : { level: wanted }),
      { autostart: false, repeatable: true },
    );
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json({ level, configured });
    else printer.line(level === configured ? level : `${level} (configured: ${configured})`);
    return 0;
  },
});

/** Null for the configured one, undefined for none. `text` is one of LOG_LEVELS, as the spec says. Throws USAGE. */
function wantedLevel(text: string | undefined, isReset: boolean): LogLevel | null | undefined {
  if (text === undefined) return isReset ? null : undefined;
  if (isReset)
    throw new TermError('USAGE', 'Give LEVEL or --reset, not both.', {
      hint: 'See `triterm daemon log-level --help`.',
    });
  return LOG_LEVELS.find(level => level === text);
}
