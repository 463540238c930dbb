import * as z from 'zod';
import type { RegisteredSocket } from '../socket-registry.ts';

/** What stands in Redis of a socket. */
const socketDetails = z.object({
  member: z.string(),
  userId: z.string(),
  deviceId: z.string(),
  deviceName: z.string(),
  connectedAt: z.number(),
});

const readAnswer = z.array(z.string()).min(1);
const MEMBER = /^(?<serverId>.*) (?<incarnation>\d+) (?<socketId>[^ ]+)$/s;

export interface Member {
  readonly serverId: string;
  readonly incarnation: number;
  readonly socketId: string;
}

/** How a socket stands in its terminal's sorted set. Ids of sockets have no blanks. */
export function memberText({ serverId, incarnation, socketId }: Member): string {
  return `${serverId} ${incarnation} ${socketId}`;
}

/** Undefined for what is no member of ours. */
export function parseMember(text: string): Member | undefined {
  const { serverId, incarnation, socketId } = MEMBER.exec(text)?.groups ?? {};
  if (serverId === undefined || incarnation === undefined || socketId === undefined) return undefined;
  return { serverId, incarnation: Number(incarnation), socketId };
}

/** Arguments of `registry-put` for one socket. */
export function putArguments(socket: RegisteredSocket): (string | number)[] {
  const member = memberText(socket);
  const { socketId, userId, deviceId, deviceName, connectedAt, lastPingAt } = socket;
  return [
    socketId,
    member,
    JSON.stringify({ member, userId, deviceId, deviceName, connectedAt }),
    lastPingAt,
  ];
}

export interface TerminalRead {
  readonly primary: Member | undefined;
  readonly sockets: RegisteredSocket[];
}

/** The answer of `registry-read`. */
export function parseRead(terminalId: string, answer: unknown): TerminalRead {
  const [primary = '', ...parts] = readAnswer.parse(answer);
  const sockets: RegisteredSocket[] = [];
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const { member, ...known } = socketDetails.parse(JSON.parse(parts[at + 1] ?? ''));
    const parsed = parseMember(member);
    if (parsed !== undefined)
      sockets.push({ ...known, ...parsed, terminalId, lastPingAt: Number(parts[at + 2]) });
  }
  return { primary: parseMember(primary), sockets };
}
