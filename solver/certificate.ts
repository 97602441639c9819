/**
 * The independent check of a plan: power and energy against every limit, money counted again, and a lower bound of the
 * optimum rebuilt from multipliers alone by weak duality. It shares no code with any engine: a wrong engine cannot pass.
 * Source: docs/model.md, "Certificate".
 * @module
 */
import type { Plan, Powers } from './plan.ts';
import type { CostSplit, DemandWindow, DepotProblem, Multipliers, Session } from './problem.ts';

/** What follows from a plan. */
export interface Account {
  /** Worst excess over any limit, kW or kWh; Infinity where the plan has no meaning. */
  readonly primalResidual: number;
  /** Which limit that is, e.g. `circuit feeder-2 @ 31`; empty where nothing is exceeded. */
  readonly worst: string;
  readonly cost: CostSplit;
  readonly objective: number;
  readonly shortfallKwh: Float64Array;
  readonly peaksKw: Float64Array;
}

/** A proven lower bound, and how far the multipliers were from being usable as they came. */
export interface DualProof {
  readonly bound: number;
  readonly dualResidual: number;
}

interface Worst {
  value: number;
  name: string;
}

function note(worst: Worst, excess: number, name: () => string): void {
  if (excess > worst.value || Number.isNaN(excess)) {
    worst.value = Number.isNaN(excess) ? Infinity : excess;
    worst.name = name();
  }
}

const capOf = (problem: DepotProblem, s: number, t: number): number => {
  const { maxKw, arrive, connector } = problem.sessions[s];
  const own = typeof maxKw === 'number' ? maxKw : maxKw[t - arrive];
  return Math.max(0, Math.min(own, problem.connectors[connector].maxKw));
};

/** kW that circuits see per kW of session `s`: all pins of a three-phase socket carry a one-phase limit. */
const weightOf = (problem: DepotProblem, s: number): number =>
  problem.sessions[s].phases === 1 ? problem.connectors[problem.sessions[s].connector].rotation.length : 1;

/** Energy of plans with steps may end above what was asked by less than one smallest power for one interval. */
const roundingOf = ({ minKw, stepKw }: Session, intervalH: number): number =>
  (Math.max(minKw, stepKw) + stepKw) * intervalH;

/** How far a power is from 0 and from every allowed one, kW. */
function offStep(kw: number, { minKw, stepKw }: Session): number {
  if (kw === 0) return 0;
  const step = stepKw > 0 ? Math.abs(kw - stepKw * Math.round(kw / stepKw)) : 0;
  return Math.max(minKw - kw, step);
}

function checkSession(problem: DepotProblem, s: number, kw: Float64Array, worst: Worst): number {
  const session = problem.sessions[s];
  const taper = session.taper ?? [];
  let delivered = 0;
  for (let i = 0; i < kw.length; i++) {
    const at = (): string => `session ${session.id} @ ${session.arrive + i}`;
    note(worst, kw[i] - capOf(problem, s, session.arrive + i), at);
    note(worst, -kw[i], at);
    if (taper.length > 0) note(worst, kw[i] - taper[0].maxKw, at);
    for (let n = 1; n < taper.length; n++) {
      const [from, to] = [taper[n - 1], taper[n]];
      const along = (delivered - from.fromKwh) / (to.fromKwh - from.fromKwh);
      note(worst, kw[i] - (from.maxKw + along * (to.maxKw - from.maxKw)), at);
    }
    delivered += kw[i] * problem.intervalH;
  }
  return delivered;
}

function checkTree(problem: DepotProblem, plan: Plan, siteExtra: Float64Array, worst: Worst): void {
  const span = problem.intervals;
  const ofModule = new Float64Array(problem.modules.length * span);
  const seen = problem.circuits.map(() => new Float64Array(4 * span));
  const held = problem.circuits.map(() => new Float64Array(4));
  const climb = (c: number, visit: (g: number) => void): void => {
    for (let g = problem.connectors[c].circuit; g >= 0; g = problem.circuits[g].parent) visit(g);
  };
  problem.connectors.forEach(({ reserveKw, rotation }, c) =>
    climb(c, (g) => {
      held[g][3] += reserveKw;
      for (const phase of rotation) held[g][phase] += reserveKw / rotation.length;
    }),
  );
  problem.sessions.forEach(({ connector: c, arrive }, s) => {
    const { module, reserveKw, rotation } = problem.connectors[c];
    const weight = weightOf(problem, s);
    plan.powerKw[s].forEach((kw, i) => {
      const t = arrive + i;
      if (module >= 0) ofModule[module * span + t] += kw;
      const above = Math.max(0, weight * kw - reserveKw);
      climb(c, (g) => {
        seen[g][3 * span + t] += above;
        for (const phase of rotation) seen[g][phase * span + t] += above / rotation.length;
      });
    });
  });
  ofModule.forEach((kw, at) => {
    const module = problem.modules[Math.floor(at / span)];
    note(worst, kw - module.maxKw, () => `module ${module.id} @ ${at % span}`);
  });
  problem.circuits.forEach(({ id, limitKw, phaseLimitKw }, g) => {
    for (let t = 0; t < span; t++) {
      const extra = g === 0 ? siteExtra[t] : 0;
      const above = (kind: number, limit: number, share: number): number =>
        held[g][kind] + seen[g][kind * span + t] + extra * share - Math.max(limit, held[g][kind]);
      note(worst, above(3, limitKw[t], 1), () => `circuit ${id} @ ${t}`);
      phaseLimitKw?.forEach((limit, phase) =>
        note(worst, above(phase, limit[t], 1 / 3), () => `circuit ${id} phase ${phase + 1} @ ${t}`),
      );
    }
  });
}

