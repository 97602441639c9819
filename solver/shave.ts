/**
 * Lowers the peaks of a plan in steps: as long as the highest metering block of a demand window can give a level of one
 * vehicle to a lower block, it does. No vehicle loses energy, no limit and no other peak is touched.
 * @module
 */
import { powerCap } from './exposure.ts';
import { roomNoise } from './ledger.ts';
import type { Ledger, Meter } from './ledger.ts';
import { isContinuous, levelAbove, levelBelow, lowestLevel } from './levels.ts';
import type { Session } from './problem.ts';

/** Most moves per demand window. */
const movesMax = 4_000;
/** Smallest difference of block means worth a move, kW. */
const gainMin = 1e-6;

/** The highest block above `leastKw`, and its mean; -1 where none is. */
function highestBlock({ sum, blocks }: Meter, leastKw: number): { block: number; meanKw: number } {
  let block = -1;
  let meanKw = leastKw;
  for (let b = 0; b < blocks.count; b++) {
    const mean = sum[b] / blocks.length[b];
    if (blocks.counts[b] === 1 && mean > meanKw + gainMin) {
      meanKw = mean;
      block = b;
    }
  }
  return { block, meanKw };
}

/** Amounts by which a power can fall: one step, down to the minimum, or all of it. */
function decreasesOf(session: Session, kw: number): number[] {
  const lowest = lowestLevel(session);
  const small = isContinuous(session) || session.stepKw <= 0 ? Math.min(kw, 0.5) : session.stepKw;
  const amounts = [small, 2 * small, 4 * small, kw - lowest, kw].filter((by) => {
    const left = kw - by;
    return by > roomNoise && (Math.abs(left) <= roomNoise || left >= lowest - roomNoise);
  });
  return [...new Set(amounts)];
}

/** kW that interval `t` takes in every demand window without any mean passing `ceilingKw` of its window. */
function roomBelow(ledger: Ledger, t: number, ceilingKw: readonly number[]): number {
  let room = ledger.belowCharges(t);
  for (const [k, { blocks, sum }] of ledger.meters.entries()) {
    const b = blocks.blockOf[t];
    if (blocks.counts[b] === 1) room = Math.min(room, ceilingKw[k] * blocks.length[b] - sum[b]);
  }
  return room;
}

interface Target {
  readonly t: number;
  readonly room: number;
}

/** Moves `by` of `s` from `t` to the emptiest interval that takes it. */
function give(ledger: Ledger, s: number, t: number, targets: readonly Target[]): boolean {
  const session = ledger.problem.sessions[s];
  const now = ledger.at(s, t);
  for (const by of decreasesOf(session, now)) {
    const spare = Math.max(0, -ledger.missing(s) / ledger.problem.intervalH);
    for (const target of targets) {
      if (target.t < session.arrive || target.t >= session.depart) continue;
      const there = ledger.at(s, target.t);
      const up = levelAbove(session, there + Math.max(0, by - spare));
      if (up - there > target.room || up > ledger.highest(s, target.t) + roomNoise) continue;
      const left = now - by;
      ledger.set(s, t, left <= roomNoise ? 0 : isContinuous(session) ? left : levelBelow(session, left));
      ledger.set(s, target.t, up);
      return true;
    }
  }
  return false;
}

/** Most pairs of vehicles looked at for one move. */
const pairTriesMax = 10_000;

/** Amounts that `s` can move from `t` to `other`, smallest first: both powers end on levels. */
function shiftsOf(ledger: Ledger, s: number, t: number, other: number): number[] {
  const { sessions, connectors } = ledger.problem;
  const session = sessions[s];
  const step = session.stepKw > 0 ? session.stepKw : 0.5;
  const lowest = lowestLevel(session);
  const [from, to] = [ledger.at(s, t), ledger.at(s, other)];
  const cap = powerCap(session, connectors[session.connector], other);
  const shifts: number[] = [];
  for (let by = step; by <= from + roomNoise && to + by <= cap + roomNoise; by += step) {
    const left = from - by;
    const settled = (left <= roomNoise || left >= lowest - roomNoise) && to + by >= lowest - roomNoise;
    if (settled) shifts.push(by);
  }
  return shifts;
}

function onLevel(session: Session, kw: number): number {
  if (kw <= roomNoise) return 0;
  return session.stepKw > 0 ? Math.round(kw / session.stepKw) * session.stepKw : kw;
}

