import { describe, expect, test } from 'vitest';
import { constant, shift, stepFunctionOf } from '#domain/step-function';
import { epochS } from '#domain/units';
import {
  forget,
  initialWitness,
  isCaught,
  observeLink,
  observeMeter,
  observeReadBack,
  type Finding,
  type WitnessState,
} from '#witness/witness';

const key = 'S01/1';
function meter(state: WitnessState, minute: number, powerW: number, boundW = 7000): Finding {
  const sampledAt = epochS(minute * 60);
  return observeMeter(state, { key, at: sampledAt, sampledAt, powerW, boundW, toleranceW: 310 });
}
function kindsOf(powers: readonly number[]): string[] {
  let state = initialWitness;
  return powers.map((powerW, minute) => {
    const found = meter(state, minute, powerW);
    state = found.state;
    return found.verdicts.map((v) => v.kind).join('') || '-';
  });
}

describe('the meter', () => {
  test('one sample above the limit may be a change of set-point, two in a row are a verdict', () => {
    expect(kindsOf([7000, 9000, 7000, 9000, 9000, 9000])).toEqual(['-', '-', '-', '-', 'over-limit', '-']);
  });

  test('the tolerance belongs to the bound', () => {
    expect(kindsOf([7310, 7310, 7310])).toEqual(['-', '-', '-']);
    expect(kindsOf([7311, 7311])).toEqual(['-', 'over-limit']);
  });

  test('three samples inside clear a caught charger, two do not', () => {
    expect(kindsOf([9000, 9000, 0, 0, 9000, 0, 0, 0])).toEqual([
      '-',
      'over-limit',
      '-',
      '-',
      '-',
      '-',
      '-',
      'obeys',
    ]);
  });

  test('the verdict carries the readings it rests on', () => {
    const found = meter(meter(initialWitness, 0, 9000).state, 1, 9100);
    expect(found.verdicts).toEqual([
      {
        id: 'v1',
        kind: 'over-limit',
        key,
        at: 60,
        evidence: {
          readings: [
            { sampledAt: 0, powerW: 9000, boundW: 7000, toleranceW: 310 },
            { sampledAt: 60, powerW: 9100, boundW: 7000, toleranceW: 310 },
          ],
        },
      },
    ]);
  });

  test('samples that were queued during an outage come late and count for nothing', () => {
    const seen = meter(initialWitness, 10, 9000).state;
    expect(meter(seen, 9, 9000)).toEqual({ state: seen, verdicts: [] });
    expect(meter(seen, 10, 9000).verdicts).toEqual([]);
  });

  test('a caught charger is judged afresh after it is forgotten', () => {
    const caught = meter(meter(initialWitness, 0, 9000).state, 1, 9000).state;
    expect(isCaught(caught, key)).toBe(true);
    expect(isCaught(forget(caught, key), key)).toBe(false);
  });
});

describe('the read-back', () => {
  const sent = stepFunctionOf([
    [epochS(0), 16],
    [epochS(900), 0],
    [epochS(1800), 32],
  ]);
  const compare = (state: WitnessState, reported = sent): Finding =>
    observeReadBack(state, {
      key,
      at: epochS(60),
      until: epochS(3600),
      expected: sent,
      reported,
      tolerance: 0.1,
    });

  test('the same function agrees, also with steps two seconds late, and says nothing', () => {
    expect(compare(initialWitness).verdicts).toEqual([]);
    expect(compare(initialWitness, shift(sent, 2)).verdicts).toEqual([]);
  });

  test('a step three seconds late, or a level off by an ampere, is a mismatch at its instant', () => {
    expect(compare(initialWitness, shift(sent, 3)).verdicts).toMatchObject([
      { kind: 'read-back-mismatch', evidence: { worstAt: 900 } },
    ]);
    expect(compare(initialWitness, constant(16)).verdicts).toMatchObject([
      { kind: 'read-back-mismatch', evidence: { worstAt: 900, expected: 0, reported: 16 } },
    ]);
  });

  test('what lies before the reported span or behind its end proves nothing', () => {
    const early = stepFunctionOf([
      [epochS(0), 99],
      [epochS(60), 16],
      [epochS(900), 0],
      [epochS(1800), 32],
      [epochS(3600), 1],
    ]);
    expect(compare(initialWitness, early).verdicts).toEqual([]);
  });

  test('a mismatch is said once, and once more when it is over', () => {
    const bad = compare(initialWitness, constant(16)).state;
    expect(compare(bad, constant(16)).verdicts).toEqual([]);
    expect(compare(bad).verdicts).toMatchObject([{ kind: 'read-back-agrees' }]);
  });
});

test('a lost connection is said once, with its span when it is back', () => {
  const lost = observeLink(initialWitness, { stationId: 'S01', at: epochS(100), up: false });
  expect(lost.verdicts).toMatchObject([{ kind: 'comms-loss', key: 'S01', evidence: { downSince: 100 } }]);
  expect(observeLink(lost.state, { stationId: 'S01', at: epochS(160), up: false }).verdicts).toEqual([]);
  expect(observeLink(lost.state, { stationId: 'S01', at: epochS(7300), up: true }).verdicts).toMatchObject([
    { kind: 'comms-back', evidence: { downSince: 100, upAt: 7300 } },
  ]);
  expect(observeLink(initialWitness, { stationId: 'S02', at: epochS(1), up: true }).verdicts).toEqual([]);
});
