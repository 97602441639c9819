/** Stations, profiles and instants that state only what a test is about. @module */
import { instantOfIso } from '#domain/instant';
import type { Evse, OcppVersion, Station, StationCapability } from '#domain/site';
import { amperes, seconds, watts, type EpochS } from '#domain/units';
import type { ChargingProfile, InstalledProfile, SchedulePeriod } from '#ocpp/profile';

export const versions: readonly OcppVersion[] = ['1.6', '2.0.1', '2.1'];

/** 2026-03-02 is a Monday. */
export const t0 = at('2026-03-02T00:00:00Z');
export const electrical = { voltage: 230, phases: 3 };

export function at(text: string): EpochS {
  const instant = instantOfIso(text);
  if (instant === undefined) throw new Error(`no instant: ${text}`);
  return instant;
}

export function after(instant: EpochS, byS: number): EpochS {
  return (instant + byS) as EpochS;
}

/** Periods as `[startS, limit]` pairs. */
export function periods(...pairs: readonly (readonly [number, number])[]): SchedulePeriod[] {
  return pairs.map(([startS, limit]) => ({ startS, limit }));
}

export function profile(
  one: Partial<Omit<ChargingProfile, 'schedules'>> & {
    readonly periods: readonly SchedulePeriod[];
    readonly startAt?: EpochS;
    readonly durationS?: number;
    readonly unit?: 'A' | 'W';
    readonly minChargingRate?: number;
    readonly useLocalTime?: boolean;
  },
): ChargingProfile {
  const { periods, startAt, durationS, unit = 'A', minChargingRate, useLocalTime, ...rest } = one;
  return {
    id: 1,
    stackLevel: 0,
    purpose: 'TxDefaultProfile',
    kind: 'Absolute',
    ...rest,
    schedules: [
      {
        unit,
        periods,
        ...(startAt === undefined ? {} : { startAt }),
        ...(durationS === undefined ? {} : { durationS }),
        ...(minChargingRate === undefined ? {} : { minChargingRate }),
        ...(useLocalTime === undefined ? {} : { useLocalTime }),
      },
    ],
  };
}

export function on(evseId: number, ...profiles: readonly ChargingProfile[]): InstalledProfile[] {
  return profiles.map((profile) => ({ evseId, profile }));
}

export function evse(id: number, other: Partial<Evse> = {}): Evse {
  return {
    id,
    maxA: amperes(32),
    maxW: watts(22_080),
    minA: amperes(6),
    stepA: amperes(1),
    rotation: [0, 1, 2],
    ...other,
  };
}

export function station(
  other: Partial<Omit<Station, 'capability'>> & { readonly capability?: Partial<StationCapability> } = {},
): Station {
  const { capability, ...rest } = other;
  return {
    id: 'cp1',
    version: '1.6',
    vendor: 'V',
    model: 'M',
    circuit: 'grid',
    current: 'AC',
    evses: [evse(1)],
    ...rest,
    capability: {
      rateUnit: 'A',
      maxPeriods: 24,
      maxStackLevel: 5,
      maxProfiles: 10,
      reactionS: seconds(10),
      keepsProfiles: 'all',
      obeysLease: true,
      sharesStationCap: true,
      ...capability,
    },
  };
}

/** A DC station whose EVSE charges between 4.14 kW (6 A on three phases) and 150 kW. */
export function dcStation(): Station {
  return station({
    current: 'DC',
    evses: [evse(1, { maxA: amperes(250), maxW: watts(150_000) })],
    capability: { rateUnit: 'W' },
  });
}
