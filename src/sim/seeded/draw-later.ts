/** What the later switches of a seed bring: engine, disk, solver, bus, tariff and visits that change. @module */
import type { Prng } from '#domain/prng';
import type { Site } from '#domain/site';
import { epochS, wattHours, type EpochS } from '#domain/units';
import type { Visit } from '#domain/visit';
import type { SimVisit } from '../scenario-cast.ts';
import { pick } from './draw-depot.ts';
import { momentIn, spanIn, type Span } from './draw-span.ts';
import { solveGivenUpS } from './faulty-solver.ts';
import type { BillPlan, BusRates, SwitchName, WorldEvent } from './world-plan.ts';

/** What the other site on the same bus is called. */
export const otherSiteId = 'seeded-2';
/** A load that only the other site has, W. */
export const otherSiteW = 1.25;

const otherMessages: readonly [OtherMessage, ...OtherMessage[]] = [
  { tail: 'in.limit', event: { kind: 'limit', circuit: 'grid', limitA: 99_999 } },
  { tail: 'in.limit', event: { kind: 'limit', circuit: 'board-1', limitA: 0 } },
  {
    tail: 'in.uncontrolled-load',
    event: { kind: 'uncontrolled-load', circuit: 'grid', powerW: otherSiteW, sampledAt: 4e9 },
  },
];

