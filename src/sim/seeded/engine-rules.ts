/** Rules on what the engine knows and says: bounds, bad messages, silent meters, and what has healed at the end. @module */
import { evseKey } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { State } from '#engine/state';
import type { Breach, Reach, Sight } from './rule.ts';
import type { WorldEvent } from './world-plan.ts';

/** Inputs that may wait at the end of an instant. */
const waitingMax = 10_000;
/** Sample intervals without a reading after which a meter is said to be silent, and seconds more for the way. */
const silentIntervals = 3;
const silentMoreS = 120;

const lookEveryS = 300;
/** Age of a reading of the site from which on it counts for nothing, and an interval for it to be noticed. */
const staleAfterS = 900 + 900;

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
  private readonly circuits: ReadonlySet<string>;
  private readonly blind: ReturnType<typeof blindStations>;
  private readonly dead: readonly Extract<WorldEvent, { kind: 'dead-meter' }>[];
  private lookAt = 0;
  private known: Pick<State, 'visits' | 'limits' | 'loads'> | undefined;

  constructor(sight: Sight, reach: Reach) {
    this.sight = sight;
    this.reach = reach;
    const { site, visits } = sight.plan.scenario;
    this.announced = new Set(visits.map(({ announced }) => announced.id));
    this.circuits = new Set(site.circuits.map(({ id }) => id));
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
    const staleAt = now - staleAfterS - plan.siteMeterS;
    const dead = this.dead.find(({ fromS, untilS }) => fromS <= staleAt && now < untilS);
    if (dead === undefined || said.upSince === undefined || said.upSince > staleAt) return undefined;
    // Of a meter that was dead when it began a process without a journal has never heard.
    if (plan.on.includes('journal-lost') && said.upSince > dead.fromS) return undefined;
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
    if (state === undefined || !this.sight.plan.on.includes('bad-bus')) return undefined;
    const { visits, limits, loads } = state;
    const wrong =
      this.known?.visits === visits && this.known.limits === limits
        ? undefined
        : (Object.keys(visits).find((id) => !this.announced.has(id)) ??
          limits.find((limit) => !(Number(limit.limitA ?? 0) >= 0 && this.circuits.has(limit.circuit)))
            ?.circuit);
    const load =
      this.known?.loads === loads ? undefined : Object.values(loads).find(({ powerW }) => !(powerW >= 0));
    this.known = { visits, limits, loads };
    if (wrong === undefined && load === undefined) return undefined;
    const text = `the engine believes ${wrong ?? JSON.stringify(load)}, which nobody said in form`;
    return { rule: 'bad-message-changes-nothing', at: now, text };
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
