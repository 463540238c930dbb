import { defineCommand, JSON_OPTION } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show settings, and where their values come from',
    details:
      'Shows every setting as a daemon that is started now would have it: its default, overridden by the configuration file, that by ' +
      'variables such as DATABASE_URL, and those by TRITERM_ variables. With SETTING: what it is for and what it may be, ' +
      'too. Passwords, and URLs with one, are hidden; `triterm config get` prints them. It asks no daemon: one that runs ' +
      'has what it read last.',
    args: [
      { name: 'SETTING', description: 'only these, with all about them', repeat: true, complete: 'setting' },
    ],
    options: {
      origin: { description: 'show where each value comes from' },
      changed: { short: 'c', description: 'only what the file or a variable sets' },
      json: JSON_OPTION,
    },
    hostless: true,
    examples: [
      ['triterm config show --origin', 'everything, with its file or variable'],
      ['triterm config show --changed', 'what is not left to its default'],
      ['triterm config show sizePolicy', 'what it is for, and what it may be'],
      ['triterm config show --json', '[{setting, value, default, origin: {kind, name}, secret, …}]'],
    ],
  },
  async run(line, context) {
    const { showSettings } = await import('./config/show-settings.ts');
    return showSettings(line.args, line.options, context);
  },
});
