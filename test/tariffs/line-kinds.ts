/** Lines of every kind and form, each with whether a cost model says it exactly. @module */
import type { TariffDocument } from '#tariffs/tariff';

type Line = TariffDocument['lines'][number];

/** One case. */
export interface LineCase {
  readonly name: string;
  readonly lines: readonly Line[];
  /** No approximation affects the bill of a grid. */
  readonly exact: boolean;
}

const always = { id: 'a', when: 'always' } as const;
const rising = [
  { upTo: 120, price: 1 },
  { upTo: 250, price: 3 },
  { upTo: null, price: 7 },
];
const falling = [
  { upTo: 120, price: 7 },
  { upTo: 250, price: 3 },
  { upTo: null, price: 1 },
];
const mixed = [
  { upTo: 80, price: 2 },
  { upTo: 160, price: 5 },
  { upTo: 240, price: 1 },
  { upTo: null, price: 4 },
];
const kWh = (
  tiers: readonly { upTo: number | null; price: number }[],
): { upTo: number | null; price: number }[] =>
  tiers.map(({ upTo, price }) => ({ upTo: upTo === null ? null : upTo * 30, price: price / 20 }));

const demand = (name: string, line: Partial<Extract<Line, { kind: 'demand' }>>, exact = true): LineCase => ({
  name: `demand, ${name}`,
  lines: [{ kind: 'demand', id: 'd', windows: [{ ...always, price: 4 }], ...line }],
  exact,
});
const energy = (name: string, line: Partial<Extract<Line, { kind: 'energy' }>>, exact = true): LineCase => ({
  name: `energy, ${name}`,
  lines: [{ kind: 'energy', id: 'e', windows: [{ ...always, price: 0.2 }], ...line }],
  exact,
});

const afternoon = [{ days: 'weekdays', from: '12:00', to: '18:30' }] as const;

