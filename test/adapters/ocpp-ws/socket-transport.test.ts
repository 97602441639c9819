import { describe, expect, test } from 'vitest';
import { createSocketTransport } from '#adapters/ocpp-ws/socket-transport';
import type { LinkEvent } from '#domain/event';
import type { Site } from '#domain/site';
import { cautiousCapability } from '#ocpp/capability';
import { createMemoryTransport } from '#sim/transport-memory';
import type { Transport } from '#sim/transport';
import type { StationSocket } from '#sim/socket';

const ids = ['S1', 'S2', 'S3'];
const site: Site = {
  id: 'test',
  timeZone: 'Europe/Berlin',
  voltage: 230,
  circuits: [],
  uncontrolled: [],
  stations: ids.map((id, i) => ({
    id,
    version: i === 1 ? '2.0.1' : '1.6',
    vendor: 'V',
    model: 'M',
    circuit: 'grid',
    current: 'AC',
    evses: [],
    capability: cautiousCapability('AC'),
    ...(i === 2 ? { password: 'a password: with a colon' } : {}),
  })),
};

const silent = { info: () => {}, warn: () => {} };

/** Plays one story over a transport; everything that anybody heard, by hearer, phase by phase. */
async function story(transport: Transport): Promise<string[][]> {
  const phases: string[][] = [];
  let heard: string[] = [];
  const sockets = new Map<string, StationSocket>();
  for (const id of ids) {
    sockets.set(
      id,
      transport.socketFor(id, {
        opened: () => heard.push(`${id} opened`),
        closed: () => heard.push(`${id} closed`),
        frame: (text) => heard.push(`${id} frame ${text}`),
      }),
    );
  }
  const each = (act: (socket: StationSocket, id: string) => void): void => {
    for (const [id, socket] of sockets) act(socket, id);
  };
  const phase = async (): Promise<void> => {
    await transport.settle();
    phases.push(heard.sort());
    heard = [];
  };
  const listen = async (): Promise<(text: string) => void> => {
    const link = await transport.listen();
    link.onEvent((event: LinkEvent) => {
      const { kind, stationId } = event;
      if (kind === 'connected') heard.push(`engine: ${stationId} connected ${event.version}`);
      else if (kind === 'disconnected') heard.push(`engine: ${stationId} disconnected`);
      else heard.push(`engine: ${JSON.stringify(event)}`);
      if (kind === 'call')
        link.send({
          kind: 'result',
          stationId,
          messageId: event.messageId,
          payload: { currentTime: '2026-05-01T00:00:00Z' },
        });
    });
    return (text) =>
      each((_, stationId) =>
        link.send({
          kind: 'call',
          stationId,
          messageId: text,
          action: 'TriggerMessage',
          payload: { requestedMessage: 'Heartbeat' },
        }),
      );
  };

  each((socket) => socket.connect());
  await phase();
  const first = await listen();
  each((socket) => socket.connect());
  await phase();
  each((socket, id) => socket.send(JSON.stringify([2, `h-${id}`, 'Heartbeat', {}])));
  await phase();
  first('t1');
  await phase();
  each((socket) => socket.send(JSON.stringify([3, 't1', { status: 'Accepted' }])));
  await phase();
  transport.cut('S1', 'cut');
  await phase();
  sockets.get('S1')?.connect();
  await phase();
  transport.cut('S1', 'whole');
  sockets.get('S1')?.connect();
  sockets.get('S2')?.close();
  await phase();
  sockets.get('S2')?.connect();
  await phase();
  await transport.crash();
  await phase();
  first('lost');
  each((socket) => socket.connect());
  await phase();
  const second = await listen();
  each((socket) => socket.connect());
  await phase();
  second('t2');
  await phase();
  await transport.close();
  return phases;
}

describe('both transports of a night', () => {
  test('tell everybody the same, phase by phase', async () => {
    const memory = await story(createMemoryTransport(site));
    const sockets = await story(createSocketTransport(site, silent));
    expect(sockets).toEqual(memory);
    expect(sockets[1]).toContain('engine: S2 connected 2.0.1');
    expect(sockets.flat().filter((line) => line.includes('t1'))).toHaveLength(6);
  });
});
