/** A process without its journal finds out who charges at meters that say nothing, and asks nobody for ever. */
import { expect, test } from 'vitest';
import { isoOf } from '#domain/instant';
import { withStation } from '#engine/change';
import { rollCalls } from '#engine/roll-call';
import { silentMeters } from '#engine/silent-meter';
import { startedState } from '#engine/start';
import { onUpdated } from '#engine/transactions';
import type { Evse } from '#domain/site';
import { later } from '#domain/units';
import { FakeDepot, policyWith, siteOf, startS, stationOf, type FakeStation } from './fake-depot.ts';

/** The EVSE of a station under another id. */
const copies = (id: number): readonly Evse[] => stationOf('A').evses.map((evse) => ({ ...evse, id }));

const policy = policyWith({ sampleIntervalS: 60 });
const visit = {
  id: 'v1',
  stationId: 'A',
  arriveS: startS + 300,
  departS: startS + 14_400,
  energyWh: 40_000,
  maxW: 11_000,
};

/** Tells its status, and no readings. */
function tellsStatus(station: FakeStation): (message: string) => string {
  return (message) => {
    if (message === 'StatusNotification') station.status();
    return 'Accepted';
  };
}

/** Seconds after the start of the second process, which has no journal, at which something happens. */
async function secondProcess(
  triggered: (station: FakeStation) => (message: string) => string | undefined,
  more: { readonly visits?: readonly (typeof visit)[]; readonly untilS?: number } = {},
): Promise<{
  readonly depot: FakeDepot;
  /** What it asked for by TriggerMessage, and when. */
  readonly asked: readonly string[];
  readonly verdicts: readonly string[];
}> {
  const { visits = [visit], untilS = 600 } = more;
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]), policy, visits, sampleS: 1e9 });
  const station = depot.station('A');
  station.sample = () => undefined;
  await depot.begin();
  await depot.runTo(startS + 1000);
  depot.killEngine();
  depot.journal.records = [];
  const [toldBefore, secondS] = [depot.published.length, depot.clock.now()];
  station.greets = false;
  const asked: string[] = [];
  const react = triggered(station);
  station.triggered = (message) => {
    asked.push(`${depot.clock.now() - secondS} ${message}`);
    return react(message);
  };
  depot.startEngine();
  station.connect(false);
  await depot.runTo(secondS + untilS);
  const verdicts = depot.published
    .slice(toldBefore)
    .filter(({ tail }) => tail === 'out.verdict')
    .map(({ at, payload }) => `${at - secondS} ${String(payload['kind'])} ${String(payload['key'])}`);
  return { depot, asked, verdicts };
}

test('a vehicle that charges at a silent meter is found out, and told in the time of three samples and three questions', async () => {
  const { asked, verdicts } = await secondProcess(tellsStatus);
  expect(asked).toEqual(['30 StatusNotification', '90 MeterValues', '150 MeterValues']);
  expect(verdicts).toEqual(['210 meter-silent A/1']);
});

test('a free socket is asked for its status once, and nothing is said of it', async () => {
  const { asked, verdicts } = await secondProcess(tellsStatus, { visits: [] });
  expect(asked).toEqual(['30 StatusNotification']);
  expect(verdicts).toEqual([]);
});

test('a meter that answers when it is asked is not silent where no transaction is known', async () => {
  const { asked, verdicts } = await secondProcess((station) => (message) => {
    if (message === 'StatusNotification') station.status();
    else
      station.tell('MeterValues', {
        connectorId: 1,
        meterValue: [{ timestamp: isoOf(later(startS, 1090)), sampledValue: [{ value: '1000' }] }],
      });
    return 'Accepted';
  });
  expect(asked).toEqual(['30 StatusNotification', '90 MeterValues']);
  expect(verdicts).toEqual([]);
});

test('a station that does not know the question is asked once, on later connections too', async () => {
  const { depot, asked } = await secondProcess(() => () => 'NotImplemented');
  depot.station('A').disconnect();
  depot.station('A').connect(false);
  await depot.runTo(depot.clock.now() + 600);
  expect(asked).toEqual(['30 StatusNotification']);
});

test('one that accepts and does nothing is asked three times on each connection', async () => {
  const { depot, asked } = await secondProcess(() => () => 'Accepted');
  expect(asked).toEqual(['30 StatusNotification', '90 StatusNotification', '150 StatusNotification']);
  depot.station('A').disconnect();
  depot.station('A').connect(false);
  await depot.runTo(depot.clock.now() + 600);
  expect(asked).toHaveLength(6);
});

test('one that leaves the question unanswered does not count as deaf for it', async () => {
  const { depot, asked } = await secondProcess(() => () => undefined, { untilS: 181 });
  expect(asked).toEqual(['30 StatusNotification', '90 StatusNotification', '150 StatusNotification']);
  const { dispatch } = depot.loop?.state() ?? {};
  expect(dispatch?.stations.get('A')).toMatchObject({ failures: 0, requests: [], pending: undefined });
  expect(depot.alarms()).not.toContain('no-answer');
});

/** Where an input of the test's own comes from. */
const itself = { source: 'test', sequence: 1 };

test('from 2.0.1 on an occupied EVSE is asked for its transaction as well, at most four questions at a time', () => {
  const site = siteOf([stationOf('A', { version: '2.0.1', evses: [1, 2, 3].flatMap(copies) })]);
  const [started] = startedState({ kind: 'started', at: startS, site, policy, seed: 1, ...itself });
  const occupied = { status: 'Occupied', isUnheard: true } as const;
  const up = withStation(started, 'A', {
    up: true,
    evses: { 1: occupied, 2: { status: 'Available' }, 3: occupied },
  });
  const asked = rollCalls({ ...up, now: later(startS, 30) });
  expect(asked.dispatch.stations.get('A')?.requests).toEqual(
    [1, 3].flatMap((evseId) =>
      ['TransactionEvent', 'MeterValues'].map((message) => ({ kind: 'trigger', message, evseId })),
    ),
  );
  expect(asked.stations.get('A')?.rollCall).toEqual({ rounds: 1 });
});

test('a transaction that was met while it ran is missed from the connection on', () => {
  const site = siteOf([stationOf('A')]);
  const [started] = startedState({ kind: 'started', at: startS, site, policy, seed: 1, ...itself });
  const up = withStation(started, 'A', { up: true, evses: { 1: { status: 'Occupied', isUnheard: true } } });
  const metAt = later(startS, 200);
  const [met] = onUpdated({ ...up, now: metAt }, 'A', { evseId: 1, transactionId: 't1', at: metAt });
  // It is known: nobody is asked about it.
  expect(rollCalls(met).dispatch).toBe(met.dispatch);
  const silent = (after: number) => silentMeters({ ...met, now: later(startS, after) })[1];
  expect(silent(209)).toEqual([]);
  expect(silent(210)).toMatchObject([{ tail: 'out.verdict', payload: { kind: 'meter-silent', key: 'A/1' } }]);
});
