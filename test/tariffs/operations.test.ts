import { describe, expect, test } from 'vitest';
import { bill, billOutputSchema, prices, pricesOutputSchema } from '#tariffs/operations';
import {
  tariffCheck,
  tariffCheckOutputSchema,
  tariffExplain,
  tariffExplainOutputSchema,
  tariffExport,
  tariffImport,
  tariffImportOutputSchema,
} from '#tariffs/tariff-operations';
import {
  catalogueDocument,
  catalogueIds,
  faultsOf,
  flatDemand,
  flatEnergy,
  tariffOf,
  valueOf,
} from './builders.ts';

const lookUp = (id: string): unknown => (catalogueIds().includes(id) ? catalogueDocument(id) : undefined);
const own = tariffOf([flatEnergy(0.1), flatDemand(10)], { timezone: 'Europe/Berlin' });
const calendar = { tz: 'Europe/Berlin', start: '2026-07-01T00:00:00+02:00', intervalMinutes: 15 };
const good = { tariff: own, calendar, load: { kw: [40, 80, 60, 20] } };
type Answer = Readonly<Record<string, unknown>>;
const answer = (result: Parameters<typeof valueOf>[0]): Answer => valueOf(result) as Answer;

describe('bill', () => {
  test('answers in the form that outsiders rely on', () => {
    const made = valueOf(bill(good, lookUp));
    // 50 kWh at 0.10, 80 kW at 10.
    expect(billOutputSchema.parse(made)).toMatchObject({
      currency: 'EUR',
      total: 805,
      periods: [
        {
          start: '2026-06-30T22:00:00Z',
          end: '2026-07-31T22:00:00Z',
          subtotals: { energy: 5, demand: 800, fixed: 0, taxes: 0 },
          total: 805,
          lines: [
            {
              id: 'energy',
              kind: 'energy',
              window: 'all',
              quantity: 50,
              unit: 'kWh',
              unitPrice: 0.1,
              amount: 5,
            },
            {
              id: 'demand',
              kind: 'demand',
              quantity: 80,
              unit: 'kW',
              evidence: { intervalStart: '2026-06-30T22:15:00Z' },
            },
          ],
        },
      ],
      losses: [],
    });
  });

  test('takes kWh, a catalogue id, URDB and OCPI documents alike', () => {
    const totals = [
      { ...good, load: { kwh: [10, 20, 15, 5] } },
      { ...good, tariff: { ref: 'nl-liander-ms-ls-2025' } },
      { ...good, tariff: { urdb: { label: 'x', energyratestructure: [[{ rate: 0.1, unit: 'kWh' }]] } } },
      {
        ...good,
        tariff: {
          ocpi: {
            id: 'x',
            currency: 'EUR',
            elements: [{ price_components: [{ type: 'ENERGY', price: 0.2, step_size: 1 }] }],
          },
        },
      },
    ].map((document) => answer(bill(document, lookUp))['total']);
    // 100 x 43.881 / 12 + 80 x 3.46 = 365.68 + 276.80.
    expect(totals).toEqual([805, 642.48, 5, 10]);
  });

  test('a start without an offset is local; the state goes from one bill to the next', () => {
    const first = answer(bill({ ...good, calendar: { ...calendar, start: '2026-07-01T00:00' } }, lookUp));
    const second = answer(
      bill(
        { ...good, calendar: { ...calendar, start: '2026-07-01T01:00:00' }, state: first['state'] },
        lookUp,
      ),
    );
    expect([first['total'], second['total']]).toEqual([805, 5]);
  });

  test('a peak names the connectors that made it', () => {
    const connectorKw = { a: [10, 50, 20, 0], b: [10, 22, 40, 20], c: [0, 0, 0, 0] };
    const made = answer(bill({ ...good, connectorKw }, lookUp))['periods'] as {
      lines: { evidence: object }[];
    }[];
    expect(made[0]?.lines[1]?.evidence).toMatchObject({
      intervalStart: '2026-06-30T22:15:00Z',
      connectors: [
        { id: 'a', kw: 50 },
        { id: 'b', kw: 22 },
      ],
    });
  });

  test('a start that the clock shows twice or never is told', () => {
    const lossesOf = (start: string): readonly unknown[] =>
      (
        answer(bill({ ...good, calendar: { ...calendar, start } }, lookUp))['losses'] as { field: string }[]
      ).map((loss) => loss.field);
    expect(lossesOf('2026-10-25T02:30')).toEqual(['calendar.start']);
    expect(lossesOf('2026-03-29T02:30')).toEqual(['calendar.start']);
    expect(lossesOf('2026-10-25T03:30')).toEqual([]);
    expect(lossesOf('2026-10-25T02:30+01:00')).toEqual([]);
  });

  test('read dates and cycles cut bills as they say', () => {
    const load = { kw: Array.from({ length: 96 * 3 }, () => 4) };
    const starts = (billingPeriod: unknown): readonly string[] =>
      (
        answer(bill({ ...good, load, calendar: { ...calendar, billingPeriod } }, lookUp))['periods'] as {
          start: string;
        }[]
      ).map((period) => period.start);
    expect(starts(['2026-06-10', '2026-07-02', '2026-08-01'])).toEqual([
      '2026-06-09T22:00:00Z',
      '2026-07-01T22:00:00Z',
    ]);
    expect(starts({ anchor: '2026-01-03' })).toEqual(['2026-06-02T22:00:00Z', '2026-07-02T22:00:00Z']);
  });

  test('a session under an OCPI tariff', () => {
    const made = valueOf(
      bill(
        {
          tariff: {
            ocpi: {
              id: 'x',
              currency: 'EUR',
              elements: [
                {
                  price_components: [
                    { type: 'FLAT', price: 0.5, vat: 20 },
                    { type: 'ENERGY', price: 0.25, vat: 10 },
                  ],
                },
              ],
            },
          },
          session: {
            tz: 'Europe/Berlin',
            localStart: '2026-07-01T10:00',
            segments: [{ kind: 'charge', minutes: 60, kwh: 20 }],
          },
        },
        lookUp,
      ),
    );
    expect(billOutputSchema.parse(made)).toMatchObject({
      total: 6.1,
      totalExclVat: 5.5,
      totalInclVat: 6.1,
      periods: [{ subtotals: { energy: 5, fixed: 0.5, taxes: 0.6 } }],
    });
  });

  test('the fixed calendar of 8,760 hours', () => {
    const kw = Array.from({ length: 8760 }, () => 1);
    const made = answer(
      bill(
        {
          tariff: own,
          calendar: { tz: 'UTC', start: '2024-01-01T00:00:00Z', intervalMinutes: 60, clock: 'fixed-8760' },
          load: { kw },
        },
        lookUp,
      ),
    );
    const periods = made['periods'] as { start: string; kwh: number; complete: boolean }[];
    // 2024 has 29 February; the fixed calendar has not.
    expect(periods.map((period) => period.kwh)).toEqual([
      744, 672, 744, 720, 744, 720, 744, 744, 720, 744, 720, 744,
    ]);
    expect(periods[11]).toMatchObject({ start: '2024-12-01T00:00:00Z', complete: true });
  });
});

