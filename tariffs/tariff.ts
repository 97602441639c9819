/**
 * The tariff document: one version of one tariff as people write and exchange it. Prices are in the major unit of the
 * currency; clock times are local to `timezone`. What it costs is worked out in bill.ts, what an optimiser sees of it in
 * cost-model-of.ts.
 * @module
 */
import { z } from 'zod';
import { holidaysMax, linesMax, windowsMax } from './limits.ts';

/** Monday first, as ISO 8601 counts. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 _.()+-]{0,79}$/, 'letters, digits, space _ . ( ) + -, at most 80');
const price = z.number().min(-1e6).max(1e6);
const positive = z.number().positive().max(1e9);
const power = z.number().min(0).max(1e9);
/** A step of power: finer ones are lost in whole mW. */
const step = z.number().min(0.001).max(1e9);
const clock = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'HH:MM, 24:00 for the end of the day');
const date = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'YYYY-MM-DD');
const monthDay = z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'MM-DD');
const month = z.int().min(1).max(12);
const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$/, 'ISO 8601 with offset');

/**
 * When a clause holds: all its parts at once. `holidays` is `usual` (a holiday is its weekday), `exclude` (never on one),
 * `include` (on these days and on every holiday) or `only`.
 */
const clause = z.strictObject({
  days: z.union([z.enum(['all', 'weekdays', 'weekends']), z.array(z.enum(weekdays)).min(1)]).default('all'),
  from: clock.default('00:00'),
  to: clock.default('24:00'),
  seasons: z.array(name).min(1).optional(),
  months: z.array(month).min(1).optional(),
  holidays: z.enum(['usual', 'exclude', 'include', 'only']).default('usual'),
});

/** A window holds where any of its clauses does; `otherwise` takes what the other windows of the line leave. */
const when = z.union([z.enum(['always', 'otherwise']), z.array(clause).min(1).max(400)]);

const priceSeriesUse = z.strictObject({
  ref: name,
  factor: z.number().min(-1e3).max(1e3).default(1),
  adder: price.default(0),
});

const energyTier = z.strictObject({
  /** Upper end of the step, null for the last one. */
  upTo: positive.nullable(),
  /**
   * `kWhPerKw`: the end is this many hours times the billed demand. `kWhPerDay`, `kWhPerKwDay`: the end counts for each day
   * of the period that has been metered, as a baseline allowance does; the counter does not restart with the day.
   */
  unit: z.enum(['kWh', 'kWhPerKw', 'kWhPerDay', 'kWhPerKwDay']).default('kWh'),
  /** A kWh tier that also ends at so many hours of use; upTo may then be null before the last tier. */
  withinHours: positive.optional(),
  price,
});

const demandTier = z.strictObject({ upTo: positive.nullable(), price });

/** A window with a price per kWh: one of `price`, `tiers`, `series`. */
const energyWindow = z.strictObject({
  id: name,
  when,
  price: price.optional(),
  tiers: z.array(energyTier).min(1).max(40).optional(),
  series: priceSeriesUse.optional(),
  /** Paid per kWh fed in. */
  sell: price.optional(),
  /** Paid per kWh fed in, by a price series instead. */
  sellSeries: priceSeriesUse.optional(),
});

const demandWindow = z.strictObject({
  id: name,
  when,
  price: price.optional(),
  tiers: z.array(demandTier).min(1).max(40).optional(),
  /** Hours in which a kW counts as `factor` kW (Ellevio: half at night). */
  weights: z
    .array(z.strictObject({ when: z.array(clause).min(1), factor: z.number().min(0).max(10) }))
    .optional(),
});

const category = z.enum(['energy', 'demand', 'fixed', 'taxes']);
const lineBase = { id: name, name: z.string().max(200).optional(), category: category.optional() };

