/**
 * The depot problem as a linear program: one column per session and interval, one row per limit that can bind.
 * Rows and their names: docs/model.md. The shortfall `u` of a session is folded into its columns: a kWh delivered earns
 * the shortfall price, and the offset pays for all of them.
 * @module
 */
import { exposureFactor, pathsOf, powerCap, reserveLoadOf, roomAbove } from './exposure.ts';
import type { ReserveLoad } from './exposure.ts';
import { blocksOf, feedInLimitOf, hasSources, taperLinesOf, zeroMultipliers } from './multipliers.ts';
import type { MeterBlocks, TaperLine } from './multipliers.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem, Multipliers } from './problem.ts';
import { ProgramBuilder } from './program.ts';
import type { LinearProgram } from './program.ts';
import { oneWay } from './site-flows.ts';
import { addChargeColumns, addChargeRows, chargeMultipliersOf } from './site-charges.ts';
import type { ChargeRows } from './site-charges.ts';

/** Slack below which a limit counts as able to bind, kW. */
const bindingSlack = 1e-9;

/** Rows of the program by limit; -1 where the limit cannot bind and has no row. */
interface RowIndex {
  readonly energy: Int32Array;
  /** [C * T]. */
  readonly circuits: Int32Array;
  /** [C * 3 * T]. */
  readonly phases: Int32Array;
  readonly modules: Int32Array;
  /** Per window, per block. */
  readonly blocks: readonly Int32Array[];
  readonly balance: Int32Array;
  readonly store: Int32Array;
  /** Per session: [lines * stay], [milestones], and [stay] rows that sum up its energy so far. */
  readonly taper: readonly Int32Array[];
  readonly milestones: readonly Int32Array[];
  readonly soFar: readonly Int32Array[];
  readonly charges: ChargeRows;
}

/** The program and where everything is in it. */
export interface Formulation {
  readonly program: LinearProgram;
  readonly problem: DepotProblem;
  /** [S + 1] first (session, interval) pair of each session. */
  readonly pairStart: Int32Array;
  /** [pairs] column of power within the reserve, free of circuits; -1 where there is none. */
  readonly freeColumn: Int32Array;
  /** [pairs] column of power that circuits see. */
  readonly seenColumn: Int32Array;
  /** [pairs] column of power fed back; -1 where there is none. */
  readonly backColumn: Int32Array;
  readonly chargeColumn: Int32Array;
  readonly dischargeColumn: Int32Array;
  readonly pvColumn: Int32Array;
  readonly rows: RowIndex;
}

interface Draft {
  readonly problem: DepotProblem;
  readonly builder: ProgramBuilder;
  readonly paths: readonly (readonly number[])[];
  readonly reserve: ReserveLoad;
  readonly pairStart: Int32Array;
  /** [pairs] power within the reserve, and above it. */
  readonly freeKw: Float64Array;
  readonly seenKw: Float64Array;
  /** Whether sources of the site make the grid draw differ from the load. */
  readonly grid: boolean;
  readonly blocks: readonly MeterBlocks[];
  readonly taperLines: readonly (readonly TaperLine[])[];
}

function draftOf(problem: DepotProblem): Draft {
  const { sessions, connectors } = problem;
  const paths = pathsOf(problem);
  const pairStart = new Int32Array(sessions.length + 1);
  for (const [s, session] of sessions.entries()) {
    pairStart[s + 1] = pairStart[s] + Math.max(0, session.depart - session.arrive);
  }
  const pairs = pairStart[sessions.length];
  const freeKw = new Float64Array(pairs);
  const seenKw = new Float64Array(pairs);
  for (const [s, session] of sessions.entries()) {
    const connector = connectors[session.connector];
    const reserved = connector.reserveKw / exposureFactor(session, connector);
    for (let t = session.arrive; t < session.depart; t++) {
      const pair = pairStart[s] + t - session.arrive;
      const cap = powerCap(session, connector, t);
      freeKw[pair] = Math.min(cap, reserved);
      seenKw[pair] = cap - freeKw[pair];
    }
  }
  return {
    problem,
    builder: new ProgramBuilder(),
    paths,
    reserve: reserveLoadOf(problem, paths),
    pairStart,
    freeKw,
    seenKw,
    grid: hasSources(problem),
    blocks: problem.demand.map((window) => blocksOf(window, problem.intervals)),
    taperLines: sessions.map(taperLinesOf),
  };
}

