/**
 * The transport of a simulated night over real WebSockets on loopback: the charger server that ships on one end, real
 * sockets on the other. No wall clock takes part: pings, deadlines and rates are off.
 * @module
 */
import type { Site } from '#domain/site';
import type { ChargerLink } from '#ports/charger-link';
import type { Log } from '#ports/log';
import type { Transport } from '#sim/transport';
import type { SocketEvents, StationSocket as SimSocket } from '#sim/socket';
import { createCsmsServer, type CsmsServer } from './csms-server.ts';
import { openStationSocket, type StationSocket } from './station-socket.ts';
import type { Timers } from './timers.ts';
import { createTraffic } from './traffic.ts';

/** Time that never passes. */
const stillTimers: Timers = { nowMs: () => 0, after: () => () => {} };

/** The wire of one station. */
interface Line {
  readonly events: SocketEvents;
  socket: StationSocket | undefined;
  isCut: boolean;
}

/** A transport over loopback sockets for the stations of `site`. */
export function createSocketTransport(site: Site, log: Log): Transport {
  const stations = new Map(site.stations.map((station) => [station.id, station]));
  const traffic = createTraffic();
  const lines = new Map<string, Line>();
  /** What must not happen inside the call that asks for it. */
  let due: (() => void)[] = [];
  let server: CsmsServer | undefined;

  const connect = (stationId: string, line: Line): void => {
    const station = stations.get(stationId);
    if (server === undefined || line.isCut || station === undefined) {
      line.events.closed();
      return;
    }
    const socket = openStationSocket({
      url: server.url,
      id: stationId,
      version: station.version,
      ...(station.password === undefined ? {} : { password: station.password }),
      traffic,
      onOpen: () => line.events.opened(),
      onFrame: (text) => line.events.frame(text),
      onClose: () => {
        // A station that closed by itself has moved on.
        if (line.socket !== socket) return;
        line.socket = undefined;
        line.events.closed();
      },
    });
    line.socket = socket;
  };

  const crash = async (): Promise<void> => {
    const old = server;
    server = undefined;
    await old?.crash();
  };

  return {
    name: 'sockets',
    async listen(): Promise<ChargerLink> {
      server = await createCsmsServer({
        stations: (id) => {
          const station = stations.get(id);
          if (station === undefined) return undefined;
          const versions = [station.version];
          return station.password === undefined ? { versions } : { versions, password: station.password };
        },
        limits: { framesBurst: Infinity, connectionsBurst: Infinity },
        timers: stillTimers,
        traffic,
        log,
      });
      return server;
    },
    crash,
    socketFor(stationId, events): SimSocket {
      const line: Line = { events, socket: undefined, isCut: false };
      lines.set(stationId, line);
      return {
        // A server that starts at this very instant is there by the time the attempt is made.
        connect: () => void due.push(() => connect(stationId, line)),
        send: (text) => line.socket?.send(text),
        close() {
          const socket = line.socket;
          line.socket = undefined;
          // A station closes when its power goes: nobody says goodbye.
          socket?.terminate();
        },
      };
    },
    cut(stationId, state) {
      const line = lines.get(stationId);
      if (line === undefined) return;
      line.isCut = state === 'cut';
      if (line.isCut) line.socket?.terminate();
    },
    async settle() {
      while (due.length > 0 || traffic.inFlight > 0) {
        const now = due;
        due = [];
        for (const run of now) run();
        await traffic.idle();
      }
    },
    async close() {
      for (const line of lines.values()) {
        const socket = line.socket;
        line.socket = undefined;
        socket?.terminate();
      }
      await crash();
    },
  };
}
