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
};

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
