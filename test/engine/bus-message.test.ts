/** Every kind of bad bus message is refused with the path of its fault, counted, and changes nothing. */
import { expect, test } from 'vitest';
import { depotEventOf } from '#engine/bus-message';
import { jsonOf } from '#engine/json';
import { textOfUtf8, utf8Of } from '#engine/utf8';
import { FakeDepot, siteOf, startS, stationOf } from './fake-depot.ts';

const site = siteOf([stationOf('A')]);
const visit = {
  id: 'v1',
  vehicleId: 'van-1',
  evse: { stationId: 'A', evseId: 1 },
  arrivesAt: startS,
  departsAt: startS + 3600,
  energyWh: 5000,
  maxW: 11000,
  phases: 3,
  priority: 1,
};

const bad: readonly (readonly [string, string, unknown, string, string])[] = [
  ['a kind nobody knows', 'weather', {}, '', 'unknown-kind'],
  ['no JSON', 'visit', '{"kind":', '', 'not-json'],
  ['a list', 'visit', [], '', 'invalid_type'],
  ['no visit in it', 'visit', { kind: 'visit' }, 'visit', 'invalid_type'],
  ['another kind than its subject', 'visit', { kind: 'limit', visit }, 'kind', 'invalid_value'],
  [
    'an unknown field',
    'visit',
    { kind: 'visit', visit: { ...visit, colour: 'red' } },
    'visit.colour',
    'unknown-field',
  ],
  [
    'a text where a number belongs',
    'visit',
    { kind: 'visit', visit: { ...visit, energyWh: '5' } },
    'visit.energyWh',
    'invalid_type',
  ],
  [
    'negative energy',
    'visit',
    { kind: 'visit', visit: { ...visit, energyWh: -1 } },
    'visit.energyWh',
    'too_small',
  ],
  [
    'a departure before the arrival',
    'visit',
    { kind: 'visit', visit: { ...visit, departsAt: startS - 1 } },
    'visit.departsAt',
    'custom',
  ],
  [
    'a date that does not exist',
    'visit',
    { kind: 'visit', visit: { ...visit, departsAt: '2026-02-30T00:00:00Z' } },
    'visit.departsAt',
    'invalid_union',
  ],
  [
    'an id that no subject can carry',
    'visit',
    { kind: 'visit', visit: { ...visit, id: 'a.b' } },
    'visit.id',
    'custom',
  ],
  [
    'a station that is not here',
    'visit',
    { kind: 'visit', visit: { ...visit, evse: { stationId: 'Z', evseId: 1 } } },
    'visit.evse.stationId',
    'unknown-station',
  ],
  [
    'an EVSE that is not there',
    'visit',
    { kind: 'visit', visit: { ...visit, evse: { stationId: 'A', evseId: 2 } } },
    'visit.evse.evseId',
    'unknown-evse',
  ],
  ['two phases', 'visit', { kind: 'visit', visit: { ...visit, phases: 2 } }, 'visit.phases', 'invalid_union'],
  [
    'a departure without an instant',
    'departure-changed',
    { kind: 'departure-changed', visitId: 'v1' },
    'departsAt',
    'invalid_union',
  ],
  ['a cancellation of nobody', 'visit-cancelled', { kind: 'visit-cancelled' }, 'visitId', 'invalid_type'],
  ['a tariff that is a word', 'tariff', { kind: 'tariff', tariff: 'cheap' }, 'tariff', 'invalid_type'],
  ['a limit without a limit', 'limit', { kind: 'limit', circuit: 'grid' }, 'limitA', 'custom'],
  ['a limit below zero', 'limit', { kind: 'limit', circuit: 'grid', limitA: -1 }, 'limitA', 'too_small'],
  [
    'a limit that ends before it begins',
    'limit',
    { kind: 'limit', circuit: 'grid', limitA: 9, fromS: startS, untilS: startS },
    'untilS',
    'custom',
  ],
  [
    'a circuit that is not here',
    'limit',
    { kind: 'limit', circuit: 'moon', limitA: 9 },
    'circuit',
    'unknown-circuit',
  ],
  [
    'a meter without a sample time',
    'site-meter',
    { kind: 'site-meter', powerW: 1 },
    'sampledAt',
    'invalid_union',
  ],
  [
    'a load at no circuit',
    'uncontrolled-load',
    { kind: 'uncontrolled-load', powerW: 1, sampledAt: startS },
    'circuit',
    'invalid_type',
  ],
  [
    'a load on two phases of three',
    'uncontrolled-load',
    { kind: 'uncontrolled-load', circuit: 'grid', powerW: 1, phaseA: [1, 2], sampledAt: startS },
    'phaseA',
    'too_small',
  ],
];

test.each(bad)('%s', (_, tail, document, path, rule) => {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const read = depotEventOf(site, tail, utf8Of(text));
  expect(read.ok ? undefined : read.problem.map((f) => [f.path, f.rule])).toEqual([[path, rule]]);
  expect(read.ok || read.problem.every((f) => f.fix.length > 3)).toBe(true);
});

test('bytes that are no UTF-8, and far too many bytes', () => {
  const rule = (data: Uint8Array): string => {
    const read = depotEventOf(site, 'visit', data);
    return read.ok ? 'taken' : (read.problem[0]?.rule ?? '');
  };
  expect(rule(Uint8Array.from([0x7b, 0xff, 0x7d]))).toBe('not-utf8');
  expect(rule(new Uint8Array(300_000).fill(32))).toBe('message-too-large');
});

test('instants may be seconds or ISO text', () => {
  const read = depotEventOf(
    site,
    'departure-changed',
    utf8Of('{"kind":"departure-changed","visitId":"v1","departsAt":"2026-07-14T20:00:00+02:00"}'),
  );
  expect(read).toEqual({ ok: true, value: { kind: 'departure-changed', visitId: 'v1', departsAt: startS } });
});

test('a bad message is refused on the bus, counted, in the journal, and leaves no other trace', async () => {
  const depot = new FakeDepot({ site });
  await depot.begin();
  const before = depot.loop?.state();
  for (const [, tail, document] of bad) depot.say(tail, document);
  await depot.settle();
  const after = depot.loop?.state();
  expect(depot.said('out.refused')).toHaveLength(bad.length);
  expect(depot.said('out.refused')[5]).toMatchObject({
    subject: 'voltherd.yard.in.visit',
    faults: [{ path: 'visit.colour', value: '"red"' }],
  });
  expect(after?.counts.busRefused).toBe(bad.length);
  expect(depot.journal.read().filter((r) => (r as { kind: string }).kind === 'bus-refused')).toHaveLength(
    bad.length,
  );
  expect(jsonOf({ ...after, counts: 0 })).toBe(jsonOf({ ...before, counts: 0 }));
});

test.each(['', 'plain', 'longer than eight letters', 'Grüße', '電', '🔌', '\u0000', 'a\ud800b'])(
  '%j survives the wire',
  (text) => {
    expect(utf8Of(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
    expect(textOfUtf8(utf8Of(text))).toBe(text.replace('\ud800', '\ufffd'));
  },
);

test.each([[[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0xf5, 0x80, 0x80, 0x80]], [[0xe2, 0x82]], [[0x80]]])(
  '%j is no UTF-8',
  (bytes) => {
    expect(textOfUtf8(Uint8Array.from(bytes))).toBeUndefined();
  },
);
