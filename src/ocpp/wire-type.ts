/** Pieces that the message schemas of all versions are made of. Source: OCPP 1.6 section 7, 2.0.1 part 2 section 3. @module */
import { z } from 'zod';
import { instantOfIso } from '#domain/instant';

/** Text of at most `max` UTF-16 units. The published schemas count code points; texts outside the BMP may be refused earlier. */
export function text(max: number): z.ZodString {
  return z.string().max(max);
}

/** A date and time with an offset that exists in the calendar. */
export const instant: z.ZodString = z
  .string()
  .refine((value) => instantOfIso(value) !== undefined, { message: 'not an instant with offset' });

/** A whole number that a double holds exactly. */
export const whole: z.ZodInt = z.int();

/** A whole number from 0. */
export const count: z.ZodInt = z.int().min(0);

/** A finite number with at most one decimal; 0.30000000000000004 counts as 0.3. */
export const tenth: z.ZodNumber = z
  .number()
  .refine((value) => Math.abs(value * 10 - Math.round(value * 10)) < 1e-6 * Math.max(1, Math.abs(value)), {
    message: 'more than one decimal',
  });

/** Vendor data: `vendorId` and anything else. 2.x only. */
export const customData = z.looseObject({ vendorId: text(255) });

/** The fields of a 2.x type; every type may carry vendor data, nothing else may be added. */
export function fields<const Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape & { customData: z.ZodExactOptional<typeof customData> }, z.core.$strict> {
  return z.strictObject({ ...shape, customData: z.exactOptional(customData) });
}

/** A part of a message that is carried but not looked into: price schedules, DER settings, costs. */
export const unread = z.record(z.string(), z.unknown());

/** At least one of something, at most `max`. */
export function listOf<T extends z.ZodType>(item: T, max?: number): z.ZodArray<T> {
  const list = z.array(item).min(1);
  return max === undefined ? list : list.max(max);
}