/** What a circuit leaves above the reserves: in total, and three times that of each phase, kW. */
function roomsOf(draft: Draft, g: number, t: number): readonly [number, number, number, number] {
  const { reserve, problem } = draft;
  const { limitKw, phaseLimitKw } = problem.circuits[g];
  const ofPhase = (phase: number): number => {
    const limit = phaseLimitKw?.[phase];
    return limit === undefined ? Infinity : 3 * roomAbove(limit[t], reserve.phase[3 * g + phase]);
  };
  const total = roomAbove(limitKw[t], reserve.total[g]);
  return [total, ofPhase(0), ofPhase(1), ofPhase(2)];
}

/**
 * Circuit rows: `sum a e <= limit - reserves`, per circuit and interval, and per phase. Where all connectors below load
 * all phases only the tightest of the four limits stands.
 */
function addCircuitRows(draft: Draft): { circuits: Int32Array; phases: Int32Array } {
  const { problem, builder, paths, reserve, pairStart, seenKw } = draft;
  const span = problem.intervals;
  const count = problem.circuits.length;
  const load = new Float64Array(count * span);
  const phaseLoad = new Float64Array(count * 3 * span);
  for (const [s, session] of problem.sessions.entries()) {
    const connector = problem.connectors[session.connector];
    const factor = exposureFactor(session, connector);
    for (const g of paths[session.connector]) {
      for (let t = session.arrive; t < session.depart; t++) {
        const back = session.feedBack?.maxKw[t - session.arrive] ?? 0;
        const seen = factor * Math.max(seenKw[pairStart[s] + t - session.arrive], back);
        load[g * span + t] += seen;
        for (const pin of connector.rotation) {
          phaseLoad[(3 * g + pin) * span + t] += seen / connector.rotation.length;
        }
      }
    }
  }
  const circuits = new Int32Array(count * span).fill(-1);
  const phases = new Int32Array(count * 3 * span).fill(-1);
  const battery = problem.battery?.maxKw ?? 0;
  for (let g = 0; g < count; g++) {
    const extra = g === 0 ? battery : 0;
    for (let t = 0; t < span; t++) {
      const rooms = roomsOf(draft, g, t);
      const tightest = Math.min(...rooms);
      if (reserve.balanced[g] === 1) {
        if (load[g * span + t] + extra <= tightest + bindingSlack) continue;
        const kind = rooms.indexOf(tightest);
        if (kind === 0) circuits[g * span + t] = builder.addRow(-Infinity, tightest);
        else phases[(3 * g + kind - 1) * span + t] = builder.addRow(-Infinity, tightest / 3);
        continue;
      }
      if (load[g * span + t] + extra > rooms[0] + bindingSlack) {
        circuits[g * span + t] = builder.addRow(-Infinity, rooms[0]);
      }
      for (let phase = 0; phase < 3; phase++) {
        const at = (3 * g + phase) * span + t;
        const upper = rooms[phase + 1] / 3;
        if (phaseLoad[at] + extra / 3 > upper + bindingSlack) phases[at] = builder.addRow(-Infinity, upper);
      }
    }
  }
  return { circuits, phases };
}

/** Module rows: `p1 + p2 + ... <= module`, where more than one session or a small module can bind. */
function addModuleRows(draft: Draft): Int32Array {
  const { problem, builder, pairStart, freeKw, seenKw } = draft;
  const span = problem.intervals;
  const load = new Float64Array(problem.modules.length * span);
  for (const [s, session] of problem.sessions.entries()) {
    const module = problem.connectors[session.connector].module;
    if (module < 0) continue;
    for (let t = session.arrive; t < session.depart; t++) {
      const pair = pairStart[s] + t - session.arrive;
      const back = session.feedBack?.maxKw[t - session.arrive] ?? 0;
      load[module * span + t] += Math.max(freeKw[pair] + seenKw[pair], back);
    }
  }
  return Int32Array.from(load, (kw, at) => {
    const { maxKw } = problem.modules[Math.floor(at / span)];
    return kw > maxKw + bindingSlack ? builder.addRow(-Infinity, maxKw) : -1;
  });
}

