/**
 * The energy prices of an OCPI tariff as a tariff for a whole site. Sessions, times and fees are priced by
 * `ocpi-session.ts`; here they are named in `losses`. Source: OCPI 2.2.1 and 2.3.0, module Tariffs.
 * @module
 */
import type { Fault } from '#domain/fault';
import { fail, type Result } from '#domain/result';
import type { Loss } from '../bill-form.ts';
import { checked, fault } from '../faults.ts';
import {
  holdsOnClock,
  ocpiTariffSchema,
  unusedFields,
  type OcpiElement,
  type OcpiPrice,
  type OcpiTariff,
} from '../ocpi-tariff.ts';
import { weekdays, type TariffDocument } from '../tariff.ts';
import { importedOf, slugOf, type Imported } from './imported.ts';
import type { ClauseDocument } from './schedule.ts';

type LineDocument = TariffDocument['lines'][number];
type EnergyDocument = Extract<LineDocument, { kind: 'energy' }>;

const onSession = [
  'min_kwh',
  'max_kwh',
  'min_current',
  'max_current',
  'min_power',
  'max_power',
  'min_duration',
  'max_duration',
  'reservation',
] as const;

function energyOf(element: OcpiElement): OcpiPrice | undefined {
  return element.price_components.find((component) => component.type === 'ENERGY');
}

function elementLosses(tariff: OcpiTariff): readonly Loss[] {
  const losses: Loss[] = [];
  for (const [k, element] of tariff.elements.entries()) {
    for (const [j, component] of element.price_components.entries()) {
      const field = `elements[${k}].price_components[${j}]`;
      if (component.type !== 'ENERGY') {
        losses.push({ field, reason: `${component.type} is paid per session; price a session to count it` });
      } else if (component.step_size > 1) {
        losses.push({
          field: `${field}.step_size`,
          reason: 'energy of a site is not rounded up per session',
        });
      }
      if (component.type === 'ENERGY' && typeof component.vat === 'number' && component.vat > 0) {
        losses.push({ field: `${field}.vat`, reason: 'prices are kept without VAT' });
      }
    }
    for (const name of onSession) {
      const value = element.restrictions?.[name];
      if (value !== undefined && value !== null) {
        losses.push({
          field: `elements[${k}].restrictions.${name}`,
          reason: 'depends on the session: the element is left out for a site',
        });
      }
    }
    for (const name of ['start_date', 'end_date'] as const) {
      if (typeof element.restrictions?.[name] === 'string') {
        losses.push({
          field: `elements[${k}].restrictions.${name}`,
          reason: 'the element is taken for the whole year',
        });
      }
    }
  }
  return losses;
}

/** For each minute of a weekday the element whose energy price holds: the first that matches, -1 for none. */
function elementsOfDay(tariff: OcpiTariff, weekday: number): readonly number[] {
  const usable = tariff.elements.flatMap((element, k) =>
    energyOf(element) === undefined ||
    onSession.some((name) => (element.restrictions?.[name] ?? null) !== null)
      ? []
      : [k],
  );
  const clockOnly = (k: number): OcpiElement['restrictions'] => {
    const restrictions = tariff.elements[k]?.restrictions;
    return restrictions === null || restrictions === undefined
      ? restrictions
      : { ...restrictions, start_date: null, end_date: null };
  };
  return Array.from(
    { length: 1440 },
    (_, minute) => usable.find((k) => holdsOnClock(clockOnly(k), { date: '', weekday, minute })) ?? -1,
  );
}

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** Clauses per element; days with the same hours share them. */
function clausesByElement(tariff: OcpiTariff): ReadonlyMap<number, readonly ClauseDocument[]> {
  const spans = new Map<
    string,
    { element: number; from: number; to: number; days: (typeof weekdays)[number][] }
  >();
  for (const [weekday, name] of weekdays.entries()) {
    const minutes = elementsOfDay(tariff, weekday);
    for (let from = 0; from < 1440;) {
      const element = minutes[from] ?? -1;
      let to = from;
      while (to < 1440 && minutes[to] === element) to++;
      const key = `${element}/${from}/${to}`;
      const known = spans.get(key);
      if (known === undefined) spans.set(key, { element, from, to, days: [name] });
      else known.days.push(name);
      from = to;
    }
  }
  const clauses = new Map<number, ClauseDocument[]>();
  for (const span of spans.values()) {
    const days = span.days.length === 7 ? 'all' : span.days;
    const clause: ClauseDocument = { days, from: clock(span.from), to: clock(span.to) };
    clauses.set(span.element, [...(clauses.get(span.element) ?? []), clause]);
  }
  return clauses;
}

/** The price without VAT. */
function priceOf(component: OcpiPrice, taxIncluded: boolean): number {
  const vat = 1 + (component.vat ?? 0) / 100;
  return taxIncluded ? Number((component.price / vat).toPrecision(12)) : component.price;
}

/** Whether a text is an OCPI tariff. */
export function parseOcpiTariff(document: unknown): Result<OcpiTariff, readonly Fault[]> {
  return checked(ocpiTariffSchema, document);
}

/** The energy prices of an OCPI tariff in the given zone. */
export function tariffOfOcpi(document: unknown, timezone: string): Result<Imported, readonly Fault[]> {
  const form = parseOcpiTariff(document);
  if (!form.ok) return form;
  const tariff = form.value;
  const losses: Loss[] = [...elementLosses(tariff)];
  const windows: EnergyDocument['windows'] = [];
  for (const [k, clauses] of clausesByElement(tariff)) {
    const component = k < 0 ? undefined : energyOf(tariff.elements[k] ?? { price_components: [] });
    if (component === undefined)
      losses.push({ field: 'elements', reason: 'hours in which no element has an energy price are free' });
    windows.push({
      id: k < 0 ? 'free' : `element ${k}`,
      when: [...clauses],
      price: component === undefined ? 0 : priceOf(component, tariff.tax_included === 'YES'),
    });
  }
  for (const field of ['min_price', 'max_price'] as const) {
    if ((tariff[field] ?? null) !== null) losses.push({ field, reason: 'holds per session' });
  }
  losses.push(...unusedFields(tariff));
  if (windows.every((window) => window.id === 'free')) {
    return fail([
      fault(
        'elements',
        undefined,
        'no-energy-price',
        'Give a tariff with an ENERGY price, or price a session.',
      ),
    ]);
  }
  const day = (text: string | null | undefined): string | undefined =>
    typeof text === 'string' && /^\d{4}-\d{2}-\d{2}/.test(text) ? text.slice(0, 10) : undefined;
  const validFrom = day(tariff.start_date_time);
  const validTo = day(tariff.end_date_time);
  return importedOf(
    {
      schema: 'voltherd-tariff/1',
      id: slugOf(`ocpi-${tariff.id}`),
      name: `OCPI tariff ${tariff.id}`,
      currency: tariff.currency,
      timezone,
      ...(validFrom === undefined ? {} : { validFrom }),
      ...(validTo === undefined || (validFrom !== undefined && validTo <= validFrom) ? {} : { validTo }),
      source: { title: `OCPI tariff ${tariff.id}`, date: day(tariff.last_updated) ?? 'undated' },
      billing: { rounding: { scope: 'none' } },
      lines: [{ kind: 'energy', id: 'energy', windows }],
    },
    losses,
  );
}
