/** Subscriptions whose level is chosen with the load: each number of blocks is a way of charging. @module */
import { addTerm, approximate, multiplierOf, type Builder, type TermDraft } from './cost-builder.ts';
import type { Way, WayTest } from './cost-model.ts';
import { levelsMax } from './limits.ts';
import type { LineOf } from './tariff.ts';

/** Levels of a grid's periods that can all be tried together. */
function levelsOf(builder: Builder): number {
  const each = Math.floor(levelsMax ** (1 / builder.frame.periods.length) + 1e-9);
  return Math.max(2, Math.min(levelsMax, each));
}

/**
 * Adds the blocks of one period. The cheapest level for a peak p is a staircase:
 *
 *     min over n >= 1 of  n * pricePerBlock + overagePrice * max(0, p - n * blockKw)
 *
 * One block holds for all where overage is no dearer than blocks; else n blocks hold until overage has cost one more
 * block, and each of these lines lies nowhere below the staircase. `draft` is the peak with its floor so far.
 */
export function addLevels(
  builder: Builder,
  line: LineOf<'subscription'>,
  draft: Omit<TermDraft, 'pricePerKw' | 'window'>,
): void {
  const { blockKw, pricePerBlock, overagePrice } = line;
  const times = multiplierOf(builder.frame.tariff, line);
  const above = (blocks: number): Omit<TermDraft, 'pricePerKw'> => ({
    ...draft,
    window: `above ${blocks * blockKw} kW`,
    floorKw: Math.max(draft.floorKw, blocks * blockKw),
    keep: true,
  });
  const ofOverage = overagePrice * times;
  if (overagePrice * blockKw <= pricePerBlock) {
    addTerm(builder, { ...above(1), pricePerKw: ofOverage });
    return;
  }
  /** Up to here n blocks are cheapest. */
  const lastKw = (blocks: number): number => blocks * blockKw + pricePerBlock / overagePrice;
  const levelFor = (kw: number): number =>
    Math.max(1, Math.ceil((kw - pricePerBlock / overagePrice) / blockKw - 1e-9));
  const first = levelFor(draft.floorKw);
  const needed = levelFor(Math.max(draft.floorKw, builder.request.highestKw ?? Infinity));
  const last = Math.min(needed, first + levelsOf(builder) - 1);
  if (last === first) {
    addTerm(builder, { ...above(first), pricePerKw: ofOverage });
    return;
  }
  const base = addTerm(builder, { ...draft, window: 'power', pricePerKw: 0, keep: true });
  if (base === undefined) return;
  const options: Way[] = [];
  for (let blocks = first; blocks <= last; blocks++) {
    const id = addTerm(builder, { ...above(blocks), pricePerKw: 0 });
    if (id === undefined) return;
    // Beyond the last level that is tried a kW costs its share of a block: what blocks cost where they are full.
    const perKw = blocks === last && needed > last ? (pricePerBlock / blockKw) * times : ofOverage;
    const until: WayTest = {
      past: -lastKw(blocks),
      weight: new Float64Array(builder.frame.intervals),
      peaks: { [base]: 1 },
    };
    options.push({
      id: `${blocks} ${blocks === 1 ? 'block' : 'blocks'}${blocks === last && needed > last ? ' and more' : ''}`,
      // The term counts its floor: what lies below the level is not overage.
      constant: blocks * pricePerBlock * times - perKw * blocks * blockKw,
      perUnit: { [id]: perKw },
      ...(blocks === last ? {} : { until }),
    });
  }
  const id = `${line.id}@${draft.label}`;
  builder.choices.push({ id, line: line.id, category: 'demand', options, isConvex: true });
  if (needed === last) return;
  approximate(
    builder,
    line,
    `levels above ${last * blockKw} kW are planned as if blocks could be split, at most one block below the bill`,
  );
}
