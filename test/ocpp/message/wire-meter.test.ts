import { expect, test } from 'vitest';
import { epochS } from '#domain/units';
import type { MeterSample } from '#ocpp/station-message';
import { eventsOfCall } from '#ocpp/wire-message';

const at = '2026-05-01T06:00:00Z';
const now = epochS(20_574 * 86_400 + 21_600);

/** Readings of 1.6 as `measurand unit phase location`, a dash for what is not sent. */
function sample16(...readings: readonly (readonly [string, string])[]): Partial<MeterSample> {
  const sampledValue = readings.map(([value, words]) => {
    const [measurand = '-', unit = '-', phase = '-', location = '-'] = words.split(' ');
    const given = Object.entries({ measurand, unit, phase, location }).filter(([, word]) => word !== '-');
    return { value, ...Object.fromEntries(given) };
  });
  const result = eventsOfCall('1.6', 'MeterValues', {
    connectorId: 1,
    transactionId: 7,
    meterValue: [{ timestamp: at, sampledValue }],
  });
  if (!result.ok) throw new Error(result.problem.description);
  const [event] = result.value;
  if (event?.kind !== 'meter') throw new Error('no sample');
  const { evseId, transactionId, sampledAt, ...rest } = event.sample;
  expect([evseId, transactionId, sampledAt]).toEqual([1, '7', now]);
  return rest;
}

test('a bare value is the import register in Wh', () => {
  expect(sample16(['1234', '-'])).toEqual({ registerWh: 1234 });
});

test('units come in W, A, Wh; 7.4 kW is 7400 W to the milliwatt', () => {
  expect(
    sample16(
      ['7.4', 'Power.Active.Import kW'],
      ['12.3456', 'Energy.Active.Import.Register kWh'],
      ['11', 'Power.Offered kW'],
      ['16', 'Current.Offered A'],
      ['55.5', 'SoC Percent - EV'],
    ),
  ).toEqual({ powerW: 7400, registerWh: 12_345.6, offeredW: 11_000, offeredA: 16, socPercent: 55.5 });
});

test('a power without unit is W', () => {
  expect(sample16(['3600', 'Power.Active.Import'])).toEqual({ powerW: 3600 });
});

test('phases: power and energy are summed where no total is sent, currents stay apart', () => {
  expect(
    sample16(
      ['1000', 'Power.Active.Import W L1'],
      ['1100', 'Power.Active.Import W L2-N'],
      ['900', 'Power.Active.Import W L3'],
      ['4.4', 'Current.Import A L1'],
      ['4.8', 'Current.Import A L2'],
      ['3.9', 'Current.Import A L3'],
      ['0.1', 'Current.Import A N'],
      ['1.5', 'Energy.Active.Import.Register kWh L1'],
      ['2.5', 'Energy.Active.Import.Register kWh L2'],
    ),
  ).toEqual({ powerW: 3000, currentA: [4.4, 4.8, 3.9], registerWh: 4000 });
});

test('a total beats the sum of the phases', () => {
  expect(sample16(['1000', 'Power.Active.Import W L1'], ['2999', 'Power.Active.Import W'])).toEqual({
    powerW: 2999,
  });
});

test('one current without phase is one value; a lone second phase leaves the first at 0', () => {
  expect(sample16(['16', 'Current.Import A'])).toEqual({ currentA: [16] });
  expect(sample16(['16', 'Current.Import A L2'])).toEqual({ currentA: [0, 16] });
});

test('the offered current of several phases is the largest', () => {
  expect(sample16(['10', 'Current.Offered A L1'], ['16', 'Current.Offered A L2'])).toEqual({ offeredA: 16 });
});

test('the outlet counts; the inlet only where the outlet is silent; cable, body and vehicle never', () => {
  expect(
    sample16(
      ['11000', 'Power.Active.Import W - Inlet'],
      ['10000', 'Power.Active.Import W - Outlet'],
      ['9000', 'Power.Active.Import W - EV'],
      ['500', 'Energy.Active.Import.Register Wh - Inlet'],
      ['99', 'Current.Import A - Body'],
    ),
  ).toEqual({ powerW: 10_000, registerWh: 500 });
});

test('what cannot be is left out: a power in V, a charge of 250 %, a register below zero, other measurands', () => {
  expect(
    sample16(
      ['230', 'Power.Active.Import V'],
      ['250', 'SoC Percent'],
      ['-5', 'Energy.Active.Import.Register Wh'],
      ['230', 'Voltage V L1'],
      ['50', 'Frequency'],
      ['7', 'Energy.Active.Import.Interval Wh'],
    ),
  ).toEqual({});
});

test.each(['7.4', '+7.4', '-7.4', '.5', '7.', '1e3', '1.5E-2', ' 12 '])('%j is a number', (text) => {
  expect(sample16([text, 'Power.Active.Import W']).powerW).toBe(Number(text));
});

test.each(['', ' ', 'NaN', 'Infinity', '-Infinity', '0x10', '1,5', '7 kW', '1e999', '1_000', '--1'])(
  '%j is no number',
  (text) => {
    expect(() => sample16([text, 'Power.Active.Import W'])).toThrow('not a number');
  },
);

test('2.x: multiplier and unit, and what they default to', () => {
  const power = 'Power.Active.Import';
  for (const version of ['2.0.1', '2.1'] as const) {
    const read = (sampledValue: unknown[]): unknown => {
      const result = eventsOfCall(version, 'MeterValues', {
        evseId: 1,
        meterValue: [{ timestamp: at, sampledValue }],
      });
      if (!result.ok || result.value[0]?.kind !== 'meter') throw new Error('no sample');
      return result.value[0].sample;
    };
    const place = { evseId: 1, sampledAt: now };
    expect(read([{ value: 7.4, measurand: power, unitOfMeasure: { unit: 'kW' } }])).toEqual({
      ...place,
      powerW: 7400,
    });
    expect(read([{ value: 74, measurand: power, unitOfMeasure: { unit: 'W', multiplier: 2 } }])).toEqual({
      ...place,
      powerW: 7400,
    });
    expect(read([{ value: 1.5, unitOfMeasure: { multiplier: 3 } }])).toEqual({ ...place, registerWh: 1500 });
    expect(read([{ value: 1, measurand: power, unitOfMeasure: { multiplier: 300 } }])).toEqual(place);
    expect(read([{ value: 1, measurand: power, unitOfMeasure: { unit: 'constructor' } }])).toEqual(place);
    expect(read([{ value: 1e300, measurand: power, unitOfMeasure: { multiplier: 9 } }])).toEqual(place);
  }
});

test('several samples come in the order in which they were sent', () => {
  const result = eventsOfCall('1.6', 'MeterValues', {
    connectorId: 1,
    meterValue: ['06:00:00', '06:01:00', '05:59:00'].map((time) => ({
      timestamp: `2026-05-01T${time}Z`,
      sampledValue: [{ value: '1' }],
    })),
  });
  expect(
    result.ok && result.value.map((event) => event.kind === 'meter' && event.sample.sampledAt - now),
  ).toEqual([0, 60, -60]);
});
