/** Energy prices of a tariff as an OCPI tariff for drivers. Source: OCPI 2.2.1 and 2.3.0, module Tariffs. @module */
import { daysInMonth } from '#domain/instant';
import type { Loss } from '../bill-form.ts';
import type { LineOf, Tariff } from '../tariff.ts';
import { layDay, noWindow, seasonMaskOf, windowSetOf } from '../windows.ts';

/** What drivers pay beside the price of the energy, and who sells. */
export interface OcpiExportOptions {
  readonly version: '2.2.1' | '2.3.0';
  readonly countryCode: string;
  readonly partyId: string;
  /** The year whose seasons are written out; OCPI dates have one. */
  readonly year: number;
  /** Added to each price per kWh. */
  readonly adderPerKwh?: number;
  /** Percent. */
  readonly vat?: number;
  /** ISO 8601 UTC. */
  readonly lastUpdated: string;
}

/** An OCPI tariff and what of the tariff it does not hold. */
export interface ExportedOcpi {
  readonly ocpi: Readonly<Record<string, unknown>>;
  readonly losses: readonly Loss[];
}

const dayNames = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];
const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** Price of each minute of a day over all energy lines; tiers and series at their first price. */
function pricesOfDay(
  lines: readonly LineOf<'energy'>[],
  tariff: Tariff,
  at: { month: number; day: number; weekday: number },
): Float64Array {
  const prices = new Float64Array(1440);
  const names = Object.keys(tariff.calendar.seasons);
  const traits = {
    month: at.month,
    weekday: at.weekday,
    seasonMask: seasonMaskOf(tariff.calendar.seasons, at.month, at.day),
    holiday: false,
  };
  for (const line of lines) {
    const laid = layDay(
      windowSetOf(
        line.windows.map((window) => window.when),
        names,
      ),
      traits,
    ).first;
    const adders = (line.adders ?? [])
      .filter((adder) => adder.months?.includes(at.month) ?? true)
      .reduce((sum, adder) => sum + adder.price, 0);
    for (let minute = 0; minute < 1440; minute++) {
      const window = line.windows[laid[minute] ?? noWindow];
      if (window === undefined) continue;
      prices[minute] = (prices[minute] ?? 0) + (window.price ?? window.tiers?.[0]?.price ?? 0) + adders;
    }
  }
  return prices;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly price: number;
}

function stretchesOf(prices: Float64Array): readonly Stretch[] {
  const found: Stretch[] = [];
  for (let from = 0; from < 1440;) {
    const price = prices[from] ?? 0;
    let to = from;
    while (to < 1440 && prices[to] === price) to++;
    found.push({ from, to, price });
    from = to;
  }
  return found;
}

/** Weeks of prices by the days of a year on which each begins. */
function seasonsOf(
  lines: readonly LineOf<'energy'>[],
  tariff: Tariff,
  year: number,
): readonly { readonly start: string; readonly week: readonly (readonly Stretch[])[] }[] {
  const seasons: { start: string; key: string; week: readonly (readonly Stretch[])[] }[] = [];
  for (let month = 1; month <= 12; month++) {
    for (let day = 1; day <= daysInMonth(year, month); day++) {
      const week = dayNames.map((_, weekday) =>
        stretchesOf(pricesOfDay(lines, tariff, { month, day, weekday })),
      );
      const key = JSON.stringify(week);
      if (seasons[seasons.length - 1]?.key === key) continue;
      const start = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
      seasons.push({ start, key, week });
    }
  }
  return seasons;
}

function elementsOf(
  tariff: Tariff,
  lines: readonly LineOf<'energy'>[],
  options: OcpiExportOptions,
): readonly unknown[] {
  const seasons = seasonsOf(lines, tariff, options.year);
  const elements: unknown[] = [];
  for (const [k, season] of seasons.entries()) {
    const byStretch = new Map<string, { stretch: Stretch; days: string[] }>();
    for (const [weekday, stretches] of season.week.entries()) {
      for (const stretch of stretches) {
        const key = JSON.stringify(stretch);
        const known = byStretch.get(key) ?? { stretch, days: [] };
        known.days.push(dayNames[weekday] ?? '');
        byStretch.set(key, known);
      }
    }
    const next = seasons[k + 1]?.start;
    for (const { stretch, days } of byStretch.values()) {
      const whole = stretch.from === 0 && stretch.to === 1440;
      const restrictions = {
        ...(whole ? {} : { start_time: clock(stretch.from), end_time: clock(stretch.to % 1440) }),
        ...(days.length === 7 ? {} : { day_of_week: days }),
        ...(k > 0 ? { start_date: season.start } : {}),
        ...(next === undefined ? {} : { end_date: next }),
      };
      const price = Number((stretch.price + (options.adderPerKwh ?? 0)).toPrecision(12));
      elements.push({
        price_components: [
          { type: 'ENERGY', price, ...(options.vat === undefined ? {} : { vat: options.vat }), step_size: 1 },
        ],
        ...(Object.keys(restrictions).length === 0 ? {} : { restrictions }),
      });
    }
  }
  return elements;
}

/** The OCPI tariff that sells energy at a tariff's own prices; what drivers cannot be charged by the kWh is named. */
export function ocpiOfTariff(tariff: Tariff, options: OcpiExportOptions): ExportedOcpi {
  const losses: Loss[] = [];
  const lines = tariff.lines.filter((line) => line.kind === 'energy');
  for (const line of tariff.lines) {
    if (line.kind !== 'energy')
      losses.push({ field: line.id, reason: `a line of kind ${line.kind} cannot be said per session` });
    else if (line.windows.some((window) => window.tiers !== undefined))
      losses.push({ field: line.id, reason: 'tiers over a month: the first price is taken' });
    else if (line.windows.some((window) => window.series !== undefined))
      losses.push({ field: line.id, reason: 'prices of a series cannot be said; 0 stands for them' });
  }
  if (tariff.calendar.holidays.length > 0)
    losses.push({ field: 'calendar.holidays', reason: 'holidays are their weekdays there' });
  losses.push({
    field: 'timezone',
    reason: `times are local to the station; the tariff is written for ${tariff.timezone}`,
  });
  return {
    ocpi: {
      country_code: options.countryCode,
      party_id: options.partyId,
      id: tariff.id.slice(0, 36),
      currency: tariff.currency,
      ...(options.version === '2.3.0' ? { tax_included: 'NO' } : {}),
      elements: elementsOf(tariff, lines, options),
      last_updated: options.lastUpdated,
    },
    losses,
  };
}
