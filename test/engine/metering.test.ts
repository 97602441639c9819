/** The billed peak: what the tariff message says is advanced by the engine's own meters. */
import { expect, test } from 'vitest';
import { epochS, watts, type EpochS } from '#domain/units';
import type { Input, InputBody } from '#engine/input';
import { modelOn } from '#engine/price';
import { replay } from '#engine/replay';
import type { State } from '#engine/state';
import { step } from '#engine/step';
import { billOf } from '#tariffs/bill';
import { parseTariff } from '#tariffs/parse-tariff';
import { flatDemand, flatEnergy, tariffOf, valueOf } from '../tariffs/builders.ts';
import { FakeDepot, policyWith, siteOf, startS, stationOf } from './fake-depot.ts';

const tariff = tariffOf([flatEnergy(0.1), flatDemand(10)], { meter: { demandIntervalMinutes: 30 } });
const document: unknown = JSON.parse(JSON.stringify(tariff));

/** An engine that is fed by hand. */
class Fed {
  readonly records: Input[] = [];
  readonly told: { tail: string; payload: unknown }[] = [];
  state: State | undefined;
  private sequence = 0;

  constructor() {
    this.feed(startS, { kind: 'started', site: siteOf([stationOf('A')]), policy: policyWith(), seed: 1 });
  }

  feed(at: number, body: InputBody): void {
    const input = { at: epochS(at), source: 'test', sequence: this.sequence++, ...body } as Input;
    this.records.push(input);
    const [state, effects] = step(this.state, input);
    this.state = state;
    for (const effect of effects)
      if (effect.kind === 'publish') this.told.push({ tail: effect.tail, payload: effect.payload });
  }

  tariff(at: number, billingState?: unknown): void {
    const event = {
      kind: 'tariff' as const,
      tariff: document,
      ...(billingState === undefined ? {} : { billingState }),
    };
    this.feed(at, { kind: 'bus', event });
  }

  /** Minute means from `from` on, then the tick of the interval that they end. */
  minutes(from: number, kw: readonly number[]): void {
    for (const [i, power] of kw.entries()) {
      const at = epochS(from + (i + 1) * 60);
      this.feed(at, {
        kind: 'bus',
        event: { kind: 'site-meter', powerW: watts(power * 1000), sampledAt: at },
      });
      if (at % 900 === 0) this.feed(at, { kind: 'tick' });
    }
  }

  get billing() {
    return this.state!.metering!.billing;
  }
}

test('readings at the grid connection make the same peak and energy as the bill of their means', () => {
  const fed = new Fed();
  fed.tariff(startS);
  const kw = Array.from({ length: 105 }, (_, i) => 20 + 15 * Math.sin(i / 7) + (i === 50 ? 90 : 0));
  fed.minutes(startS, kw);
  const bill = valueOf(billOf({ tariff, start: startS, intervalS: 60, kw: Float64Array.from(kw) }));
  expect(fed.billing.period!.kwh).toBeCloseTo(bill.state.period!.kwh, 5);
  expect(fed.billing.lines['demand']!.windows!['all']!.peakKw).toBeCloseTo(
    bill.state.lines['demand']!.windows!['all']!.peakKw!,
    5,
  );
  // The half hour that runs is carried on: 15 of its minutes are metered.
  expect(fed.billing.openBlock).toMatchObject({ seconds: 900 });
});

test('the plan pays for its own peak so far, and a new peak is published once', () => {
  const fed = new Fed();
  fed.tariff(startS, { lines: { demand: { windows: { all: { peakKw: 25 } } } } });
  const floorKw = (): number => {
    const at = startS + 3600;
    const grid = { startS: at as EpochS, intervalS: policyWith().intervalS, count: 4 };
    return modelOn(fed.state!, grid).demand[0]!.floorKw;
  };
  fed.minutes(
    startS,
    Array.from({ length: 30 }, () => 20),
  );
  expect(floorKw()).toBe(25);
  fed.minutes(
    startS + 1800,
    Array.from({ length: 30 }, () => 40),
  );
  expect(floorKw()).toBe(40);
  const peaks = fed.told.filter(({ tail }) => tail === 'out.billing').map(({ payload }) => payload);
  expect(peaks.at(-1)).toMatchObject({ peakKw: 40, peaks: [{ line: 'demand', window: 'all', kw: 40 }] });
  fed.minutes(
    startS + 3600,
    Array.from({ length: 30 }, () => 10),
  );
  expect(fed.told.filter(({ tail }) => tail === 'out.billing')).toHaveLength(peaks.length);
});

