/** The way between simulated stations and the engine, in memory or over sockets. @module */
import type { ChargerLink } from '#ports/charger-link';
import type { SocketEvents, StationSocket } from './socket.ts';

/** How frames travel between simulated stations and the engine's charger link. */
export interface Transport {
  readonly name: string;
  /** Opens the CSMS end; a new one for each process of the engine. */
  listen(): Promise<ChargerLink>;
  /** The CSMS process is gone: every connection breaks, nothing listens. */
  crash(): Promise<void>;
  /** The socket of one station. */
  socketFor(stationId: string, events: SocketEvents): StationSocket;
  /** While cut, the station's connection is broken and attempts fail. */
  cut(stationId: string, state: 'cut' | 'whole'): void;
  /** Resolves when no frame, no attempt and no closing is under way. */
  settle(): Promise<void>;
  close(): Promise<void>;
}
