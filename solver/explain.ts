/**
 * Why a plan is as it is: which limits and peaks bind and what they cost, and for each vehicle that leaves short the
 * cheapest ways out, each one tried by a solve. Source: docs/model.md, "Explanation".
 * @module
 */
import { exposureFactor, pathsOf, powerCap } from './exposure.ts';
import { blocksOf } from './multipliers.ts';
import type { DepotProblem, Session, Solution, SolveOptions } from './problem.ts';
import { solve } from './solve.ts';

/** Shortfall that is worth a word, kWh. */
const shortfallMin = 1e-3;
/** Money per unit below which a limit is not called binding. */
const worthMin = 1e-9;
/** Other bays tried per vehicle; those with the most power first. */
const baysMax = 4;
/** Vehicles whose repairs are looked for; the rest are named without. */
const repairedMax = 12;

/** A way out, as a solve of the changed problem found it. */
export interface Repair {
  readonly kind: 'later-departure' | 'other-bay' | 'higher-peak';
  /** Interval of the new departure, id of the other connector, or id of the demand window. */
  readonly depart?: number;
  readonly connector?: string;
  readonly peakKw?: Readonly<Record<string, number>>;
  /** Money that all costs but shortfalls rise by. */
  readonly extraCost: number;
  /** What the vehicle then lacks, and all together, kWh. */
  readonly shortfallKwh: number;
  readonly totalShortfallKwh: number;
}

/** A vehicle that leaves short. */
export interface Shortfall {
  readonly session: string;
  readonly shortfallKwh: number;
  /** What holds it back: its own power, the price of a peak, or a named module or circuit. */
  readonly reason: string;
  /** Cheapest first; those that end the shortfall before those that shorten it. */
  readonly repairs: readonly Repair[];
}

/** A limit that costs money. */
export interface Binding {
  readonly circuit: string;
  readonly intervals: readonly number[];
  /** Money that one more kW would save over all these intervals. */
  readonly worthPerKw: number;
}

/** How a demand peak comes about. */
export interface PeakReason {
  readonly demand: string;
  readonly peakKw: number;
  /** Whether it was due before the plan began. */
  readonly setBy: 'floor' | 'plan';
  /** Intervals at the peak, and who charges in them. */
  readonly intervals: readonly number[];
  readonly sessions: readonly string[];
  /** Mean power over these intervals, kW: uncontrolled load, and each vehicle, largest first. */
  readonly fixedLoadKw: number;
  readonly parts: readonly { readonly session: string; readonly kw: number }[];
  readonly worthPerKw: number;
  /** Money that this peak costs, and the part of it that was due before the plan began. */
  readonly cost: number;
  readonly dueCost: number;
}

