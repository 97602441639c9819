/** Stations of which nobody knows what they hold: in which order they are told what, so that nothing rises on the way. */
import { describe, expect, test } from 'vitest';
import { amperes, epochS, seconds } from '#domain/units';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { admit } from '#safety/admission';
import { exposureOf, learn, withStrangers } from '#safety/ledger';
import { plan, site, station, stationMax, txDefault } from '../safety/depot.ts';
import { Bench } from './depot-world.ts';

const floor = txDefault(1, 6);
const at = (limit: number) => plan(1, 'tx', 0, 100_000, limit);
/** Two stations of 32 A on 40 A: (S) does not hold while nothing is known. */
const tight = (version: '1.6' | '2.0.1', maxStackLevel = 2) =>
  site(
    [station('a', { version, capability: { maxStackLevel } }), station('b', { version })],
    [{ id: 'grid', limitA: amperes(40) }],
  );
const composite = (limit: number): CommandAnswer => ({
  kind: 'composite',
  evseId: 1,
  durationS: 7200,
  unit: 'A',
  periods: [{ startS: 0, limit }],
});
const clear = (more: object = {}): StationCommand => ({ kind: 'clear-profile', ...more });

/** A bench on which the calls of another process may arrive until `untilS`. */
function afterLoss(of: ReturnType<typeof tight>, untilS: number): Bench {
  const bench = new Bench(of);
  bench.ledger = withStrangers(bench.ledger, epochS(untilS));
  return bench;
}

/** Commands to `a`, one turn after the other, until none leaves; each is answered. */
function commandsTo(
  bench: Bench,
  answer: (command: StationCommand) => CommandAnswer = () => ({ kind: 'accepted' }),
): readonly StationCommand[] {
  const sent: StationCommand[] = [];
  for (let k = 0; k < 40; k++) {
    bench.turn();
    const call = bench.last?.calls.find(({ stationId }) => stationId === 'a');
    if (call === undefined) return sent;
    sent.push(call.command);
    bench.answer('a', answer(call.command));
  }
  throw new Error('there is no end to it');
}

const knownIn = (bench: Bench): readonly boolean[] =>
  bench.ledger.beliefs.get('a')!.candidates.map(({ known }) => known);
const set = (limit: number): object => ({
  kind: 'set-profile',
  evseId: 1,
  profile: txDefault(1, limit).profile,
});

