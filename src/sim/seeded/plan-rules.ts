/** Rules on plans: they end with their lease, come in order, and go on. @module */
import type { EpochS } from '#domain/units';
import type { HeldProfile } from '../own-composite.ts';
import type { SimVisit } from '../scenario-cast.ts';
import type { SimStation } from '../station.ts';
import { isRogue, type Breach, type Reach, type Sight } from './rule.ts';

/** Time in which a running engine that reaches a hungry vehicle tells a plan: three intervals of planning. */
const plannedWithinS = 2700;
/** How often this is looked at. */
const lookEveryS = 300;
/** Energy that is nearly nothing: a vehicle that misses no more may have been served. */
const servedWh = 1000;
/** Kinds of alarms that say why no plan is made. */
const reasons = ['solver-failed', 'plan-not-certified', 'fleet-unheard', 'fleet-silent'] as const;

/** A station, the profiles that it held at the last look, and the last plan of each EVSE. */
interface WatchedStation {
  readonly id: string;
  readonly station: SimStation;
  held: unknown;
  readonly plans: Map<number, HeldProfile>;
  /** What a new transaction would be allowed after a lease when it was last looked at, by EVSE id. */
  readonly floors: Map<number, number>;
}

/** The rules on plans of one world. */
export class PlanRules {
  private readonly sight: Sight;
  private readonly reach: Reach;
  private readonly watched: readonly WatchedStation[];
  private lookAt = 0;

  constructor(sight: Sight, reach: Reach) {
    this.sight = sight;
    this.reach = reach;
    this.watched = [...sight.world.stations].map(([id, station]) => ({
      id,
      station,
      held: undefined,
      plans: new Map(),
      floors: new Map(),
    }));
  }

  /**
   * I4: when its lease is over a plan allows nothing that a new transaction would not be allowed. A plan that left before a
   * floor was lowered may come with it.
   */
  plansEnd(now: EpochS): Breach | undefined {
    const { plan } = this.sight;
    const leaseS = plan.policy.leaseMaxS + plan.link.clockSkewS + 1;
    for (const watched of this.watched) {
      const { id, station, plans, floors } = watched;
      const held = station.held();
      if (watched.held === held) continue;
      watched.held = held;
      for (const { evse } of station.outlets) {
        const own = held.find(({ purpose, evseId }) => purpose === 'transaction' && evseId === evse.id);
        const isNew = own !== undefined && own !== plans.get(evse.id);
        if (own !== undefined) plans.set(evse.id, own);
        const before = floors.get(evse.id) ?? 0;
        const next = station.allowance(evse.id, 3 * leaseS, 'next');
        floors.set(evse.id, next.findLast(({ startS }) => startS <= leaseS)?.limit ?? 0);
        if (!isNew || isRogue(plan, id, now)) continue;
        const running = station.allowance(evse.id, 3 * leaseS, 'running');
        const last = running.findLast(({ startS }, i) => i > 0 && startS <= leaseS) ?? running[0];
        for (const piece of [last, ...running.filter(({ startS }) => startS > leaseS)]) {
          const from = Math.max(leaseS, piece?.startS ?? 0);
          const floor = next.findLast(({ startS }) => startS <= from)?.limit ?? 0;
          if ((piece?.limit ?? 0) <= Math.max(floor, before) + 0.01) continue;
          const text = `${id}/${evse.id} allows ${piece?.limit ?? 0} in ${from} s, a new transaction ${floor}`;
          return { rule: 'plans-end', at: now, text };
        }
      }
    }
    return undefined;
  }

  /** No plan gives a vehicle more than it takes, whatever the solver answers. */
  planIsPossible(now: EpochS): Breach | undefined {
    const { impossible } = this.sight.said;
    return impossible === undefined ? undefined : { rule: 'plan-is-possible', at: now, text: impossible };
  }

  /** I6: no plan is told twice, and none after a later one, over all processes of the engine. */
  revisionsRise(now: EpochS): Breach | undefined {
    const { disorder } = this.sight.said;
    return disorder === undefined ? undefined : { rule: 'revisions-rise', at: now, text: disorder };
  }

  /** A running engine that reaches a vehicle which still wants energy tells plans, or says why it makes none. */
  plansGoOn(now: EpochS): Breach | undefined {
    const { said } = this.sight;
    if (now < this.lookAt || said.upSince === undefined) return undefined;
    this.lookAt = now + lookEveryS;
    const since = now - plannedWithinS;
    if (said.upSince > since || said.plan.at > since) return undefined;
    const isTold = [...said.alarms].some((alarm) => reasons.some((kind) => alarm.startsWith(kind)));
    if (isTold) return undefined;
    const hungry = this.sight.plan.scenario.visits.find((visit) => this.isHungry(visit, since, now));
    if (hungry === undefined) return undefined;
    const text = `no plan was told for ${now - Math.max(said.upSince, said.plan.at)} s, and ${hungry.announced.id} waits`;
    return { rule: 'plans-go-on', at: now, text };
  }

  /** Whether a vehicle that was announced has been at a station that could be reached, and lacks what was announced. */
  private isHungry(
    { announced, announcedAt, arrivesAt, departsAt }: SimVisit,
    since: number,
    now: EpochS,
  ): boolean {
    const { plan, world, said } = this.sight;
    const { stationId, evseId } = announced.evse;
    if (Math.max(arrivesAt, announcedAt, announced.arrivesAt) > since) return false;
    if (Math.min(departsAt, announced.departsAt) < now + plannedWithinS) return false;
    if (!this.reach.isSince(stationId, since) || plan.rogues[stationId] !== undefined) return false;
    // What is wrong with the station has been said: it answers nothing, refuses its profiles, or is faulted.
    if ([...said.alarms].some((alarm) => alarm.split(/[ /]/)[1] === stationId)) return false;
    const outlet = world.stations.get(stationId)?.outlets.find(({ evse }) => evse.id === evseId);
    return (
      outlet?.vehicle?.id === announced.vehicleId &&
      outlet.live &&
      outlet.takenWh < Math.min(announced.energyWh, outlet.vehicle.needWh) - servedWh
    );
  }
}
