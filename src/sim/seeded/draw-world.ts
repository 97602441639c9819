/** A world drawn from its seed: which faults are on, how strong, and what happens when. @module */
import { prngOf, type Prng } from '#domain/prng';
import type { Site, Station } from '#domain/site';
import { amperes, epochS, seconds, wattHours, watts, type EpochS } from '#domain/units';
import { defaultPolicy } from '#engine/policy';
import { floorsOfSite } from '#engine/start';
import type { Scenario } from '../scenario.ts';
import type { SimVisit } from '../scenario-cast.ts';
import { drawBill } from './draw-bill.ts';
import { drawPersonas } from './draw-personas.ts';
import { momentIn, namedMost, spanIn, type Span } from './draw-span.ts';
import { drawDepot, drawVisits, pick } from './draw-depot.ts';
import { drawBus, drawLaterEvents, withCorrections } from './draw-later.ts';
import {
  switchNames,
  usualSwitches,
  type LinkPromise,
  type NetworkRates,
  type SwitchName,
  type WorldChoice,
  type WorldEvent,
  type WorldPlan,
} from './world-plan.ts';

/** The last part of a night in which nothing new goes wrong. */
const calmS = 2 * 3600;
/** One seed in so many has everything off: then every vehicle must leave full. */
const calmEvery = 8;

function swarm(seed: number, allowed: readonly SwitchName[]): ReadonlySet<SwitchName> {
  const prng = prngOf(seed).fork('swarm');
  if (prng.integer(1, calmEvery) === 1) return new Set();
  const isNamed = allowed.length <= namedMost;
  const share = isNamed ? 0.5 + 0.5 * prng.next() : 0.1 + 0.5 * prng.next();
  const on = switchNames.filter((name) => {
    const isOn = prng.next() < (name.startsWith('persona-') && !isNamed ? share / 2 : share);
    return isOn && allowed.includes(name);
  });
  return new Set(on);
}

function drawNetwork(prng: Prng, on: ReadonlySet<SwitchName>, stations: readonly Station[]): NetworkRates {
  const rate = (name: SwitchName, most: number): number => (on.has(name) ? most * prng.fork(name).next() : 0);
  const slow = prng.fork('slow-reader');
  const slowReaders = on.has('slow-reader')
    ? stations.filter(() => slow.integer(0, 5) === 0).map(({ id }) => [id, slow.integer(2, 15)] as const)
    : [];
  const loss = rate('loss', 0.2);
  const cut = rate('truncated', 0.1);
  return {
    loss: Math.max(loss, cut),
    cutShort: cut === 0 ? 0 : Math.min(1, cut / Math.max(loss, cut)),
    duplicate: rate('duplicate', 0.1),
    delay: rate('delay', 0.5),
    delayMaxS: on.has('delay')
      ? pick(prng.fork('delay-max'), [2, 10, 45, 90, 240])
      : on.has('reorder')
        ? 5
        : 0,
    reorder: on.has('reorder'),
    slowReaders: Object.fromEntries(slowReaders),
  };
}

/** What the owner would have to tell the ledger for this network and these clocks. */
function drawLink(network: NetworkRates, on: ReadonlySet<SwitchName>, hours: number): LinkPromise {
  const repeats = network.duplicate > 0 || network.reorder;
  const slowest = Math.max(0, ...Object.values(network.slowReaders));
  const lateS = Math.max(120, network.delayMaxS + 60 + 40 * slowest);
  const drifts = on.has('persona-clock-drifts') ? 5 * hours + 5 : 0;
  const jumps = on.has('clock-jump') ? jumpMaxS : 0;
  const steps = on.has('persona-clock-steps-back') ? clockStepS : 0;
  return { lateS, repeatS: repeats ? lateS : 0, clockSkewS: drifts + jumps + steps };
}

/** Crashes fall among so many first records for each station: a night has about as many. */
const crashRecordsPerStation = 200;
/** The furthest that all jumps of the engine's clock together lead away from true time. */
const jumpMaxS = 45;
/** How far the clock of a station steps back, and a second for what is rounded. */
const clockStepS = 91;