function checkSite(problem: DepotProblem, plan: Plan, worst: Worst): void {
  const { battery, pv, intervalH } = problem;
  let stored = battery?.initialKwh ?? 0;
  for (let t = 0; t < problem.intervals; t++) {
    const used = plan.pvKw?.[t] ?? 0;
    note(worst, Math.max(-used, used - Math.max(0, pv?.kw[t] ?? 0)), () => `pv @ ${t}`);
    const kw = plan.batteryKw?.[t] ?? 0;
    note(worst, Math.abs(kw) - (battery?.maxKw ?? 0), () => `battery power @ ${t}`);
    if (battery === undefined) continue;
    stored += intervalH * (kw > 0 ? kw * battery.efficiency : kw / battery.efficiency);
    note(worst, Math.max(-stored, stored - battery.capacityKwh), () => `battery energy @ ${t}`);
  }
  note(worst, (battery?.initialKwh ?? 0) - stored, () => 'battery energy at the end');
}

/** Intervals of each metering block, and the mean that its past part adds. */
function eachBlock(
  problem: DepotProblem,
  window: DemandWindow,
  visit: (block: number, from: number, to: number, length: number, pastKw: number) => void,
): void {
  const { blockIntervals: size, blockOffset, blockPastKw, counts } = window;
  for (let b = 0, end = -blockOffset; end < problem.intervals; b++) {
    const from = Math.max(0, end);
    const past = from - end;
    end += size;
    const to = Math.min(end, problem.intervals);
    if (counts.subarray(from, to).includes(1)) visit(b, from, to, to - from + past, past * blockPastKw);
  }
}

const sumOf = (kw: Float64Array, from: number, to: number): number =>
  kw.subarray(from, to).reduce((sum, value) => sum + value, 0);

/** Most power fed in, kW: as much as the grid connection carries the other way, where anything is sold. */
const feedInOf = ({ pv, circuits, fixedLoadKw }: DepotProblem, t: number): number =>
  pv?.sellPrice === undefined ? 0 : circuits[0].limitKw[t] + Math.max(0, fixedLoadKw[t]);

