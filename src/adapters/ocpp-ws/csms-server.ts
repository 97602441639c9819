/**
 * The charger server: OCPP-J over WebSocket for all stations of one site, as the engine's `ChargerLink`. It answers by
 * itself what no engine needs to see (bad frames, unknown actions, payloads against their schema) and lives on.
 * Source: OCPP-J 1.6 section 3, OCPP 2.0.1 part 4 section 3; RFC 6455.
 * @module
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { LinkEvent, LinkMessage } from '#domain/event';
import { invariant } from '#domain/invariant';
import type { OcppVersion } from '#domain/site';
import { frameLengthMax } from '#ocpp/frame';
import type { ChargerLink } from '#ports/charger-link';
import type { Log } from '#ports/log';
import { createCsmsCounters, type CsmsCounters } from './csms-counters.ts';
import { csmsLimits, type CsmsLimits } from './csms-limits.ts';
import { createGate, isLoopback, type Gate, type StationAccess } from './gate.ts';
import { StationConnection } from './station-connection.ts';
import { versionOffered, subprotocolOf } from './subprotocol.ts';
import { realTimers, type Timers } from './timers.ts';
import type { Traffic, TrafficEnd } from './traffic.ts';

/** How a charger server is set up. */
export interface CsmsServerOptions {
  /** Address to listen on; default 127.0.0.1. Any other than loopback wants `tls` or `isInsecure`. */
  readonly host?: string;
  /** Port to listen on; 0, the default, for any free one. */
  readonly port?: number;
  /** Path before the identity; default `/ocpp`. */
  readonly path?: string;
  /** Stations may have any path before their identity; `path` is then only what `url` shows. */
  readonly isAnyPath?: boolean;
  /** PEM texts; `ca` makes client certificates mandatory (security profile 3). */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
  /** Passwords may travel in the clear beyond this machine (security profile 1). */
  readonly isInsecure?: boolean;
  /** What an identity may do; undefined for one that is not known. */
  readonly stations: (id: string) => StationAccess | undefined;
  readonly limits?: Partial<CsmsLimits>;
  readonly timers?: Timers;
  /** Counters shared with station sockets of the same process. */
  readonly traffic?: Traffic;
  readonly log: Log;
}

/** A listening charger server. `close` says goodbye to stations. */
export interface CsmsServer extends ChargerLink {
  /** Endpoint without the identity. */
  readonly url: string;
  readonly port: number;
  readonly counters: Readonly<CsmsCounters>;
  /** Ends as a killed process does: every connection breaks, nothing is reported any more. */
  crash(): Promise<void>;
}

/** Close codes. Source: RFC 6455 7.4.1. */
const normalClosure = 1000;
const goingAway = 1001;
const protocolError = 1002;
const policyViolation = 1008;

/** Longest request head in bytes; Node answers 431 above. */
const headerBytesMax = 8192;
/** Bytes and fragments of a message, and the longest wait of a closing handshake in milliseconds. */
const messageBounds = { maxPayload: frameLengthMax, maxFragments: 1024, closeTimeout: 5000 };

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

function refuseUpgrade(socket: Duplex, status: number): void {
  const phrase = phrases[status] ?? 'Error';
  const challenge = status === 401 ? 'WWW-Authenticate: Basic realm="ocpp"\r\n' : '';
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\n${challenge}Connection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${phrase.length}\r\n\r\n${phrase}`,
  );
}

/** Listens; resolves when the port is bound. */
export async function createCsmsServer(options: CsmsServerOptions): Promise<CsmsServer> {
  const host = options.host ?? '127.0.0.1';
  invariant(
    host === 'localhost' || isLoopback(host) || options.tls !== undefined || options.isInsecure === true,
    'beyond loopback a charger server needs tls, or isInsecure said aloud',
    { host },
  );
  const listener = new Listener(options);
  const server = listener.http;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls === undefined ? 'ws' : 'wss';
  const authority = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${scheme}://${authority}:${port}${options.path ?? '/ocpp'}`,
    port,
    counters: listener.counters,
    send: (message) => listener.send(message),
    drop: (stationId, reason) => listener.drop(stationId, reason),
    onEvent: (receive) => listener.onEvent(receive),
    close: () => listener.close(),
    crash: () => listener.crash(),
  };
}

