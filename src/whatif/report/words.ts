/** The headline facts of a night, in words. @module */
import type { Phase } from '#domain/site';
import { moneyText, numberText } from './axis.ts';
import { fencedKeys } from './connector-chart.ts';
import type { ReportInput } from './report-input.ts';

/** One tile at the head of the report. */
export interface Fact {
  readonly tone: 'good' | 'bad' | 'plain';
  readonly value: string;
  readonly text: string;
}

/** L1, L2 or L3. */
export function phaseName(phase: Phase): string {
  return `L${phase + 1}`;
}

function limitFact(input: ReportInput): Fact {
  const { violations, peaks, circuits } = input.night;
  if (violations.length > 0) {
    const names = [...new Set(violations.map((violation) => violation.circuit))].join(', ');
    return { tone: 'bad', value: `${violations.length} times`, text: `over a circuit limit: ${names}` };
  }
  const nearest = peaks.reduce(
    (a, b) => (b.marginA / b.limitA < a.marginA / a.limitA ? b : a),
    peaks[0] ?? { circuit: '', marginA: 0, limitA: 1 },
  );
  return {
    tone: 'good',
    value: 'never',
    text: `over a limit on any phase of ${circuits.length} circuits; closest was ${nearest.circuit} with ${numberText(nearest.marginA, 1)} A to spare`,
  };
}

function departureFact(input: ReportInput): Fact {
  const { visits } = input.night;
  const short = visits.filter((visit) => visit.outcome === 'short');
  const impossible = short.filter((visit) => visit.reachableWh < visit.neededWh);
  const met = visits.length - short.length;
  const names = short
    .map((visit) => `${visit.visitId} ${numberText(visit.missingWh / 1000, 1)} kWh`)
    .join(', ');
  return {
    tone: short.length === impossible.length ? 'good' : 'bad',
    value: `${met} of ${visits.length}`,
    text:
      short.length === 0
        ? 'visits left full'
        : `visits left full; short by name: ${names}${short.length === impossible.length ? ', which nobody could have met' : ''}`,
  };
}

function faultFact(input: ReportInput): Fact {
  const { engineDown, scenario } = input.night;
  // The power-off after the end of the night is no event.
  const comms = input.night.comms.filter((span) => span.fromS < scenario.endS);
  const cut = new Set(comms.filter((span) => span.cause === 'cut').map((span) => span.stationId)).size;
  const reboots = comms.filter((span) => span.cause === 'reboot').length;
  const caught = [...fencedKeys(input)];
  const parts = [
    ...(cut > 0 ? [`${cut} stations cut off`] : []),
    ...(reboots > 0 ? [`${reboots} rebooted`] : []),
    ...(engineDown.length > 0
      ? [`engine dead ${engineDown.length === 1 ? 'once' : `${engineDown.length} times`}`]
      : []),
  ];
  return {
    tone: 'plain',
    value: `${caught.length} caught`,
    text: `${caught.length > 0 ? `drawing above its limit: ${caught.join(', ')}; ` : ''}${parts.join(', ') || 'no fault in the script'}`,
  };
}

function moneyFact(input: ReportInput): Fact {
  const { policies, currency } = input.comparison;
  const total = (name: string): number => policies.find((one) => one.policy === name)?.bill.total ?? 0;
  const saved = total('unmanaged') - total('optimised');
  return {
    tone: saved >= 0 ? 'good' : 'bad',
    value: moneyText(saved, currency),
    text: `below unmanaged charging, ${moneyText(total('first-come') - total('optimised'), currency)} below first come, first served, in this one billing period`,
  };
}

/** The tiles at the head: limit, departures, faults, money. */
export function factsOf(input: ReportInput): readonly Fact[] {
  return [limitFact(input), departureFact(input), faultFact(input), moneyFact(input)];
}
