/** The rule on departures: no vehicle leaves short for which there was energy, whatever befell the depot. @module */
import { evseKey, type Evse, type Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { VisitOutcome } from '../night-result.ts';
import type { SimVisit } from '../scenario-cast.ts';
import { Departures, quarterS, type NightSeen } from './departures.ts';
import { outagesOf } from './outages.ts';
import type { Breach, Sight } from './rule.ts';

/** How often sleepers are looked at. */
const lookEveryS = 300;
/**
 * Multiple of its need that has to be left unused while a vehicle is there. A plan that goes round leaves a part of each
 * quarter hour unused, and it is heard late that a vehicle is full: of 233 vehicles that left short in 105 nights the most
 * had 1.16 of theirs, and the next 0.80.
 */
const unusedMore = 1.25;
/** Part of the energy of the count that the depot must have given out in all. The least of those nights was 0.98. */
const leastShare = 0.9;

/** The rule on the departures of one world. */
export class DepartureRules {
  private readonly sight: Sight;
  private readonly visits: ReadonlyMap<string, SimVisit>;
  /** Quarter hours in which the vehicle at an EVSE slept, as `key quarter`. */
  private readonly asleep = new Set<string>();
  private lookAt = 0;

  constructor(sight: Sight) {
    this.sight = sight;
    this.visits = new Map(sight.plan.scenario.visits.map((visit) => [visit.announced.id, visit]));
  }

  /** Takes down who sleeps. */
  look(now: EpochS): void {
    const { plan, world } = this.sight;
    if (now < this.lookAt) return;
    this.lookAt = now + lookEveryS;
    const quarter = Math.floor((now - plan.scenario.startS) / quarterS);
    for (const [stationId, { outlets }] of world.stations)
      for (const { evse, asleep } of outlets)
        if (asleep) this.asleep.add(`${evseKey({ stationId, evseId: evse.id })} ${quarter}`);
  }

  /** I8: a vehicle leaves full that a count of its own fills with less room and time than the engine had. */
  feasibleDeparturesMet(now: EpochS): Breach | undefined {
    const outcomes = this.sight.world.visits();
    const judged = new Set(outcomes.filter((one) => this.isJudged(one)));
    const short = [...judged].filter(({ outcome }) => outcome === 'short');
    if (short.length === 0) return undefined;
    const departures = new Departures(this.seen(now));
    const shares = departures.shares();
    for (const { visitId, missingWh, neededWh } of short) {
      const visit = this.visits.get(visitId);
      const unusedWh = visit === undefined ? 0 : departures.unusedWh(visit);
      const why =
        shares.get(visitId)?.isForAll === true
          ? 'there was room for all'
          : unusedWh >= unusedMore * neededWh
            ? `${Math.round(unusedWh)} Wh of room were left unused while it was there`
            : undefined;
      if (why === undefined) continue;
      const text = `${visitId} left ${missingWh} of ${neededWh} Wh short, and ${why}`;
      return { rule: 'feasible-departures-met', at: now, text };
    }
    let givenWh = 0;
    let tookWh = 0;
    for (const one of outcomes) {
      const shareWh = shares.get(one.visitId)?.givenWh ?? 0;
      const ownWh = one.neededWh - one.missingWh;
      // What others took beyond what the count gives them was given out, too.
      tookWh += judged.has(one) ? ownWh : Math.max(0, ownWh - shareWh);
      givenWh += judged.has(one) ? shareWh : 0;
    }
    if (tookWh >= leastShare * givenWh) return undefined;
    const text = `${short.length} vehicles left short, and ${tookWh} Wh were given out where ${Math.round(givenWh)} Wh could be had`;
    return { rule: 'feasible-departures-met', at: now, text };
  }

  /**
   * Whether a vehicle did as announced at a station that does as it declares. One that sleeps after a pause is judged
   * where nobody was called to it.
   */
  private isJudged({ visitId, outcome }: VisitOutcome): boolean {
    const visit = this.visits.get(visitId);
    if (visit === undefined || outcome === 'still-here') return false;
    const { plan, said } = this.sight;
    const { announced, arrivesAt, departsAt, energyWh, taperFrom } = visit;
    const isTrue =
      arrivesAt === announced.arrivesAt &&
      departsAt === announced.departsAt &&
      energyWh >= announced.energyWh &&
      taperFrom === undefined;
    if (!isTrue || plan.rogues[announced.evse.stationId] !== undefined) return false;
    const isWrong = plan.events.some(
      (event) =>
        event.kind === 'fault' &&
        event.fault.kind === 'persona' &&
        event.fault.stationId === announced.evse.stationId &&
        event.fault.persona !== 'wakes-on-pulse',
    );
    const key = evseKey(announced.evse);
    const isCalled = said.sleepers.some(
      (one) => one.key === key && arrivesAt <= one.at && one.at < departsAt,
    );
    return !isWrong && !isCalled && !this.mayBeMistaken(key);
  }

  /** Whether a vehicle may be taken for another one of its place: a process without a journal met it as it charged. */
  private mayBeMistaken(key: string): boolean {
    if (!this.sight.said.deaths.some(({ losesJournal }) => losesJournal)) return false;
    return (
      this.sight.plan.scenario.visits.filter(({ announced }) => evseKey(announced.evse) === key).length > 1
    );
  }

  private seen(now: EpochS): NightSeen {
    const { plan, world, said } = this.sight;
    const { site } = plan.scenario;
    const { stepS, offeredW } = world.truth.samples();
    const steps = quarterS / stepS;
    const phasesOf = new Map(
      site.stations.flatMap(({ id, current, evses }) =>
        evses.map((evse) => [
          evseKey({ stationId: id, evseId: evse.id }),
          current === 'DC' ? 3 : evse.rotation.length,
        ]),
      ),
    );
    return {
      plan,
      floorOf: (station: Station, evse: Evse): number => {
        const held = world.stations.get(station.id)?.allowance(evse.id, 60, 'next')[0]?.limit ?? 0;
        return station.current === 'DC' ? held / 3 / site.voltage : held;
      },
      outages: outagesOf(plan, world.comms.spans(now), said.deaths, now),
      isAsleep: (key, quarter) => this.asleep.has(`${key} ${quarter}`),
      offeredA: (key, quarter) => {
        const own = offeredW[key]?.slice(quarter * steps, (quarter + 1) * steps) ?? [];
        return Math.max(0, ...own) / site.voltage / (phasesOf.get(key) ?? 3);
      },
    };
  }
}
