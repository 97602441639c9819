import { expect, test } from 'vitest';
import { eventsOfOpenAdr } from '#tariffs/import/openadr';
import { tariffImport } from '#tariffs/tariff-operations';
import { faultsOf, valueOf } from './builders.ts';

const prices = (values: readonly number[], rest: object = {}): object => ({
  objectType: 'EVENT',
  programID: '44',
  eventName: 'prices',
  payloadDescriptors: [{ payloadType: 'PRICE', units: 'KWH', currency: 'USD' }],
  intervalPeriod: { start: '2026-02-10T00:00:00Z', duration: 'PT1H', randomizeStart: 'PT0S' },
  intervals: values.map((value, id) => ({ id, payloads: [{ type: 'PRICE', values: [value] }] })),
  ...rest,
});

test('prices follow each other from the start of the event', () => {
  const { series, currency, losses } = valueOf(eventsOfOpenAdr(prices([0.17, 0.2, -0.01])));
  expect(series).toEqual({ start: '2026-02-10T00:00:00Z', intervalMinutes: 60, perKwh: [0.17, 0.2, -0.01] });
  expect(currency).toBe('USD');
  expect(losses.map((loss) => loss.field)).toEqual(['programID', 'eventName']);
});

test('intervals may have their own periods, units their own size, events come in a list', () => {
  const first = prices([], {
    payloadDescriptors: [
      { payloadType: 'PRICE', units: 'MWH', currency: 'EUR' },
      { payloadType: 'EXPORT_PRICE', units: 'MWH', currency: 'EUR' },
    ],
    intervalPeriod: null,
    intervals: [
      {
        id: 1,
        intervalPeriod: { start: '2026-02-10T01:00+01:00', duration: 'PT30M' },
        payloads: [
          { type: 'PRICE', values: [80] },
          { type: 'EXPORT_PRICE', values: [40] },
        ],
      },
    ],
  });
  const second = prices([0.09], { intervalPeriod: { start: '2026-02-10T00:30:00Z', duration: 'PT15M' } });
  const euros = { ...second, payloadDescriptors: [{ payloadType: 'PRICE', units: 'KWH', currency: 'EUR' }] };
  const { series, sellSeries, losses } = valueOf(eventsOfOpenAdr([first, euros]));
  // Half an hour at 0.08, a quarter at 0.09.
  expect(series).toEqual({ start: '2026-02-10T00:00:00Z', intervalMinutes: 15, perKwh: [0.08, 0.08, 0.09] });
  expect(sellSeries).toEqual({ start: '2026-02-10T00:00:00Z', intervalMinutes: 30, perKwh: [0.04] });
  expect(losses.map((loss) => loss.field)).toContain('resolution');
});

test('capacity limits are stretches of kW; without an end they stand', () => {
  const event = {
    payloadDescriptors: [{ payloadType: 'IMPORT_CAPACITY_LIMIT', units: 'W' }],
    intervalPeriod: { start: '2026-02-10T17:00:00Z', duration: 'PT2H' },
    intervals: [
      {
        id: 0,
        payloads: [
          { type: 'IMPORT_CAPACITY_LIMIT', values: [50_000] },
          { type: 'SIMPLE', values: [1] },
        ],
      },
      {
        id: 1,
        intervalPeriod: { start: '2026-02-11T00:00:00Z', duration: 'PT0S' },
        payloads: [{ type: 'IMPORT_CAPACITY_LIMIT', values: [80_000] }],
      },
    ],
  };
  const made = valueOf(tariffImport({ format: 'openadr', source: event })) as Record<string, unknown>;
  expect(made['limits']).toEqual([
    { type: 'IMPORT_CAPACITY_LIMIT', start: '2026-02-10T17:00:00Z', end: '2026-02-10T19:00:00Z', kw: 50 },
    { type: 'IMPORT_CAPACITY_LIMIT', start: '2026-02-11T00:00:00Z', end: null, kw: 80 },
  ]);
  expect(made['losses']).toEqual([{ field: 'SIMPLE', reason: 'not a price and not a capacity: not read' }]);
});

test.each<readonly [string, unknown, readonly string[]]>([
  ['no event', [], [': too-small']],
  [
    'a unit that is not known',
    prices([1], { payloadDescriptors: [{ payloadType: 'PRICE', units: 'THERM' }] }),
    ['payloadDescriptors[0].units: unknown-unit'],
  ],
  [
    'a price that is no number',
    prices([], { intervals: [{ id: 0, payloads: [{ type: 'PRICE', values: ['1'] }] }] }),
    ['intervals[0].payloads[0].values[0]: not-a-number'],
  ],
  [
    'a duration that is none',
    prices([1], { intervalPeriod: { start: '2026-02-10T00:00:00Z', duration: '1 h' } }),
    ['intervals[0].intervalPeriod.duration: wrong-form'],
  ],
  [
    'no start',
    prices([1], { intervalPeriod: { duration: 'PT1H' } }),
    ['intervals[0].intervalPeriod.start: impossible-date'],
  ],
  [
    'a price without an end',
    prices([1], { intervalPeriod: { start: '2026-02-10T00:00:00Z', duration: 'PT0S' } }),
    ['intervals[0].payloads[0]: missing-field'],
  ],
  [
    'a hole between prices',
    [prices([1]), prices([1], { intervalPeriod: { start: '2026-02-10T02:00:00Z', duration: 'PT1H' } })],
    ['readings: missing-prices'],
  ],
])('%s is refused by its path', (_name, document, faults) => {
  expect(faultsOf(eventsOfOpenAdr(document))).toEqual(faults);
});
