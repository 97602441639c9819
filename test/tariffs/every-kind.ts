/** One tariff with every kind of line and every form of it that there is. @module */
import type { TariffDocument } from '#tariffs/tariff';

/** A document that uses all of the schema. */
export const everyKind: TariffDocument = {
  schema: 'voltherd-tariff/1',
  id: 'every-kind',
  name: 'Every kind of line',
  currency: 'EUR',
  timezone: 'Europe/Berlin',
  source: { title: 'made up', date: 'undated' },
  calendar: {
    seasons: {
      cold: { ranges: [{ from: '11-01', to: '02-29' }] },
      warm: { months: [3, 4, 5, 6, 7, 8, 9, 10] },
    },
    holidays: [
      { month: 12, day: 25, observed: 'nearest' },
      { easterPlusDays: 1 },
      { month: 11, weekday: 'thu', nth: 4 },
      { date: '2026-03-10' },
    ],
  },
  meter: { powerFactor: 0.9, demandIntervalMinutes: 30 },
  series: {
    da: {
      start: '2025-12-31T00:00:00Z',
      intervalMinutes: 60,
      perKwh: Array.from({ length: 24 * 400 }, (_, t) => ((t % 24) - 6) / 100),
    },
  },
  lines: [
    {
      kind: 'energy',
      id: 'hourly',
      netting: 'hour',
      windows: [
        {
          id: 'day',
          when: [{ days: 'weekdays', from: '08:30', to: '20:00', seasons: ['cold'], holidays: 'exclude' }],
          series: { ref: 'da' },
          sellSeries: { ref: 'da', factor: 0.9 },
        },
        { id: 'rest', when: 'otherwise', price: 0.2, sell: 0.1 },
      ],
      adders: [
        { id: 'fee', price: 0.01, months: [3] },
        { id: 'levy', price: 0.002 },
      ],
    },
    {
      kind: 'energy',
      id: 'tiered',
      netting: 'period',
      windows: [
        {
          id: 'all',
          when: 'always',
          tiers: [
            { upTo: 5, unit: 'kWhPerDay', price: 0.1, withinHours: 3 },
            { upTo: 100, unit: 'kWhPerKw', price: 0.08 },
            { upTo: null, price: 0.2 },
          ],
          sell: 0.03,
        },
      ],
      hoursUseOf: 'ratcheted',
    },
    {
      kind: 'demand',
      id: 'ratcheted',
      windows: [
        {
          id: 'all',
          when: 'always',
          tiers: [
            { upTo: 5, price: 1 },
            { upTo: null, price: 2 },
          ],
          weights: [{ when: [{ to: '06:00' }], factor: 0.5 }],
        },
      ],
      ratchet: { percent: 80, floorKw: 3 },
      rounding: { stepKw: 1, mode: 'up' },
    },
    {
      kind: 'demand',
      id: 'tops',
      windows: [{ id: 'all', when: 'always', price: 3 }],
      measure: { kind: 'mean-top', n: 3 },
    },
    {
      kind: 'demand',
      id: 'rolling',
      windows: [{ id: 'all', when: 'always', price: 3 }],
      measure: { kind: 'rolling-mean' },
    },
    {
      kind: 'demand',
      id: 'yearly',
      windows: [{ id: 'all', when: 'always', price: 3 }],
      reset: 'year',
      accrual: 'twelfths',
    },
    {
      kind: 'demand',
      id: 'daily',
      windows: [{ id: 'all', when: 'always', price: 0.2 }],
      reset: 'day',
      unit: 'kVA',
    },
    {
      kind: 'subscription',
      id: 'blocks',
      blockKw: 10,
      pricePerBlock: 5,
      overagePrice: 2,
      graceCycles: 2,
      levelKw: 20,
      stepUpAfter: 2,
    },
    {
      kind: 'subscription',
      id: 'chosen',
      blockKw: 10,
      pricePerBlock: 5,
      overagePrice: 2,
      levelKw: 'chosen',
    },
    { kind: 'contracted-capacity', id: 'capacity', capacity: 50, price: 1, per: 'day', excessPrice: 2 },
    {
      kind: 'price-pair',
      id: 'pair',
      thresholdHours: 2500,
      below: { perKw: 1, perKwh: 0.1 },
      above: { perKw: 10, perKwh: 0.01 },
    },
    {
      kind: 'load-factor-tiers',
      id: 'factor',
      windows: [{ id: 'all', when: 'always' }],
      tiers: [
        { id: 'low', upToPercent: 10, perKw: 1, perKwh: { all: 1 } },
        { id: 'high', upToPercent: null, perKw: 2 },
      ],
    },
    { kind: 'fixed', id: 'fixed', amount: 10, per: 'year' },
    { kind: 'reactive', id: 'reactive', pfLimit: 0.95, pricePerKvarh: 0.1 },
    {
      kind: 'coincident',
      id: 'calls',
      pricePerKw: 1,
      calls: [{ start: '2026-03-07T05:00:00Z', end: '2026-03-07T06:00:00Z' }],
    },
    { kind: 'credit', id: 'credit', perKwh: 0.01 },
    { kind: 'percent', id: 'vat', percent: 19 },
    { kind: 'minimum-bill', id: 'least of the year', amount: 100, per: 'year', settled: 'year' },
    { kind: 'minimum-bill', id: 'least', amount: 100, per: 'month' },
  ],
};
