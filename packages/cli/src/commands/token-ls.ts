import type { TokenInfo } from '@triterm/core/protocol';
import { elapsedMs, shortDuration } from '../output/duration.ts';
import { type ListColumn, listing } from '../output/listing.ts';
import { defineCommand, JSON_OPTION } from './definition.ts';
import { showReport } from './report.ts';

export const command = defineCommand({
  spec: {
    summary: 'List the tokens that let people in over the network',
    details:
      'Tokens that were revoked or have expired stay in the list for a day. For a pipe: tab-separated, without a ' +
      'header, times as RFC 3339.',
    args: [],
    options: { user: { value: 'USER', description: 'only those of this user' }, json: JSON_OPTION },
    examples: [
      ['triterm token ls', 'all of them'],
      ['triterm token ls --user ann --json', 'as JSON'],
    ],
  },
  run: ({ options: { user, json } }, context) =>
    showReport<readonly TokenInfo[]>(
      context,
      {
        ask: async client => (await client.request('token.list', user === undefined ? {} : { user })).tokens,
        lines: (tokens, printer, nowMs) =>
          tokens.length === 0 ? [] : listing(COLUMNS, tokens, printer, nowMs),
        empty: 'There are no tokens; `triterm token create` makes one.',
      },
      { json },
    ),
});

const COLUMNS: readonly ListColumn<TokenInfo>[] = [
  { header: 'ID', text: token => token.id },
  { header: 'USER', minWidth: 6, text: token => token.user },
  { header: 'SCOPE', text: token => token.scope },
  {
    header: 'SESSION',
    dropRank: 3,
    text: token => token.session ?? 'all',
    exact: token => token.session ?? '',
  },
  {
    header: 'STATE',
    text: token => token.state,
    look: token => (token.state === 'active' ? 'green' : 'red'),
  },
  {
    header: 'EXPIRES',
    dropRank: 2,
    text: ({ expiresAt }, nowMs) => (expiresAt === null ? 'never' : awayText(expiresAt, nowMs)),
    exact: token => token.expiresAt ?? '',
  },
  {
    header: 'LAST USED',
    dropRank: 1,
    text: ({ lastUsedAt }, nowMs) => (lastUsedAt === null ? 'never' : awayText(lastUsedAt, nowMs)),
    exact: token => token.lastUsedAt ?? '',
  },
  { header: 'LABEL', minWidth: 6, dropRank: 4, text: token => token.label },
];

/** A moment that may lie ahead. */
function awayText(at: string, nowMs: number): string {
  const leftMs = Date.parse(at) - nowMs;
  return leftMs > 0 ? `in ${shortDuration(leftMs)}` : `${shortDuration(elapsedMs(at, nowMs))} ago`;
}