test('a tariff message with a billing state corrects, one without keeps what was metered', () => {
  const fed = new Fed();
  fed.tariff(startS);
  fed.minutes(
    startS,
    Array.from({ length: 30 }, () => 50),
  );
  fed.tariff(startS + 1800);
  expect(fed.billing.lines['demand']!.windows!['all']!.peakKw).toBe(50);
  fed.tariff(startS + 1800, { lines: { demand: { windows: { all: { peakKw: 33 } } } } });
  expect(fed.billing.lines['demand']!.windows!['all']!.peakKw).toBe(33);
});

test('a reading after a silence stands for its quarter hour only, and an engine that slept adds no false peak', () => {
  const fed = new Fed();
  fed.tariff(startS);
  fed.minutes(
    startS,
    Array.from({ length: 15 }, () => 10),
  );
  // Nothing for two hours, then one reading of 80 kW within the interval that runs.
  const later = startS + 7200 + 300;
  fed.feed(later, {
    kind: 'bus',
    event: { kind: 'site-meter', powerW: watts(80_000), sampledAt: epochS(later) },
  });
  fed.feed(startS + 8100, { kind: 'tick' });
  expect(fed.billing.lines['demand']!.windows!['all']!.peakKw ?? 0).toBeLessThanOrEqual(10);
});

test('without a grid meter the registers of the vehicles count', async () => {
  const visit = {
    id: 'v1',
    stationId: 'A',
    arriveS: startS + 60,
    departS: startS + 9000,
    energyWh: 20_000,
    maxW: 11_000,
  };
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]), visits: [visit], sampleS: 60 });
  await depot.begin();
  depot.say('tariff', { kind: 'tariff', tariff: document });
  await depot.runTo(startS + 7200);
  const { billing } = depot.loop!.state().metering!;
  const takenKwh = (depot.station('A').registerWh - 1000) / 1000;
  expect(takenKwh).toBeGreaterThan(5);
  expect(billing.period!.kwh).toBeGreaterThan(0.9 * takenKwh);
  expect(billing.period!.kwh).toBeLessThanOrEqual(takenKwh + 1e-6);
  expect(billing.period!.peakKw).toBeLessThanOrEqual(11 + 1e-6);
});

test('law: a replay meters the same, byte for byte', () => {
  const fed = new Fed();
  fed.tariff(startS);
  fed.minutes(
    startS,
    Array.from({ length: 95 }, (_, i) => (i * 37) % 60),
  );
  expect(
    JSON.stringify(replay(fed.records.map((record): unknown => JSON.parse(JSON.stringify(record))))),
  ).toBe(JSON.stringify(fed.state));
  expect(valueOf(parseTariff(document)).id).toBe('test');
});

test('the first reading stands for the time since the metering began, as the ones after it for theirs', () => {
  const fed = new Fed();
  fed.tariff(startS);
  for (const [i, power] of [30, 60, 90].entries()) {
    const at = epochS(startS + (i + 1) * 300);
    fed.feed(at, {
      kind: 'bus',
      event: { kind: 'site-meter', powerW: watts(power * 1000), sampledAt: at },
    });
  }
  fed.feed(startS + 900, { kind: 'tick' });
  // (30 + 60 + 90) / 3 kW; were the first one for a minute only, 71 kW.
  expect(fed.billing.period!.kwh).toBeCloseTo(60 / 4, 6);
});