describe('prices', () => {
  test('one price per interval, one row of marks per demand charge', () => {
    const document = {
      tariff: { ref: 'us-sce-tou-8-d-2022' },
      calendar: { tz: 'America/Los_Angeles', start: '2026-07-01T15:00', intervalMinutes: 60 },
      intervals: 3,
    };
    const made = pricesOutputSchema.parse(valueOf(prices(document, lookUp)));
    expect(made.energy).toEqual([0.08988, 0.12846, 0.12846]);
    expect(
      made.demand.map((term) => [term.line, term.window, term.pricePerKw, term.floorKw, term.intervals]),
    ).toEqual([
      ['facilities', 'any-time', 19.07, 0, [1, 1, 1]],
      ['time-related', 'summer-on-peak', 41.08, 0, [0, 1, 1]],
    ]);
  });

  test('an hour that a window cuts has the mean of its prices', () => {
    const tariff = tariffOf([
      {
        kind: 'energy',
        id: 'e',
        windows: [
          { id: 'day', when: [{ from: '08:30', to: '20:00' }], price: 0.3 },
          { id: 'night', when: 'otherwise', price: 0.1 },
        ],
      },
    ]);
    const document = {
      tariff,
      calendar: { tz: 'UTC', start: '2026-07-01T07:00:00Z', intervalMinutes: 60 },
      load: { kw: [1, 1, 1] },
    };
    expect(answer(prices(document, lookUp))['energy']).toEqual([0.1, 0.2, 0.3]);
  });
});

