/** Alarms and flags that nobody may have heard are said once more. */
import { expect, test } from 'vitest';
import { anyVisit as visit, FakeDepot, policyWith, siteOf, startS, stationOf } from './fake-depot.ts';

const oneStation = siteOf([stationOf('A')]);

test('what is wrong is said again when the bus is back, and by a new process', async () => {
  const depot = new FakeDepot({
    site: oneStation,
    visits: [visit],
    policy: policyWith({ sampleIntervalS: 60 }),
  });
  const backs: (() => void)[] = [];
  const publish = depot.bus.publish.bind(depot.bus);
  Object.assign(depot.bus, {
    onBack: (back: () => void) => {
      backs.push(back);
      return { unsubscribe: () => backs.splice(0) };
    },
  });
  depot.station('A').sample = () => undefined;
  await depot.begin();
  depot.say('site-meter', { kind: 'site-meter', powerW: 7000, sampledAt: startS });
  await depot.runTo(startS + 400);
  Object.assign(depot.bus, { publish: () => undefined });
  await depot.runTo(startS + 1900);
  const told = (): readonly unknown[] =>
    depot.published
      .filter(({ tail }) => tail === 'out.alarm' || tail === 'out.verdict')
      .map(({ payload }) => [payload['kind'], payload['key'], payload['active']]);
  expect(told()).toEqual([]);
  Object.assign(depot.bus, { publish });
  for (const back of backs) back();
  await depot.settle();
  const wrong = [
    ['site-meter-stale', 'yard', true],
    ['meter-silent', 'A/1', undefined],
  ];
  expect(told()).toEqual(wrong);
  depot.killEngine();
  depot.startEngine();
  await depot.settle();
  expect(told()).toEqual([...wrong, ...wrong]);
});
