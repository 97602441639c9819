import { afterEach, expect, test } from 'vitest';
import { openStationSocket, type StationSocket } from '#adapters/ocpp-ws/station-socket';
import { createTraffic, type Traffic } from '#adapters/ocpp-ws/traffic';
import { createRig, password, type Rig } from './rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/** Waits as a conductor does: again and again, as long as something is under way. */
async function quiet(traffic: Traffic): Promise<void> {
  while (traffic.inFlight > 0) await traffic.idle();
}

interface Station {
  readonly socket: StationSocket;
  readonly heard: string[];
}

function station(rig: Rig, traffic: Traffic, id: string): Station {
  const heard: string[] = [];
  const socket = openStationSocket({
    url: rig.server.url,
    id,
    version: '1.6',
    password,
    traffic,
    onOpen: () => heard.push('open'),
    onFrame: (text) => heard.push(text),
    onClose: (code) => heard.push(`close ${code}`),
  });
  return { socket, heard };
}

test('forty stations open, talk both ways and are cut: after each wait everything has arrived', async () => {
  const traffic = createTraffic();
  rig = await createRig({ traffic });
  const { server, events } = rig;
  server.onEvent((event) => {
    events.push(event);
    if (event.kind !== 'call') return;
    const { stationId, messageId } = event;
    server.send({ kind: 'result', stationId, messageId, payload: { currentTime: '2026-05-01T00:00:00Z' } });
  });
  const stations = Array.from({ length: 40 }, (_, i) => station(rig as Rig, traffic, `A${i + 100}`));
  expect(traffic.inFlight).toBe(40);
  await quiet(traffic);
  expect(events.filter((event) => event.kind === 'connected')).toHaveLength(40);
  expect(stations.every(({ heard }) => heard.length === 1)).toBe(true);

  for (let round = 0; round < 5; round++) {
    for (const { socket } of stations) socket.send(JSON.stringify([2, `m${round}`, 'Heartbeat', {}]));
    await quiet(traffic);
    expect(stations.every(({ heard }) => heard.length === round + 2)).toBe(true);
  }
  // Five rounds, a call and an answer each.
  expect(traffic.framesSent).toBe(40 * 5 * 2);
  expect(traffic.framesHandled).toBe(40 * 5 * 2);

  for (const { socket } of stations.slice(0, 20)) socket.terminate();
  for (const { socket } of stations.slice(20)) socket.close();
  await quiet(traffic);
  expect(events.filter((event) => event.kind === 'disconnected')).toHaveLength(40);
  expect(stations.every(({ heard }) => heard.at(-1)?.startsWith('close') === true)).toBe(true);
});

test('a crashed server counts as handled when every station has heard of it', async () => {
  const traffic = createTraffic();
  rig = await createRig({ traffic });
  const stations = ['A1', 'A2', 'A3'].map((id) => station(rig as Rig, traffic, id));
  await quiet(traffic);
  const before = rig.events.length;
  const crashed = rig.server.crash();
  await quiet(traffic);
  await crashed;
  expect(stations.map(({ heard }) => heard.at(-1))).toEqual(['close 1006', 'close 1006', 'close 1006']);
  expect(rig.events).toHaveLength(before);
});

test('a refused connection is under way until the station has heard the refusal', async () => {
  const traffic = createTraffic();
  rig = await createRig({ traffic });
  const { heard } = station(rig, traffic, 'A0-unknown');
  expect(traffic.inFlight).toBe(1);
  await quiet(traffic);
  expect(heard).toEqual(['close 1006']);
});

test('a station that reconnects at once is heard as gone and then as there', async () => {
  const traffic = createTraffic();
  rig = await createRig({ traffic });
  const first = station(rig, traffic, 'A7');
  await quiet(traffic);
  first.socket.terminate();
  await quiet(traffic);
  station(rig, traffic, 'A7');
  await quiet(traffic);
  expect(rig.events.map((event) => event.kind)).toEqual(['connected', 'disconnected', 'connected']);
});
