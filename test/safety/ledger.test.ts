import { describe, expect, test } from 'vitest';
import { obeysAll, type ObeyedPurposes } from '#domain/site';
import { valueAt } from '#domain/step-function';
import { amperes, epochS, seconds, watts } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import { admit } from '#safety/admission';
import type { Fact } from '#safety/fact';
import { isInstalled } from '#safety/candidate';
import { beliefOf, exposureOf, learn, ledgerOf, type Ledger } from '#safety/ledger';
import { defaultLedgerPolicy } from '#safety/ledger-policy';
import { evse, limitsOf, plan, site, station, stationMax, txDefault } from './depot.ts';

type Told = Fact extends infer F ? (F extends Fact ? Omit<F, 'stationId'> : never) : never;

/** One charger `s`, and what its EVSE 1 may draw. */
function bench(over: Parameters<typeof station>[1] = {}, policy = defaultLedgerPolicy) {
  const depot = site([station('s', over)], [{ id: 'grid', limitA: amperes(1000) }]);
  let ledger: Ledger = ledgerOf(depot, epochS(0), policy);
  let sent = 0;
  const self = {
    tell: (fact: Told) => {
      ledger = learn(depot, ledger, { stationId: 's', ...fact });
      return self;
    },
    /** Nothing is known but that these are installed. */
    holds: (...installed: InstalledProfile[]) =>
      self.tell({ kind: 'read-back', at: epochS(0), installed, link: 1 }),
    send: (entry: InstalledProfile, atS: number, link = 1) => {
      sent++;
      const command = { kind: 'set-profile', evseId: entry.evseId, profile: entry.profile } as const;
      const outcome = admit(depot, ledger, limitsOf(depot), {
        stationId: 's',
        messageId: `m${sent}`,
        command,
        link,
        at: epochS(atS),
      });
      if (!outcome.ok) throw new Error(outcome.problem.kind);
      ledger = outcome.value.ledger;
      return self;
    },
    answer: (outcome: 'accepted' | 'refused' | 'unclear', atS: number, id = `m${sent}`) =>
      self.tell({ kind: 'answered', at: epochS(atS), messageId: id, outcome }),
    giveUp: (atS: number) => self.tell({ kind: 'given-up', at: epochS(atS), messageId: `m${sent}` }),
    a: (atS: number, evseId = 1) =>
      valueAt(exposureOf(depot, ledger, 's').evses[String(evseId)]!, epochS(atS)),
    phase: (p: 0 | 1 | 2, atS: number) =>
      valueAt(exposureOf(depot, ledger, 's').phaseMilliA[p], epochS(atS)) / 1000,
    w: (atS: number) => valueAt(exposureOf(depot, ledger, 's').totalW, epochS(atS)),
    belief: () => beliefOf(ledger, 's'),
  };
  return self;
}

const floor = txDefault(1, 6);
const high = plan(1, 'tx', 0, 10_000, 30);
const low = plan(1, 'tx', 0, 10_000, 10);
const running = {
  kind: 'transaction-started',
  at: epochS(0),
  transaction: { evseId: 1, id: 'tx', startedAt: epochS(0) },
} as const;

