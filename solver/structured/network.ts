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
 * Source: docs/model.md, "Structure".
 * @module
 */
import { exposureFactor, powerCap, pathsOf, reserveLoadOf, roomAbove } from '../exposure.ts';
import { blocksOf, hasSources } from '../multipliers.ts';
import type { MeterBlocks } from '../multipliers.ts';
import type { DepotProblem } from '../problem.ts';

/** Power below which a limit counts as met, kW. */
export const flowNoise = 1e-7;
/**
 * Most slots of intervals, and of these times intervals: the program over slots is dense, and beyond these the whole
 * program, which is not, is faster.
 */
const slotsMax = 1_000;
const cellsMax = 4_000_000;
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
export interface Network {
  readonly problem: DepotProblem;
  /** Sessions that can receive anything, as indices into the problem's. */
  readonly sessions: Int32Array;
  /** [sessions] energy wanted, kW times intervals. */
  readonly energy: Float64Array;
  /** [sessions] index of the shortfall price. */
  readonly level: Int32Array;
  /** Shortfall prices, highest first. */
  readonly levelPrice: Float64Array;
  /** Horizon plus levels, plus the horizon again where power within reserves has times of its own. */
  readonly times: number;
  readonly besideFrom: number;
  /** [T] what the grid connection leaves above the reserves, kW; empty without PV and battery. */
  readonly siteRoomKw: Float64Array;
  readonly slots: number;
  /** [times]. */
  readonly slotOf: Int32Array;
  /** [slots + 1] and [times]: the times of each slot. */
  readonly slotStart: Int32Array;
  readonly slotTimes: Int32Array;
  /** [slots] money per kW for one interval. */
  readonly slotCost: Float64Array;
  readonly nodes: number;
  /** [nodes] parents come before children; node 0 is the top. */
  readonly parent: Int32Array;
  readonly children: readonly (readonly number[])[];
  /** [nodes * times] capacity towards the parent, Infinity where it cannot bind. */
  readonly cap: Float64Array;
  /** [times] power that all arms could take together. */
  readonly demandKw: Float64Array;
  /** [nodes] circuit of each node; -1 for nodes that are none. */
  readonly circuitOf: Int32Array;
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
  const { circuits, connectors, sessions } = problem;
  if (sessions.some((session) => (session.taper ?? []).length > 0)) return 'a taper';
  if (sessions.some(({ feedBack }) => feedBack !== undefined)) return 'vehicles that feed back';
  if (sessions.some(({ milestones = [] }) => milestones.length > 0)) return 'milestones';
  if (hasSources(problem) && problem.intervals > sourcedIntervalsMax) {
    return `PV or a battery over more than ${sourcedIntervalsMax} intervals`;
  }
  if (new Set(sessions.map((session) => session.shortfallPrice)).size > levelsMax) {
    return `more than ${levelsMax} shortfall prices`;
  }
  const paths = pathsOf(problem);
  const { balanced } = reserveLoadOf(problem, paths);
  if (circuits.some((circuit, g) => circuit.phaseLimitKw !== undefined && balanced[g] === 0)) {
    return 'phase limits above one-phase sockets';
  }
  const weighs = (s: number): boolean => exposureFactor(sessions[s], connectors[sessions[s].connector]) !== 1;
  const limited = circuits.map(
    ({ limitKw, phaseLimitKw }) => phaseLimitKw !== undefined || limitKw.some((kw) => kw < Infinity),
  );
  const feels = (s: number): boolean => paths[sessions[s].connector].some((g) => limited[g]);
  if (sessions.some((_, s) => weighs(s) && feels(s))) return 'one-phase vehicles on three-phase sockets';
  const members: number[][] = problem.modules.map(() => []);
  for (const [c, connector] of connectors.entries())
    if (connector.module >= 0) members[connector.module].push(c);
  for (const [module, all] of members.entries()) {
    if (all.some((c) => connectors[c].circuit !== connectors[all[0]].circuit))
      return 'a module over several circuits';
    const most = all.reduce((sum, c) => sum + connectors[c].maxKw, 0);
    const reserved = all.some((c) => connectors[c].reserveKw > 0);
    if (reserved && most > problem.modules[module].maxKw + flowNoise) return 'a shared module with reserves';
  }
  return hasFewSlots(problem) ? undefined : 'many different intervals with vehicles';
}

