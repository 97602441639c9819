/** What passed between stations and engine, and when nothing could: counted at the stations' own sockets. @module */
import type { EpochS } from '#domain/units';
import type { Clock } from '#ports/clock';
import type { CommsSpan, MessageCounts } from './night-result.ts';
import type { SocketEvents, StationSocket } from './socket.ts';

/** The record of all connections of a night. */
export interface CommsRecord {
  /** The socket that `make` gives, watched. */
  watch(
    stationId: string,
    events: SocketEvents,
    make: (watched: SocketEvents) => StationSocket,
  ): StationSocket;
  cut(stationId: string, state: 'cut' | 'whole'): void;
  /** The station restarts now. */
  rebooting(stationId: string): void;
  engineIs(state: 'up' | 'down'): void;
  /** Spans without a connection after the first one; open ones end at `endS`. */
  spans(endS: EpochS): readonly CommsSpan[];
  messages(): Pick<MessageCounts, 'toStations' | 'fromStations' | 'byAction' | 'errors'>;
}

/** An empty record. */
export function createCommsRecord(clock: Clock): CommsRecord {
  const spans: CommsSpan[] = [];
  const open = new Map<string, { readonly fromS: EpochS; readonly cause: CommsSpan['cause'] }>();
  const cuts = new Set<string>();
  const byAction: Record<string, number> = {};
  const errors: Record<string, number> = {};
  let toStations = 0;
  let fromStations = 0;
  let engine: 'up' | 'down' = 'up';

  const count = (text: string, side: 'station' | 'engine'): void => {
    // Most frames are answers that say yes.
    if (text.startsWith('[3')) return;
    const [, type, word] = /^\[([24]),"[^"]*","([A-Za-z]+)"/.exec(text) ?? [];
    if (word === undefined) return;
    if (type === '2') byAction[word] = (byAction[word] ?? 0) + 1;
    else errors[`${side} ${word}`] = (errors[`${side} ${word}`] ?? 0) + 1;
  };
  const lost = (stationId: string, otherwise: CommsSpan['cause']): void => {
    if (open.has(stationId)) return;
    const cause = cuts.has(stationId) ? 'cut' : engine === 'down' ? 'engine-down' : otherwise;
    open.set(stationId, { fromS: clock.now(), cause });
  };

  return {
    watch: (stationId, events, make) => {
      let isOpen = false;
      const socket = make({
        opened: () => {
          isOpen = true;
          const before = open.get(stationId);
          open.delete(stationId);
          if (before !== undefined) spans.push({ stationId, ...before, untilS: clock.now() });
          events.opened();
        },
        closed: () => {
          if (isOpen) lost(stationId, 'dropped');
          isOpen = false;
          events.closed();
        },
        frame: (text, value) => {
          toStations++;
          count(text, 'engine');
          events.frame(text, value);
        },
      });
      return {
        connect: () => socket.connect(),
        send: (text, value) => {
          if (isOpen) {
            fromStations++;
            count(text, 'station');
          }
          socket.send(text, value);
        },
        close: () => {
          if (isOpen) lost(stationId, 'reboot');
          isOpen = false;
          socket.close();
        },
      };
    },
    cut: (stationId, state) => {
      if (state === 'cut') cuts.add(stationId);
      else cuts.delete(stationId);
    },
    rebooting: (stationId) => lost(stationId, 'reboot'),
    engineIs: (state) => {
      engine = state;
    },
    spans: (endS) =>
      [...spans, ...[...open].map(([stationId, span]) => ({ stationId, ...span, untilS: endS }))].sort(
        (a, b) => a.fromS - b.fromS || (a.stationId < b.stationId ? -1 : 1),
      ),
    messages: () => ({
      toStations,
      fromStations,
      byAction: sortedByKey(byAction),
      errors: sortedByKey(errors),
    }),
  };
}

function sortedByKey(record: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
