import type { CommandContext } from '../definition.ts';
import { changeSettings } from './change-settings.ts';
import { findSetting } from './find-setting.ts';

/** Removes settings from the file; one that does not stand there is told of. Rejects with USAGE and BAD_CONFIG. */
export async function unsetSettings(names: readonly string[], context: CommandContext): Promise<void> {
  await changeSettings(context, names, inFile => {
    for (const name of names)
      if (!Object.hasOwn(inFile, name))
        context.stderr.write(`${findSetting(name)} is not set in ${context.paths.configFile}.\n`);
    return Object.fromEntries(Object.entries(inFile).filter(([name]) => !names.includes(name)));
  });
}