/** Records between snapshots, where the engine dies: few enough that most of its starts read one. */
const snapshotRecords = [150, 600, 1500] as const;

interface BadMessage {
  readonly tail: string;
  readonly text: string;
}

const badMessages: readonly [BadMessage, ...BadMessage[]] = [
  { tail: 'in.visit', text: '{"kind":"visit","visit":{"id":"x"}}' },
  { tail: 'in.visit', text: 'not JSON at all' },
  { tail: 'in.limit', text: '{"kind":"limit","circuit":"no-such","limitA":1e999}' },
  { tail: 'in.limit', text: '{"kind":"limit","circuit":"grid","limitA":-5}' },
  {
    tail: 'in.uncontrolled-load',
    text: '{"kind":"uncontrolled-load","circuit":"grid","powerW":"NaN","sampledAt":0}',
  },
  { tail: 'in.site-meter', text: '[]' },
  { tail: 'in.unheard-of', text: '{}' },
  { tail: 'in.visit-cancelled', text: '{"__proto__":{"a":1}}' },
];

function drawLineEvents(
  prng: Prng,
  name: SwitchName,
  stations: readonly Station[],
  span: Span,
): readonly WorldEvent[] {
  const any = (): string => stations[prng.integer(0, stations.length - 1)]?.id ?? '';
  const times = prng.integer(1, Math.max(2, Math.round(stations.length / 3)));
  const cut = (stationId: string, at: { fromS: EpochS; untilS: EpochS }): WorldEvent => ({
    switch: name,
    kind: 'fault',
    fault: { kind: 'cut', stationId, ...at },
  });
  const kind: string = name;
  switch (kind) {
    case 'cut':
      return Array.from({ length: times }, () =>
        cut(any(), spanIn(prng, span, pick(prng, [120, 3600, 6 * 3600]))),
      );
    case 'partition': {
      const at = spanIn(prng, span, pick(prng, [300, 3600, 4 * 3600]));
      return stations.filter(() => prng.integer(0, 1) === 0).map(({ id }) => cut(id, at));
    }
    case 'half-open':
      return Array.from({ length: times }, () => ({
        switch: name,
        kind: 'half-open' as const,
        stationId: any(),
        at: momentIn(prng, span),
        stationSeesS: prng.integer(10, 900),
        engineSeesS: prng.integer(10, 900),
      }));
    case 'reconnect-storm':
      return Array.from({ length: prng.integer(1, 4) }, () => ({
        switch: name,
        kind: 'storm' as const,
        at: momentIn(prng, span),
      }));
    case 'reboot':
      return Array.from({ length: times }, () => ({
        switch: name,
        kind: 'fault' as const,
        fault: { kind: 'reboot' as const, stationId: any(), at: momentIn(prng, span) },
      }));
    default:
      return [];
  }
}

/** Lines that go down with the engine: nobody reads back what arrived just before it died. */
function drawOutage(
  prng: Prng,
  on: ReadonlySet<SwitchName>,
  stations: readonly Station[],
): { readonly cutStations: readonly string[]; readonly cutS: number } {
  if (!on.has('cut')) return { cutStations: [], cutS: 0 };
  const cutStations = stations.flatMap(({ id }) => (prng.integer(0, 1) === 0 ? [id] : []));
  return { cutStations, cutS: prng.integer(600, 2 * 3600) };
}

/** What a switch of the depot is drawn with. */
interface DrawnBy {
  readonly prng: Prng;
  readonly on: ReadonlySet<SwitchName>;
}

