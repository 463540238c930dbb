import type { ScreenListener } from '../screen/screen.ts';

/** For a screen that is only looked at: what it tells was told when its program wrote it. */
export const SILENT_SCREEN: ScreenListener = {
  answer() {},
  title() {},
  cwd() {},
  bell() {},
  notification() {},
  mark() {},
  parsed() {},
  failed() {},
};