/** Price per kWh by window; the windows of all lines of a `group` (the line itself where none is named) cover each interval once. */
const energyLine = z.strictObject({
  ...lineBase,
  kind: z.literal('energy'),
  group: name.optional(),
  windows: z.array(energyWindow).min(1).max(windowsMax),
  /** Added to every price of the line, in the months given. */
  adders: z.array(z.strictObject({ id: name, price, months: z.array(month).min(1).optional() })).optional(),
  /**
   * What energy fed in is set off against before prices apply: nothing (`instant`: each interval by itself; `gross`: all that
   * is generated is sold and all that is used is bought, where the load comes with its generation), the energy of the same
   * local hour, or of the same window over the billing `period`. What is left over of a period is carried on in kWh and
   * settled at the sell price in the last bill of the tariff year.
   */
  netting: z.enum(['instant', 'gross', 'hour', 'period']).default('instant'),
  /** What the tier counter, shared by all windows of the line in time order, restarts with. */
  tierReset: z.enum(['period', 'day']).default('period'),
  /** The demand line whose highest billed kW `kWhPerKw` tiers use; the plain peak of the period where absent. */
  hoursUseOf: name.optional(),
});

const byMonth = z.union([z.number().min(0).max(1000), z.array(z.number().min(0).max(1000)).length(12)]);

/** Price per kW (or kVA) of a measured peak by window; windows may overlap and then add. */
const demandLine = z.strictObject({
  ...lineBase,
  kind: z.literal('demand'),
  windows: z.array(demandWindow).min(1).max(windowsMax),
  /** How long a peak lasts; the price is per kW and that length. */
  reset: z.enum(['period', 'day', 'year']).default('period'),
  /** A yearly price is due in full with each new peak, or as the year goes by (`twelfths`, corrected backwards). */
  accrual: z.enum(['step', 'twelfths']).default('step'),
  measure: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('max') }),
      z.strictObject({
        kind: z.literal('mean-top'),
        n: z.int().min(1).max(31),
        distinctDays: z.boolean().default(true),
      }),
      z.strictObject({
        kind: z.literal('rolling-mean'),
        months: z.int().min(2).max(24).default(12),
        floorKw: power.default(0),
      }),
    ])
    .default({ kind: 'max' }),
  ratchet: z
    .strictObject({
      /** Percent of an old peak, one number or one per month in which that peak occurred (January first). */
      percent: byMonth,
      /** Percent of the peak of the period itself, by its month. */
      currentPercent: byMonth.default(100),
      lookbackMonths: z.int().min(1).max(24).default(11),
      /** Months whose peaks count at all; all where absent. */
      sourceMonths: z.array(month).min(1).optional(),
      floorKw: power.default(0),
      /** Whose past peaks are looked at: each window its own, or the highest of all windows of the line. */
      source: z.enum(['window', 'line']).default('window'),
    })
    .optional(),
  unit: z.enum(['kW', 'kVA']).optional(),
  /** Billed power is rounded to this step of the unit that is billed, with `reset: day` that of each day. */
  rounding: z
    .strictObject({ stepKw: step, mode: z.enum(['nearest', 'up', 'down']).default('nearest') })
    .optional(),
});

/** Capacity bought in blocks; power above it costs `overagePrice` per kW after the grace periods. */
const subscriptionLine = z.strictObject({
  ...lineBase,
  kind: z.literal('subscription'),
  blockKw: step,
  pricePerBlock: price,
  overagePrice: price.default(0),
  graceCycles: z.int().min(0).max(24).default(0),
  /** Subscribed kW; `state`: what the billing state says; `chosen`: the cheapest whole blocks for each period's peak. */
  levelKw: z.union([power, z.literal('state'), z.literal('chosen')]),
  /** After so many periods in a row above the level it moves up to the block that holds the peak of the last of them. */
  stepUpAfter: z.int().min(1).max(24).optional(),
});

/** Capacity agreed for the year, paid whether used or not, with a price for what goes above. */
const contractedCapacityLine = z.strictObject({
  ...lineBase,
  kind: z.literal('contracted-capacity'),
  capacity: power,
  unit: z.enum(['kW', 'kVA']).default('kW'),
  price,
  per: z.enum(['day', 'month', 'year']),
  /** Least capacity charged. */
  minimum: power.default(0),
  /** Per unit of the period's peak above the capacity, for the same length as `price`. */
  excessPrice: price.optional(),
  excessMeasure: z.enum(['period-peak']).default('period-peak'),
});

const pricePairSide = z.strictObject({ perKw: price, perKwh: price });

