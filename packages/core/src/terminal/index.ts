export { formatLogLine, logFields, parseLogRecord } from './log-line.ts';
export { type Look, type Paint, painter, wantsColours } from './looks.ts';
export { CSI_MODE_FINALS, ModeTracker, PUSH_TITLE } from './mode-tracker.ts';
export { plainLine } from './plain-line.ts';
export {
  CSI_QUERY_FINALS,
  isCsiQuery,
  isDcsQuery,
  isGraphicsQuery,
  OSC_QUERY_NUMBERS,
  withoutOscQueries,
} from './queries.ts';
export { ABORT_SEQUENCE, newScreen, terminalReset } from './reset.ts';
export { isTermDescribed } from './terminfo.ts';
