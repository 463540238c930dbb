import { TermError } from '@triterm/core/errors';
import { captureSession } from '../client/capture-session.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { parseCount } from './option-values.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: "Print a session's screen",
    details:
      'Works on sessions that have ended and, with their last screen, on lost ones and those whose server cannot be ' +
      'reached; as of when that is, stderr says then.',
    args: [SESSION_ARGUMENT],
    options: {
      scrollback: {
        short: 's',
        value: 'N',
        optional: true,
        description: 'the last N lines above it as well; all without N',
      },
      text: { description: 'plain text (the default)' },
      ansi: { description: 'with colours and styles as escape sequences' },
      json: {
        description:
          'session, screen, scrollback, cursor, alternateScreen, offset and asOf; lines are text, or ANSI with --ansi',
      },
    },
    examples: [
      ['triterm capture work', 'what is on the screen'],
      ['triterm capture build --scrollback=200', 'with the 200 lines above it'],
      ['triterm capture build --scrollback --ansi > build.log', 'everything, in colour'],
    ],
  },
  async run({ options, args: [target = ''] }, context) {
    if (options.text && options.ansi) throw new TermError('USAGE', '--text and --ansi exclude each other.');
    const scrollbackLines = historyLines(options.scrollback);
    const captured = await withDaemon(
      context,
      client => captureSession(client, { target, format: options.ansi ? 'ansi' : 'text', scrollbackLines }),
      { repeatable: true },
    );
    const printer = createPrinter(context.stdout, context.env);
    // One of an earlier release does not say.
    const { asOf = null } = captured;
    if (asOf !== null)
      context.stderr.write(
        `triterm: as of ${asOf}; the server of the session cannot be reached, and has left its last lines only\n`,
      );
    if (options.json) printer.json(captured);
    else for (const line of [...captured.scrollback, ...withoutBlankEnd(captured.screen)]) printer.line(line);
    return 0;
  },
});

function historyLines(option: string | true | undefined): number {
  if (option === undefined) return 0;
  return option === true ? -1 : parseCount('--scrollback', option, 0);
}

/** A screen's unused rows say nothing. */
function withoutBlankEnd(rows: readonly string[]): readonly string[] {
  return rows.slice(0, rows.findLastIndex(row => row.trim() !== '') + 1);
}
