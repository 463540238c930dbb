import { CSI } from './pen.ts';
import { cursorStyle } from './status-answers.ts';
import type { ModelParts } from './terminal-state.ts';

const MOUSE_PROTOCOL: Readonly<Record<string, string>> = {
  X10: '9',
  VT200: '1000',
  DRAG: '1002',
  ANY: '1003',
};
const MOUSE_ENCODING: Readonly<Record<string, string>> = { SGR: '1006', SGR_PIXELS: '1016' };

/** Modes in which input differs, without the keyboard's stack, and the cursor's shape. */
export function inputModes(parts: ModelParts): string {
  const { core, keyboard } = parts;
  const { decPrivateModes: modes } = core.coreService;
  const { activeProtocol, activeEncoding } = core.coreMouseService;
  const set = [
    MOUSE_PROTOCOL[activeProtocol],
    MOUSE_ENCODING[activeEncoding],
    modes.sendFocus ? '1004' : undefined,
    modes.bracketedPasteMode ? '2004' : undefined,
    modes.applicationCursorKeys ? '1' : undefined,
    core.optionsService.rawOptions.cursorBlink ? '12' : undefined,
  ];
  let out = '';
  for (const mode of set) if (mode !== undefined) out += `${CSI}?${mode}h`;
  if (modes.applicationKeypad) out += '\x1b=';
  if (keyboard.modifyOtherKeys !== 0) out += `${CSI}>4;${keyboard.modifyOtherKeys}m`;
  const style = cursorStyle(core);
  return style === 0 ? out : `${out}${CSI}${style} q`;
}
