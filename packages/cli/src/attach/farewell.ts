import { programStatus } from '../exit-code.ts';
import type { AttachEnd } from './attach-end.ts';

/** What is said on the person's own terminal when an attachment is over, and the status to leave with. */
export function farewell(end: AttachEnd, name: string): { readonly note?: string; readonly status: number } {
  switch (end.kind) {
    case 'detached': {
      const undelivered = end.undelivered === 0 ? '' : `; ${end.undelivered} typed bytes have not reached it`;
      const why = { key: '', request: ' by request', others: ', another client wants it alone' }[end.by];
      return { note: `[detached from ${name}${why}${undelivered}]`, status: 0 };
    }
    case 'exited': {
      const status = programStatus(end);
      const how =
        end.signal !== null
          ? ` was ended by ${end.signal}`
          : status === undefined || status === 0
            ? ' exited'
            : ` exited with status ${status}`;
      return { note: `[${name}${how}]`, status: status ?? 0 };
    }
    default:
      return { status: 0 };
  }
}