function drawDepotEvents(
  { prng, on }: DrawnBy,
  name: SwitchName,
  scenario: Scenario,
  span: Span,
): readonly WorldEvent[] {
  const kind: string = name;
  switch (kind) {
    case 'engine-crash':
    case 'journal-lost':
      return Array.from({ length: prng.integer(1, kind === 'engine-crash' ? 6 : 2) }, () => ({
        switch: name,
        ...(kind === 'engine-crash' ? {} : { losesJournal: true as const }),
        kind: 'crash' as const,
        record: prng.integer(2, crashRecordsPerStation * scenario.site.stations.length),
        when: pick(prng, ['before', 'after']),
        downS: prng.integer(1, 1800),
        ...drawOutage(prng, on, scenario.site.stations),
      }));
    case 'clock-jump': {
      const first = prng.integer(1, jumpMaxS) * pick(prng, [-1, 1]);
      return [first, -first].map((byS) => ({
        switch: name,
        kind: 'jump' as const,
        at: momentIn(prng, span),
        byS,
      }));
    }
    case 'dead-site-meter':
      return [{ switch: name, kind: 'dead-meter' as const, ...spanIn(prng, span, 6 * 3600) }];
    case 'bad-bus':
      return Array.from({ length: prng.integer(1, 12) }, () => ({
        switch: name,
        kind: 'bad-message' as const,
        at: momentIn(prng, span),
        ...pick(prng, badMessages),
      }));
    case 'limit-drop': {
      const circuits = scenario.site.circuits;
      return Array.from({ length: prng.integer(1, 2) }, () => {
        const circuit = circuits[prng.integer(0, circuits.length - 1)];
        const at = spanIn(prng, span, 2 * 3600);
        const limitA = amperes(Math.round((circuit?.limitA ?? 0) * (0.3 + 0.6 * prng.next())));
        const announcedAt = epochS(Math.max(span.startS + 60, at.fromS - prng.integer(0, 3600)));
        const fault = { kind: 'limit' as const, circuit: circuit?.id ?? 'grid', limitA, announcedAt, ...at };
        return { switch: name, kind: 'fault' as const, fault };
      });
    }
    default:
      return [];
  }
}

/** The site with circuits that carry what its floors need: an owner whose floors do not fit does not get to run it. */
function withRoom(site: Site): Site {
  let fitting = site;
  // Whether there are floors does not depend on their share of the room, and none of it is chosen from at once.
  const policy = { ...defaultPolicy, floorShare: 0 };
  for (let round = 0; round < 40 && !floorsOfSite(fitting, policy).ok; round++) {
    const circuits = fitting.circuits.map((circuit) => ({
      ...circuit,
      limitA: amperes(Math.ceil(circuit.limitA * 1.15)),
      ...(circuit.limitW === undefined ? {} : { limitW: watts(Math.ceil(circuit.limitW * 1.15)) }),
    }));
    fitting = { ...fitting, circuits };
  }
  return fitting;
}

/** Loads that one phase after the other carries up to two thirds of, and never less than a third at the most. */
function unevenLoads(prng: Prng, loads: Site['uncontrolled']): Site['uncontrolled'] {
  const share = (): number => prng.integer(34, 66) / 100;
  return loads.map((load) => ({ ...load, phaseShares: [share(), share(), share()] }));
}

/** What vehicles do otherwise than announced. */
function withLies(
  prng: Prng,
  on: ReadonlySet<SwitchName>,
  visits: readonly SimVisit[],
  span: Span,
): readonly SimVisit[] {
  const lying = prng.fork('lying');
  const going = prng.fork('going');
  const news = prng.fork('news');
  const away = prng.fork('away');
  return visits.flatMap((visit): readonly SimVisit[] => {
    if (on.has('no-show') && away.integer(0, 9) === 0)
      return [{ ...visit, arrivesAt: epochS(span.healS + 1e8), departsAt: epochS(span.healS + 1e8 + 1) }];
    let next = visit;
    if (on.has('lying-vehicle') && lying.integer(0, 3) === 0) {
      const energyWh = wattHours(Math.round(next.energyWh * (0.3 + 1.4 * lying.next())));
      next = { ...next, energyWh, ...(lying.integer(0, 1) === 0 ? { taperFrom: 0.8 } : {}) };
    }
    if (on.has('early-leave') && going.integer(0, 3) === 0) {
      const stayS = Math.round((next.departsAt - next.arrivesAt) * going.next());
      next = { ...next, departsAt: epochS(next.arrivesAt + Math.max(60, stayS)) };
    }
    if (on.has('late-news') && news.integer(0, 2) === 0) {
      next = { ...next, announcedAt: epochS(next.arrivesAt + news.integer(-1800, 1800)) };
    }
    return [next];
  });
}

