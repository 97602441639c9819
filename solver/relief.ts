/**
 * Where uncontrolled load alone is above the grid connection, PV and battery must cover what is over before anything else
 * may draw: the limit that is left is below 0. Here it is made one that they can keep, and the battery's part is planned,
 * so that a plan in which vehicles rest always holds. Source: docs/model.md, "Sources of the site".
 * @module
 */
import { pathsOf, reserveLoadOf, roomAbove } from './exposure.ts';
import type { Plan } from './plan.ts';
import type { Battery, CircuitNode, DepotProblem } from './problem.ts';

/** [T] least room of the grid connection over its total and its phases, below 0 where something must be covered, kW. */
function siteRooms(problem: DepotProblem): Float64Array {
  const reserve = reserveLoadOf(problem, pathsOf(problem));
  const { limitKw, phaseLimitKw } = problem.circuits[0];
  return limitKw.map((limit, t) => {
    const phases = (phaseLimitKw ?? []).map((of, i) => 3 * roomAbove(of[t], reserve.phase[i]));
    return Math.min(roomAbove(limit, reserve.total[0]), ...phases);
  });
}

/** Store levels, kWh, at which each interval must begin for what lies behind it: [T + 1], the last is that of the end. */
function levelsBefore(
  { capacityKwh, efficiency, initialKwh, maxKw }: Battery,
  intervalH: number,
  needKw: Float64Array,
  chargeKw: Float64Array,
): Float64Array {
  const levels = new Float64Array(needKw.length + 1).fill(initialKwh);
  for (let t = needKw.length - 1; t >= 0; t--) {
    const taken = (Math.min(needKw[t], maxKw) * intervalH) / efficiency;
    levels[t] = Math.max(
      0,
      Math.min(capacityKwh, levels[t + 1] + taken - chargeKw[t] * efficiency * intervalH),
    );
  }
  return levels;
}

/** [T] battery power that covers `needKw` as far as it can, charging as late as that allows; no other use of it. */
function covering(problem: DepotProblem, rooms: Float64Array, needKw: Float64Array): Float64Array {
  const { battery, pv, intervals, intervalH } = problem;
  const flows = new Float64Array(intervals);
  if (battery === undefined || needKw.every((kw) => kw <= 0)) return flows;
  const { capacityKwh, efficiency, initialKwh, maxKw } = battery;
  const chargeKw = rooms.map((kw, t) =>
    needKw[t] > 0 ? 0 : Math.max(0, Math.min(maxKw, kw + Math.max(0, pv?.kw[t] ?? 0))),
  );
  const wanted = levelsBefore(battery, intervalH, needKw, chargeKw);
  // What must be kept for the end, whatever is needed on the way.
  const kept = levelsBefore(battery, intervalH, new Float64Array(intervals), chargeKw);
  let held = initialKwh;
  for (let t = 0; t < intervals; t++) {
    const spare = (Math.max(0, held - kept[t + 1]) * efficiency) / intervalH;
    const lacking = Math.max(0, Math.min(wanted[t + 1], capacityKwh) - held) / (efficiency * intervalH);
    flows[t] = needKw[t] > 0 ? -Math.min(needKw[t], maxKw, spare) : Math.min(chargeKw[t], lacking);
    held += intervalH * (flows[t] > 0 ? flows[t] * efficiency : flows[t] / efficiency);
  }
  return flows;
}

interface Relief {
  /** [T] battery power, and PV where it must cover something. */
  readonly batteryKw: Float64Array;
  readonly pvKw: Float64Array;
  /** [T] what nothing covers, kW. */
  readonly openKw: Float64Array;
}

function relief(problem: DepotProblem): Relief {
  const rooms = siteRooms(problem);
  const pvKw = rooms.map((kw, t) => Math.max(0, Math.min(-kw, problem.pv?.kw[t] ?? 0)));
  const needKw = rooms.map((kw, t) => Math.max(0, -kw - pvKw[t]));
  const batteryKw = covering(problem, rooms, needKw);
  return { batteryKw, pvKw, openKw: needKw.map((kw, t) => Math.max(0, kw + Math.min(0, batteryKw[t]))) };
}

/** PV and battery of a plan in which vehicles rest: what the limits ask of them, and no more. */
export function reliefOf(problem: DepotProblem): Omit<Plan, 'powerKw'> {
  const { batteryKw, pvKw } = relief(problem);
  return {
    ...(problem.battery === undefined ? {} : { batteryKw }),
    ...(problem.pv === undefined ? {} : { pvKw }),
  };
}

/** `problem` with limits of the grid connection below 0 raised to what PV and battery can keep together. */
export function withKeptLimits(problem: DepotProblem): DepotProblem {
  const { openKw } = relief(problem);
  const raised = (limitKw: Float64Array, share: number): Float64Array =>
    limitKw.map((kw, t) => (kw < 0 ? Math.min(0, kw + share * openKw[t]) : kw));
  const [grid, ...others] = problem.circuits;
  const [l1, l2, l3] = grid.phaseLimitKw ?? [];
  const kept: CircuitNode = {
    ...grid,
    limitKw: raised(grid.limitKw, 1),
    ...(l1 === undefined || l2 === undefined || l3 === undefined
      ? {}
      : { phaseLimitKw: [raised(l1, 1 / 3), raised(l2, 1 / 3), raised(l3, 1 / 3)] }),
  };
  return { ...problem, circuits: [kept, ...others] };
}
