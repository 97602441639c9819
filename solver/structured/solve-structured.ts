/**
 * The structured engine: a small program over site profiles, and a flow that shows which profiles vehicles can follow.
 * Where the flow fails, the sessions it leaves behind give a cut that every plan fulfils. Exact: it ends when the flow
 * follows the profile that the program chose. Source: docs/model.md, "Structure".
 * @module
 */
import type { SplittingBackend } from '../backends/backend.ts';
import type { Found } from '../full.ts';
import { hasSources } from '../multipliers.ts';
import type { Plan } from '../plan.ts';
import type { DepotProblem, SolveOptions } from '../problem.ts';
import { Capacity } from './capacity.ts';
import { exactChain, priceOrder, SessionChain } from './chain.ts';
import { closureOf } from './closure.ts';
import { Flow } from './flow.ts';
import { fillGreedily } from './greedy-flow.ts';
import { Master } from './master.ts';
import type { Weights } from './master.ts';
import { solveLinked } from './linked.ts';
import type { Solved } from './linked.ts';
import type { Links } from './links.ts';
import { linksOf, networkOf } from './network.ts';
import type { Network } from './network.ts';
import { Proof } from './proof.ts';
import { Residual } from './residual.ts';
import { fillAsBefore, setsFrom, warmStartOf } from './warm.ts';

/** Most rounds of program and flow; the largest seen on generated depots is below 60. */
const roundsMax = 600;
/** Sets taken into the program per round, by where they come from. */
const setsPerRound = 4;
const closuresPerRound = 6;
/** Share of all energy that may have to move for a flow to be near: the chain's, and the last one. */
const nearChain = 0.15;
const nearLast = 0.01;
/** Flows after which the exact chain is worth its time. */
const chainAfterFlows = { few: [2, 4, 8, 14, 25, 40], many: [2, 5, 9, 15, 25, 40] };
/** Sessions from which one flow costs as much as a chain. */
const manySessions = 100;

/** One solve in progress. */
class Search {
  readonly options: SolveOptions;
  readonly network: Network;
  readonly flow: Flow;
  readonly residual: Residual;
  readonly capacity: Capacity;
  readonly all: Float64Array;
  readonly chain: SessionChain;
  readonly total: number;
  flows = 0;
  rounds = 0;
  /** Whether a chain came after the last flow. */
  #chained = false;

  constructor(problem: DepotProblem, options: SolveOptions, links: Links | undefined) {
    this.options = options;
    this.network = networkOf(problem, links);
    this.flow = new Flow(this.network);
    this.residual = new Residual(this.flow);
    this.capacity = new Capacity(this.network);
    this.all = this.capacity.ofSlots(undefined);
    this.chain = new SessionChain(this.network);
    this.total = this.network.energy.reduce((sum, energy) => sum + energy, 0);
  }

  get noise(): number {
    return 1e-8 * this.total + 1e-7;
  }

  /** Adds the cut of `set` if the last answer breaks it. */
  addSet(master: Master, set: Uint8Array): boolean {
    const cut = master.cutSetOf(set, (marked) => this.capacity.ofSlots(marked));
    return cut !== undefined && master.add(cut, this.noise);
  }

  /** Takes in all choices of slots of the sets that counted in the solve before. */
  addWarmCuts(master: Master): void {
    for (const set of setsFrom(this.options.warm, this.network)) {
      const cut = master.cutSetOf(set, (marked) => this.capacity.ofSlots(marked));
      if (cut !== undefined && !cut.lifted) master.lift(cut);
    }
  }

  /** Cuts that need no flow: known sets broken again, or sets of the closed form. */
  addCheapCuts(master: Master): boolean {
    const coarse = 1e-6 * this.total + 1e-6;
    let added = 0;
    for (const cut of master.brokenSets(coarse, setsPerRound)) if (master.add(cut, this.noise)) added++;
    if (added > 0) return true;
    const { chain, network } = this;
    const { x } = master;
    const order = priceOrder(master.slotPrices());
    chain.along(order);
    const excess = new Float64Array(network.slots + 1);
    let sum = 0;
    for (let m = 1; m < network.slots; m++) {
      sum += x[order[m - 1]];
      excess[m] = sum - chain.most[m];
    }
    const peaks: number[] = [];
    for (let m = 1; m < network.slots; m++) {
      if (excess[m] > coarse && excess[m] >= excess[m - 1] && excess[m] > excess[m + 1]) peaks.push(m);
    }
    peaks.sort((a, b) => excess[b] - excess[a]);
    for (const m of peaks.slice(0, setsPerRound)) {
      const set = new Uint8Array(chain.fullAt.length);
      for (let i = 0; i < set.length; i++) if (chain.fullAt[i] > m) set[i] = 1;
      if (this.addSet(master, set)) added++;
    }
    return added > 0;
  }

