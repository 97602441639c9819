/**
 * The depot as a flow network: energy goes from sessions through circuits to slots of time. A slot is a set of intervals
 * that cost the same and count in the same demand blocks. One more slot per shortfall price takes what is not delivered.
 *
 *     session --(arm, t)--> leaf circuit --> ... --> top --> slot
 *
 * A session has an arm through its circuit, one beside all circuits for power within its connector's reserve, and one
 * into the slot of its shortfall price. Power is in kW; amounts of energy are in kW times intervals.
 *
 * With PV or a battery every interval is a slot of its own, and what passes the grid connection is the program's to
 * limit: circuit 0 is open, and power within reserves goes to times and slots of its own beside it.
 *
 * Below a circuit whose vehicles load its phases in different ways those of one way have a node of their own.
 * Source: docs/model.md, "Structure".
 * @module
 */
import { exposureFactor, powerCap } from '../exposure.ts';
import { blocksOf, hasSources } from '../multipliers.ts';
import type { MeterBlocks } from '../multipliers.ts';
import type { DepotProblem } from '../problem.ts';
import { Limits } from './limits.ts';
import type { Bound } from './limits.ts';
import { Links } from './links.ts';
import { Loads } from './loads.ts';
import { hasFewSlots, slotsOf, Times } from './slots.ts';
import type { LinkRow, Slots } from './slots.ts';

/** Power below which a limit counts as met, kW. */
export const flowNoise = 1e-7;
/** Most intervals with PV or a battery: each is a slot of its own, and has columns of both. */
const sourcedIntervalsMax = 400;
/** Most distinct shortfall prices; each is a slot of its own. */
const levelsMax = 16;

/** A stretch of equal capacity of an arm. */
export interface Runs {
  /** [arms + 1] first run of each arm. */
  readonly start: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly kw: Float64Array;
}

/** A stretch in which the same arms of one module can exceed it. */
export interface ModuleRun {
  readonly module: number;
  readonly leaf: number;
  readonly from: number;
  readonly to: number;
  readonly capKw: number;
  readonly arms: readonly number[];
  readonly armKw: readonly number[];
}

/**
 * See the module. Times beyond the horizon, one per shortfall price, stand for energy not delivered; those from
 * `besideFrom` on for power within reserves, where it has times of its own.
 */
export interface Network extends Slots {
  readonly problem: DepotProblem;
  /** Sessions that can receive anything, as indices into the problem's. */
  readonly sessions: Int32Array;
  /** [sessions] energy wanted, kW times intervals. */
  readonly energy: Float64Array;
  /** [sessions] index of the shortfall price. */
  readonly level: Int32Array;
  /** Shortfall prices, highest first. */
  readonly levelPrice: Float64Array;
  /** Horizon, levels, the horizon again where power within reserves has times of its own, and what links tell apart. */
  readonly times: number;
  readonly besideFrom: number;
  readonly apartFrom: number;
  /** [times] interval of each; -1 for shortfall. */
  readonly intervalOf: Int32Array;
  /** [times] 1 where power passes beside the grid connection's limit, which the program keeps. */
  readonly isBeside: Uint8Array;
  /** [T] what the grid connection leaves above the reserves, kW; empty without PV and battery. */
  readonly siteRoomKw: Float64Array;
  readonly limits: Limits;
  /** Limits beside the tree; undefined where the tree says all. */
  readonly loads: Loads | undefined;
  readonly links: readonly LinkRow[];
  readonly nodes: number;
  /** [nodes] parents come before children; node 0 is the top. */
  readonly parent: Int32Array;
  readonly children: readonly (readonly number[])[];
  /** [nodes * times] capacity towards the parent, Infinity where it cannot bind. */
  readonly cap: Float64Array;
  /** [times] power that all arms could take together. */
  readonly demandKw: Float64Array;
  /** [nodes] what each lets through. */
  readonly bounds: readonly (readonly Bound[])[];
  readonly arms: number;
  readonly armSession: Int32Array;
  readonly armLeaf: Int32Array;
  readonly armFrom: Int32Array;
  readonly armTo: Int32Array;
  /** [arms] index of the pair at time 0: pair = armBase + t. */
  readonly armBase: Int32Array;
  readonly pairs: number;
  readonly pairKw: Float64Array;
  /** [sessions + 1] arms of each session: those of power first, the one of shortfall last. */
  readonly armsOf: Int32Array;
  readonly runs: Runs;
  readonly moduleRuns: readonly ModuleRun[];
  readonly blocks: readonly MeterBlocks[];
}

