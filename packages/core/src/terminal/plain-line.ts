/** One line without anything that steers a terminal or turns its direction: controls become spaces or go. */
export function plainLine(text: string): string {
  return text
    .replace(/[\t\r\n]+/g, ' ')
    .replace(/[\p{Cc}\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '');
}
