/**
 * Meter readings of a station, brought to W, A, Wh and percent. Readings of other measurands, of unknown units and at the
 * vehicle (except its state of charge) are left out.
 * Source: OCPP 1.6 7.43 SampledValue, OCPP 2.0.1 part 2 SampledValueType and UnitOfMeasureType.
 * @module
 */
import type { EpochS } from '#domain/units';
import type { MeterSample } from './station-message.ts';

/** One reading as a version sends it, defaults filled in, `value` a finite number. */
export interface Reading {
  readonly value: number;
  readonly measurand: string;
  readonly phase?: string;
  readonly location: string;
  /** Absent: the unit that the measurand has by default. */
  readonly unit?: string;
  /** Power of ten. */
  readonly multiplier: number;
}

/** Where and when readings were taken. */
export interface SamplePlace {
  readonly evseId: number;
  readonly sampledAt: EpochS;
  readonly transactionId?: string;
}

type Field = 'powerW' | 'currentA' | 'registerWh' | 'offeredA' | 'offeredW' | 'socPercent';

/** Measurands that are kept; the Import.Offered names are those of 2.1. */
const fieldOf: Readonly<Record<string, Field>> = {
  'Power.Active.Import': 'powerW',
  'Current.Import': 'currentA',
  'Energy.Active.Import.Register': 'registerWh',
  'Current.Offered': 'offeredA',
  'Current.Import.Offered': 'offeredA',
  'Power.Offered': 'offeredW',
  'Power.Import.Offered': 'offeredW',
  SoC: 'socPercent',
};

const unitsOf: Readonly<Record<Field, Readonly<Record<string, number>>>> = {
  powerW: { W: 1, kW: 1000 },
  offeredW: { W: 1, kW: 1000 },
  currentA: { A: 1 },
  offeredA: { A: 1 },
  registerWh: { Wh: 1, kWh: 1000 },
  socPercent: { Percent: 1, '%': 1 },
};

/** Largest power of ten that is believed. */
const multiplierMax = 9;

/** Largest value that is believed, in W, A or Wh. */
const valueMax = 1e12;

const phaseIndex: Readonly<Record<string, number>> = {
  L1: 0,
  L2: 1,
  L3: 2,
  'L1-N': 0,
  'L2-N': 1,
  'L3-N': 2,
};

/** The number in a 1.6 value text: decimal digits with an optional exponent, nothing else. */
export function numberOfText(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

/** What was read of one field: in total, and per phase. */
interface Collected {
  total?: number;
  readonly perPhase: (number | undefined)[];
}

/** A product in thousandths, so that 7.4 kW is 7400 W. */
function scaled(value: number, factor: number): number {
  return Math.round(value * factor * 1000) / 1000;
}

/** The value in the unit of its field; undefined where it cannot be one. */
function valueIn(field: Field, reading: Reading): number | undefined {
  const units = unitsOf[field];
  const unit = reading.unit;
  const factor = unit === undefined ? 1 : Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor === undefined || Math.abs(reading.multiplier) > multiplierMax) return undefined;
  const value = scaled(reading.value, factor * 10 ** reading.multiplier);
  if (Math.abs(value) > valueMax) return undefined;
  if (field === 'socPercent') return value >= 0 && value <= 100 ? value : undefined;
  return field === 'registerWh' && value < 0 ? undefined : value;
}

function collect(readings: readonly Reading[], location: string): Map<Field, Collected> {
  const fields = new Map<Field, Collected>();
  for (const reading of readings) {
    const field = Object.hasOwn(fieldOf, reading.measurand) ? fieldOf[reading.measurand] : undefined;
    if (field === undefined) continue;
    if (field !== 'socPercent' && reading.location !== location) continue;
    const value = valueIn(field, reading);
    if (value === undefined) continue;
    const collected = fields.get(field) ?? { perPhase: [] };
    if (reading.phase === undefined) collected.total = value;
    else {
      const index = phaseIndex[reading.phase];
      if (index === undefined) continue;
      collected.perPhase[index] = value;
    }
    fields.set(field, collected);
  }
  return fields;
}

/** The total where one was sent, else the sum of the phases. */
function totalOf(collected: Collected | undefined): number | undefined {
  if (collected === undefined || collected.total !== undefined) return collected?.total;
  return scaled(
    collected.perPhase.reduce<number>((sum, value) => sum + (value ?? 0), 0),
    1,
  );
}

/** Currents in order L1, L2, L3 as far as sent, a phase that is passed over counts 0; one value where none was named. */
function phasesOf(collected: Collected | undefined): readonly number[] | undefined {
  if (collected === undefined) return undefined;
  if (collected.perPhase.length > 0) return Array.from(collected.perPhase, (value) => value ?? 0);
  return collected.total === undefined ? undefined : [collected.total];
}

/**
 * One sample of readings of one instant. Readings at the outlet count; those at the inlet only where the outlet has none.
 * A later reading of the same field and phase replaces an earlier one.
 */
export function sampleOfReadings(place: SamplePlace, readings: readonly Reading[]): MeterSample {
  const outlet = collect(readings, 'Outlet');
  const inlet = collect(readings, 'Inlet');
  const of = (field: Field): Collected | undefined => outlet.get(field) ?? inlet.get(field);
  const powerW = totalOf(of('powerW'));
  const currentA = phasesOf(of('currentA'));
  const registerWh = totalOf(of('registerWh'));
  const offered = of('offeredA');
  const offeredA =
    offered?.total ??
    (offered === undefined ? undefined : Math.max(...offered.perPhase.map((value) => value ?? 0)));
  const offeredW = totalOf(of('offeredW'));
  const socPercent = totalOf(of('socPercent'));
  return {
    ...place,
    ...(powerW === undefined ? {} : { powerW }),
    ...(currentA === undefined ? {} : { currentA }),
    ...(registerWh === undefined ? {} : { registerWh }),
    ...(offeredA === undefined ? {} : { offeredA }),
    ...(offeredW === undefined ? {} : { offeredW }),
    ...(socPercent === undefined ? {} : { socPercent }),
  };
}