/** Counts a plan out: limits, money, peaks, shortfall. */
export function account(problem: DepotProblem, plan: Plan, powers: Powers = 'continuous'): Account {
  const { sessions, intervals, intervalH, price, pv, battery } = problem;
  const worst: Worst = { value: 0, name: '' };
  const shortfallKwh = new Float64Array(sessions.length);
  const shape =
    plan.powerKw.length === sessions.length &&
    sessions.every(({ arrive, depart }, s) => plan.powerKw[s].length === Math.max(0, depart - arrive)) &&
    (plan.batteryKw?.length ?? intervals) === intervals &&
    (plan.pvKw?.length ?? intervals) === intervals;
  const split = { energy: 0, demand: 0, shortfall: 0, wear: 0, earliness: 0 };
  const peaksKw = Float64Array.from(problem.demand, (window) => window.floorKw);
  if (!shape) {
    const value = { primalResidual: Infinity, worst: 'shape', cost: split, objective: Infinity };
    return { ...value, shortfallKwh, peaksKw };
  }
  const vehicles = new Float64Array(intervals);
  sessions.forEach((session, s) => {
    const kw = plan.powerKw[s];
    const delivered = checkSession(problem, s, kw, worst);
    const over = delivered - session.energyKwh;
    const rounding = powers === 'stepped' ? roundingOf(session, intervalH) : 0;
    note(worst, over - rounding, () => `energy of ${session.id}`);
    if (powers === 'stepped')
      kw.forEach((value) => note(worst, offStep(value, session), () => `step of ${session.id}`));
    shortfallKwh[s] = Math.max(0, -over);
    split.shortfall += session.shortfallPrice * shortfallKwh[s];
    kw.forEach((value, i) => (vehicles[session.arrive + i] += value));
  });
  checkSite(problem, plan, worst);
  const extra = Float64Array.from(vehicles, (_, t) => (plan.batteryKw?.[t] ?? 0) - (plan.pvKw?.[t] ?? 0));
  checkTree(problem, plan, extra, worst);
  const grid = pv !== undefined || battery !== undefined;
  const drawn = vehicles.map((kw, t) => kw + extra[t] + problem.fixedLoadKw[t]);
  for (let t = 0; t < intervals; t++) {
    split.earliness += (problem.earliness * t * vehicles[t] * intervalH) / intervals;
    split.wear += Math.max(0, plan.batteryKw?.[t] ?? 0) * (battery?.wearPerKwh ?? 0) * intervalH;
    split.energy += price[t] * (drawn[t] - problem.fixedLoadKw[t]) * intervalH;
    if (!grid || drawn[t] >= 0) continue;
    note(worst, -drawn[t] - feedInOf(problem, t), () => `feed-in @ ${t}`);
    split.energy += (price[t] - Math.min(price[t], pv?.sellPrice?.[t] ?? 0)) * -drawn[t] * intervalH;
    drawn[t] = 0;
  }
  problem.demand.forEach((window, k) => {
    eachBlock(problem, window, (_, from, to, length, pastKw) => {
      peaksKw[k] = Math.max(peaksKw[k], (sumOf(drawn, from, to) + pastKw) / length);
    });
    split.demand += window.pricePerKw * peaksKw[k];
  });
  const objective = split.energy + split.demand + split.shortfall + split.wear + split.earliness;
  note(worst, Number.isFinite(objective) ? 0 : Infinity, () => 'objective');
  return {
    primalResidual: worst.value,
    worst: worst.name,
    cost: split,
    objective,
    shortfallKwh,
    peaksKw,
  };
}

/** Minimum of `slope * x` for x in [0, most]. */
const atBest = (slope: number, most: number): number => (slope < 0 ? slope * most : 0);

/** Multipliers that mean something: right sign, and no window charged more than its price. */
function usable(problem: DepotProblem, given: Multipliers): { used: Multipliers; dualResidual: number } {
  let dualResidual = 0;
  const positive = (values: Float64Array): Float64Array =>
    values.map((value) => {
      if (value >= 0) return value;
      dualResidual = Math.max(dualResidual, Number.isNaN(value) ? Infinity : -value);
      return 0;
    });
  const blocks = given.blocks.map((of, k) => {
    const values = positive(of);
    const sum = values.reduce((total, value) => total + value, 0);
    const price = problem.demand[k].pricePerKw;
    dualResidual = Math.max(dualResidual, sum - price);
    return sum > price ? values.map((value) => (value * price) / sum) : values;
  });
  const [circuits, phases, modules] = [given.circuits, given.phases, given.modules].map(positive);
  const used = { ...given, blocks, circuits, phases, modules, taper: given.taper.map(positive) };
  return { used, dualResidual };
}

/** Money that one more kW drawn in each interval pays through the demand windows; adds their constants to `bound`. */
function demandPrice(
  problem: DepotProblem,
  { blocks }: Multipliers,
  grid: boolean,
): { perKw: Float64Array; bound: number } {
  const perKw = new Float64Array(problem.intervals);
  let bound = 0;
  problem.demand.forEach((window, k) => {
    let least = window.floorKw;
    let rest = window.pricePerKw;
    eachBlock(problem, window, (b, from, to, length, pastKw) => {
      const mean = ((grid ? 0 : sumOf(problem.fixedLoadKw, from, to)) + pastKw) / length;
      if (!grid) least = Math.max(least, mean);
      rest -= blocks[k][b];
      bound += blocks[k][b] * mean;
      for (let t = from; t < to; t++) perKw[t] += blocks[k][b] / length;
    });
    bound += rest * least;
  });
  return { perKw, bound };
}