/** Two pairs of power and energy price; the hours of use of the year (energy / peak) say which holds. */
const pricePairLine = z.strictObject({
  ...lineBase,
  kind: z.literal('price-pair'),
  thresholdHours: positive,
  below: pricePairSide,
  above: pricePairSide,
  accrual: z.enum(['step', 'twelfths']).default('step'),
});

/** Prices chosen by the load factor: energy / (peak x hours). */
const loadFactorLine = z.strictObject({
  ...lineBase,
  kind: z.literal('load-factor-tiers'),
  windows: z
    .array(z.strictObject({ id: name, when }))
    .min(1)
    .max(windowsMax),
  tiers: z
    .array(
      z.strictObject({
        id: name,
        upToPercent: z.number().positive().max(100).nullable(),
        perKw: price,
        perKwh: z.record(name, price).default({}),
      }),
    )
    .min(1)
    .max(20),
  /** `period`: of the period billed; `state`: `loadFactorPercent` of the billing state. */
  basis: z.enum(['period', 'state']).default('period'),
});

const fixedLine = z.strictObject({
  ...lineBase,
  kind: z.literal('fixed'),
  amount: price,
  per: z.enum(['day', 'month', 'year']),
});

const lineChoice = z.union([z.literal('all'), z.array(name).min(1)]);

/** Tops the named lines up to an amount. */
const minimumBillLine = z.strictObject({
  ...lineBase,
  kind: z.literal('minimum-bill'),
  amount: price,
  per: z.enum(['day', 'month', 'year']),
  scope: lineChoice.default('all'),
  /** `year`, with per year: settled once, in the last bill of the tariff year, against the lines of the whole year. */
  settled: z.enum(['period', 'year']).default('period'),
});

/** A percentage of lines that stand before it. */
const percentLine = z.strictObject({
  ...lineBase,
  kind: z.literal('percent'),
  percent: z.number().min(-100).max(1000),
  of: lineChoice.default('all'),
});

/** Reactive energy beyond what the power factor limit allows, from the meter's power factor. */
const reactiveLine = z.strictObject({
  ...lineBase,
  kind: z.literal('reactive'),
  pfLimit: z.number().min(0).max(1),
  pricePerKvarh: price,
  when: when.default('always'),
});

/** Price per kW drawn while the system peaks. */
const coincidentLine = z.strictObject({
  ...lineBase,
  kind: z.literal('coincident'),
  pricePerKw: price,
  calls: z.array(z.strictObject({ start: instant, end: instant })).max(1000),
  measure: z.enum(['max', 'mean', 'sum']).default('max'),
});

/** Money back: an amount per period, or per kWh in a window. */
const creditLine = z.strictObject({
  ...lineBase,
  kind: z.literal('credit'),
  amount: z.number().min(0).max(1e9).optional(),
  perKwh: z.number().min(0).max(1e6).optional(),
  when: when.default('always'),
});

const lineSchema = z.discriminatedUnion('kind', [
  energyLine,
  demandLine,
  subscriptionLine,
  contractedCapacityLine,
  pricePairLine,
  loadFactorLine,
  fixedLine,
  minimumBillLine,
  percentLine,
  reactiveLine,
  coincidentLine,
  creditLine,
]);

const holiday = z.union([
  z.strictObject({ date, name: z.string().max(80).optional() }),
  z.strictObject({
    name: z.string().max(80).optional(),
    month,
    day: z.int().min(1).max(31),
    /** Where a Saturday or Sunday moves to; `monday`: Sunday to Monday; `nearest`: Saturday to Friday as well; `next-monday`: both to Monday. */
    observed: z.enum(['none', 'monday', 'nearest', 'next-monday']).default('none'),
  }),
  z.strictObject({
    name: z.string().max(80).optional(),
    month,
    weekday: z.enum(weekdays),
    /** 1 to 5 from the start of the month, -1 the last one. */
    nth: z.union([z.int().min(1).max(5), z.literal(-1)]),
    /** Days after that day (the Friday after Thanksgiving: 1). */
    plusDays: z.int().min(-6).max(6).default(0),
  }),
  z.strictObject({ name: z.string().max(80).optional(), easterPlusDays: z.int().min(-60).max(70) }),
]);

