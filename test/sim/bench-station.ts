/** One station on a virtual clock with the test as its CSMS. */
import { prngOf } from '#domain/prng';
import type { Phase, Station } from '#domain/site';
import { amperes, epochS, seconds, watts } from '#domain/units';
import { switchesOf } from '#sim/personas';
import type { PersonaName } from '#sim/scenario-document';
import type { Behaviour } from '#sim/scenario-site';
import type { SocketEvents } from '#sim/socket';
import { createStation, type SimStation } from '#sim/station';
import type { Vehicle } from '#sim/vehicle';
import { createVirtualClock, type VirtualClock } from '#sim/virtual-clock';

export const t0 = epochS(1_784_073_600);

export const vehicle: Vehicle = { id: 'van-1', idToken: 'van-1', needWh: 40_000, maxW: 11_000, phases: 3 };

export interface Frame {
  /** Seconds after t0. */
  readonly at: number;
  readonly type: number;
  readonly id: string;
  readonly action: string;
  readonly payload: Record<string, unknown>;
  /** The test as CSMS has answered it. */
  readonly isAnswered: boolean;
}

export interface Bench {
  readonly clock: VirtualClock;
  readonly station: SimStation;
  /** Seconds after t0 of every attempt to connect. */
  readonly attempts: number[];
  /** Everything that the station has sent. */
  readonly sent: Frame[];
  /** CALLs of one action. */
  of(action: string): readonly Frame[];
  /** Sends a CALL and gives what came back at once. */
  call(action: string, payload: unknown): Record<string, unknown> | string | undefined;
  /** Plays until so many seconds after t0. */
  until(s: number): void;
  cut(): void;
  /** Attempts to connect succeed from now on. */
  mend(): void;
  personas(...names: PersonaName[]): void;
  answersCalls: boolean;
  /** W now, by EVSE. */
  draw(evseId?: number): number;
}

export function stationOf(more: Partial<Station> = {}): Station {
  const version = more.version ?? '1.6';
  const dc = more.current === 'DC';
  const rotation: readonly Phase[] = [0, 1, 2];
  const evse = (id: number): Station['evses'][number] => ({
    id,
    maxA: amperes(dc ? 73 : 16),
    maxW: watts(dc ? 50_000 : 11_040),
    minA: amperes(dc ? 0 : 6),
    stepA: amperes(1),
    rotation,
  });
  return {
    id: 'ST-1',
    version,
    vendor: 'Volta',
    model: 'AC11',
    circuit: 'grid',
    current: 'AC',
    evses: [evse(1), ...(dc ? [evse(2)] : [])],
    capability: {
      rateUnit: dc ? 'W' : 'A',
      maxPeriods: 24,
      maxStackLevel: 8,
      maxProfiles: 6,
      reactionS: seconds(10),
      keepsProfiles: 'floors',
      obeysLease: true,
      sharesStationCap: false,
    },
    ...more,
  };
}

const honestBehaviour: Behaviour = {
  reactionS: [5, 5],
  keepsProfiles: 'floors',
  bootS: 40,
  reconnectS: [15, 120],
  sampleIntervalS: 60,
  heartbeatIntervalS: 3600,
};

