import { describe, expect, test } from 'vitest';
import { billOf } from '#tariffs/bill';
import { loadOfGreenButton, loadOfMeterText } from '#tariffs/import/meter-history';
import { tariffOfAcnportal, tariffOfDerVet, tariffOfEeco } from '#tariffs/import/peers';
import { seriesOfEntsoe, seriesOfPriceText } from '#tariffs/import/price-series';
import { tariffOfUrdb } from '#tariffs/import/urdb';
import { recordOfUrdbRow } from '#tariffs/import/urdb-row';
import { amountsOf, at, faultsOf, valueOf } from './builders.ts';
import { sharedText } from './shared-data.ts';

const fields = (losses: readonly { readonly field: string }[]): readonly string[] =>
  losses.map((loss) => loss.field);

describe('ENTSO-E publication documents', () => {
  const document = (periods: string, curve = 'A03'): string => `<?xml version="1.0" encoding="UTF-8"?>
<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">
  <createdDateTime>2025-10-01T00:00:00Z</createdDateTime>
  <TimeSeries>
    <in_Domain.mRID codingScheme="A01">10YBE----------2</in_Domain.mRID>
    <currency_Unit.name>EUR</currency_Unit.name>
    <price_Measure_Unit.name>MWH</price_Measure_Unit.name>
    <curveType>${curve}</curveType>
    ${periods}
  </TimeSeries>
</Publication_MarketDocument>`;
  const period = (
    start: string,
    end: string,
    resolution: string,
    points: readonly (readonly [number, number])[],
  ): string =>
    `<Period><timeInterval><start>${start}</start><end>${end}</end></timeInterval><resolution>${resolution}</resolution>${points
      .map(
        ([position, price]) =>
          `<Point><position>${position}</position><price.amount>${price}</price.amount></Point>`,
      )
      .join('')}</Period>`;

  test('a position that is left out has the price before it', () => {
    const xml = document(
      period('2025-09-30T20:00Z', '2025-10-01T00:00Z', 'PT60M', [
        [1, 80],
        [2, 95.5],
        [4, 60],
      ]),
    );
    const { series, currency } = valueOf(seriesOfEntsoe(xml));
    expect(series).toEqual({
      start: '2025-09-30T20:00:00Z',
      intervalMinutes: 60,
      perKwh: [0.08, 0.0955, 0.0955, 0.06],
    });
    expect(currency).toBe('EUR');
  });

  test('with another curve type a hole is a hole', () => {
    const xml = document(
      period('2025-09-30T20:00Z', '2025-10-01T00:00Z', 'PT60M', [
        [1, 80],
        [2, 95.5],
        [4, 60],
      ]),
      'A01',
    );
    expect(faultsOf(seriesOfEntsoe(xml))).toEqual(['readings: missing-prices']);
  });

  test('the change from hours to quarter hours is told', () => {
    const xml = document(
      period('2025-09-30T21:00Z', '2025-09-30T22:00Z', 'PT60M', [[1, 80]]) +
        period('2025-09-30T22:00Z', '2025-09-30T23:00Z', 'PT15M', [
          [1, 10],
          [2, 20],
          [3, 30],
          [4, 40],
        ]),
    );
    const { series, losses } = valueOf(seriesOfEntsoe(xml));
    expect(series.perKwh).toEqual([0.08, 0.08, 0.08, 0.08, 0.01, 0.02, 0.03, 0.04]);
    expect(losses).toContainEqual({
      field: 'resolution',
      reason: 'changes from 60 to 15 min at 2025-09-30T22:00:00Z',
    });
  });

  test('a day in two resolutions is read in the finer one', () => {
    const xml = document(
      period('2025-10-01T22:00Z', '2025-10-02T00:00Z', 'PT60M', [
        [1, 25],
        [2, 60],
      ]) +
        period('2025-10-01T22:00Z', '2025-10-01T23:00Z', 'PT15M', [
          [1, 10],
          [2, 20],
          [4, 50],
        ]),
    );
    const { series, losses } = valueOf(seriesOfEntsoe(xml));
    // The third quarter repeats the second (A03); the second hour stands in hours only.
    expect(series.perKwh).toEqual([0.01, 0.02, 0.02, 0.05, 0.06, 0.06, 0.06, 0.06]);
    expect(losses).toContainEqual({
      field: 'resolution',
      reason: '1 prices of 60 min are left out where shorter ones stand',
    });
  });

  test('what is no XML, or another document, is refused', () => {
    expect(faultsOf(seriesOfEntsoe('<a><b></a>'))).toEqual([': not-xml']);
    expect(faultsOf(seriesOfEntsoe('<?xml version="""?><a></a>'))).toEqual([': not-xml']);
    expect(faultsOf(seriesOfEntsoe('<Acknowledgement_MarketDocument/>'))).toEqual([
      'Publication_MarketDocument: missing-field',
    ]);
  });
});

