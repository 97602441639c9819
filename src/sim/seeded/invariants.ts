/**
 * What must hold in every world, each rule by its name. The rules look at sockets, at what simulated stations hold and at
 * what the engine says; none of them asks the ledger.
 * @module
 */
import type { EpochS } from '#domain/units';
import { peaksAgree } from './bill-rules.ts';
import { CircuitRules } from './circuit-rules.ts';
import { DepartureRules } from './departure-rules.ts';
import { EngineRules } from './engine-rules.ts';
import { PlanRules } from './plan-rules.ts';
import { Reach, type Breach, type Rule, type Sight } from './rule.ts';
import { VisitRules } from './visit-rules.ts';

/** The watch over one world. */
export interface Watch {
  /** Looks at everything after an instant is over. */
  readonly check: (now: EpochS) => Breach | undefined;
  /** Looks at what must hold at the end. */
  readonly atEnd: (now: EpochS) => Breach | undefined;
  /** All stations hold their floors and the promise has begun. */
  readonly isCommissioned: () => boolean;
}

/** The first rule that does not hold. */
function firstOf(rules: readonly Rule[], now: EpochS): Breach | undefined {
  for (const rule of rules) {
    const breach = rule(now);
    if (breach !== undefined) return breach;
  }
  return undefined;
}

/** The watch over a world that has been built. */
export function createWatch(sight: Sight): Watch {
  const reach = new Reach(sight.world);
  const circuits = new CircuitRules(sight, reach);
  const plans = new PlanRules(sight, reach);
  const engine = new EngineRules(sight, reach);
  const visits = new VisitRules(sight);
  const departures = new DepartureRules(sight);
  const each: readonly Rule[] = [
    (now) => circuits.drawFits(now),
    (now) => circuits.rogueIsFenced(now),
    (now) => circuits.droppedLimitHolds(now),
    (now) => plans.plansEnd(now),
    (now) => plans.revisionsRise(now),
    (now) => plans.planIsPossible(now),
    (now) => plans.plansGoOn(now),
    (now) => engine.badMessageChangesNothing(now),
    (now) => engine.inboxIsBounded(now),
    (now) => engine.silenceIsTold(now),
    (now) => engine.deadMeterIsTold(now),
    (now) => visits.sleepersAreWoken(now),
  ];
  const last: readonly Rule[] = [
    (now) =>
      circuits.isCommissioned()
        ? undefined
        : { rule: 'heals', at: now, text: 'the stations never came to hold floors that fit' },
    (now) => engine.heals(now),
    (now) => engine.transactionsAgree(now),
    (now) => engine.visitsAsSaid(now),
    (now) => visits.energyAgrees(now),
    (now) => peaksAgree(sight, now),
    (now) => visits.servedOrTold(now),
    (now) => departures.feasibleDeparturesMet(now),
  ];
  return {
    isCommissioned: () => circuits.isCommissioned(),
    check: (now) => {
      reach.look(now);
      departures.look(now);
      const future = circuits.permittedFits(now);
      return circuits.isCommissioned() ? (future ?? firstOf(each, now)) : undefined;
    },
    atEnd: (now) => firstOf(last, now),
  };
}