/** Every kind of line, in each of its forms. */
export const everyKind: readonly LineCase[] = [
  energy('by window, adders', {
    windows: [
      { id: 'peak', when: [...afternoon], price: 0.4 },
      { id: 'rest', when: 'otherwise', price: 0.1 },
    ],
    adders: [{ id: 'fuel', price: 0.01, months: [1, 7] }],
  }),
  energy('rising tiers of the month', { windows: [{ ...always, tiers: kWh(rising) }] }),
  energy('falling tiers of the month', { windows: [{ ...always, tiers: kWh(falling) }] }),
  energy('tiers that rise and fall', { windows: [{ ...always, tiers: kWh(mixed) }] }),
  energy('rising tiers of each day', { tierReset: 'day', windows: [{ ...always, tiers: kWh(rising) }] }),
  energy('tiers that rise alike in two windows', {
    windows: [
      {
        id: 'peak',
        when: [...afternoon],
        tiers: kWh(rising).map((one) => ({ ...one, price: one.price + 0.2 })),
      },
      { id: 'rest', when: 'otherwise', tiers: kWh(rising) },
    ],
  }),
  energy(
    'tiers that differ by window',
    {
      windows: [
        {
          id: 'peak',
          when: [...afternoon],
          tiers: kWh(rising).map((one) => ({ ...one, price: one.price * 2 })),
        },
        { id: 'rest', when: 'otherwise', tiers: kWh(rising) },
      ],
    },
    false,
  ),
  energy('a baseline by the day', {
    windows: [
      {
        ...always,
        tiers: [
          { upTo: 300, unit: 'kWhPerDay', price: 0.1 },
          { upTo: null, price: 0.3 },
        ],
      },
    ],
  }),
  energy('falling tiers by hours of use', {
    windows: [
      {
        ...always,
        tiers: [
          { upTo: 20, unit: 'kWhPerKw', price: 0.3 },
          { upTo: 60, unit: 'kWhPerKw', price: 0.2 },
          { upTo: null, price: 0.05 },
        ],
      },
    ],
  }),
  energy(
    'rising tiers by hours of use',
    {
      windows: [
        {
          ...always,
          tiers: [
            { upTo: 20, unit: 'kWhPerKw', price: 0.1 },
            { upTo: null, price: 0.3 },
          ],
        },
      ],
    },
    false,
  ),
  demand('highest of the month', {}),
  demand('two windows that overlap', {
    windows: [
      { id: 'peak', when: [...afternoon], price: 9 },
      { id: 'all', when: 'always', price: 3 },
    ],
  }),
  demand('rising tiers', { windows: [{ ...always, tiers: rising }] }),
  demand('falling tiers', { windows: [{ ...always, tiers: falling }] }),
  demand('tiers that rise and fall', { windows: [{ ...always, tiers: mixed }] }),
  demand('kVA with rising tiers', { unit: 'kVA', windows: [{ ...always, tiers: rising }] }),
  demand('of each day', { reset: 'day', windows: [{ id: 'a', when: [...afternoon], price: 2 }] }),
  demand('of each day, rising tiers', { reset: 'day', windows: [{ ...always, tiers: rising }] }),
  demand('of the year, full step', { reset: 'year' }),
  demand('of the year, by twelfths', { reset: 'year', accrual: 'twelfths' }, false),
  demand('mean of the three highest days', { measure: { kind: 'mean-top', n: 3 } }),
  demand('mean of the three highest days, tiers', {
    measure: { kind: 'mean-top', n: 3 },
    windows: [{ ...always, tiers: rising }],
  }),
  demand('mean of the four highest blocks', { measure: { kind: 'mean-top', n: 4, distinctDays: false } }),
  demand('mean of days, night counts half', {
    measure: { kind: 'mean-top', n: 3 },
    windows: [
      { ...always, price: 6, weights: [{ when: [{ from: '22:00' }, { to: '06:00' }], factor: 0.5 }] },
    ],
  }),
  demand('night counts half', {
    windows: [
      { ...always, price: 6, weights: [{ when: [{ from: '22:00' }, { to: '06:00' }], factor: 0.5 }] },
    ],
  }),
  demand('rolling mean with a floor', { measure: { kind: 'rolling-mean', months: 12, floorKw: 150 } }),
  demand(
    'rolling mean, tiers',
    {
      measure: { kind: 'rolling-mean', months: 3, floorKw: 50 },
      windows: [{ ...always, tiers: rising }],
    },
    false,
  ),
  demand('ratchet with its own percent of the month', {
    ratchet: { percent: 80, currentPercent: 90, floorKw: 100 },
    windows: [{ ...always, tiers: rising }],
  }),
  demand('rounded to steps', { rounding: { stepKw: 10 } }, false),
  {
    name: 'subscription with overage',
    lines: [{ kind: 'subscription', id: 's', blockKw: 50, pricePerBlock: 95, overagePrice: 4, levelKw: 150 }],
    exact: true,
  },
  {
    name: 'subscription in its grace',
    lines: [
      {
        kind: 'subscription',
        id: 's',
        blockKw: 50,
        pricePerBlock: 95,
        overagePrice: 4,
        graceCycles: 2,
        levelKw: 150,
      },
    ],
    exact: true,
  },
  {
    name: 'subscription, level chosen',
    lines: [
      { kind: 'subscription', id: 's', blockKw: 50, pricePerBlock: 95, overagePrice: 4, levelKw: 'chosen' },
    ],
    exact: false,
  },
  {
    name: 'subscription, level chosen, overage cheaper than blocks, in and after its grace',
    lines: [
      {
        kind: 'subscription',
        id: 's',
        blockKw: 50,
        pricePerBlock: 95,
        overagePrice: 1.5,
        graceCycles: 1,
        levelKw: 'chosen',
      },
    ],
    exact: true,
  },
  {
    name: 'contracted capacity with excess, kVA by the day',
    lines: [
      {
        kind: 'contracted-capacity',
        id: 'c',
        capacity: 200,
        unit: 'kVA',
        price: 0.1,
        per: 'day',
        excessPrice: 0.3,
      },
    ],
    exact: true,
  },
  {
    name: 'price pair',
    lines: [
      {
        kind: 'price-pair',
        id: 'p',
        thresholdHours: 2500,
        below: { perKw: 16.53, perKwh: 0.0859 },
        above: { perKw: 191.79, perKwh: 0.0158 },
      },
    ],
    exact: true,
  },
  {
    name: 'load-factor tiers',
    lines: [
      {
        kind: 'load-factor-tiers',
        id: 'l',
        windows: [
          { id: 'on', when: [...afternoon] },
          { id: 'off', when: 'otherwise' },
        ],
        tiers: [
          { id: 'low', upToPercent: 30, perKw: 0, perKwh: { on: 0.2, off: 0.1 } },
          { id: 'middle', upToPercent: 50, perKw: 4, perKwh: { on: 0.1, off: 0.05 } },
          { id: 'high', upToPercent: null, perKw: 12 },
        ],
      },
    ],
    exact: true,
  },
  {
    name: 'coincident, highest call',
    lines: [
      {
        kind: 'coincident',
        id: 'c',
        pricePerKw: 5,
        calls: [
          { start: '2026-07-07T08:00:00Z', end: '2026-07-07T09:00:00Z' },
          { start: '2026-07-07T10:00:00Z', end: '2026-07-07T12:00:00Z' },
          { start: '2026-10-25T00:30:00Z', end: '2026-10-25T01:30:00Z' },
        ],
      },
    ],
    exact: true,
  },
  {
    name: 'coincident, mean of calls',
    lines: [
      {
        kind: 'coincident',
        id: 'c',
        pricePerKw: 5,
        measure: 'mean',
        calls: [
          { start: '2026-07-07T08:00:00Z', end: '2026-07-07T09:00:00Z' },
          { start: '2026-03-29T10:00:00Z', end: '2026-03-29T12:00:00Z' },
        ],
      },
    ],
    exact: true,
  },
  {
    name: 'reactive, credits, fixed and percent',
    lines: [
      { kind: 'demand', id: 'd', windows: [{ ...always, tiers: falling }] },
      { kind: 'reactive', id: 'r', pfLimit: 0.95, pricePerKvarh: 0.02 },
      { kind: 'credit', id: 'k', perKwh: 0.01, when: [...afternoon] },
      { kind: 'credit', id: 'm', amount: 10 },
      { kind: 'fixed', id: 'f', amount: 3, per: 'day' },
      { kind: 'percent', id: 't', percent: 19 },
    ],
    exact: true,
  },
  {
    name: 'minimum bill',
    lines: [{ kind: 'minimum-bill', id: 'm', amount: 400, per: 'month' }],
    exact: false,
  },
];
