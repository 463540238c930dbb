/** The `errno` name of a system error, such as `ENOENT`. */
export function errnoName(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