/** Most load of the site in each interval, fixed load included, kW. */
function highestLoad(draft: Draft): Float64Array {
  const { problem, pairStart, freeKw, seenKw } = draft;
  const load = Float64Array.from(problem.fixedLoadKw);
  for (const [s, session] of problem.sessions.entries()) {
    for (let t = session.arrive; t < session.depart; t++) {
      const pair = pairStart[s] + t - session.arrive;
      load[t] += freeKw[pair] + seenKw[pair];
    }
  }
  const battery = problem.battery?.maxKw ?? 0;
  return load.map((kw) => kw + battery);
}

/** Sums over the intervals of each block, the metered past included, kW. */
function blockSums(
  kw: Float64Array,
  blocks: MeterBlocks,
  window: DepotProblem['demand'][number],
): Float64Array {
  const sums = new Float64Array(blocks.count);
  sums[0] = window.blockOffset * window.blockPastKw;
  for (let t = 0; t < kw.length; t++) sums[blocks.blockOf[t]] += kw[t];
  return sums;
}

/** Demand rows: `sum_block (load - fixed) - length z <= -fixed of block`; `z` starts at the floor. */
function addDemandRows(draft: Draft): { blocks: Int32Array[]; peakLower: Float64Array } {
  const { problem, builder, grid } = draft;
  const highest = highestLoad(draft);
  const peakLower = new Float64Array(problem.demand.length);
  const blocks = problem.demand.map((window, k) => {
    const meter = draft.blocks[k];
    const most = blockSums(highest, meter, window);
    const fixed = blockSums(problem.fixedLoadKw, meter, window);
    let lower = window.floorKw;
    if (!grid) {
      for (let b = 0; b < meter.count; b++) {
        if (meter.counts[b] === 1) lower = Math.max(lower, fixed[b] / meter.length[b]);
      }
    }
    peakLower[k] = lower;
    return Int32Array.from(most, (kw, b) => {
      if (meter.counts[b] === 0 || kw <= lower * meter.length[b] + bindingSlack) return -1;
      const past = b === 0 ? window.blockOffset * window.blockPastKw : 0;
      return builder.addRow(-Infinity, grid ? -past : -fixed[b]);
    });
  });
  return { blocks, peakLower };
}

/** Rows of what depends on the energy so far: taper, milestones, and the sums themselves. */
function addStoreRows(draft: Draft): Pick<RowIndex, 'taper' | 'milestones' | 'soFar'> {
  const { problem, builder, taperLines } = draft;
  const taper: Int32Array[] = [];
  const milestones: Int32Array[] = [];
  const soFar: Int32Array[] = [];
  for (const [s, session] of problem.sessions.entries()) {
    const lines = taperLines[s];
    const stay = Math.max(0, session.depart - session.arrive);
    const rows = new Int32Array(lines.length * stay);
    for (let i = 0; i < rows.length; i++) {
      rows[i] = builder.addRow(-Infinity, lines[Math.floor(i / stay)].level);
    }
    taper.push(rows);
    const wanted = stay > 0 ? (session.milestones ?? []) : [];
    milestones.push(Int32Array.from(wanted, ({ energyKwh }) => builder.addRow(energyKwh, Infinity)));
    const summed = lines.length > 0 || wanted.length > 0 || session.feedBack !== undefined;
    soFar.push(Int32Array.from({ length: summed ? stay : 0 }, () => builder.addRow(0, 0)));
  }
  return { taper, milestones, soFar };
}

function addRows(draft: Draft): { rows: RowIndex; peakLower: Float64Array } {
  const { problem, builder, grid } = draft;
  const energy = Int32Array.from(problem.sessions, (session) =>
    builder.addRow(-Infinity, session.energyKwh / problem.intervalH),
  );
  const { circuits, phases } = addCircuitRows(draft);
  const modules = addModuleRows(draft);
  const { blocks, peakLower } = addDemandRows(draft);
  const balance = Int32Array.from({ length: grid ? problem.intervals : 0 }, (_, t) =>
    builder.addRow(-problem.fixedLoadKw[t], -problem.fixedLoadKw[t]),
  );
  const { battery } = problem;
  const store = Int32Array.from({ length: battery === undefined ? 0 : problem.intervals }, (_, t) => {
    const held = t === 0 ? (battery?.initialKwh ?? 0) : 0;
    return builder.addRow(held, held);
  });
  const charges = addChargeRows(builder, problem.charges ?? [], problem.intervals, {
    fixedKw: grid ? new Float64Array(problem.intervals) : problem.fixedLoadKw,
    mostKw: highestLoad(draft),
  });
  const stores = addStoreRows(draft);
  const rows = { energy, circuits, phases, modules, blocks, balance, store, charges, ...stores };
  return { rows, peakLower };
}

