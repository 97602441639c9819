import { expect, test } from 'vitest';
import { personaNames, type PersonaName } from '#sim/scenario-document';
import { switchesOf } from '#sim/personas';
import { benchOf, setProfile, stationOf, vehicle, type Bench } from './bench-station.ts';

type Profile = Parameters<typeof setProfile>[1];

/** An honest station that charges at 11 kW from second 10 on, and has the persona from second 20 on. */
function charging(persona: PersonaName, more: Parameters<typeof stationOf>[0] = {}): Bench {
  const bench = benchOf(stationOf(more));
  bench.station.powerOn(0);
  bench.until(10);
  bench.station.plugIn(1, vehicle);
  bench.until(20);
  bench.personas(persona);
  return bench;
}
const set = (bench: Bench, profile: Profile): unknown =>
  bench.call('SetChargingProfile', setProfile('1.6', profile));
const floor: Profile = { id: 1, purpose: 'default', periods: [[0, 6]] };

/** W at the given seconds after t0. */
function drawAt(bench: Bench, ...instants: readonly number[]): readonly number[] {
  return instants.map((at) => {
    bench.until(at);
    return bench.draw();
  });
}

const stories: Record<PersonaName, () => void> = {
  obeys: () => {
    const bench = charging('obeys');
    set(bench, floor);
    expect(drawAt(bench, 24, 25)).toEqual([11_000, 4140]);
  },
  'ignores-limit': () => {
    const bench = charging('ignores-limit');
    expect(set(bench, floor)).toEqual({ status: 'Accepted' });
    expect(drawAt(bench, 300)).toEqual([11_000]);
  },
  'ignores-after-zero': () => {
    const bench = charging('ignores-after-zero');
    set(bench, {
      ...floor,
      periods: [
        [0, 6],
        [60, 0],
        [120, 8],
      ],
    });
    expect(drawAt(bench, 50, 65)).toEqual([4140, 0]);
    bench.until(130);
    expect(bench.draw()).toBe(11_000);
  },
  'accepts-and-drops': () => {
    const bench = charging('accepts-and-drops');
    expect(set(bench, floor)).toEqual({ status: 'Accepted' });
    expect(bench.call('ClearChargingProfile', { id: 1 })).toEqual({ status: 'Unknown' });
    expect(drawAt(bench, 300)).toEqual([11_000]);
  },
  'forgets-on-reboot': () => {
    const bench = charging('forgets-on-reboot');
    set(bench, floor);
    bench.until(30);
    bench.station.reboot();
    expect(drawAt(bench, 60, 90)).toEqual([0, 11_000]);
  },
  'never-answers': () => {
    const bench = charging('never-answers');
    const before = bench.of('MeterValues').length;
    expect(set(bench, floor)).toBeUndefined();
    bench.until(200);
    expect(bench.of('MeterValues').length).toBe(before + 3);
  },
  rejects: () => {
    const bench = charging('rejects');
    expect(set(bench, floor)).toEqual({ status: 'Rejected' });
    expect(drawAt(bench, 60)).toEqual([11_000]);
  },
  slow: () => {
    const bench = charging('slow');
    set(bench, floor);
    expect(drawAt(bench, 44, 45)).toEqual([11_000, 4140]);
  },
  'ignores-lease': () => {
    const bench = charging('ignores-lease');
    set(bench, floor);
    set(bench, { id: 2, stack: 1, purpose: 'tx', duration: 60, periods: [[0, 10]] });
    expect(drawAt(bench, 50, 500)).toEqual([6900, 6900]);
  },
  'late-by-minutes': () => {
    const bench = charging('late-by-minutes');
    set(bench, floor);
    expect(drawAt(bench, 204, 205)).toEqual([11_000, 4140]);
  },
  'meter-drifts': () => {
    const bench = charging('meter-drifts');
    bench.until(80);
    expect(JSON.stringify(bench.of('MeterValues').at(-1)?.payload)).toContain('"value":"11220"');
  },
  'never-wakes': () => {
    const bench = charging('never-wakes');
    set(bench, {
      ...floor,
      periods: [
        [0, 6],
        [60, 0],
        [120, 8],
      ],
    });
    expect(drawAt(bench, 50, 70, 300)).toEqual([4140, 0, 0]);
  },
  'spikes-on-replace': () => {
    const bench = charging('spikes-on-replace');
    set(bench, floor);
    expect(drawAt(bench, 40)).toEqual([4140]);
    set(bench, { ...floor, periods: [[0, 7]] });
    expect(drawAt(bench, 46, 56)).toEqual([11_000, 4830]);
  },
  'wrong-unit': () => {
    const bench = charging('wrong-unit');
    set(bench, floor);
    const answer = bench.call('GetCompositeSchedule', {
      connectorId: 1,
      duration: 60,
      chargingRateUnit: 'A',
    });
    expect(answer).toMatchObject({
      chargingSchedule: { chargingRateUnit: 'W', chargingSchedulePeriod: [{ startPeriod: 0, limit: 4140 }] },
    });
  },
  'counts-phases-wrong': () => {
    const capability = { ...stationOf().capability, rateUnit: 'W' } as const;
    const bench = charging('counts-phases-wrong', { capability });
    // 2300 W are 3.3 A on three phases, but 10 A when taken for one.
    set(bench, { ...floor, unit: 'W', periods: [[0, 2300]] });
    expect(drawAt(bench, 60)).toEqual([6900]);
  },
  'clock-drifts': () => {
    const bench = charging('clock-drifts');
    set(bench, {
      ...floor,
      periods: [
        [0, 6],
        [7210, 8],
      ],
    });
    // After two hours its clock is 10 s ahead: the step at 7210 is due at 7200, and 5 s later it is followed.
    expect(drawAt(bench, 7203, 7206)).toEqual([4140, 5520]);
  },
  'clock-steps-back': () => {
    const bench = charging('clock-steps-back');
    set(bench, {
      ...floor,
      periods: [
        [0, 6],
        [600, 8],
      ],
    });
    // Its clock is 90 s behind: the step at 600 is due at 690, and followed 5 s later.
    expect(drawAt(bench, 603, 693, 696)).toEqual([4140, 4140, 5520]);
  },
  'ignores-valid-to': () => {
    const bench = charging('ignores-valid-to');
    const profile = setProfile('1.6', { id: 2, stack: 1, purpose: 'tx', periods: [[0, 10]] });
    const body = profile['csChargingProfiles'] as object;
    bench.call('SetChargingProfile', {
      ...profile,
      csChargingProfiles: { ...body, validTo: '2026-07-15T00:02:00Z' },
    });
    set(bench, floor);
    expect(drawAt(bench, 300)).toEqual([6900]);
  },
  'keeps-too-many': () => {
    const bench = charging('keeps-too-many');
    set(bench, floor);
    set(bench, { ...floor, periods: [[0, 12]] });
    expect(drawAt(bench, 60)).toEqual([4140]);
  },
  'blind-meter': () => {
    const bench = charging('blind-meter');
    bench.until(600);
    expect(bench.of('MeterValues')).toHaveLength(0);
  },
  'ignores-tx-default': () => {
    const bench = charging('ignores-tx-default');
    expect(set(bench, floor)).toEqual({ status: 'Accepted' });
    expect(drawAt(bench, 60)).toEqual([11_000]);
    set(bench, { id: 2, stack: 1, purpose: 'tx', periods: [[0, 10]] });
    expect(drawAt(bench, 120)).toEqual([6900]);
  },
  'ignores-tx-profile': () => {
    const bench = charging('ignores-tx-profile');
    set(bench, { ...floor, periods: [[0, 12]] });
    expect(set(bench, { id: 2, stack: 1, purpose: 'tx', periods: [[0, 6]] })).toEqual({ status: 'Accepted' });
    expect(drawAt(bench, 60)).toEqual([8280]);
  },
  'ignores-station-max': () => {
    const bench = charging('ignores-station-max');
    const cap = { id: 3, purpose: 'max', periods: [[0, 6]] } as const;
    const answer = bench.call('SetChargingProfile', setProfile('1.6', cap));
    expect(answer).toEqual({ status: 'Accepted' });
    set(bench, { ...floor, periods: [[0, 12]] });
    expect(drawAt(bench, 60)).toEqual([8280]);
  },
  'merges-highest': () => {
    const bench = charging('merges-highest');
    set(bench, { ...floor, periods: [[0, 10]] });
    set(bench, { id: 2, stack: 1, purpose: 'tx', periods: [[0, 6]] });
    expect(drawAt(bench, 60)).toEqual([6900]);
  },
  'starts-on-receipt': () => {
    const bench = charging('starts-on-receipt');
    // The floor begins at t0: at 70 s its second period has run for 10 s, but by this station's count it is to come.
    const steps = [
      [0, 6],
      [60, 12],
    ] as const;
    set(bench, { ...floor, periods: steps });
    expect(drawAt(bench, 70, 90)).toEqual([4140, 8280]);
  },
  faulted: () => {
    const bench = charging('faulted');
    bench.station.refresh();
    expect(drawAt(bench, 25)).toEqual([0]);
    expect(bench.of('StatusNotification').at(-1)?.payload).toMatchObject({
      status: 'Faulted',
      errorCode: 'InternalError',
    });
  },
  'new-firmware': () => {
    const bench = charging('new-firmware');
    bench.station.reboot();
    bench.until(90);
    expect(bench.of('BootNotification').at(-1)?.payload).toMatchObject({ firmwareVersion: '2.0.0' });
    expect(set(bench, floor)).toEqual({ status: 'Accepted' });
    const steps = [
      [0, 6],
      [60, 12],
    ] as const;
    expect(set(bench, { ...floor, periods: steps })).toEqual({ status: 'Rejected' });
    expect(valuesOf(bench)['ChargingScheduleMaxPeriods']).toBe('1');
  },
  'clears-at-stop': () => {
    const bench = charging('clears-at-stop');
    set(bench, floor);
    bench.until(30);
    bench.station.unplug(1);
    bench.station.plugIn(1, vehicle);
    expect(drawAt(bench, 60)).toEqual([11_000]);
  },
  'meter-repeats': () => {
    const bench = charging('meter-repeats');
    bench.until(61);
    const first = sampleOf(bench);
    set(bench, floor);
    bench.until(130);
    expect(bench.draw()).toBe(4140);
    expect(sampleOf(bench)).toEqual(first);
  },
  'register-restarts': () => {
    const bench = charging('register-restarts');
    bench.until(61);
    expect(Number(sampleOf(bench)['Energy.Active.Import.Register'])).toBeLessThan(1);
  },
  'meter-negative': () => {
    const bench = charging('meter-negative');
    bench.until(61);
    expect(sampleOf(bench)['Power.Active.Import']).toBe('-11000');
  },
  'meter-one-phase': () => {
    const bench = charging('meter-one-phase');
    bench.until(61);
    expect(sampleOf(bench)['Power.Active.Import']).toBe('3666.7');
  },
  'hides-capability': () => {
    const bench = charging('hides-capability');
    expect(Object.keys(valuesOf(bench))).not.toContain('ChargeProfileMaxStackLevel');
    expect(bench.call('GetConfiguration', { key: ['ChargeProfileMaxStackLevel'] })).toMatchObject({
      unknownKey: ['ChargeProfileMaxStackLevel'],
    });
  },
  'garbles-capability': () => {
    const bench = charging('garbles-capability');
    expect(Number.isNaN(Number(valuesOf(bench)['ChargeProfileMaxStackLevel']))).toBe(true);
  },
  'wakes-on-pulse': () => {
    const bench = charging('wakes-on-pulse');
    const steps = [
      [0, 6],
      [60, 0],
      [120, 8],
      [180, 0],
      [240, 8],
    ] as const;
    set(bench, { ...floor, periods: steps });
    expect(drawAt(bench, 50, 70, 130, 190, 250)).toEqual([4140, 0, 0, 0, 5520]);
  },
};

/** The values of the last sample, by measurand; of several phases the last. */
function sampleOf(bench: Bench): Record<string, string> {
  const payload = bench.of('MeterValues').at(-1)?.payload as {
    meterValue: { sampledValue: { measurand: string; value: string }[] }[];
  };
  const sampled = payload.meterValue.flatMap(({ sampledValue }) => sampledValue);
  return Object.fromEntries(sampled.map(({ measurand, value }) => [measurand, value]));
}

/** What the station answers to a question for all its keys. */
function valuesOf(bench: Bench): Record<string, string> {
  const answer = bench.call('GetConfiguration', {}) as {
    configurationKey: { key: string; value: string }[];
  };
  return Object.fromEntries(answer.configurationKey.map(({ key, value }) => [key, value]));
}

test.each(personaNames)('%s', (name) => {
  stories[name]();
});

test('two personas at once', () => {
  expect(switchesOf(['rejects', 'blind-meter'])).toMatchObject({
    rejects: true,
    meters: false,
    answers: true,
  });
});
