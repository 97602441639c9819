/**
 * What an admission and a turn of dispatch cost on a depot of 44 stations below three levels of circuits, each with a
 * plan of 24 periods.
 *
 *     npx tsc -b bench && node dist/bench/ledger.js
 *
 * @module
 */
import { loadavg } from 'node:os';
import { dispatchTurn } from '#dispatch/dispatch';
import { dispatchOf } from '#dispatch/dispatch-state';
import type { Wanted } from '#dispatch/turn';
import { onLink } from '#dispatch/answers';
import { prngOf } from '#domain/prng';
import type { Phase } from '#domain/site';
import { amperes, epochS, seconds } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import { admit } from '#safety/admission';
import { learn, ledgerOf } from '#safety/ledger';
import { evse, limitsOf, plan, site, station, txDefault } from '../test/safety/depot.ts';

const rotations: readonly (readonly Phase[])[] = [[0], [1], [2], [0, 1, 2], [1, 2, 0]];
const depot = site(
  Array.from({ length: 44 }, (_, i) =>
    station(`s${i}`, {
      circuit: `panel-${i % 4}`,
      evses: [evse(1, { rotation: rotations[i % rotations.length] ?? [0] })],
      capability: { reactionS: seconds(5 + (i % 3) * 5) },
    }),
  ),
  [
    { id: 'grid', limitA: amperes(500) },
    { id: 'feeder-0', parent: 'grid', limitA: amperes(400) },
    { id: 'feeder-1', parent: 'grid', limitA: amperes(400) },
    ...[0, 1, 2, 3].map((k) => ({
      id: `panel-${k}`,
      parent: `feeder-${k % 2}`,
      limitA: amperes(250),
    })),
  ],
);
const limits = limitsOf(depot);
const prng = prngOf(1);
const floor = txDefault(1, 6);

function randomPlan(round: number): InstalledProfile {
  return plan(
    1,
    'tx',
    900 * Math.floor(prng.next() * 3),
    28_800,
    Array.from({ length: 24 }, (_, k): [number, number] => [
      k * 900 + (k === 0 ? 0 : 20 * (k % 2)),
      6 + ((k * 7 + round * 3) % 11),
    ]),
  );
}

let ledger = ledgerOf(depot, epochS(0));
let dispatch = dispatchOf(depot, 1);
const wanted: Record<string, Wanted[string]> = {};
for (const { id } of depot.stations) {
  const held = randomPlan(0);
  const transaction = { evseId: 1, id: 'tx', startedAt: epochS(0) };
  ledger = learn(depot, ledger, {
    kind: 'transaction-started',
    stationId: id,
    at: epochS(0),
    transaction,
  });
  ledger = learn(depot, ledger, {
    kind: 'read-back',
    stationId: id,
    at: epochS(0),
    installed: [floor, held],
    link: 1,
  });
  dispatch = onLink({ site: depot, ledger, dispatch, now: epochS(0) }, { stationId: id, up: true }).dispatch;
  const one = dispatch.stations.get(id);
  if (one !== undefined) {
    dispatch = { ...dispatch, stations: dispatch.stations.with(id, { ...one, unread: [] }) };
  }
  wanted[id] = { floors: [floor], plans: [held] };
}

/** Median and worst time of `work` in microseconds over `rounds`, after a warm-up. */
function measure(name: string, rounds: number, work: (round: number) => void): void {
  for (let k = 0; k < rounds / 4; k++) work(k);
  const times: number[] = [];
  for (let k = 0; k < rounds; k++) {
    const startedAt = performance.now();
    work(k + rounds);
    times.push((performance.now() - startedAt) * 1000);
  }
  times.sort((a, b) => a - b);
  const at = (q: number): string => (times[Math.floor((times.length - 1) * q)] ?? 0).toFixed(0);
  console.log(`${name}: ${at(0.5)} us (half), ${at(0.95)} us (95 %), ${at(1)} us (worst)`);
}

console.log(`44 stations, 24 periods each, load ${loadavg()[0]?.toFixed(2) ?? '?'}`);
let sent = 0;
measure('admission and answer, totals kept', 2000, (round) => {
  const { id } = depot.stations[round % depot.stations.length] ?? { id: 's0' };
  const entry = randomPlan(round);
  const command = { kind: 'set-profile', evseId: 1, profile: entry.profile } as const;
  const at = epochS(1000 + round);
  const messageId = `m${++sent}`;
  const outcome = admit(depot, ledger, limits, { stationId: id, messageId, command, link: 1, at });
  if (outcome.ok) {
    ledger = learn(depot, outcome.value.ledger, {
      kind: 'answered',
      stationId: id,
      at,
      messageId,
      outcome: 'accepted',
    });
  }
});
for (const { id } of depot.stations) {
  const held = ledger.beliefs
    .get(id)
    ?.candidates[0]?.installed.find(({ profile }) => profile.purpose === 'TxProfile');
  if (held !== undefined) wanted[id] = { floors: [floor], plans: [held] };
}
measure('turn of dispatch, nothing to do', 500, (round) => {
  dispatchTurn({ site: depot, ledger, dispatch, limits, wanted, now: epochS(10_000 + round) });
});
measure('turn of dispatch, 44 new plans', 50, (round) => {
  const fresh = Object.fromEntries(
    depot.stations.map(({ id }) => [id, { floors: [floor], plans: [randomPlan(round)] }]),
  );
  dispatchTurn({ site: depot, ledger, dispatch, limits, wanted: fresh, now: epochS(10_000) });
});
