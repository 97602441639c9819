/** Meters of the simulated depot: the building's and the one at the grid connection. @module */
import type { DepotEvent } from '#domain/event';
import type { Prng } from '#domain/prng';
import { watts, type EpochS } from '#domain/units';
import type { Clock } from '#ports/clock';
import { clockOf, offsetAtS } from '#tariffs/calendar';
import { buildingNightOf, buildingStepS, type BuildingNight } from './building.ts';
import type { Scenario } from './scenario.ts';
import type { Truth } from './truth.ts';

/** Length of a sample of the result, and of a reading at the grid connection. */
export const sampleS = 60;
/** The metering interval of the bill. */
export const meterIntervalS = 900;

/** What the buildings need. */
export interface BuildingParts {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly truth: Truth;
  readonly prng: Prng;
  readonly publish: (event: DepotEvent) => void;
}

/** Sets the true load of every building as it changes and publishes its meter. */
export function startBuildings(parts: BuildingParts): void {
  const { scenario, clock, truth, prng, publish } = parts;
  const { site, startS, endS } = scenario;
  const local = clockOf(site.timeZone, startS, endS);
  const quarterOf = (at: EpochS): number => {
    const localS = at + offsetAtS(local, at);
    return Math.floor((((localS % 86400) + 86400) % 86400) / 900);
  };
  scenario.buildings.forEach((building, i) => {
    const load = site.uncontrolled[i];
    if (load === undefined) return;
    const night: BuildingNight = buildingNightOf(
      load,
      building.noise,
      prng.fork(`building/${i}`),
      { startS, endS },
      quarterOf,
    );
    const change = (): void => {
      truth.setBuilding(load.circuit, night.powerW(clock.now()), night.shares(clock.now()));
      if (clock.now() < endS) clock.at((clock.now() + buildingStepS) as EpochS, change);
    };
    const read = (): void => {
      const now = clock.now();
      const powerW = watts(night.powerW(now));
      const [a, b, c] = night.shares(now);
      const onPhase = (share: number): number => Math.round((powerW * share * 100) / site.voltage) / 100;
      publish({
        kind: 'uncontrolled-load',
        circuit: load.circuit,
        powerW,
        ...(load.phaseShares === undefined ? {} : { phaseA: [onPhase(a), onPhase(b), onPhase(c)] }),
        sampledAt: now,
      });
      if (now < endS) clock.at((now + building.meterIntervalS) as EpochS, read);
    };
    change();
    read();
  });
}

/** What the grid meter needs. */
export interface MeterParts {
  readonly clock: Clock;
  readonly truth: Truth;
  readonly endS: EpochS;
  /** Seconds between readings; a part of the metering interval. */
  readonly everyS: number;
  readonly publish: (event: DepotEvent) => void;
  readonly siteLoadW: number[];
  readonly buildingLoadW: number[];
}

/** Publishes the mean since the last reading at the grid connection and keeps the means of the metering interval. */
export function startMeter(parts: MeterParts): void {
  const { clock, truth, everyS } = parts;
  let readWh = 0;
  let intervalWh = 0;
  let buildingWh = 0;
  const read = (): void => {
    truth.advance(clock.now());
    const siteWh = truth.siteWh();
    parts.publish({
      kind: 'site-meter',
      powerW: watts(Math.round(((siteWh - readWh) * 3600) / everyS)),
      sampledAt: clock.now(),
    });
    readWh = siteWh;
    if (clock.now() % meterIntervalS === 0) {
      parts.siteLoadW.push(((siteWh - intervalWh) * 3600) / meterIntervalS);
      parts.buildingLoadW.push(((truth.buildingWh() - buildingWh) * 3600) / meterIntervalS);
      intervalWh = siteWh;
      buildingWh = truth.buildingWh();
    }
    if (clock.now() < parts.endS) clock.at((clock.now() + everyS) as EpochS, read);
  };
  clock.at((clock.now() + everyS) as EpochS, read);
}