describe('price texts', () => {
  test('local times go through both changes of the clock', () => {
    // Brussels: 26 October 2025 has 02:00 twice.
    const rows = ['2025-10-26 01:00,10', '2025-10-26 02:00,20', '2025-10-26 02:00,30', '2025-10-26 03:00,40'];
    const { series } = valueOf(
      seriesOfPriceText(`datetime,price EUR/MWh\n${rows.join('\n')}`, { timezone: 'Europe/Brussels' }),
    );
    expect(series).toEqual({
      start: '2025-10-25T23:00:00Z',
      intervalMinutes: 60,
      perKwh: [0.01, 0.02, 0.03, 0.04],
    });
  });

  test('an empty hour and a time that does not exist are told', () => {
    // 30 March 2025: 02:00 does not exist in Brussels; the file has it without a price, as exports do.
    const rows = ['2025-03-30 01:00;10,5', '2025-03-30 02:00;', '2025-03-30 03:00;11'];
    const { series, losses } = valueOf(
      seriesOfPriceText(`Datum;Preis EUR/MWh\n${rows.join('\n')}`, { timezone: 'Europe/Brussels' }),
    );
    expect(series.perKwh).toEqual([0.0105, 0.011]);
    expect(losses).toEqual([{ field: 'preis eur/mwh', reason: '1 rows have no price' }]);
  });

  test('the unit must be known, and the zone of local times', () => {
    expect(faultsOf(seriesOfPriceText('time,price\n2025-01-01T00:00Z,1', {}))).toEqual([
      'columns.price: unknown-unit',
    ]);
    expect(faultsOf(seriesOfPriceText('time,price\n2025-01-01 00:00,1', { unit: 'MWh' }))).toEqual([
      'timezone: missing-field',
    ]);
  });
});

describe('files as they are', () => {
  const fieldsOf = (made: { readonly losses: readonly { readonly field: string }[] }): readonly string[] =>
    made.losses.map((loss) => loss.field);

  test('a year of hours with an empty 02:00 in March and a doubled one in October is whole', () => {
    const text = sharedText('dayahead_be_2023_hourly.csv');
    if (text === undefined) return;
    const made = valueOf(seriesOfPriceText(text, { timezone: 'Europe/Brussels' }));
    // 365 days of 24 h: one hour less in March, one more in October.
    expect([made.series.start, made.series.perKwh.length]).toEqual(['2022-12-31T23:00:00Z', 8760]);
    expect(fieldsOf(made)).toEqual(['eur_per_kwh']);
  });

  test('hours that stand as quarter hours are told up to where true ones begin', () => {
    const text = sharedText('dayahead_be_2025-09-15_10-21_15min.csv');
    if (text === undefined) return;
    const { losses } = valueOf(seriesOfPriceText(text, {}));
    expect(losses).toEqual([
      {
        field: 'resolution',
        reason:
          '4 values of each hour are equal until 2025-09-30T22:00:00Z: hourly prices, then true ones of 15 min',
      },
    ]);
  });

  test('a building whose clock does not double November lacks that hour', () => {
    const text = sharedText('office_b59_15min_2020-05-31_on.csv');
    if (text === undefined) return;
    const made = valueOf(loadOfMeterText(text, { timezone: 'America/Los_Angeles' }));
    expect(made.losses).toEqual([
      { field: 'missing', reason: '4 of 20614 intervals have no reading, the first at 2020-11-01T09:00:00Z' },
    ]);
  });
});

