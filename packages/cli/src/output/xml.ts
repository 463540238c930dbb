/** Text as it may stand between tags. Control characters are the caller's: XML 1.0 has no way to write most of them. */
export function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
