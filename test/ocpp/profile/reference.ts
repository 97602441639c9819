/**
 * A second calculator, written from the standard's text and for nothing but being obviously right: it is asked for one
 * instant at a time and looks at every profile anew. It shares no code with the sweep it checks.
 * Source: OCPP 1.6 3.13, 5.7; 2.0.1 part 2 K.3.5, K01, K08; 2.1 part 2 K01, K21, K28.
 * @module
 */
import type { LimitInput } from '#ocpp/composite';
import type { ChargingSchedule, InstalledProfile, SchedulePeriod } from '#ocpp/profile';

interface Held {
  readonly period: SchedulePeriod;
  readonly schedule: ChargingSchedule;
  /** Whom it is asked for. */
  readonly evseId: number;
}

function capsAt(input: LimitInput, t: number): readonly (Held | undefined)[] {
  return (['ChargingStationMaxProfile', 'ChargingStationExternalConstraints'] as const).map((purpose) =>
    led(input, t, 0, (one) => one.evseId === 0 && one.profile.purpose === purpose),
  );
}

/** The fewest phases named at `t`, 0 where nobody names any; those of EVSE 0 where its EVSEs agree. */
export function referencePhases(input: LimitInput, t: number): number {
  const caps = capsAt(input, t);
  if (input.evseId > 0) return fewest([...caps, ...heldBy(input, t, input.evseId)]);
  const named = new Set(chargingOnes(input).map((id) => fewest(heldBy(input, t, id))));
  const [agreed = 0] = named;
  const sum = named.size === 1 && input.readings?.A7 !== 'cap-only' ? agreed : 0;
  const known = [sum, fewest(caps)].filter((one) => one > 0);
  return known.length === 0 ? 0 : Math.min(...known);
}

/** The EVSEs that may charge: without an assumed transaction those of the running ones. */
function chargingOnes({ numberOfEvses = 0, assumeTransaction, transactions }: LimitInput): readonly number[] {
  const ids = Array.from({ length: numberOfEvses }, (_, i) => i + 1);
  if (assumeTransaction !== false) return ids;
  return ids.filter((id) => transactions.some(({ evseId }) => evseId === id));
}

/** The limit at `t`, `Infinity` where nothing limits. */
export function referenceLimit(input: LimitInput, t: number): number {
  const caps = capsAt(input, t);
  const generation = led(
    input,
    t,
    input.evseId,
    (one) => (one.evseId === input.evseId || one.evseId === 0) && one.profile.purpose === 'LocalGeneration',
  );
  const lowest =
    input.evseId > 0
      ? lowestIn(input, [...caps, ...heldBy(input, t, input.evseId)])
      : ofStation(input, t, caps);
  const raised = generation === undefined ? lowest : lowest + finiteOr(lowestIn(input, [generation]), 0);
  return orUnlimited(input, raised);
}

/** EVSE 0: what the EVSEs may draw together, and no more than the caps. */
function ofStation(input: LimitInput, t: number, caps: readonly (Held | undefined)[]): number {
  const none = input.readings?.A7 === 'cap-only' || (input.numberOfEvses ?? 0) === 0;
  const shares = none ? [] : chargingOnes(input).map((id) => heldBy(input, t, id));
  const sum = shares.reduce((total, held) => total + orUnlimited(input, lowestIn(input, held)), 0);
  // Phases of a sum are known where all agree on them.
  const named = new Set(shares.map((held) => fewest(held)));
  const [agreed = 0] = named;
  const capPhases = fewest(caps);
  const sumPhases = named.size === 1 ? agreed : 0;
  const phases = Math.min(...[capPhases, sumPhases].filter((one) => one > 0));
  const capped = lowestIn(input, caps, Number.isFinite(phases) ? phases : input.electrical.phases);
  return none ? capped : Math.min(sum, capped);
}

/** The fewest phases that anyone names; 0 where nobody does. */
function fewest(helds: readonly (Held | undefined)[]): number {
  const named = helds.map((held) => phasesOf(held)).filter((one) => one > 0);
  return named.length === 0 ? 0 : Math.min(...named);
}

function phasesOf(held: Held | undefined): number {
  const phases = held?.period.numberPhases ?? 0;
  return phases <= 0 ? 0 : phases >= 3 ? 3 : phases;
}

/** The lowest of all that hold; W of the other unit may be over the fewest phases that any of them names. */
function lowestIn(
  input: LimitInput,
  helds: readonly (Held | undefined)[],
  common: number = fewest(helds) || input.electrical.phases,
): number {
  return Math.min(...helds.map((held) => limitIn(input, held, common)));
}

function finiteOr(value: number, other: number): number {
  return value === Infinity ? other : value;
}

function orUnlimited(input: LimitInput, value: number): number {
  return value === Infinity ? (input.unlimited ?? Infinity) : value;
}

/** Transaction layer and own external constraints of one EVSE. */
function heldBy(input: LimitInput, t: number, evseId: number): readonly (Held | undefined)[] {
  const external = led(
    input,
    t,
    evseId,
    (one) => one.evseId === evseId && one.profile.purpose === 'ChargingStationExternalConstraints',
  );
  return [transactionLead(input, t, evseId), external];
}

