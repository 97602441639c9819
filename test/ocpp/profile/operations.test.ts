import { describe, expect, test } from 'vitest';
import type { OcppVersion } from '#domain/site';
import { stepFunctionOf } from '#domain/step-function';
import { compile, compileInput, compileOutput } from '#ocpp/compile-operation';
import { composite, compositeInput, compositeOutput, type ZoneClock } from '#ocpp/composite-operation';
import {
  validateProfileDocument,
  validateProfileInput,
  validateProfileOutput,
} from '#ocpp/validate-profile-operation';
import { at } from './builders.ts';

const wire16 = (other: object = {}, schedule: object = {}): object => ({
  chargingProfileId: 1,
  stackLevel: 0,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Absolute',
  chargingSchedule: {
    startSchedule: '2026-03-02T00:00:00Z',
    chargingRateUnit: 'A',
    chargingSchedulePeriod: [
      { startPeriod: 0, limit: 6, numberPhases: 3 },
      { startPeriod: 600, limit: 10, numberPhases: 3 },
    ],
    ...schedule,
  },
  ...other,
});

const wire201 = (other: object = {}, schedule: object = {}): object => ({
  id: 1,
  stackLevel: 0,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Absolute',
  chargingSchedule: [
    {
      id: 1,
      startSchedule: '2026-03-02T00:00:00Z',
      chargingRateUnit: 'A',
      chargingSchedulePeriod: [{ startPeriod: 0, limit: 6 }],
      ...schedule,
    },
  ],
  ...other,
});

const question = {
  ocppVersion: '1.6',
  now: '2026-03-02T00:05:00Z',
  evseId: 1,
  numberOfEvses: 2,
  installed: [{ evseId: 0, profile: wire16() }],
  transactions: [],
  request: { duration: 900, chargingRateUnit: 'A' },
  electrical: { voltage: 230, phases: 3 },
};

/** The answer; every answer must be of the published form. */
function answer(document: unknown): Record<string, unknown> {
  const result = composite(document);
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  const json: unknown = JSON.parse(JSON.stringify(result.value));
  return compositeOutput.parse(json);
}

function schedulePeriods(document: unknown): unknown {
  return (answer(document)['schedule'] as { chargingSchedulePeriod: unknown }).chargingSchedulePeriod;
}

