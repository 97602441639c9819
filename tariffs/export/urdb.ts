/** Tariffs as records of the US utility rate database, with what the format cannot say. Source: OpenEI URDB version 7/8. @module */
import type { Loss } from '../bill-form.ts';
import type { LineOf, Tariff } from '../tariff.ts';
import { hourTablesOf, type HourTable } from './hour-table.ts';

/** A record and what of the tariff it does not hold. */
export interface ExportedUrdb {
  readonly urdb: Readonly<Record<string, unknown>>;
  readonly losses: readonly Loss[];
}

interface UrdbTier {
  readonly max?: number;
  readonly unit?: string;
  readonly rate: number;
  readonly sell?: number;
}

const unitNames: Readonly<Record<string, string>> = {
  kWh: 'kWh',
  kWhPerKw: 'kWh/kW',
  kWhPerDay: 'kWh daily',
  kWhPerKwDay: 'kWh/kW daily',
};

function energyTiersOf(
  window: LineOf<'energy'>['windows'][number],
  line: LineOf<'energy'>,
  losses: Loss[],
): readonly UrdbTier[] {
  const sell = window.sell === undefined ? {} : { sell: window.sell };
  if (window.series !== undefined)
    losses.push({
      field: `${line.id} ${window.id}`,
      reason: 'prices of a series cannot be said; 0 stands for them',
    });
  if (window.tiers === undefined) return [{ unit: 'kWh', rate: window.price ?? 0, ...sell }];
  if (line.tierReset === 'day') {
    losses.push({
      field: `${line.id} ${window.id}`,
      reason: 'tiers that restart each day cannot be said: daily tiers of the database count over the month',
    });
  }
  return window.tiers.map((tier) => {
    if (tier.withinHours !== undefined) {
      losses.push({
        field: `${line.id} ${window.id}`,
        reason: 'kWh tiers inside hours of use lose their frame',
      });
    }
    const name = unitNames[tier.unit] ?? 'kWh';
    const unit = line.tierReset === 'day' && !name.endsWith('daily') ? `${name} daily` : name;
    return { ...(tier.upTo === null ? {} : { max: tier.upTo }), unit, rate: tier.price, ...sell };
  });
}

/** A schedule of 0-based periods; hours without a window get a period of their own at the end. */
function scheduleOf(table: HourTable, none: number): readonly (readonly number[])[] {
  return table.map((hours) => hours.map((window) => (window < 0 ? none : window)));
}

function energyFields(
  tariff: Tariff,
  line: LineOf<'energy'>,
  losses: Loss[],
): Readonly<Record<string, unknown>> {
  const tables = hourTablesOf(tariff, line, losses);
  const monthly = Array.from({ length: 12 }, (_, k) =>
    (line.adders ?? [])
      .filter((adder) => adder.months === undefined || adder.months.includes(k + 1))
      .reduce((sum, adder) => sum + adder.price, 0),
  );
  return {
    energyratestructure: line.windows.map((window) => energyTiersOf(window, line, losses)),
    energyweekdayschedule: scheduleOf(tables.weekday, 0),
    energyweekendschedule: scheduleOf(tables.weekend, 0),
    ...(monthly.some((price) => price !== 0) ? { fueladjustmentsmonthly: monthly } : {}),
  };
}

function demandTiersOf(window: LineOf<'demand'>['windows'][number]): readonly UrdbTier[] {
  if (window.tiers === undefined) return [{ rate: window.price ?? 0 }];
  return window.tiers.map((tier) => ({
    ...(tier.upTo === null ? {} : { max: tier.upTo }),
    rate: tier.price,
  }));
}

function isFlat(line: LineOf<'demand'>): boolean {
  return line.windows.every(
    (window) =>
      window.when === 'always' ||
      (typeof window.when !== 'string' &&
        window.when.every(
          (clause) => clause.days === 'all' && clause.from === '00:00' && clause.to === '24:00',
        )),
  );
}

