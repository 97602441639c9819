/** Small depots and plain profiles for tests; each states only what matters. */
import type { Circuit, Evse, Site, Station, StationCapability } from '#domain/site';
import { constant } from '#domain/step-function';
import { amperes, epochS, seconds, watts } from '#domain/units';
import type { ChargingProfile, InstalledProfile } from '#ocpp/profile';
import type { SiteLimits } from '#safety/circuit-limits';

/** A capability that does everything right and at once. */
export const ideal: StationCapability = {
  rateUnit: 'A',
  maxPeriods: 24,
  maxStackLevel: 8,
  maxProfiles: 10,
  reactionS: seconds(0),
  keepsProfiles: 'all',
  obeysLease: true,
  sharesStationCap: false,
};

export function evse(id: number, over: Partial<Evse> = {}): Evse {
  return {
    id,
    maxA: amperes(32),
    maxW: watts(22_080),
    minA: amperes(6),
    stepA: amperes(1),
    rotation: [0, 1, 2],
    ...over,
  };
}

export function station(
  id: string,
  over: Partial<Omit<Station, 'capability'>> & { capability?: Partial<StationCapability> } = {},
): Station {
  const { capability, ...rest } = over;
  return {
    id,
    version: '2.0.1',
    vendor: 'Acme',
    model: 'One',
    circuit: 'grid',
    current: 'AC',
    evses: [evse(1)],
    ...rest,
    capability: { ...ideal, ...capability },
  };
}

export function site(
  stations: readonly Station[],
  circuits: readonly Circuit[] = [{ id: 'grid', limitA: amperes(100) }],
): Site {
  return { id: 'depot', timeZone: 'UTC', voltage: 230, circuits, stations, uncontrolled: [] };
}

/** The site's own limits for ever, nothing else connected. */
export function limitsOf(of: Site, uncontrolledA = 0): SiteLimits {
  const load = constant(uncontrolledA);
  return Object.fromEntries(
    of.circuits.map(({ id, limitA, limitW }) => [
      id,
      {
        limitA: constant(limitA),
        ...(limitW === undefined ? {} : { limitW: constant(limitW) }),
        uncontrolledA: [load, load, load] as const,
        uncontrolledW: constant(uncontrolledA * 3 * of.voltage),
      },
    ]),
  );
}

/** Limits from seconds after `startAt` on. */
export type Steps = readonly (readonly [number, number])[];

function profile(over: Partial<ChargingProfile> & Pick<ChargingProfile, 'id' | 'purpose'>): ChargingProfile {
  return { stackLevel: 0, kind: 'Absolute', schedules: [], ...over };
}

/** TxDefaultProfile for ever. */
export function txDefault(evseId: number, limit: number, unit: 'A' | 'W' = 'A'): InstalledProfile {
  return {
    evseId,
    profile: profile({
      id: 100 + evseId,
      purpose: 'TxDefaultProfile',
      schedules: [{ startAt: epochS(0), unit, periods: [{ startS: 0, limit }] }],
    }),
  };
}

/** The cap of a station for ever. */
export function stationMax(limit: number, unit: 'A' | 'W' = 'A'): InstalledProfile {
  return {
    evseId: 0,
    profile: profile({
      id: 100,
      purpose: 'ChargingStationMaxProfile',
      schedules: [{ startAt: epochS(0), unit, periods: [{ startS: 0, limit }] }],
    }),
  };
}

/** A plan for a transaction over `[startAt, startAt + durationS)`. */
export function plan(
  evseId: number,
  transactionId: string,
  startAt: number,
  durationS: number,
  steps: Steps | number,
  unit: 'A' | 'W' = 'A',
): InstalledProfile {
  const periods = typeof steps === 'number' ? [[0, steps] as const] : steps;
  return {
    evseId,
    profile: profile({
      id: 200 + evseId,
      stackLevel: 1,
      purpose: 'TxProfile',
      transactionId,
      validTo: epochS(startAt + durationS),
      schedules: [
        {
          startAt: epochS(startAt),
          durationS,
          unit,
          periods: periods.map(([startS, limit]) => ({ startS, limit })),
        },
      ],
    }),
  };
}
