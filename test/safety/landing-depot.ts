/**
 * Depots for landings: a grid connection with three feeders, its limit lower for an hour of the night, AC and DC stations
 * of all versions, fast and slow ones, some that forget their profiles, some whose clocks are off.
 */
import { prngOf, type Prng } from '#domain/prng';
import type { Evse, Phase, Site, Station } from '#domain/site';
import { constant, stepFunctionOf, type StepFunction } from '#domain/step-function';
import { amperes, epochS, seconds, watts } from '#domain/units';
import { compileFloors } from '#ocpp/compile';
import type { InstalledProfile } from '#ocpp/profile';
import type { SiteLimits } from '#safety/circuit-limits';
import { floorsOf, type FloorRooms, type Floors } from '#safety/floors';
import { evse, station } from './depot.ts';

/** A depot, what it is told of itself, and what is really so. */
export interface LandingDepot {
  readonly site: Site;
  readonly limits: SiteLimits;
  /** By `evseKey`. */
  readonly floors: Floors;
  /** By station. */
  readonly floorProfiles: readonly (readonly InstalledProfile[])[];
  /** How far clocks may be off, as the ledger is told. */
  readonly clockSkewS: number;
  /** The highest reaction time and a second. */
  readonly raiseDelayS: number;
  /** How far the clock of each station is ahead. */
  readonly clocksS: readonly number[];
  /** AC stations that take limits in W: whether they put the whole of it on each phase. */
  readonly readsPerPhase: readonly boolean[];
}

export const voltage = 230;
/** An instant on a quarter hour. */
export const startS = 1_620_000_000;
export const slotS = 900;

const turns: readonly (readonly Phase[])[] = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
];

function pick<T>(prng: Prng, list: readonly T[]): T {
  return list[prng.integer(0, list.length - 1)]!;
}

type Version = Station['version'];

/** What stations of all kinds have at random. */
function capabilityOf(prng: Prng): Partial<Station['capability']> {
  const isSlow = prng.next() < 0.2;
  return {
    reactionS: seconds(isSlow ? prng.integer(60, 240) : prng.integer(1, 30)),
    obeysLease: prng.next() > 0.1,
    keepsProfiles: prng.next() < 0.3 ? 'floors' : 'all',
    maxPeriods: pick(prng, [6, 12, 24, 48]),
    ...(prng.next() < 0.2 ? { clockSkewS: seconds(prng.integer(20, 90)) } : {}),
  };
}

function acStation(prng: Prng, id: string, circuit: string, phases: 1 | 3, evses: number): Station {
  const maxA = pick(prng, phases === 1 ? [16, 32] : [16, 32, 32]);
  const forgets = phases === 1 && prng.next() < 0.2;
  const sockets = Array.from({ length: evses }, (_, k): Evse => {
    const rotation = phases === 1 ? [pick(prng, [0, 1, 2] as const)] : pick(prng, turns);
    return evse(k + 1, {
      rotation,
      maxA: amperes(forgets ? 16 : maxA),
      maxW: watts((forgets ? 16 : maxA) * voltage * phases),
    });
  });
  return station(id, {
    version: pick<Version>(prng, ['1.6', '2.0.1', '2.1']),
    circuit,
    evses: sockets,
    capability: {
      ...capabilityOf(prng),
      rateUnit: prng.next() < 0.25 ? 'W' : 'A',
      ...(forgets ? { keepsProfiles: 'none' } : {}),
    },
  });
}

function dcStation(prng: Prng, id: string, evses: number): Station {
  const maxW = pick(prng, [30_000, 50_000]);
  const moduleW = evses === 1 ? maxW : Math.round(maxW * evses * (0.5 + prng.next() / 2));
  return station(id, {
    version: pick<Version>(prng, ['1.6', '2.0.1', '2.1']),
    circuit: 'dc',
    current: 'DC',
    moduleW: watts(moduleW),
    evses: Array.from({ length: evses }, (_, k) => evse(k + 1, { maxA: amperes(125), maxW: watts(maxW) })),
    capability: { ...capabilityOf(prng), rateUnit: 'W', sharesStationCap: prng.next() < 0.5 },
  });
}

/** What limits chargers beside the current of their feeders. */
interface Shape {
  /** What a building draws on each phase of a circuit, always. */
  readonly loads: Readonly<Record<string, readonly [number, number, number]>>;
  /** When the grid connection carries less, and what is left of it. */
  readonly dip: { readonly fromS: number; readonly untilS: number; readonly share: number };
  /** Its limit over all phases, of what its current comes to. */
  readonly powerShare: number;
}

const calm: Shape = {
  loads: { grid: [12, 8, 10], 'ac-a': [0, 0, 0], 'ac-b': [2, 4, 3], dc: [0, 0, 0] },
  dip: { fromS: startS + 4 * 3600, untilS: startS + 5 * 3600, share: 0.85 },
  powerShare: 0.9,
};

/** Every limit binds while plans are being sent. */
const rough: Shape = {
  loads: { grid: [4, 0, 2], 'ac-a': [6, 0, 9], 'ac-b': [12, 16, 14], dc: [0, 20, 0] },
  dip: { fromS: startS + 1800, untilS: startS + 3600, share: 0.7 },
  powerShare: 0.7,
};

