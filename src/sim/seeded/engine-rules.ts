/** Rules on what the engine knows and says: bounds, bad messages, silent meters, and what has healed at the end. @module */
import { evseKey } from '#domain/site';
import type { EpochS } from '#domain/units';
import { jsonOf } from '#engine/json';
import type { State } from '#engine/state';
import type { Breach, Reach, Sight } from './rule.ts';
import { heardAt } from './rough-bus.ts';
import { otherSiteW } from './draw-later.ts';
import type { SwitchName, WorldEvent } from './world-plan.ts';

/** Inputs that may wait at the end of an instant. */
const waitingMax = 10_000;
/** Sample intervals without a reading after which a meter is said to be silent, and seconds more for the way. */
const silentIntervals = 3;
const silentMoreS = 120;

const lookEveryS = 300;
/** Age of a reading of the site from which on it counts for nothing, and an interval for it to be noticed. */
const staleAfterS = 900 + 900;

/** Switches under which the engine hears visits late, twice, in another order, or while it is not there. */
const deafening: ReadonlySet<SwitchName> = new Set([
  'engine-crash',
  'journal-lost',
  'crash-amid',
  'disk-full',
  'old-site',
  'stall',
  'solver-slow',
  'bus-late',
  'bus-repeats',
]);

/** Stations whose meters fall silent, and when. */
function blindStations(
  events: readonly WorldEvent[],
): ReadonlyMap<string, { readonly fromS: EpochS; readonly untilS: EpochS }> {
  return new Map(
    events.flatMap((event) =>
      event.kind === 'fault' && event.fault.kind === 'persona' && event.fault.persona === 'blind-meter'
        ? [[event.fault.stationId, event.fault] as const]
        : [],
    ),
  );
}

/** The rules on the engine of one world. */
export class EngineRules {
  private readonly sight: Sight;
  private readonly reach: Reach;
  private readonly announced: ReadonlySet<string>;
  /** Limits that somebody has said, as `circuit amperes`. */
  private readonly limits: ReadonlySet<string>;
  private readonly blind: ReturnType<typeof blindStations>;
  private readonly dead: readonly Extract<WorldEvent, { kind: 'dead-meter' }>[];
  private lookAt = 0;
  private known: Pick<State, 'visits' | 'limits' | 'loads'> | undefined;

  constructor(sight: Sight, reach: Reach) {
    this.sight = sight;
    this.reach = reach;
    const { visits } = sight.plan.scenario;
    this.announced = new Set(visits.map(({ announced }) => announced.id));
    this.limits = new Set(
      sight.plan.events.flatMap((event) =>
        event.kind === 'fault' && event.fault.kind === 'limit'
          ? [`${event.fault.circuit} ${event.fault.limitA ?? ''}`]
          : [],
      ),
    );
    this.blind = blindStations(sight.plan.events);
    this.dead = sight.plan.events.flatMap((event) => (event.kind === 'dead-meter' ? [event] : []));
  }

  /** I13: what waits for the engine is bounded. */
  inboxIsBounded(now: EpochS): Breach | undefined {
    const waiting = this.sight.loop()?.pending() ?? 0;
    return waiting <= waitingMax
      ? undefined
      : { rule: 'inbox-is-bounded', at: now, text: `${waiting} inputs wait` };
  }

  /**
   * I15: a meter that says nothing while a vehicle charges is told of within its bound, where its station and the engine
   * have been there all along.
   */
  silenceIsTold(now: EpochS): Breach | undefined {
    const { plan, world, said } = this.sight;
    if (this.blind.size === 0 || now < this.lookAt || said.upSince === undefined) return undefined;
    this.lookAt = now + lookEveryS;
    const boundS = silentIntervals * plan.policy.sampleIntervalS + silentMoreS + plan.link.lateS;
    const since = now - boundS;
    if (said.upSince > since || plan.network.loss > 0) return undefined;
    for (const [id, { fromS, untilS }] of this.blind) {
      const station = world.stations.get(id);
      if (station === undefined || fromS > since || now >= untilS || !this.reach.isSince(id, since)) continue;
      for (const { evse, live, liveFromS } of station.outlets) {
        const key = evseKey({ stationId: id, evseId: evse.id });
        if (!live || liveFromS > since || said.silent.has(key)) continue;
        const text = `${key} has charged for ${now - liveFromS} s without a reading, and nobody said so`;
        return { rule: 'silence-is-told', at: now, text };
      }
    }
    return undefined;
  }