describe('meter history', () => {
  test('kWh become kW, newest first is turned round, doubled and missing readings are told', () => {
    const text = [
      'start,kWh',
      '2026-01-01T01:15Z,4',
      '2026-01-01T00:45Z,3',
      '2026-01-01T00:30Z,2',
      '2026-01-01T00:30Z,9',
      '2026-01-01T00:15Z,1',
      '2026-01-01T00:00Z,1',
    ].join('\n');
    const { start, intervalMinutes, kw, losses } = valueOf(loadOfMeterText(text, {}));
    expect([start, intervalMinutes, kw]).toEqual(['2026-01-01T00:00:00Z', 15, [4, 4, 8, 12, null, 16]]);
    expect(fields(losses)).toEqual(['order', 'doubled', 'missing']);
  });

  test('powers and prices that nobody has are refused', () => {
    expect(faultsOf(loadOfMeterText('start,kWh\n2026-01-01T00:00Z,1\n2026-01-01T00:15Z,1e308', {}))).toEqual([
      'readings[1]: implausible-power',
    ]);
    expect(
      faultsOf(seriesOfPriceText('time,EUR/kWh\n2026-01-01T00:00Z,1e9\n2026-01-01T01:00Z,1', {})),
    ).toEqual(['readings[0]: implausible-price']);
  });

  test('stamps at the end of intervals are moved to their start', () => {
    const { start } = valueOf(
      loadOfMeterText('end,kW\n2026-01-01T00:15Z,1\n2026-01-01T00:30Z,2', { stamp: 'end' }),
    );
    expect(start).toBe('2026-01-01T00:00:00Z');
  });

  const greenButton = (readings: string, type = ''): string => `<feed xmlns="http://www.w3.org/2005/Atom">
    <entry><link rel="self" href="/MeterReading/1"/><link rel="related" href="/MeterReading/1/IntervalBlock"/><link rel="related" href="/ReadingType/7"/><content><MeterReading/></content></entry>
    <entry><link rel="self" href="/ReadingType/8"/><content><ReadingType><uom>169</uom></ReadingType></content></entry>
    <entry><link rel="self" href="/ReadingType/7"/><content><ReadingType><uom> 72 </uom><powerOfTenMultiplier>0</powerOfTenMultiplier>${type}</ReadingType></content></entry>
    <entry><link rel="self" href="/MeterReading/1/IntervalBlock/1"/><link rel="up" href="/MeterReading/1/IntervalBlock"/><content><IntervalBlock>${readings}</IntervalBlock></content></entry>
  </feed>`;
  const reading = (start: number, wh: number): string =>
    `<IntervalReading><cost>672</cost><timePeriod><duration>900</duration><start> ${start} </start></timePeriod><value>${wh}</value></IntervalReading>`;

  test('Green Button: Wh of 15 minutes as kW, spaces and all', () => {
    const xml = greenButton(reading(1767226500, 250) + reading(1767225600, 500));
    const { start, kw, losses } = valueOf(loadOfGreenButton(xml));
    expect([start, kw]).toEqual(['2026-01-01T00:00:00Z', [2, 1]]);
    expect(fields(losses)).toEqual(['cost', 'order']);
  });

  test('Green Button: energy received counts against energy delivered', () => {
    const xml = greenButton(reading(1767225600, 500), '<flowDirection>19</flowDirection>');
    expect(valueOf(loadOfGreenButton(xml)).kw).toEqual([-2]);
  });
});