/** Why the problem has no such network; undefined where it has. */
export function structureObstacle(problem: DepotProblem): string | undefined {
  const { sessions } = problem;
  if (sessions.some((session) => (session.taper ?? []).length > 0)) return 'a taper';
  if (sessions.some(({ feedBack }) => feedBack !== undefined)) return 'vehicles that feed back';
  if (sessions.some(({ milestones = [] }) => milestones.length > 0)) return 'milestones';
  if (hasSources(problem) && problem.intervals > sourcedIntervalsMax) {
    return `PV or a battery over more than ${sourcedIntervalsMax} intervals`;
  }
  if (new Set(sessions.map((session) => session.shortfallPrice)).size > levelsMax) {
    return `more than ${levelsMax} shortfall prices`;
  }
  return hasFewSlots(problem) ? undefined : 'many different intervals with vehicles';
}

/** Links of a problem that has some; undefined where the tree says all. */
export function linksOf(problem: DepotProblem): Links | undefined {
  const { circuits, connectors, modules } = problem;
  const limits = new Limits(problem);
  if (circuits.some((_, g) => limits.isMixed(g))) return new Links(new Loads(limits));
  const circuitOf = new Int32Array(modules.length).fill(-1);
  const most = new Float64Array(modules.length);
  const reserved = new Uint8Array(modules.length);
  let apart = false;
  for (const { module, circuit, maxKw, reserveKw } of connectors) {
    if (module < 0) continue;
    if (circuitOf[module] >= 0 && circuitOf[module] !== circuit) apart = true;
    circuitOf[module] = circuit;
    most[module] += maxKw;
    if (reserveKw > 0) reserved[module] = 1;
  }
  for (let m = 0; m < modules.length; m++) {
    if (reserved[m] === 1 && most[m] > modules[m].maxKw + flowNoise) apart = true;
  }
  return apart ? new Links(new Loads(limits)) : undefined;
}

/** Arms while the network is drawn; arrays are long enough for all, `count` and `pairs` say how much is used. */
interface Arms {
  count: number;
  pairs: number;
  readonly session: Int32Array;
  readonly leaf: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly base: Int32Array;
  /** 1 for power within reserves. */
  readonly within: Uint8Array;
  readonly kw: Float64Array;
}

interface Tree {
  readonly parent: Int32Array;
  readonly bounds: readonly (readonly Bound[])[];
  /** [sessions of the problem] node through which power above the reserve goes. */
  readonly leafOf: Int32Array;
  /** Node beside all circuits; -1 where nothing is reserved. */
  readonly bypass: number;
}

function hasReserves({ connectors }: DepotProblem): boolean {
  return connectors.some((connector) => connector.reserveKw > 0);
}

/** Modules whose vehicles load circuits in different ways: they have to meet at one node. */
function modulesOfMixedLoads({ sessions, connectors }: DepotProblem, limits: Limits): ReadonlySet<number> {
  const first = new Map<number, number>();
  const mixed = new Set<number>();
  for (const [s, { connector }] of sessions.entries()) {
    const { module } = connectors[connector];
    if (module < 0) continue;
    const load = first.get(module) ?? limits.loadOf[s];
    if (load !== limits.loadOf[s]) mixed.add(module);
    first.set(module, load);
  }
  return mixed;
}

/** Circuits with parents first, then nodes of one load; a top and a bypass above them where reserves exist and have no times of their own. */
function treeOf(problem: DepotProblem, limits: Limits): Tree {
  const { circuits, sessions, connectors } = problem;
  const sourced = hasSources(problem);
  const reserved = hasReserves(problem) && !sourced;
  const order: number[] = [];
  const below: number[][] = circuits.map(() => []);
  for (let g = 1; g < circuits.length; g++) below[circuits[g].parent].push(g);
  const stack = [0];
  while (stack.length > 0) {
    const g = stack.pop() ?? 0;
    order.push(g);
    stack.push(...below[g].toReversed());
  }
  const parent: number[] = reserved ? [-1] : [];
  const bounds: (readonly Bound[])[] = reserved ? [[]] : [];
  const nodeOf = new Int32Array(circuits.length);
  for (const g of order) {
    nodeOf[g] = parent.length;
    parent.push(g === 0 ? nodeOf[0] - 1 : nodeOf[circuits[g].parent]);
    bounds.push(sourced && g === 0 ? [] : limits.boundsOf(g));
  }
  const known = new Map<number, number>();
  const together = modulesOfMixedLoads(problem, limits);
  const leafOf = Int32Array.from(sessions, ({ connector }, s) => {
    const { circuit, module } = connectors[connector];
    if (!limits.isMixed(circuit) || together.has(module)) return nodeOf[circuit];
    const load = limits.loadOf[s];
    const key = circuit * limits.loads.length + load;
    let node = known.get(key);
    if (node !== undefined) return node;
    const own = limits.boundsBelow(circuit, load);
    node = own.length === 0 ? nodeOf[circuit] : parent.push(nodeOf[circuit]) - 1;
    if (own.length > 0) bounds.push(own);
    known.set(key, node);
    return node;
  });
  if (!reserved) return { parent: Int32Array.from(parent), bounds, leafOf, bypass: -1 };
  const bypass = parent.push(0) - 1;
  bounds.push([]);
  return { parent: Int32Array.from(parent), bounds, leafOf, bypass };
}

