/**
 * The proof can fail: each guard is taken away in turn, and chargers really draw more than the circuit carries. With the
 * guard in force the same story cannot happen.
 */
import { describe, expect, test } from 'vitest';
import { amperes, epochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import { admit } from '#safety/admission';
import { learn, ledgerOf, type Ledger } from '#safety/ledger';
import { defaultLedgerPolicy, type Guard, type LedgerPolicy } from '#safety/ledger-policy';
import { evse, limitsOf, plan, site, station, txDefault } from './depot.ts';
import { explore, replay, type ExhaustiveOptions } from './exhaustive-world.ts';

interface Story {
  readonly guard: Guard | 'otherLoads';
  readonly what: string;
  readonly moves: readonly string[];
}

const stories: readonly Story[] = [
  {
    guard: 'admission',
    what: 'a raise leaves before the decrease that pays for it has arrived',
    moves: ['plan 1 is wanted', 'b gets TxProfile 12,24 A'],
  },
  {
    guard: 'bothStates',
    what: 'a decrease that never arrived pays for a raise',
    moves: ['plan 1 is wanted', 'time passes', 'time passes', 'b gets TxProfile 12,24 A'],
  },
  {
    guard: 'writeAhead',
    what: 'a raise is forgotten in a crash, its room given away, and then it arrives',
    moves: [
      'plan 1 is wanted',
      'a gets TxProfile 6 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'the engine dies, frames late',
      'plan 2 is wanted',
      'a is back',
      'a gets read-composite',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'a gets TxProfile 26 A',
      'b gets late TxProfile 12,24 A',
    ],
  },
  {
    guard: 'strays',
    what: 'a raise is given up, its room given away, and then it arrives',
    moves: [
      'plan 1 is wanted',
      'a gets TxProfile 6 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'b is cut off, frames late',
      'plan 2 is wanted',
      'time passes',
      'time passes',
      'a gets TxProfile 26 A',
      'b gets late TxProfile 12,24 A',
    ],
  },
  {
    guard: 'reaction',
    what: 'a raise arrives while the lowered charger still draws',
    moves: [
      'plan 1 is wanted',
      'a gets TxProfile 6 A',
      'engine hears answer of a',
      'b gets TxProfile 12,24 A',
    ],
  },
  {
    guard: 'idle',
    what: 'the room of a paused charger is given away, and the next vehicle there draws the floor',
    moves: [
      'plan 3 is wanted',
      'a gets TxProfile 0 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'b gets TxProfile 28 A',
      'vehicles change at a',
      'c reboots',
    ],
  },
  {
    guard: 'reboot',
    what: 'a charger forgets its floor in a reboot that nobody counted on',
    moves: [
      'plan 3 is wanted',
      'a gets TxProfile 0 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'b gets TxProfile 28 A',
      'vehicles change at a',
      'c reboots',
    ],
  },
  {
    guard: 'unobeyedLease',
    what: 'a charger goes on after its lease, and its room is given away',
    moves: [
      'a is cut off, frames lost',
      'plan 1 is wanted',
      'time passes',
      'time passes',
      'time passes',
      'time passes',
      'time passes',
      'time passes',
      'time passes',
      'b gets TxProfile 12,24 A',
    ],
  },
  {
    guard: 'refusal',
    what: 'a charger refuses a decrease, and its room is given away',
    moves: [
      'plan 1 is wanted',
      'a refuses TxProfile 6 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'b gets TxProfile 12,24 A',
    ],
  },
  {
    guard: 'oneCall',
    what: 'a decrease leaves after an unanswered raise, only the decrease is remembered, and both arrive late',
    moves: [
      'plan 2 is wanted',
      'b gets TxProfile 0 A',
      'engine hears answer of b',
      'plan 1 is wanted',
      'a is cut off, frames late',
      'a is back',
      'a gets read-composite',
      'engine hears answer of a',
      'a gets TxProfile 6 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'b gets TxProfile 12,24 A',
      'a gets late TxProfile 26 A',
    ],
  },
  {
    guard: 'phases',
    what: 'three chargers on L1 count as if they were spread over three phases',
    moves: ['plan 1 is wanted', 'b gets TxProfile 12,24 A'],
  },
  {
    guard: 'otherLoads',
    what: 'what the building draws is given to the chargers',
    moves: [
      'plan 1 is wanted',
      'a gets TxProfile 6 A',
      'engine hears answer of a',
      'b gets TxProfile 12,24 A',
    ],
  },
];

/** The options of a search in which one guard is taken away. */
function without(guard: Story['guard']): Partial<ExhaustiveOptions> {
  return guard === 'otherLoads' ? { tellsOthers: false } : { guards: { [guard]: false } };
}

describe('each guard is needed: without it chargers really draw more than the feeder carries', () => {
  test.each(stories)('$guard: $what', ({ guard, moves }) => {
    const story = ['start', ...moves];
    const options = { depth: 0, faults: 4, judge: 'draw' } as const;
    expect(replay({ ...options, ...without(guard) }, story)).toMatch(
      /^chargers draw \d+ A and others 4 A of 44 A$/,
    );
    // With it the same story cannot go on: what would do the harm does not leave.
    expect(replay(options, story)).toMatch(/^cannot happen: .* gets TxProfile/);
  });

  test.each(['admission', 'bothStates', 'refusal', 'reaction', 'phases', 'otherLoads'] as const)(
    'the search finds it by itself: %s',
    (guard) => {
      const options = { depth: 7, faults: 1, judge: 'draw', limitDrops: false } as const;
      const { found } = explore({ ...options, plans: 2, ...without(guard) });
      expect(found?.problem).toMatch(/^chargers draw \d+ A/);
    },
  );
});

/** Two chargers of 32 A on a feeder of 40 A; `a` holds what is said, `b` 6 A, and `b` is to have what is said. */
interface Pair {
  readonly policy?: Partial<LedgerPolicy>;
  readonly a: InstalledProfile;
  readonly wanted: InstalledProfile;
  /** What else has happened. */
  readonly afterwards?: (ledger: Ledger) => Ledger;
}

const start = 10_000;
const pair = site(
  ['a', 'b'].map((id) => station(id, { evses: [evse(1, { rotation: [0] })] })),
  [{ id: 'grid', limitA: amperes(40) }],
);

/** Whether the raise at `b` leaves. */
function leaves({ policy, a, wanted, afterwards = (ledger) => ledger }: Pair): boolean {
  const at = epochS(start);
  let ledger = ledgerOf(pair, at, { ...defaultLedgerPolicy, ...policy });
  for (const [stationId, held] of [
    ['a', a],
    ['b', plan(1, 'tx', start, 3600, 6)],
  ] as const) {
    const transaction = { evseId: 1, id: 'tx', startedAt: at };
    ledger = learn(pair, ledger, { kind: 'transaction-started', stationId, at, transaction });
    const installed = [txDefault(1, 6), held];
    ledger = learn(pair, ledger, { kind: 'read-back', stationId, at, installed, link: 1 });
  }
  const command = { kind: 'set-profile', evseId: 1, profile: wanted.profile } as const;
  const proposal = { stationId: 'b', messageId: 'm', command, link: 1, at: epochS(start + 10) };
  return admit(pair, afterwards(ledger), limitsOf(pair), proposal).ok;
}

describe('what two chargers would do to a feeder of 40 A', () => {
  test('notCompliant: a charger draws 32 A against a limit of 6 A, and the other must not have 28 A', () => {
    const caught: Omit<Pair, 'policy'> = {
      a: plan(1, 'tx', start, 3600, 6),
      wanted: plan(1, 'tx', start, 3600, 28),
      afterwards: (ledger) =>
        learn(pair, ledger, { kind: 'not-compliant', stationId: 'a', at: epochS(start + 5), evseId: 1 }),
    };
    // 32 + 28 = 60 A are drawn in truth.
    expect(leaves({ ...caught, policy: { guards: { notCompliant: false } } })).toBe(true);
    expect(leaves(caught)).toBe(false);
  });

  test('clockSkewS: the clock of a charger is a minute slow, and a swap at the full minute overlaps', () => {
    const swap: Omit<Pair, 'policy'> = {
      a: plan(1, 'tx', start, 3600, [
        [0, 30],
        [600, 6],
      ]),
      wanted: plan(1, 'tx', start, 3600, [
        [0, 6],
        [600, 30],
      ]),
    };
    // Until 660 s both draw 30 A: 60 A.
    expect(leaves({ ...swap, policy: { clockSkewS: 0 } })).toBe(true);
    expect(leaves({ ...swap, policy: { clockSkewS: 60 } })).toBe(false);
  });

  test('repeatS: a gateway delivers an answered raise once more, after the decrease that followed it', () => {
    const send = (ledger: Ledger, limit: number, at: number): Ledger => {
      const { profile } = plan(1, 'tx', start, 3600, limit);
      const command = { kind: 'set-profile', evseId: 1, profile } as const;
      const proposal = { stationId: 'a', messageId: `${limit}`, command, link: 1, at: epochS(at) };
      const admitted = admit(pair, ledger, limitsOf(pair), proposal);
      if (!admitted.ok) throw new Error('the story begins otherwise');
      return learn(pair, admitted.value.ledger, {
        kind: 'answered',
        stationId: 'a',
        at: epochS(at + 1),
        messageId: `${limit}`,
        outcome: 'accepted',
      });
    };
    const repeated: Omit<Pair, 'policy'> = {
      a: plan(1, 'tx', start, 3600, 8),
      wanted: plan(1, 'tx', start, 3600, 30),
      afterwards: (ledger) => send(send(ledger, 30, start + 2), 6, start + 4),
    };
    // The raise comes again: 30 + 30 = 60 A.
    expect(leaves({ ...repeated, policy: { repeatS: 0 } })).toBe(true);
    expect(leaves({ ...repeated, policy: { repeatS: 120 } })).toBe(false);
  });
});
