import { describe, expect, test } from 'vitest';
import { billOf } from '#tariffs/bill';
import { ocpiOfTariff } from '#tariffs/export/ocpi';
import { billText, pricesText } from '#tariffs/export/texts';
import { urdbOfTariff } from '#tariffs/export/urdb';
import { parseOcpiTariff, tariffOfOcpi } from '#tariffs/import/ocpi';
import { tariffOfUrdb } from '#tariffs/import/urdb';
import { ocpiSessionBillOf } from '#tariffs/ocpi-session';
import { parseTariff } from '#tariffs/parse-tariff';
import { pricesOf } from '#tariffs/prices';
import { seconds } from '#domain/units';
import { at, catalogueDocument, flatDemand, flatEnergy, tariffOf, valueOf } from './builders.ts';

const catalogue = (id: string): ReturnType<typeof tariffOf> => valueOf(parseTariff(catalogueDocument(id)));

describe('URDB', () => {
  test('what the format can say comes back with the same bill', () => {
    const tariff = catalogue('us-sce-tou-ev-4-2019');
    const { urdb, losses } = urdbOfTariff(tariff);
    const back = valueOf(tariffOfUrdb(urdb, tariff.timezone)).tariff;
    const kw = Float64Array.from({ length: 365 * 24 }, (_, hour) => 50 + ((hour * 7) % 13));
    const total = (one: typeof tariff): number =>
      valueOf(
        billOf({
          tariff: {
            ...one,
            billing: { ...one.billing, rounding: { scope: 'none', decimals: 2, mode: 'half-up' } },
          },
          start: at('2026-01-01T00:00:00-08:00'),
          intervalS: 3600,
          kw,
        }),
      ).total;
    expect(total(back)).toBeCloseTo(total(tariff), 6);
    expect(losses.map((loss) => loss.field)).toEqual(['timezone', 'billing.rounding']);
  });

  test('half hours, holidays, overlapping windows, subscriptions are named', () => {
    const reasons = (id: string): string =>
      urdbOfTariff(catalogue(id))
        .losses.map((loss) => `${loss.field}: ${loss.reason}`)
        .join('\n');
    expect(reasons('us-pge-e-19-s-2022')).toMatch(/energy: windows do not begin on whole hours/);
    expect(reasons('us-sce-tou-8-d-2022')).toMatch(/energy: holidays are their weekdays there/);
    expect(reasons('us-coned-sc9-rate-3')).toMatch(/demand: demand windows that overlap cannot be said/);
    expect(reasons('us-pge-bev-2-s-2024')).toMatch(
      /subscription: a line of kind subscription cannot be said/,
    );
    expect(reasons('gb-ehv-super-red')).toMatch(/units: seasons begin inside a month/);
    expect(reasons('be-fluvius-ecopower-2025')).toMatch(/capacity: a rolling-mean of peaks cannot be said/);
  });
});

describe('OCPI', () => {
  const options = {
    version: '2.2.1',
    countryCode: 'NL',
    partyId: 'DEP',
    year: 2026,
    lastUpdated: '2026-01-01T00:00:00Z',
  } as const;

  test('drivers pay the price of the hour plus what is added', () => {
    const { ocpi, losses } = ocpiOfTariff(catalogue('nl-liander-ls-2025'), {
      ...options,
      adderPerKwh: 0.3,
      vat: 21,
    });
    const tariff = valueOf(parseOcpiTariff(ocpi));
    const session = {
      tz: 'Europe/Amsterdam',
      localStart: '2026-03-02T22:00',
      segments: [{ kind: 'charge' as const, minutes: 120, kwh: 20 }],
    };
    const bill = valueOf(ocpiSessionBillOf(tariff, session));
    // 10 kWh at 0.3758 before 23:00, 10 at 0.3403 after.
    expect([bill.exclVat, bill.inclVat]).toEqual([7.161, 8.66481]);
    expect(losses.map((loss) => loss.field)).toEqual(['contracted', 'timezone']);
  });

  test('seasons are written out as dates of the year', () => {
    const { ocpi } = ocpiOfTariff(catalogue('us-sce-tou-ev-9-2025'), { ...options, version: '2.3.0' });
    const tariff = valueOf(parseOcpiTariff(ocpi));
    expect(tariff.tax_included).toBe('NO');
    const summer = {
      tz: 'America/Los_Angeles',
      localStart: '2026-07-01T17:00',
      segments: [{ kind: 'charge' as const, minutes: 60, kwh: 10 }],
    };
    expect(valueOf(ocpiSessionBillOf(tariff, summer)).exclVat).toBe(5.5751);
    expect(valueOf(ocpiSessionBillOf(tariff, { ...summer, localStart: '2026-12-01T17:00' })).exclVat).toBe(
      3.9583,
    );
  });

  test('a site tariff comes back from it', () => {
    const { ocpi } = ocpiOfTariff(catalogue('nl-liander-ls-2025'), options);
    const back = valueOf(tariffOfOcpi(ocpi, 'Europe/Amsterdam')).tariff;
    const grid = { startS: at('2026-03-02T00:00:00Z'), intervalS: seconds(900), count: 192 };
    const energyOf = (tariff: typeof back): readonly number[] => valueOf(pricesOf({ tariff, grid })).energy;
    expect(energyOf(back)).toEqual(energyOf(catalogue('nl-liander-ls-2025')));
  });
});

test('a bill and a price vector as tables', () => {
  const tariff = tariffOf([flatEnergy(0.1), flatDemand(10)]);
  const start = at('2026-07-01T00:00:00Z');
  const bill = valueOf(billOf({ tariff, start, intervalS: 3600, kw: Float64Array.from([40, 80]) }));
  expect(billText(bill).split('\n').slice(0, 4)).toEqual([
    'period start,period end,line,kind,window,tier,quantity,unit,unit price,amount EUR,peak at,note',
    '2026-07-01T00:00:00Z,2026-08-01T00:00:00Z,energy,energy,all,,120,kWh,0.1,12,,',
    '2026-07-01T00:00:00Z,2026-08-01T00:00:00Z,demand,demand,all,,80,kW,10,800,2026-07-01T01:00:00Z,',
    '2026-07-01T00:00:00Z,2026-08-01T00:00:00Z,total,,,,,,,812,,',
  ]);
  const grid = { startS: start, intervalS: seconds(3600), count: 2 };
  expect(pricesText(valueOf(pricesOf({ tariff, grid })), grid)).toBe(
    'start,price EUR/kWh,demand/all@2026-07-01\n2026-07-01T00:00:00Z,0.1,1\n2026-07-01T01:00:00Z,0.1,1\n',
  );
});