/** Where an arm goes. */
interface Way {
  readonly leaf: number;
  readonly from: number;
  readonly to: number;
  readonly within: boolean;
}

/** Begins an arm; its capacities are pushed afterwards. */
function addArm(arms: Arms, session: number, { leaf, from, to, within }: Way): void {
  const a = arms.count++;
  arms.session[a] = session;
  arms.leaf[a] = leaf;
  arms.from[a] = from;
  arms.to[a] = to;
  arms.within[a] = within ? 1 : 0;
  arms.base[a] = arms.pairs - from;
}

interface Drawn {
  readonly arms: Arms;
  readonly sessions: number[];
  readonly energy: number[];
  readonly level: number[];
  readonly armsOf: number[];
}

function emptyArms(problem: DepotProblem, links: Links | undefined): Arms {
  let stays = 0;
  let apart = 0;
  for (const { arrive, depart } of problem.sessions) {
    stays += Math.max(0, depart - arrive);
    for (const t of links?.at.keys() ?? []) if (t >= arrive && t < depart) apart += 2;
  }
  const most = 3 * problem.sessions.length + apart;
  return {
    count: 0,
    pairs: 0,
    session: new Int32Array(most),
    leaf: new Int32Array(most),
    from: new Int32Array(most),
    to: new Int32Array(most),
    base: new Int32Array(most),
    within: new Uint8Array(most),
    kw: new Float64Array(2 * stays + problem.sessions.length + apart),
  };
}

/** Draws arms session by session. */
class Drawing {
  readonly arms: Arms;
  readonly times: Times;
  readonly #problem: DepotProblem;
  readonly #splits: readonly number[];

  constructor(problem: DepotProblem, times: Times, links: Links | undefined) {
    this.#problem = problem;
    this.times = times;
    this.arms = emptyArms(problem, links);
    this.#splits = [...(links?.at.keys() ?? [])].sort((a, b) => a - b);
  }

  /**
   * An arm of session `s` of the problem, number `at` of the network, with `kw` of each interval of its stay; intervals in
   * which it is told apart have arms of their own.
   */
  add(at: number, s: number, way: Way, kw: Float64Array): void {
    const { arms, times } = this;
    const { arrive, depart } = this.#problem.sessions[s];
    addArm(arms, at, way);
    const first = arms.pairs;
    for (let i = 0; i < depart - arrive; i++) arms.kw[arms.pairs++] = kw[i];
    for (const t of this.#splits) {
      if (t < arrive || t >= depart || kw[t - arrive] <= 0) continue;
      const time = times.apartOf(s, t, way.within);
      if (time < 0) continue;
      arms.kw[first + t - arrive] = 0;
      addArm(arms, at, { ...way, from: time, to: time + 1 });
      arms.kw[arms.pairs++] = kw[t - arrive];
    }
  }
}