describe('what a charger may draw', () => {
  test('nothing known: what its hardware takes', () => {
    expect(bench().a(5)).toBe(32);
  });

  test('only a floor: the floor, whether a vehicle is there or not', () => {
    expect(bench().holds(floor).a(5)).toBe(6);
    expect(bench().holds(floor).tell(running).a(5)).toBe(6);
  });

  test('no profile at all: what its hardware takes', () => {
    expect(bench().holds().a(5)).toBe(32);
  });

  test('a plan above the floor counts, and the floor counts when its lease is over', () => {
    const s = bench().holds(floor, high).tell(running);
    expect(s.a(9_999)).toBe(30);
    expect(s.a(10_000)).toBe(6);
  });

  test('a plan below the floor is no promise: the vehicle may change unseen', () => {
    const s = bench()
      .holds(txDefault(1, 16), plan(1, 'tx', 0, 10_000, 0))
      .tell(running);
    expect(s.a(5)).toBe(16);
  });

  test('a charger that does not obey leases keeps its plan for ever', () => {
    const s = bench({ capability: { obeysLease: false } })
      .holds(floor, high)
      .tell(running);
    expect(s.a(1_000_000)).toBe(30);
  });

  test('of a charger that takes watts only, one phase may carry all of them', () => {
    // 6,900 W over three phases would be 10 A each; a one-phase vehicle draws 6,900 / 230 = 30 A on its phase.
    const s = bench({ capability: { rateUnit: 'W' } }).holds(txDefault(1, 6_900, 'W'));
    expect(s.a(5)).toBe(30);
  });

  test('the station cap stands above everything', () => {
    expect(bench().holds(stationMax(20), floor, high).tell(running).a(5)).toBe(20);
  });

  test('a plan of a transaction that has ended counts no more', () => {
    const s = bench().holds(floor, high).tell(running);
    expect(s.tell({ kind: 'transaction-ended', at: epochS(100), transactionId: 'tx' }).a(101)).toBe(6);
  });

  test('a charger caught above its limit counts with its hardware until it is cleared', () => {
    const s = bench().holds(floor, low).tell(running);
    expect(s.tell({ kind: 'not-compliant', at: epochS(50), evseId: 1 }).a(51)).toBe(32);
    expect(s.tell({ kind: 'cleared', at: epochS(90), evseId: 1 }).a(91)).toBe(10);
  });

  test('a purpose that a charger does not obey limits nothing, whatever it has accepted', () => {
    const without = (purpose: keyof ObeyedPurposes) =>
      bench({ capability: { obeys: { ...obeysAll, [purpose]: false } } });
    // No floor: a vehicle that nobody has told us of has the hardware of 32 A, or the cap of the station.
    expect(without('txDefault').holds(floor, low).tell(running).a(5)).toBe(32);
    expect(without('txDefault').holds(stationMax(20), floor, low).tell(running).a(5)).toBe(20);
    // No plan: the floor of 6 A stands, where the plan would have said 30 A.
    expect(without('txProfile').holds(floor, high).tell(running).a(5)).toBe(6);
    // No cap: the plan of 30 A stands.
    expect(without('stationMax').holds(stationMax(20), floor, high).tell(running).a(5)).toBe(30);
  });

  test('a cap that a charger would share and does not obey is no cap of its EVSEs together', () => {
    const two = { evses: [evse(1), evse(2)] };
    const capability = { sharesStationCap: true };
    const both = [stationMax(20), txDefault(1, 16), txDefault(2, 16)];
    expect(
      bench({ ...two, capability })
        .holds(...both)
        .phase(0, 5),
    ).toBe(20);
    const obeys = { ...obeysAll, stationMax: false };
    expect(
      bench({ ...two, capability: { ...capability, obeys } })
        .holds(...both)
        .phase(0, 5),
    ).toBe(32);
  });

  test('a charger that forgets its profiles in a reboot counts with its hardware before it reboots', () => {
    expect(
      bench({ capability: { keepsProfiles: 'none' } })
        .holds(floor, low)
        .tell(running)
        .a(5),
    ).toBe(32);
  });
});

describe('while a command is on its way', () => {
  test('both limits count: up to the higher one', () => {
    const s = bench().holds(floor, low).tell(running).send(high, 100);
    expect(s.a(100)).toBe(30);
    expect(bench().holds(floor, high).tell(running).send(low, 100).a(100)).toBe(30);
  });

  test('accepted: only the new one', () => {
    expect(bench().holds(floor, high).tell(running).send(low, 100).answer('accepted', 102).a(104)).toBe(10);
    expect(bench().holds(floor, low).tell(running).send(high, 100).answer('accepted', 102).a(104)).toBe(30);
  });

  test('refused: only the old one', () => {
    expect(bench().holds(floor, low).tell(running).send(high, 100).answer('refused', 102).a(104)).toBe(10);
  });

  test('an unclear answer settles nothing', () => {
    expect(bench().holds(floor, low).tell(running).send(high, 100).answer('unclear', 102).a(104)).toBe(30);
  });

  test('no answer settles nothing, and a second one with the same content settles it', () => {
    const s = bench().holds(floor, high).tell(running).send(low, 100).giveUp(130);
    expect(s.a(200)).toBe(30);
    expect(s.send(low, 200).answer('accepted', 201).a(203)).toBe(10);
  });

  test('an answer nobody waits for changes nothing', () => {
    const s = bench().holds(floor, high).tell(running).send(low, 100);
    const before = s.belief();
    expect(s.answer('accepted', 101, 'other').belief()).toBe(before);
  });

  test('only one at a time', () => {
    const s = bench().holds(floor).tell(running).send(low, 100);
    expect(() => s.send(high, 101)).toThrow('call-open');
  });

  test('of a restart the engine knows only that it may have been applied', () => {
    const s = bench()
      .holds(floor, high)
      .tell(running)
      .send(low, 100)
      .tell({ kind: 'restarted', at: epochS(110) });
    expect(s.a(111)).toBe(30);
    expect(s.belief().candidates).toHaveLength(2);
    expect(s.belief().open).toBeUndefined();
  });
});

