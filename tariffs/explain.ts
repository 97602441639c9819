/** A tariff in sentences: one per line and window, and what one more kW would cost at an instant. @module */
import type { Fault } from '#domain/fault';
import { isoOf } from '#domain/instant';
import { ok, type Result } from '#domain/result';
import { alignDown } from '#domain/time-grid';
import { epochS, seconds, type EpochS } from '#domain/units';
import type { BillingState } from './billing-state.ts';
import { costModelOf } from './cost-model-of.ts';
import type { CostModel, DemandTerm } from './cost-model.ts';
import { frameOf, minutesBefore } from './frame.ts';
import { chosenOf, peakOf } from './model-value.ts';
import type { Clause, LineOf, Tariff, TariffLine, When } from './tariff.ts';

/** One sentence. */
export interface Sentence {
  readonly line: string;
  readonly window?: string;
  readonly text: string;
}

/** What one more kW costs. */
export interface OneMoreKw {
  readonly at: string;
  readonly energyPerKwh: number;
  /** Peaks that it would raise, or could. */
  readonly demand: readonly {
    readonly line: string;
    readonly window: string;
    readonly pricePerKw: number;
    readonly floorKw: number;
    readonly raised: boolean;
  }[];
  readonly text: string;
}

/** A tariff explained. */
export interface Explanation {
  readonly name: string;
  readonly sentences: readonly Sentence[];
  readonly oneMoreKw?: OneMoreKw;
}

const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

function daysText(clause: Clause): string {
  const days =
    clause.days === 'all'
      ? 'every day'
      : typeof clause.days === 'string'
        ? `on ${clause.days}`
        : `on ${clause.days.join(', ')}`;
  switch (clause.holidays) {
    case 'usual':
      return days;
    case 'exclude':
      return `${days} that are no holiday`;
    case 'include':
      return `${days} and on holidays`;
    case 'only':
      return 'on holidays';
  }
}

function clauseText(clause: Clause): string {
  const hours =
    clause.from === '00:00' && clause.to === '24:00' ? '' : ` from ${clause.from} to ${clause.to}`;
  const seasons = clause.seasons === undefined ? '' : ` in ${clause.seasons.join(' and ')}`;
  const months =
    clause.months === undefined
      ? ''
      : ` in ${clause.months.map((month) => monthNames[month - 1] ?? '').join(', ')}`;
  return `${daysText(clause)}${hours}${seasons}${months}`;
}

function whenText(when: When): string {
  if (when === 'always') return 'at any time';
  if (when === 'otherwise') return 'at all other times';
  return when.map(clauseText).join(', or ');
}

const tierEnds: Readonly<Record<string, string>> = {
  kWhPerKw: 'hours of use',
  kWhPerDay: 'kWh per day of the period',
  kWhPerKwDay: 'hours of use per day of the period',
};

function tiersText(
  tiers: readonly { readonly upTo: number | null; readonly price: number; readonly unit?: string }[],
  money: string,
  unit: string,
): string {
  return tiers
    .map((tier, k) => {
      const of = tierEnds[tier.unit ?? ''] ?? unit;
      return tier.upTo === null
        ? `${tier.price} ${money} above${k === 0 ? ' 0' : ''}`
        : `${tier.price} ${money} up to ${tier.upTo} ${of}`;
    })
    .join(', ');
}

function energySentences(line: LineOf<'energy'>, currency: string): readonly Sentence[] {
  const sentences = line.windows.map((window): Sentence => {
    const price =
      window.tiers !== undefined
        ? `${tiersText(window.tiers, `${currency}/kWh`, 'kWh')} of the ${line.tierReset === 'day' ? 'day' : 'billing period'}, counted over all windows in time order`
        : window.series !== undefined
          ? `the price of series ${window.series.ref} times ${window.series.factor} plus ${window.series.adder} ${currency}/kWh`
          : `${window.price ?? 0} ${currency}/kWh`;
    const sell = window.sell === undefined ? '' : `; energy fed in earns ${window.sell} ${currency}/kWh`;
    return {
      line: line.id,
      window: window.id,
      text: `Energy ${whenText(window.when)} costs ${price}${sell}.`,
    };
  });
  const adders = (line.adders ?? []).map((adder): Sentence => {
    const months =
      adder.months === undefined
        ? ''
        : ` in ${adder.months.map((month) => monthNames[month - 1] ?? '').join(', ')}`;
    return { line: line.id, text: `${adder.id} adds ${adder.price} ${currency}/kWh${months}.` };
  });
  return [...sentences, ...adders];
}