/** The whole explanation. */
export interface Explanation {
  readonly shortfalls: readonly Shortfall[];
  readonly bindings: readonly Binding[];
  readonly peaks: readonly PeakReason[];
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

const otherCosts = ({ cost }: Solution): number => cost.energy + cost.demand + cost.wear + cost.earliness;

function bindingsOf(problem: DepotProblem, { duals }: Solution): Binding[] {
  return problem.circuits
    .map((circuit, g) => {
      const worth = duals?.circuits[g] ?? new Float64Array(0);
      const intervals = Array.from(worth.keys()).filter((t) => worth[t] > worthMin);
      return { circuit: circuit.id, intervals, worthPerKw: sum(worth) };
    })
    .filter(({ intervals }) => intervals.length > 0)
    .sort((a, b) => b.worthPerKw - a.worthPerKw);
}

function peaksOf(problem: DepotProblem, solution: Solution): PeakReason[] {
  const drawn = Float64Array.from(problem.fixedLoadKw);
  for (const [s, { arrive }] of problem.sessions.entries()) {
    for (const [i, kw] of solution.powerKw[s].entries()) drawn[arrive + i] += kw;
  }
  for (let t = 0; t < drawn.length; t++)
    drawn[t] += (solution.batteryKw?.[t] ?? 0) - (solution.pvKw?.[t] ?? 0);
  return problem.demand.map((window, k) => {
    const { blockOf, counts, count, length } = blocksOf(window, problem.intervals);
    const mean = new Float64Array(count);
    mean[0] = (window.blockOffset * window.blockPastKw) / length[0];
    for (const [t, kw] of drawn.entries()) mean[blockOf[t]] += Math.max(0, kw) / length[blockOf[t]];
    const peakKw = solution.peaksKw[k];
    const floor = peakKw <= window.floorKw + 1e-9;
    const at = Array.from(drawn.keys()).filter(
      (t) => counts[blockOf[t]] === 1 && mean[blockOf[t]] >= peakKw - 1e-6,
    );
    const meanOf = (kwAt: (t: number) => number): number => sum(at.map(kwAt)) / Math.max(1, at.length);
    const parts = problem.sessions
      .map(({ id, arrive }, s) => ({ session: id, kw: meanOf((t) => solution.powerKw[s][t - arrive] ?? 0) }))
      .filter(({ kw }) => Math.abs(kw) > 1e-6);
    return {
      demand: window.id,
      peakKw,
      setBy: floor ? 'floor' : 'plan',
      intervals: at,
      sessions: parts.filter(({ kw }) => kw > 0).map(({ session }) => session),
      fixedLoadKw: meanOf((t) => problem.fixedLoadKw[t]),
      parts: parts.sort((a, b) => b.kw - a.kw),
      worthPerKw: solution.duals?.demand[k] ?? 0,
      cost: window.pricePerKw * peakKw,
      dueCost: window.pricePerKw * window.floorKw,
    };
  });
}

/** What holds session `s` back: the dearest limit on its way while it is there. */
function reasonOf(problem: DepotProblem, solution: Solution, s: number): string {
  const session = problem.sessions[s];
  const connector = problem.connectors[session.connector];
  let most = 0;
  for (let t = session.arrive; t < session.depart; t++)
    most += powerCap(session, connector, t) * problem.intervalH;
  if (most < session.energyKwh - shortfallMin) return 'its own power over its stay';
  const { multipliers, duals } = solution;
  const span = problem.intervals;
  const during = (worth: (t: number) => number): number => {
    let total = 0;
    for (let t = session.arrive; t < session.depart; t++) total += worth(t);
    return total;
  };
  const factor = exposureFactor(session, connector);
  const path = pathsOf(problem)[session.connector];
  const found = path.map((g) => ({
    name: `circuit ${problem.circuits[g].id}`,
    worth: factor * during((t) => duals?.circuits[g][t] ?? 0),
  }));
  if (connector.module >= 0) {
    const worth = during((t) => multipliers.modules[connector.module * span + t]);
    found.push({ name: `module ${problem.modules[connector.module].id}`, worth });
  }
  found.sort((a, b) => b.worth - a.worth);
  const first = found[0];
  return first === undefined || first.worth <= worthMin
    ? 'the price of more energy or of a higher peak'
    : first.name;
}

class Workshop {
  readonly #problem: DepotProblem;
  readonly #options: SolveOptions;
  readonly #before: Solution;

  constructor(problem: DepotProblem, before: Solution, options: SolveOptions) {
    this.#problem = problem;
    this.#before = before;
    this.#options = options;
  }

