/** A station whose clock is off follows its steps early or late: both count. */
import { expect, test } from 'vitest';
import { stepFunctionOf, valueAt } from '#domain/step-function';
import { epochS, seconds } from '#domain/units';
import { admit } from '#safety/admission';
import type { Fact } from '#safety/fact';
import { headroomOf } from '#safety/headroom';
import { exposureOf, learn, ledgerOf, type Ledger } from '#safety/ledger';
import { limitsOf, plan, site, station, txDefault, type Steps } from './depot.ts';

test('each step of a station counts from its skew before to its skew after, of others at its instant', () => {
  const off = station('off', { capability: { clockSkewS: seconds(900) } });
  const right = station('right');
  const depot = site([off, right]);
  // 6 A, 20 A from second 4000, 10 A from second 8000; the floor is 6 A.
  const installed = [
    txDefault(1, 6),
    plan(1, 'tx', 1000, 20_000, [
      [0, 6],
      [3000, 20],
      [7000, 10],
    ]),
  ];
  const at = epochS(1000);
  const ledger = ['off', 'right'].reduce(
    (known, stationId) => learn(depot, known, { kind: 'read-back', stationId, at, installed, link: 1 }),
    ledgerOf(depot, at),
  );
  const limits = (id: string, ...instants: number[]): readonly number[] =>
    instants.map((instant) => valueAt(exposureOf(depot, ledger, id).evses['1']!, epochS(instant)));
  // Up 900 s early, down 900 s late; what is heard of at second 1000 is so whatever the station's clock says.
  expect(limits('off', 1002, 3099, 3100, 8899, 8901)).toEqual([6, 6, 20, 20, 10]);
  expect(limits('right', 1002, 3999, 4000, 7999, 8000)).toEqual([6, 6, 20, 20, 10]);
});

/** A station with a reaction of 20 s whose clock may be 60 s off holds `old`, and is sent `next` at second 1000. */
function replaced(
  old: Steps,
  next: Steps,
): { readonly sent: Ledger; readonly accepted: Ledger; readonly at: (ledger: Ledger, s: number) => number } {
  const depot = site([station('a', { capability: { reactionS: seconds(20), clockSkewS: seconds(60) } })]);
  const held = learn(depot, ledgerOf(depot, epochS(0)), {
    kind: 'read-back',
    stationId: 'a',
    at: epochS(0),
    installed: [txDefault(1, 0), plan(1, 'tx', 0, 10_000, old)],
    link: 1,
  });
  const { profile } = plan(1, 'tx', 0, 10_000, next);
  const command = { kind: 'set-profile', evseId: 1, profile } as const;
  const at = epochS(1000);
  const admitted = admit(depot, held, limitsOf(depot), {
    stationId: 'a',
    messageId: 'm',
    link: 1,
    at,
    command,
  });
  if (!admitted.ok) throw new Error('there is room for all of it');
  const sent = admitted.value.ledger;
  const answer = { kind: 'answered', messageId: 'm', outcome: 'accepted' } as const;
  const accepted = learn(depot, sent, { ...answer, stationId: 'a', at: epochS(1001) });
  return {
    sent,
    accepted,
    at: (ledger, s) => valueAt(exposureOf(depot, ledger, 'a').evses['1']!, epochS(s)),
  };
}

test('a plan that is replaced just before it rises has risen already at a clock that is ahead', () => {
  const { accepted, at } = replaced(
    [
      [0, 10],
      [1040, 30],
    ],
    [[0, 10]],
  );
  // By its own clock the station may have been at second 1060 when the new plan came; it follows within 20 s.
  expect([at(accepted, 1021), at(accepted, 1022)]).toEqual([30, 10]);
});

test('a plan that is sent just after it falls has not fallen yet at a clock that is behind', () => {
  const { sent, accepted, at } = replaced(
    [[0, 10]],
    [
      [0, 30],
      [980, 10],
    ],
  );
  // Second 980 of a clock that is 60 s behind is 1040 of ours; it follows within 20 s.
  for (const ledger of [sent, accepted]) expect([at(ledger, 1059), at(ledger, 1060)]).toEqual([30, 10]);
});

test('headroom falls early enough for a clock that is behind, and rises late enough for one that is ahead', () => {
  const depot = site([station('a', { capability: { reactionS: seconds(20), clockSkewS: seconds(60) } })]);
  const at = epochS(0);
  const ledger = learn(depot, ledgerOf(depot, at), {
    kind: 'read-back',
    stationId: 'a',
    at,
    installed: [txDefault(1, 6)],
    link: 1,
  });
  const dip = stepFunctionOf([
    [epochS(0), 40],
    [epochS(5000), 4],
    [epochS(8000), 40],
  ]);
  const { grid } = limitsOf(depot);
  const limits = { grid: { ...grid!, limitA: dip } };
  const room = headroomOf({ site: depot, ledger, limits, stationId: 'a', evseId: 1 });
  // 20 s to follow after 60 s too late, or 60 s too early; never less than it may draw already.
  expect([4919, 4920, 8059, 8060].map((s) => valueAt(room, epochS(s)))).toEqual([40, 6, 6, 40]);
});

test('time that our clock has jumped over has not passed: a reaction goes on for as long as before, and a stray may arrive', () => {
  const slow = station('a', { capability: { reactionS: seconds(20) } });
  const depot = site([slow]);
  const tell = (ledger: Ledger, fact: Fact): Ledger => learn(depot, ledger, fact);
  const about = (at: number) => ({ stationId: 'a', at: epochS(at) });
  const high = plan(1, 'tx', 0, 10_000, 30);
  const held = tell(ledgerOf(depot, epochS(0)), {
    ...about(0),
    kind: 'read-back',
    installed: [txDefault(1, 6), high],
    link: 1,
  });
  const { profile } = plan(1, 'tx', 0, 10_000, 10);
  const proposal = {
    ...about(100),
    messageId: 'm1',
    link: 1,
    command: { kind: 'set-profile', evseId: 1, profile } as const,
  };
  const sent = admit(depot, held, limitsOf(depot), proposal);
  if (!sent.ok) throw new Error('a decrease leaves');
  const lowered = tell(sent.value.ledger, {
    ...about(102),
    kind: 'answered',
    messageId: 'm1',
    outcome: 'accepted',
  });
  const at = (ledger: Ledger, instant: number): number =>
    valueAt(exposureOf(depot, ledger, 'a').evses['1']!, epochS(instant));
  // Down from 123 on; after 3,600 s that have not passed, from 3,723 on.
  expect([at(lowered, 122), at(lowered, 123)]).toEqual([30, 10]);
  const jumped = tell(lowered, { ...about(3702), kind: 'clock-jumped', byS: 3600 });
  expect([at(jumped, 3722), at(jumped, 3723)]).toEqual([30, 10]);
  expect(at(lowered, 3702)).toBe(10);

  // Given up at 130, it may arrive until 220, two minutes after it was sent: by the new clock until 3,820.
  const givenUp = tell(sent.value.ledger, { ...about(130), kind: 'given-up', messageId: 'm1' });
  const later = tell(givenUp, { ...about(3731), kind: 'clock-jumped', byS: 3600 });
  expect(later.beliefs.get('a')?.strays.map(({ untilS }) => untilS)).toEqual([3820]);
});
