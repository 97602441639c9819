/**
 * A station of nobody's house for tests: OCPP-J by `ocpp-rpc` in strict mode (1.6, 2.0.1), which checks every message both
 * ways by its own schemas, or by bare WebSocket frames (2.1). It installs profiles by id, reports them, and loses what a
 * test takes away.
 */
import { once } from 'node:events';
import { RPCClient, type IHandlersOption } from 'ocpp-rpc';
import { WebSocket } from 'ws';
import type { OcppVersion } from '#domain/site';

type Payload = Readonly<Record<string, unknown>>;

interface Held {
  readonly evseId: number;
  readonly id: number;
  readonly purpose: string;
  readonly profile: Payload;
}

/** A connection that says and hears; `call` resolves with the payload of the answer. */
interface Wire {
  call(action: string, payload: Payload): Promise<Payload>;
  cut(): Promise<void>;
}

/** One foreign station. */
export class ForeignStation {
  readonly id: string;
  readonly version: OcppVersion;
  /** CALLs of the other side in order: the action, and for profiles the purpose. */
  readonly heard: string[] = [];
  installed: Held[] = [];
  /** What broke a schema, in either direction. */
  readonly breaches: string[] = [];
  private readonly url: string;
  private wire: Wire | undefined;

  constructor(id: string, version: OcppVersion, url: string) {
    this.id = id;
    this.version = version;
    this.url = url;
  }

  async connect(): Promise<void> {
    this.wire = this.version === '2.1' ? await this.connectBare() : await this.connectRpc();
  }

  /** Cuts the connection without a goodbye. */
  async cut(): Promise<void> {
    await this.wire?.cut();
    this.wire = undefined;
  }

  call(action: string, payload: Payload): Promise<Payload> {
    if (this.wire === undefined) throw new Error(`${this.id} is not connected`);
    return this.wire.call(action, payload);
  }

  purposes(): readonly string[] {
    return this.installed.map(({ purpose }) => purpose).toSorted();
  }

  private async connectRpc(): Promise<Wire> {
    const client = new RPCClient({
      endpoint: this.url,
      identity: this.id,
      protocols: [`ocpp${this.version}`],
      strictMode: true,
      reconnect: false,
      pingIntervalMs: 0,
    } as unknown as ConstructorParameters<typeof RPCClient>[0]);
    client.on('strictValidationFailure', (failure: unknown) => void this.breaches.push(String(failure)));
    client.handle(({ method, params }: IHandlersOption) =>
      Promise.resolve(this.answer(method ?? '', (params ?? {}) as Payload)),
    );
    await client.connect();
    return {
      call: (action, payload) => client.call(action, payload) as Promise<Payload>,
      cut: async () => {
        const closed = once(client, 'close');
        await client.close({ code: 4000, force: true });
        await closed;
      },
    };
  }

  private async connectBare(): Promise<Wire> {
    const socket = new WebSocket(`${this.url}/${this.id}`, `ocpp${this.version}`);
    const open = new Map<string, (payload: Payload) => void>();
    let calls = 0;
    socket.on('message', (data: Buffer) => {
      const [type, messageId, ...rest] = JSON.parse(data.toString('utf8')) as [number, string, ...unknown[]];
      if (type === 2) {
        const answer = this.answer(rest[0] as string, rest[1] as Payload);
        socket.send(JSON.stringify([3, messageId, answer]));
      } else if (type === 3) open.get(messageId)?.(rest[0] as Payload);
      else this.breaches.push(data.toString('utf8'));
    });
    await once(socket, 'open');
    return {
      call: (action, payload) =>
        new Promise((resolve) => {
          const messageId = `m${++calls}`;
          open.set(messageId, resolve);
          socket.send(JSON.stringify([2, messageId, action, payload]));
        }),
      cut: async () => {
        const closed = once(socket, 'close');
        socket.terminate();
        await closed;
      },
    };
  }

  private answer(action: string, payload: Payload): Payload {
    const profile = (payload['csChargingProfiles'] ?? payload['chargingProfile']) as Payload | undefined;
    const isSet = action === 'SetChargingProfile' && profile !== undefined;
    this.heard.push(isSet ? `${action} ${String(profile['chargingProfilePurpose'])}` : action);
    switch (action) {
      case 'SetChargingProfile': {
        const id = Number(profile?.['chargingProfileId'] ?? profile?.['id']);
        const evseId = Number(payload['connectorId'] ?? payload['evseId']);
        const purpose = String(profile?.['chargingProfilePurpose']);
        this.installed = [
          ...this.installed.filter((held) => held.id !== id),
          { evseId, id, purpose, profile: profile ?? {} },
        ];
        return { status: 'Accepted' };
      }
      case 'ClearChargingProfile':
        this.installed = [];
        return { status: 'Accepted' };
      case 'GetCompositeSchedule':
        return { status: 'Rejected' };
      case 'GetChargingProfiles':
        return this.reported(Number(payload['requestId']));
      case 'GetConfiguration':
        return {
          configurationKey: [{ key: 'ChargingScheduleMaxPeriods', readonly: true, value: '10' }],
          unknownKey: [],
        };
      case 'GetVariables':
        return {
          getVariableResult: (payload['getVariableData'] as readonly Payload[]).map((asked) => ({
            ...asked,
            attributeStatus: 'UnknownVariable',
          })),
        };
      case 'SetVariables':
        return {
          setVariableResult: (payload['setVariableData'] as readonly Payload[]).map((asked) => ({
            attributeStatus: 'Accepted',
            component: asked['component'],
            variable: asked['variable'],
          })),
        };
      default:
        return { status: 'Accepted' };
    }
  }

  /** One report for each EVSE, after the answer. */
  private reported(requestId: number): Payload {
    if (this.installed.length === 0) return { status: 'NoProfiles' };
    const places = [...new Set(this.installed.map(({ evseId }) => evseId))];
    setImmediate(() => {
      void (async () => {
        for (const [i, evseId] of places.entries()) {
          await this.call('ReportChargingProfiles', {
            requestId,
            chargingLimitSource: 'CSO',
            evseId,
            chargingProfile: this.installed
              .filter((held) => held.evseId === evseId)
              .map((held) => held.profile),
            ...(i + 1 < places.length ? { tbc: true } : {}),
          });
        }
      })();
    });
    return { status: 'Accepted' };
  }
}