function transactionLead(input: LimitInput, t: number, evseId: number): Held | undefined {
  const transaction = input.transactions.find((one) => one.evseId === evseId);
  if (transaction !== undefined) {
    if (input.priorityEvses?.includes(evseId) === true) {
      const priority = led(
        input,
        t,
        evseId,
        (one) => (one.evseId === evseId || one.evseId === 0) && one.profile.purpose === 'PriorityCharging',
      );
      if (priority !== undefined) return priority;
    }
    const bound = led(
      input,
      t,
      evseId,
      (one) =>
        one.evseId === evseId &&
        one.profile.purpose === 'TxProfile' &&
        (one.profile.transactionId ?? transaction.id) === transaction.id,
    );
    if (bound !== undefined) return bound;
  } else if (input.assumeTransaction === false) return undefined;
  else if (input.version === '1.6' && input.readings?.A3 === 'station-only') return undefined;
  const own = (one: InstalledProfile): boolean =>
    one.evseId === evseId && one.profile.purpose === 'TxDefaultProfile';
  const station = (one: InstalledProfile): boolean =>
    one.evseId === 0 && one.profile.purpose === 'TxDefaultProfile';
  const reading = input.readings?.A5 ?? (input.version === '1.6' ? 'connector-replaces' : 'by-stack-level');
  if (reading === 'by-stack-level') return led(input, t, evseId, (one) => own(one) || station(one));
  if (reading === 'connector-replaces' && input.installed.some(own)) return led(input, t, evseId, own);
  return led(input, t, evseId, own) ?? led(input, t, evseId, station);
}

/** The period of the highest stack level that has one at `t`; ties: the EVSE's own, then the one installed later. */
function led(
  input: LimitInput,
  t: number,
  evseId: number,
  belongs: (one: InstalledProfile) => boolean,
): Held | undefined {
  const holding = input.installed
    .map((one, order) => ({ one, order, held: belongs(one) ? heldAt(input, one, t, evseId) : undefined }))
    .filter(({ held }) => held !== undefined)
    .sort(
      (a, b) =>
        b.one.profile.stackLevel - a.one.profile.stackLevel ||
        Number(b.one.evseId === evseId) - Number(a.one.evseId === evseId) ||
        b.order - a.order,
    );
  return holding[0]?.held;
}

/** The period that a profile has at `t`, if it is valid and runs then. */
function heldAt(
  input: LimitInput,
  { profile, evseId: place }: InstalledProfile,
  t: number,
  evseId: number,
): Held | undefined {
  if (profile.validFrom !== undefined && t < profile.validFrom) return undefined;
  if (profile.validTo !== undefined && t >= profile.validTo) return undefined;
  if (isLost(input, profile.maxOfflineDurationS, profile.invalidAfterOfflineDuration === true, t))
    return undefined;
  const schedule = profile.schedules[0];
  if (schedule === undefined) return undefined;
  const elapsed = elapsedAt(input, profile, schedule, t, place === 0 && evseId === 0 ? undefined : evseId);
  if (elapsed === undefined) return undefined;
  if (schedule.durationS !== undefined && elapsed >= schedule.durationS) return undefined;
  let held: SchedulePeriod | undefined;
  for (const period of putOff(input, profile, schedule)) {
    if (period.startS <= elapsed && (held === undefined || period.startS >= held.startS)) held = period;
  }
  return held === undefined ? undefined : { period: held, schedule, evseId };
}

/** The periods with the starts that the station drew, those left out that a later one overtakes or that start too late. */
function putOff(
  input: LimitInput,
  profile: InstalledProfile['profile'],
  schedule: ChargingSchedule,
): readonly SchedulePeriod[] {
  const drawn = input.randomDelays?.find((one) => one.profileId === profile.id)?.delaysS;
  const most = schedule.randomizedDelayS ?? 0;
  const delays = profile.purpose === 'TxProfile' || profile.purpose === 'TxDefaultProfile';
  if (drawn === undefined || most === 0 || !delays) return schedule.periods;
  const inOrder = schedule.periods.toSorted((a, b) => a.startS - b.startS);
  const moved = inOrder.map((period, i) =>
    period.startS === 0 ? period : { ...period, startS: period.startS + Math.min(most, drawn[i - 1] ?? 0) },
  );
  const cycle =
    profile.kind !== 'Recurring' ? Infinity : profile.recurrency === 'Weekly' ? 7 * 86_400 : 86_400;
  const endS = Math.min(schedule.durationS ?? Infinity, cycle);
  // One that starts no sooner than any after it that itself begins before the end.
  return moved.filter(
    (period, i) =>
      period.startS < endS &&
      moved.slice(i + 1).every((next) => next.startS >= endS || next.startS > period.startS),
  );
}

function isLost(input: LimitInput, mostS: number | undefined, forGood: boolean, t: number): boolean {
  if (mostS === undefined || input.offline === undefined) return false;
  const { sinceS, untilS = Infinity } = input.offline;
  const spentS = Math.min(t, untilS) - sinceS;
  if (t < untilS) return spentS >= mostS;
  return forGood && untilS - sinceS > mostS;
}

