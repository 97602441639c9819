/**
 * The composite limit as a charging station computes it for itself, point by point from the rules of the standard. It
 * shares no code with the engine's composite, so that each can catch the other.
 * Source: OCPP 1.6 3.13 and 5.16; OCPP 2.0.1 part 2 K01.FR.05-53, 3.5, K08; OCPP 2.1 part 2 K01.FR.101-103.
 * @module
 */
import type { EpochS } from '#domain/units';
import { instantAt, numberAt, recordOf, recordsOf, textAt, type JsonRecord } from './wire-reading.ts';

/** A charging profile that the station holds, read from the wire form of its version. */
export interface HeldProfile {
  /** 0: the whole station. */
  readonly evseId: number;
  readonly id: number;
  readonly stackLevel: number;
  readonly purpose: 'max' | 'default' | 'transaction' | 'external';
  readonly kind: 'Absolute' | 'Relative' | 'Recurring';
  /** Seconds after which a recurring profile starts again. */
  readonly everyS?: number | undefined;
  readonly validFromS?: EpochS | undefined;
  readonly validToS?: EpochS | undefined;
  readonly transactionId?: string | undefined;
  readonly unit: 'A' | 'W';
  readonly startS?: EpochS | undefined;
  readonly durationS?: number | undefined;
  readonly periods: readonly HeldPeriod[];
  /** 2.1: not valid while offline for longer than this. */
  readonly offlineMaxS?: number | undefined;
  /** Exactly as it came, for reports. */
  readonly wire: JsonRecord;
}

/** A limit from `atS` seconds after the start of the schedule on. */
export interface HeldPeriod {
  readonly atS: number;
  readonly limit: number;
  readonly phases: number;
}

/** What the station knows of itself when it works out a limit. */
export interface CompositeView {
  readonly version: '1.6' | '2.0.1' | '2.1';
  readonly held: readonly HeldProfile[];
  readonly evseId: number;
  /** The transaction there; absent: as if one began at `assumedStartS`. */
  readonly transaction?: { readonly id: string | undefined; readonly startedS: EpochS } | undefined;
  readonly assumedStartS: EpochS;
  /** Unit that the EVSE works in: A per phase, or W in total. */
  readonly unit: 'A' | 'W';
  readonly voltage: number;
  /** Phases of the EVSE. */
  readonly phases: number;
  /** What it may draw where nothing is installed, in `unit`. */
  readonly hardware: number;
  readonly offlineSinceS?: EpochS | undefined;
  /** Reads durations and ends of validity; a station with this defect does not. */
  readonly ignoresDuration?: boolean;
  readonly ignoresValidTo?: boolean;
}

const purposes: Readonly<Record<string, HeldProfile['purpose']>> = {
  ChargePointMaxProfile: 'max',
  ChargingStationMaxProfile: 'max',
  TxDefaultProfile: 'default',
  TxProfile: 'transaction',
  ChargingStationExternalConstraints: 'external',
};

function heldPeriodsOf(schedule: JsonRecord): readonly HeldPeriod[] | undefined {
  const periods: HeldPeriod[] = [];
  for (const period of recordsOf(schedule['chargingSchedulePeriod'])) {
    const atS = numberAt(period, 'startPeriod');
    const limit = numberAt(period, 'limit');
    if (atS === undefined || limit === undefined) return undefined;
    periods.push({ atS, limit, phases: numberAt(period, 'numberPhases') ?? 3 });
  }
  return periods.length === 0 ? undefined : periods;
}

/** Reads the `csChargingProfiles` of 1.6 or the `chargingProfile` of 2.x; undefined where a required part is missing. */
export function heldProfileOf(
  version: CompositeView['version'],
  evseId: number,
  wire: JsonRecord,
): HeldProfile | undefined {
  const old = version === '1.6';
  const schedule = old ? recordOf(wire['chargingSchedule']) : recordsOf(wire['chargingSchedule'])[0];
  const id = numberAt(wire, old ? 'chargingProfileId' : 'id');
  const stackLevel = numberAt(wire, 'stackLevel');
  const purpose = purposes[textAt(wire, 'chargingProfilePurpose') ?? ''];
  const kind = textAt(wire, 'chargingProfileKind');
  const unit = textAt(schedule, 'chargingRateUnit');
  if (schedule === undefined || id === undefined || stackLevel === undefined || purpose === undefined)
    return undefined;
  if (kind !== 'Absolute' && kind !== 'Relative' && kind !== 'Recurring') return undefined;
  if (unit !== 'A' && unit !== 'W') return undefined;
  const periods = heldPeriodsOf(schedule);
  if (periods === undefined) return undefined;
  const recurrency = textAt(wire, 'recurrencyKind');
  const transaction = old ? numberAt(wire, 'transactionId') : textAt(wire, 'transactionId');
  const validFromS = instantAt(wire, 'validFrom');
  const validToS = instantAt(wire, 'validTo');
  const startS = instantAt(schedule, 'startSchedule');
  const durationS = numberAt(schedule, 'duration');
  const offlineMaxS = numberAt(wire, 'maxOfflineDuration');
  return {
    evseId,
    id,
    stackLevel,
    purpose,
    kind,
    unit,
    periods,
    wire,
    everyS: kind !== 'Recurring' ? undefined : recurrency === 'Weekly' ? 7 * 86400 : 86400,
    transactionId: transaction === undefined ? undefined : String(transaction),
    validFromS,
    validToS,
    startS,
    durationS,
    offlineMaxS,
  };
}