function measureText(line: LineOf<'demand'>, minutes: number): string {
  const span = line.reset === 'period' ? 'billing period' : line.reset;
  switch (line.measure.kind) {
    case 'max':
      return `the highest mean of ${minutes} minutes in the ${span}`;
    case 'mean-top':
      return `the mean of the ${line.measure.n} highest means of ${minutes} minutes${line.measure.distinctDays ? ' on different days' : ''} in the ${span}`;
    case 'rolling-mean':
      return `the mean of the highest ${minutes} minutes of the last ${line.measure.months} months, each at least ${line.measure.floorKw} kW`;
  }
}

function ratchetText(line: LineOf<'demand'>): string {
  if (line.ratchet === undefined) return '';
  const { percent, lookbackMonths, floorKw, sourceMonths } = line.ratchet;
  const share =
    typeof percent === 'number'
      ? `${percent} %`
      : `${Math.min(...percent)} to ${Math.max(...percent)} %, by the month of the old peak,`;
  const source =
    sourceMonths === undefined
      ? ''
      : ` of ${sourceMonths.map((month) => monthNames[month - 1] ?? '').join(', ')}`;
  const least = floorKw > 0 ? ` and ${floorKw} kW` : '';
  return `, but no less than ${share} of the peaks${source} in the ${lookbackMonths} months before${least}`;
}

function demandSentences(line: LineOf<'demand'>, tariff: Tariff): readonly Sentence[] {
  const unit = line.unit ?? tariff.meter.unit;
  const money = `${tariff.currency}/${unit}`;
  return line.windows.map((window) => {
    const price =
      window.tiers === undefined ? `${window.price ?? 0} ${money}` : tiersText(window.tiers, money, unit);
    const weights = (window.weights ?? []).map(
      (weight) => `; ${weight.when.map(clauseText).join(', or ')} a kW counts as ${weight.factor}`,
    );
    return {
      line: line.id,
      window: window.id,
      text: `Power ${whenText(window.when)} costs ${price} for ${measureText(line, tariff.meter.demandIntervalMinutes)}${ratchetText(line)}${weights.join('')}.`,
    };
  });
}

function sentencesOf(line: TariffLine, tariff: Tariff): readonly Sentence[] {
  const { currency } = tariff;
  const one = (text: string): readonly Sentence[] => [{ line: line.id, text }];
  switch (line.kind) {
    case 'energy':
      return energySentences(line, currency);
    case 'demand':
      return demandSentences(line, tariff);
    case 'subscription':
      return one(
        `Power is subscribed in blocks of ${line.blockKw} kW at ${line.pricePerBlock} ${currency} each${line.levelKw === 'state' ? '' : line.levelKw === 'chosen' ? ', as many as are cheapest for the peak' : ` (${line.levelKw} kW)`}; each kW above costs ${line.overagePrice} ${currency}${line.graceCycles > 0 ? ` after ${line.graceCycles} billing periods` : ''}.`,
      );
    case 'contracted-capacity':
      return one(
        `${Math.max(line.capacity, line.minimum)} ${line.unit} are agreed at ${line.price} ${currency} per ${line.unit} and ${line.per}${line.excessPrice === undefined ? '' : `; what the peak is above costs ${line.excessPrice}`}.`,
      );
    case 'price-pair':
      return one(
        `Below ${line.thresholdHours} hours of use in the year power costs ${line.below.perKw} ${currency}/kW and energy ${line.below.perKwh} ${currency}/kWh, from there on ${line.above.perKw} and ${line.above.perKwh}.`,
      );
    case 'load-factor-tiers':
      return line.tiers.map((tier) => ({
        line: line.id,
        window: tier.id,
        text: `With a load factor ${tier.upToPercent === null ? 'above all others' : `up to ${tier.upToPercent} %`} power costs ${tier.perKw} ${currency}/kW${Object.entries(
          tier.perKwh,
        )
          .map(([window, price]) => `, energy in ${window} ${price} ${currency}/kWh`)
          .join('')}.`,
      }));
    case 'fixed':
      return one(`${line.amount} ${currency} are due per ${line.per}.`);
    case 'minimum-bill':
      return one(
        `${line.scope === 'all' ? 'The lines before' : line.scope.join(', ')} cost at least ${line.amount} ${currency} per ${line.per}.`,
      );
    case 'percent':
      return one(`${line.percent} % come on ${line.of === 'all' ? 'all lines before' : line.of.join(', ')}.`);
    case 'reactive':
      return one(
        `Reactive energy below a power factor of ${line.pfLimit} costs ${line.pricePerKvarh} ${currency}/kVArh ${whenText(line.when)}.`,
      );
    case 'coincident':
      return one(
        `Power during the ${line.calls.length} calls of the system peak costs ${line.pricePerKw} ${currency}/kW (${line.measure}).`,
      );
    case 'credit':
      return one(
        line.amount === undefined
          ? `${line.perKwh ?? 0} ${currency}/kWh come back ${whenText(line.when)}.`
          : `${line.amount} ${currency} come back per billing period.`,
      );
  }
}