function demandFields(
  tariff: Tariff,
  line: LineOf<'demand'>,
  losses: Loss[],
): Readonly<Record<string, unknown>> | undefined {
  const lose = (reason: string): undefined => {
    losses.push({ field: line.id, reason });
    return undefined;
  };
  if (line.measure.kind !== 'max') return lose(`a ${line.measure.kind} of peaks cannot be said`);
  if (line.reset === 'year') return lose('yearly peaks cannot be said');
  const tables = hourTablesOf(tariff, line, losses);
  if (tables.overlaps) return lose('demand windows that overlap cannot be said');
  const unit = `${line.unit ?? tariff.meter.unit}${line.reset === 'day' ? ' daily' : ''}`;
  const none = line.windows.length;
  const structure = [...line.windows.map(demandTiersOf), [{ rate: 0 }]];
  if (isFlat(line)) {
    const months = tables.weekday.map((hours) => {
      const first = hours[0] ?? -1;
      return first < 0 ? none : first;
    });
    return {
      flatdemandunit: unit,
      flatdemandstructure: structure,
      flatdemandmonths: months,
      ...ratchetFields(line),
    };
  }
  return {
    demandrateunit: unit,
    demandratestructure: structure,
    demandweekdayschedule: scheduleOf(tables.weekday, none),
    demandweekendschedule: scheduleOf(tables.weekend, none),
    ...ratchetFields(line),
  };
}

function ratchetFields(line: LineOf<'demand'>): Readonly<Record<string, unknown>> {
  if (line.ratchet === undefined) return {};
  const percent = line.ratchet.percent;
  const months = typeof percent === 'number' ? Array.from({ length: 12 }, () => percent) : percent;
  return {
    demandratchetpercentage: months.map((value) => value / 100),
    lookbackRange: line.ratchet.lookbackMonths,
    ...(line.ratchet.sourceMonths === undefined
      ? {}
      : {
          lookbackMonths: Array.from({ length: 12 }, (_, k) =>
            line.ratchet?.sourceMonths?.includes(k + 1) === true ? 1 : 0,
          ),
        }),
  };
}

/** The record of a tariff. Only the first energy line and one demand line of each kind fit; all else is named. */
export function urdbOfTariff(tariff: Tariff): ExportedUrdb {
  const losses: Loss[] = [];
  const record: Record<string, unknown> = {
    name: tariff.name,
    source: tariff.source.title,
    ...(tariff.source.url === undefined ? {} : { uri: tariff.source.url }),
    demandwindow: tariff.meter.demandIntervalMinutes,
  };
  const put = (id: string, fields: Readonly<Record<string, unknown>> | undefined): void => {
    if (fields === undefined) return;
    const taken = Object.keys(fields).find((field) => field in record);
    if (taken !== undefined) losses.push({ field: id, reason: `the record holds one ${taken} only` });
    else Object.assign(record, fields);
  };
  for (const line of tariff.lines) {
    switch (line.kind) {
      case 'energy':
        put(line.id, energyFields(tariff, line, losses));
        break;
      case 'demand':
        put(line.id, demandFields(tariff, line, losses));
        break;
      case 'fixed':
        put(line.id, { fixedchargefirstmeter: line.amount, fixedchargeunits: `$/${line.per}` });
        break;
      case 'minimum-bill':
        put(line.id, { mincharge: line.amount, minchargeunits: `$/${line.per}` });
        break;
      case 'subscription':
      case 'contracted-capacity':
      case 'price-pair':
      case 'load-factor-tiers':
      case 'percent':
      case 'reactive':
      case 'coincident':
      case 'credit':
        losses.push({ field: line.id, reason: `a line of kind ${line.kind} cannot be said` });
        break;
    }
  }
  losses.push({
    field: 'timezone',
    reason: `the format has no zone; the tariff is written for ${tariff.timezone}`,
  });
  if (tariff.currency !== 'USD')
    losses.push({ field: 'currency', reason: `the format means USD; the tariff is in ${tariff.currency}` });
  if (tariff.billing.period.kind !== 'calendar-month')
    losses.push({ field: 'billing.period', reason: 'the format bills calendar months' });
  if (tariff.billing.rounding.scope !== 'none')
    losses.push({ field: 'billing.rounding', reason: 'the format does not round' });
  return { urdb: record, losses };
}