  /** Cuts from the flow that did not get through. */
  addFlowCuts(master: Master, stuck: readonly number[]): boolean {
    const { flow, residual } = this;
    let added = this.addSet(master, residual.unreached) ? 1 : 0;
    if (stuck.length > 1 && this.addSet(master, closureOf(flow, stuck))) added++;
    const covered = new Uint8Array(this.network.sessions.length);
    let closures = 0;
    for (const s of stuck) {
      if (closures >= closuresPerRound) break;
      if (covered[s] === 1) continue;
      const set = closureOf(flow, [s]);
      for (let i = 0; i < set.length; i++) covered[i] |= set[i];
      if (this.addSet(master, set)) added++;
      closures++;
    }
    const chainAfter = this.#isLarge ? chainAfterFlows.many : chainAfterFlows.few;
    if (chainAfter.includes(this.flows) && this.addChainCuts(master)) added++;
    return added > 0;
  }

  get #isLarge(): boolean {
    return this.network.sessions.length >= manySessions;
  }

  /** Where many sessions bind by themselves already, circuits are likely to as well: a chain before any flow. */
  beginByChain(master: Master): boolean {
    return this.flows === 0 && !this.#chained && this.#isLarge && this.addChainCuts(master);
  }

  /** All cuts that matter at the present slot prices. */
  addChainCuts(master: Master): boolean {
    const { flow, residual, all, noise } = this;
    if (this.flows > 0) flow.keep();
    this.#chained = true;
    const { steps } = exactChain({ flow, residual, price: master.slotPrices(), capacity: all, noise });
    let added = 0;
    for (const { set } of steps) if (this.addSet(master, set)) added++;
    return added > 0;
  }

  /** Sends the profile `x`, whose slots cost `price`; what is left afterwards, and whose it is. */
  follow(
    x: ArrayLike<number>,
    price: Float64Array,
  ): { readonly left: number; readonly stuck: readonly number[] } {
    this.flows++;
    this.#beginAfterChain(x);
    this.flow.setTargets(x);
    if (this.flows === 1) fillAsBefore(this.flow, this.residual.order, this.options);
    fillGreedily(this.flow, this.residual.order, { price });
    return this.residual.maximise(true);
  }

  /**
   * After a chain the flow goes on from the chain's if that is near to `x`: it is full where cuts are tight. Else from the
   * flow before it, or from nothing where that is far too.
   */
  #beginAfterChain(x: ArrayLike<number>): void {
    if (!this.#chained) return;
    this.#chained = false;
    const over = (into: ArrayLike<number>): number => {
      let sum = 0;
      for (let q = 0; q < this.all.length; q++) sum += Math.max(0, into[q] - x[q]);
      return sum / this.total;
    };
    if (over(this.flow.into) <= nearChain) return;
    if (over(this.flow.keptInto) <= nearLast) this.flow.goBack();
    else this.flow.empty();
  }

  /** Sends the crumbs that rounding left wherever they fit beside battery and PV. */
  sweep(extra: Omit<Plan, 'powerKw'>): void {
    const { flow, all, network } = this;
    for (let t = 0; t < network.siteRoomKw.length; t++) {
      network.cap[t] = network.siteRoomKw[t] - (extra.batteryKw?.[t] ?? 0) + (extra.pvKw?.[t] ?? 0);
    }
    // What was told apart fills its limits to the last: crumbs go elsewhere.
    const targets = Float64Array.from(all, (most, q) => Math.max(most, flow.into[q]));
    for (let t = network.apartFrom; t < network.times; t++) {
      targets[network.slotOf[t]] = flow.into[network.slotOf[t]];
    }
    flow.setTargets(targets);
    for (let s = 0; s < flow.left.length; s++) if (flow.left[s] > 0 && flow.left[s] < 1e-6) this.#top(s);
    this.residual.maximise();
  }

  /** Gives session `s` its crumb in the first interval that has room. */
  #top(s: number): void {
    const { armsOf, armFrom, armTo } = this.network;
    for (let a = armsOf[s]; a < armsOf[s + 1]; a++) {
      for (let t = armFrom[a]; t < armTo[a] && this.flow.left[s] > 0; t++) {
        const kw = Math.min(this.flow.left[s], this.flow.fits(a, t));
        if (kw > 0) this.flow.addAlong(a, t, kw);
      }
    }
  }
}

/** Powers of all sessions of the problem. */
function powersOf({ network, flow }: Search): Float64Array[] {
  const { problem, sessions, armsOf, armFrom, armTo, armBase, intervalOf } = network;
  const powerKw = problem.sessions.map(
    ({ arrive, depart }) => new Float64Array(Math.max(0, depart - arrive)),
  );
  for (let s = 0; s < sessions.length; s++) {
    const kw = powerKw[sessions[s]];
    const { arrive } = problem.sessions[sessions[s]];
    for (let a = armsOf[s]; a < armsOf[s + 1]; a++) {
      for (let t = armFrom[a]; t < armTo[a] && intervalOf[t] >= 0; t++) {
        kw[intervalOf[t] - arrive] += Math.max(0, flow.kw[armBase[a] + t]);
      }
    }
    for (let i = 0; i < kw.length; i++) if (kw[i] < 1e-9) kw[i] = 0;
  }
  return powerKw;
}

