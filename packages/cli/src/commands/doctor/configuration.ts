import { existsSync } from 'node:fs';
import { type Config, loadConfig, readableSecrets } from '@triterm/core/config/load';
import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { type Finding, ok, problem, shellQuote, warning } from './finding.ts';

/** The settings as a daemon would read them now; undefined when it would refuse to start with them. */
export function checkConfiguration(
  paths: Pick<Paths, 'configFile'>,
  env: NodeJS.ProcessEnv,
): { finding: Finding; config: Config | undefined } {
  try {
    const config = loadConfig(paths, env);
    const secrets = readableSecrets(paths);
    if (secrets.length > 0) {
      const message = `other users can read ${secrets.join(', ')} in ${paths.configFile}`;
      return {
        finding: warning('configuration', message, `chmod 600 ${shellQuote(paths.configFile)}`),
        config,
      };
    }
    const message = existsSync(paths.configFile)
      ? paths.configFile
      : `${paths.configFile} is not there; every setting has its default`;
    return { finding: ok('configuration', message), config };
  } catch (thrown) {
    const error = TermError.from(thrown);
    const source = error.details?.source;
    const where = typeof source === 'string' ? source : paths.configFile;
    const fix =
      where === paths.configFile ? `Correct ${where}, or remove the setting.` : `Correct or unset ${where}.`;
    return { finding: problem('configuration', error.message, fix), config: undefined };
  }
}
