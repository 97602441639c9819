/**
 * Simulated stations on real WebSockets against the real charger server, all in this process, so that virtual time can
 * wait until every frame has been handled.
 * @module
 */
import { invariant } from '#domain/invariant';
import type { Site } from '#domain/site';
import type { Log } from '#ports/log';
import type { Transport } from '#sim/night';
import type { SocketEvents, StationSocket } from '#sim/socket';
import type { CsmsLimits } from './ocpp-ws/csms-limits.ts';
import { createCsmsServer, type CsmsServer } from './ocpp-ws/csms-server.ts';
import { openStationSocket, type StationSocket as Wire } from './ocpp-ws/station-socket.ts';
import { createTraffic, type Traffic } from './ocpp-ws/traffic.ts';

/** Rates are bounds per second of a real clock, on which simulated hours pass in moments. */
const unhurried: Partial<CsmsLimits> = { framesBurst: Infinity, connectionsBurst: Infinity };

/** Everything that the sockets of one night share. */
interface Cable {
  readonly traffic: Traffic;
  readonly log: Log;
  server: CsmsServer | undefined;
  /** What must not happen inside the call that asks for it. */
  later: (() => void)[];
  readonly cut: Set<string>;
  readonly wires: Map<string, Wire>;
}

/** The station's end: one connection at a time. */
function socketOf(cable: Cable, site: Site, stationId: string, events: SocketEvents): StationSocket {
  const station = site.stations.find((candidate) => candidate.id === stationId);
  invariant(station !== undefined, 'a socket belongs to a station of the site', { stationId });
  const open = (): void => {
    const { server } = cable;
    if (server === undefined || cable.cut.has(stationId)) {
      events.closed();
      return;
    }
    const isCurrent = (): boolean => cable.wires.get(stationId) === wire;
    const wire: Wire = openStationSocket({
      url: server.url,
      id: stationId,
      version: station.version,
      ...(station.password === undefined ? {} : { password: station.password }),
      traffic: cable.traffic,
      onOpen: () => {
        if (isCurrent()) events.opened();
      },
      onFrame: (text) => {
        if (isCurrent()) events.frame(text);
      },
      onClose: () => {
        if (!isCurrent()) return;
        cable.wires.delete(stationId);
        events.closed();
      },
    });
    cable.wires.set(stationId, wire);
  };
  return {
    // A server that starts at this very instant is there by the time the attempt is made.
    connect: () => void cable.later.push(open),
    send: (text) => cable.wires.get(stationId)?.send(text),
    close: () => {
      const wire = cable.wires.get(stationId);
      cable.wires.delete(stationId);
      wire?.terminate();
    },
  };
}

/** A transport of real sockets on loopback for the stations of `site`. */
export function createSocketTransport(site: Site, log: Log): Transport {
  const cable: Cable = {
    traffic: createTraffic(),
    log,
    server: undefined,
    later: [],
    cut: new Set(),
    wires: new Map(),
  };
  const access = new Map(
    site.stations.map(({ id, version, password }) => [
      id,
      { versions: [version], ...(password === undefined ? {} : { password }) },
    ]),
  );
  const settle = async (): Promise<void> => {
    for (;;) {
      const due = cable.later;
      cable.later = [];
      for (const run of due) run();
      if (cable.traffic.inFlight > 0) await cable.traffic.idle();
      else if (cable.later.length === 0) return;
    }
  };
  return {
    name: 'sockets',
    listen: async () => {
      cable.server = await createCsmsServer({
        stations: (id) => access.get(id),
        limits: unhurried,
        traffic: cable.traffic,
        log,
      });
      return cable.server;
    },
    crash: async () => {
      const { server } = cable;
      cable.server = undefined;
      await server?.crash();
      await settle();
    },
    socketFor: (stationId, events) => socketOf(cable, site, stationId, events),
    cut: (stationId, state) => {
      if (state === 'whole') {
        cable.cut.delete(stationId);
        return;
      }
      cable.cut.add(stationId);
      cable.wires.get(stationId)?.terminate();
    },
    settle,
    close: async () => {
      const { server } = cable;
      cable.server = undefined;
      await server?.close();
    },
  };
}