describe('a command given up', () => {
  test('may still arrive after a later one on another connection was accepted', () => {
    // 30 A sent on connection 1 and lost from sight, then 10 A accepted on connection 2: 30 A may still come.
    const s = bench().holds(floor).tell(running).send(high, 100, 1).giveUp(130);
    expect(s.send(low, 140, 2).answer('accepted', 141).a(150)).toBe(30);
  });

  test('cannot arrive after a later one on the same connection was answered', () => {
    const s = bench().holds(floor).tell(running).send(high, 100, 1).giveUp(130);
    expect(s.send(low, 140, 1).answer('accepted', 141).a(150)).toBe(10);
  });

  test('cannot arrive after its time, but what it did is undone only by another write', () => {
    // 120 s after it was sent the frame is gone for good.
    const s = bench().holds(floor).tell(running).send(high, 100, 1).giveUp(130);
    s.send(low, 140, 2).answer('accepted', 141);
    expect(s.a(500)).toBe(30);
    expect(s.send(low, 220, 2).answer('accepted', 221).a(500)).toBe(10);
  });

  test('whose acceptance comes late is known to be applied', () => {
    const s = bench().holds(floor, high).tell(running).send(low, 100, 1).giveUp(130);
    const command = { kind: 'set-profile', evseId: 1, profile: low.profile } as const;
    expect(s.tell({ kind: 'accepted-late', at: epochS(140), command, link: 1 }).a(142)).toBe(10);
  });

  test('for a transaction that has ended meanwhile is void', () => {
    const s = bench().holds(floor).tell(running).send(high, 100, 1).giveUp(130);
    expect(s.tell({ kind: 'transaction-ended', at: epochS(135), transactionId: 'tx' }).a(140)).toBe(6);
  });

  test('on a link that repeats frames an accepted command counts until its repeats are over', () => {
    const policy = { ...defaultLedgerPolicy, repeatS: 60 };
    const s = bench({}, policy).holds(floor).tell(running).send(high, 100).answer('accepted', 101);
    expect(s.send(low, 110).answer('accepted', 111).a(300)).toBe(30);
    expect(s.send(low, 170).answer('accepted', 171).a(300)).toBe(10);
    // One given up there may come again too, even after a later one on the same connection was answered.
    const t = bench({}, policy).holds(floor).tell(running).send(high, 100, 1).giveUp(130);
    expect(t.send(low, 140, 1).answer('accepted', 141).a(300)).toBe(30);
  });
});

describe('the reaction time', () => {
  const slow = { capability: { reactionS: seconds(20) } };

  test('a decrease counts when it is over, one second of doubt included', () => {
    const s = bench(slow).holds(floor, high).tell(running).send(low, 100).answer('accepted', 102);
    expect(s.a(122)).toBe(30);
    expect(s.a(123)).toBe(10);
  });

  test('a step down inside a plan counts when it is over', () => {
    const s = bench(slow)
      .holds(
        floor,
        plan(1, 'tx', 0, 10_000, [
          [0, 30],
          [1000, 10],
        ]),
      )
      .tell(running);
    expect(s.a(1019)).toBe(30);
    expect(s.a(1020)).toBe(10);
  });

  test('the end of a lease counts when it is over', () => {
    const s = bench(slow).holds(floor, high).tell(running);
    expect(s.a(10_019)).toBe(30);
    expect(s.a(10_020)).toBe(6);
  });

  test('two decreases within one second are both waited for', () => {
    const s = bench(slow).holds(floor, high).tell(running).send(low, 100).answer('accepted', 100);
    s.send(plan(1, 'tx', 0, 10_000, 8), 100).answer('accepted', 100);
    expect(s.a(120)).toBe(30);
    expect(s.a(121)).toBe(8);
  });

  test('a clock that may be off is waited for on both sides', () => {
    const s = bench({}, { ...defaultLedgerPolicy, clockSkewS: 5 })
      .holds(
        floor,
        plan(1, 'tx', 0, 10_000, [
          [0, 10],
          [1000, 30],
          [2000, 10],
        ]),
      )
      .tell(running);
    expect([994, 995, 2004, 2005].map((t) => s.a(t))).toEqual([10, 30, 30, 10]);
  });
});

