/**
 * Frames handed over inside the process, in the order in which they were sent; nothing is delivered before `settle`.
 * @module
 */
import type { LinkEvent } from '#domain/event';
import type { OcppVersion, Site } from '#domain/site';
import type { ChargerLink, LinkMessage } from '#ports/charger-link';
import type { Transport } from './night.ts';
import type { SocketEvents, StationSocket } from './socket.ts';
import { recordOf } from './wire-reading.ts';

interface Line {
  readonly events: SocketEvents;
  state: 'off' | 'connecting' | 'open';
  cut: boolean;
}

/** The text of a message of ours. */
function frameOf(message: LinkMessage): string {
  switch (message.kind) {
    case 'call':
      return JSON.stringify([2, message.messageId, message.action, message.payload]);
    case 'result':
      return JSON.stringify([3, message.messageId, message.payload]);
    case 'error':
      return JSON.stringify([4, message.messageId, message.code, message.description, {}]);
  }
}

/** What a station's frame says; undefined for what is none. */
function eventOf(stationId: string, text: string): LinkEvent | undefined {
  const frame: unknown = JSON.parse(text);
  if (!Array.isArray(frame)) return undefined;
  const [type, messageId, third, fourth] = frame as readonly unknown[];
  if (typeof messageId !== 'string') return undefined;
  if (type === 2) {
    return typeof third === 'string'
      ? { kind: 'call', stationId, messageId, action: third, payload: fourth }
      : undefined;
  }
  if (type === 3) return { kind: 'result', stationId, messageId, payload: recordOf(third) ?? {} };
  return { kind: 'error', stationId, messageId, code: String(third), description: String(fourth) };
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
      const event = line.state === 'open' ? eventOf(stationId, text) : undefined;
      if (event !== undefined) tell(event);
    },
    close: () => {
      if (line.state === 'open') tell({ kind: 'disconnected', stationId, reason: 'closed by the station' });
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
      const text = frameOf(message);
      queue.push(() => {
        if (line.state === 'open') line.events.frame(text);
      });
    },
    drop: (stationId, reason) => {
      const line = lines.get(stationId);
      if (server === own && line !== undefined) breakLine(stationId, line, reason);
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
      for (const [stationId, line] of lines) breakLine(stationId, line, 'crash');
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
      if (line.cut) breakLine(stationId, line, 'connection lost');
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