describe('tables of other projects', () => {
  test('acnportal: times of the day by season, one demand charge', () => {
    const part = (
      id: string,
      from: string,
      to: string,
      mask: string,
      times: number[],
      tariffs: number[],
    ) => ({
      id,
      effective_start: from,
      effective_end: to,
      dow_mask: mask,
      times,
      tariffs,
      demand_charge: 15.51,
    });
    const document = {
      name: 'SCE TOU-EV-4',
      effective: '2019-3-1',
      schedule: [
        part('Summer-Weekday', '06-01', '09-30', 'WEEKDAYS', [0, 8.5, 18], [0.05, 0.25, 0.05]),
        part('Summer-Weekend', '06-01', '09-30', 'WEEKENDS', [0], [0.05]),
        part('Winter', '10-01', '05-31', 'ALL', [0], [0.06]),
      ],
    };
    const { tariff } = valueOf(tariffOfAcnportal(document, { timezone: 'America/Los_Angeles' }));
    // Wednesday 1 July 2026, 100 kW all day: 9.5 h at 0.25, 14.5 h at 0.05; demand 100 x 15.51.
    const kw = new Float64Array(24).fill(100);
    const bill = valueOf(billOf({ tariff, start: at('2026-07-01T00:00:00-07:00'), intervalS: 3600, kw }));
    expect(bill.total).toBeCloseTo(237.5 + 72.5 + 1551, 6);
    expect(tariff.validFrom).toBe('2019-03-01');
  });

  test('acnportal: schedules that overlap are refused', () => {
    const winter = {
      effective_start: '11-01',
      effective_end: '04-30',
      dow_mask: 'ALL',
      times: [0],
      tariffs: [0.1],
    };
    const document = {
      name: 'x',
      schedule: [
        { id: 'a', ...winter },
        { id: 'b', ...winter },
        { id: 'c', ...winter, effective_start: '05-01', effective_end: '10-31' },
      ],
    };
    expect(faultsOf(tariffOfAcnportal(document, { timezone: 'UTC' }))).toEqual([
      'lines[0].windows: energy-overlap',
    ]);
  });

  test('DER-VET: hour-ending times, weekday marks and hours left out', () => {
    const text = [
      'Billing Period,Start Month,End Month,Start Time,End Time,Excluding Start Time,Excluding End Time,Weekday?,Value,Charge,Name_optional',
      '1,1,12,1,24,17,21,2,0.1,energy,off',
      '2,1,12,17,21,,,2,0.3,energy,on',
      '3,1,12,1,24,,,2,10,demand,any',
      '4,6,9,17,21,,,1,20,demand,peak',
    ].join('\n');
    const { tariff } = valueOf(tariffOfDerVet(text, { timezone: 'America/Los_Angeles', name: 'case' }));
    // Wednesday 1 July 2026: 19 h at 0.10, 5 h (16:00 to 21:00) at 0.30, 100 kW; 110 kW at 16:00.
    const kw = Float64Array.from({ length: 24 }, (_, hour) => (hour === 16 ? 110 : 100));
    const bill = valueOf(billOf({ tariff, start: at('2026-07-01T00:00:00-07:00'), intervalS: 3600, kw }));
    expect(bill.total).toBeCloseTo(190 + 153 + 1100 + 2200, 6);
  });

  test('eeco: fractional hours, weekdays from Monday 0, limits, and overlapping energy rows add', () => {
    const text = [
      'utility,type,assessed,period,basic_charge_limit (metric),month_start,month_end,hour_start,hour_end,weekday_start,weekday_end,charge (metric),units',
      'electric,customer,,,,,,,,,,300,$/month',
      'electric,energy,,,0,1,12,0,24,0,6,0.05,$/kWh',
      'electric,energy,,,0,1,12,8.5,21.5,0,4,0.1,$/kWh',
      'electric,demand,,maximum,0,1,12,0,24,0,6,5,$/kW',
      'electric,demand,daily,peak,0,1,12,16,21,0,4,1,$/kW',
      'gas,energy,,,0,1,12,0,24,0,6,9,$/m3',
    ].join('\n');
    const { tariff, losses } = valueOf(tariffOfEeco(text, { timezone: 'UTC' }));
    const kw = new Float64Array(96).fill(100);
    // Wednesday: 2,400 kWh at 0.05, 13 h x 100 at 0.10, 100 kW at 5, the day's peak at 1.
    const bill = valueOf(billOf({ tariff, start: at('2026-07-01T00:00:00Z'), intervalS: 900, kw }));
    expect(amountsOf(bill)).toEqual({
      'energy 0 row 1': 120,
      'energy 1 row 2': 130,
      'demand maximum': 500,
      'daily demand peak': 100,
      'customer 0': 300,
      'energy 1 free': 0,
    });
    expect(bill.total).toBe(1150);
    expect(fields(losses)).toEqual(['row 5']);
  });

  test('eeco: a limit holds until the next one takes over', () => {
    const text = [
      'utility,type,period,basic_charge_limit,month_start,month_end,hour_start,hour_end,weekday_start,weekday_end,charge,units',
      'electric,energy,,0,1,12,0,24,0,6,0.1,$/kWh',
      'electric,energy,,1000,1,12,0,24,0,6,0.2,$/kWh',
    ].join('\n');
    const { tariff } = valueOf(tariffOfEeco(text, { timezone: 'UTC' }));
    const bill = valueOf(
      billOf({
        tariff,
        start: at('2026-07-01T00:00:00Z'),
        intervalS: 3600,
        kw: new Float64Array(24).fill(100),
      }),
    );
    // 1,000 at 0.10, 1,400 at 0.20.
    expect(bill.total).toBe(380);
  });
});

test('a row of the bulk file is the record of the API', () => {
  const row = {
    label: 'abc',
    utility: 'U',
    name: 'N',
    startdate: '2012-01-01 00:00:00',
    'energyratestructure/period0/tier0max': '500',
    'energyratestructure/period0/tier0rate': '0.1',
    'energyratestructure/period0/tier0unit': 'kWh',
    'energyratestructure/period0/tier1rate': '0.2',
    'energyratestructure/period0/tier1unit': 'kWh',
    energyweekdayschedule: `[${Array.from({ length: 12 }, () => `[${Array.from({ length: 24 }, () => '0L').join(', ')}]`).join(', ')}]`,
    'flatdemandstructure/period0/tier0rate': '7.5',
    flatdemandmonth1: '0',
    flatdemandmonth12: '0',
    fixedchargefirstmeter: '12',
    fixedchargeunits: '$/month',
    demandcomments: '',
  };
  const record = recordOfUrdbRow(row);
  expect(record['energyratestructure']).toEqual([
    [
      { max: 500, rate: 0.1, unit: 'kWh' },
      { rate: 0.2, unit: 'kWh' },
    ],
  ]);
  expect(record['flatdemandmonths']).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const { tariff } = valueOf(
    tariffOfUrdb({ ...row, energyweekendschedule: row.energyweekdayschedule }, 'UTC'),
  );
  expect(tariff.validFrom).toBe('2012-01-01');
  expect(tariff.lines.map((line) => line.id)).toEqual(['energy', 'flat demand', 'fixed']);
});