const season = z.strictObject({
  months: z.array(month).min(1).optional(),
  /** Both ends included; may wrap over the turn of the year. */
  ranges: z
    .array(z.strictObject({ from: monthDay, to: monthDay }))
    .min(1)
    .optional(),
});

const billingPeriod = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('calendar-month') }),
  /** Monthly from the anchor's day of the month; a month without that day uses its last one. */
  z.strictObject({ kind: z.literal('cycle'), anchor: date }),
  /** Each period starts on a date and ends on the next one. */
  z.strictObject({ kind: z.literal('read-dates'), dates: z.array(date).min(2).max(400) }),
]);

const priceSeries = z.strictObject({
  start: instant,
  intervalMinutes: z.int().min(1).max(1440),
  /** Major currency units per kWh. */
  perKwh: z.array(price).min(1).max(1_100_000),
});

/** The schema of a tariff document; what crosses its parts is checked by `parseTariff`. */
export const tariffSchema = z.strictObject({
  schema: z.literal('voltherd-tariff/1'),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/, 'lower-case letters, digits and -, at most 80'),
  name: z.string().min(1).max(200),
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code'),
  timezone: z.string().min(1).max(60),
  /** First day on which it holds. */
  validFrom: date.optional(),
  /** First day on which it no longer holds. */
  validTo: date.optional(),
  source: z.strictObject({
    title: z.string().min(1).max(400),
    url: z.string().max(400).optional(),
    /** Date of the source, or the day it was read. */
    date: z.string().min(4).max(60),
  }),
  calendar: z
    .strictObject({
      holidays: z.array(holiday).max(holidaysMax).default([]),
      seasons: z.record(name, season).default({}),
    })
    .default({ holidays: [], seasons: {} }),
  billing: z
    .strictObject({
      period: billingPeriod.default({ kind: 'calendar-month' }),
      /** First day of the year of yearly peaks and hours of use. */
      yearStart: monthDay.default('01-01'),
      rounding: z
        .strictObject({
          /** `line`: every line is rounded and the total is their sum; `total`: only the total is; `none`: neither. */
          scope: z.enum(['none', 'line', 'total']).default('line'),
          decimals: z.int().min(0).max(6).default(2),
          mode: z.literal('half-up').default('half-up'),
        })
        .default({ scope: 'line', decimals: 2, mode: 'half-up' }),
    })
    .default({
      period: { kind: 'calendar-month' },
      yearStart: '01-01',
      rounding: { scope: 'line', decimals: 2, mode: 'half-up' },
    }),
  meter: z
    .strictObject({
      demandIntervalMinutes: z.union([z.literal(15), z.literal(30), z.literal(60)]).default(15),
      /** Blocks that start on the meter's local clock. */
      alignment: z.literal('block').default('block'),
      unit: z.enum(['kW', 'kVA']).default('kW'),
      powerFactor: z.number().min(0.05).max(1).default(1),
    })
    .default({ demandIntervalMinutes: 15, alignment: 'block', unit: 'kW', powerFactor: 1 }),
  /** Price series that the document brings along, by the name that lines use. */
  series: z.record(name, priceSeries).default({}),
  lines: z.array(lineSchema).min(1).max(linesMax),
  notes: z.array(z.string().max(2000)).default([]),
});

/** One version of a tariff, checked, defaults filled in. */
export type Tariff = z.output<typeof tariffSchema>;
/** A tariff as its author may write it, defaults left out. */
export type TariffDocument = z.input<typeof tariffSchema>;
/** One line of a tariff, by `kind`. */
export type TariffLine = Tariff['lines'][number];
/** The line of one kind. */
export type LineOf<K extends TariffLine['kind']> = Extract<TariffLine, { kind: K }>;
/** When a window holds. */
export type When = z.output<typeof when>;
/** One clause of a window. */
export type Clause = z.output<typeof clause>;
/** A holiday or the rule that makes one each year. */
export type HolidayRule = z.output<typeof holiday>;
/** Prices over absolute time, per kWh. */
export type PriceSeries = z.output<typeof priceSeries>;
/** How the year is cut into bills. */
export type BillingPeriodRule = z.output<typeof billingPeriod>;
