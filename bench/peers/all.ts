import { abduco } from './abduco.ts';
import { bare } from './bare.ts';
import { dtach } from './dtach.ts';
import { mini } from './mini/mini.ts';
import type { Peer, PeerName } from './peer.ts';
import { screen } from './screen.ts';
import { tmux } from './tmux.ts';
import { triterm } from './triterm.ts';

export const PEERS: Readonly<Record<PeerName, Peer>> = { bare, triterm, tmux, screen, abduco, dtach, mini };

/** Those that are measured unless others are asked for. */
export const USUAL_PEERS: readonly PeerName[] = ['bare', 'triterm', 'tmux', 'screen', 'abduco', 'dtach'];