/** Sessions with their arms; what no plan could deliver to a session is left out. */
function drawArms(problem: DepotProblem, tree: Tree, levelPrice: readonly number[], drawing: Drawing): Drawn {
  const { arms, times } = drawing;
  const drawn: Drawn = { arms, sessions: [], energy: [], level: [], armsOf: [0] };
  const { intervals, intervalH, connectors } = problem;
  const free = new Float64Array(intervals);
  const seen = new Float64Array(intervals);
  for (const [s, session] of problem.sessions.entries()) {
    const { arrive, depart } = session;
    const connector = connectors[session.connector];
    const reserved = connector.reserveKw / exposureFactor(session, connector);
    const same = typeof session.maxKw === 'number' ? powerCap(session, connector, arrive) : undefined;
    let most = 0;
    let highest = 0;
    for (let i = 0; i < depart - arrive; i++) {
      const cap = same ?? powerCap(session, connector, arrive + i);
      most += cap;
      if (cap > highest) highest = cap;
      free[i] = Math.min(cap, reserved);
      seen[i] = Math.max(0, cap - reserved);
    }
    const energy = Math.min(session.energyKwh / intervalH, most);
    if (energy <= flowNoise) continue;
    const at = drawn.sessions.length;
    drawn.sessions.push(s);
    drawn.energy.push(energy);
    const level = levelPrice.indexOf(session.shortfallPrice);
    drawn.level.push(level);
    if (reserved > 0) {
      const shift = tree.bypass >= 0 ? 0 : times.besideFrom;
      const leaf = tree.bypass >= 0 ? tree.bypass : 0;
      drawing.add(at, s, { leaf, from: shift + arrive, to: shift + depart, within: true }, free);
    }
    if (highest > reserved) {
      drawing.add(at, s, { leaf: tree.leafOf[s], from: arrive, to: depart, within: false }, seen);
    }
    addArm(arms, at, { leaf: 0, from: intervals + level, to: intervals + level + 1, within: true });
    arms.kw[arms.pairs++] = energy;
    drawn.armsOf.push(arms.count);
  }
  return drawn;
}

function runsOf(arms: Arms): Runs {
  const start = new Int32Array(arms.count + 1);
  const from: number[] = [];
  const to: number[] = [];
  const kw: number[] = [];
  for (let a = 0; a < arms.count; a++) {
    const base = arms.base[a];
    const end = arms.to[a];
    for (let t = arms.from[a]; t < end;) {
      const begin = t;
      const value = arms.kw[base + t];
      while (t < end && arms.kw[base + t] === value) t++;
      if (value <= 0) continue;
      from.push(begin);
      to.push(t);
      kw.push(value);
    }
    start[a + 1] = kw.length;
  }
  return { start, from: Int32Array.from(from), to: Int32Array.from(to), kw: Float64Array.from(kw) };
}

/** Stretches in which the arms of a module at one node can exceed it. */
function moduleRunsOf(problem: DepotProblem, drawn: Drawn): ModuleRun[] {
  const { arms, sessions } = drawn;
  const members: Map<number, number[]>[] = problem.modules.map(() => new Map());
  for (let a = 0; a < arms.count; a++) {
    if (arms.within[a] === 1) continue;
    const { module } = problem.connectors[problem.sessions[sessions[arms.session[a]]].connector];
    if (module < 0) continue;
    const known = members[module].get(arms.leaf[a]);
    if (known === undefined) members[module].set(arms.leaf[a], [a]);
    else known.push(a);
  }
  const runs: ModuleRun[] = [];
  for (const [module, byLeaf] of members.entries()) {
    for (const all of byLeaf.values()) {
      addModuleRuns(runs, arms, all, { module, maxKw: moduleRoom(problem, drawn, all, module) });
    }
  }
  return runs;
}

/** Times at which the capacity of an arm of the module changes, in order. */
function breaksOf(arms: Arms, members: readonly number[]): number[] {
  const breaks = new Set<number>();
  for (const a of members) {
    breaks.add(arms.from[a]);
    for (let t = arms.from[a] + 1; t < arms.to[a]; t++) {
      if (arms.kw[arms.base[a] + t] !== arms.kw[arms.base[a] + t - 1]) breaks.add(t);
    }
    breaks.add(arms.to[a]);
  }
  return [...breaks].sort((x, y) => x - y);
}

/**
 * Most that `members` can take of a module above their reserves. Who draws above a reserve uses it up first: where two share
 * a module and none could take more alone, it has to carry both reserves besides.
 */
function moduleRoom(
  problem: DepotProblem,
  { arms, sessions }: Drawn,
  members: readonly number[],
  module: number,
): number {
  const { maxKw } = problem.modules[module];
  const reserves = new Map<number, number>();
  let highest = 0;
  for (const a of members) {
    const session = problem.sessions[sessions[arms.session[a]]];
    const connector = problem.connectors[session.connector];
    const reserved = connector.reserveKw / exposureFactor(session, connector);
    reserves.set(session.connector, Math.min(reserved, reserves.get(session.connector) ?? Infinity));
    for (let t = arms.from[a]; t < arms.to[a]; t++) highest = Math.max(highest, arms.kw[arms.base[a] + t]);
  }
  const room = maxKw - [...reserves.values()].reduce((sum, kw) => sum + kw, 0);
  return reserves.size === 2 && highest <= room ? room : maxKw;
}

