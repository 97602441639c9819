/**
 * Frames handed over inside the process, in the order in which they were sent; nothing is delivered before `settle`.
 * @module
 */
import type { LinkEvent, LinkMessage } from '#domain/event';
import type { OcppVersion, Site } from '#domain/site';
import { arrayOfFrame, encodeFrame, parseFrame, type Frame } from '#ocpp/frame';
import { checkRequest } from '#ocpp/message';
import type { ChargerLink } from '#ports/charger-link';
import type { Transport } from './transport.ts';
import type { SocketEvents, StationSocket } from './socket.ts';

/** How a charger server names a connection that broke without a goodbye. Source: RFC 6455 7.4.1. */
const brokenReason = '1006';

interface Line {
  readonly events: SocketEvents;
  state: 'off' | 'connecting' | 'open';
  cut: boolean;
}

/** A message of ours as the charger server writes it. */
function frameOf(message: LinkMessage): Frame {
  const { messageId } = message;
  switch (message.kind) {
    case 'call':
      return { kind: 'call', messageId, action: message.action, payload: message.payload as object };
    case 'result':
      return { kind: 'result', messageId, payload: message.payload as object };
    case 'error':
      return { kind: 'error', messageId, code: message.code, description: message.description };
  }
}

/** The frame of a message of ours as the charger server sends it. */
export function arrayOfMessage(message: LinkMessage, version: OcppVersion): readonly unknown[] {
  return arrayOfFrame(frameOf(message), version);
}

/** What a station's frame is to the charger server: an event for the engine, a refusal's text, or nothing. */
export function readFrame(
  stationId: string,
  version: OcppVersion,
  text: string,
  value?: readonly unknown[],
): { readonly event: LinkEvent } | { readonly refusal: string } | undefined {
  const frame = parseFrame(text, version, value);
  switch (frame.kind) {
    case 'call': {
      const { messageId, action } = frame;
      const checked = checkRequest(version, 'station', action, frame.payload);
      if (checked.ok) {
        return { event: { kind: 'call', stationId, messageId, action, payload: checked.value.payload } };
      }
      const { code, description } = checked.problem;
      return { refusal: encodeFrame({ kind: 'error', messageId, code, description }, version) };
    }
    case 'result': {
      const { kind, messageId, payload } = frame;
      return { event: { kind, stationId, messageId, payload } };
    }
    case 'error': {
      const { kind, messageId, code, description } = frame;
      return { event: { kind, stationId, messageId, code, description } };
    }
    case 'fault':
      return frame.reply === undefined ? undefined : { refusal: encodeFrame(frame.reply, version) };
    case 'send':
    case 'result-error':
      return undefined;
  }
}

interface SocketParts {
  readonly stationId: string;
  readonly version: OcppVersion | undefined;
  readonly line: Line;
  readonly tell: (event: LinkEvent) => void;
  readonly post: (deliver: () => void) => void;
  readonly isListening: () => boolean;
}

/** The station's end of a line. */
function socketOf(parts: SocketParts): StationSocket {
  const { stationId, version, line, tell } = parts;
  return {
    connect: () => {
      line.state = 'connecting';
      parts.post(() => {
        if (line.state !== 'connecting') return;
        if (!parts.isListening() || line.cut || version === undefined) {
          line.state = 'off';
          line.events.closed();
          return;
        }
        line.state = 'open';
        tell({ kind: 'connected', stationId, version });
        line.events.opened();
      });
    },
    send: (text) => {
      if (line.state !== 'open' || version === undefined) return;
      const read = readFrame(stationId, version, text);
      if (read === undefined) return;
      if ('event' in read) tell(read.event);
      else parts.post(() => line.events.frame(read.refusal));
    },
    close: () => {
      if (line.state === 'open') tell({ kind: 'disconnected', stationId, reason: brokenReason });
      line.state = 'off';
    },
  };
}

/** A transport of this process for the stations of `site`. */
export function createMemoryTransport(site: Site): Transport {
  const versions = new Map(site.stations.map((station) => [station.id, station.version]));
  const lines = new Map<string, Line>();
  let queue: (() => void)[] = [];
  /** The CSMS process that listens; frames for an earlier one are lost. */
  let server: { receive: (event: LinkEvent) => void } | undefined;

  const tell = (event: LinkEvent): void => {
    const to = server;
    if (to !== undefined) queue.push(() => to === server && to.receive(event));
  };
  const breakLine = (stationId: string, line: Line, reason: string): void => {
    if (line.state === 'off') return;
    const wasOpen = line.state === 'open';
    line.state = 'off';
    if (wasOpen) tell({ kind: 'disconnected', stationId, reason });
    queue.push(() => line.events.closed());
  };

  const linkOf = (own: { receive: (event: LinkEvent) => void }): ChargerLink => ({
    send: (message) => {
      const line = lines.get(message.stationId);
      if (server !== own || line === undefined || line.state !== 'open') return;
      const version = versions.get(message.stationId) ?? '1.6';
      const text = JSON.stringify(arrayOfMessage(message, version));
      queue.push(() => {
        if (line.state === 'open') line.events.frame(text);
      });
    },
    drop: (stationId, reason) => {
      const line = lines.get(stationId);
      if (server === own && line !== undefined) breakLine(stationId, line, `1000 ${reason}`);
    },
    onEvent: (receive) => {
      own.receive = receive;
    },
    close: () => Promise.resolve(),
  });

  return {
    name: 'memory',
    listen: () => {
      const own = { receive: (): void => undefined };
      server = own;
      return Promise.resolve(linkOf(own));
    },
    crash: () => {
      server = undefined;
      for (const [stationId, line] of lines) breakLine(stationId, line, brokenReason);
      return Promise.resolve();
    },
    socketFor: (stationId, events) => {
      const line: Line = { events, state: 'off', cut: false };
      lines.set(stationId, line);
      return socketOf({
        stationId,
        version: versions.get(stationId),
        line,
        tell,
        post: (deliver) => void queue.push(deliver),
        isListening: () => server !== undefined,
      });
    },
    cut: (stationId, state) => {
      const line = lines.get(stationId);
      if (line === undefined) return;
      line.cut = state === 'cut';
      if (line.cut) breakLine(stationId, line, brokenReason);
    },
    settle: () => {
      while (queue.length > 0) {
        const batch = queue;
        queue = [];
        for (const deliver of batch) deliver();
      }
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