/** Without peaks the cheapest slots come first, and the chain of sets is its own proof. */
function solveByChain(search: Search): Proof {
  const { network, flow, residual, all, capacity } = search;
  const price = network.slotCost;
  const { steps, order } = exactChain({ flow, residual, price, capacity: all, noise: search.noise });
  const proof = new Proof(network, capacity);
  proof.addEnergy(undefined, price[order[0]]);
  for (const { set, count } of steps) {
    const weight = price[order[count]] - price[order[count - 1]];
    const inside = new Float64Array(network.slots);
    for (let m = count; m < order.length; m++) inside[order[m]] = weight;
    proof.addCut({ set, inside, weight });
  }
  return proof;
}

/** Rounds of program and flow until the flow follows, or as many as `iterationsMax` allows. */
function solveByCuts(search: Search, master: Master): Found['ended'] {
  const most = Math.min(roundsMax, search.options.iterationsMax ?? roundsMax);
  search.addWarmCuts(master);
  for (let round = 1; round <= most; round++) {
    search.rounds = round;
    if (!master.run()) return 'failed';
    // After a warm start the first profile is most likely the last.
    const trusted = round === 1 && search.options.warm !== undefined;
    if (!trusted && round < most) {
      if (search.addCheapCuts(master)) continue;
      if (round > 1 && search.options.warm === undefined && search.beginByChain(master)) continue;
    }
    const { left, stuck } = search.follow(master.x, master.slotPrices());
    if (left <= search.noise) return 'optimal';
    if (!search.addFlowCuts(master, stuck)) return 'failed';
  }
  return 'limit';
}

/** Multipliers of the master's last answer. */
function proofOf(search: Search, master: Master, { total, cuts }: Weights): Proof {
  const { network, capacity } = search;
  const proof = new Proof(network, capacity);
  proof.addEnergy(undefined, total);
  const reduced = master.slotPrices().map((price) => price - total);
  for (const cut of cuts) {
    proof.addCut(cut);
    for (let q = 0; q < reduced.length; q++) reduced[q] -= cut.inside[q];
  }
  proof.addLinks(master.linkDuals());
  const sources = master.sourceDuals();
  if (sources !== undefined) proof.addSources(sources);
  // A slot that is cheaper than its multipliers is full: its own limits carry the difference.
  proof.addCapacity(
    undefined,
    reduced.map((cost) => Math.max(0, -cost)),
  );
  return proof;
}

/** Solves `problem`, which has no `structureObstacle`. The master runs on `backend`. */
export function solveStructured(
  problem: DepotProblem,
  backend: SplittingBackend,
  options: SolveOptions,
): Found {
  const links = linksOf(problem);
  if (links === undefined) return solveWith(problem, undefined, backend, options).found;
  return solveLinked(links, options, (known, given) => solveWith(problem, known, backend, given));
}

/** Solves the network with `links`, and no other limits beside its tree. */
function solveWith(
  problem: DepotProblem,
  links: Links | undefined,
  backend: SplittingBackend,
  options: SolveOptions,
): Solved {
  const now = options.nowMs ?? (() => 0);
  const start = now();
  const search = new Search(problem, options, links);
  if (search.network.sessions.length === 0 && !hasSources(problem)) {
    const { multipliers } = new Proof(search.network, search.capacity);
    const found = {
      plan: { powerKw: powersOf(search) },
      multipliers,
      ended: 'optimal',
      reasons: [],
      buildMs: 0,
      solveMs: 0,
    } as const;
    return { found, rounds: 0, flows: 0, slotOf: search.network.slotOf };
  }
  const master = new Master(search.network, search.all, backend);
  const built = now();
  try {
    let ended: Found['ended'] = 'optimal';
    let proof: Proof;
    let weights: Weights = { total: 0, cuts: [] };
    if (master.hasPeaks) {
      ended = solveByCuts(search, master);
      weights = master.weights();
      proof = proofOf(search, master, weights);
    } else proof = solveByChain(search);
    const flows = master.siteFlows();
    search.sweep(flows);
    const charges = master.chargeMultipliers();
    const powerKw = powersOf(search);
    const { rounds } = search;
    const found = {
      plan: { powerKw, ...flows },
      warm: warmStartOf(search.network, powerKw, weights.cuts),
      multipliers: {
        ...proof.finish(master.blockMultipliers()),
        ...(charges === undefined ? {} : { charges }),
      },
      ended,
      reasons: [`${rounds} rounds, ${search.flows} flows`],
      buildMs: built - start,
      solveMs: now() - built,
    };
    return { found, rounds, flows: search.flows, slotOf: search.network.slotOf };
  } finally {
    master.dispose();
  }
}
