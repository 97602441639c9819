/**
 * The station's end of OCPP-J: one connection, text frames as they are. It never reconnects by itself and knows nothing
 * of what the frames say. Source: OCPP-J 1.6 section 3, OCPP 2.0.1 part 4 section 3.
 * @module
 */
import { WebSocket } from 'ws';
import type { OcppVersion } from '#domain/site';
import { frameLengthMax } from '#ocpp/frame';
import { subprotocolOf } from './subprotocol.ts';
import type { Traffic } from './traffic.ts';

/** How a station reaches its management system and whom it tells what. */
export interface StationSocketOptions {
  /** Endpoint without the identity, e.g. `ws://127.0.0.1:9000/ocpp`. */
  readonly url: string;
  /** Identity; last part of the path and user name. */
  readonly id: string;
  readonly version: OcppVersion;
  readonly password?: string;
  readonly onOpen: () => void;
  readonly onFrame: (text: string) => void;
  /** Once, after `onOpen` or instead of it; `code` is 1006 where the connection failed or broke. */
  readonly onClose: (code: number, reason: string) => void;
  /** Counters shared with a server of the same process. */
  readonly traffic?: Traffic;
}

/** An open or opening connection. */
export interface StationSocket {
  /** Sends one frame; lost without notice where the connection is not open. */
  send(text: string): void;
  /** Ends the connection with a close frame. */
  close(): void;
  /** Cuts the connection as a pulled plug does: no close frame. */
  terminate(): void;
}

/** Longest wait for the upgrade, milliseconds. */
const handshakeTimeoutMs = 10_000;

/** Opens a connection. Nothing throws later than this call: failures come as `onClose`. */
export function openStationSocket(options: StationSocketOptions): StationSocket {
  const { url, id, version, password, onOpen, onFrame, onClose, traffic } = options;
  const end = traffic?.join('client');
  const socket = new WebSocket(`${url}/${encodeURIComponent(id)}`, [subprotocolOf(version)], {
    perMessageDeflate: false,
    maxPayload: frameLengthMax,
    handshakeTimeout: handshakeTimeoutMs,
    ...(password === undefined ? {} : { auth: `${id}:${password}` }),
    finishRequest: (request) => {
      request.once('socket', (tcp) => {
        const pair = (): void => {
          if (tcp.localPort !== undefined) end?.pair(tcp.localPort);
        };
        if (tcp.connecting) tcp.once('connect', pair);
        else pair();
      });
      request.end();
    },
  });
  let failure = '';
  socket.on('open', () => {
    end?.opened();
    onOpen();
  });
  socket.on('message', (data, isBinary) => {
    if (!isBinary) onFrame(textOf(data));
    end?.handled();
  });
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', (code, reason) => {
    onClose(code, reason.toString('utf8') || failure);
    end?.closed();
  });
  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return;
      end?.sent();
      socket.send(text);
    },
    close() {
      end?.closing();
      socket.close(1000);
    },
    terminate() {
      end?.closing();
      socket.terminate();
    },
  };
}

/** The text of a message; `ws` gives one Buffer unless told otherwise. */
function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data as ArrayBuffer).toString('utf8');
}