/** The cheapest use of PV, battery and grid connection under given multipliers. */
function siteBound(
  problem: DepotProblem,
  { circuits, phases, balance, store }: Multipliers,
  perKw: Float64Array,
): number {
  const { battery, pv, intervals: span, intervalH: h, price } = problem;
  const most = Float64Array.from(problem.fixedLoadKw, (kw) => kw + (battery?.maxKw ?? 0));
  problem.sessions.forEach(({ arrive, depart }, s) => {
    for (let t = arrive; t < depart; t++) most[t] += capOf(problem, s, t);
  });
  let bound = (store[0] ?? 0) * (battery?.initialKwh ?? 0);
  for (let t = 0; t < span; t++) {
    const [y, sell] = [balance[t], pv?.sellPrice];
    const site = circuits[t] + [0, 1, 2].reduce((sum, i) => sum + (phases[i * span + t] ?? 0) / 3, 0);
    bound -= (y + price[t] * h) * problem.fixedLoadKw[t];
    bound +=
      atBest(price[t] * h + y + perKw[t], Math.max(0, most[t])) +
      atBest(y - site, Math.max(0, pv?.kw[t] ?? 0));
    if (sell !== undefined) {
      const sources = (pv?.kw[t] ?? 0) + (battery?.maxKw ?? 0) + Math.max(0, -problem.fixedLoadKw[t]);
      bound += atBest(
        -Math.min(sell[t], price[t]) * h - y,
        Math.max(0, Math.min(sources, feedInOf(problem, t))),
      );
    }
    if (battery === undefined) continue;
    const { efficiency, maxKw, wearPerKwh, initialKwh, capacityKwh } = battery;
    bound += atBest(wearPerKwh * h - y + site + efficiency * h * store[t], maxKw);
    bound += atBest(y - site - (h / efficiency) * store[t], maxKw);
    const held = (store[t + 1] ?? 0) - store[t];
    bound += t + 1 === span && held > 0 ? held * initialKwh : atBest(held, capacityKwh);
  }
  return bound;
}

/** A lower bound of every plan's cost, from the problem and the multipliers alone. */
export function dualBound(
  problem: DepotProblem,
  given: Multipliers,
  powers: Powers = 'continuous',
): DualProof {
  const { used, dualResidual } = usable(problem, given);
  const { intervals: span, intervalH: h, price, earliness, connectors, circuits } = problem;
  const grid = problem.pv !== undefined || problem.battery !== undefined;
  const demand = demandPrice(problem, used, grid);
  let bound = demand.bound + (grid ? siteBound(problem, used, demand.perKw) : 0);
  const held = circuits.map(() => new Float64Array(4));
  for (const { circuit, rotation, reserveKw } of connectors) {
    for (let g = circuit; g >= 0; g = circuits[g].parent) {
      held[g][3] += reserveKw;
      for (const phase of rotation) held[g][phase] += reserveKw / rotation.length;
    }
  }
  const room = (weight: number, limit: number, reserved: number): number =>
    weight === 0 ? 0 : weight * Math.max(0, limit - reserved);
  circuits.forEach(({ limitKw, phaseLimitKw }, g) => {
    for (let t = 0; t < span; t++) {
      bound -= room(used.circuits[g * span + t], limitKw[t], held[g][3]);
      phaseLimitKw?.forEach(
        (limit, i) => (bound -= room(used.phases[(3 * g + i) * span + t], limit[t], held[g][i])),
      );
    }
  });
  used.modules.forEach(
    (weight, at) => (bound -= room(weight, problem.modules[Math.floor(at / span)].maxKw, 0)),
  );
  problem.sessions.forEach((session, s) => {
    const { connector: c, arrive, depart, energyKwh, shortfallPrice } = session;
    const { module, reserveKw, rotation, circuit } = connectors[c];
    const [y, weight, taper] = [used.sessions[s], weightOf(problem, s), session.taper ?? []];
    bound += energyKwh * (y + Math.min(0, shortfallPrice - y));
    if (powers === 'stepped') bound += atBest(y, roundingOf(session, h));
    const later = new Float64Array(taper.length);
    for (let t = depart - 1; t >= arrive; t--) {
      const cap = capOf(problem, s, t);
      let cost =
        h * ((grid ? 0 : price[t]) + (earliness * t) / span - y) +
        (grid ? -used.balance[t] : demand.perKw[t]);
      if (module >= 0) cost += used.modules[module * span + t];
      for (let n = 0; n < taper.length; n++) {
        const [from, to] = [taper[Math.max(0, n - 1)], taper[n]];
        const slope = n === 0 ? 0 : (from.maxKw - to.maxKw) / (to.fromKwh - from.fromKwh);
        const value = used.taper[s][n * (depart - arrive) + t - arrive];
        cost += value + slope * h * later[n];
        later[n] += value;
        bound -= value * (from.maxKw + slope * from.fromKwh);
      }
      let seen = cost;
      for (let g = circuit; g >= 0; g = circuits[g].parent) {
        seen += weight * used.circuits[g * span + t];
        for (const phase of rotation)
          seen += ((used.phases[(3 * g + phase) * span + t] ?? 0) * weight) / rotation.length;
      }
      const free = Math.min(cap, reserveKw / weight);
      bound += atBest(cost, free) + atBest(seen, cap - free);
    }
  });
  return { bound: Number.isNaN(bound) ? -Infinity : bound, dualResidual };
}