/** Changes all four powers of an exchange if every limit allows it. */
function exchange(
  ledger: Ledger,
  pair: readonly [number, number],
  times: readonly [number, number],
  by: readonly [number, number],
): boolean {
  const { sessions } = ledger.problem;
  const [s, mate] = pair;
  const [t, other] = times;
  const before = [ledger.at(s, t), ledger.at(s, other), ledger.at(mate, t), ledger.at(mate, other)];
  const lower = (v: number, at: number, kw: number): void => ledger.set(v, at, onLevel(sessions[v], kw));
  lower(s, t, before[0] - by[0]);
  lower(mate, other, before[3] - by[1]);
  const up = onLevel(sessions[s], before[1] + by[0]);
  if (up <= ledger.highest(s, other) + roomNoise) {
    ledger.set(s, other, up);
    const back = onLevel(sessions[mate], before[2] + by[1]);
    if (back <= ledger.highest(mate, t) + roomNoise) {
      ledger.set(mate, t, back);
      return true;
    }
    ledger.set(s, other, before[1]);
  }
  ledger.set(s, t, before[0]);
  ledger.set(mate, other, before[3]);
  return false;
}

/** The two amounts whose difference is the largest within `room`; undefined where none is above 0. */
function differenceWithin(
  shifts: readonly number[],
  backs: readonly number[],
  room: number,
): [number, number] | undefined {
  let best: [number, number] | undefined;
  let bestBy = gainMin;
  for (const x of shifts) {
    for (const y of backs) {
      const by = x - y;
      if (by > bestBy && by <= room) {
        best = [x, y];
        bestBy = by;
      }
    }
  }
  return best;
}

/** Sessions with power in interval `t`. */
function charging(ledger: Ledger, t: number): number[] {
  const found: number[] = [];
  for (const [s, { arrive, depart }] of ledger.problem.sessions.entries()) {
    if (t >= arrive && t < depart && ledger.at(s, t) > 0) found.push(s);
  }
  return found;
}

/** Moves a little from `t` to a target by an exchange: one vehicle moves there, another moves less back. */
function giveByExchange(ledger: Ledger, t: number, targets: readonly Target[]): boolean {
  const { sessions } = ledger.problem;
  const atBlock = charging(ledger, t);
  let tries = 0;
  for (const target of targets) {
    const other = target.t;
    const isThere = (s: number): boolean =>
      Math.min(t, other) >= sessions[s].arrive && Math.max(t, other) < sessions[s].depart;
    const mates = charging(ledger, other).filter(isThere);
    if (mates.length === 0) continue;
    const backs = mates.map((mate) => shiftsOf(ledger, mate, other, t));
    for (const s of atBlock) {
      const shifts = isThere(s) ? shiftsOf(ledger, s, t, other) : [];
      if (shifts.length === 0) continue;
      for (const [m, mate] of mates.entries()) {
        if (mate === s) continue;
        if (++tries > pairTriesMax) return false;
        const by = differenceWithin(shifts, backs[m], target.room / 2);
        if (by !== undefined && exchange(ledger, [s, mate], [t, other], by)) return true;
      }
    }
  }
  return false;
}

/** One move that lowers the highest block of window `k`; each window may rise to what it is, or to `leastKw`. */
function shaveOnce(ledger: Ledger, k: number, leastKw: readonly number[]): boolean {
  const { sessions, intervals } = ledger.problem;
  const meter = ledger.meters[k];
  const { block, meanKw } = highestBlock(meter, leastKw[k]);
  if (block < 0) return false;
  const ceilings = ledger.meters.map((other, i) => highestBlock(other, leastKw[i]).meanKw);
  ceilings[k] = meanKw - gainMin;
  const targets: Target[] = [];
  for (let t = 0; t < intervals; t++) {
    const room = meter.blocks.blockOf[t] === block ? 0 : roomBelow(ledger, t, ceilings);
    if (room > gainMin) targets.push({ t, room });
  }
  targets.sort((a, b) => b.room - a.room || a.t - b.t);
  for (let t = 0; t < intervals; t++) {
    if (meter.blocks.blockOf[t] !== block) continue;
    for (const [s, { arrive, depart }] of sessions.entries()) {
      if (t < arrive || t >= depart || ledger.at(s, t) <= 0) continue;
      if (give(ledger, s, t, targets)) return true;
    }
  }
  for (let t = 0; t < intervals; t++) {
    if (meter.blocks.blockOf[t] === block && giveByExchange(ledger, t, targets)) return true;
  }
  return false;
}

/**
 * Lowers the peak of each window as far as moves reach, dearest window first: to `peaksKw`, the best peaks that go
 * together, while others may rise to theirs; then below, while no other rises.
 */
export function shavePeaks(ledger: Ledger, peaksKw: Float64Array): void {
  const order = ledger.meters
    .map((_, k) => k)
    .sort((a, b) => ledger.meters[b].pricePerKw - ledger.meters[a].pricePerKw || a - b);
  const floors = ledger.meters.map(({ floorKw }) => floorKw);
  const together = floors.map((kw, k) => Math.max(kw, peaksKw[k]));
  for (const leastKw of [together, floors]) {
    for (const k of order) {
      for (let move = 0; move < movesMax; move++) if (!shaveOnce(ledger, k, leastKw)) break;
    }
  }
}