function createHttpServer(tls: CsmsServerOptions['tls']): Server {
  const bounds = { maxHeaderSize: headerBytesMax };
  const server =
    tls === undefined
      ? createServer(bounds)
      : createTlsServer({
          ...bounds,
          ...tls,
          minVersion: 'TLSv1.2',
          requestCert: tls.ca !== undefined,
          rejectUnauthorized: tls.ca !== undefined,
        });
  server.on('request', (request, response) => {
    const status = request.method === 'GET' ? 426 : 405;
    response.writeHead(status, { Connection: 'close', Upgrade: 'websocket', Allow: 'GET' }).end();
  });
  return server;
}

/** Everything of a server but the binding of its port. */
class Listener implements ChargerLink {
  readonly http: Server;
  readonly counters: CsmsCounters = createCsmsCounters();
  readonly #options: CsmsServerOptions;
  readonly #limits: CsmsLimits;
  readonly #timers: Timers;
  readonly #gate: Gate;
  readonly #upgrader: WebSocketServer;
  readonly #connections = new Map<string, StationConnection>();
  /** Identities whose connection is being probed for a second one. */
  readonly #disputes = new Set<string>();
  readonly #sockets = new Set<WebSocket>();
  /** Stops the deadline of a handshake, by peer. */
  readonly #handshakes = new Map<string, () => void>();
  /** Version agreed on, until the socket is made. */
  readonly #agreed = new WeakMap<IncomingMessage, OcppVersion>();
  #receiver: ((event: LinkEvent) => void) | undefined;
  #isDown = false;