describe('a reboot', () => {
  test('may have taken the plan: it counts, and so does the floor', () => {
    const s = bench({ capability: { keepsProfiles: 'floors' } })
      .holds(floor, high)
      .tell(running);
    s.tell({ kind: 'booted', at: epochS(100) });
    expect(s.a(101)).toBe(30);
    expect(isInstalled(s.belief(), high)).toBe(false);
    expect(isInstalled(s.belief(), floor)).toBe(true);
  });

  test('of a charger that keeps everything changes nothing', () => {
    const s = bench()
      .holds(floor, high)
      .tell(running)
      .tell({ kind: 'booted', at: epochS(100) });
    expect(isInstalled(s.belief(), high)).toBe(true);
  });

  test('one write of the plan settles it', () => {
    const s = bench({ capability: { keepsProfiles: 'floors' } })
      .holds(floor, high)
      .tell(running);
    s.tell({ kind: 'booted', at: epochS(100) })
      .send(high, 110)
      .answer('accepted', 111);
    expect(s.belief().candidates).toHaveLength(1);
    expect(isInstalled(s.belief(), high)).toBe(true);
  });
});

describe('several EVSEs and units', () => {
  test('phases are those behind the pins', () => {
    const s = bench({
      evses: [evse(1, { rotation: [1] }), evse(2, { rotation: [2, 0, 1] })],
    }).holds(txDefault(1, 10), txDefault(2, 16));
    // EVSE 1 is on L2 alone, EVSE 2 on all three.
    expect([s.phase(0, 5), s.phase(1, 5), s.phase(2, 5)]).toEqual([16, 26, 16]);
    // 10 A x 230 V + 16 A x 230 V x 3
    expect(s.w(5)).toBe(2300 + 11_040);
  });

  test('direct current loads all phases alike, rounded up', () => {
    const s = bench({
      current: 'DC',
      evses: [evse(1, { maxW: watts(150_000) })],
      capability: { rateUnit: 'W' },
    }).holds(txDefault(1, 50_000, 'W'));
    // 50 000 W / 3 / 230 V = 72.4637... A
    expect(s.phase(1, 5)).toBe(72.464);
    expect(s.w(5)).toBe(50_000);
  });

  test('EVSEs on one power module never take more than it has', () => {
    const s = bench({
      current: 'DC',
      moduleW: watts(150_000),
      evses: [evse(1, { maxW: watts(150_000) }), evse(2, { maxW: watts(150_000) })],
      capability: { rateUnit: 'W' },
    });
    expect(s.holds(txDefault(1, 100_000, 'W'), txDefault(2, 100_000, 'W')).w(5)).toBe(150_000);
  });

  test('a station cap counts for all together only where the station is known to share it', () => {
    const two = { evses: [evse(1), evse(2)] };
    const held = [stationMax(20), txDefault(1, 16), txDefault(2, 16)] as const;
    expect(
      bench(two)
        .holds(...held)
        .phase(0, 5),
    ).toBe(32);
    expect(
      bench({ ...two, capability: { sharesStationCap: true } })
        .holds(...held)
        .phase(0, 5),
    ).toBe(20);
  });
});

test('a ledger is a JSON value: written and read back it says the same', () => {
  const s = bench({ capability: { reactionS: seconds(20), sharesStationCap: true } })
    .holds(floor, high)
    .tell(running)
    .send(low, 100);
  const copy = JSON.parse(JSON.stringify(s.belief())) as ReturnType<typeof s.belief>;
  expect(copy).toEqual(s.belief());
});

test('every guard is on unless somebody turns it off', () => {
  expect(defaultLedgerPolicy.guards).toEqual({});
});
