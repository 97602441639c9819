/**
 * The independent check of a plan: power and energy against every limit, and money counted again. It shares no code with
 * any engine: a wrong engine cannot pass. Source: docs/model.md, "Certificate".
 * @module
 */
import type { Plan, Powers } from '../plan.ts';
import type { CostSplit, DepotProblem, Session } from '../problem.ts';
import { chargedAt } from './charges.ts';
import { branchOf, constantsOf, picksAt } from './choices.ts';
import { capOf, eachBlock, feedInOf, hasOwnSources, roomOf, roundingOf, sumOf, weightOf } from './terms.ts';

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
  /** Value of each site charge. */
  readonly charged: Float64Array;
  /** Option in force of each choice. */
  readonly picks: readonly number[];
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

/** How far a power is from 0 and from every allowed one, kW; `share` of the socket's phases is in use. */
function offStep(kw: number, { minKw, stepKw }: Session, share: number): number {
  if (kw === 0) return 0;
  const size = stepKw * share;
  const step = size > 0 ? Math.abs(kw - size * Math.round(kw / size)) : 0;
  return Math.max(minKw * share - Math.abs(kw), step);
}

/** Checks that a station may charge on one phase of three where the plan says so, and rests before it changes. */
function checkPhases(problem: DepotProblem, s: number, plan: Plan, worst: Worst): void {
  const flags = plan.onePhase?.[s];
  if (flags === undefined || !flags.includes(1)) return;
  const session = problem.sessions[s];
  const most = session.phaseSwitches;
  const kw = plan.powerKw[s];
  const broken = (): string => `phases of ${session.id}`;
  const whole = problem.connectors[session.connector].rotation.length === 3 && session.phases === 3;
  note(worst, most === undefined || !whole || flags.length !== kw.length ? Infinity : 0, broken);
  let changes = 0;
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] === 1) note(worst, kw[i] - capOf(problem, s, session.arrive + i) / 3, broken);
    if (i === 0 || flags[i] === flags[i - 1]) continue;
    changes++;
    note(worst, Math.min(kw[i], kw[i - 1]), broken);
  }
  note(worst, changes > (most ?? 0) ? Infinity : 0, broken);
}

/** Checks the powers of one stay; energy delivered, and what it lacked at milestones, kWh. */
function checkSession(
  problem: DepotProblem,
  s: number,
  kw: Float64Array,
  worst: Worst,
): { delivered: number; lacked: number } {
  const session = problem.sessions[s];
  const { taper = [], feedBack, milestones = [] } = session;
  let delivered = 0;
  let lacked = 0;
  const whole = taper.length === 0 && feedBack === undefined && milestones.length === 0;
  const same = typeof session.maxKw === 'number' ? capOf(problem, s, session.arrive) : undefined;
  for (let i = 0; i < kw.length; i++) {
    const within = kw[i] >= 0 && kw[i] <= (same ?? capOf(problem, s, session.arrive + i));
    const before = delivered;
    delivered += kw[i] * problem.intervalH * (kw[i] < 0 ? (feedBack?.lossFactor ?? 1) : 1);
    if (within && whole) continue;
    const at = (): string => `session ${session.id} @ ${session.arrive + i}`;
    for (const { by, energyKwh } of milestones) {
      if (by === session.arrive + i + 1) lacked += Math.max(0, energyKwh - delivered);
    }
    if (feedBack !== undefined) {
      note(
        worst,
        -delivered - feedBack.heldKwh,
        () => `energy held of ${session.id} @ ${session.arrive + i}`,
      );
      note(worst, delivered - feedBack.roomKwh, () => `room of ${session.id} @ ${session.arrive + i}`);
    }
    note(worst, kw[i] - capOf(problem, s, session.arrive + i), at);
    note(worst, -kw[i] - (feedBack?.maxKw[i] ?? 0), at);
    if (taper.length > 0) note(worst, kw[i] - taper[0].maxKw, at);
    for (let n = 1; n < taper.length; n++) {
      const [from, to] = [taper[n - 1], taper[n]];
      const along = (before - from.fromKwh) / (to.fromKwh - from.fromKwh);
      note(worst, kw[i] - (from.maxKw + along * (to.maxKw - from.maxKw)), at);
    }
  }
  return { delivered, lacked };
}

