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
}

/** The limit at `t`, `Infinity` where nothing limits. */
export function referenceLimit(input: LimitInput, t: number): number {
  const caps = [
    led(input, t, 0, (one) => one.evseId === 0 && one.profile.purpose === 'ChargingStationMaxProfile'),
    led(
      input,
      t,
      0,
      (one) => one.evseId === 0 && one.profile.purpose === 'ChargingStationExternalConstraints',
    ),
  ].map((held) => limitIn(input, held));
  const ids = Array.from({ length: input.numberOfEvses ?? 0 }, (_, i) => i + 1);
  const shares =
    input.evseId > 0
      ? [shareOf(input, t, input.evseId)]
      : [ids.reduce((total, id) => total + orUnlimited(input, shareOf(input, t, id)), 0)];
  const capOnly = input.evseId === 0 && input.readings?.A7 === 'cap-only';
  const lowest = Math.min(...caps, ...(capOnly || (input.evseId === 0 && ids.length === 0) ? [] : shares));
  const generation = led(
    input,
    t,
    input.evseId,
    (one) => (one.evseId === input.evseId || one.evseId === 0) && one.profile.purpose === 'LocalGeneration',
  );
  const raised = generation === undefined ? lowest : lowest + finiteOr(limitIn(input, generation), 0);
  return orUnlimited(input, raised);
}

function finiteOr(value: number, other: number): number {
  return value === Infinity ? other : value;
}

function orUnlimited(input: LimitInput, value: number): number {
  return value === Infinity ? (input.unlimited ?? Infinity) : value;
}

/** Transaction layer and own external constraints of one EVSE. */
function shareOf(input: LimitInput, t: number, evseId: number): number {
  const external = led(
    input,
    t,
    evseId,
    (one) => one.evseId === evseId && one.profile.purpose === 'ChargingStationExternalConstraints',
  );
  return Math.min(limitIn(input, transactionLead(input, t, evseId)), limitIn(input, external));
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
  for (const period of schedule.periods) {
    if (period.startS <= elapsed && (held === undefined || period.startS >= held.startS)) held = period;
  }
  return held === undefined ? undefined : { period: held, schedule };
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

/** The limit of a period in the unit asked for. */
function limitIn(input: LimitInput, held: Held | undefined): number {
  if (held === undefined) return Infinity;
  const { period, schedule } = held;
  if (period.operationMode === 'Idle') return 0;
  if (input.readings?.A8 === 'no-limit' && schedule.unit !== input.unit) return Infinity;
  const phases = period.numberPhases ?? input.electrical.phases;
  let limit = period.limit ?? Infinity;
  if (period.operationMode === 'CentralSetpoint' && period.setpoint !== undefined) {
    limit = Math.min(limit, Math.max(period.setpoint, 0));
  }
  if (input.readings?.A10 === 'raise') limit = Math.max(limit, schedule.minChargingRate ?? 0);
  const totalW =
    schedule.unit === 'A'
      ? limit * input.electrical.voltage * phases
      : input.readings?.A9 === 'per-phase'
        ? limit * phases
        : limit;
  return input.unit === 'W' ? totalW : totalW / (input.electrical.voltage * phases);
}
