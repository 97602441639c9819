/**
 * Exact money. Quantities are whole millionths of their unit (mWh of a kWh, mW of a kW), amounts whole millionths of the
 * currency; a price is the decimal number that its author wrote, never the binary fraction nearest to it.
 * @module
 */
import { invariant } from '#domain/invariant';

/** Millionths per unit of quantities and money. */
export const micro = 1_000_000;

interface Decimal {
  readonly mantissa: bigint;
  readonly divisor: bigint;
}

function decimalOf(value: number): Decimal {
  invariant(Number.isFinite(value), 'prices are finite', { value });
  const [digits = '0', exponentText = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  const exponent = Number(exponentText) - fraction.length;
  const mantissa = BigInt(whole + fraction);
  return exponent >= 0
    ? { mantissa: mantissa * 10n ** BigInt(exponent), divisor: 1n }
    : { mantissa, divisor: 10n ** BigInt(-exponent) };
}

/** `a / b` to the nearest whole number, halves away from zero; `b` positive. */
function dividedHalfUp(a: bigint, b: bigint): bigint {
  const twice = a < 0n ? -a * 2n + b : a * 2n + b;
  const magnitude = twice / (2n * b);
  return a < 0n ? -magnitude : magnitude;
}

/** `price x quantity / divisor` in millionths of the currency, rounded once, halves away from zero. */
export function amountOf(price: number, quantityMicro: number, divisor = 1): number {
  invariant(Number.isInteger(quantityMicro), 'quantities are whole millionths', { quantityMicro });
  const decimal = decimalOf(price);
  return Number(dividedHalfUp(decimal.mantissa * BigInt(quantityMicro), decimal.divisor * BigInt(divisor)));
}

/** An amount in millionths rounded to `decimals` of the currency, halves away from zero. */
export function roundedTo(amountMicro: number, decimals: number): number {
  const unit = 10n ** BigInt(6 - decimals);
  return Number(dividedHalfUp(BigInt(amountMicro), unit) * unit);
}

/** Millionths as a number of whole units; the nearest binary number, so that it prints as the decimal that it is. */
export function wholeOf(valueMicro: number): number {
  return valueMicro / micro;
}

/** A number of whole units as millionths. */
export function microOf(value: number): number {
  return Math.round(value * micro);
}
