/**
 * The independent proof of a bound: what no plan can undercut, rebuilt from multipliers alone by weak duality. Any
 * multipliers give a true bound; good ones give a tight one. Source: docs/model.md, "Certificate".
 * @module
 */
import type { Powers } from '../plan.ts';
import type { Branch, DepotProblem, Multipliers, Session } from '../problem.ts';
import { chargesBound } from './charges.ts';
import { allPicks, branchOf, constantsOf, mayPrice } from './choices.ts';
import {
  capOf,
  eachBlock,
  feedInOf,
  hasOwnSources,
  heldCapOf,
  roomOf,
  steppedEnergy,
  sumOf,
  weightOf,
} from './terms.ts';

/** A proven lower bound, and how far the multipliers were from being usable as they came. */
export interface DualProof {
  readonly bound: number;
  readonly dualResidual: number;
}

/** Minimum of `slope * x` for x in [0, most]. */
const atBest = (slope: number, most: number): number => (slope < 0 ? slope * most : 0);

/** Multipliers that mean something: right sign, and no window charged more than its price. */
function usable(problem: DepotProblem, given: Multipliers): { used: Multipliers; dualResidual: number } {
  let dualResidual = 0;
  const positive = (values: Float64Array): Float64Array => {
    let from = 0;
    while (from < values.length && values[from] >= 0) from++;
    if (from === values.length) return values;
    const kept = values.slice();
    for (let i = from; i < kept.length; i++) {
      if (kept[i] >= 0) continue;
      dualResidual = Math.max(dualResidual, Number.isNaN(kept[i]) ? Infinity : -kept[i]);
      kept[i] = 0;
    }
    return kept;
  };
  const blocks = given.blocks.map((of, k) => {
    const values = positive(of);
    const sum = values.reduce((total, value) => total + value, 0);
    const price = problem.demand[k].pricePerKw;
    dualResidual = Math.max(dualResidual, sum - price);
    return sum > price ? values.map((value) => (value * price) / sum) : values;
  });
  const [circuits, phases, modules] = [given.circuits, given.phases, given.modules].map(positive);
  const milestones = given.milestones.map((of, s) => {
    if (of.length === 0) return of;
    const { shortfallPrice } = problem.sessions[s];
    return positive(of).map((value) => {
      dualResidual = Math.max(dualResidual, value - shortfallPrice);
      return Math.min(value, shortfallPrice);
    });
  });
  const used = { ...given, blocks, circuits, phases, modules, milestones, taper: given.taper.map(positive) };
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
    // A window without a price has no multipliers that count.
    if (window.pricePerKw === 0) return;
    let least = window.floorKw;
    let rest = window.pricePerKw;
    eachBlock(problem, window, (b, from, to, length, pastKw) => {
      const mean = ((grid ? 0 : sumOf(problem.fixedLoadKw, from, to)) + pastKw) / length;
      if (!grid) least = Math.max(least, mean);
      rest -= blocks[k][b];
      const worth = blocks[k][b];
      if (worth === 0) return;
      bound += worth * mean;
      for (let t = from; t < to; t++) perKw[t] += worth / length;
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
  const back = new Float64Array(span);
  problem.sessions.forEach(({ feedBack, arrive }) =>
    feedBack?.maxKw.forEach((kw, i) => (back[arrive + i] += kw)),
  );
  let bound = (store[0] ?? 0) * (battery?.initialKwh ?? 0);
  for (let t = 0; t < span; t++) {
    const [y, sell] = [balance[t], pv?.sellPrice];
    const site = circuits[t] + [0, 1, 2].reduce((sum, i) => sum + (phases[i * span + t] ?? 0) / 3, 0);
    bound -= (y + price[t] * h) * problem.fixedLoadKw[t];
    bound +=
      atBest(price[t] * h + y + perKw[t], Math.max(0, most[t])) +
      atBest(y - site, Math.max(0, pv?.kw[t] ?? 0)) +
      atBest(-y, Math.max(0, -problem.fixedLoadKw[t]));
    if (sell !== undefined) {
      const sources =
        (pv?.kw[t] ?? 0) + (battery?.maxKw ?? 0) + Math.max(0, -problem.fixedLoadKw[t]) + back[t];
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

/**
 * The lowest bound of all ways of charging: each needs its own multipliers. The residual is that of the one with the
 * lowest bound; no bound where one is missing.
 */
export function branchesBound(
  problem: DepotProblem,
  branches: readonly Branch[],
  powers: Powers = 'continuous',
): DualProof {
  const proofs = allPicks(problem).map((picks): DualProof => {
    const branch = branches.find((one) => one.picks.join() === picks.join());
    const { worth = [], multipliers } = branch ?? {};
    if (multipliers === undefined || !mayPrice(problem, picks, worth)) {
      return { bound: -Infinity, dualResidual: 0 };
    }
    const { energy, demand } = constantsOf(problem, picks, worth);
    const proof = dualBound(branchOf(problem, picks, worth), multipliers, powers);
    return { ...proof, bound: proof.bound + energy + demand };
  });
  return proofs.reduce((least, proof) => (proof.bound < least.bound ? proof : least));
}

/** [C][T] money per kW through all circuits from each one up. */
function upwardsOf({ circuits, intervals: span }: DepotProblem, used: Multipliers): Float64Array[] {
  const own = used.circuits;
  return circuits.map((_, leaf) => {
    const perKw = new Float64Array(span);
    for (let g = leaf; g >= 0; g = circuits[g].parent) {
      for (let t = 0, at = g * span; t < span; t++, at++) if (own[at] !== 0) perKw[t] += own[at];
    }
    return perKw;
  });
}

/** [T] what a kW costs whoever draws it. */
function drawnPrice(problem: DepotProblem, used: Multipliers, demandPerKw: Float64Array): Float64Array {
  const { intervals: span, intervalH: h, price, earliness } = problem;
  const grid = hasOwnSources(problem);
  return Float64Array.from(price, (perKwh, t) =>
    grid
      ? (h * earliness * t) / span - used.balance[t]
      : h * (perKwh + (earliness * t) / span) + demandPerKw[t],
  );
}

/** What the rooms of circuits and modules are worth. */
function limitsWorth(
  { circuits, connectors, modules, intervals: span }: DepotProblem,
  used: Multipliers,
): number {
  let worth = 0;
  const held = circuits.map(() => new Float64Array(4));
  for (const { circuit, rotation, reserveKw } of connectors) {
    for (let g = circuit; g >= 0; g = circuits[g].parent) {
      held[g][3] += reserveKw;
      for (const phase of rotation) held[g][phase] += reserveKw / rotation.length;
    }
  }
  const add = (weights: Float64Array, row: number, limit: Float64Array, reserved: number): void => {
    for (let t = 0, at = row * span; t < span; t++, at++) {
      if (weights[at] !== 0) worth += weights[at] * roomOf(limit[t], reserved);
    }
  };
  circuits.forEach(({ limitKw, phaseLimitKw }, g) => {
    add(used.circuits, g, limitKw, held[g][3]);
    phaseLimitKw?.forEach((limit, i) => add(used.phases, 3 * g + i, limit, held[g][i]));
  });
  const ofModules = used.modules;
  for (let at = 0; at < ofModules.length; at++) {
    if (ofModules[at] !== 0) worth += ofModules[at] * roomOf(modules[Math.floor(at / span)].maxKw, 0);
  }
  return worth;
}

/** Whether nothing but the energy at the end counts of a stay. */
const isPlain = ({ taper = [], milestones = [], feedBack }: Session): boolean =>
  taper.length + milestones.length === 0 && feedBack === undefined;

/** The cheapest powers up to `mostOf` of a plain stay, at `drawn` and `up` per kW in each interval. */
function plainStay(
  problem: DepotProblem,
  s: number,
  used: Multipliers,
  { drawn, up, mostOf }: { drawn: Float64Array; up: Float64Array; mostOf: typeof capOf },
): number {
  const { connector, arrive, depart, maxKw } = problem.sessions[s];
  const { module, reserveKw } = problem.connectors[connector];
  const weight = weightOf(problem, s);
  const worth = problem.intervalH * used.sessions[s];
  const same = typeof maxKw === 'number' ? mostOf(problem, s, arrive) : undefined;
  const reserved = reserveKw / weight;
  const row = module * problem.intervals;
  let bound = 0;
  for (let t = arrive; t < depart; t++) {
    const cost = module >= 0 ? drawn[t] - worth + used.modules[row + t] : drawn[t] - worth;
    // Circuits make a kW dearer, never cheaper.
    if (cost >= 0) continue;
    const cap = same ?? mostOf(problem, s, t);
    const free = Math.min(cap, reserved);
    bound += cost * free + atBest(cost + weight * up[t], cap - free);
  }
  return bound;
}

/** A lower bound of every plan's cost, from the problem without choices and the multipliers alone. */
export function dualBound(
  problem: DepotProblem,
  given: Multipliers,
  powers: Powers = 'continuous',
): DualProof {
  const { used, dualResidual } = usable(problem, given);
  const { intervals: span, intervalH: h, connectors, circuits } = problem;
  const grid = hasOwnSources(problem);
  const phased = used.phases.length > 0;
  const demand = demandPrice(problem, used, grid);
  const charges = chargesBound(problem, given.charges, grid, demand.perKw);
  let bound = demand.bound + charges.bound + (grid ? siteBound(problem, used, demand.perKw) : 0);
  bound -= limitsWorth(problem, used);
  const drawn = drawnPrice(problem, used, demand.perKw);
  const upwards = upwardsOf(problem, used);
  const mostOf = powers === 'stepped' ? heldCapOf : capOf;
  problem.sessions.forEach((session, s) => {
    const { connector: c, arrive, depart, energyKwh, shortfallPrice } = session;
    const { module, reserveKw, rotation, circuit } = connectors[c];
    const [y, weight, taper] = [used.sessions[s], weightOf(problem, s), session.taper ?? []];
    bound +=
      powers === 'stepped' ? steppedEnergy(session, h, y) : energyKwh * (y + Math.min(0, shortfallPrice - y));
    const later = new Float64Array(taper.length);
    const { feedBack, milestones = [] } = session;
    let held = 0;
    milestones.forEach(({ energyKwh: wanted }, m) => (bound += used.milestones[s][m] * wanted));
    const up = upwards[circuit];
    if (!phased && isPlain(session)) {
      bound += plainStay(problem, s, used, { drawn, up, mostOf });
      return;
    }
    for (let t = depart - 1; t >= arrive; t--) {
      // What a kWh more of energy so far is worth from here on, through milestones and the vehicle's store.
      for (let m = 0; m < milestones.length; m++) {
        if (milestones[m].by === t + 1) held += used.milestones[s][m];
      }
      if (feedBack !== undefined) {
        const worth = used.vehicleStore[s][t - arrive];
        held += worth;
        bound += worth > 0 ? -worth * feedBack.heldKwh : worth * feedBack.roomKwh;
      }
      const cap = mostOf(problem, s, t);
      let store = -h * (y + held);
      let cost = drawn[t];
      if (module >= 0) cost += used.modules[module * span + t];
      for (let n = 0; n < taper.length; n++) {
        const [from, to] = [taper[Math.max(0, n - 1)], taper[n]];
        const slope = n === 0 ? 0 : (from.maxKw - to.maxKw) / (to.fromKwh - from.fromKwh);
        const value = used.taper[s][n * (depart - arrive) + t - arrive];
        cost += value;
        store += slope * h * later[n];
        later[n] += value;
        bound -= value * (from.maxKw + slope * from.fromKwh);
      }
      cost += store;
      let above = weight * up[t];
      for (let g = phased ? circuit : -1; g >= 0; g = circuits[g].parent) {
        for (const phase of rotation)
          above += (used.phases[(3 * g + phase) * span + t] * weight) / rotation.length;
      }
      const free = Math.min(cap, reserveKw / weight);
      bound += atBest(cost, free) + atBest(cost + above, cap - free);
      if (feedBack === undefined) continue;
      const shared = (module >= 0 ? used.modules[module * span + t] : 0) + above;
      const back = h * feedBack.wearPerKwh - feedBack.lossFactor * store + used.balance[t] + shared;
      bound += atBest(back, feedBack.maxKw[t - arrive]);
    }
  });
  return {
    bound: Number.isNaN(bound) ? -Infinity : bound,
    dualResidual: Math.max(dualResidual, charges.residual),
  };
}