  /** Solves the problem with session `s` changed; money and shortfalls are counted at the old prices. */
  async #with(
    s: number,
    change: Partial<Session>,
  ): Promise<{ solution: Solution; repair: Omit<Repair, 'kind'> }> {
    const sessions = this.#problem.sessions.map((session, i) =>
      i === s ? { ...session, ...change } : session,
    );
    const solution = await solve({ ...this.#problem, sessions }, this.#options);
    const repair = {
      extraCost: otherCosts(solution) - otherCosts(this.#before),
      shortfallKwh: solution.shortfallKwh[s],
      totalShortfallKwh: sum(solution.shortfallKwh),
    };
    return { solution, repair };
  }

  /** The earliest later departure that ends the shortfall; the latest possible one where none does. */
  async laterDeparture(s: number): Promise<Repair | undefined> {
    const { sessions, intervals } = this.#problem;
    const { connector, depart } = sessions[s];
    const next = sessions
      .filter(
        (other) => other.connector === connector && other.arrive >= depart && other.depart > other.arrive,
      )
      .reduce((least, other) => Math.min(least, other.arrive), intervals);
    if (next <= depart) return undefined;
    const longer = (until: number): Partial<Session> => {
      const { maxKw, arrive } = sessions[s];
      if (typeof maxKw === 'number') return { depart: until };
      const most = this.#problem.connectors[connector].maxKw;
      return {
        depart: until,
        maxKw: Float64Array.from({ length: until - arrive }, (_, i) => maxKw[i] ?? most),
      };
    };
    let [low, high] = [depart, next];
    let best = await this.#with(s, longer(high));
    if (best.repair.shortfallKwh < shortfallMin) {
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        const tried = await this.#with(s, longer(middle));
        if (tried.repair.shortfallKwh < shortfallMin) {
          high = middle;
          best = tried;
        } else low = middle;
      }
    } else if (best.repair.shortfallKwh > this.#before.shortfallKwh[s] - shortfallMin) return undefined;
    return { kind: 'later-departure', depart: high, ...best.repair };
  }

  /** The free bay that leaves the vehicle least short, then the cheapest one. */
  async otherBay(s: number): Promise<Repair | undefined> {
    const { sessions, connectors } = this.#problem;
    const { arrive, depart, connector, phases } = sessions[s];
    const free = connectors
      .map((_, c) => c)
      .filter((c) => {
        if (c === connector || (phases === 3 && connectors[c].rotation.length !== 3)) return false;
        return !sessions.some(
          (other) => other.connector === c && other.arrive < depart && arrive < other.depart,
        );
      })
      .sort((a, b) => connectors[b].maxKw - connectors[a].maxKw || a - b);
    let best: Repair | undefined;
    for (const c of free.slice(0, baysMax)) {
      const { repair } = await this.#with(s, { connector: c });
      const better = best === undefined || repair.shortfallKwh < best.shortfallKwh - shortfallMin;
      if (better) best = { kind: 'other-bay', connector: connectors[c].id, ...repair };
    }
    const helps = best !== undefined && best.shortfallKwh < this.#before.shortfallKwh[s] - shortfallMin;
    return helps ? best : undefined;
  }

  /** What it costs to serve the vehicle whatever the peak; undefined where no peak holds it back. */
  async higherPeak(s: number): Promise<Repair | undefined> {
    const { sessions, demand } = this.#problem;
    const dearest = sessions.reduce((most, session) => Math.max(most, session.shortfallPrice), 1);
    const rates = sum(demand.map((window) => window.pricePerKw)) / this.#problem.intervalH;
    const shortfallPrice = 2 * (dearest + rates) + 1;
    const { solution, repair } = await this.#with(s, { shortfallPrice });
    if (repair.shortfallKwh > this.#before.shortfallKwh[s] - shortfallMin) return undefined;
    const raised = demand.flatMap((window, k): [string, number][] => {
      const by = solution.peaksKw[k] - this.#before.peaksKw[k];
      return by > 1e-6 ? [[window.id, by]] : [];
    });
    return { kind: 'higher-peak', peakKw: Object.fromEntries(raised), ...repair };
  }
}

/** Explains `solution`, which solves `problem`. */
export async function explain(
  problem: DepotProblem,
  solution: Solution,
  options: SolveOptions,
): Promise<Explanation> {
  const workshop = new Workshop(problem, solution, options);
  const short = problem.sessions
    .map((_, s) => s)
    .filter((s) => solution.shortfallKwh[s] >= shortfallMin)
    .sort((a, b) => solution.shortfallKwh[b] - solution.shortfallKwh[a] || a - b);
  const shortfalls: Shortfall[] = [];
  for (const [i, s] of short.entries()) {
    const repairs: Repair[] = [];
    if (i < repairedMax) {
      const tried = [
        await workshop.laterDeparture(s),
        await workshop.otherBay(s),
        await workshop.higherPeak(s),
      ];
      repairs.push(...tried.filter((repair) => repair !== undefined));
      const ends = (repair: Repair): number => (repair.shortfallKwh < shortfallMin ? 0 : 1);
      repairs.sort((a, b) => ends(a) - ends(b) || a.extraCost - b.extraCost);
    }
    shortfalls.push({
      session: problem.sessions[s].id,
      shortfallKwh: solution.shortfallKwh[s],
      reason: reasonOf(problem, solution, s),
      repairs,
    });
  }
  return { shortfalls, bindings: bindingsOf(problem, solution), peaks: peaksOf(problem, solution) };
}
