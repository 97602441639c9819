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

function eventSentence(event: WorldEvent): string {
  switch (event.kind) {
    case 'fault':
      return faultSentence(event.fault);
    case 'half-open':
      return `${clockTime(event.at)} frames of ${event.stationId} vanish; it notices after ${event.stationSeesS} s, the engine after ${event.engineSeesS} s.`;
    case 'storm':
      return `${clockTime(event.at)} all connections break at once.`;
    case 'crash':
      return (
        `The engine dies ${event.when} journal record ${event.record}` +
        `${event.losesJournal === true ? ', its journal is lost,' : ''} and is down for ${event.downS} s` +
        (event.cutStations.length === 0
          ? '.'
          : `; ${event.cutStations.join(', ')} are cut off with it, for ${event.cutS} s.`)
      );
    case 'jump':
      return `${clockTime(event.at)} the engine's clock moves by ${event.byS} s.`;
    case 'dead-meter':
      return `${clockTime(event.fromS)} the meters of the site fall silent until ${clockTime(event.untilS)}.`;
    case 'bad-message':
      return `${clockTime(event.at)} ${event.tail} carries ${event.text}.`;
  }
}

function networkSentences(plan: WorldPlan): readonly string[] {
  const { loss, duplicate, delay, delayMaxS, reorder, slowReaders } = plan.network;
  return [
    ...(loss > 0 ? [`${percent(loss)} of the frames are lost.`] : []),
    ...(duplicate > 0 ? [`${percent(duplicate)} of the frames arrive twice.`] : []),
    ...(delay > 0 ? [`${percent(delay)} of the frames take up to ${delayMaxS} s.`] : []),
    ...(reorder ? ['Frames overtake each other.'] : []),
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
