/**
 * Removes powers between 0 and a charger's minimum from a plan of any powers. First by exchanges between two vehicles
 * and two intervals, which leave every circuit and every cost as they were; then by moving energy within one stay, at
 * the least cost. Every move keeps every limit.
 * @module
 */
import { roomNoise } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { lowestLevel } from './levels.ts';

/** Powers closer than this to a level count as that level, kW. */
const levelNoise = 1e-7;
/** Passes over all powers below minimum; later passes see what earlier ones freed. */
const passesMax = 4;

interface Change {
  readonly s: number;
  readonly t: number;
  readonly by: number;
}

/** Whether `kw` is strictly between 0 and the minimum of session `s`. */
function isLow(ledger: Ledger, s: number, kw: number): boolean {
  return kw > levelNoise && kw < lowestLevel(ledger.problem.sessions[s]) - levelNoise;
}

/** Whether a power may be left behind: one that was low may stay low, no other may become so. */
function isFine(ledger: Ledger, s: number, from: number, to: number): boolean {
  return to > -levelNoise && (!isLow(ledger, s, to) || isLow(ledger, s, from));
}

/** Carries out all changes or none: decreases first, then each increase where it fits. */
function tryChanges(ledger: Ledger, changes: readonly Change[]): boolean {
  const done: { readonly s: number; readonly t: number; readonly kw: number }[] = [];
  for (const direction of [-1, 1]) {
    for (const { s, t, by } of changes) {
      if (Math.sign(by) !== direction) continue;
      const now = ledger.at(s, t);
      const kw = Math.max(0, now + by);
      if (by > 0 && kw > ledger.highest(s, t) + roomNoise) {
        for (let i = done.length - 1; i >= 0; i--) ledger.set(done[i].s, done[i].t, done[i].kw);
        return false;
      }
      done.push({ s, t, kw: now });
      ledger.set(s, t, kw < levelNoise ? 0 : kw);
    }
  }
  return true;
}

/** Sessions that stand in each interval, those of one circuit together. */
function presence(ledger: Ledger): readonly (readonly number[])[] {
  const { sessions, intervals } = ledger.problem;
  const present: number[][] = Array.from({ length: intervals }, () => []);
  for (const [s, { arrive, depart }] of sessions.entries()) {
    for (let t = arrive; t < depart; t++) present[t].push(s);
  }
  return present;
}

/** Exchanges `by` of session `s` at `t` with a mate of its circuit, given back at another interval of both stays. */
function exchangeWith(ledger: Ledger, s: number, t: number, by: number, mates: readonly number[]): boolean {
  const { sessions, connectors } = ledger.problem;
  const session = sessions[s];
  const { circuit } = connectors[session.connector];
  for (const mate of mates) {
    const other = sessions[mate];
    if (mate === s || connectors[other.connector].circuit !== circuit) continue;
    const mateNow = ledger.at(mate, t);
    if (mateNow <= 0 && by > 0) continue;
    if (!isFine(ledger, mate, mateNow, mateNow - by)) continue;
    const until = Math.min(session.depart, other.depart);
    for (let back = Math.max(session.arrive, other.arrive); back < until; back++) {
      if (back === t) continue;
      const own = ledger.at(s, back);
      const its = ledger.at(mate, back);
      if (!isFine(ledger, s, own, own - by) || !isFine(ledger, mate, its, its + by)) continue;
      const changes = [
        { s, t, by },
        { s, t: back, by: -by },
        { s: mate, t, by: -by },
        { s: mate, t: back, by },
      ];
      if (tryChanges(ledger, changes)) return true;
    }
  }
  return false;
}

/** The cheapest move of energy within the stay that settles the low power of `s` at `t`. */
function moveWithin(ledger: Ledger, s: number, t: number, steps: readonly number[]): boolean {
  const { sessions, intervalH } = ledger.problem;
  const session = sessions[s];
  const ranked: { readonly cost: number; readonly back: number; readonly by: number }[] = [];
  for (const by of steps) {
    for (let back = session.arrive; back < session.depart; back++) {
      if (back === t) continue;
      const own = ledger.at(s, back);
      if (!isFine(ledger, s, own, own - by)) continue;
      const grown = by > 0 ? ledger.at(s, t) + by : own - by;
      if (grown > ledger.highest(s, by > 0 ? t : back) + roomNoise) continue;
      const cost = ledger.costOf(t, by) + ledger.costOf(back, -by);
      if (cost < session.shortfallPrice * Math.abs(by) * intervalH) ranked.push({ cost, back, by });
    }
  }
  ranked.sort((a, b) => a.cost - b.cost || a.back - b.back);
  for (const { back, by } of ranked) {
    const changes = [
      { s, t, by },
      { s, t: back, by: -by },
    ];
    if (tryChanges(ledger, changes)) return true;
  }
  return false;
}

/** Leaves as few powers below minimum as moves without loss of energy can. */
export function settleLowPowers(ledger: Ledger): void {
  const { sessions } = ledger.problem;
  const present = presence(ledger);
  for (let pass = 0; pass < passesMax; pass++) {
    let left = 0;
    let changed = 0;
    for (const [s, session] of sessions.entries()) {
      for (let t = session.arrive; t < session.depart; t++) {
        const now = ledger.at(s, t);
        if (!isLow(ledger, s, now)) continue;
        left++;
        const up = lowestLevel(session) - now;
        const steps = up < now ? [up, -now] : [-now, up];
        const settled =
          steps.some((by) => exchangeWith(ledger, s, t, by, present[t])) ||
          (pass > 0 && moveWithin(ledger, s, t, steps));
        if (settled) changed++;
      }
    }
    if (left === 0 || (changed === 0 && pass > 0)) return;
  }
}
