import { defineCommand, SETTING_ARGUMENT } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Remove settings from the configuration file',
    details:
      'They have their defaults again, unless a variable sets them. An unknown setting that stands in the file, which keeps a daemon ' +
      'from starting, can be removed too.',
    args: [{ ...SETTING_ARGUMENT, repeat: true }],
    options: {},
    hostless: true,
    examples: [['triterm config unset redisUrl redisPassword', 'without Redis from the next start on']],
  },
  async run({ args: names }, context) {
    const { unsetSettings } = await import('./config/unset-settings.ts');
    await unsetSettings(names, context);
    return 0;
  },
});
