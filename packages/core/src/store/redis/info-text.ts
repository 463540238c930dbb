/** A field of INFO's answer, `name:value` in a line of its own. */
export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

/** A field that is a number, or null. */
export function infoNumber(info: string, name: string): number | null {
  const text = infoField(info, name);
  const number = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}
