/**
 * The rule on the bill: peaks that the engine says it has counted are those of the simulator's own quarter hours, in the
 * windows of local time, days of a clock change and turns of the month included.
 * @module
 */
import { isoOf } from '#domain/instant';
import type { EpochS } from '#domain/units';
import type { Breach, Sight } from './rule.ts';
import type { BillPlan, SwitchName } from './world-plan.ts';

const quarterS = 900;
/** Readings are whole watts. */
const toleranceKw = 0.01;
/** Switches under which the engine misses readings of the grid meter, or dates them otherwise. */
const blinding: readonly SwitchName[] = [
  'engine-crash',
  'journal-lost',
  'clock-jump',
  'dead-site-meter',
  'crash-amid',
  'disk-full',
  'old-site',
  'stall',
  'solver-slow',
  'bus-lost',
  'bus-late',
];

/** Seconds of local time since the epoch, as if they were UTC. */
export function localAt({ clock }: BillPlan, at: number): number {
  const { offsetS, changesAt, laterS } = clock;
  return at + (changesAt !== undefined && at >= changesAt ? (laterS ?? offsetS) : offsetS);
}

/** Whether a window holds at an instant: its hours of the local day. */
function isWithin(bill: BillPlan, window: BillPlan['windows'][number], at: number): boolean {
  const localS = localAt(bill, at) % 86_400;
  return localS >= window.fromH * 3600 && localS < window.untilH * 3600;
}

/** The highest mean of each window in the month that the last quarter hour lies in, kW. */
export function peaksOf(
  bill: BillPlan,
  startS: EpochS,
  meansW: readonly number[],
): ReadonlyMap<string, number> {
  const monthAt = (i: number): string => isoOf(localAt(bill, startS + i * quarterS) as EpochS).slice(0, 7);
  const last = monthAt(meansW.length - 1);
  const peaks = new Map<string, number>();
  meansW.forEach((meanW, i) => {
    if (monthAt(i) !== last) return;
    for (const window of bill.windows) {
      if (!isWithin(bill, window, startS + i * quarterS)) continue;
      peaks.set(window.id, Math.max(peaks.get(window.id) ?? 0, meanW / 1000));
    }
  });
  return peaks;
}

/** I10, I11: at the end of a night the engine has told the peaks that were. */
export function peaksAgree({ plan, world, said }: Sight, now: EpochS): Breach | undefined {
  const { bill } = plan;
  if (bill === undefined || blinding.some((name) => plan.on.includes(name))) return undefined;
  for (const [window, kw] of peaksOf(bill, plan.scenario.startS, world.siteLoadW)) {
    const told = said.peaks.find((peak) => peak.window === window);
    if (told !== undefined && Math.abs(told.kw - kw) <= toleranceKw) continue;
    const text = `window ${window} had a peak of ${kw.toFixed(3)} kW, the engine counts ${told?.kw.toFixed(3) ?? 'none'}`;
    return { rule: 'peaks-agree', at: now, text };
  }
  return undefined;
}
