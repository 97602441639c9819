/**
 * What circuits have left beside the levels that EVSEs are counted with: for worlds that make plans which fit, from the
 * wiring alone. Shares no code with the ledger.
 */
import { phases, type Evse, type Phase, type Site, type Station } from '#domain/site';
import { valueAt } from '#domain/step-function';
import { epochS } from '#domain/units';
import type { SiteLimits } from '#safety/circuit-limits';
import { waysUp, type Load } from './plain-load.ts';

const voltage = 230;
/** W for one ampere on each of three phases. */
const threePhaseV = 3 * voltage;

/** One EVSE of a depot. */
export interface Place {
  readonly key: string;
  readonly station: Station;
  readonly evse: Evse;
  /** Number of its station. */
  readonly i: number;
}

export function placesOf(site: Site): readonly Place[] {
  return site.stations.flatMap((station, i) =>
    station.evses.map((evse) => ({ key: `${station.id}/${evse.id}`, station, evse, i })),
  );
}

/** Most that an EVSE takes, A per phase (AC) or W (DC). */
export function mostOf({ station, evse }: Place): number {
  return station.current === 'AC' ? evse.maxA : evse.maxW;
}

/** W for one unit of the limit of an EVSE, with a vehicle that uses every pin. */
export function wattsPerUnit({ station, evse }: Place): number {
  return station.current === 'AC' ? voltage * evse.rotation.length : 1;
}

/** What circuits have left at one instant. */
export class Rooms {
  /** By circuit: L1, L2, L3 in A, all together in W. */
  private readonly left: Readonly<Record<string, Load>>;
  private readonly ways: Readonly<Record<string, readonly string[]>>;
  /** The level that each EVSE is counted with. */
  private readonly levels = new Map<string, number>();

  constructor(site: Site, limits: SiteLimits, atS: number) {
    const at = epochS(atS);
    this.ways = waysUp(site.circuits);
    this.left = Object.fromEntries(
      site.circuits.map(({ id }) => {
        const own = limits[id]!;
        const behind = site.circuits.flatMap((one) =>
          this.ways[one.id]!.includes(id) ? [limits[one.id]!] : [],
        );
        const on = (p: Phase): number =>
          behind.reduce(
            (left, { uncontrolledA }) => left - valueAt(uncontrolledA[p], at),
            valueAt(own.limitA, at),
          );
        const totalW = behind.reduce(
          (left, { uncontrolledW }) => left - valueAt(uncontrolledW, at),
          own.limitW === undefined ? Infinity : valueAt(own.limitW, at),
        );
        return [id, [on(0), on(1), on(2), totalW]];
      }),
    );
  }

  /** Counts an EVSE with `level`, where that is more than it is counted with. */
  raise(place: Place, level: number): void {
    const held = this.levels.get(place.key) ?? 0;
    if (level <= held) return;
    this.levels.set(place.key, level);
    const more = level - held;
    const perLine = place.station.current === 'DC' ? more / threePhaseV : more;
    for (const id of this.ways[place.station.circuit]!) {
      const left = this.left[id]!;
      for (const line of linesOf(place)) left[line] -= perLine;
      left[3] -= more * wattsPerUnit(place);
    }
  }

  /** The highest level that an EVSE may have. */
  mostAt(place: Place): number {
    const held = this.levels.get(place.key) ?? 0;
    const { station } = place;
    let more = mostOf(place) - held;
    for (const id of this.ways[station.circuit]!) {
      const left = this.left[id]!;
      for (const line of linesOf(place))
        more = Math.min(more, station.current === 'DC' ? left[line] * threePhaseV : left[line]);
      more = Math.min(more, left[3] / wattsPerUnit(place));
    }
    if (station.moduleW !== undefined) {
      const others = station.evses.reduce(
        (sum, { id }) => sum + (this.levels.get(`${station.id}/${id}`) ?? 0),
        0,
      );
      more = Math.min(more, station.moduleW - others);
    }
    return held + Math.max(0, more);
  }
}

function linesOf({ station, evse }: Place): readonly Phase[] {
  return station.current === 'DC' ? phases : evse.rotation;
}