/** Entries of a kW that the site draws: demand windows and site charges. */
function addDrawnEntries({ builder, blocks }: Draft, rows: RowIndex, t: number): void {
  for (let k = 0; k < rows.blocks.length; k++) builder.addEntry(rows.blocks[k][blocks[k].blockOf[t]], 1);
  for (const [row, value] of rows.charges.entriesAt[t] ?? []) builder.addEntry(row, value);
}

/** Entries that both columns of a pair share: energy, module, demand or grid balance, taper. */
function addPowerEntries(draft: Draft, rows: RowIndex, s: number, t: number): void {
  const { builder, problem } = draft;
  const session = problem.sessions[s];
  const span = problem.intervals;
  const { module } = problem.connectors[session.connector];
  builder.addEntry(rows.energy[s], 1);
  if (module >= 0) builder.addEntry(rows.modules[module * span + t], 1);
  if (draft.grid) builder.addEntry(rows.balance[t], 1);
  else addDrawnEntries(draft, rows, t);
  const stay = session.depart - session.arrive;
  const taper = rows.taper[s];
  for (let at = t - session.arrive; at < taper.length; at += stay) builder.addEntry(taper[at], 1);
  if (rows.soFar[s].length > 0) builder.addEntry(rows.soFar[s][t - session.arrive], -problem.intervalH);
}

function addPairColumns(draft: Draft, rows: RowIndex): { freeColumn: Int32Array; seenColumn: Int32Array } {
  const { builder, problem, pairStart, freeKw, seenKw, paths, grid } = draft;
  const span = problem.intervals;
  const freeColumn = new Int32Array(freeKw.length).fill(-1);
  const seenColumn = new Int32Array(freeKw.length).fill(-1);
  for (const [s, session] of problem.sessions.entries()) {
    const connector = problem.connectors[session.connector];
    const factor = exposureFactor(session, connector);
    const share = factor / connector.rotation.length;
    builder.addOffset(session.shortfallPrice * session.energyKwh);
    for (let t = session.arrive; t < session.depart; t++) {
      const pair = pairStart[s] + t - session.arrive;
      const price = (grid ? 0 : problem.price[t]) + (problem.earliness * t) / span;
      const cost = (price - session.shortfallPrice) * problem.intervalH;
      if (freeKw[pair] > 0) {
        freeColumn[pair] = builder.addColumn({ cost, lower: 0, upper: freeKw[pair] });
        addPowerEntries(draft, rows, s, t);
      }
      if (seenKw[pair] <= 0) continue;
      seenColumn[pair] = builder.addColumn({ cost, lower: 0, upper: seenKw[pair] });
      addPowerEntries(draft, rows, s, t);
      for (const g of paths[session.connector]) {
        builder.addEntry(rows.circuits[g * span + t], factor);
        for (const pin of connector.rotation) {
          builder.addEntry(rows.phases[(3 * g + pin) * span + t], share);
        }
      }
    }
  }
  return { freeColumn, seenColumn };
}

/** Columns of the energy so far, at the end of each interval of the stay, and of what milestones lack. */
function addStoreColumns(draft: Draft, rows: RowIndex): void {
  const { builder, problem, taperLines } = draft;
  for (const [s, session] of problem.sessions.entries()) {
    const stay = rows.soFar[s].length;
    const { energyKwh, feedBack, shortfallPrice, milestones = [] } = session;
    // Without feeding back neither bound can bind, and none may carry a price.
    const lower = feedBack === undefined ? -1 : -feedBack.heldKwh;
    const upper = feedBack === undefined ? energyKwh + 1 : feedBack.roomKwh;
    for (let q = 0; q < stay; q++) {
      builder.addColumn({ cost: 0, lower, upper });
      builder.addEntry(rows.soFar[s][q], 1);
      for (const [m, { by }] of milestones.entries()) {
        if (by === session.arrive + q + 1) builder.addEntry(rows.milestones[s][m], 1);
      }
      if (q + 1 === stay) continue;
      builder.addEntry(rows.soFar[s][q + 1], -1);
      for (let i = 0; i < taperLines[s].length; i++) {
        builder.addEntry(rows.taper[s][i * stay + q + 1], taperLines[s][i].slope);
      }
    }
    for (const row of rows.milestones[s]) {
      builder.addColumn({ cost: shortfallPrice, lower: 0, upper: Infinity });
      builder.addEntry(row, 1);
    }
  }
}