function addModuleRuns(
  runs: ModuleRun[],
  arms: Arms,
  members: readonly number[],
  { module, maxKw }: { readonly module: number; readonly maxKw: number },
): void {
  const breaks = breaksOf(arms, members);
  for (let i = 0; i + 1 < breaks.length; i++) {
    const from = breaks[i];
    const present: number[] = [];
    const kw: number[] = [];
    let sum = 0;
    for (const a of members) {
      const value = from >= arms.from[a] && from < arms.to[a] ? arms.kw[arms.base[a] + from] : 0;
      if (value <= 0) continue;
      present.push(a);
      kw.push(value);
      sum += value;
    }
    if (sum <= maxKw + flowNoise) continue;
    runs.push({
      module,
      leaf: arms.leaf[members[0]],
      from,
      to: breaks[i + 1],
      capKw: maxKw,
      arms: present,
      armKw: kw,
    });
  }
}

/** Capacities of nodes towards their parents, Infinity where all arms below fit; and what all arms could take. */
function capacitiesOf(
  limits: Limits,
  { parent, bounds }: Tree,
  arms: Arms,
  intervalOf: Int32Array,
): { readonly cap: Float64Array; readonly demandKw: Float64Array } {
  const times = intervalOf.length;
  const nodes = parent.length;
  const load = new Float64Array(nodes * times);
  for (let a = 0; a < arms.count; a++) {
    const at = arms.leaf[a] * times;
    const base = arms.base[a];
    for (let t = arms.from[a]; t < arms.to[a]; t++) load[at + t] += arms.kw[base + t];
  }
  const cap = new Float64Array(nodes * times).fill(Infinity);
  for (let g = nodes - 1; g >= 0; g--) {
    for (let t = 0; t < times; t++) {
      const at = g * times + t;
      if (g > 0) load[parent[g] * times + t] += load[at];
      if (bounds[g].length === 0 || intervalOf[t] < 0) continue;
      const room = limits.mostKw(bounds[g], intervalOf[t]);
      if (load[at] > room) cap[at] = room;
    }
  }
  return { cap, demandKw: load.slice(0, times) };
}

function childrenOf(parent: Int32Array): number[][] {
  const children: number[][] = Array.from(parent, () => []);
  for (let g = 1; g < parent.length; g++) children[parent[g]].push(g);
  return children;
}

/** The network of `problem`, which has no `structureObstacle`, with `links` told apart. */
export function networkOf(problem: DepotProblem, links?: Links): Network {
  const levelPrice = [...new Set(problem.sessions.map((session) => session.shortfallPrice))].sort(
    (a, b) => b - a,
  );
  const limits = links?.loads.limits ?? new Limits(problem);
  const tree = treeOf(problem, limits);
  const handedOut = new Times(problem, levelPrice.length, links);
  const drawn = drawArms(problem, tree, levelPrice, new Drawing(problem, handedOut, links));
  const { arms } = drawn;
  const blocks = problem.demand.map((window) => blocksOf(window, problem.intervals));
  const intervalOf = handedOut.intervals();
  const slots = slotsOf(problem, blocks, levelPrice, intervalOf);
  const site = limits.boundsOf(0);
  return {
    problem,
    sessions: Int32Array.from(drawn.sessions),
    energy: Float64Array.from(drawn.energy),
    level: Int32Array.from(drawn.level),
    levelPrice: Float64Array.from(levelPrice),
    times: intervalOf.length,
    besideFrom: handedOut.besideFrom,
    apartFrom: handedOut.apartFrom,
    intervalOf,
    isBeside: handedOut.beside(),
    siteRoomKw: Float64Array.from({ length: hasSources(problem) ? problem.intervals : 0 }, (_, t) =>
      limits.mostKw(site, t),
    ),
    limits,
    loads: links?.loads,
    links: handedOut.rows(slots.slotOf),
    ...slots,
    nodes: tree.parent.length,
    parent: tree.parent,
    children: childrenOf(tree.parent),
    ...capacitiesOf(limits, tree, arms, intervalOf),
    bounds: tree.bounds,
    arms: arms.count,
    armSession: arms.session.subarray(0, arms.count),
    armLeaf: arms.leaf.subarray(0, arms.count),
    armFrom: arms.from.subarray(0, arms.count),
    armTo: arms.to.subarray(0, arms.count),
    armBase: arms.base.subarray(0, arms.count),
    pairs: arms.pairs,
    pairKw: arms.kw.subarray(0, arms.pairs),
    armsOf: Int32Array.from(drawn.armsOf),
    runs: runsOf(arms),
    moduleRuns: moduleRunsOf(problem, drawn),
    blocks,
  };
}