interface OtherMessage {
  readonly tail: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** What a draw of later faults looks at. */
export interface LaterDraw {
  readonly prng: Prng;
  readonly site: Site;
  readonly span: Span;
  readonly bill: BillPlan | undefined;
  /** Records of the journal among which the engine dies. */
  readonly recordsMax: number;
}

function drawCrash(name: SwitchName, { prng, span, recordsMax }: LaterDraw): WorldEvent {
  const crash = {
    switch: name,
    kind: 'crash' as const,
    record: prng.integer(2, recordsMax),
    downS: prng.integer(1, 600),
    cutStations: [],
    cutS: 0,
  };
  const longestS = Math.min(2 * 3600, span.healS - span.startS);
  const kind: string = name;
  switch (kind) {
    case 'disk-full':
      return { ...crash, when: 'before', fullS: prng.integer(60, longestS), downS: prng.integer(120, 600) };
    case 'old-site':
      return { ...crash, when: 'after', oldSite: true };
    default:
      return { ...crash, when: 'amid', effects: prng.integer(0, 5) };
  }
}

function drawSolver(
  name: SwitchName,
  how: Extract<WorldEvent, { kind: 'solver' }>['how'],
  { prng, span }: LaterDraw,
): WorldEvent {
  const takesS = pick(prng, [5, 30, 90, solveGivenUpS]);
  return { switch: name, kind: 'solver', how, takesS, ...spanIn(prng, span, pick(prng, [1800, 4 * 3600])) };
}

/** Another price for the same lines and windows; where there was no tariff, one. */
function drawTariff({ prng, site, bill }: LaterDraw): Readonly<Record<string, unknown>> {
  const price = prng.integer(1, 40) / 100;
  if (bill !== undefined) {
    const text = JSON.stringify(bill.tariff)
      .replace('"price":0.2', `"price":${price}`)
      .replace('"price":12', `"price":${prng.integer(0, 30)}`);
    return JSON.parse(text) as Record<string, unknown>;
  }
  return {
    schema: 'voltherd-tariff/1',
    id: 'late',
    name: 'Late',
    currency: 'EUR',
    timezone: site.timeZone,
    source: { title: 'drawn from a seed', date: '2026-01-01' },
    lines: [{ kind: 'energy', id: 'energy', windows: [{ id: 'all', when: 'always', price }] }],
  };
}

/** The events of a later switch. */
export function drawLaterEvents(name: SwitchName, draw: LaterDraw): readonly WorldEvent[] {
  const { prng, span } = draw;
  const some = <T>(most: number, one: () => T): readonly T[] =>
    Array.from({ length: prng.integer(1, most) }, one);
  const kind: string = name;
  switch (kind) {
    case 'crash-amid':
    case 'disk-full':
    case 'old-site':
      return some(kind === 'crash-amid' ? 6 : 2, () => drawCrash(name, draw));
    case 'stall':
      return some(6, () => ({
        switch: name,
        kind: 'stall',
        ...spanIn(prng, span, pick(prng, [40, 300, 1800])),
      }));
    case 'solver-fails':
      return some(3, () => drawSolver(name, 'fails', draw));
    case 'solver-lies':
      return some(3, () => drawSolver(name, 'lies', draw));
    case 'solver-slow':
      return some(3, () => drawSolver(name, 'slow', draw));
    case 'bus-lost':
      return some(3, () => ({
        switch: name,
        kind: 'bus-lost',
        ...spanIn(prng, span, pick(prng, [60, 1800, 4 * 3600])),
        inbound: pick(prng, ['waits', 'said again'] as const),
      }));
    case 'bus-repeats':
      return some(2, () => ({ switch: name, kind: 'bus-rewound', at: momentIn(prng, span) }));
    case 'other-site':
      return some(6, () => {
        const { tail, event } = pick(prng, otherMessages);
        return {
          switch: name,
          kind: 'other-site',
          at: momentIn(prng, span),
          tail,
          text: JSON.stringify(event),
        };
      });
    case 'tariff-changes':
      return some(2, () => ({
        switch: name,
        kind: 'tariff',
        at: momentIn(prng, span),
        tariff: drawTariff(draw),
      }));
    default:
      return [];
  }
}

/** What a seed's bus does to messages. */
export function drawBus(prng: Prng, on: ReadonlySet<SwitchName>): BusRates {
  const repeats = on.has('bus-repeats');
  const late = on.has('bus-late');
  const [lateDraw, repeatDraw] = [prng.fork('late'), prng.fork('repeat')];
  return {
    late: late ? lateDraw.next() : 0,
    lateMaxS: late ? pick(lateDraw, [5, 60, 600]) : 0,
    repeat: repeats ? 0.5 * repeatDraw.next() : 0,
    repeatMaxS: repeats ? pick(repeatDraw, [1, 120, 4 * 3600]) : 0,
  };
}

/** Another departure, energy or place than the right one. */
function wrongly(prng: Prng, right: Visit, site: Site): Visit {
  const what = prng.integer(0, 2);
  if (what === 0) {
    const stayS = Math.round((right.departsAt - right.arrivesAt) * (0.3 + 1.5 * prng.next()));
    return { ...right, departsAt: epochS(right.arrivesAt + Math.max(600, stayS)) };
  }
  if (what === 1)
    return { ...right, energyWh: wattHours(Math.round(right.energyWh * (0.2 + 1.8 * prng.next()))) };
  const station = site.stations[prng.integer(0, site.stations.length - 1)];
  const evse = station?.evses[0];
  return station === undefined || evse === undefined
    ? right
    : { ...right, evse: { stationId: station.id, evseId: evse.id } };
}

/** Visits of which something else is said before: it is put right before or after the vehicle has come. */
export function withCorrections(
  prng: Prng,
  visits: readonly SimVisit[],
  { site, healS }: { readonly site: Site; readonly healS: EpochS },
): readonly SimVisit[] {
  return visits.map((visit) => {
    const at = visit.announcedAt;
    const untilS = Math.min(visit.departsAt, visit.announced.departsAt, healS) - 300;
    const rightAt = epochS(prng.integer(at + 60, Math.max(at + 60, untilS)));
    const wrong = wrongly(prng, visit.announced, site);
    const isOne = prng.integer(0, 2) === 0 && rightAt < untilS;
    return isOne ? { ...visit, saidBefore: { at, visit: wrong }, announcedAt: rightAt } : visit;
  });
}