/**
 * Columns of power fed back. It uses its store up faster than it gives, relieves the grid connection only as energy and
 * peak, and takes room on every circuit like charging: it may stop at any moment.
 */
function addBackColumns(draft: Draft, rows: RowIndex): Int32Array {
  const { builder, problem, pairStart, paths } = draft;
  const { intervals: span, intervalH } = problem;
  const backColumn = new Int32Array(draft.freeKw.length).fill(-1);
  for (const [s, session] of problem.sessions.entries()) {
    const { feedBack } = session;
    if (feedBack === undefined) continue;
    const { lossFactor, wearPerKwh } = feedBack;
    const connector = problem.connectors[session.connector];
    const factor = exposureFactor(session, connector);
    const cost = (wearPerKwh + lossFactor * session.shortfallPrice) * intervalH;
    for (let t = session.arrive; t < session.depart; t++) {
      const i = t - session.arrive;
      if (feedBack.maxKw[i] <= 0) continue;
      backColumn[pairStart[s] + i] = builder.addColumn({ cost, lower: 0, upper: feedBack.maxKw[i] });
      builder.addEntry(rows.energy[s], -lossFactor);
      builder.addEntry(rows.soFar[s][i], lossFactor * intervalH);
      builder.addEntry(rows.balance[t], -1);
      if (connector.module >= 0) builder.addEntry(rows.modules[connector.module * span + t], 1);
      for (const g of paths[session.connector]) {
        builder.addEntry(rows.circuits[g * span + t], factor);
        for (const pin of connector.rotation) {
          builder.addEntry(rows.phases[(3 * g + pin) * span + t], factor / connector.rotation.length);
        }
      }
    }
  }
  return backColumn;
}

/** Most power of all vehicles that feed back, [T] kW. */
function backLoad({ sessions, intervals }: DepotProblem): Float64Array {
  const load = new Float64Array(intervals);
  for (const { feedBack, arrive } of sessions) feedBack?.maxKw.forEach((kw, i) => (load[arrive + i] += kw));
  return load;
}

/** An entry of `value` on circuit 0, total and per phase. */
function addSiteEntries(draft: Draft, rows: RowIndex, t: number, value: number): void {
  const span = draft.problem.intervals;
  draft.builder.addEntry(rows.circuits[t], value);
  for (let phase = 0; phase < 3; phase++) {
    draft.builder.addEntry(rows.phases[phase * span + t], value / 3);
  }
}

function addBatteryColumns(
  draft: Draft,
  rows: RowIndex,
): { chargeColumn: Int32Array; dischargeColumn: Int32Array } {
  const { builder, problem } = draft;
  const { battery, intervalH, intervals } = problem;
  const count = battery === undefined ? 0 : intervals;
  const chargeColumn = new Int32Array(count);
  const dischargeColumn = new Int32Array(count);
  if (battery === undefined) return { chargeColumn, dischargeColumn };
  for (let t = 0; t < intervals; t++) {
    const cost = battery.wearPerKwh * intervalH;
    chargeColumn[t] = builder.addColumn({ cost, lower: 0, upper: battery.maxKw });
    builder.addEntry(rows.store[t], -battery.efficiency * intervalH);
    builder.addEntry(rows.balance[t], 1);
    addSiteEntries(draft, rows, t, 1);
    dischargeColumn[t] = builder.addColumn({ cost: 0, lower: 0, upper: battery.maxKw });
    builder.addEntry(rows.store[t], intervalH / battery.efficiency);
    builder.addEntry(rows.balance[t], -1);
    addSiteEntries(draft, rows, t, -1);
    const lower = t === intervals - 1 ? battery.initialKwh : 0;
    builder.addColumn({ cost: 0, lower, upper: battery.capacityKwh });
    builder.addEntry(rows.store[t], 1);
    if (t + 1 < intervals) builder.addEntry(rows.store[t + 1], -1);
  }
  return { chargeColumn, dischargeColumn };
}

