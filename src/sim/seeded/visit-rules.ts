/** Rules on vehicles: what they took is what is counted, and they leave full or it was told in time. @module */
import { evseKey } from '#domain/site';
import type { EpochS } from '#domain/units';
import { offerOf, type Outlet } from '../outlet.ts';
import type { SimVisit } from '../scenario-cast.ts';
import type { Breach, Sight } from './rule.ts';

/** A register and a true energy may differ by a sample. */
const energyToleranceWh = 60;
/** How often sleepers are looked at. */
const lookEveryS = 300;
/** Times that the engine waits for a vehicle: before its first pulse and after each of them; and time for the rest. */
const wakingTries = 3;
const wakingMoreS = 2400;
/** A vehicle that has this part of its energy, but for so much, may pass for full. */
const servedShare = 0.9;
const servedWh = 500;

/** The rules on the visits of one world. */
export class VisitRules {
  private readonly sight: Sight;

  /** By `evseKey`: seconds that a vehicle has been offered power in its sleep. */
  private readonly asleepS = new Map<string, number>();
  private readonly byVehicle: ReadonlyMap<string, SimVisit>;
  private readonly sleepMaxS: number;
  private lookAt = 0;
  private lookedAt = 0;

  constructor(sight: Sight) {
    this.sight = sight;
    const { scenario, policy } = sight.plan;
    const { visits } = scenario;
    this.sleepMaxS = wakingTries * (policy.asleepAfterS + 2 * policy.sampleIntervalS) + wakingMoreS;
    this.byVehicle = new Map(visits.map((visit) => [visit.announced.vehicleId, visit]));
  }

  /**
   * A vehicle that sleeps on after a pause and is offered power is woken, or it is told that somebody has to go there. Time
   * counts while its station can be reached and offers it something.
   */
  sleepersAreWoken(now: EpochS): Breach | undefined {
    const { plan, world, said } = this.sight;
    if (now < this.lookAt || plan.network.loss > 0 || plan.link.lateS > 120) return undefined;
    const sinceS = Math.min(lookEveryS, now - this.lookedAt);
    this.lookedAt = now;
    this.lookAt = now + lookEveryS;
    for (const [id, station] of world.stations) {
      if (station.station.current === 'DC' || plan.rogues[id] !== undefined) continue;
      const isThere = said.upSince !== undefined && station.isConnected();
      for (const outlet of station.outlets) {
        const key = evseKey({ stationId: id, evseId: outlet.evse.id });
        const asleepS = this.sleptS(key, outlet, isThere ? sinceS : 0);
        if (asleepS <= this.sleepMaxS || [...said.alarms].some((alarm) => alarm.endsWith(` ${key}`)))
          continue;
        const text = `the vehicle at ${key} has slept for ${asleepS} s at which it was offered power, and nobody said so`;
        return { rule: 'sleepers-are-woken', at: now, text };
      }
    }
    return undefined;
  }

  /** Seconds that the vehicle at an AC outlet has been offered power in its sleep, the last `moreS` included. */
  private sleptS(key: string, outlet: Outlet, moreS: number): number {
    if (!outlet.asleep || this.isServed(outlet)) {
      this.asleepS.delete(key);
      return 0;
    }
    const asleepS = (this.asleepS.get(key) ?? 0) + (offerOf(outlet, 'AC') > 0 ? moreS : 0);
    this.asleepS.set(key, asleepS);
    return asleepS;
  }

  /** Whether a vehicle has about what was announced for it, or nobody announced it. */
  private isServed(outlet: Outlet): boolean {
    const visit = this.byVehicle.get(outlet.vehicle?.id ?? '');
    if (visit === undefined || outlet.vehicle === undefined) return true;
    const leastWh = Math.min(visit.announced.energyWh, outlet.vehicle.needWh);
    return outlet.takenWh > servedShare * leastWh - servedWh;
  }

  /** I9: the energy that the engine counts for a visit is what the vehicle took; in a calm night it misses none either. */
  energyAgrees(now: EpochS): Breach | undefined {
    const { plan, loop, world } = this.sight;
    const state = loop()?.state();
    // A register that stood still shows the energy of the vehicles before when it goes on.
    const wrong = new Set([...this.stationsWith('meter-drifts'), ...this.stationsWith('meter-repeats')]);
    for (const { visitId, evse, deliveredWh, departedS, maxW } of world.visits()) {
      const counted = state?.visits[visitId];
      const [stationId = ''] = evse.split('/');
      if (counted === undefined || wrong.has(stationId) || this.mayBeMistaken(evse)) continue;
      // Of a vehicle that is still there the last two samples may be to come.
      const unheardWh = departedS < now ? 0 : (maxW * 2 * plan.policy.sampleIntervalS) / 3600;
      const least = plan.on.length > 0 ? 0 : deliveredWh - unheardWh - energyToleranceWh;
      if (counted.deliveredWh >= least && counted.deliveredWh <= deliveredWh + energyToleranceWh) continue;
      const text = `${visitId} took ${deliveredWh} Wh, the engine counts ${Math.round(counted.deliveredWh)} Wh`;
      return { rule: 'energy-agrees', at: now, text };
    }
    return undefined;
  }

  /**
   * Whether a vehicle may be taken for the next one of its place: a process without a journal meets it as it charges, unnamed,
   * and nobody tells of a visit that is over.
   */
  private mayBeMistaken(evse: string): boolean {
    const { plan } = this.sight;
    if (!plan.on.includes('journal-lost')) return false;
    return plan.scenario.visits.filter(({ announced }) => evseKey(announced.evse) === evse).length > 1;
  }

  private stationsWith(persona: string): ReadonlySet<string> {
    return new Set(
      this.sight.plan.events.flatMap((event) =>
        event.kind === 'fault' && event.fault.kind === 'persona' && event.fault.persona === persona
          ? [event.fault.stationId]
          : [],
      ),
    );
  }

  /** I8: in a night in which nothing goes wrong a vehicle leaves full, or the engine has said in time that it cannot. */
  servedOrTold(now: EpochS): Breach | undefined {
    const { plan, world, said } = this.sight;
    if (plan.on.length > 0) return undefined;
    for (const { visitId, outcome, departedS, missingWh, neededWh, maxW } of world.visits()) {
      if (outcome !== 'short') continue;
      const short = `${visitId} left ${missingWh} of ${neededWh} Wh short and`;
      const first = said.shortfalls.find((told) => told.visitId === visitId && told.at < departedS);
      if (first === undefined) return { rule: 'served-or-told', at: now, text: `${short} nobody said so` };
      // What was missing in the end could have been charged from then on, if there had been room.
      const inevitableS = departedS - (missingWh * 3600) / maxW;
      if (first.at <= inevitableS) continue;
      const text = `${short} it was said ${departedS - first.at} s before, too late for anything to help`;
      return { rule: 'told-in-time', at: now, text };
    }
    return undefined;
  }
}