describe('1.6', () => {
  const reports =
    (limit: number) =>
    (command: StationCommand): CommandAnswer =>
      command.kind === 'read-composite' ? composite(limit) : { kind: 'accepted' };

  test('plans go, it says what it allows, the floor is set in place, everything else goes one by one', () => {
    const bench = new Bench(tight('1.6')).link('a', true).wants('a', [stationMax(32), floor]);
    expect(commandsTo(bench, reports(6))).toEqual([
      clear({ purpose: 'TxProfile' }),
      { kind: 'read-composite', evseId: 1, durationS: 7200, unit: 'A' },
      set(6),
      clear({ purpose: 'TxDefaultProfile', stackLevel: 1 }),
      clear({ purpose: 'TxDefaultProfile', stackLevel: 2 }),
      clear({ purpose: 'TxDefaultProfile', evseId: 0 }),
      clear({ purpose: 'ChargingStationMaxProfile' }),
      { kind: 'set-profile', evseId: 0, profile: stationMax(32).profile },
      { kind: 'read-composite', evseId: 1, durationS: 7200, unit: 'A' },
    ]);
    expect(knownIn(bench)).toEqual([true]);
  });

  test('a floor above what it allows is set to that; the usual one waits until it fits beside all others', () => {
    const bench = new Bench(tight('1.6')).link('a', true).wants('a', [floor]);
    expect(commandsTo(bench, reports(3.5))).toContainEqual(set(3.5));
    // The other station may draw 32 A: 8 A are left, 6 A fit.
    expect(bench.ledger.beliefs.get('a')!.candidates).toEqual([{ known: true, installed: [floor] }]);
    const full = new Bench(site(tight('1.6').stations, [{ id: 'grid', limitA: amperes(37) }]));
    full.link('a', true).wants('a', [floor]);
    expect(commandsTo(full, reports(3.5))).not.toContainEqual(set(6));
    expect(full.ledger.beliefs.get('a')!.candidates).toEqual([
      { known: true, installed: [txDefault(1, 3.5)] },
    ]);
    expect(full.last?.held).toMatchObject([{ reason: 'not-admitted' }]);
  });

  test('a floor that was set lower stays until the station is known, and does not hold that up', () => {
    const of = site(tight('1.6').stations, [{ id: 'grid', limitA: amperes(37) }]);
    const bench = afterLoss(of, 1120).link('a', true).wants('a', [floor]);
    commandsTo(bench, reports(6));
    // The limit has dropped for a moment.
    bench.at(1121).wants('a', [txDefault(1, 0)]);
    let last: StationCommand | undefined;
    for (let k = 0; k < 9 && last?.kind !== 'set-profile'; k++) {
      bench.turn();
      last = bench.last?.calls.find(({ stationId }) => stationId === 'a')?.command;
      if (last !== undefined) bench.answer('a', reports(6)(last));
    }
    expect(last).toEqual(set(0));
    expect(knownIn(bench)).toContain(false);
    bench.wants('a', [floor]);
    const sent = commandsTo(bench, reports(0));
    expect(sent).toContainEqual(clear({ purpose: 'ChargingStationMaxProfile' }));
    expect(knownIn(bench)).toEqual([true]);
    // The other one may draw 32 A of 37: the floor waits for more.
    expect(sent).not.toContainEqual(set(6));
    expect(bench.last?.held).toMatchObject([{ reason: 'not-admitted' }]);
  });

  test('a report while plans may be there says nothing of the next vehicle', () => {
    const of = tight('1.6');
    const bench = new Bench(of).link('a', true).wants('a', [floor]);
    const reportedThen = (): unknown => {
      const reported = { limit: 6, unit: 'A' } as const;
      const fact = { kind: 'limit-reported', stationId: 'a', at: epochS(1000), evseId: 1, reported } as const;
      return learn(of, bench.ledger, fact)
        .beliefs.get('a')!
        .candidates.map((one) => one.reported);
    };
    expect(reportedThen()).toEqual([undefined]);
    bench.turn();
    bench.answer('a', { kind: 'accepted' });
    expect(reportedThen()).toEqual([{ 1: { limit: 6, unit: 'A' } }]);
  });

  test('one that reports nothing gets its floor as it is', () => {
    const bench = new Bench(tight('1.6')).link('a', true).wants('a', [floor]);
    expect(commandsTo(bench, () => ({ kind: 'accepted' }))).toContainEqual(set(6));
    expect(knownIn(bench)).toEqual([true]);
  });

  test('while calls of another process may arrive only that is done, and then all of it again', () => {
    const bench = afterLoss(tight('1.6'), 1120).link('a', true).wants('a', [floor], at(10));
    const first = commandsTo(bench, reports(6));
    expect(first.map(({ kind }) => kind)).toEqual(['clear-profile', 'read-composite', 'set-profile']);
    expect(knownIn(bench)).toEqual([false]);
    expect(bench.last?.wakeAt).toBe(1120);
    expect(bench.at(1119).turn()).toEqual([]);
    // A stray of the process before has put 16 A in the floor's place meanwhile.
    const again = commandsTo(bench.at(1120), reports(16));
    expect(again.slice(0, 3)).toEqual(first);
    expect(knownIn(bench)).toEqual([true]);
  });

  test('killed between any two calls, and with the last answer lost, it is known in the end', () => {
    for (let lost = 0; lost < 7; lost++) {
      const bench = new Bench(tight('1.6')).link('a', true).wants('a', [floor]);
      let calls = 0;
      for (let k = 0; k < 60 && !knownIn(bench).every((known) => known); k++) {
        bench.at(1000 + 200 * k).turn();
        if (bench.last?.calls.length === 0) continue;
        if (calls++ === lost) bench.restart().link('a', true);
        else bench.answer('a', reports(6)(bench.callTo('a').command));
      }
      expect({ lost, known: knownIn(bench) }).toEqual({ lost, known: [true] });
    }
  });
});