/** PV used, grid draw and feed-in. */
function addGridColumns(draft: Draft, rows: RowIndex): Int32Array {
  const { builder, problem, grid } = draft;
  const { pv, intervals, intervalH, price } = problem;
  const pvColumn = new Int32Array(pv === undefined ? 0 : intervals);
  if (!grid) return pvColumn;
  const highest = highestLoad(draft);
  const back = backLoad(problem);
  for (let t = 0; t < intervals; t++) {
    if (problem.fixedLoadKw[t] < 0) {
      // A surplus that nobody controls may be left unused.
      builder.addColumn({ cost: 0, lower: 0, upper: -problem.fixedLoadKw[t] });
      builder.addEntry(rows.balance[t], 1);
    }
    if (pv !== undefined) {
      pvColumn[t] = builder.addColumn({ cost: 0, lower: 0, upper: Math.max(0, pv.kw[t]) });
      builder.addEntry(rows.balance[t], -1);
      addSiteEntries(draft, rows, t, -1);
    }
    builder.addColumn({ cost: price[t] * intervalH, lower: 0, upper: Math.max(0, highest[t]) });
    builder.addEntry(rows.balance[t], -1);
    addDrawnEntries(draft, rows, t);
    builder.addOffset(-price[t] * intervalH * problem.fixedLoadKw[t]);
    if (pv?.sellPrice === undefined) continue;
    const earned = Math.min(pv.sellPrice[t], price[t]) * intervalH;
    const gross = feedInLimitOf(problem, t);
    const fixed = Math.max(0, -problem.fixedLoadKw[t]);
    const sources = pv.kw[t] + (problem.battery?.maxKw ?? 0) + fixed + back[t];
    builder.addColumn({ cost: -earned, lower: 0, upper: Math.max(0, Math.min(gross, sources)) });
    builder.addEntry(rows.balance[t], 1);
  }
  return pvColumn;
}

function addPeakColumns(draft: Draft, rows: RowIndex, peakLower: Float64Array): void {
  const { builder, problem, blocks } = draft;
  for (const [k, window] of problem.demand.entries()) {
    builder.addColumn({ cost: window.pricePerKw, lower: peakLower[k], upper: Infinity });
    for (let b = 0; b < blocks[k].count; b++) builder.addEntry(rows.blocks[k][b], -blocks[k].length[b]);
  }
}

/** The linear program of `problem`. Nothing at all is always feasible in it, and every cost is bounded. */
export function formulate(problem: DepotProblem): Formulation {
  const draft = draftOf(problem);
  const { rows, peakLower } = addRows(draft);
  const { freeColumn, seenColumn } = addPairColumns(draft, rows);
  const backColumn = addBackColumns(draft, rows);
  addStoreColumns(draft, rows);
  const { chargeColumn, dischargeColumn } = addBatteryColumns(draft, rows);
  const pvColumn = addGridColumns(draft, rows);
  addPeakColumns(draft, rows, peakLower);
  addChargeColumns(draft.builder, rows.charges);
  return {
    program: draft.builder.finish(),
    problem,
    pairStart: draft.pairStart,
    freeColumn,
    seenColumn,
    backColumn,
    chargeColumn,
    dischargeColumn,
    pvColumn,
    rows,
  };
}

/** The powers that a vector of the program stands for; values within `1e-9` of 0 are 0. */
function powersOf(formulation: Formulation, columnValue: Float64Array): Float64Array[] {
  const { problem, pairStart, freeColumn, seenColumn, backColumn } = formulation;
  return problem.sessions.map((session, s) => {
    const kw = new Float64Array(pairStart[s + 1] - pairStart[s]);
    for (let i = 0; i < kw.length; i++) {
      const free = freeColumn[pairStart[s] + i];
      const seen = seenColumn[pairStart[s] + i];
      const value = (free < 0 ? 0 : columnValue[free]) + (seen < 0 ? 0 : columnValue[seen]);
      const back = backColumn[pairStart[s] + i];
      if (back >= 0 && columnValue[back] > bindingSlack) {
        // Both at once burns energy: what moves the vehicle's store the same way.
        const kept = value - columnValue[back] * (session.feedBack?.lossFactor ?? 1);
        kw[i] =
          value < bindingSlack
            ? -columnValue[back]
            : kept > 0
              ? kept
              : kept / (session.feedBack?.lossFactor ?? 1);
      } else kw[i] = value < bindingSlack ? 0 : value;
    }
    return kw;
  });
}