test('prices of a load and a number of intervals that differ are refused', () => {
  expect(faultsOf(prices({ ...good, intervals: 3 }, lookUp))).toEqual(['intervals: length-differs']);
});

describe('bad input gives a fault with its path', () => {
  const billFaults = (change: object): readonly string[] => faultsOf(bill({ ...good, ...change }, lookUp));
  const withLine = (line: object): object => ({ tariff: { ...own, lines: [...own.lines, line] } });
  const window = (id: string, when: unknown, price = 1): object => ({ id, when, price });

  test.each<readonly [string, object, readonly string[]]>([
    ['an unknown field', { surprise: 1 }, ['surprise: unknown-field']],
    [
      'an unknown field of a line',
      withLine({ ...flatEnergy(1, 'x'), colour: 'red' }),
      ['tariff.lines[2].colour: unknown-field'],
    ],
    [
      'an unknown kind of line',
      withLine({ kind: 'carbon', id: 'x' }),
      ['tariff.lines[2].kind: unknown-kind'],
    ],
    [
      'an unknown unit',
      withLine({ ...flatDemand(1, 'x'), unit: 'hp' }),
      ['tariff.lines[2].unit: unknown-value'],
    ],
    [
      'energy windows that overlap',
      withLine({
        kind: 'energy',
        id: 'x',
        windows: [window('a', [{ to: '13:00' }]), window('b', [{ from: '12:00' }])],
      }),
      ['tariff.lines[2].windows: energy-overlap'],
    ],
    [
      'a gap',
      withLine({ kind: 'energy', id: 'x', windows: [window('a', [{ days: 'weekdays' }])] }),
      ['tariff.lines[2].windows: energy-gap'],
    ],
    [
      'a date that does not exist',
      { tariff: { ...own, validFrom: '2026-02-30' } },
      ['tariff.validFrom: impossible-date'],
    ],
    [
      'a start that does not exist',
      { calendar: { ...calendar, start: '2026-02-30T00:00:00Z' } },
      ['calendar.start: impossible-date'],
    ],
    ['NaN', { load: { kw: [1, Number.NaN] } }, ['load.kw[1]: not-a-finite-number']],
    ['infinity', { load: { kw: [1, Infinity] } }, ['load.kw[1]: not-a-finite-number']],
    ['a text as power', { load: { kw: [1, '2'] } }, ['load.kw[1]: wrong-type']],
    ['a power that no site has', { load: { kw: [1, 2e7] } }, ['load.kw[1]: too-large']],
    ['no load', { load: undefined }, ['load: missing-field']],
    ['a wrong zone', { calendar: { ...calendar, tz: 'Mars/Olympus' } }, ['calendar.tz: wrong-zone']],
    ['a wrong zone of the tariff', { tariff: { ...own, timezone: 'EST' } }, ['tariff.timezone: wrong-zone']],
    [
      '40,000 holidays',
      { calendar: { ...calendar, holidays: Array.from({ length: 40_000 }, () => '2026-01-01') } },
      ['calendar.holidays: too-large'],
    ],
    [
      'a holiday that does not exist',
      { calendar: { ...calendar, holidays: ['2026-02-29'] } },
      ['calendar.holidays[0]: impossible-date'],
    ],
    [
      'a price series that ends early',
      {
        ...withLine({
          kind: 'energy',
          id: 'x',
          windows: [{ id: 'a', when: 'always', series: { ref: 'da' } }],
        }),
        series: { da: { start: '2026-06-30T22:00:00Z', intervalMinutes: 15, perKwh: [1, 2, 3] } },
      },
      ['series.da.perKwh: series-ends-early'],
    ],
    [
      'a price series that starts late',
      {
        ...withLine({
          kind: 'energy',
          id: 'x',
          windows: [{ id: 'a', when: 'always', series: { ref: 'da' } }],
        }),
        series: { da: { start: '2026-06-30T23:00:00Z', intervalMinutes: 15, perKwh: [1, 2, 3] } },
      },
      ['series.da.start: series-starts-late'],
    ],
    [
      'a price series that is not there',
      withLine({ kind: 'energy', id: 'x', windows: [{ id: 'a', when: 'always', series: { ref: 'da' } }] }),
      ['tariff.lines[2].windows[0].series.ref: unknown-series'],
    ],
    [
      'demand windows that slide',
      { tariff: { ...own, meter: { ...own.meter, alignment: 'sliding' } } },
      ['tariff.meter.alignment: unknown-value'],
    ],
    [
      'read dates that do not ascend',
      { calendar: { ...calendar, billingPeriod: ['2026-08-01', '2026-06-01'] } },
      ['calendar.billingPeriod[1]: not-ascending'],
    ],
    [
      'a cycle from a day that does not exist',
      { calendar: { ...calendar, billingPeriod: { anchor: '2026-02-30' } } },
      ['calendar.billingPeriod.anchor: impossible-date'],
    ],
    [
      'a year without clocks',
      { calendar: { ...calendar, start: '0000-01-01T00:00:00Z' } },
      ['calendar.start: outside-years'],
    ],
    [
      'energy that no site uses',
      {
        calendar: { ...calendar, intervalMinutes: 1440 },
        load: { kw: Array.from({ length: 20 }, () => 1e7) },
      },
      ['load: implausible-energy'],
    ],
    [
      'money that nobody pays',
      { tariff: { ...own, lines: [flatEnergy(1e6)] }, load: { kw: [1e6] } },
      ['tariff.lines: implausible-amount'],
    ],
    ['connectors of another length', { connectorKw: { a: [1] } }, ['connectorKw.a: length-differs']],
    [
      'an interval of half a minute',
      { calendar: { ...calendar, intervalMinutes: 0.5 } },
      ['calendar.intervalMinutes: not-a-whole-minute'],
    ],
    [
      'read dates beside the load',
      { calendar: { ...calendar, billingPeriod: ['2026-07-05', '2026-08-05'] } },
      ['calendar.billingPeriod: outside-read-dates'],
    ],
    ['an unknown catalogue id', { tariff: { ref: 'none' } }, ['tariff.ref: unknown-tariff']],
    ['a state of a line that is not there', { state: { lines: { x: {} } } }, ['state.lines.x: unknown-line']],
    [
      'a state of a later period',
      { state: { periodStart: '2026-08-01' } },
      ['state.periodStart: state-of-a-later-period'],
    ],
    [
      'a window over midnight',
      withLine({ ...flatDemand(1, 'x'), windows: [window('a', [{ from: '22:00', to: '06:00' }])] }),
      ['tariff.lines[2].windows[0].when[0].to: window-ends-before-it-starts'],
    ],
    ['two lines of one id', withLine(flatEnergy(1)), ['tariff.lines[2].id: id-twice']],
    [
      'a season that is not there',
      withLine({ ...flatDemand(1, 'x'), windows: [window('a', [{ seasons: ['dry'] }])] }),
      ['tariff.lines[2].windows[0].when[0].seasons[0]: unknown-season'],
    ],
    [
      'tiers that do not rise',
      withLine({
        kind: 'energy',
        id: 'x',
        windows: [
          {
            id: 'a',
            when: 'always',
            tiers: [
              { upTo: 9, price: 1 },
              { upTo: 9, price: 1 },
              { upTo: null, price: 1 },
            ],
          },
        ],
      }),
      ['tariff.lines[2].windows[0].tiers[1].upTo: tiers-not-ascending'],
    ],
    [
      'a last tier with an end',
      withLine({
        kind: 'energy',
        id: 'x',
        windows: [{ id: 'a', when: 'always', tiers: [{ upTo: 9, price: 1 }] }],
      }),
      ['tariff.lines[2].windows[0].tiers[0].upTo: open-tier'],
    ],
    [
      'a window with two prices',
      withLine({
        kind: 'energy',
        id: 'x',
        windows: [{ id: 'a', when: 'always', price: 1, series: { ref: 'da' } }],
      }),
      ['tariff.lines[2].windows[0]: one-of'],
    ],
    [
      'a percentage of what comes after',
      withLine({ kind: 'percent', id: 'x', percent: 1, of: ['y'] }),
      ['tariff.lines[2].of[0]: unknown-line'],
    ],
    [
      'a sliding meter',
      { tariff: { ...own, meter: { ...own.meter, alignment: 'sliding' } } },
      ['tariff.meter.alignment: unknown-value'],
    ],
  ])('%s', (_name, change, expected) => {
    expect(billFaults(change)).toEqual(expected);
  });

  test('a holiday given with the load may open a gap that the tariff alone does not have', () => {
    const tariff = tariffOf(
      [{ kind: 'energy', id: 'e', windows: [{ id: 'a', when: [{ holidays: 'exclude' }], price: 1 }] }],
      { timezone: 'Europe/Berlin' },
    );
    const holidays = ['2026-07-01'];
    expect(faultsOf(bill({ ...good, tariff, calendar: { ...calendar, holidays } }, lookUp))).toEqual([
      'tariff.lines[0].windows: energy-gap',
    ]);
  });

  test('a foreign document is refused under its name', () => {
    const tariff = { urdb: { energyratestructure: [[{ rate: 1, unit: 'furlong' }]] } };
    expect(billFaults({ tariff })).toEqual(['tariff.urdb.energyratestructure[0][0].unit: unknown-unit']);
  });
});