function hasFewSlots(problem: DepotProblem): boolean {
  if (problem.intervals <= slotsMax) return true;
  const blocks = problem.demand.map((window) => blocksOf(window, problem.intervals));
  const slots = slotsOfIntervals(problem, blocks).cost.length;
  return slots <= slotsMax && slots * problem.intervals <= cellsMax;
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
  readonly kw: Float64Array;
}

interface Tree {
  readonly parent: Int32Array;
  readonly circuitOf: Int32Array;
  /** [circuits] node of each. */
  readonly nodeOf: Int32Array;
  /** Node beside all circuits; -1 where nothing is reserved. */
  readonly bypass: number;
}

function hasReserves({ connectors }: DepotProblem): boolean {
  return connectors.some((connector) => connector.reserveKw > 0);
}

/** Circuits with parents first; a top and a bypass above them where reserves exist and have no times of their own. */
function treeOf(problem: DepotProblem): Tree {
  const { circuits } = problem;
  const reserved = hasReserves(problem) && !hasSources(problem);
  const order: number[] = [];
  const children: number[][] = circuits.map(() => []);
  for (let g = 1; g < circuits.length; g++) children[circuits[g].parent].push(g);
  const stack = [0];
  while (stack.length > 0) {
    const g = stack.pop() ?? 0;
    order.push(g);
    stack.push(...children[g].toReversed());
  }
  const shift = reserved ? 1 : 0;
  const nodes = order.length + 2 * shift;
  const parent = new Int32Array(nodes).fill(-1);
  const circuitOf = new Int32Array(nodes).fill(-1);
  const nodeOf = new Int32Array(circuits.length);
  for (const [i, g] of order.entries()) {
    nodeOf[g] = i + shift;
    circuitOf[i + shift] = g;
    parent[i + shift] = g === 0 ? shift - 1 : nodeOf[circuits[g].parent];
  }
  if (reserved) parent[nodes - 1] = 0;
  return { parent, circuitOf, nodeOf, bypass: reserved ? nodes - 1 : -1 };
}

/** Most that each circuit may carry above the reserves, [C * T]; the tightest of total and phases. */
function circuitRooms(problem: DepotProblem): Float64Array {
  const { circuits, intervals } = problem;
  const reserve = reserveLoadOf(problem, pathsOf(problem));
  const rooms = new Float64Array(circuits.length * intervals);
  for (const [g, { limitKw, phaseLimitKw }] of circuits.entries()) {
    for (let t = 0; t < intervals; t++) {
      let room = roomAbove(limitKw[t], reserve.total[g]);
      for (let phase = 0; phase < 3; phase++) {
        const limit = phaseLimitKw?.[phase];
        if (limit !== undefined) {
          room = Math.min(room, 3 * roomAbove(limit[t], reserve.phase[3 * g + phase]));
        }
      }
      rooms[g * intervals + t] = room;
    }
  }
  return rooms;
}

/** Begins an arm over [from, to); its capacities are pushed afterwards. */
function addArm(arms: Arms, session: number, leaf: number, from: number, to: number): void {
  const a = arms.count++;
  arms.session[a] = session;
  arms.leaf[a] = leaf;
  arms.from[a] = from;
  arms.to[a] = to;
  arms.base[a] = arms.pairs - from;
}

interface Drawn {
  readonly arms: Arms;
  readonly sessions: number[];
  readonly energy: number[];
  readonly level: number[];
  readonly armsOf: number[];
}

function emptyArms(problem: DepotProblem): Arms {
  let stays = 0;
  for (const { arrive, depart } of problem.sessions) stays += Math.max(0, depart - arrive);
  const most = 3 * problem.sessions.length;
  return {
    count: 0,
    pairs: 0,
    session: new Int32Array(most),
    leaf: new Int32Array(most),
    from: new Int32Array(most),
    to: new Int32Array(most),
    base: new Int32Array(most),
    kw: new Float64Array(2 * stays + problem.sessions.length),
  };
}

