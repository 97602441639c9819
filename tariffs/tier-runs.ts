/**
 * Prices by tier as an optimisation can take them: one that rises is convex, a step on top at each bound; one that falls
 * somewhere is cut there into runs, of which the quantity decides. Each run goes on along its first price below its start,
 * so that it never undercuts what the tiers ask for there, as far as prices rise within runs and fall between them.
 * @module
 */

/** A tier by its lower end. */
export interface PricedTier {
  readonly from: number;
  readonly price: number;
}

/** Tiers of rising prices from `from` on: the first price, what else counts for all, and the rises above bounds. */
export interface TierRun {
  readonly from: number;
  /** Where the next run begins; Infinity for the last one. */
  readonly until: number;
  readonly price: number;
  /** Money that makes the line through this run right: what was dearer below, less what is paid twice. */
  readonly constant: number;
  readonly rises: readonly { readonly above: number; readonly rise: number }[];
}

/** The runs of tiers that begin at 0, those that a floor has passed left out. */
export function tierRunsOf(tiers: readonly PricedTier[], floor: number): readonly TierRun[] {
  const runs: TierRun[] = [];
  let start = 0;
  let costAtStart = 0;
  for (let i = 0; i < tiers.length;) {
    const first = tiers[i] ?? { from: start, price: 0 };
    start = first.from;
    let end = i + 1;
    while (end < tiers.length && (tiers[end]?.price ?? 0) >= (tiers[end - 1]?.price ?? 0)) end++;
    const rises = tiers.slice(i + 1, end).map((tier, k) => ({
      above: tier.from,
      rise: tier.price - (tiers[i + k]?.price ?? 0),
    }));
    const until = tiers[end]?.from ?? Infinity;
    runs.push({ from: start, until, price: first.price, constant: costAtStart - first.price * start, rises });
    if (until < Infinity) {
      costAtStart +=
        first.price * (until - start) +
        rises.reduce((sum, { above, rise }) => sum + rise * (until - above), 0);
    }
    i = end;
  }
  return runs.filter((run) => run.until > floor);
}
