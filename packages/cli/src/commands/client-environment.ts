/** What the protocol lets a variable be: the kernel's own limit for one string is about the same. */
const MAX_NAME_CHARACTERS = 256;
const MAX_VALUE_CHARACTERS = 128 * 1024;

/** The client's environment as `session.create` and `session.attach` take it; the daemon filters it. */
export function clientEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name === '' || name.length > MAX_NAME_CHARACTERS) continue;
    if (value.length <= MAX_VALUE_CHARACTERS) kept[name] = value;
  }
  return kept;
}
