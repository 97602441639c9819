/**
 * The answer to GetCompositeSchedule: the composite as a schedule, with the readings that concern the answer rather than
 * a limit. Limits are exact to a millionth; a charger would cut them to one decimal.
 * Source: OCPP 1.6 5.7, errata 3.51, 3.57; 2.0.1 part 2 K08.
 * @module
 */
import { isoOf } from '#domain/instant';
import { later } from '#domain/units';
import { isUnequal } from './composite-level.ts';
import { compositeOf, type CompositePiece, type LimitInput, type LimitReadings } from './composite.ts';
import type { InstalledProfile } from './profile.ts';
import { tenthDown } from './quantize.ts';

/** Every ambiguity with the readings that were seen; the first of each is the default unless `LimitReadings` says otherwise. */
export const readingNames = {
  A1: ['null', 'leave-out', 'reject', 'minus-one'],
  A2: ['one-period', 'reject', 'empty', 'no-schedule', 'minus-one'],
  A3: ['simulate', 'station-only'],
  A4: ['from-now', 'skip', 'reject'],
  A5: ['connector-replaces', 'by-stack-level', 'connector-leads'],
  A6: ['merge', 'keep'],
  A7: ['sum', 'cap-only'],
  A8: ['convert', 'keep-unit', 'no-limit'],
  A9: ['total', 'per-phase', 'total-on-fewest'],
  A10: ['ignore', 'raise'],
  A11: ['from-first-start', 'all-times'],
  A12: ['transaction-start', 'charging-start'],
  A13: ['utc', 'wall-clock'],
} as const;

/** A reading for each ambiguity that is not read as by default. */
type Readings = { readonly [Name in keyof typeof readingNames]?: (typeof readingNames)[Name][number] };

/** What is asked; everything else is as in a limit. */
export interface CompositeRequest extends Omit<
  LimitInput,
  'from' | 'until' | 'unit' | 'unlimited' | 'readings' | 'phase'
> {
  readonly now: LimitInput['from'];
  readonly numberOfEvses: number;
  readonly durationS: number;
  readonly unit?: 'A' | 'W';
  /** What stands where no profile holds, by unit; where only the other unit is given it is converted. */
  readonly noLimit?: { readonly A?: number; readonly W?: number };
  readonly readings?: Readings;
  /** Units that the station is configured for; absent: any. */
  readonly rateUnits?: readonly ('A' | 'W')[];
  /** Whether limits are cut to one decimal as on the wire. Default `exact`. */
  readonly rounding?: 'exact' | 'tenth-down';
}

/** One period of the answer; null where nothing limits. */
interface AnswerPeriod {
  readonly startPeriod: number;
  readonly limit: number | null;
  /** Where 2.1 limits the phases differently. */
  readonly limit_L2?: number | null;
  readonly limit_L3?: number | null;
  readonly numberPhases?: number;
}

/** The answer. */
export interface CompositeAnswer {
  readonly status: 'Accepted' | 'Rejected';
  readonly reason?: string;
  readonly schedule?: {
    readonly scheduleStart: string;
    readonly duration: number;
    readonly chargingRateUnit: 'A' | 'W';
    readonly chargingSchedulePeriod: readonly AnswerPeriod[];
  };
}

/** What a station that follows the readings answers. */
export function compositeAnswer(request: CompositeRequest): CompositeAnswer {
  const { readings = {}, installed } = request;
  const refusal = refusalOf(request);
  if (refusal !== undefined) return { status: 'Rejected', reason: refusal };
  const unit = unitOf(request);
  const scheduleOf = (periods: readonly AnswerPeriod[]): CompositeAnswer => ({
    status: 'Accepted',
    schedule: {
      scheduleStart: isoOf(request.now),
      duration: request.durationS,
      chargingRateUnit: unit,
      chargingSchedulePeriod: periods,
    },
  });
  if (installed.length === 0) {
    switch (readings.A2) {
      case 'reject':
        return { status: 'Rejected', reason: 'No profile is installed (reading A2).' };
      case 'empty':
        return scheduleOf([]);
      case 'no-schedule':
        return { status: 'Accepted' };
      case 'minus-one':
        return scheduleOf([{ startPeriod: 0, limit: -1 }]);
      case 'one-period':
      case undefined:
    }
  }
  const periods = periodsOf(request, unit);
  const open = periods.some((period) => period.limit === null);
  if (!open) return scheduleOf(periods);
  switch (readings.A1) {
    case 'reject':
      return { status: 'Rejected', reason: 'No profile holds during a part of the schedule (reading A1).' };
    case 'leave-out':
      return scheduleOf(periods.filter((period) => period.limit !== null));
    case 'minus-one':
      return scheduleOf(periods.map((period) => (period.limit === null ? { ...period, limit: -1 } : period)));
    case 'null':
    case undefined:
      return scheduleOf(periods);
  }
}

