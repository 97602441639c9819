/** A journal tells the whole story: the same inputs give the same bytes, whoever reads them. */
import { expect, test } from 'vitest';
import { jsonOf, recordOf, valueOfRecord } from '#engine/json';
import { effectsOf, hashOf, replay } from '#engine/replay';
import { FakeDepot, policyWith, siteOf, startS, stationOf, type FakeVisit } from './fake-depot.ts';

const visits: readonly FakeVisit[] = [
  { id: 'v1', stationId: 'A', arriveS: startS + 300, departS: startS + 3600, energyWh: 4000, maxW: 11000 },
  { id: 'v2', stationId: 'B', arriveS: startS + 400, departS: startS + 3600, energyWh: 6000, maxW: 22000 },
];

async function evening(journalRecordsMax?: number): Promise<FakeDepot> {
  const depot = new FakeDepot({
    site: siteOf(['A', 'B'].map((id) => stationOf(id))),
    policy: policyWith(),
    visits,
    ...(journalRecordsMax === undefined ? {} : { journalRecordsMax }),
  });
  await depot.begin();
  await depot.runTo(startS + 3700);
  return depot;
}

test('the same evening twice leaves the same journal, byte for byte', async () => {
  const [one, two] = [await evening(), await evening()];
  expect(one.journal.records).toEqual(two.journal.records);
  expect(one.journal.records.length).toBeGreaterThan(60);
});

test('a replay says every message again that the engine sent, in the same order', async () => {
  const depot = await evening();
  const lines = effectsOf(depot.journal.read());
  const sent = lines.filter((line) => line.includes('"kind":"send"')).map((line) => JSON.parse(line).message);
  expect(sent).toEqual(depot.sent.map((message) => JSON.parse(jsonOf(message))));
  const told = lines.filter((line) => line.includes('"kind":"publish"')).map((line) => JSON.parse(line));
  expect(told.map((t) => [t.tail, t.payload])).toEqual(depot.published.map((p) => [p.tail, p.payload]));
  expect(hashOf(lines)).toBe(hashOf(effectsOf(depot.journal.read())));
});

test('the replayed state is the state, and a snapshot of it reads back the same', async () => {
  const depot = await evening();
  const replayed = replay(depot.journal.read());
  expect(jsonOf(replayed)).toBe(jsonOf(depot.loop?.state()));
  const text = JSON.stringify(recordOf(replayed));
  expect(jsonOf(valueOfRecord(JSON.parse(text)))).toBe(jsonOf(replayed));
});

test('a journal that was cut to a snapshot leads to the same end as the whole one', async () => {
  const [whole, short] = [await evening(), await evening(40)];
  expect(short.journal.records.length).toBeLessThan(60);
  expect(jsonOf(replay(short.journal.read()))).toBe(jsonOf(replay(whole.journal.read())));
  expect(short.sent).toEqual(whole.sent);
});

test('one changed byte of one input changes the name of the effects', async () => {
  const depot = await evening();
  const records = depot.journal.records.map((r) => r.replaceAll('"energyWh":4000', '"energyWh":4100'));
  expect(records).not.toEqual(depot.journal.records);
  const hash = hashOf(effectsOf(records.map((r): unknown => JSON.parse(r))));
  expect(hash).not.toBe(hashOf(effectsOf(depot.journal.read())));
});

test.each([
  [Infinity, '{"$number":"Infinity"}'],
  [-Infinity, '{"$number":"-Infinity"}'],
  [new Float64Array([1, 2.5]), '[1,2.5]'],
  [{ b: 1, a: undefined, c: [null] }, '{"b":1,"c":[null]}'],
  [{ b: 1, a: { d: 2, c: 3 } }, '{"a":{"c":3,"d":2},"b":1}'],
])('%o has one text', (value, text) => {
  expect(jsonOf(value)).toBe(text);
});

test('an infinity survives the disk', () => {
  expect(valueOfRecord(JSON.parse(JSON.stringify(recordOf({ limit: [Infinity, 3] }))))).toEqual({
    limit: [Infinity, 3],
  });
});