describe('composite', () => {
  test('K08.FR.02, 1.6 5.7: answers as GetCompositeSchedule does', () => {
    // Asked at 00:05: 300 s of 6 A are left, then 10 A.
    expect(answer(question)).toEqual({
      status: 'Accepted',
      schedule: {
        scheduleStart: '2026-03-02T00:05:00Z',
        duration: 900,
        chargingRateUnit: 'A',
        chargingSchedulePeriod: [
          { startPeriod: 0, limit: 6, numberPhases: 3 },
          { startPeriod: 300, limit: 10, numberPhases: 3 },
        ],
      },
    });
    // 6 A x 230 V x 3 and 10 A x 230 V x 3
    expect(schedulePeriods({ ...question, request: { duration: 900, chargingRateUnit: 'W' } })).toMatchObject(
      [{ limit: 4140 }, { limit: 6900 }],
    );
  });

  test('A1: where no profile holds the limit is null, what the caller says, or as read', () => {
    const gap = {
      ...question,
      installed: [{ evseId: 1, profile: wire16({}, { startSchedule: '2026-03-02T00:10:00Z' }) }],
      request: { duration: 500 },
    };
    const limits = (other: object): unknown =>
      (schedulePeriods({ ...gap, ...other }) as { limit: unknown }[]).map(({ limit }) => limit);
    expect(limits({})).toEqual([null, 6]);
    expect(limits({ noLimit: null })).toEqual([null, 6]);
    expect(limits({ noLimit: { A: 48 } })).toEqual([48, 6]);
    // 33,120 W / (230 V x 3)
    expect(limits({ noLimit: { W: 33_120 } })).toEqual([48, 6]);
    expect(limits({ readings: { A1: 'minus-one' } })).toEqual([-1, 6]);
    expect(limits({ readings: { A1: 'leave-out' } })).toEqual([6]);
    expect(answer({ ...gap, readings: { A1: 'reject' } })['status']).toBe('Rejected');
  });

  test('A2, TC_K_39: nothing installed', () => {
    const empty = { ...question, installed: [] };
    expect(schedulePeriods(empty)).toEqual([{ startPeriod: 0, limit: null }]);
    expect(schedulePeriods({ ...empty, noLimit: { A: 32 } })).toEqual([{ startPeriod: 0, limit: 32 }]);
    expect(schedulePeriods({ ...empty, readings: { A2: 'empty' } })).toEqual([]);
    expect(schedulePeriods({ ...empty, readings: { A2: 'minus-one' } })).toEqual([
      { startPeriod: 0, limit: -1 },
    ]);
    expect(answer({ ...empty, readings: { A2: 'no-schedule' } })).toEqual({ status: 'Accepted' });
    expect(answer({ ...empty, readings: { A2: 'reject' } })).toMatchObject({ status: 'Rejected' });
  });

  test('A4: a Relative profile without a transaction may be refused', () => {
    const { startSchedule: _, ...schedule } = (wire16() as { chargingSchedule: Record<string, unknown> })
      .chargingSchedule;
    const relative = {
      ...question,
      installed: [
        {
          evseId: 1,
          profile: { ...wire16({ chargingProfileKind: 'Relative' }), chargingSchedule: schedule },
        },
      ],
    };
    expect(schedulePeriods(relative)).toMatchObject([{ limit: 6 }, { startPeriod: 600, limit: 10 }]);
    expect(schedulePeriods({ ...relative, readings: { A4: 'skip' } })).toEqual([
      { startPeriod: 0, limit: null },
    ]);
    expect(answer({ ...relative, readings: { A4: 'reject' } })['status']).toBe('Rejected');
    const transactions = [{ evseId: 1, id: 4, start: '2026-03-02T00:00:00Z' }];
    expect(answer({ ...relative, transactions, readings: { A4: 'reject' } })['status']).toBe('Accepted');
  });

  test('A6: neighbours of one value are one period, or as many as there are', () => {
    const flat = {
      ...question,
      installed: [
        {
          evseId: 1,
          profile: wire16(
            {},
            { chargingSchedulePeriod: [0, 600, 900].map((startPeriod) => ({ startPeriod, limit: 6 })) },
          ),
        },
      ],
    };
    expect(schedulePeriods(flat)).toEqual([{ startPeriod: 0, limit: 6 }]);
    expect(schedulePeriods({ ...flat, readings: { A6: 'keep' } })).toEqual([
      { startPeriod: 0, limit: 6 },
      { startPeriod: 300, limit: 6 },
      { startPeriod: 600, limit: 6 },
    ]);
  });

  test('A8: the unit asked for, the unit of the profiles, or no limit', () => {
    const inW = { ...question, request: { duration: 900, chargingRateUnit: 'W' } };
    const unit = (document: unknown): unknown =>
      (answer(document)['schedule'] as Record<string, unknown>)['chargingRateUnit'];
    expect(unit(inW)).toBe('W');
    expect(unit({ ...inW, readings: { A8: 'keep-unit' } })).toBe('A');
    expect(schedulePeriods({ ...inW, readings: { A8: 'no-limit' } })).toMatchObject([{ limit: null }]);
    expect(unit({ ...question, request: { duration: 900 } })).toBe('A');
  });

  test('the exact limit, or cut to one decimal as on the wire', () => {
    const profile = wire16(
      {},
      { chargingRateUnit: 'W', chargingSchedulePeriod: [{ startPeriod: 0, limit: 11_000 }] },
    );
    const odd = { ...question, installed: [{ evseId: 1, profile }] };
    // 11,000 / 690 = 15.942028985...
    expect(schedulePeriods(odd)).toEqual([{ startPeriod: 0, limit: 15.942029 }]);
    expect(schedulePeriods({ ...odd, rounding: 'tenth-down' })).toEqual([{ startPeriod: 0, limit: 15.9 }]);
  });

  test('K08.FR.05, TC_K_47: an unknown EVSE is rejected', () => {
    expect(answer({ ...question, evseId: 3 })).toMatchObject({ status: 'Rejected' });
  });

  test('viaMessages: 1.6 replaces what has the same place, 2.x refuses it', () => {
    const second = wire16(
      { chargingProfileId: 2 },
      { chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }] },
    );
    const listed = [
      { evseId: 1, profile: wire16({}, { duration: 600 }) },
      { evseId: 1, profile: second },
    ];
    expect(schedulePeriods({ ...question, installed: listed.toReversed() })).toMatchObject([
      { limit: 6 },
      { limit: 16 },
    ]);
    expect(schedulePeriods({ ...question, installed: listed.toReversed(), viaMessages: true })).toMatchObject(
      [{ limit: 6 }, { limit: null }],
    );
    const both = {
      ...question,
      ocppVersion: '2.0.1',
      installed: [
        { evseId: 1, profile: wire201() },
        {
          evseId: 1,
          profile: wire201({ id: 2 }, { chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }] }),
        },
      ],
    };
    expect(schedulePeriods(both)).toMatchObject([{ limit: 16 }]);
    expect(schedulePeriods({ ...both, viaMessages: true })).toMatchObject([{ limit: 6 }]);
    expect(answer({ ...both, viaMessages: true })['notes']).toEqual([
      'Profile 2 on EVSE 1 is refused by K01.FR.06.',
    ]);
  });

  test.each<[OcppVersion, number, object, string]>([
    ['1.6', 1, { chargingProfilePurpose: 'ChargePointMaxProfile' }, '1.6 3.13.1'],
    ['1.6', 0, { chargingProfilePurpose: 'TxProfile' }, '1.6 3.13.1'],
    ['1.6', 2, { chargingProfilePurpose: 'TxProfile' }, '1.6 5.16'],
    ['1.6', 1, { chargingProfilePurpose: 'TxProfile', transactionId: 8 }, '1.6 5.16'],
    ['1.6', 3, {}, '1.6 errata 3.39'],
    ['2.0.1', 1, { chargingProfilePurpose: 'ChargingStationMaxProfile' }, 'K04.FR.03'],
    ['2.0.1', 0, { chargingProfilePurpose: 'TxProfile', transactionId: '7' }, 'K01.FR.16'],
    ['2.1', 2, { chargingProfilePurpose: 'TxProfile', transactionId: '7' }, 'K01.FR.09'],
    ['2.1', 1, { chargingProfilePurpose: 'TxProfile', transactionId: '8' }, 'K01.FR.33'],
    ['2.1', 3, {}, 'K01.FR.28'],
  ])('viaMessages, %s on EVSE %i, %j: refused, so what has its id stays', (version, evseId, fields, rule) => {
    const steady = (limit: number): object => ({ chargingSchedulePeriod: [{ startPeriod: 0, limit }] });
    const [wire, id] = version === '1.6' ? [wire16, 'chargingProfileId'] : [wire201, 'id'];
    // The first one holds 6 A on EVSE 1; the second one has its id and 16 A, and a place where a station must refuse it.
    const document = {
      ...question,
      ocppVersion: version,
      numberOfEvses: 2,
      transactions: [{ evseId: 1, id: version === '1.6' ? 7 : '7', start: question.now }],
      installed: [
        { evseId: 1, profile: wire({ [id]: 5 }, steady(6)) },
        { evseId, profile: wire({ [id]: 5, ...fields }, steady(16)) },
      ],
      viaMessages: true,
    };
    expect(schedulePeriods(document)).toMatchObject([{ limit: 6 }]);
    expect(answer(document)['notes']).toEqual([`Profile 5 on EVSE ${evseId} is refused by ${rule}.`]);
  });

  test('a profile that has no effect at its place is named', () => {
    const installed = [{ evseId: 1, profile: wire16({ chargingProfilePurpose: 'ChargePointMaxProfile' }) }];
    expect(answer({ ...question, installed })['notes']).toEqual([
      'Profile 1: a ChargingStationMaxProfile has no effect on EVSE 1.',
    ]);
  });

  test('2.1: phases of their own, offline, priority and local time go in', () => {
    const unequal = wire201(
      {},
      { chargingSchedulePeriod: [{ startPeriod: 0, limit: 10, limit_L2: 12, limit_L3: 8 }] },
    );
    const base = { ...question, ocppVersion: '2.1', installed: [{ evseId: 1, profile: unequal }] };
    expect(schedulePeriods(base)).toEqual([{ startPeriod: 0, limit: 10, limit_L2: 12, limit_L3: 8 }]);
    const watched = wire201(
      { id: 2, stackLevel: 1, maxOfflineDuration: 120 },
      { chargingSchedulePeriod: [{ startPeriod: 0, limit: 16 }] },
    );
    const offline = {
      ...base,
      installed: [
        { evseId: 1, profile: wire201() },
        { evseId: 1, profile: watched },
      ],
      offline: { since: '2026-03-02T00:05:00Z' },
    };
    expect(schedulePeriods(offline)).toEqual([
      { startPeriod: 0, limit: 16 },
      { startPeriod: 120, limit: 6 },
    ]);
    const local = {
      ...base,
      installed: [
        { evseId: 1, profile: wire201({}, { useLocalTime: true, startSchedule: '2026-03-02T01:10:00' }) },
      ],
      localTime: [{ offsetMinutes: 60 }],
    };
    // 01:10 on the wall is 00:10Z, 300 s from the question.
    expect(schedulePeriods(local)).toEqual([
      { startPeriod: 0, limit: null },
      { startPeriod: 300, limit: 6 },
    ]);
    const priority = {
      ...base,
      installed: [
        { evseId: 1, profile: wire201() },
        {
          evseId: 1,
          profile: wire201(
            { id: 2, chargingProfilePurpose: 'PriorityCharging' },
            { chargingSchedulePeriod: [{ startPeriod: 0, limit: 32 }] },
          ),
        },
      ],
      transactions: [{ evseId: 1, id: 'x', start: '2026-03-02T00:00:00Z' }],
    };
    expect(schedulePeriods(priority)).toMatchObject([{ limit: 6 }]);
    expect(schedulePeriods({ ...priority, priorityCharging: [1] })).toMatchObject([{ limit: 32 }]);
  });

  test('K08.FR.07: a unit that the station is not configured for is rejected', () => {
    const inW = { ...question, request: { duration: 900, chargingRateUnit: 'W' } };
    expect(answer({ ...inW, station: { rateUnits: ['A'] } })).toMatchObject({ status: 'Rejected' });
    expect(answer({ ...inW, station: { rateUnits: ['A', 'W'] } })).toMatchObject({ status: 'Accepted' });
    expect(answer({ ...question, station: { rateUnits: ['A'] } })).toMatchObject({ status: 'Accepted' });
    // Nobody asked for a unit.
    const open = { ...question, request: { duration: 900 }, station: { rateUnits: ['W'] } };
    expect(answer(open)).toMatchObject({ status: 'Accepted' });
  });

  test('K08.FR.09: L2 and L3 in A and in W, the sum where the phases are equal', () => {
    const own = {
      chargingRateUnit: 'W',
      chargingSchedulePeriod: [
        { startPeriod: 0, limit: 2300, limit_L2: 1150, limit_L3: 230 },
        { startPeriod: 600, limit: 6900 },
      ],
    };
    const asked = (chargingRateUnit: string) => ({
      ...question,
      ocppVersion: '2.1',
      installed: [{ evseId: 1, profile: wire201({}, own) }],
      request: { duration: 900, chargingRateUnit },
      noLimit: { W: 69_000 },
    });
    // Asked 300 s into the schedule. 2,300, 1,150 and 230 W / 230 V; 6,900 W / 690 V.
    expect(schedulePeriods(asked('A'))).toEqual([
      { startPeriod: 0, limit: 10, limit_L2: 5, limit_L3: 1 },
      { startPeriod: 300, limit: 10 },
    ]);
    expect(schedulePeriods(asked('W'))).toEqual([
      { startPeriod: 0, limit: 2300, limit_L2: 1150, limit_L3: 230 },
      { startPeriod: 300, limit: 6900 },
    ]);
  });

  test('what does not show in the answer is noted', () => {
    const profile = {
      ...wire201({}, { randomizedDelay: 60, limitAtSoC: { soc: 80, limit: 6 }, useLocalTime: true }),
    };
    const asked = { ...question, ocppVersion: '2.1', installed: [{ evseId: 3, profile }] };
    const noted = answer(asked)['notes'] as string[];
    for (const word of ['no EVSE 3', 'randomizedDelay', 'limitAtSoC', 'local time']) {
      expect(noted.some((note) => note.includes(word))).toBe(true);
    }
    const told = {
      ...asked,
      numberOfEvses: 3,
      randomDelays: [{ profileId: 1, delays: [] }],
      stateOfCharge: [{ evseId: 3, percent: 20 }],
      localTime: [{ offsetMinutes: 0 }],
    };
    expect(answer(told)['notes']).toBeUndefined();
    const twice = { ...wire201({ chargingProfilePurpose: 'TxProfile', transactionId: 'x' }) } as {
      chargingSchedule: unknown[];
    };
    twice.chargingSchedule.push(twice.chargingSchedule[0]);
    const several = { ...question, ocppVersion: '2.1', installed: [{ evseId: 1, profile: twice }] };
    expect(answer(several)['notes']).toEqual(['Profile 1: of its 2 schedules the first counts.']);
  });

  test('a zone tells the local time of the station', () => {
    const profile = wire201(
      { chargingProfileKind: 'Recurring', recurrencyKind: 'Daily' },
      { useLocalTime: true, startSchedule: '2026-03-02T22:00:00', duration: 3600 },
    );
    const asked = {
      ...question,
      ocppVersion: '2.1',
      now: '2026-03-28T12:00:00Z',
      installed: [{ evseId: 1, profile }],
      request: { duration: 2 * 86_400 },
      timeZone: 'Europe/Berlin',
    };
    const berlin: ZoneClock = (zone) =>
      zone === 'Europe/Berlin'
        ? stepFunctionOf([
            [at('2026-01-01T00:00:00Z'), 3600],
            [at('2026-03-29T01:00:00Z'), 7200],
          ])
        : undefined;
    const result = composite(asked, berlin);
    // 22:00 is 21:00Z on the 28th and 20:00Z on the 29th: 9 h and 32 h after the question.
    expect(result).toMatchObject({
      ok: true,
      value: {
        schedule: { chargingSchedulePeriod: [0, 9, 10, 32, 33].map((h) => ({ startPeriod: h * 3600 })) },
      },
    });
    const faults = (document: object) => {
      const refused = composite({ ...asked, ...document }, berlin);
      return refused.ok ? [] : refused.problem.map(({ path, rule }) => `${path} ${rule}`);
    };
    expect(faults({ timeZone: 'Mars/Base' })).toEqual(['timeZone unknown-zone']);
    expect(faults({ localTime: [{ offsetMinutes: 60 }] })).toEqual(['localTime said-twice']);
  });

  test('as long as OCPP can ask, unless too many periods lie in it', () => {
    const daily = (count: number) => ({
      ...question,
      ocppVersion: '2.0.1',
      installed: [
        {
          evseId: 1,
          profile: wire201(
            { chargingProfileKind: 'Recurring', recurrencyKind: 'Daily' },
            {
              chargingSchedulePeriod: Array.from({ length: count }, (_, i) => ({
                startPeriod: i * 60,
                limit: 6 + (i % 2),
              })),
            },
          ),
        },
      ],
      request: { duration: 2_147_483_647 },
    });
    // 24,855.1 days of two periods, from 300 s into the first day on.
    expect(schedulePeriods(daily(2))).toHaveLength(2 * 24_855 + 1);
    const result = composite(daily(1000));
    expect(result).toMatchObject({
      ok: false,
      problem: [{ path: 'request.duration', rule: 'too-many-periods' }],
    });
  });

  test('the deepest stack that is read does not end the program', () => {
    const installed = Array.from({ length: 500 }, (_, i) => ({
      evseId: 1,
      profile: wire201(
        { id: i, stackLevel: i, chargingProfileKind: 'Recurring', recurrencyKind: 'Daily' },
        { useLocalTime: true, duration: 10, chargingSchedulePeriod: [{ startPeriod: i * 10, limit: 6 }] },
      ),
    }));
    const localTime = Array.from({ length: 8 }, (_, k) => ({
      from: `2026-03-0${k + 1}T00:00:00Z`,
      offsetMinutes: k * 60,
    }));
    const deep = {
      ...question,
      ocppVersion: '2.1',
      installed,
      localTime,
      request: { duration: 20 * 86_400 },
    };
    expect(answer(deep)['status']).toBe('Accepted');
    const nested = installed.map((one, i) => ({
      ...one,
      profile: wire201(
        { id: i, stackLevel: i },
        { chargingSchedulePeriod: [{ startPeriod: 1000 + i, limit: i }] },
      ),
    }));
    // Asked 300 s into the schedule: each level begins a second after the one below it.
    expect(schedulePeriods({ ...deep, installed: nested })).toHaveLength(501);
  });

  test.each<[string, object, string]>([
    ['unknown field', { ...question, voltage: 230 }, 'voltage unknown-field'],
    ['unknown reading', { ...question, readings: { A14: 'x' } }, 'readings.A14 unknown-field'],
    ['no offset', { ...question, now: '2026-03-02T00:05:00' }, 'now custom'],
    ['no duration', { ...question, request: { duration: 0 } }, 'request.duration too-small'],
    [
      'a profile of another version',
      { ...question, installed: [{ evseId: 1, profile: wire201() }] },
      'installed[0].profile.id unknown-field',
    ],
    [
      'offsets out of order',
      { ...question, localTime: [{ offsetMinutes: 60 }, { offsetMinutes: 120 }] },
      'localTime[1].from not-ascending',
    ],
  ])('refuses by path: %s', (_, document, fault) => {
    const result = composite(document);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.problem.map(({ path, rule }) => `${path} ${rule}`)).toContain(fault);
  });
});

