import { existsSync } from 'node:fs';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Print where the configuration file is',
    details: 'It need not be there: every setting has a default, and `triterm config set` makes it.',
    args: [],
    options: { json: JSON_OPTION },
    hostless: true,
    examples: [
      ['$EDITOR "$(triterm config path)"', 'edit it; then `triterm config validate`'],
      ['triterm config path --json', '{configFile, exists}'],
    ],
  },
  async run({ options }, { paths: { configFile }, stdout, env }) {
    const printer = createPrinter(stdout, env);
    if (options.json) printer.json({ configFile, exists: existsSync(configFile) });
    else printer.line(configFile);
    return 0;
  },
});
