/** How high the limit of one EVSE may go, with everything else as it may be. @module */
import { phases, type Site } from '#domain/site';
import { shift, windowMax, type StepFunction } from '#domain/step-function';
import { circuitTree, dimensions, roomOf, type Dimension } from './circuits.ts';
import type { SiteLimits } from './circuit-limits.ts';
import { skewOf } from './exposure.ts';
import { exposureOf, stationOf, type Ledger } from './ledger.ts';
import { joined } from './milli.ts';
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
        // The total holds this EVSE rounded up; one whole unit of slack covers that.
        return [
          joined([room, total, own], ([most = 0, all = 0, mine = 0]) => (most - all - 1) / unit + mine),
        ];
      }),
    );
  const allowed = joined([own, ...left], ([mine = 0, ...rooms]) =>
    Math.max(
      mine,
      rooms.reduce((a, b) => Math.min(a, b), Infinity),
    ),
  );
  const { reactionS } = station.capability;
  const skewS = skewOf(station, ledger.policy);
  return lowestAhead(allowed, reactionS + skewS, skewS);
}

/** The lowest value from `backS` before each instant to `aheadS` after it. */
function lowestAhead(f: StepFunction, aheadS: number, backS: number): StepFunction {
  const negative = joined([f], ([value = 0]) => -value);
  const top = windowMax(shift(negative, -aheadS), aheadS + backS);
  return joined([top], ([value = 0]) => -value);
}
