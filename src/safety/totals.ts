/** What all stations below each circuit may draw together, kept up to date station by station. @module */
import type { Site, Station } from '#domain/site';
import { combine, combineThree, constant, type StepFunction } from '#domain/step-function';
import type { Table } from '#domain/table';
import type { Belief } from './belief.ts';
import { circuitTree, type Dimension } from './circuits.ts';
import { contextOf, stationExposureOf, type StationExposure } from './exposure.ts';
import type { LedgerPolicy } from './ledger-policy.ts';

/** Whole milliamperes per phase and whole watts over all phases, of one circuit. */
export type CircuitTotal = Readonly<Record<Dimension, StepFunction>>;
/** By circuit id. */
export type Totals = Readonly<Record<string, CircuitTotal>>;

/** The part of a ledger that totals are made of. */
interface Beliefs {
  readonly policy: LedgerPolicy;
  readonly beliefs: Table<Belief>;
}

const known = new WeakMap<Beliefs, { readonly site: Site; readonly totals: Totals }>();

/** The totals of every circuit. */
export function totalsOf(site: Site, ledger: Beliefs): Totals {
  const seen = known.get(ledger);
  if (seen !== undefined && seen.site === site) return seen.totals;
  const totals = freshTotals(site, ledger);
  known.set(ledger, { site, totals });
  return totals;
}

function exposureIn(site: Site, ledger: Beliefs, station: Station): StationExposure | undefined {
  const belief = ledger.beliefs.get(station.id);
  if (belief === undefined) return undefined;
  return stationExposureOf(contextOf(site, station, ledger.policy), belief);
}

function freshTotals(site: Site, ledger: Beliefs): Totals {
  const tree = circuitTree(site);
  return Object.fromEntries(
    site.circuits.map(({ id }) => {
      const below = site.stations
        .filter(({ circuit }) => tree.above(circuit).includes(id))
        .flatMap((station) => exposureIn(site, ledger, station) ?? []);
      const onPhase = (phase: 0 | 1 | 2): StepFunction =>
        summed(below.map(({ phaseMilliA }) => phaseMilliA[phase]));
      return [
        id,
        { 0: onPhase(0), 1: onPhase(1), 2: onPhase(2), total: summed(below.map(({ totalW }) => totalW)) },
      ];
    }),
  );
}

function summed(functions: readonly StepFunction[]): StepFunction {
  if (functions.length === 0) return constant(0);
  return combine(functions, (values) => {
    let total = 0;
    for (const value of values) total += value;
    return total;
  });
}

/** Makes the totals of `next` out of those of `ledger`, from which it differs in one station only. */
export function movedTotals(site: Site, ledger: Beliefs, next: Beliefs, station: Station): void {
  const seen = known.get(ledger);
  if (seen === undefined || seen.site !== site) return;
  const before = exposureIn(site, ledger, station);
  const after = exposureIn(site, next, station);
  if (before === undefined || after === undefined) return;
  const moved: Record<string, CircuitTotal> = { ...seen.totals };
  for (const id of circuitTree(site).above(station.circuit)) {
    const total = seen.totals[id];
    if (total === undefined) continue;
    moved[id] = {
      0: shifted(total[0], before.phaseMilliA[0], after.phaseMilliA[0]),
      1: shifted(total[1], before.phaseMilliA[1], after.phaseMilliA[1]),
      2: shifted(total[2], before.phaseMilliA[2], after.phaseMilliA[2]),
      total: shifted(total.total, before.totalW, after.totalW),
    };
  }
  known.set(next, { site, totals: moved });
}

function shifted(total: StepFunction, before: StepFunction, after: StepFunction): StepFunction {
  if (isSame(before, after)) return total;
  return combineThree([total, before, after], (all, a, b) => all - a + b);
}

function isSame(a: StepFunction, b: StepFunction): boolean {
  if (a === b) return true;
  if (a.value.length !== b.value.length) return false;
  // Where a function begins says nothing: its first value stands before it too.
  for (let i = 0; i < a.value.length; i++)
    if (a.value[i] !== b.value[i] || (i > 0 && a.startS[i] !== b.startS[i])) return false;
  return true;
}