/** What an explanation may know beside the tariff. */
export interface ExplainOptions {
  /** Instant for which the cost of one more kW is told. */
  readonly atS?: number;
  readonly state?: BillingState;
  readonly loadKw?: number;
}

/** The model of the metering block that holds an instant, on quarter hours, and the quarter hour in it. */
function blockModelOf(
  tariff: Tariff,
  startS: EpochS,
  state: BillingState,
): Result<{ readonly model: CostModel; readonly quarter: number }, readonly Fault[]> {
  const intervalS = seconds(900);
  const frame = frameOf({ tariff, startS, intervalS, intervals: 1 });
  if (!frame.ok) return frame;
  const quarter = Math.floor(minutesBefore(frame.value) / 15);
  const count = Math.max(1, tariff.meter.demandIntervalMinutes / 15);
  const grid = { startS: epochS(startS - quarter * intervalS), intervalS, count };
  const model = costModelOf({ tariff, grid, state });
  return model.ok ? ok({ model: model.value, quarter }) : model;
}

/** A load far above any peak: what a peak costs once it rises. */
const highKw = 1e7;

/** What each kW more in a whole block adds to a demand term at a load, in kW that are billed. */
function riseOf(term: DemandTerm, count: number, loadKw: number): number {
  const at = (kw: number): number => peakOf(term, new Float64Array(count).fill(kw));
  // At a high load the difference of two means has few digits: a larger step has more of them.
  const by = loadKw < highKw ? 1 : 1024;
  return (at(loadKw + by) - at(loadKw)) / by;
}

function oneMoreKwOf(
  tariff: Tariff,
  options: ExplainOptions & { readonly atS: number },
): Result<OneMoreKw, readonly Fault[]> {
  const startS = alignDown(epochS(options.atS), seconds(900));
  const { openBlock: _open, ...state } = options.state ?? { lines: {}, past: [] };
  const found = blockModelOf(tariff, startS, state);
  if (!found.ok) return found;
  const { model, quarter } = found.value;
  const count = model.grid.count;
  const clean = (value: number): number => Number(value.toPrecision(12));
  const energyPerKwh = clean(model.pricePerKwh[quarter] ?? 0);
  const demand = model.demand
    .filter((term) => term.pricePerKw !== 0 && term.counts[quarter] === 1)
    .map((term) => ({
      line: term.line,
      window: term.window,
      pricePerKw: Number((term.pricePerKw * riseOf(term, count, highKw)).toPrecision(10)),
      floorKw: term.floorKw,
      raised: riseOf(term, count, options.loadKw ?? highKw) > 0.999 * riseOf(term, count, highKw),
    }));
  const raised = demand.filter((term) => term.raised);
  const peak = raised.reduce((sum, term) => sum + term.pricePerKw, 0);
  const free = demand.length - raised.length;
  const next = (model.steps ?? []).filter((step) => step.risePerKwh !== 0);
  const tiers = next.map(
    ({ line, risePerKwh, aboveKwh, energy }) =>
      `; ${clean(risePerKwh)} more for each kWh of ${line} above ${aboveKwh} kWh, of which ${energy.past} are used`,
  );
  const ways = Object.entries(chosenOf(model, new Float64Array(count).fill(options.loadKw ?? 0))).map(
    ([choice, way]) => `; ${choice} charges ${way} as things stand`,
  );
  const text =
    `One more kW costs ${energyPerKwh} ${tariff.currency} for each hour` +
    (peak === 0
      ? ' and raises no peak'
      : ` and ${clean(peak)} ${tariff.currency} for the peaks that it raises (${raised.map((term) => `${term.line} ${term.window}`).join(', ')})`) +
    (free === 0 ? '' : `; ${free} peaks are higher already`) +
    `${tiers.join('')}${ways.join('')}.`;
  return ok({ at: isoOf(startS), energyPerKwh, demand, text });
}

/** The explanation of a tariff; the cost of one more kW where an instant is given. */
export function explanationOf(
  tariff: Tariff,
  options: ExplainOptions,
): Result<Explanation, readonly Fault[]> {
  const base = { name: tariff.name, sentences: tariff.lines.flatMap((line) => sentencesOf(line, tariff)) };
  if (options.atS === undefined) return ok(base);
  const more = oneMoreKwOf(tariff, { ...options, atS: options.atS });
  return more.ok ? ok({ ...base, oneMoreKw: more.value }) : more;
}
