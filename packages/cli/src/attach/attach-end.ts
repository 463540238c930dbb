/** Why an attachment is over. */
export type AttachEnd =
  /** `undelivered`: bytes that were typed and that the daemon never got. */
  | { readonly kind: 'detached'; readonly by: 'key' | 'request' | 'others'; readonly undelivered: number }
  | { readonly kind: 'exited'; readonly exitCode: number | null; readonly signal: string | null }
  /** To another session. */
  | { readonly kind: 'switch'; readonly to: string }
  | { readonly kind: 'terminalGone' }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals };
