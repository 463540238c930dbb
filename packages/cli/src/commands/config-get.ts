import { createPrinter } from '../output/printer.ts';
import { defineCommand, SETTING_ARGUMENT } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Print the value of a setting',
    details:
      'It is the value that a daemon started now would have: of the file, of a variable, or the default. A string is printed as it ' +
      'is, anything else as JSON. A secret is printed too, since it was asked for by its name; `triterm config show` hides it.',
    args: [SETTING_ARGUMENT],
    options: { json: { description: 'print JSON, a string too' } },
    hostless: true,
    examples: [
      ['triterm config get maxSessions', '1000'],
      ['triterm config get refreshEnvironment | jq -r ".[]"', 'a list, an item a line'],
    ],
  },
  async run({ options, args: [name = ''] }, { paths, env, stdout }) {
    const [{ loadConfig }, { findSetting }, { valueText }] = await Promise.all([
      import('@triterm/core/config/load'),
      import('./config/find-setting.ts'),
      import('./config/setting-records.ts'),
    ]);
    const value = loadConfig(paths, env)[findSetting(name)];
    const printer = createPrinter(stdout, env);
    if (options.json) printer.json(value);
    else printer.line(valueText(value));
    return 0;
  },
});
