/**
 * Limits without a solver: where the plans in force do not fit any more, because a limit has dropped or a charger is
 * caught, and no new plan is to be had, they give way in proportion to what they have above their floors, for as long as
 * they do not fit; before and after that they are what they were.
 * @module
 */
import { phases, type Station } from '#domain/site';
import {
  combine,
  combineThree,
  combineTwo,
  constant,
  from,
  mapValues,
  sum,
  type StepFunction,
} from '#domain/step-function';
import { epochS, later, type EpochS } from '#domain/units';
import { violationsOf } from '#safety/admission';
import { circuitTree, dimensions, roomOf, type Dimension } from '#safety/circuits';
import { lowestAhead } from '#safety/headroom';
import { exposureOf } from '#safety/ledger';
import { totalsOf } from '#safety/totals';
import { evseState } from './change.ts';
import { reasonFixed } from './fleet.ts';
import { solverPatienceS } from './limits.ts';
import { lastStepS, placesOfSite, type SitePlace } from './places.ts';
import type { Want } from './compiled-before.ts';
import { withWants } from './plan.ts';
import type { State, WantedPlan } from './state.ts';

/** An EVSE that follows its plan. All functions are in A per phase (AC) or W (DC). */
interface Planned {
  readonly place: SitePlace;
  readonly plan: WantedPlan;
  readonly floor: number;
  /** What it may draw by its plan, and by its floor after it. */
  readonly limit: StepFunction;
}

/** When plans have to give way if the solver has not answered by then; undefined where no limit waits for it. */
export function squeezeDueAt({ solving, stale }: State): EpochS | undefined {
  if (solving === undefined) return undefined;
  const isForLimit = solving.triggers.includes('limit') || stale.includes('limit');
  return isForLimit ? later(solving.askedAt, solverPatienceS) : undefined;
}

/** The state in which the plans in force fit the limits, as far as those who follow them can make room. */
export function withFittingPlans(state: State): State {
  const { site, ledger, supply, now } = state;
  if (!isWithoutSolver(state) || violationsOf(site, ledger, supply, now).length === 0) return state;
  const planned = placesOfSite(site).flatMap((place) => plannedAt(state, place));
  const shares = site.circuits.flatMap(({ id }) =>
    dimensions.flatMap((on) => {
      const share = shareOn(state, planned, id, on);
      return share === undefined ? [] : [{ circuit: id, on, share }];
    }),
  );
  const wants = planned.flatMap((one): readonly Want[] => {
    const { station } = one.place;
    const own = shares.filter(
      ({ circuit, on }) =>
        circuitTree(site).above(station.circuit).includes(circuit) && unitOn(state, one.place, on) > 0,
    );
    const share = combine([constant(1), ...own.map((s) => s.share)], (values) => Math.min(...values));
    return from(share, now).value.every((part) => part === 1) ? [] : [wantOf(state, one, share)];
  });
  return withWants(state, wants);
}

/** Whether a plan that fits is not to be had: the last solve failed, or one takes its time. */
function isWithoutSolver({ alarms, site, solving, now }: State): boolean {
  if (solving !== undefined && solving.askedAt + solverPatienceS <= now) return true;
  return ['solver-failed', 'plan-not-certified'].some((kind) => alarms[`${kind} ${site.id}`] !== undefined);
}

function plannedAt(state: State, place: SitePlace): readonly Planned[] {
  const { station, evse, ref, key } = place;
  const plan = state.wanted[key];
  const { transaction, fence } = evseState(state, ref) ?? {};
  if (plan === undefined || fence !== undefined || transaction?.id !== plan.transactionId) return [];
  if (reasonFixed(state, station, evse) !== undefined) return [];
  const floor = state.floors[key] ?? 0;
  const isInForce: StepFunction = { startS: [epochS(0), plan.leaseEndS], value: [1, 0] };
  const limit = combineTwo(plan.limit, isInForce, (level, holds) =>
    holds === 1 ? Math.max(level, floor) : floor,
  );
  return [{ place, plan, floor, limit }];
}