function takeUpper(to: Float64Array, rows: Int32Array, rowDual: Float64Array): void {
  for (let i = 0; i < rows.length; i++) if (rows[i] >= 0) to[i] = Math.max(0, -rowDual[rows[i]]);
}

/** The plan that a vector of the program stands for. */
export function planOf(formulation: Formulation, columnValue: Float64Array): Plan {
  const { chargeColumn, dischargeColumn, pvColumn } = formulation;
  const value = (column: number): number => columnValue[column];
  const powerKw = powersOf(formulation, columnValue);
  const efficiency = formulation.problem.battery?.efficiency ?? 1;
  const batteryKw = Float64Array.from(chargeColumn, (column, t) =>
    oneWay(value(column), value(dischargeColumn[t]), efficiency),
  );
  return {
    powerKw,
    ...(batteryKw.length > 0 ? { batteryKw } : {}),
    ...(pvColumn.length > 0 ? { pvKw: Float64Array.from(pvColumn, value) } : {}),
  };
}

/** What is left of the cost of a vehicle's energy so far when all rows have had their part: the worth of its bounds. */
function takeStore(
  { problem, rows }: Formulation,
  s: number,
  { vehicleStore, taper, milestones }: Multipliers,
  rowDual: Float64Array,
): void {
  const { milestones: wanted = [], arrive } = problem.sessions[s];
  const soFar = rows.soFar[s];
  const lines = taperLinesOf(problem.sessions[s]);
  for (let q = 0; q < vehicleStore[s].length; q++) {
    let rest = -rowDual[soFar[q]];
    if (q + 1 < soFar.length) {
      rest += rowDual[soFar[q + 1]];
      for (const [i, { slope }] of lines.entries()) rest += slope * taper[s][i * soFar.length + q + 1];
    }
    for (const [m, { by }] of wanted.entries()) if (by === arrive + q + 1) rest -= milestones[s][m];
    vehicleStore[s][q] = rest;
  }
}

/** The back end's row duals in the problem's own terms. */
export function multipliersOf(formulation: Formulation, rowDual: Float64Array): Multipliers {
  const { problem, rows } = formulation;
  const multipliers = zeroMultipliers(problem);
  takeUpper(multipliers.circuits, rows.circuits, rowDual);
  if (multipliers.phases.length > 0) takeUpper(multipliers.phases, rows.phases, rowDual);
  takeUpper(multipliers.modules, rows.modules, rowDual);
  for (const [k, window] of problem.demand.entries()) {
    takeUpper(multipliers.blocks[k], rows.blocks[k], rowDual);
    const { length } = blocksOf(window, problem.intervals);
    for (let b = 0; b < length.length; b++) multipliers.blocks[k][b] *= length[b];
  }
  for (const [s, session] of problem.sessions.entries()) {
    multipliers.sessions[s] = session.shortfallPrice + rowDual[rows.energy[s]] / problem.intervalH;
    takeUpper(multipliers.taper[s], rows.taper[s], rowDual);
    for (const [m, row] of rows.milestones[s].entries()) {
      multipliers.milestones[s][m] = Math.max(0, Math.min(session.shortfallPrice, rowDual[row]));
    }
    takeStore(formulation, s, multipliers, rowDual);
  }
  for (let t = 0; t < multipliers.balance.length; t++) multipliers.balance[t] = rowDual[rows.balance[t]];
  for (let t = 0; t < multipliers.store.length; t++) multipliers.store[t] = rowDual[rows.store[t]];
  if (problem.charges === undefined) return multipliers;
  return { ...multipliers, charges: chargeMultipliersOf(rows.charges, (row) => rowDual[row]) };
}