export function benchOf(station: Station, behaviour: Partial<Behaviour> = {}): Bench {
  const clock = createVirtualClock(t0);
  const sent: Frame[] = [];
  const attempts: number[] = [];
  const answers = new Map<string, Record<string, unknown> | string>();
  let events: SocketEvents | undefined;
  let isOpen = false;
  let isWhole = true;
  let names: readonly PersonaName[] = [];
  let transactions = 100;
  let calls = 0;
  const answerOf = (action: string): unknown => {
    if (action === 'BootNotification')
      return { status: 'Accepted', currentTime: '2026-07-15T00:00:00Z', interval: 900 };
    if (action === 'Authorize')
      return { idTagInfo: { status: 'Accepted' }, idTokenInfo: { status: 'Accepted' } };
    if (action === 'StartTransaction')
      return { transactionId: ++transactions, idTagInfo: { status: 'Accepted' } };
    return {};
  };
  const sim = createStation({
    station,
    voltage: 230,
    behaviour: { ...honestBehaviour, ...behaviour },
    clock,
    prng: prngOf(1),
    switches: () => switchesOf(names),
    onDraw: () => undefined,
    socketFor: (given) => {
      events = given;
      return {
        connect: () => {
          attempts.push(clock.now() - t0);
          clock.at(clock.now(), () => {
            isOpen = isWhole;
            if (isWhole) given.opened();
            else given.closed();
          });
        },
        send: (text) => {
          if (!isOpen) return;
          const [type, id, third, fourth] = JSON.parse(text) as [number, string, unknown, unknown];
          if (type !== 2) {
            answers.set(id, (type === 3 ? third : String(third)) as Record<string, unknown> | string);
            return;
          }
          const action = String(third);
          const payload = fourth as Record<string, unknown>;
          sent.push({ at: clock.now() - t0, type, id, action, payload, isAnswered: bench.answersCalls });
          // An answer comes after the send has returned, as over any network.
          if (bench.answersCalls) {
            const answer = JSON.stringify([3, id, answerOf(action)]);
            clock.at(clock.now(), () => {
              if (isOpen) given.frame(answer);
            });
          }
        },
        close: () => {
          isOpen = false;
        },
      };
    },
  });
  const bench: Bench = {
    clock,
    station: sim,
    attempts,
    sent,
    answersCalls: true,
    of: (action) => sent.filter((frame) => frame.action === action),
    call: (action, payload) => {
      const id = `c${++calls}`;
      events?.frame(JSON.stringify([2, id, action, payload]));
      clock.runDue();
      return answers.get(id);
    },
    until: (s) => {
      clock.runDue();
      for (let next = clock.nextAt(); next !== undefined && next <= t0 + s; next = clock.nextAt()) {
        clock.advanceTo(next);
        clock.runDue();
      }
      clock.advanceTo(epochS(t0 + s));
      sim.count();
    },
    cut: () => {
      isWhole = false;
      if (isOpen) {
        isOpen = false;
        events?.closed();
      }
    },
    mend: () => {
      isWhole = true;
    },
    personas: (...given) => {
      names = given;
      sim.refresh();
    },
    draw: (evseId = 1) => sim.outlets.find((outlet) => outlet.evse.id === evseId)?.drawW ?? NaN,
  };
  return bench;
}

/** A TxProfile, a default or a cap in the wire form of the station's version, absolute from t0 on. */
export function setProfile(
  version: Station['version'],
  profile: {
    readonly evse?: number;
    readonly id?: number;
    readonly stack?: number;
    readonly purpose: 'max' | 'default' | 'tx';
    readonly tx?: string;
    readonly unit?: 'A' | 'W';
    readonly duration?: number;
    readonly periods: readonly (readonly [number, number])[];
  },
): Record<string, unknown> {
  const old = version === '1.6';
  const {
    evse = profile.purpose === 'max' ? 0 : 1,
    id = 1,
    stack = 0,
    purpose,
    tx,
    unit = 'A',
    duration,
  } = profile;
  const max = old ? 'ChargePointMaxProfile' : 'ChargingStationMaxProfile';
  const schedule = {
    ...(old ? {} : { id }),
    startSchedule: '2026-07-15T00:00:00Z',
    ...(duration === undefined ? {} : { duration }),
    chargingRateUnit: unit,
    chargingSchedulePeriod: profile.periods.map(([startPeriod, limit]) => ({ startPeriod, limit })),
  };
  const body = {
    [old ? 'chargingProfileId' : 'id']: id,
    stackLevel: stack,
    chargingProfilePurpose: purpose === 'max' ? max : purpose === 'tx' ? 'TxProfile' : 'TxDefaultProfile',
    chargingProfileKind: 'Absolute',
    ...(tx === undefined ? {} : { transactionId: old ? Number(tx) : tx }),
    chargingSchedule: old ? schedule : [schedule],
  };
  return old ? { connectorId: evse, csChargingProfiles: body } : { evseId: evse, chargingProfile: body };
}
