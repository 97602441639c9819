/** How high the limit of one EVSE may go, with everything else as it may be. @module */
import { phases, type Site } from '#domain/site';
import { combine, combineThree, mapValues, shift, windowMax, type StepFunction } from '#domain/step-function';
import { circuitTree, dimensions, roomOf, type Dimension } from './circuits.ts';
import type { SiteLimits } from './circuit-limits.ts';
import { skewOf } from './exposure.ts';
import { exposureOf, stationOf, type Ledger } from './ledger.ts';
import { totalsOf } from './totals.ts';

/** What is asked about. */
export interface HeadroomQuestion {
  readonly site: Site;
  readonly ledger: Ledger;
  readonly limits: SiteLimits;
  readonly stationId: string;
  readonly evseId: number;
}

/**
 * The highest limit over time that the ledger would admit for one EVSE, in A per phase (AC) or W (DC): what the
 * circuits have left, or what it may draw already where that is more. Low early enough for the reaction time.
 */
export function headroomOf(question: HeadroomQuestion): StepFunction {
  const { site, ledger, limits, stationId, evseId } = question;
  const station = stationOf(site, stationId);
  const evse = station.evses.find(({ id }) => id === evseId);
  const exposure = exposureOf(site, ledger, stationId);
  const own = exposure.evses[String(evseId)];
  if (evse === undefined || own === undefined) return { startS: [], value: [] };
  const totals = totalsOf(site, ledger);
  const wires = station.current === 'DC' ? phases : evse.rotation;
  const perUnit = (on: Dimension): number => {
    if (station.current === 'DC') return on === 'total' ? 1 : 1000 / (3 * site.voltage);
    return on === 'total' ? site.voltage * wires.length : 1000;
  };
  const left = circuitTree(site)
    .above(station.circuit)
    .flatMap((circuit) =>
      dimensions.flatMap((on) => {
        const room = roomOf(site, limits, circuit, on);
        const total = totals[circuit]?.[on];
        const concerned = on === 'total' || wires.includes(on);
        if (room === undefined || total === undefined || !concerned) return [];
        const unit = perUnit(on);
        // A sum that grows by whole units grows by no more when it is rounded up.
        return [combineThree([room, total, own], (most, all, mine) => (most - all) / unit + mine)];
      }),
    );
  const allowed = combine([own, ...left], (values) => {
    let room = Infinity;
    for (let i = 1; i < values.length; i++) room = Math.min(room, values[i] ?? 0);
    return Math.max(values[0] ?? 0, room);
  });
  const { reactionS } = station.capability;
  const skewS = skewOf(station, ledger.policy);
  return lowestAhead(allowed, reactionS + skewS, skewS);
}

/** The lowest value from `backS` before each instant to `aheadS` after it. */
export function lowestAhead(f: StepFunction, aheadS: number, backS: number): StepFunction {
  const negative = mapValues(f, (value) => -value);
  const top = windowMax(shift(negative, -aheadS), aheadS + backS);
  return mapValues(top, (value) => -value);
}
