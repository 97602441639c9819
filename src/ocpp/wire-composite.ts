/**
 * Composite schedules as stations are seen to send them: no periods, fractions of a second and limits of any value are
 * taken as they are, and what breaks the standard's form is named, for the witness to judge.
 * Source: OCPP 1.6 5.7 and errata v4 3.51, 3.57; OCPP 2.0.1 K08.FR.02; witness row W20.
 * @module
 */
import { z } from 'zod';
import { instantOfIso } from '#domain/instant';
import type { OcppVersion } from '#domain/site';
import { checkResponse, type PayloadFault } from './message.ts';
import type { CommandAnswer, CompositeBreach, StationCommand } from './station-message.ts';

const compositeSchedule = z.looseObject({
  scheduleStart: z.string().optional(),
  duration: z.number().optional(),
  chargingRateUnit: z.enum(['A', 'W']).optional(),
  chargingSchedulePeriod: z
    .array(z.looseObject({ startPeriod: z.number(), limit: z.number(), numberPhases: z.number().optional() }))
    .optional(),
});

type CompositeSchedule = z.infer<typeof compositeSchedule>;

const compositeAnswer = z.looseObject({
  status: z.string(),
  statusInfo: z.looseObject({ reasonCode: z.string(), additionalInfo: z.string().optional() }).optional(),
  scheduleStart: z.string().optional(),
  chargingSchedule: compositeSchedule.optional(),
  schedule: compositeSchedule.optional(),
});

type ReadComposite = Extract<StationCommand, { kind: 'read-composite' }>;

/** Limits have one decimal; what a station computes in binary may be off in the seventh. */
function hasOneDecimal(limit: number): boolean {
  return Math.abs(limit * 10 - Math.round(limit * 10)) < 1e-6;
}

/** What of the standard's form an accepted composite breaks. */
function breachesOf(
  asked: ReadComposite,
  schedule: CompositeSchedule | undefined,
  startAt: number | undefined,
): readonly CompositeBreach[] {
  const periods = schedule?.chargingSchedulePeriod ?? [];
  const starts = periods.map(({ startPeriod }) => startPeriod);
  const tests: readonly (readonly [CompositeBreach, boolean])[] = [
    ['no-periods', periods.length === 0],
    ['no-start', startAt === undefined],
    ['duration', schedule?.duration !== asked.durationS],
    ['unit', (schedule?.chargingRateUnit ?? asked.unit) !== asked.unit],
    ['first-start', starts.length > 0 && starts[0] !== 0],
    ['fraction-of-a-second', starts.some((start) => !Number.isInteger(start))],
    ['order', starts.some((start, i) => i > 0 && start <= (starts[i - 1] ?? 0))],
    ['beyond-its-end', starts.some((start) => start >= (schedule?.duration ?? Infinity))],
    ['negative-limit', periods.some(({ limit }) => limit < 0)],
    ['decimals', periods.some(({ limit }) => !hasOneDecimal(limit))],
  ];
  return tests.flatMap(([breach, isBroken]) => (isBroken ? [breach] : []));
}

/** The answer to a question for a composite. */
export function compositeAnswerOf(
  version: OcppVersion,
  asked: ReadComposite,
  payload: unknown,
): CommandAnswer {
  const read = compositeAnswer.safeParse(payload);
  if (!read.success) {
    const checked = checkResponse(version, 'GetCompositeSchedule', payload);
    const fault: PayloadFault = checked.ok
      ? { code: 'FormatViolation', description: 'no composite schedule', path: '' }
      : checked.problem;
    return { kind: 'unclear', code: fault.code, description: fault.description };
  }
  const { status, statusInfo } = read.data;
  if (status !== 'Accepted') {
    const { reasonCode, additionalInfo } = statusInfo ?? {};
    const reason = [reasonCode, additionalInfo].filter((part) => part !== undefined).join(': ');
    return { kind: 'refused', status, ...(reason === '' ? {} : { reason }) };
  }
  const schedule = version === '1.6' ? read.data.chargingSchedule : read.data.schedule;
  const start = version === '1.6' ? read.data.scheduleStart : schedule?.scheduleStart;
  const startAt = start === undefined ? undefined : instantOfIso(start);
  const breaches = breachesOf(asked, schedule, startAt);
  return {
    kind: 'composite',
    evseId: asked.evseId,
    ...(startAt === undefined ? {} : { startAt }),
    ...(schedule?.duration === undefined ? {} : { durationS: Math.floor(schedule.duration) }),
    ...(schedule?.chargingRateUnit === undefined ? {} : { unit: schedule.chargingRateUnit }),
    periods: (schedule?.chargingSchedulePeriod ?? []).map((period) => ({
      startS: Math.floor(period.startPeriod),
      limit: period.limit,
      ...(period.numberPhases === undefined ? {} : { numberPhases: period.numberPhases }),
    })),
    ...(breaches.length === 0 ? {} : { breaches }),
  };
}