  /** I15: the meter at the grid connection is never taken for fresh when it has said nothing for long. */
  deadMeterIsTold(now: EpochS): Breach | undefined {
    const { plan, said } = this.sight;
    const staleAt = now - staleAfterS - plan.siteMeterS - plan.bus.lateMaxS - plan.bus.repeatMaxS;
    const dead = this.dead.find(({ fromS, untilS }) => fromS <= staleAt && now < untilS);
    if (dead === undefined || said.upSince === undefined || said.upSince > staleAt) return undefined;
    // A process without a journal cannot know of a meter that was dead before its first reading there could come.
    const metUntil = said.upSince + plan.siteMeterS + plan.bus.lateMaxS;
    if (plan.on.includes('journal-lost') && metUntil > dead.fromS) return undefined;
    if (said.alarms.has(`site-meter-stale ${plan.scenario.site.id}`)) return undefined;
    return {
      rule: 'silence-is-told',
      at: now,
      text: 'the meter at the grid connection is dead, and nobody said so',
    };
  }

  /** I14: the engine knows visits, limits and loads that somebody has said in form, and no others. */
  badMessageChangesNothing(now: EpochS): Breach | undefined {
    const state = this.sight.loop()?.state();
    const { on } = this.sight.plan;
    if (state === undefined || !(on.includes('bad-bus') || on.includes('other-site'))) return undefined;
    const { visits, limits, loads } = state;
    const wrong =
      this.known?.visits === visits && this.known.limits === limits
        ? undefined
        : (Object.keys(visits).find((id) => !this.announced.has(id)) ??
          limits.find(({ circuit, limitA }) => !this.limits.has(`${circuit} ${limitA ?? ''}`))?.circuit);
    const load =
      this.known?.loads === loads
        ? undefined
        : Object.values(loads).find(({ powerW }) => !(powerW >= 0) || powerW === otherSiteW);
    this.known = { visits, limits, loads };
    if (wrong === undefined && load === undefined) return undefined;
    const text = `the engine believes ${wrong ?? JSON.stringify(load)}, which nobody said in form`;
    return { rule: 'bad-message-changes-nothing', at: now, text };
  }

  /** At the end the engine knows of each visit what was said of it last. */
  visitsAsSaid(now: EpochS): Breach | undefined {
    const { plan, loop } = this.sight;
    if (plan.on.some((name) => deafening.has(name))) return undefined;
    const known = loop()?.state().visits ?? {};
    for (const { announced, announcedAt } of plan.scenario.visits) {
      const visit = known[announced.id]?.visit;
      // What was said too late was refused.
      if (visit === undefined || heardAt(plan, announcedAt) >= announced.departsAt) continue;
      if (jsonOf(visit) === jsonOf(announced)) continue;
      const text = `of ${announced.id} ${jsonOf(announced)} was said last, the engine knows ${jsonOf(visit)}`;
      return { rule: 'visits-as-said', at: now, text };
    }
    return undefined;
  }

  /** I12, I17: after everything has healed every station is connected and the engine knows it. */
  heals(now: EpochS): Breach | undefined {
    const state = this.sight.loop()?.state();
    for (const [id, station] of this.sight.world.stations) {
      if (!station.isConnected()) return { rule: 'heals', at: now, text: `${id} has not come back` };
      if (state?.stations.get(id)?.up !== true)
        return { rule: 'heals', at: now, text: `the engine does not know that ${id} is there` };
    }
    return undefined;
  }

  /** I18: engine and stations know the same transactions. */
  transactionsAgree(now: EpochS): Breach | undefined {
    const state = this.sight.loop()?.state();
    for (const [id, station] of this.sight.world.stations) {
      if (this.sight.plan.rogues[id] !== undefined) continue;
      for (const { evse } of station.outlets) {
        const real = station.transactionAt(evse.id);
        const believed = state?.stations.get(id)?.evses[evse.id]?.transaction?.id;
        if (real === believed || real === '') continue;
        const text = `${id}/${evse.id} runs ${real ?? 'nothing'}, the engine believes ${believed ?? 'nothing'}`;
        return { rule: 'transactions-agree', at: now, text };
      }
    }
    return undefined;
  }
}
