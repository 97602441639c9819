/**
 * The OCPI Tariff object, versions 2.2.1 and 2.3.0, as a schema. Source: OCPI 2.2.1 and 2.3.0, module Tariffs.
 * @module
 */
import { z } from 'zod';
import type { Loss } from './bill-form.ts';

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM');
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD');
const amount = z.number().min(0).max(1e9);

const priceComponent = z.looseObject({
  type: z.enum(['ENERGY', 'FLAT', 'PARKING_TIME', 'TIME']),
  price: z.number().min(-1e6).max(1e6),
  /** Percent; absent: no VAT applies. */
  vat: z.number().min(0).max(100).nullish(),
  /** Wh for ENERGY, seconds for times. */
  step_size: z.int().min(0).max(1e9).default(1),
});

const restrictions = z.looseObject({
  start_time: time.nullish(),
  end_time: time.nullish(),
  start_date: date.nullish(),
  end_date: date.nullish(),
  min_kwh: amount.nullish(),
  max_kwh: amount.nullish(),
  min_current: amount.nullish(),
  max_current: amount.nullish(),
  min_power: amount.nullish(),
  max_power: amount.nullish(),
  min_duration: amount.nullish(),
  max_duration: amount.nullish(),
  day_of_week: z
    .array(z.enum(['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY']))
    .nullish(),
  reservation: z.enum(['RESERVATION', 'RESERVATION_EXPIRES']).nullish(),
});

/** 2.2.1 says `excl_vat` and `incl_vat`, 2.3.0 `before_taxes` and `after_taxes`. */
const priceLimit = z.looseObject({
  excl_vat: amount.nullish(),
  incl_vat: amount.nullish(),
  before_taxes: amount.nullish(),
  after_taxes: amount.nullish(),
});

/** The schema; fields that no price depends on may hold anything. */
export const ocpiTariffSchema = z.looseObject({
  id: z.string().min(1).max(36),
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code'),
  type: z.string().nullish(),
  country_code: z.string().nullish(),
  party_id: z.string().nullish(),
  min_price: priceLimit.nullish(),
  max_price: priceLimit.nullish(),
  elements: z
    .array(
      z.looseObject({
        price_components: z.array(priceComponent).min(1),
        restrictions: restrictions.nullish(),
      }),
    )
    .min(1)
    .max(500),
  /** 2.3.0: whether prices hold their taxes. */
  tax_included: z.enum(['YES', 'NO', 'N/A']).nullish(),
  start_date_time: z.string().nullish(),
  end_date_time: z.string().nullish(),
  last_updated: z.string().nullish(),
});

/** An OCPI tariff. */
export type OcpiTariff = z.output<typeof ocpiTariffSchema>;
/** One element of it. */
export type OcpiElement = OcpiTariff['elements'][number];
/** One price. */
export type OcpiPrice = OcpiElement['price_components'][number];

const names = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;

/** What restrictions look at on the clock. */
export interface ClockView {
  readonly date: string;
  /** 0 Monday. */
  readonly weekday: number;
  readonly minute: number;
}

const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

/** Whether date, weekday and time of day allow an element. `00:00` as end is the end of the day; an end before the start wraps. */
export function holdsOnClock(limits: OcpiElement['restrictions'], at: ClockView): boolean {
  if (limits === null || limits === undefined) return true;
  if (typeof limits.start_date === 'string' && at.date < limits.start_date) return false;
  if (typeof limits.end_date === 'string' && at.date >= limits.end_date) return false;
  const day = names[at.weekday];
  const days = limits.day_of_week ?? [];
  if (days.length > 0 && (day === undefined || !days.includes(day))) return false;
  const from = minutes(limits.start_time ?? '00:00');
  const end = minutes(limits.end_time ?? '00:00');
  const to = end === 0 ? 1440 : end;
  return from < to ? at.minute >= from && at.minute < to : at.minute >= from || at.minute < to;
}

/** Fields on which no price depends. */
export const identityFields: readonly string[] = [
  'country_code',
  'party_id',
  'type',
  'tariff_alt_text',
  'tariff_alt_url',
  'energy_mix',
  'last_updated',
];

/** Fields that no price is worked out from: of identity, and those that the module does not define, wherever they stand. */
export function unusedFields(tariff: OcpiTariff): readonly Loss[] {
  const losses: Loss[] = [];
  const look = (value: object, known: Readonly<Record<string, unknown>>, path: string): void => {
    for (const field of Object.keys(value)) {
      if (!(field in known)) losses.push({ field: `${path}${field}`, reason: 'not a field that is known' });
    }
  };
  for (const field of Object.keys(tariff)) {
    if (identityFields.includes(field)) losses.push({ field, reason: 'identity or text' });
    else if (!(field in ocpiTariffSchema.shape)) losses.push({ field, reason: 'not a field that is known' });
  }
  for (const [k, element] of tariff.elements.entries()) {
    look(element, { price_components: 1, restrictions: 1 }, `elements[${k}].`);
    look(element.restrictions ?? {}, restrictions.shape, `elements[${k}].restrictions.`);
    for (const [j, component] of element.price_components.entries()) {
      look(component, priceComponent.shape, `elements[${k}].price_components[${j}].`);
    }
  }
  return losses;
}
