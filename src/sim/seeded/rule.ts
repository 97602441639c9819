/** What rules are: their names, what they look at, and how one says that it does not hold. @module */
import type { EpochS } from '#domain/units';
import type { Loop } from '#engine/loop';
import type { SimStation } from '../station.ts';
import type { World } from '../world.ts';
import type { Overload } from './physics.ts';
import type { WorldPlan } from './world-plan.ts';

/** The names of the rules. */
export type RuleName =
  | 'permitted-fits'
  | 'draw-fits'
  | 'dropped-limit-holds'
  | 'rogue-is-fenced'
  | 'plans-end'
  | 'plans-go-on'
  | 'revisions-rise'
  | 'served-or-told'
  | 'told-in-time'
  | 'feasible-departures-met'
  | 'energy-agrees'
  | 'peaks-agree'
  | 'silence-is-told'
  | 'sleepers-are-woken'
  | 'bad-message-changes-nothing'
  | 'visits-as-said'
  | 'plan-is-possible'
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

/** A peak that the engine says it has counted. */
export interface ToldPeak {
  readonly line: string;
  readonly window: string;
  readonly kw: number;
}

/** An end of the engine's process, and the start of the next one; absent: none yet. */
export interface Death {
  readonly fromS: EpochS;
  untilS?: EpochS;
  /** The next process knows the site and nothing else. */
  readonly losesJournal: boolean;
}

/** What the engine has said on the bus, as far as rules need it. */
export interface Said {
  readonly shortfalls: Told[];
  /** By `evseKey`: since when it is known to be caught. */
  readonly caught: Map<string, EpochS>;
  /** Kinds and keys of alarms that stand, as `kind key`. */
  readonly alarms: Set<string>;
  /** By `evseKey`: meters that are said to be silent. */
  readonly silent: Set<string>;
  /** The last plan: its revision, its text and when it was told. */
  plan: { readonly revision: number; readonly text: () => string; readonly at: EpochS };
  /** What is wrong with the order of plans. */
  disorder?: string;
  /** What is wrong with the powers of a plan. */
  impossible?: string;
  /** Peaks as they were last told. */
  peaks: readonly ToldPeak[];
  /** Vehicles that were said to sleep on, by `evseKey`, and when. */
  readonly sleepers: { readonly key: string; readonly at: EpochS }[];
  readonly deaths: Death[];
  /** Since when the process of the engine runs; absent while none does. */
  upSince?: EpochS | undefined;
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

/** Rules of one family: each looks at the world after an instant, or at its end. */
export type Rule = (now: EpochS) => Breach | undefined;

/** An overload as a sentence. */
export function overloadText({ circuit, line, load, limit, at }: Overload, now: EpochS): string {
  const unit = line === 'total' ? 'W' : 'A';
  const when = at > now ? ` in ${at - now} s` : '';
  return `${circuit} ${line} carries ${load.toFixed(1)} ${unit} of ${limit} ${unit}${when}`;
}

/** Whether a station breaks what it declares by now. */
export function isRogue(plan: WorldPlan, stationId: string, now: EpochS): boolean {
  const from = plan.rogues[stationId];
  return from !== undefined && now >= from;
}

/** When stations were last without a connection, as far as somebody has looked. */
export class Reach {
  private readonly stations: readonly SimStation[];
  private readonly offlineAt = new Map<string, EpochS>();

  constructor(world: World) {
    this.stations = [...world.stations.values()];
  }

  look(now: EpochS): void {
    for (const { station, isConnected } of this.stations)
      if (!isConnected()) this.offlineAt.set(station.id, now);
  }

  /** Whether a station has been connected since an instant, itself included. */
  isSince(stationId: string, since: number): boolean {
    return (this.offlineAt.get(stationId) ?? 0) < since;
  }
}