function limitsFor(of: Site, { loads, dip }: Shape): SiteLimits {
  return Object.fromEntries(
    of.circuits.map(({ id, limitA, limitW }) => {
      const load = loads[id]!;
      const dipped = (most: number): StepFunction =>
        id === 'grid'
          ? stepFunctionOf([
              [epochS(0), most],
              [epochS(dip.fromS), most * dip.share],
              [epochS(dip.untilS), most],
            ])
          : constant(most);
      return [
        id,
        {
          limitA: dipped(limitA),
          ...(limitW === undefined ? {} : { limitW: dipped(limitW) }),
          uncontrolledA: [constant(load[0]), constant(load[1]), constant(load[2])] as const,
          uncontrolledW: constant((load[0] + load[1] + load[2]) * voltage),
        },
      ];
    }),
  );
}

/** The least that each circuit leaves to chargers at any time. */
function roomsFor(of: Site, { loads, dip }: Shape): FloorRooms {
  return Object.fromEntries(
    of.circuits.map(({ id, limitA, limitW }) => {
      const share = id === 'grid' ? dip.share : 1;
      const behind = id === 'grid' ? Object.values(loads) : [loads[id]!];
      const on = (p: 0 | 1 | 2): number => behind.reduce((sum, load) => sum + load[p], 0);
      return [
        id,
        {
          phaseA: [limitA * share - on(0), limitA * share - on(1), limitA * share - on(2)] as const,
          ...(limitW === undefined ? {} : { totalW: limitW * share - (on(0) + on(1) + on(2)) * voltage }),
        },
      ];
    }),
  );
}

const depots = new Map<string, LandingDepot>();
const depotsMax = 40;

/** One of a few depots of different chargers; made once each. */
export function depotOf(seed: number, isRough: boolean): LandingDepot {
  const number = seed % depotsMax;
  const key = `${number} ${isRough}`;
  const known = depots.get(key);
  if (known !== undefined) return known;
  const prng = prngOf(number);
  let made = isRough ? undefined : madeDepot(prng.fork('depot'), calm);
  // Stations that forget everything may be too many for what a rough feeder leaves.
  for (let k = 0; made === undefined; k++) made = madeDepot(prng.fork(`rough ${k}`), rough);
  depots.set(key, made);
  return made;
}

/** Undefined where the ratings that must be kept free do not fit. */
function madeDepot(prng: Prng, shape: Shape): LandingDepot | undefined {
  const feeders = { 'ac-a': prng.integer(63, 100), 'ac-b': prng.integer(50, 63), dc: prng.integer(100, 160) };
  const gridA = Math.round((feeders['ac-a'] + feeders['ac-b'] + feeders.dc) * (0.6 + prng.next() * 0.2));
  const stations = [
    acStation(prng, 's0', 'ac-a', 3, 1),
    acStation(prng, 's1', 'ac-a', 3, 1),
    acStation(prng, 's2', 'ac-a', 3, 2),
    acStation(prng, 's3', 'ac-a', 1, 1),
    acStation(prng, 's4', 'ac-b', 1, 1),
    acStation(prng, 's5', 'ac-b', 1, 1),
    acStation(prng, 's6', 'ac-b', 3, 1),
    acStation(prng, 's7', 'ac-b', 3, 1),
    dcStation(prng, 's8', 2),
    dcStation(prng, 's9', 1),
  ];
  const site: Site = {
    id: 'depot',
    timeZone: 'UTC',
    voltage,
    circuits: [
      { id: 'grid', limitA: amperes(gridA), limitW: watts(gridA * voltage * 3 * shape.powerShare) },
      ...Object.entries(feeders).map(([id, a]) => ({ id, parent: 'grid', limitA: amperes(a) })),
    ],
    stations,
    uncontrolled: [],
  };
  const found = floorsOf(site, { share: 0.5, dcFloorW: pick(prng, [0, 4000]) }, roomsFor(site, shape));
  if (!found.ok) return undefined;
  const floors = found.value;
  const clockSkewS = pick(prng, [0, 5, 30]);
  const skews = stations.map(({ capability }) => Math.max(clockSkewS, capability.clockSkewS ?? 0));
  return {
    site,
    limits: limitsFor(site, shape),
    floors,
    floorProfiles: stations.map((one) => floorsFor(one, floors)),
    clockSkewS,
    raiseDelayS: Math.max(...stations.map(({ capability }) => capability.reactionS)) + 1,
    clocksS: skews.map((skewS) => prng.integer(-skewS, skewS)),
    readsPerPhase: stations.map(() => prng.next() < 0.5),
  };
}

function floorsFor(one: Station, floors: Floors): readonly InstalledProfile[] {
  return compileFloors({
    station: one,
    floors: one.evses.map(({ id: evseId }) => ({ evseId, limit: floors[`${one.id}/${evseId}`]! })),
    ...(one.current === 'DC' ? { stationMax: Math.round(one.moduleW! * 0.9) } : {}),
    now: epochS(startS),
    voltage,
  });
}
