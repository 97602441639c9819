/** A world told in sentences, shortest first, for whoever has to understand why it failed. @module */
import { isoOf } from '#domain/instant';
import type { EpochS } from '#domain/units';
import type { FaultSpan } from '../scenario-cast.ts';
import type { Breach } from './rule.ts';
import type { WorldEvent, WorldPlan } from './world-plan.ts';

function clockTime(at: EpochS): string {
  return isoOf(at).slice(11, 19);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function faultSentence(fault: FaultSpan): string {
  switch (fault.kind) {
    case 'cut':
      return `${clockTime(fault.fromS)} ${fault.stationId} is cut off until ${clockTime(fault.untilS)}.`;
    case 'reboot':
      return `${clockTime(fault.at)} ${fault.stationId} restarts.`;
    case 'persona':
      return `${clockTime(fault.fromS)} ${fault.stationId} turns into one that ${fault.persona.replaceAll('-', ' ')}.`;
    case 'engine-crash':
      return `${clockTime(fault.fromS)} the engine is down until ${clockTime(fault.untilS)}.`;
    case 'limit':
      return `${clockTime(fault.fromS)} ${fault.circuit} may carry ${fault.limitA ?? fault.limitW ?? 0} until ${clockTime(fault.untilS)}; this is said at ${clockTime(fault.announcedAt)}.`;
  }
}

function crashSentence(crash: Extract<WorldEvent, { kind: 'crash' }>): string {
  const { when, record, effects, fullS, oldSite, losesJournal, downS, cutStations, cutS } = crash;
  const parts = [
    `The engine dies ${when} journal record ${record}`,
    ...(effects === undefined ? [] : [`${effects} messages have left`]),
    ...(fullS === undefined ? [] : [`its disk is full for ${fullS} s`]),
    ...(oldSite === true ? ['the next one is given an older site'] : []),
    ...(losesJournal === true ? ['its journal is lost'] : []),
  ];
  const cut =
    cutStations.length === 0 ? '' : `; ${cutStations.join(', ')} are cut off with it, for ${cutS} s`;
  return `${parts.join(', ')}${parts.length > 1 ? ',' : ''} and is down for ${downS} s${cut}.`;
}

function eventSentence(event: WorldEvent): string {
  switch (event.kind) {
    case 'fault':
      return faultSentence(event.fault);
    case 'half-open':
      return `${clockTime(event.at)} frames of ${event.stationId} vanish; it notices after ${event.stationSeesS} s, the engine after ${event.engineSeesS} s.`;
    case 'storm':
      return `${clockTime(event.at)} all connections break at once.`;
    case 'crash':
      return crashSentence(event);
    case 'jump':
      return `${clockTime(event.at)} the engine's clock moves by ${event.byS} s.`;
    case 'dead-meter':
      return `${clockTime(event.fromS)} the meters of the site fall silent until ${clockTime(event.untilS)}.`;
    case 'bad-message':
      return `${clockTime(event.at)} ${event.tail} carries ${event.text}.`;
    case 'other-site':
      return `${clockTime(event.at)} ${event.tail} of another site carries ${event.text}.`;
    case 'stall':
      return `${clockTime(event.fromS)} the engine stands still until ${clockTime(event.untilS)}.`;
    case 'solver':
      return `${clockTime(event.fromS)} the solver ${event.how === 'slow' ? `takes ${event.takesS} s` : event.how} until ${clockTime(event.untilS)}.`;
    case 'bus-lost':
      return `${clockTime(event.fromS)} nothing passes on the bus until ${clockTime(event.untilS)}; what is said to the engine ${event.inbound === 'waits' ? 'waits' : 'is lost and said again'}.`;
    case 'bus-rewound':
      return `${clockTime(event.at)} everything is said to the engine again.`;
    case 'tariff':
      return `${clockTime(event.at)} another tariff is in force.`;
  }
}

function networkSentences(plan: WorldPlan): readonly string[] {
  const { loss, cutShort, duplicate, delay, delayMaxS, reorder, slowReaders } = plan.network;
  const { late, lateMaxS, repeat, repeatMaxS } = plan.bus;
  return [
    ...(loss > 0 ? [`${percent(loss)} of the frames are lost.`] : []),
    ...(cutShort > 0 ? [`${percent(cutShort)} of these arrive cut short.`] : []),
    ...(duplicate > 0 ? [`${percent(duplicate)} of the frames arrive twice.`] : []),
    ...(delay > 0 ? [`${percent(delay)} of the frames take up to ${delayMaxS} s.`] : []),
    ...(reorder ? ['Frames overtake each other.'] : []),
    ...(late > 0 ? [`${percent(late)} of what is said to the engine comes up to ${lateMaxS} s late.`] : []),
    ...(repeat > 0
      ? [`${percent(repeat)} of what is said to the engine comes again within ${repeatMaxS} s.`]
      : []),
    ...plan.scenario.visits.flatMap(({ announced, announcedAt, saidBefore }) =>
      saidBefore === undefined
        ? []
        : [`${clockTime(announcedAt)} what was said of ${announced.id} is put right.`],
    ),
    ...Object.entries(slowReaders).map(([id, s]) => `${id} takes ${s} s to read a frame.`),
  ];
}

/** The story of a world and of the rule that it broke. */
export function storyOf(plan: WorldPlan, breach: Breach | undefined): readonly string[] {
  const { site, startS, endS, visits } = plan.scenario;
  const evses = site.stations.reduce((sum, station) => sum + station.evses.length, 0);
  return [
    `A depot of ${evses} connectors from ${isoOf(startS)} to ${isoOf(endS)} with ${visits.length} visits.`,
    ...networkSentences(plan),
    ...plan.events.map(eventSentence),
    ...(breach === undefined
      ? []
      : [`${clockTime(breach.at)} ${breach.rule} does not hold: ${breach.text}.`]),
  ];
}