/** Seconds of the schedule that have run at `at`; undefined before its start. */
function elapsedOf(profile: HeldProfile, view: CompositeView, at: number): number | undefined {
  const begin = view.transaction?.startedS ?? view.assumedStartS;
  // 1.6 leaves the start of an Absolute schedule optional; then it counts from the start of charging.
  const startS = profile.kind === 'Relative' ? begin : (profile.startS ?? begin);
  if (at < startS) return undefined;
  const elapsed = at - startS;
  return profile.everyS === undefined ? elapsed : elapsed % profile.everyS;
}

/** The period of a profile that holds at `at`; undefined in a gap, before its start or after its end. */
function periodAt(profile: HeldProfile, view: CompositeView, at: number): HeldPeriod | undefined {
  if (profile.validFromS !== undefined && at < profile.validFromS) return undefined;
  const timeless = view.ignoresDuration === true;
  if (profile.validToS !== undefined && at >= profile.validToS && !timeless && view.ignoresValidTo !== true) {
    return undefined;
  }
  if (profile.offlineMaxS !== undefined && view.offlineSinceS !== undefined) {
    if (at > view.offlineSinceS + profile.offlineMaxS) return undefined;
  }
  const elapsed = elapsedOf(profile, view, at);
  if (elapsed === undefined) return undefined;
  if (profile.durationS !== undefined && elapsed >= profile.durationS && !timeless) return undefined;
  let found: HeldPeriod | undefined;
  for (const period of profile.periods) if (period.atS <= elapsed) found = period;
  return found;
}

/** A period's limit in the unit of the EVSE. A is per phase, W is the sum of the phases. */
function limitIn(view: CompositeView, unit: 'A' | 'W', period: HeldPeriod): number {
  if (unit === view.unit) return period.limit;
  const used = Math.min(period.phases, view.phases);
  return unit === 'W' ? period.limit / (view.voltage * used) : period.limit * view.voltage * used;
}

/** The held profiles that bear on an EVSE, by what they do. */
interface Bearing {
  /** Of the transaction that runs there. */
  readonly own: readonly HeldProfile[];
  readonly defaults: readonly HeldProfile[];
  /** Caps of the whole station. */
  readonly max: readonly HeldProfile[];
  readonly external: readonly HeldProfile[];
}

/** In 1.6 an EVSE's own default profiles replace those of connector 0, in 2.x all are stacked. */
function bearingOn(view: CompositeView): Bearing {
  const { held, evseId, transaction } = view;
  const own: HeldProfile[] = [];
  const ofEvse: HeldProfile[] = [];
  const defaults: HeldProfile[] = [];
  const max: HeldProfile[] = [];
  const external: HeldProfile[] = [];
  for (const profile of held) {
    switch (profile.purpose) {
      case 'max':
        max.push(profile);
        break;
      case 'external':
        external.push(profile);
        break;
      case 'default':
        if (profile.evseId === evseId || profile.evseId === 0) defaults.push(profile);
        if (profile.evseId === evseId) ofEvse.push(profile);
        break;
      case 'transaction':
        if (transaction === undefined || profile.evseId !== evseId) break;
        if (profile.transactionId === undefined || profile.transactionId === transaction.id)
          own.push(profile);
        break;
    }
  }
  return {
    own,
    defaults: view.version === '1.6' && ofEvse.length > 0 ? ofEvse : defaults,
    max,
    external,
  };
}