  constructor(options: CsmsServerOptions) {
    this.#options = options;
    this.#limits = { ...csmsLimits, ...options.limits };
    this.#timers = options.timers ?? realTimers;
    this.#gate = createGate({
      path: options.isAnyPath === true ? undefined : (options.path ?? '/ocpp'),
      stations: options.stations,
      limits: this.#limits,
      timers: this.#timers,
    });
    this.#upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      ...messageBounds,
      handleProtocols: (_offered, request) => {
        const version = this.#agreed.get(request);
        return version === undefined ? false : subprotocolOf(version);
      },
    });
    this.http = createHttpServer(options.tls);
    this.http.on('connection', (socket) => this.#onTcp(socket));
    this.http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  onEvent(receive: (event: LinkEvent) => void): void {
    this.#receiver = receive;
  }

  send(message: LinkMessage): void {
    this.#connections.get(message.stationId)?.send(message);
  }

  drop(stationId: string, reason: string): void {
    this.#connections.get(stationId)?.close(normalClosure, reason);
  }

  async close(): Promise<void> {
    const closed = this.#stopListening();
    const stop = this.#timers.after(this.#limits.goodbyeMs, () => this.#cutAll());
    for (const connection of this.#connections.values()) connection.close(goingAway, 'server closes');
    await closed;
    stop();
  }

  async crash(): Promise<void> {
    this.#isDown = true;
    const closed = this.#stopListening();
    for (const connection of this.#connections.values()) connection.terminate();
    this.#cutAll();
    await closed;
  }

  #cutAll(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Resolves when nothing listens and every connection has been reported as gone. */
  async #stopListening(): Promise<void> {
    const gone = [...this.#sockets].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    await new Promise<void>((resolve) => {
      this.http.close(() => resolve());
      this.http.closeAllConnections();
    });
    await Promise.all(gone);
  }

  #report(event: LinkEvent): void {
    if (!this.#isDown) this.#receiver?.(event);
  }

  #onTcp(socket: Socket): void {
    if (!this.#gate.admits(socket.remoteAddress ?? '')) {
      this.counters.refusedConnections++;
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    const stop = this.#timers.after(this.#limits.handshakeMs, () => socket.destroy());
    this.#handshakes.set(peer, stop);
    socket.once('close', () => {
      stop();
      this.#handshakes.delete(peer);
    });
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { log } = this.#options;
    // A peer that leaves during the handshake is nobody's problem.
    socket.on('error', () => {});
    const verdict = this.#gate.judge(request);
    if (verdict.kind === 'refused') {
      this.counters.refusedUpgrades++;
      log.warn('connection refused', { reason: verdict.reason });
      refuseUpgrade(socket, verdict.status);
      return;
    }
    if (this.#receiver === undefined) {
      this.counters.refusedUpgrades++;
      refuseUpgrade(socket, 503);
      return;
    }
    const { stationId, access } = verdict;
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    const version = versionOffered(offered, access.versions);
    if (version !== undefined) this.#agreed.set(request, version);
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      this.#handshakes.get(peerOf(request.socket))?.();
      this.#welcome(stationId, request, webSocket);
    });
  }

  #welcome(stationId: string, request: IncomingMessage, socket: WebSocket): void {
    const { traffic, log } = this.#options;
    const version = this.#agreed.get(request);
    const end = traffic?.join('server');
    if (request.socket.remotePort !== undefined) end?.pair(request.socket.remotePort);
    this.#sockets.add(socket);
    // The close event follows and tells the rest.
    socket.on('error', () => {});
    if (version === undefined) {
      this.counters.refusedUpgrades++;
      log.warn('no OCPP version in common', { stationId });
      socket.close(protocolError, 'no subprotocol in common');
    } else {
      const old = this.#connections.get(stationId);
      const join = (): void => this.#adopt(stationId, version, socket, end);
      if (old === undefined) join();
      else this.#dispute(stationId, old, socket, join);
    }
    socket.on('close', () => {
      this.#sockets.delete(socket);
      end?.closed();
    });
  }

  #adopt(stationId: string, version: OcppVersion, socket: WebSocket, end: TrafficEnd | undefined): void {
    const connection = new StationConnection({
      stationId,
      version,
      socket,
      end,
      limits: this.#limits,
      timers: this.#timers,
      counters: this.counters,
      log: this.#options.log,
      receive: (event) => this.#report(event),
    });
    this.#connections.set(stationId, connection);
    this.counters.connectionsOpen++;
    socket.on('close', (code, reason) => {
      this.#leave(stationId, connection, `${code} ${printable(reason.toString('utf8'))}`.trim());
    });
    this.#report({ kind: 'connected', stationId, version });
    end?.opened();
    socket.resume();
  }

  /** Reports the end of a connection once, be it replaced or closed. */
  #leave(stationId: string, connection: StationConnection, reason: string): void {
    if (this.#connections.get(stationId) !== connection) return;
    this.#connections.delete(stationId);
    this.counters.connectionsOpen--;
    connection.detach();
    this.#report({ kind: 'disconnected', stationId, reason });
  }

  /**
   * A second connection of an identity: the first stays if it answers a ping, so that nobody who knows a password pushes
   * a living station aside; a dead one makes room.
   */
  #dispute(stationId: string, old: StationConnection, socket: WebSocket, replace: () => void): void {
    const refuse = (): void => {
      this.counters.disputedIdentities++;
      this.#options.log.warn('identity is in use by a living connection; the second is closed', {
        stationId,
      });
      socket.resume();
      socket.close(policyViolation, 'identity in use');
    };
    if (this.#disputes.has(stationId)) {
      refuse();
      return;
    }
    this.#disputes.add(stationId);
    socket.pause();
    old.probe(
      () => {
        this.#disputes.delete(stationId);
        refuse();
      },
      () => {
        this.#disputes.delete(stationId);
        this.#leave(stationId, old, 'replaced by a new connection');
        old.terminate();
        if (socket.readyState === socket.OPEN) replace();
      },
    );
  }
}

/** A peer's text as it may stand in an event: printable ASCII, short. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

/** Names the other end of a TCP connection, below TLS and above it. */
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;
}
