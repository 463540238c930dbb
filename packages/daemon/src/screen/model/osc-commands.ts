import type { ModelListener } from './model-listener.ts';
import { ST } from './pen.ts';
import { localPath, parseMark } from './shell-messages.ts';
import type { ModelParts } from './terminal-state.ts';

/** UTF-16 units of a title; more is cut off. */
const MAX_TITLE_LENGTH = 4096;
/** Longer addresses make no link, as in VTE. */
const MAX_LINK_LENGTH = 2083;

/**
 * Acts on an OSC string: a number, a semicolon, text. What tells the listener something must be known to the event scanner of the
 * screens too.
 */
export function runOsc(parts: ModelParts, listener: ModelListener, osc: string, endsWithBel: boolean): void {
  const divider = osc.indexOf(';');
  const digits = divider < 0 ? osc : osc.slice(0, divider);
  if (!/^\d{1,5}$/.test(digits)) return;
  const text = divider < 0 ? '' : osc.slice(divider + 1);
  const handler = parts.core._inputHandler;
  const terminator = endsWithBel ? '\x07' : ST;
  switch (Number(digits)) {
    case 0:
      handler.setTitle(text.slice(0, MAX_TITLE_LENGTH));
      handler.setIconName(text.slice(0, MAX_TITLE_LENGTH));
      break;
    case 1:
      handler.setIconName(text.slice(0, MAX_TITLE_LENGTH));
      break;
    case 2:
      handler.setTitle(text.slice(0, MAX_TITLE_LENGTH));
      break;
    case 4:
      parts.colours.palette(text, terminator);
      break;
    case 7: {
      const path = localPath(text);
      if (path !== undefined) listener.cwd(path);
      break;
    }
    case 8:
      handler.setHyperlink(text.length <= MAX_LINK_LENGTH ? text : ';');
      break;
    case 9:
      parts.notifications.simple(text);
      break;
    case 10:
      parts.colours.special('foreground', text, terminator);
      break;
    case 11:
      parts.colours.special('background', text, terminator);
      break;
    case 12:
      parts.colours.special('cursor', text, terminator);
      break;
    case 99:
      parts.notifications.kitty(text);
      break;
    case 104:
      parts.colours.resetPalette(text);
      break;
    case 110:
      parts.colours.resetSpecial('foreground');
      break;
    case 111:
      parts.colours.resetSpecial('background');
      break;
    case 112:
      parts.colours.resetSpecial('cursor');
      break;
    case 133: {
      const mark = parseMark(text);
      if (mark !== undefined) listener.mark(mark);
      break;
    }
    case 777:
      parts.notifications.rxvt(text);
      break;
  }
}
