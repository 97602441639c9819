/** Units as types, so that a kilowatt is never taken for a watt. The only file with casts to brands. @module */
import { invariant } from './invariant.ts';

declare const unit: unique symbol;

/** A number with a unit; arithmetic on it yields a plain number, branded again once. */
export type Quantity<U extends string> = number & { readonly [unit]: U };

/** Electric power in watts; positive draws from the grid. */
export type Watts = Quantity<'W'>;
/** Energy in watt-hours, grid side. */
export type WattHours = Quantity<'Wh'>;
/** Current in amperes per phase. */
export type Amperes = Quantity<'A'>;
/** A length of time in whole seconds. */
export type Seconds = Quantity<'s'>;
/** An instant: whole seconds since 1970-01-01T00:00:00Z. */
export type EpochS = Quantity<'epochS'>;

// Checked at every instant and power: the facts of a check are made where it fails.

/** A finite number as power. */
export function watts(value: number): Watts {
  if (!Number.isFinite(value)) invariant(false, 'watts must be finite', { value });
  return value as Watts;
}

/** A finite number as energy. */
export function wattHours(value: number): WattHours {
  if (!Number.isFinite(value)) invariant(false, 'watt-hours must be finite', { value });
  return value as WattHours;
}

/** A finite number as current per phase. */
export function amperes(value: number): Amperes {
  if (!Number.isFinite(value)) invariant(false, 'amperes must be finite', { value });
  return value as Amperes;
}

/** A whole number of seconds as a length of time. */
export function seconds(value: number): Seconds {
  if (!Number.isSafeInteger(value)) invariant(false, 'seconds must be whole', { value });
  return value as Seconds;
}

/** A whole number of seconds since 1970 as an instant. */
export function epochS(value: number): EpochS {
  if (!Number.isSafeInteger(value)) invariant(false, 'an instant must be whole seconds', { value });
  return value as EpochS;
}

/** The later instant `by` seconds after `at`. */
export function later(at: EpochS, by: number): EpochS {
  return epochS(at + by);
}
