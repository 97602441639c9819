import { expect, test } from 'vitest';
import { siteExample } from '#operations/examples';
import { serveSettings, stationSettings } from '#operations/live';
import { optionOf, settingsOf } from '#operations/settings';

const served = { site: siteExample, ocppListen: 0 };
const station = { id: 'A-1', url: 'ws://127.0.0.1:1' };

test('options win over the document, what is not given has its default', () => {
  const settings = settingsOf(
    stationSettings,
    { ...station, evses: 2, seed: 4 },
    { seed: 9, evses: undefined },
  );
  expect(settings).toMatchObject({
    ok: true,
    value: { ...station, evses: 2, seed: 9, ocpp: '1.6', sampleS: 15 },
  });
});

test('the option of a path', () => {
  expect([optionOf('tls.cert'), optionOf('ocppListen')]).toEqual(['--tls-cert', '--ocpp-listen']);
});

test.each([
  ['an unknown field', serveSettings, { ...served, hst: 'x' }, {}, ['hst', 'unknown-field']],
  ['a wrong port', serveSettings, { ...served, ocppListen: 70_000 }, {}, ['ocppListen', 'too-big']],
  ['half a pair by options', serveSettings, served, { tls: { cert: 'x' } }, ['--tls-key', 'invalid-type']],
  [
    'half a pair in the document',
    serveSettings,
    { ...served, tls: { cert: 'x' } },
    {},
    ['tls.key', 'missing'],
  ],
  ['no address', stationSettings, { id: 'A-1' }, {}, ['url', 'missing']],
  ['a wrong address', stationSettings, { ...station, url: 'http://x' }, {}, ['url', 'invalid-format']],
  ['a wrong option', stationSettings, station, { id: 'a b' }, ['--id', 'invalid-format']],
  ['no object', stationSettings, [], {}, ['', 'invalid-type']],
] as const)('%s is told by its path', (_title, schema, document, options, fault) => {
  const settings = settingsOf<unknown>(schema, document, options);
  expect(settings.ok ? [] : settings.problem.map(({ path, rule }) => [path, rule])).toEqual([fault]);
});
