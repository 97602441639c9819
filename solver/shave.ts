/**
 * Lowers the peaks of a plan in steps: as long as the highest metering block of a demand window can give a level of one
 * vehicle to a lower block, it does. No vehicle loses energy, no limit and no other peak is touched.
 * @module
 */
import { roomNoise } from './ledger.ts';
import type { Ledger, Meter } from './ledger.ts';
import { isContinuous, levelAbove, levelBelow, lowestLevel } from './levels.ts';
import type { Session } from './problem.ts';

/** Most moves per demand window. */
const movesMax = 4_000;
/** Smallest difference of block means worth a move, kW. */
const gainMin = 1e-6;

function highestBlock({ sum, blocks, floorKw }: Meter): { block: number; meanKw: number } {
  let block = -1;
  let meanKw = floorKw;
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
  let room = Infinity;
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

function shaveOnce(ledger: Ledger, meter: Meter, k: number): boolean {
  const { sessions, intervals } = ledger.problem;
  const { block, meanKw } = highestBlock(meter);
  if (block < 0) return false;
  const ceilings = ledger.meters.map((other) => highestBlock(other).meanKw);
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
  return false;
}

/** Lowers the peak of each window as far as moves reach, dearest window first. */
export function shavePeaks(ledger: Ledger): void {
  const order = ledger.meters
    .map((_, k) => k)
    .sort((a, b) => ledger.meters[b].pricePerKw - ledger.meters[a].pricePerKw || a - b);
  for (const k of order) {
    for (let move = 0; move < movesMax; move++) {
      if (!shaveOnce(ledger, ledger.meters[k], k)) break;
    }
  }
}