/** Sessions with their arms; what no plan could deliver to a session is left out. */
function drawArms(problem: DepotProblem, tree: Tree, levelPrice: readonly number[]): Drawn {
  const besideFrom = problem.intervals + levelPrice.length;
  const arms = emptyArms(problem);
  const drawn: Drawn = { arms, sessions: [], energy: [], level: [], armsOf: [0] };
  const { intervals, intervalH, connectors } = problem;
  const caps = new Float64Array(intervals);
  for (const [s, session] of problem.sessions.entries()) {
    const { arrive, depart } = session;
    const connector = connectors[session.connector];
    const reserved = connector.reserveKw / exposureFactor(session, connector);
    let most = 0;
    let highest = 0;
    for (let t = arrive; t < depart; t++) {
      caps[t] = powerCap(session, connector, t);
      most += caps[t];
      highest = Math.max(highest, caps[t]);
    }
    const energy = Math.min(session.energyKwh / intervalH, most);
    if (energy <= flowNoise) continue;
    const at = drawn.sessions.length;
    drawn.sessions.push(s);
    drawn.energy.push(energy);
    const level = levelPrice.indexOf(session.shortfallPrice);
    drawn.level.push(level);
    if (reserved > 0) {
      if (tree.bypass >= 0) addArm(arms, at, tree.bypass, arrive, depart);
      else addArm(arms, at, 0, besideFrom + arrive, besideFrom + depart);
      for (let t = arrive; t < depart; t++) arms.kw[arms.pairs++] = Math.min(caps[t], reserved);
    }
    if (highest > reserved) {
      addArm(arms, at, tree.nodeOf[connector.circuit], arrive, depart);
      for (let t = arrive; t < depart; t++) arms.kw[arms.pairs++] = Math.max(0, caps[t] - reserved);
    }
    addArm(arms, at, 0, intervals + level, intervals + level + 1);
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

/** Stretches in which the arms of a module can exceed it. */
function moduleRunsOf(problem: DepotProblem, drawn: Drawn, tree: Tree): ModuleRun[] {
  const { arms, sessions } = drawn;
  const members: number[][] = problem.modules.map(() => []);
  for (let a = 0; a < arms.count; a++) {
    if (arms.leaf[a] === tree.bypass || arms.from[a] >= problem.intervals) continue;
    const { module } = problem.connectors[problem.sessions[sessions[arms.session[a]]].connector];
    if (module >= 0) members[module].push(a);
  }
  const runs: ModuleRun[] = [];
  for (const [module, all] of members.entries()) {
    if (all.length > 0) addModuleRuns(runs, arms, all, { module, maxKw: problem.modules[module].maxKw });
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

interface Slots {
  readonly slots: number;
  readonly slotOf: Int32Array;
  readonly slotStart: Int32Array;
  readonly slotTimes: Int32Array;
  readonly slotCost: Float64Array;
}

/** [T] in which forms of site charges an interval counts, and by how much. */
function chargeWeights({ charges = [], intervals }: DepotProblem): readonly string[] {
  const texts = Array.from({ length: intervals }, () => '');
  for (const [k, { groups }] of charges.entries()) {
    for (const [f, { at, weight }] of groups.flatMap(({ forms }) => forms).entries()) {
      for (const [i, t] of at.entries()) texts[t] += `;${k},${f},${weight[i]}`;
    }
  }
  return texts;
}

/** [T] 1 where some vehicle that wants energy is there. */
function occupied({ sessions, intervals }: DepotProblem): Uint8Array {
  const here = new Uint8Array(intervals);
  for (const { arrive, depart, energyKwh } of sessions) {
    if (energyKwh > 0) here.fill(1, arrive, Math.max(arrive, depart));
  }
  return here;
}

/**
 * Intervals of one price that count alike in demand blocks and site charges are one slot; so are all in which nobody is
 * there.
 */
function slotsOfIntervals(
  problem: DepotProblem,
  blocks: readonly MeterBlocks[],
): { readonly slotOf: Int32Array; readonly cost: number[] } {
  const { intervals, intervalH, price, earliness } = problem;
  const weights = chargeWeights(problem);
  // A window that costs nothing tells no intervals apart.
  const priced = blocks.filter((_, k) => problem.demand[k].pricePerKw > 0);
  const here = occupied(problem);
  const sourced = hasSources(problem);
  const slotOf = new Int32Array(intervals);
  const cost: number[] = [];
  const known = new Map<string, number>();
  for (let t = 0; t < intervals; t++) {
    const perKw = (price[t] + (earliness * t) / intervals) * intervalH;
    let key = String(perKw);
    for (const { blockOf, counts } of priced) key += counts[blockOf[t]] === 1 ? `,${blockOf[t]}` : ',';
    key += weights[t];
    if (sourced) key = String(t);
    if (here[t] === 0) key = 'nobody';
    const slot = known.get(key) ?? cost.push(perKw) - 1;
    known.set(key, slot);
    slotOf[t] = slot;
  }
  return { slotOf, cost };
}

/** Times of a network with so many shortfall prices. */
function timesOf(problem: DepotProblem, levels: number): number {
  const beside = hasSources(problem) && hasReserves(problem) ? problem.intervals : 0;
  return problem.intervals + levels + beside;
}

/** Slots of all intervals, one for each shortfall price, and those of power within reserves. */
function slotsOf(
  problem: DepotProblem,
  blocks: readonly MeterBlocks[],
  levelPrice: readonly number[],
): Slots {
  const { intervals, intervalH } = problem;
  const besideFrom = intervals + levelPrice.length;
  const times = timesOf(problem, levelPrice.length);
  const slotOf = new Int32Array(times);
  const ofIntervals = slotsOfIntervals(problem, blocks);
  const { cost } = ofIntervals;
  slotOf.set(ofIntervals.slotOf);
  for (const [level, money] of levelPrice.entries())
    slotOf[intervals + level] = cost.push(money * intervalH) - 1;
  for (let t = 0; besideFrom + t < times; t++) {
    slotOf[besideFrom + t] = cost.push(cost[slotOf[t]]) - 1;
  }
  const slotStart = new Int32Array(cost.length + 1);
  for (let t = 0; t < times; t++) slotStart[slotOf[t] + 1]++;
  for (let q = 0; q < cost.length; q++) slotStart[q + 1] += slotStart[q];
  const fill = slotStart.slice();
  const slotTimes = new Int32Array(times);
  for (let t = 0; t < times; t++) slotTimes[fill[slotOf[t]]++] = t;
  return { slots: cost.length, slotOf, slotStart, slotTimes, slotCost: Float64Array.from(cost) };
}

/** Capacities of nodes towards their parents, Infinity where all arms below fit; and what all arms could take. */
function capacitiesOf(
  problem: DepotProblem,
  tree: Tree,
  arms: Arms,
  times: number,
): { readonly cap: Float64Array; readonly demandKw: Float64Array } {
  const { intervals } = problem;
  const nodes = tree.parent.length;
  const load = new Float64Array(nodes * times);
  for (let a = 0; a < arms.count; a++) {
    const at = arms.leaf[a] * times;
    const base = arms.base[a];
    for (let t = arms.from[a]; t < arms.to[a]; t++) load[at + t] += arms.kw[base + t];
  }
  const cap = new Float64Array(nodes * times).fill(Infinity);
  const rooms = circuitRooms(problem);
  const sourced = hasSources(problem);
  for (let g = nodes - 1; g >= 0; g--) {
    const circuit = tree.circuitOf[g];
    for (let t = 0; t < times; t++) {
      const at = g * times + t;
      if (g > 0) load[tree.parent[g] * times + t] += load[at];
      if (circuit < 0 || t >= intervals || (sourced && circuit === 0)) continue;
      const room = rooms[circuit * intervals + t];
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

/** The network of `problem`, which has no `structureObstacle`. */
export function networkOf(problem: DepotProblem): Network {
  const levelPrice = [...new Set(problem.sessions.map((session) => session.shortfallPrice))].sort(
    (a, b) => b - a,
  );
  const tree = treeOf(problem);
  const drawn = drawArms(problem, tree, levelPrice);
  const { arms } = drawn;
  const blocks = problem.demand.map((window) => blocksOf(window, problem.intervals));
  const times = timesOf(problem, levelPrice.length);
  const besideFrom = problem.intervals + levelPrice.length;
  return {
    problem,
    sessions: Int32Array.from(drawn.sessions),
    energy: Float64Array.from(drawn.energy),
    level: Int32Array.from(drawn.level),
    levelPrice: Float64Array.from(levelPrice),
    times,
    besideFrom,
    siteRoomKw: hasSources(problem) ? circuitRooms(problem).slice(0, problem.intervals) : new Float64Array(0),
    ...slotsOf(problem, blocks, levelPrice),
    nodes: tree.parent.length,
    parent: tree.parent,
    children: childrenOf(tree.parent),
    ...capacitiesOf(problem, tree, arms, times),
    circuitOf: tree.circuitOf,
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
    moduleRuns: moduleRunsOf(problem, drawn, tree),
    blocks,
  };
}