describe('2.x', () => {
  test('it is read and known at once where nobody was here before', () => {
    const bench = new Bench(tight('2.0.1')).link('a', true).wants('a', [floor]);
    expect(bench.turn()).toEqual(['a: read-profiles']);
    const { command } = bench.callTo('a');
    bench.answer('a');
    bench.report('a', command.kind === 'read-profiles' ? command.requestId : 0, [floor]);
    expect(knownIn(bench)).toEqual([true]);
  });

  /** Reads `a`, which holds that. */
  const read = (bench: Bench, ...held: Parameters<Bench['report']>[2]): void => {
    expect(bench.turn()).toEqual(['a: read-profiles']);
    const { command } = bench.callTo('a');
    bench.answer('a');
    bench.report('a', command.kind === 'read-profiles' ? command.requestId : 0, held);
  };

  test('while calls of another process may arrive what was read counts with the hardware, and is read again', () => {
    const bench = afterLoss(tight('2.0.1'), 1120).link('a', true).wants('a', [floor], at(10));
    read(bench, floor, at(16));
    expect(knownIn(bench)).toEqual([false, true]);
    expect(exposureOf(bench.site, bench.ledger, 'a').evses['1']?.value).toEqual([32]);
    expect(bench.turn()).toEqual([]);
    read(bench.at(1120), floor, at(16));
    expect(knownIn(bench)).toEqual([true]);
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
  });

  test('until its reaction is over a plan that was found there is what a raise is held against, not the hardware', () => {
    const of = site(
      [
        station('a', { version: '2.0.1', capability: { reactionS: seconds(20) } }),
        station('b', { version: '2.0.1', capability: { reactionS: seconds(10) } }),
      ],
      [{ id: 'grid', limitA: amperes(40) }],
    );
    const zero = txDefault(1, 0);
    const bench = afterLoss(of, 1120).link('a', true).link('b', true).at(1120);
    // What raises `b` is over within its own reaction time.
    const short = plan(1, 'tx', 1000, 100_000, [
      [0, 24],
      [121, 6],
    ]);
    bench.wants('a', [zero], at(10)).wants('b', [zero], short);
    expect(bench.turn()).toEqual(['b: read-profiles', 'a: read-profiles']);
    const held = { a: at(30), b: at(6) };
    for (const id of ['a', 'b'] as const) {
      const { command } = bench.callTo(id);
      bench.answer(id);
      bench.report(id, command.kind === 'read-profiles' ? command.requestId : 0, [zero, held[id]]);
    }
    // `a` comes down from 30 A for twenty seconds: 24 A beside that are 54 of 40.
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
    bench.answer('a');
    expect(bench.turn()).toEqual([]);
    expect(bench.last?.held).toMatchObject([{ stationId: 'b', reason: 'not-admitted' }]);
    // Then it leaves; the hardware that `a` counted with for its own reaction is over, too.
    const longer = plan(1, 'tx', 1000, 100_000, 24);
    bench.wants('b', [zero], longer);
    expect(bench.turn()).toEqual([]);
    while (bench.last?.wakeAt !== undefined && bench.last.calls.length === 0)
      bench.at(bench.last.wakeAt).turn();
    expect([bench.now, bench.last?.calls.map(({ stationId }) => stationId)]).toEqual([1141, ['b']]);
  });

  test('meanwhile a floor is set where it lowers what was read, and not where it raises that', () => {
    const bare = afterLoss(tight('2.0.1'), 1120).link('a', true).wants('a', [floor]);
    read(bare);
    expect(bare.turn()).toEqual(['a: TxDefaultProfile 6']);
    const low = afterLoss(tight('2.0.1'), 1120).link('a', true).wants('a', [floor]);
    read(low, txDefault(1, 0));
    expect(low.turn()).toEqual([]);
    expect(low.last?.held).toMatchObject([{ reason: 'not-admitted' }]);
  });

  test('an answer to a question from before is not taken for what it holds afterwards', () => {
    const bench = afterLoss(tight('2.0.1'), 1120).link('a', true).wants('a', [floor]);
    bench.at(1115).turn();
    const { command } = bench.callTo('a');
    bench.answer('a');
    bench.at(1121).turn();
    bench.report('a', command.kind === 'read-profiles' ? command.requestId : 0, [floor]);
    expect(knownIn(bench)).toEqual([false, true]);
    read(bench, floor);
    expect(knownIn(bench)).toEqual([true]);
  });
});

describe('what may leave to a station of which nothing is known', () => {
  const may = (
    command: StationCommand,
    of = tight('1.6'),
    prepare: (bench: Bench) => void = () => undefined,
  ) => {
    const bench = new Bench(of).link('a', true).wants('a', [floor]);
    prepare(bench);
    const proposal = { stationId: 'a', messageId: 'm', command, link: 1, at: bench.now };
    return admit(of, bench.ledger, bench.limits, proposal).ok;
  };
  const roomy = site(tight('1.6').stations, [{ id: 'grid', limitA: amperes(64) }]);
  const onFloors = (bench: Bench): void => {
    for (let k = 0; k < 3; k++) {
      bench.turn();
      bench.answer('a', k === 1 ? composite(6) : { kind: 'accepted' });
    }
  };
  const setCall = (limit: number): StationCommand => set(limit) as StationCommand;

  test.each<[string, StationCommand, boolean, boolean]>([
    ['clear everything', clear(), false, false],
    ['clear plans', clear({ purpose: 'TxProfile' }), true, true],
    ['clear defaults', clear({ purpose: 'TxDefaultProfile' }), false, false],
    ['clear caps', clear({ purpose: 'ChargingStationMaxProfile' }), false, true],
    ['clear a level above the floor', clear({ purpose: 'TxDefaultProfile', stackLevel: 1 }), false, true],
    ['clear by id', clear({ profileId: 101 }), false, false],
    ['a plan', { kind: 'set-profile', ...at(6) }, false, false],
    ['a cap', { kind: 'set-profile', ...stationMax(32) }, false, true],
    ['its floor', setCall(6), true, true],
    ['a floor above what it reports', setCall(6.5), true, false],
  ])('%s', (_, command, before, after) => {
    expect([may(command), may(command, tight('1.6'), onFloors)]).toEqual([before, after]);
    // Where all fits even with its hardware, anything may.
    expect(may(command, roomy)).toBe(true);
  });
});

test('calls of another process can no longer arrive at a station that is away either', () => {
  const bench = afterLoss(tight('1.6'), 2000);
  bench.turn();
  expect(bench.last?.calls).toEqual([]);
  bench.at(1999).turn();
  expect(bench.ledger.beliefs.get('a')?.strangersUntilS).toBe(2000);
  bench.at(2000).turn();
  expect(bench.ledger.beliefs.get('a')?.strangersUntilS).toBeUndefined();
});