/** Seconds since the schedule began, within its cycle; undefined where it has not begun. */
function elapsedAt(
  input: LimitInput,
  profile: InstalledProfile['profile'],
  schedule: ChargingSchedule,
  t: number,
  evseId: number | undefined,
): number | undefined {
  const now = input.now ?? input.from;
  const running = input.transactions
    .filter((one) => evseId === undefined || one.evseId === evseId)
    .toSorted((a, b) => a.startedAt - b.startedAt)[0];
  let charging: number | undefined = input.readings?.A4 === 'skip' ? undefined : now;
  if (running !== undefined) {
    charging =
      input.readings?.A12 === 'charging-start'
        ? (running.chargingStartedAt ?? running.startedAt)
        : running.startedAt;
  }
  const offset = (instant: number): number => {
    const f = input.localOffsetS;
    if (f === undefined) return 0;
    let value = f.value[0]!;
    f.startS.forEach((s, k) => {
      if (k > 0 && s <= instant) value = f.value[k]!;
    });
    return value;
  };
  let elapsed: number | undefined;
  if (profile.kind === 'Relative') elapsed = charging === undefined ? undefined : t - charging;
  else if (profile.kind === 'Dynamic') elapsed = t - (profile.dynUpdateAt ?? schedule.startAt ?? now);
  else if (schedule.startAt === undefined) elapsed = charging === undefined ? undefined : t - charging;
  else elapsed = t - schedule.startAt;
  const clocked = profile.kind !== 'Relative' && schedule.startAt !== undefined;
  if (elapsed !== undefined && clocked && input.localOffsetS !== undefined) {
    // Wall time of t minus wall time of the start.
    if (schedule.useLocalTime === true) elapsed += offset(t);
    else if (input.readings?.A13 === 'wall-clock' && profile.kind === 'Recurring') {
      elapsed += offset(t) - offset(schedule.startAt);
    }
  }
  if (elapsed === undefined) return undefined;
  if (profile.kind !== 'Recurring') return elapsed < 0 ? undefined : elapsed;
  const cycle = profile.recurrency === 'Weekly' ? 7 * 86_400 : 86_400;
  if (elapsed < 0 && input.readings?.A11 !== 'all-times') return undefined;
  return ((elapsed % cycle) + cycle) % cycle;
}

/** The limit of a period in the unit asked for; `common` phases where a reading wants one number for all. */
function limitIn(input: LimitInput, held: Held | undefined, common: number): number {
  if (held === undefined) return Infinity;
  const { period, schedule } = held;
  const { voltage } = input.electrical;
  const { A8, A9, A10 } = input.readings ?? {};
  if (period.operationMode === 'Idle') return 0;
  if (A8 === 'no-limit' && schedule.unit !== input.unit) return Infinity;
  const follows = period.operationMode === 'CentralSetpoint' || period.operationMode === 'CentralFrequency';
  const draws = (limit = Infinity, setpoint = Infinity): number =>
    Math.max(0, follows ? Math.min(limit, setpoint) : limit);
  const full = schedule.limitAtSoc;
  const told = input.stateOfCharge?.find((one) => one.evseId === held.evseId)?.percent ?? -1;
  const most = full !== undefined && told >= full.soc ? Math.max(0, full.limit) : Infinity;
  const others = [period.limitL2, period.limitL3, period.setpointL2, period.setpointL3];
  if (others.some((one) => one !== undefined)) {
    const phases = [
      [period.limit, period.setpoint],
      [period.limitL2, period.setpointL2],
      [period.limitL3, period.setpointL3],
    ].map(([limit, setpoint]) =>
      limit === undefined && setpoint === undefined ? undefined : draws(limit, setpoint),
    );
    const used = phases.filter((one) => one !== undefined).length;
    const amps = phases.map((one) => {
      if (one === undefined) return 0;
      const capped = Math.min(one, schedule.unit === 'W' ? most / used : most);
      return schedule.unit === 'W' ? capped / voltage : capped;
    });
    const [first = 0, second = 0, third = 0] = amps;
    const asked = input.phase === undefined ? undefined : amps[input.phase - 1]!;
    if (input.unit === 'A') return asked ?? Math.max(...amps);
    return (asked ?? first + second + third) * voltage;
  }
  let limit = Math.min(draws(period.limit, period.setpoint), most);
  if (A10 === 'raise') limit = Math.max(limit, schedule.minChargingRate ?? 0);
  if (limit === Infinity) return limit;
  const named =
    A9 === 'total-on-fewest' && schedule.unit !== input.unit
      ? common
      : phasesOf(held) || input.electrical.phases;
  // More phases than there are carry nothing.
  const used = Math.min(named, input.electrical.phases);
  const ampsEach =
    schedule.unit === 'A' ? limit : A9 === 'per-phase' ? limit / voltage : limit / (voltage * named);
  if (input.unit === 'A') return ampsEach;
  if (input.phase !== undefined) return ampsEach * voltage;
  return schedule.unit === 'W' && A9 !== 'per-phase' ? limit : ampsEach * voltage * used;
}
