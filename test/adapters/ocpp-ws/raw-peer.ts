/** A peer below WebSocket: bytes over TCP, to say what no library says. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { authorization, type Rig } from './rig.ts';

/** A frame as RFC 6455 5.2 has it, masked with zeros. */
export function rawFrame(
  opcode: number,
  payload: Buffer,
  how: { isFinal?: boolean; isMasked?: boolean; rsv1?: boolean } = {},
): Buffer {
  const { isFinal = true, isMasked = true, rsv1 = false } = how;
  const first = (isFinal ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode;
  const mask = isMasked ? 0x80 : 0;
  const head =
    payload.length < 126
      ? Buffer.from([first, mask | payload.length])
      : Buffer.from([first, mask | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, isMasked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}

/** A TCP connection and everything that came over it. */
export interface RawPeer {
  readonly tcp: Socket;
  /** Bytes so far. */
  received(): Buffer;
  /** Resolves with all bytes when the other side has closed. */
  ended(): Promise<Buffer>;
}

/** Connects without saying anything. */
export async function rawPeer(rig: Rig): Promise<RawPeer> {
  const tcp = connect(rig.server.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  tcp.on('data', (chunk: Buffer) => void chunks.push(chunk));
  tcp.on('error', () => {});
  const closed = new Promise<void>((resolve) => tcp.once('close', () => resolve()));
  await once(tcp, 'connect');
  return {
    tcp,
    received: () => Buffer.concat(chunks),
    async ended() {
      await closed;
      return Buffer.concat(chunks);
    },
  };
}

/** The status line and headers of an upgrade as a well-behaved station sends them, `lines` added. */
export function upgradeText(rig: Rig, id: string, protocol: string, lines: readonly string[] = []): string {
  return [
    `GET /ocpp/${id} HTTP/1.1`,
    `Host: 127.0.0.1:${rig.server.port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    `Sec-WebSocket-Protocol: ${protocol}`,
    `Authorization: ${authorization(id)}`,
    ...lines,
    '',
    '',
  ].join('\r\n');
}

/** A raw peer whose upgrade was accepted. */
export async function upgradedPeer(rig: Rig, id: string, protocol: string): Promise<RawPeer> {
  const peer = await rawPeer(rig);
  peer.tcp.write(upgradeText(rig, id, protocol));
  await rig.until(() => peer.received().includes('\r\n\r\n'));
  return peer;
}

/** The code of the close frame at the end of what a server sent; undefined where there is none. */
export function closeCodeIn(bytes: Buffer): number | undefined {
  const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
  for (let at = 0; at + 2 <= body.length;) {
    const opcode = (body[at] ?? 0) & 0x0f;
    const length = (body[at + 1] ?? 0) & 0x7f;
    const start = length === 126 ? at + 4 : at + 2;
    const size = length === 126 ? body.readUInt16BE(at + 2) : length;
    if (opcode === 8) return body.readUInt16BE(start);
    at = start + size;
  }
  return undefined;
}