/** Phases that the leading profile of a transaction, else of the defaults, names at `at`; 3 where none does. */
export function phasesAt(view: CompositeView, at: EpochS): number {
  const { own, defaults } = bearingOn(view);
  for (const profiles of [own, defaults]) {
    let level = -Infinity;
    let phases: number | undefined;
    for (const profile of profiles) {
      const period = profile.stackLevel > level ? periodAt(profile, view, at) : undefined;
      if (period === undefined) continue;
      level = profile.stackLevel;
      phases = period.phases;
    }
    if (phases !== undefined) return phases;
  }
  return 3;
}

/** The limit of the leading profile: the highest stack level that has a period at `at`. */
function leading(profiles: readonly HeldProfile[], view: CompositeView, at: number): number | undefined {
  let level = -1;
  let limit: number | undefined;
  for (const profile of profiles) {
    if (profile.stackLevel < level) continue;
    const period = periodAt(profile, view, at);
    if (period === undefined) continue;
    const here = limitIn(view, profile.unit, period);
    // Two of one level should not be; the lower is the safe reading.
    limit = profile.stackLevel === level && limit !== undefined ? Math.min(limit, here) : here;
    level = profile.stackLevel;
  }
  return limit;
}

function capIn({ max, external }: Bearing, view: CompositeView, at: number): number | undefined {
  const own = leading(max, view, at);
  const foreign = leading(external, view, at);
  if (own === undefined || foreign === undefined) return own ?? foreign;
  return Math.min(own, foreign);
}

/** The cap of the whole station at an instant, in the EVSE's unit; undefined where there is none. */
export function stationCapAt(view: CompositeView, at: EpochS): number | undefined {
  return capIn(bearingOn(view), view, at);
}

function allowedIn(bearing: Bearing, view: CompositeView, at: number): number {
  const own = leading(bearing.own, view, at) ?? leading(bearing.defaults, view, at);
  const cap = capIn(bearing, view, at);
  return Math.max(0, Math.min(own ?? view.hardware, cap ?? view.hardware, view.hardware));
}

/** What the EVSE may draw at an instant, never above its hardware, in its unit. */
export function allowedAt(view: CompositeView, at: EpochS): number {
  return allowedIn(bearingOn(view), view, at);
}

/** Tells everything in the profiles of an EVSE that may change a limit in `(fromS, untilS]`. */
function tellEdges(view: CompositeView, fromS: number, untilS: number, tell: (edge: number) => void): void {
  const within = (edge: number): void => {
    if (edge > fromS && edge <= untilS) tell(edge);
  };
  const begin = view.transaction?.startedS ?? view.assumedStartS;
  for (const profile of view.held) {
    if (profile.evseId !== view.evseId && profile.evseId !== 0) continue;
    if (profile.validFromS !== undefined) within(profile.validFromS);
    if (profile.validToS !== undefined) within(profile.validToS);
    if (profile.offlineMaxS !== undefined && view.offlineSinceS !== undefined)
      within(view.offlineSinceS + profile.offlineMaxS + 1);
    const startS = profile.kind === 'Relative' ? begin : (profile.startS ?? begin);
    const every = profile.everyS;
    let round: number =
      every === undefined ? startS : startS + Math.max(0, Math.floor((fromS - startS) / every)) * every;
    for (;;) {
      for (const period of profile.periods) within(round + period.atS);
      if (profile.durationS !== undefined) within(round + profile.durationS);
      if (every === undefined || round > untilS) break;
      round += every;
    }
  }
}

/** The next instant after `fromS`, up to `untilS`, at which what is allowed may change; undefined where it cannot. */
export function nextEdge(view: CompositeView, fromS: EpochS, untilS: EpochS): EpochS | undefined {
  let next = Infinity;
  tellEdges(view, fromS, untilS, (edge) => {
    next = Math.min(next, edge);
  });
  return next === Infinity ? undefined : (next as EpochS);
}

/** The composite from `fromS` for `durationS` seconds as `(start, limit)` pieces in the EVSE's unit, neighbours merged. */
export function compositeOf(
  view: CompositeView,
  fromS: EpochS,
  durationS: number,
): readonly { readonly startS: number; readonly limit: number }[] {
  const edges: number[] = [fromS];
  tellEdges(view, fromS, fromS + durationS - 1, (edge) => edges.push(edge));
  edges.sort((a, b) => a - b);
  const bearing = bearingOn(view);
  const pieces: { startS: number; limit: number }[] = [];
  let before: number | undefined;
  edges.forEach((at, i) => {
    if (i > 0 && at === edges[i - 1]) return;
    const limit = allowedIn(bearing, view, at);
    if (limit !== before) pieces.push({ startS: at - fromS, limit });
    before = limit;
  });
  return pieces;
}
