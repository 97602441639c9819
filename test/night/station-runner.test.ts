import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { runStation } from '#adapters/station-runner';

/** The part of the foreign server that is used here. */
interface ForeignClient {
  readonly identity: string;
  handle(action: string, handler: (call: { readonly params: unknown }) => unknown): void;
  call(action: string, payload: unknown): Promise<unknown>;
}
interface ForeignServer {
  on(event: 'client', heard: (client: ForeignClient) => void): void;
  auth(check: (accept: () => void) => void): void;
  listen(port: number, host: string): Promise<{ address(): { readonly port: number } }>;
  close(): Promise<void>;
}
const { RPCServer } = createRequire(import.meta.url)('ocpp-rpc') as {
  RPCServer: new (options: object) => ForeignServer;
};
const log = { info: () => undefined, warn: () => undefined };

test.each([
  ['1.6', 'ocpp1.6'],
  ['2.0.1', 'ocpp2.0.1'],
] as const)(
  'a %s station charges under a foreign management system in strict mode',
  async (version, protocol) => {
    const server = new RPCServer({ protocols: [protocol], strictMode: true });
    server.auth((accept) => accept());
    const heard: string[] = [];
    const started = new Promise<ForeignClient>((resolve) => {
      server.on('client', (client) => {
        const answer = (action: string, payload: unknown): void =>
          client.handle(action, () => {
            heard.push(action);
            if (action === 'StartTransaction' || action === 'TransactionEvent') resolve(client);
            return payload;
          });
        answer('BootNotification', {
          status: 'Accepted',
          currentTime: new Date().toISOString(),
          interval: 300,
        });
        answer('StatusNotification', {});
        answer(
          'Authorize',
          version === '1.6' ? { idTagInfo: { status: 'Accepted' } } : { idTokenInfo: { status: 'Accepted' } },
        );
        answer('StartTransaction', { transactionId: 4, idTagInfo: { status: 'Accepted' } });
        answer('TransactionEvent', {});
        answer('MeterValues', {});
        answer('Heartbeat', { currentTime: new Date().toISOString() });
      });
    });
    const http = await server.listen(0, '127.0.0.1');
    const running = runStation({
      id: 'SIM-1',
      url: `ws://127.0.0.1:${http.address().port}`,
      version,
      vehicle: { energyKwh: 20, plugAfterS: 0 },
      log,
    });
    const client = await started;
    expect(client.identity).toBe('SIM-1');
    expect([...new Set(heard)].slice(0, 3)).toEqual(['BootNotification', 'StatusNotification', 'Authorize']);
    const request = version === '1.6' ? { connectorId: 1, duration: 60 } : { evseId: 1, duration: 60 };
    expect(await client.call('GetCompositeSchedule', request)).toMatchObject({ status: 'Accepted' });
    expect(await client.call('TriggerMessage', { requestedMessage: 'MeterValues' })).toEqual({
      status: 'Accepted',
    });
    running.stop();
    await server.close();
  },
);