function checkTree(problem: DepotProblem, plan: Plan, siteExtra: Float64Array, worst: Worst): void {
  const span = problem.intervals;
  const ofModule = new Float64Array(problem.modules.length * span);
  // Kinds: three phases, where some circuit limits them, and the total.
  const phased = problem.circuits.some((circuit) => circuit.phaseLimitKw !== undefined);
  const total = phased ? 3 * span : 0;
  const seen = problem.circuits.map(() => new Float64Array(total + span));
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
    const { circuit, module, reserveKw, rotation } = problem.connectors[c];
    const kw = plan.powerKw[s];
    if (module >= 0)
      for (let i = 0; i < kw.length; i++) ofModule[module * span + arrive + i] += Math.abs(kw[i]);
    const [own, flags] = [weightOf(problem, s), plan.onePhase?.[s]];
    const here = seen[circuit];
    for (let i = 0, t = arrive; i < kw.length; i++, t++) {
      if (kw[i] === 0) continue;
      // A station that is told one phase may still use all: each pin counts with the current of the one.
      const weight = flags !== undefined && flags[i] === 1 ? rotation.length : own;
      const above = kw[i] < 0 ? -weight * kw[i] : Math.max(0, weight * kw[i] - reserveKw);
      here[total + t] += above;
      if (!phased) continue;
      for (const phase of rotation) here[phase * span + t] += above / rotation.length;
    }
  });
  const own = seen.map((values) => values.slice());
  own.forEach((values, g) => {
    for (let up = problem.circuits[g].parent; up >= 0; up = problem.circuits[up].parent) {
      const sum = seen[up];
      for (let i = 0; i < values.length; i++) sum[i] += values[i];
    }
  });
  problem.modules.forEach(({ id, maxKw }, m) => {
    for (let t = 0; t < span; t++) {
      const excess = ofModule[m * span + t] - maxKw;
      if (!(excess <= worst.value)) note(worst, excess, () => `module ${id} @ ${t}`);
    }
  });
  problem.circuits.forEach(({ id, limitKw, phaseLimitKw }, g) => {
    const check = (from: number, limit: Float64Array, reserved: number, share: number, of: string): void => {
      const kw = seen[g];
      for (let t = 0; t < span; t++) {
        const excess = kw[from + t] + (g === 0 ? siteExtra[t] * share : 0) - roomOf(limit[t], reserved);
        if (!(excess <= worst.value)) note(worst, excess, () => `circuit ${id}${of} @ ${t}`);
      }
    };
    check(total, limitKw, held[g][3], 1, '');
    phaseLimitKw?.forEach((limit, phase) =>
      check(phase * span, limit, held[g][phase], 1 / 3, ` phase ${phase + 1}`),
    );
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

/** Adds the money of demand windows and site charges; values of the charges. */
function countPeaks(
  problem: DepotProblem,
  drawn: Float64Array,
  peaksKw: Float64Array,
  split: { energy: number; demand: number },
): Float64Array {
  problem.demand.forEach((window, k) => {
    eachBlock(problem, window, (_, from, to, length, pastKw) => {
      peaksKw[k] = Math.max(peaksKw[k], (sumOf(drawn, from, to) + pastKw) / length);
    });
    split.demand += window.pricePerKw * peaksKw[k];
  });
  const charged = Float64Array.from(problem.charges ?? [], (charge) => chargedAt(charge, drawn));
  problem.charges?.forEach(
    ({ category, price, free }, k) => (split[category] += price * (charged[k] - free)),
  );
  return charged;
}

/** Counts a plan out with the prices that hold in any case. */
function countOut(problem: DepotProblem, plan: Plan, powers: Powers): Account {
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
    return {
      ...value,
      shortfallKwh,
      peaksKw,
      charged: new Float64Array(problem.charges?.length ?? 0),
      picks: [],
    };
  }
  const vehicles = new Float64Array(intervals);
  sessions.forEach((session, s) => {
    const kw = plan.powerKw[s];
    const { delivered, lacked } = checkSession(problem, s, kw, worst);
    const over = delivered - session.energyKwh;
    const rounding = powers === 'stepped' ? roundingOf(session, intervalH) : 0;
    note(worst, over - rounding, () => `energy of ${session.id}`);
    checkPhases(problem, s, plan, worst);
    if (powers === 'stepped') {
      kw.forEach((value, i) => {
        const share = plan.onePhase?.[s]?.[i] === 1 ? 1 / 3 : 1;
        note(worst, offStep(value, session, share), () => `step of ${session.id}`);
      });
    }
    shortfallKwh[s] = Math.max(0, -over);
    split.shortfall += session.shortfallPrice * (shortfallKwh[s] + lacked);
    const wear = (session.feedBack?.wearPerKwh ?? 0) * intervalH;
    let late = 0;
    for (let i = 0, t = session.arrive; i < kw.length; i++, t++) {
      if (kw[i] === 0) continue;
      vehicles[t] += kw[i];
      if (kw[i] > 0) late += t * kw[i];
      else split.wear -= kw[i] * wear;
    }
    split.earliness += (problem.earliness * late * intervalH) / intervals;
  });
  checkSite(problem, plan, worst);
  const extra = Float64Array.from(vehicles, (_, t) => (plan.batteryKw?.[t] ?? 0) - (plan.pvKw?.[t] ?? 0));
  checkTree(problem, plan, extra, worst);
  const grid = hasOwnSources(problem);
  const drawn = vehicles.map((kw, t) => kw + extra[t] + problem.fixedLoadKw[t]);
  for (let t = 0; t < intervals; t++) {
    split.wear += Math.max(0, plan.batteryKw?.[t] ?? 0) * (battery?.wearPerKwh ?? 0) * intervalH;
    split.energy += price[t] * (drawn[t] - problem.fixedLoadKw[t]) * intervalH;
    if (!grid || drawn[t] >= 0) continue;
    const unused = Math.max(0, -problem.fixedLoadKw[t]);
    note(worst, -drawn[t] - unused - feedInOf(problem, t), () => `feed-in @ ${t}`);
    const earned = Math.min(price[t], pv?.sellPrice?.[t] ?? 0);
    const sold = earned > 0 ? Math.min(-drawn[t], feedInOf(problem, t)) : Math.max(0, -drawn[t] - unused);
    split.energy += (price[t] * -drawn[t] - earned * sold) * intervalH;
    drawn[t] = 0;
  }
  const charged = countPeaks(problem, drawn, peaksKw, split);
  const objective = split.energy + split.demand + split.shortfall + split.wear + split.earliness;
  note(worst, Number.isFinite(objective) ? 0 : Infinity, () => 'objective');
  return {
    primalResidual: worst.value,
    worst: worst.name,
    cost: split,
    objective,
    shortfallKwh,
    peaksKw,
    charged,
    picks: picksAt(problem, { drawn, peaksKw, charged }),
  };
}

/** Counts a plan out: limits, money by the way that it is charged by, peaks, shortfall. */
export function account(problem: DepotProblem, plan: Plan, powers: Powers = 'continuous'): Account {
  const counted = countOut(problem, plan, powers);
  const { picks } = counted;
  if (picks.length === 0) return counted;
  const plain = countOut(branchOf(problem, picks), plan, powers);
  const { energy, demand } = constantsOf(problem, picks);
  const cost = { ...plain.cost, energy: plain.cost.energy + energy, demand: plain.cost.demand + demand };
  return { ...plain, picks, cost, objective: plain.objective + energy + demand };
}
