import { defineCommand, JSON_OPTION } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Check the configuration, and tell everything that is wrong',
    details:
      'Checks the file and the variables of this shell as a daemon does that is started with them, and the files that settings name; ' +
      'it asks no daemon and connects to nothing. With FILE: as if that were the configuration file. Leaves with 0 when ' +
      'there is no problem, with warnings too, and with 1 when there is one.',
    args: [{ name: 'FILE', description: 'the file to check instead', complete: 'file' }],
    options: { json: JSON_OPTION },
    hostless: true,
    examples: [
      ['triterm config validate && triterm daemon restart', 'only when it will start again'],
      [
        'triterm config validate new.json --json',
        '{configFile, valid, problems: [{source, setting, reason}], warnings}',
      ],
    ],
  },
  async run({ options, args: [file] }, context) {
    const { validateSettings } = await import('./config/validate-settings.ts');
    return validateSettings(file, options.json, context);
  },
});