/** What a unit of the limit of an EVSE is on a circuit: mA of a phase, or W of all; 0 where it is not connected. */
function unitOn({ site }: State, { station, evse }: SitePlace, on: Dimension): number {
  if (station.current === 'DC') return on === 'total' ? 1 : 1000 / (phases.length * site.voltage);
  if (on === 'total') return site.voltage * evse.rotation.length;
  return evse.rotation.includes(on) ? 1000 : 0;
}

/** The part of what plans have above their floors that a circuit can carry, 0 to 1; undefined where it has no such limit. */
function shareOn(
  state: State,
  planned: readonly Planned[],
  circuit: string,
  on: Dimension,
): StepFunction | undefined {
  const { site, ledger, supply } = state;
  const room = roomOf(site, supply, circuit, on);
  const total = totalsOf(site, ledger)[circuit]?.[on];
  if (room === undefined || total === undefined) return undefined;
  const stations = site.stations.filter(({ circuit: own }) => circuitTree(site).above(own).includes(circuit));
  const parts = stations.map((station) =>
    stationPart(
      state,
      station,
      planned.filter(({ place }) => place.station === station),
      on,
    ),
  );
  const saved = sum(parts.map((part) => part.saved));
  const above = sum(parts.map((part) => part.above));
  return combine([total, room, saved, above], ([all = 0, most = 0, less = 0, spare = 0]) => {
    const over = all - less - most;
    if (over <= 0) return 1;
    return spare > 0 ? Math.max(0, 1 - over / spare) : 0;
  });
}

/** What a station draws less by its plans than it is counted with, and what of the rest is above its floors. */
function stationPart(
  state: State,
  station: Station,
  planned: readonly Planned[],
  on: Dimension,
): { readonly saved: StepFunction; readonly above: StepFunction } {
  if (planned.length === 0) return { saved: constant(0), above: constant(0) };
  const { evses, phaseMilliA, totalW } = exposureOf(state.site, state.ledger, station.id);
  const counted = on === 'total' ? totalW : phaseMilliA[on];
  const own = planned.map(({ place, limit, floor }) => {
    const unit = unitOn(state, place, on);
    return { limit: mapValues(limit, (level) => level * unit), floor: floor * unit };
  });
  const others = placesOfSite(state.site).filter(
    (place) => place.station === station && planned.every((one) => one.place !== place),
  );
  const rest = others.map((place) =>
    mapValues(evses[String(place.evse.id)] ?? constant(0), (level) => level * unitOn(state, place, on)),
  );
  const floors = own.reduce((all, { floor }) => all + floor, 0);
  const byPlan = sum([...own.map(({ limit }) => limit), ...rest]);
  return {
    saved: combineTwo(counted, byPlan, (held, drawn) => Math.max(0, held - drawn)),
    // A module or a limit of the station may leave less than its plans have together: they come down in several turns.
    above: combineThree([counted, byPlan, sum(rest)], (held, drawn, fixed) =>
      Math.max(0, Math.min(held, drawn) - fixed - floors),
    ),
  };
}

/** A plan in force with a part only of what is above its floor, from a reaction time before it has to be so. */
function wantOf(state: State, { place, plan, floor, limit }: Planned, share: StepFunction): Want {
  const { station, evse, ref } = place;
  const least = station.current === 'DC' ? 0 : evse.minA;
  const step = station.current === 'DC' ? 1 : evse.stepA;
  const lowered = (level: number, part: number): number => {
    const whole = Math.floor((floor + (level - floor) * part) / step + 1e-9) * step;
    return whole >= Math.max(least, floor) ? whole : floor;
  };
  const { clockSkewS } = state.policy;
  const early = lowestAhead(share, lastStepS(state), clockSkewS);
  const fitting = from(
    combineTwo(limit, early, (level, part) => (part === 1 ? level : lowered(level, part))),
    state.now,
  );
  const { transactionId, visitId, leaseEndS, onePhase } = plan;
  return {
    ...ref,
    transactionId,
    ...(visitId === undefined ? {} : { visitId }),
    untilS: leaseEndS,
    pieces: fitting.startS.map((at, i) => [at, fitting.value[i] ?? 0] as const),
    ...(onePhase === undefined ? {} : { onePhase }),
  };
}
