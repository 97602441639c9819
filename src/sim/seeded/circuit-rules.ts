/** Rules on circuits: what may be drawn and what is drawn fits, now and later, dropped limits and caught rogues included. @module */
import { evseKey } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { FaultSpan } from '../scenario-cast.ts';
import { createFutures, type Futures } from './futures.ts';
import { builtLimit, firstOverload, loadsOf, wiringOf, type Wiring } from './physics.ts';
import { heardAt } from './rough-bus.ts';
import { isRogue, overloadText, type Breach, type Reach, type Sight } from './rule.ts';

/** Least time that the engine has to get room for a charger that it has caught. */
const fencedLeastS = 1200;
/** Time that the engine has after a limit was announced: where frames take their time, and where they do not. */
const obeyedLateS = 1200;
const obeyedAfterS = 300;

type LimitDrop = Extract<FaultSpan, { kind: 'limit' }>;

/** The rules on circuits of one world. */
export class CircuitRules {
  private readonly sight: Sight;
  private readonly reach: Reach;
  private readonly wiring: Wiring;
  private readonly futures: Futures;
  /** A fence works in steps of two samples. */
  private readonly fencedAfterS: number;
  private readonly drops: readonly LimitDrop[];
  private readonly obeyedAfterS: number;
  private commissionedAt: EpochS | undefined;
  /** The draws that were last found to fit; fewer of them, as when a station turns rogue, fit too. */
  private fittingDraws = -1;

  constructor(sight: Sight, reach: Reach) {
    this.sight = sight;
    this.reach = reach;
    const { plan, world, isSlow } = sight;
    this.fencedAfterS = Math.max(fencedLeastS, 600 + 2 * plan.policy.sampleIntervalS);
    const { delayMaxS, slowReaders } = plan.network;
    this.obeyedAfterS = delayMaxS > 0 || Object.keys(slowReaders).length > 0 ? obeyedLateS : obeyedAfterS;
    this.wiring = wiringOf(plan.scenario.site);
    this.futures = createFutures(plan, world, this.wiring, isSlow ? 'each' : 'changed');
    this.drops = plan.events.flatMap((event) =>
      event.kind === 'fault' && event.fault.kind === 'limit' ? [event.fault] : [],
    );
  }

  /** All stations hold their floors and what they hold fits: from then on the promise holds. */
  isCommissioned(): boolean {
    return this.commissionedAt !== undefined;
  }

  /** I1, I5: what all stations would let be drawn, now and at every later instant, fits every line. */
  permittedFits(now: EpochS): Breach | undefined {
    const { plan } = this.sight;
    const over = this.futures.check(now, (id) => isRogue(plan, id, now));
    if (over === undefined) {
      this.commissionedAt ??= this.allHoldSomething() ? now : undefined;
      return undefined;
    }
    return { rule: 'permitted-fits', at: now, text: overloadText(over, now) };
  }

  private allHoldSomething(): boolean {
    for (const { station, held } of this.sight.world.stations.values()) {
      // One that is declared not to obey a floor is sent none: the site keeps its full rating free.
      if (station.capability.obeys?.txDefault === false) continue;
      if (!held().some(({ purpose }) => purpose === 'default')) return false;
    }
    return true;
  }

  /** I2, I3: what flows fits every line of every circuit. A rogue counts when `rogueIsFenced` says so. */
  drawFits(now: EpochS): Breach | undefined {
    const { plan, world, isSlow } = this.sight;
    const { site } = plan.scenario;
    const draws = world.truth.revision();
    if (draws === this.fittingDraws && !isSlow) return undefined;
    const loads = loadsOf(world, site, this.wiring, (id) => isRogue(plan, id, now));
    const over = firstOverload(site, loads, now, (circuit, line) => builtLimit(this.wiring, circuit, line));
    if (over !== undefined) return { rule: 'draw-fits', at: now, text: overloadText(over, now) };
    this.fittingDraws = draws;
    return undefined;
  }

  /** A rogue that has been caught for a while counts in full, where everybody else could be reached all along. */
  rogueIsFenced(now: EpochS): Breach | undefined {
    const { plan, world, said } = this.sight;
    const { site } = plan.scenario;
    if (said.caught.size === 0) return undefined;
    const judged = (id: string, evseId: number): boolean => {
      const since = said.caught.get(evseKey({ stationId: id, evseId }));
      return since !== undefined && since + this.fencedAfterS <= now;
    };
    const loads = loadsOf(
      world,
      site,
      this.wiring,
      (id, outlet) => isRogue(plan, id, now) && !judged(id, outlet.evse.id),
    );
    const since = Math.min(...said.caught.values());
    const over = firstOverload(site, loads, now, (circuit, line) =>
      this.reachableSince(circuit, since) ? builtLimit(this.wiring, circuit, line) : Infinity,
    );
    return over === undefined
      ? undefined
      : { rule: 'rogue-is-fenced', at: now, text: overloadText(over, now) };
  }

  private reachableSince(circuit: number, since: number): boolean {
    const { plan, said } = this.sight;
    // An engine that stood still since then, or that nobody heard, has its time from then on.
    if (plan.network.loss > 0 || (said.upSince ?? Infinity) > since) return false;
    return (this.wiring.below[circuit] ?? []).every((id) => this.reach.isSince(id, since));
  }

  /** A limit that was dropped holds where everybody could be reached and the floors fit it. */
  droppedLimitHolds(now: EpochS): Breach | undefined {
    const { plan, world } = this.sight;
    const { site } = plan.scenario;
    for (const { circuit: name, limitA = Infinity, fromS, untilS, announcedAt } of this.drops) {
      const heardS = heardAt(plan, announcedAt);
      const from = Math.max(fromS, heardS + this.obeyedAfterS);
      if (now < from || now >= untilS) continue;
      const dropped = site.circuits.findIndex(({ id }) => id === name);
      const loads = loadsOf(world, site, this.wiring, () => false);
      const over = firstOverload(site, loads, now, (circuit, line) =>
        circuit === dropped && line < 3 ? limitA : Infinity,
      );
      if (over === undefined) continue;
      const below = this.wiring.below[dropped] ?? [];
      if (!this.reachableSince(dropped, heardS) || below.some((id) => isRogue(plan, id, now))) continue;
      if (this.floorsA(dropped) > limitA) continue;
      return { rule: 'dropped-limit-holds', at: now, text: overloadText(over, now) };
    }
    return undefined;
  }

  /** The most per phase that stations below a circuit would let a new transaction draw, and the building's bound. */
  private floorsA(circuit: number): number {
    const { plan, world } = this.sight;
    const { site } = plan.scenario;
    const highest = site.uncontrolled.map(
      ({ boundW, phaseShares = [1 / 3] }) =>
        (Math.max(0, ...boundW) * Math.max(...phaseShares)) / site.voltage,
    );
    const bound = circuit === 0 ? Math.max(0, ...highest) : 0;
    return (this.wiring.below[circuit] ?? []).reduce((sum, id) => {
      const station = world.stations.get(id);
      if (station === undefined) return sum;
      const unit = station.station.current === 'DC' ? 3 * site.voltage : 1;
      return station.outlets.reduce(
        (inner, { evse }) => inner + (station.allowance(evse.id, 60, 'next')[0]?.limit ?? 0) / unit,
        sum,
      );
    }, bound);
  }
}