describe('validate-profile', () => {
  const proposal = {
    ocppVersion: '2.0.1',
    now: '2026-03-02T00:05:00Z',
    evseId: 1,
    numberOfEvses: 2,
    profile: wire201(),
    installed: [],
    transactions: [],
  };
  const verdict = (document: unknown): unknown => {
    const result = validateProfileDocument(document);
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    return validateProfileOutput.parse(JSON.parse(JSON.stringify(result.value)));
  };

  test('accepts, or names every requirement', () => {
    expect(verdict(proposal)).toEqual({ accepted: true, violations: [], advice: [] });
    const profile = wire201(
      { chargingProfilePurpose: 'TxProfile' },
      { chargingSchedulePeriod: [{ startPeriod: 5, limit: 6 }] },
    );
    expect(verdict({ ...proposal, profile })).toMatchObject({
      accepted: false,
      violations: [
        { requirement: 'K01.FR.03', path: 'profile.transactionId' },
        { requirement: 'K01.FR.09' },
        {
          requirement: 'K01.FR.31',
          path: 'profile.chargingSchedule[0].chargingSchedulePeriod[0].startPeriod',
        },
      ],
    });
    expect(verdict({ ...proposal, profile, station: { rateUnits: ['W'] } })).toMatchObject({
      violations: expect.arrayContaining([expect.objectContaining({ requirement: 'K01.FR.26' })]),
    });
  });

  test('a profile that is not of the form is refused by its schema, with the path', () => {
    expect(verdict({ ...proposal, profile: wire201({ chargingProfilePurpose: 'Tx' }) })).toMatchObject({
      accepted: false,
      violations: [
        { requirement: '2.0.1 SetChargingProfile schema', path: 'profile.chargingProfilePurpose' },
      ],
    });
  });

  test('a document around it that is not of the form is a fault', () => {
    expect(validateProfileDocument({ ...proposal, station: { colour: 'red' } })).toMatchObject({
      ok: false,
      problem: [{ path: 'station.colour', rule: 'unknown-field' }],
    });
    expect(validateProfileDocument({ ...proposal, installed: [{ evseId: 1, profile: {} }] })).toMatchObject({
      ok: false,
    });
  });
});