/**
 * Seconds between meter samples, as stations are set in the field; most nights take the longest, in which a charger that
 * breaks its word is found out latest.
 */
function drawSampleS(prng: Prng): number {
  return prng.integer(0, 23) === 0 ? 60 : pick(prng, [300, 900, 900]);
}

/** The world of a seed. */
export function worldPlanOf(choice: WorldChoice): WorldPlan {
  const { seed, hours } = choice;
  const prng = prngOf(seed);
  const on = swarm(seed, choice.allowed ?? usualSwitches(seed));
  const depot = drawDepot(prng.fork('depot'), choice.connectors);
  const { startS } = depot;
  const endS = epochS(startS + Math.round(hours * 3600));
  const healS = epochS(Math.max(startS + 1800, endS - calmS));
  const span: Span = { startS, healS };
  const cast = drawPersonas(prng.fork('personas'), on, depot.site.stations, span);
  const uncontrolled = on.has('uneven-building')
    ? unevenLoads(prng.fork('uneven'), depot.site.uncontrolled)
    : depot.site.uncontrolled;
  const site = withRoom({ ...depot.site, stations: cast.stations, uncontrolled });
  const lied = withLies(prng.fork('lies'), on, drawVisits(prng.fork('visits'), site, { startS, endS }), span);
  const visits = on.has('visit-changes')
    ? withCorrections(prng.fork('corrections'), lied, { site, healS })
    : lied;
  const bill = drawBill(prng.fork('bill'), site.timeZone, depot.clock);
  const siteMeterS = pick(prng.fork('site-meter'), [300, 900, 900]);
  const scenario: Scenario = {
    id: 'seeded',
    title: `World ${seed}`,
    description: '',
    seed,
    startS,
    endS,
    site,
    behaviours: depot.behaviours,
    buildings: [{ circuit: 'grid', noise: 0.1, meterIntervalS: siteMeterS }],
    visits,
    tariff: {},
    policy: {},
    faults: [],
    expect: { violations: 0, shortVisits: [], fenced: [], seen: [] },
  };
  const network = drawNetwork(prng.fork('network'), on, site.stations);
  const drawn = switchNames
    .filter((name) => on.has(name))
    .flatMap((name) => [
      ...drawLineEvents(prng.fork(`line/${name}`), name, site.stations, span),
      ...drawDepotEvents({ prng: prng.fork(`depot/${name}`), on }, name, scenario, span),
      ...drawLaterEvents(name, {
        prng: prng.fork(`later/${name}`),
        site,
        span,
        bill,
        recordsMax: crashRecordsPerStation * site.stations.length,
      }),
    ]);
  const events = [...cast.events, ...drawn];
  const dropped = new Set(choice.dropped ?? []);
  const policyDraw = prng.fork('policy');
  const link = drawLink(network, on, hours);
  return {
    seed,
    on: [...on],
    scenario,
    policy: {
      ...defaultPolicy,
      sampleIntervalS: seconds(drawSampleS(policyDraw)),
      leaseMaxS: seconds(pick(policyDraw, [900, 3600, 4 * 3600, 8 * 3600])),
      heartbeatIntervalS: seconds(3600),
      lateS: seconds(link.lateS),
      repeatS: seconds(link.repeatS),
      clockSkewS: seconds(link.clockSkewS),
    },
    network,
    bus: drawBus(prng.fork('bus'), on),
    events: events.filter((_, i) => !dropped.has(i)),
    link,
    rogues: cast.rogues,
    siteMeterS,
    ...(bill === undefined ? {} : { bill }),
    healS,
    // An engine that starts again reads a snapshot and what came after it, as one that has run for weeks does.
    ...(on.has('engine-crash') || on.has('journal-lost')
      ? { snapshotRecords: pick(prng.fork('snapshot'), snapshotRecords) }
      : {}),
  };
}