describe('tariff import, check, explain, export', () => {
  test('import answers with a tariff, a series or a load, each with its losses', () => {
    const made = [
      {
        format: 'urdb',
        source: { label: 'x', eiaid: 7, energyratestructure: [[{ rate: 0.1, unit: 'kWh' }]] },
        tz: 'America/Denver',
      },
      { format: 'price-csv', source: 'start,price EUR/MWh\n2026-01-01T00:00Z,50\n2026-01-01T01:00Z,60' },
      { format: 'meter-csv', source: 'start,kW\n2026-01-01T00:00Z,5\n2026-01-01T00:15Z,6' },
    ].map((document) => tariffImportOutputSchema.parse(valueOf(tariffImport(document))));
    expect(made.map((one) => Object.keys(one)[0])).toEqual(['tariff', 'series', 'load']);
    expect(made[0]?.losses).toContainEqual({ field: 'eiaid', reason: 'identity of the utility' });
    expect(made[2]?.load).toEqual({ start: '2026-01-01T00:00:00Z', intervalMinutes: 15, kw: [5, 6] });
  });

  test('import names what it does not understand', () => {
    expect(faultsOf(tariffImport({ format: 'pdf', source: '' }))).toEqual(['format: unknown-value']);
    expect(faultsOf(tariffImport({ format: 'urdb', source: {} }))).toEqual(['tz: missing-field']);
    expect(faultsOf(tariffImport({ format: 'eeco', source: {}, tz: 'UTC' }))).toEqual(['source: wrong-type']);
    expect(faultsOf(tariffImport({ format: 'urdb', source: { energyratestructure: 5 }, tz: 'UTC' }))).toEqual(
      ['source.energyratestructure: wrong-type'],
    );
  });

  test('check tells what a tariff holds', () => {
    const made = tariffCheckOutputSchema.parse(
      valueOf(tariffCheck({ tariff: { ref: 'us-pge-bev-2-s-2024' } }, lookUp)),
    );
    expect(made.lines).toEqual([
      { id: 'energy', kind: 'energy', windows: ['peak', 'super-off-peak', 'off-peak'] },
      { id: 'subscription', kind: 'subscription', windows: [] },
    ]);
    expect(faultsOf(tariffCheck({ tariff: { ...own, currency: 'euro' } }, lookUp))).toEqual([
      'tariff.currency: wrong-form',
    ]);
  });

  test('explain says what one more kW would cost now, and which peaks it would raise', () => {
    const document = {
      tariff: { ref: 'us-sce-tou-8-d-2022' },
      at: '2026-07-02T00:10:00Z',
      loadKw: 150,
      state: { lines: { facilities: { windows: { 'any-time': { peakKw: 220 } } } } },
    };
    const made = tariffExplainOutputSchema.parse(valueOf(tariffExplain(document, lookUp)));
    expect(made.sentences[0]?.text).toBe(
      'Energy on weekdays that are no holiday from 16:00 to 21:00 in summer costs 0.12846 USD/kWh.',
    );
    // 17:10 local on a summer weekday: the on-peak demand is not set yet, the facilities peak is higher already.
    expect(made.oneMoreKw?.text).toBe(
      'One more kW costs 0.12846 USD for each hour and 41.08 USD for the peaks that it raises (time-related summer-on-peak); 1 peaks are higher already.',
    );
  });

  test('export: the own form comes back as it went in', () => {
    const made = answer(tariffExport({ tariff: own, format: 'own' }, lookUp));
    expect(answer(bill({ ...good, tariff: made['tariff'] }, lookUp))['total']).toBe(805);
  });
});