describe('compile', () => {
  const wish = {
    ocppVersion: '1.6',
    now: '2026-03-02T00:00:00Z',
    evse: { id: 1 },
    transactionId: 77,
    limit: [
      { from: '2026-03-02T00:00:00Z', limit: 16.7 },
      { from: '2026-03-02T00:15:00Z', limit: 20 },
    ],
    lease: 3600,
    raiseDelay: 30,
    floors: { evse: 6, station: 18 },
  };
  const made = (document: unknown): ReturnType<typeof compileOutput.parse> => {
    const result = compile(document);
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    return compileOutput.parse(JSON.parse(JSON.stringify(result.value)));
  };

  test('gives what to set, in order, and the composite that it makes', () => {
    const { set, ...rest } = made(wish);
    expect(
      set.map(({ evseId, profile }) => [
        evseId,
        (profile as Record<string, unknown>)['chargingProfilePurpose'],
      ]),
    ).toEqual([
      [0, 'ChargePointMaxProfile'],
      [1, 'TxDefaultProfile'],
      [1, 'TxProfile'],
    ]);
    expect(rest).toEqual({
      expected: [
        { from: '2026-03-02T00:00:00Z', limit: 16 },
        { from: '2026-03-02T00:15:30Z', limit: 18 },
        { from: '2026-03-02T01:00:00Z', limit: 6 },
      ],
      until: '2026-03-02T01:00:00Z',
      notes: [],
      lost: [],
    });
  });

  test('and `composite` says the same of it', () => {
    for (const ocppVersion of ['1.6', '2.0.1', '2.1']) {
      const { set, expected } = made({ ...wish, ocppVersion });
      const periods = schedulePeriods({
        ...question,
        ocppVersion,
        now: wish.now,
        numberOfEvses: 1,
        installed: set,
        viaMessages: true,
        transactions: [{ evseId: 1, id: 77, start: wish.now }],
        request: { duration: 4000, chargingRateUnit: 'A' },
      }) as { startPeriod: number; limit: number }[];
      const startMs = Date.parse(wish.now);
      expect(periods.map(({ startPeriod, limit }) => [startPeriod, limit])).toEqual(
        expected.map(({ from, limit }) => [(Date.parse(from) - startMs) / 1000, limit]),
      );
    }
  });

  test('each profile passes `validate-profile`', () => {
    const { set } = made({ ...wish, ocppVersion: '2.1' });
    for (const { evseId, profile } of set) {
      const result = validateProfileDocument({
        ocppVersion: '2.1',
        now: wish.now,
        evseId,
        numberOfEvses: 1,
        profile,
        installed: [],
        transactions: [{ evseId: 1, id: '77', start: wish.now }],
      });
      expect(result).toMatchObject({ ok: true, value: { accepted: true, advice: [] } });
    }
  });

  test('what the station cannot hold is said', () => {
    expect(made({ ...wish, capability: { maxPeriods: 1, maxStackLevel: 0 } }).notes[0]).toMatch(
      /^Too many periods/,
    );
    expect(made({ ...wish, capability: { rateUnit: 'W' } }).notes[0]).toMatch(/^The station takes W only/);
    expect(made({ ...wish, capability: { obeysLease: false } }).notes[0]).toMatch(/does not end by itself/);
  });

  test.each<[object, string]>([
    [{ ...wish, transactionId: 'abc' }, 'transactionId transaction-not-nameable'],
    [{ ...wish, limit: wish.limit.toReversed() }, 'limit[1].from not-ascending'],
    [{ ...wish, current: 'DC', capability: { rateUnit: 'A' } }, 'capability.rateUnit unit-not-supported'],
    [{ ...wish, floors: {}, capability: { obeysLease: false } }, 'floors.evse floor-missing'],
    [{ ...wish, evse: { id: 1, colour: 'red' } }, 'evse.colour unknown-field'],
  ])('refuses by path: %#', (document, fault) => {
    const result = compile(document);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.problem.map(({ path, rule }) => `${path} ${rule}`)).toEqual([fault]);
  });
});

test('every input schema refuses what it does not know', () => {
  for (const schema of [compositeInput, validateProfileInput, compileInput]) {
    expect(schema.safeParse({}).success).toBe(false);
    expect(JSON.stringify(schema.safeParse({ extra: 1 }).error?.issues)).toContain('extra');
  }
});
