/** Instants as text: the ISO 8601 form of OCPP and of our own documents, to and from whole seconds. @module */
import { epochS, type EpochS } from './units.ts';

const form = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})$/;

/** Days from 1970-01-01 to a civil date. Source: Howard Hinnant, days_from_civil. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

/** Length of a month, February 29 in leap years. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The number of two digits of a text; NaN where something else stands there. */
function twoAt(text: string, i: number): number {
  const tens = text.charCodeAt(i) - 0x30;
  const ones = text.charCodeAt(i + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

/** The instant of a text like `2026-07-14T20:00:00Z`, the form of most; undefined where it has another or means none. */
function instantOfUtc(text: string): EpochS | undefined {
  const isForm =
    text.length === 20 &&
    text[4] === '-' &&
    text[7] === '-' &&
    text[10] === 'T' &&
    text[13] === ':' &&
    text[16] === ':' &&
    text[19] === 'Z';
  if (!isForm) return undefined;
  const year = twoAt(text, 0) * 100 + twoAt(text, 2);
  const month = twoAt(text, 5);
  const day = twoAt(text, 8);
  const hour = twoAt(text, 11);
  const minute = twoAt(text, 14);
  const second = twoAt(text, 17);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return undefined;
  if (!(year >= 0 && hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  return epochS(daysFromCivil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second);
}

/**
 * The instant of an ISO 8601 text that states its offset; fractions of a second are cut. Undefined for anything else:
 * no offset, a date that does not exist, hour 24.
 */
export function instantOfIso(text: string): EpochS | undefined {
  const utc = instantOfUtc(text);
  if (utc !== undefined) return utc;
  const match = form.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const zone = match[7] ?? 'Z';
  let offsetS = 0;
  if (zone !== 'Z') {
    const hours = Number(zone.slice(1, 3));
    const minutes = Number(zone.slice(-2));
    if (hours > 14 || minutes > 59) return undefined;
    offsetS = (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
  }
  return epochS(daysFromCivil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offsetS);
}

/** The UTC text of an instant, whole seconds, `Z`. */
export function isoOf(at: EpochS): string {
  const days = Math.floor(at / 86400);
  const rest = at - days * 86400;
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * m + 2) / 5) + 1;
  const month = m < 10 ? m + 3 : m - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}Z`;
}
