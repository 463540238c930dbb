import { defineCommand, SETTING_ARGUMENT } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Set settings in the configuration file',
    details:
      'VALUE is written as a variable has it: lists separated by commas, true or false, null. With - it is read from standard ' +
      'input. A password, or a URL with one, is taken from there only, or asked for in a terminal when VALUE is left out: every ' +
      'user of the machine can read command lines. More pairs of SETTING and VALUE may follow, for what has to change together. The ' +
      'whole configuration is checked before, with the variables of this shell, and nothing is changed when this would ' +
      'break it. The file is made when it is missing, for you alone (0600).',
    args: [
      SETTING_ARGUMENT,
      {
        name: 'VALUE',
        description: 'what it is to be, or - for standard input',
        repeat: true,
        complete: 'pair',
      },
    ],
    options: {},
    hostless: true,
    examples: [
      ['triterm config set scrollbackLines 50000', 'for new sessions'],
      ['triterm config set redisSentinels a:26379,b:26379 redisSentinelName mymaster', 'two at once'],
      ['triterm config set databaseUrl - < url', 'a URL with a password'],
      ['triterm config set redisPassword', 'asks for it'],
    ],
  },
  async run({ args }, context) {
    const { setSettings } = await import('./config/set-settings.ts');
    await setSettings(args, context);
    return 0;
  },
});
