/**
 * What must hold in every world, each rule by its name. The rules look at sockets, at what simulated stations hold and at
 * what the engine says; none of them asks the ledger.
 * @module
 */
import { evseKey, type Evse, type Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { Loop } from '#engine/loop';
import type { World } from '../world.ts';
import {
  builtLimit,
  createFutures,
  firstOverload,
  loadsOf,
  wiringOf,
  type Futures,
  type Overload,
  type Wiring,
} from './physics.ts';
import { servesAll } from './departures.ts';
import { switchNames, type SwitchName, type WorldPlan } from './world-plan.ts';

/** The names of the rules. */
export type RuleName =
  | 'permitted-fits'
  | 'draw-fits'
  | 'dropped-limit-holds'
  | 'rogue-is-fenced'
  | 'plans-end'
  | 'revisions-rise'
  | 'served-or-told'
  | 'told-in-time'
  | 'feasible-departures-met'
  | 'energy-agrees'
  | 'bad-message-changes-nothing'
  | 'inbox-is-bounded'
  | 'heals'
  | 'transactions-agree'
  | 'replays'
  | 'engine-runs';

/** A rule that did not hold. */
export interface Breach {
  readonly rule: RuleName;
  readonly at: EpochS;
  readonly text: string;
}

/** A shortfall that the engine told of. */
export interface Told {
  readonly visitId: string;
  readonly at: EpochS;
}

/** What the engine has said on the bus, as far as rules need it. */
export interface Said {
  readonly shortfalls: Told[];
  /** By `evseKey`: since when it is known to be caught. */
  readonly caught: Map<string, EpochS>;
  /** The last plan: its revision and its text. */
  plan: { readonly revision: number; readonly text: string };
  /** What is wrong with the order of plans. */
  disorder?: string;
}

/** Everything that the rules look at. */
export interface Sight {
  readonly plan: WorldPlan;
  readonly world: World;
  readonly said: Said;
  readonly loop: () => Loop | undefined;
  /** true: nothing that was worked out before is used again. */
  readonly isSlow: boolean;
}

/** The watch over one world. */
export interface Watch {
  /** Looks at everything after an instant is over. */
  readonly check: (now: EpochS) => Breach | undefined;
  /** Looks at what must hold at the end. */
  readonly atEnd: (now: EpochS) => Breach | undefined;
  /** All stations hold their floors and the promise has begun. */
  readonly isCommissioned: () => boolean;
}

/** Time that the engine has to get room for a charger that it has caught. */
const fencedAfterS = 1200;
/** Time that the engine has after a limit was announced. */
const obeyedAfterS = 1200;
/** Inputs that may wait at the end of an instant. */
const waitingMax = 10_000;
/** A register and a true energy may differ by a sample. */
const energyToleranceWh = 60;

function overloadText({ circuit, line, load, limit, at }: Overload, now: EpochS): string {
  const unit = line === 'total' ? 'W' : 'A';
  const when = at > now ? ` in ${at - now} s` : '';
  return `${circuit} ${line} carries ${load.toFixed(1)} ${unit} of ${limit} ${unit}${when}`;
}

/** The watch over a world that has been built. */
export function createWatch(sight: Sight): Watch {
  return new Rules(sight);
}

class Rules implements Watch {
  private readonly sight: Sight;
  private readonly wiring: Wiring;
  private readonly futures: Futures;
  private readonly offlineAt = new Map<string, EpochS>();
  private readonly held = new Map<string, unknown>();
  private readonly plans = new Map<string, unknown>();
  private readonly announced: ReadonlySet<string>;
  private readonly circuits: ReadonlySet<string>;
  private known: { readonly visits?: unknown; readonly limits?: unknown } = {};
  private commissionedAt: EpochS | undefined;

  constructor(sight: Sight) {
    this.sight = sight;
    const { site, visits } = sight.plan.scenario;
    this.wiring = wiringOf(site);
    this.announced = new Set(visits.map(({ announced }) => announced.id));
    this.circuits = new Set(site.circuits.map(({ id }) => id));
    this.futures = createFutures(sight.plan, sight.world, this.wiring, sight.isSlow ? 'each' : 'changed');
  }

  readonly isCommissioned = (): boolean => this.commissionedAt !== undefined;

  readonly check = (now: EpochS): Breach | undefined => {
    for (const [id, station] of this.sight.world.stations) {
      if (!station.isConnected()) this.offlineAt.set(id, now);
    }
    const future = this.permittedFits(now);
    if (this.commissionedAt === undefined) return undefined;
    return (
      future ??
      this.drawFits(now) ??
      this.rogueIsFenced(now) ??
      this.droppedLimitHolds(now) ??
      this.plansEnd(now) ??
      this.revisionsRise(now) ??
      this.badMessageChangesNothing(now) ??
      this.inboxIsBounded(now)
    );
  };

  readonly atEnd = (now: EpochS): Breach | undefined =>
    this.commissioned(now) ??
    this.heals(now) ??
    this.transactionsAgree(now) ??
    this.energyAgrees(now) ??
    this.servedOrTold(now) ??
    this.feasibleDeparturesMet(now);

  private isRogue(stationId: string, now: EpochS): boolean {
    const from = this.sight.plan.rogues[stationId];
    return from !== undefined && now >= from;
  }

  /** I1, I5: what all stations would let be drawn, now and at every later instant, fits every line. */
  private permittedFits(now: EpochS): Breach | undefined {
    const over = this.futures.check(now, (id) => this.isRogue(id, now));
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
  private drawFits(now: EpochS): Breach | undefined {
    const { plan, world } = this.sight;
    const { site } = plan.scenario;
    const loads = loadsOf(world, site, this.wiring, (id) => this.isRogue(id, now));
    const over = firstOverload(site, loads, now, (circuit, line) => builtLimit(site, circuit, line));
    return over === undefined ? undefined : { rule: 'draw-fits', at: now, text: overloadText(over, now) };
  }

  /** A rogue that has been caught for a while counts in full, where everybody else could be reached all along. */
  private rogueIsFenced(now: EpochS): Breach | undefined {
    const { plan, world, said } = this.sight;
    const { site } = plan.scenario;
    if (said.caught.size === 0) return undefined;
    const judged = (id: string, evseId: number): boolean => {
      const since = said.caught.get(evseKey({ stationId: id, evseId }));
      return since !== undefined && since + fencedAfterS <= now;
    };
    const loads = loadsOf(
      world,
      site,
      this.wiring,
      (id, outlet) => this.isRogue(id, now) && !judged(id, outlet.evse.id),
    );
    const since = Math.min(...said.caught.values());
    const over = firstOverload(site, loads, now, (circuit, line) =>
      this.reachableSince(circuit, since) ? builtLimit(site, circuit, line) : Infinity,
    );
    return over === undefined
      ? undefined
      : { rule: 'rogue-is-fenced', at: now, text: overloadText(over, now) };
  }

  private reachableSince(circuit: number, since: number): boolean {
    if (this.sight.plan.network.loss > 0) return false;
    return (this.wiring.below[circuit] ?? []).every((id) => (this.offlineAt.get(id) ?? 0) < since);
  }

  /** A limit that was dropped holds where everybody could be reached and the floors fit it. */
  private droppedLimitHolds(now: EpochS): Breach | undefined {
    const { plan, world } = this.sight;
    const { site } = plan.scenario;
    for (const event of plan.events) {
      if (event.kind !== 'fault' || event.fault.kind !== 'limit') continue;
      const { circuit: name, limitA = Infinity, fromS, untilS, announcedAt } = event.fault;
      const from = Math.max(fromS, announcedAt + obeyedAfterS);
      if (now < from || now >= untilS) continue;
      const dropped = site.circuits.findIndex(({ id }) => id === name);
      const below = this.wiring.below[dropped] ?? [];
      if (!this.reachableSince(dropped, announcedAt) || below.some((id) => this.isRogue(id, now))) continue;
      if (this.floorsA(dropped) > limitA) continue;
      const loads = loadsOf(world, site, this.wiring, () => false);
      const over = firstOverload(site, loads, now, (circuit, line) =>
        circuit === dropped && line < 3 ? limitA : Infinity,
      );
      if (over !== undefined) return { rule: 'dropped-limit-holds', at: now, text: overloadText(over, now) };
    }
    return undefined;
  }

  /** The most per phase that stations below a circuit would let a new transaction draw, and the building's bound. */
  private floorsA(circuit: number): number {
    const { plan, world } = this.sight;
    const { site } = plan.scenario;
    const bound =
      circuit === 0
        ? Math.max(0, ...site.uncontrolled.flatMap(({ boundW }) => boundW)) / 3 / site.voltage
        : 0;
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

  /** I4: when its lease is over a plan allows nothing that a new transaction would not be allowed. */
  private plansEnd(now: EpochS): Breach | undefined {
    const { plan, world } = this.sight;
    const leaseS = plan.policy.leaseMaxS + plan.link.clockSkewS + 1;
    for (const [id, station] of world.stations) {
      const held = station.held();
      if (this.held.get(id) === held) continue;
      this.held.set(id, held);
      for (const { evse } of station.outlets) {
        const own = held.find(({ purpose, evseId }) => purpose === 'transaction' && evseId === evse.id);
        const isNew =
          own !== undefined && own !== this.plans.get(evseKey({ stationId: id, evseId: evse.id }));
        if (own !== undefined) this.plans.set(evseKey({ stationId: id, evseId: evse.id }), own);
        if (!isNew || this.isRogue(id, now)) continue;
        const running = station.allowance(evse.id, 3 * leaseS, 'running');
        const next = station.allowance(evse.id, 3 * leaseS, 'next');
        const last = running.findLast(({ startS }, i) => i > 0 && startS <= leaseS) ?? running[0];
        for (const piece of [last, ...running.filter(({ startS }) => startS > leaseS)]) {
          const from = Math.max(leaseS, piece?.startS ?? 0);
          const floor = next.findLast(({ startS }) => startS <= from)?.limit ?? 0;
          if ((piece?.limit ?? 0) <= floor + 0.01) continue;
          const text = `${id}/${evse.id} allows ${piece?.limit ?? 0} in ${from} s, a new transaction ${floor}`;
          return { rule: 'plans-end', at: now, text };
        }
      }
    }
    return undefined;
  }

  /** I13: what waits for the engine is bounded. */
  private inboxIsBounded(now: EpochS): Breach | undefined {
    const waiting = this.sight.loop()?.pending() ?? 0;
    return waiting <= waitingMax
      ? undefined
      : { rule: 'inbox-is-bounded', at: now, text: `${waiting} inputs wait` };
  }

  private commissioned(now: EpochS): Breach | undefined {
    if (this.commissionedAt !== undefined) return undefined;
    return { rule: 'heals', at: now, text: 'the stations never came to hold floors that fit' };
  }

  /** I12, I17: after everything has healed every station is connected and the engine knows it. */
  private heals(now: EpochS): Breach | undefined {
    const state = this.sight.loop()?.state();
    for (const [id, station] of this.sight.world.stations) {
      if (!station.isConnected()) return { rule: 'heals', at: now, text: `${id} has not come back` };
      if (state?.stations[id]?.up !== true)
        return { rule: 'heals', at: now, text: `the engine does not know that ${id} is there` };
    }
    return undefined;
  }

  /** I18: engine and stations know the same transactions. */
  private transactionsAgree(now: EpochS): Breach | undefined {
    const state = this.sight.loop()?.state();
    for (const [id, station] of this.sight.world.stations) {
      if (this.sight.plan.rogues[id] !== undefined) continue;
      for (const { evse } of station.outlets) {
        const real = station.transactionAt(evse.id);
        const believed = state?.stations[id]?.evses[evse.id]?.transaction?.id;
        if (real === believed || real === '') continue;
        const text = `${id}/${evse.id} runs ${real ?? 'nothing'}, the engine believes ${believed ?? 'nothing'}`;
        return { rule: 'transactions-agree', at: now, text };
      }
    }
    return undefined;
  }

  /** I9: the energy that the engine counts for a visit is what the vehicle took; in a calm night it misses none either. */
  private energyAgrees(now: EpochS): Breach | undefined {
    const { plan, loop, world } = this.sight;
    const state = loop()?.state();
    const drifting = this.stationsWith('meter-drifts');
    for (const { visitId, evse, deliveredWh, departedS, maxW } of world.visits()) {
      const counted = state?.visits[visitId];
      const [stationId = ''] = evse.split('/');
      if (counted === undefined || drifting.has(stationId)) continue;
      // Of a vehicle that is still there the last two samples may be to come.
      const unheardWh = departedS < now ? 0 : (maxW * 2 * plan.policy.sampleIntervalS) / 3600;
      const least = plan.on.length > 0 ? 0 : deliveredWh - unheardWh - energyToleranceWh;
      if (counted.deliveredWh >= least && counted.deliveredWh <= deliveredWh + energyToleranceWh) continue;
      const text = `${visitId} took ${deliveredWh} Wh, the engine counts ${Math.round(counted.deliveredWh)} Wh`;
      return { rule: 'energy-agrees', at: now, text };
    }
    return undefined;
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
  private servedOrTold(now: EpochS): Breach | undefined {
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

  /**
   * I8: where a count of its own serves the whole night by a wide margin, a vehicle leaves full whose station, line and
   * data nothing has disturbed, whatever goes wrong with the others.
   */
  private feasibleDeparturesMet(now: EpochS): Breach | undefined {
    const { plan, world } = this.sight;
    if (!plan.on.every((name) => localSwitches.has(name)) || Object.keys(plan.rogues).length > 0)
      return undefined;
    const disturbed = disturbedStations(plan);
    const short = world.visits().find(({ outcome, evse }) => {
      const [stationId = ''] = evse.split('/');
      return outcome === 'short' && !disturbed.has(stationId);
    });
    if (short === undefined) return undefined;
    const floorOf = (station: Station, evse: Evse): number => {
      const held = world.stations.get(station.id)?.allowance(evse.id, 60, 'next')[0]?.limit ?? 0;
      return station.current === 'DC' ? held / 3 / plan.scenario.site.voltage : held;
    };
    if (!servesAll(plan, floorOf)) return undefined;
    const { visitId, missingWh, neededWh } = short;
    const text = `${visitId} left ${missingWh} of ${neededWh} Wh short, and there was room for all`;
    return { rule: 'feasible-departures-met', at: now, text };
  }

  /** I6: no plan is told twice, and none after a later one, over all processes of the engine. */
  private revisionsRise(now: EpochS): Breach | undefined {
    const { disorder } = this.sight.said;
    return disorder === undefined ? undefined : { rule: 'revisions-rise', at: now, text: disorder };
  }

  /** I14: the engine knows visits, limits and loads that somebody has said in form, and no others. */
  private badMessageChangesNothing(now: EpochS): Breach | undefined {
    const state = this.sight.loop()?.state();
    if (state === undefined || !this.sight.plan.on.includes('bad-bus')) return undefined;
    const wrong =
      this.known.visits === state.visits && this.known.limits === state.limits
        ? undefined
        : (Object.keys(state.visits).find((id) => !this.announced.has(id)) ??
          state.limits.find((limit) => !(Number(limit.limitA ?? 0) >= 0 && this.circuits.has(limit.circuit)))
            ?.circuit);
    this.known = state;
    const load = Object.values(state.loads).find(({ powerW }) => !(powerW >= 0));
    if (wrong === undefined && load === undefined) return undefined;
    const text = `the engine believes ${wrong ?? JSON.stringify(load)}, which nobody said in form`;
    return { rule: 'bad-message-changes-nothing', at: now, text };
  }
}

/** Switches that touch single stations, or nothing but what the engine must refuse. */
const localSwitches: ReadonlySet<SwitchName> = new Set(
  switchNames.filter(
    (name) =>
      name.startsWith('persona-') || ['cut', 'half-open', 'partition', 'reboot', 'bad-bus'].includes(name),
  ),
);

/** Stations that something happens to in the night. */
function disturbedStations(plan: WorldPlan): ReadonlySet<string> {
  return new Set(
    plan.events.flatMap((event) => {
      if (event.kind === 'half-open') return [event.stationId];
      return event.kind === 'fault' && 'stationId' in event.fault ? [event.fault.stationId] : [];
    }),
  );
}