function refusalOf(request: CompositeRequest): string | undefined {
  const { evseId, numberOfEvses, installed, transactions, readings, unit, rateUnits } = request;
  if (evseId > numberOfEvses) return `EVSE ${evseId} does not exist: the station has ${numberOfEvses}.`;
  if (unit !== undefined && rateUnits?.includes(unit) === false) {
    return `The station is not configured for ${unit} (K08.FR.07).`;
  }
  if (readings?.A4 !== 'reject') return undefined;
  const counts = ({ evseId: place, profile }: InstalledProfile): boolean =>
    profile.kind === 'Relative' &&
    (evseId === 0 || place === 0 || place === evseId) &&
    !transactions.some((one) => evseId === 0 || one.evseId === evseId);
  return installed.some(counts)
    ? 'A Relative profile has no transaction to start with (reading A4).'
    : undefined;
}

/** The unit of the answer: the one asked for, else the one that all profiles share, else A. */
function unitOf(request: CompositeRequest): 'A' | 'W' {
  const units = new Set(
    request.installed.flatMap(({ profile }) => profile.schedules.map(({ unit }) => unit)),
  );
  const [shared] = units;
  const own = units.size === 1 && shared !== undefined ? shared : undefined;
  if (request.readings?.A8 === 'keep-unit') return own ?? request.unit ?? 'A';
  return request.unit ?? own ?? 'A';
}

function periodsOf(request: CompositeRequest, unit: 'A' | 'W'): readonly AnswerPeriod[] {
  const { electrical, noLimit, now, durationS, readings } = request;
  const inOther = unit === 'A' ? noLimit?.W : noLimit?.A;
  const wattsPerUnit = electrical.voltage * electrical.phases;
  const converted =
    inOther === undefined ? undefined : unit === 'A' ? inOther / wattsPerUnit : inOther * wattsPerUnit;
  const unlimited = noLimit?.[unit] ?? converted;
  const input: LimitInput = {
    ...request,
    from: now,
    until: later(now, durationS),
    unit,
    unlimited,
    readings: limitReadingsOf(readings),
  };
  const unequal = request.installed.some(({ profile }) =>
    profile.schedules.some(({ periods }) => periods.some(isUnequal)),
  );
  const round = (limit: number): number | null => {
    if (limit === Infinity) return null;
    return request.rounding === 'tenth-down' ? tenthDown(limit) : Math.round(limit * 1e6) / 1e6;
  };
  const rows = unequal
    ? unequalRows(input, round)
    : compositeOf(input).map((piece) => rowOf(piece, now, round(piece.limit)));
  return readings?.A6 === 'keep' ? rows : rows.filter((row, i) => i === 0 || !isSameLimit(rows[i - 1], row));
}

/** The readings that concern limits; the others are settled here. */
function limitReadingsOf(readings: Readings = {}): Partial<LimitReadings> {
  const { A1: _a1, A2: _a2, A4, A8, ...rest } = readings;
  return {
    ...rest,
    ...(A4 === undefined || A4 === 'reject' ? {} : { A4 }),
    ...(A8 === undefined || A8 === 'keep-unit' ? {} : { A8 }),
  };
}

function rowOf(piece: CompositePiece, now: number, limit: number | null): AnswerPeriod {
  const row = { startPeriod: piece.startS - now, limit };
  return piece.numberPhases === undefined ? row : { ...row, numberPhases: piece.numberPhases };
}

/** One composite for each phase, side by side; where the phases are equal, W is their sum as elsewhere. */
function unequalRows(input: LimitInput, round: (limit: number) => number | null): readonly AnswerPeriod[] {
  const { unlimited, unit, electrical } = input;
  const shared = unlimited === undefined || unit === 'A' ? unlimited : unlimited / electrical.phases;
  const byPhase = ([1, 2, 3] as const).map((phase) => compositeOf({ ...input, phase, unlimited: shared }));
  const whole = compositeOf(input);
  const starts = new Set([whole, ...byPhase].flatMap((pieces) => pieces.map(({ startS }) => startS)));
  const rows: AnswerPeriod[] = [];
  for (const startS of [...starts].sort((a, b) => a - b)) {
    const [all, first, second, third] = [whole, ...byPhase].map((pieces) =>
      pieces.findLast((piece) => piece.startS <= startS),
    );
    if (all === undefined || first === undefined || second === undefined || third === undefined) continue;
    if (first.limit === second.limit && first.limit === third.limit) {
      rows.push(rowOf({ ...all, startS }, input.from, round(all.limit)));
      continue;
    }
    const row = rowOf({ ...first, startS }, input.from, round(first.limit));
    rows.push({ ...row, limit_L2: round(second.limit), limit_L3: round(third.limit) });
  }
  return rows;
}

function isSameLimit(one: AnswerPeriod | undefined, other: AnswerPeriod): boolean {
  return (
    one !== undefined &&
    one.limit === other.limit &&
    one.limit_L2 === other.limit_L2 &&
    one.limit_L3 === other.limit_L3 &&
    one.numberPhases === other.numberPhases
  );
}
