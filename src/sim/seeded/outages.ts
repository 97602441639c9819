/**
 * What faults of a night take from any engine: times in which a station could not be steered, and the part of a quarter
 * hour that a change of plan costs. Read from what was drawn and what stations saw; it knows no belief and no plan.
 * @module
 */
import type { EpochS } from '#domain/units';
import type { CommsSpan } from '../night-result.ts';
import { heardAt } from './rough-bus.ts';
import type { Death } from './rule.ts';
import type { WorldPlan } from './world-plan.ts';

/** A part of the night, half open. */
interface Span {
  readonly fromS: number;
  readonly untilS: number;
}

/** Time in which the engine finds out what a station holds that is back, and plans for it anew: its longest pause. */
const settleS = 300;
/** The same where frames are lost: seven calls in a row that nobody answers, with their pauses. */
const lossSettleS = 600;
/** What lost frames cost a change of plan, beyond what it costs in any case. */
const lossSwapS = 120;
/** Part of a change of plan that is in the usual margin. */
const freeSwapS = 60;
const quarterS = 900;
/** Calls with which an engine without a journal finds out what a station holds and brings it to its floors. */
const askingCalls = 8;
/** Frames that slow readers may have to read before the one that matters. */
const framesAhead = 4;

/** What the faults of a night take. */
export interface Outages {
  /** Whether a station could not be steered at some instant of a span. */
  readonly isOut: (stationId: string, span: Span) => boolean;
  /** Whether in a span a process loses what it knows of vehicles, or is put right about one: all counts anew from then on. */
  readonly isForgotten: (span: Span) => boolean;
  /** Part of a quarter hour for which a plan holds that is made for it, 0 to 1. */
  readonly swapShare: number;
  /** Time beyond the usual in which it is heard that a vehicle is there. */
  readonly meetS: number;
  /** Time after a limit has risen until it is used. */
  readonly settleS: number;
}

/** The outages of a night from what was drawn, the spans without a connection and the deaths of the engine. */
export function outagesOf(
  plan: WorldPlan,
  comms: readonly CommsSpan[],
  deaths: readonly Death[],
  endS: EpochS,
): Outages {
  const { network, policy, scenario } = plan;
  const slowestS = Math.max(0, ...Object.values(network.slowReaders));
  const roundTripS = 2 * network.delayMaxS + framesAhead * slowestS;
  const isLossy = network.loss > 0;
  const backS = settleS + (isLossy ? lossSettleS : 0) + 4 * roundTripS;
  const knownS = policy.lateS + askingCalls * roundTripS + backS;
  const site: readonly Span[] = [
    ...deaths.map(({ fromS, untilS = endS, losesJournal }) => ({
      fromS,
      untilS: untilS + (losesJournal ? knownS : backS),
    })),
    // A process that stands still, makes no plan or hears nothing is as good as none.
    ...plan.events.flatMap((event) =>
      event.kind === 'stall' || event.kind === 'solver' || event.kind === 'bus-lost'
        ? [{ fromS: event.fromS, untilS: event.untilS + backS }]
        : [],
    ),
  ];
  /** When the engine forgets what vehicles have, or is told that it was wrong about one. */
  const anew = [
    ...deaths.flatMap(({ fromS, losesJournal }) => (losesJournal ? [fromS] : [])),
    ...scenario.visits.flatMap(({ saidBefore, announcedAt }) =>
      saidBefore === undefined ? [] : [heardAt(plan, announcedAt)],
    ),
  ];
  const byStation = new Map<string, Span[]>();
  const add = (stationId: string, fromS: number, untilS: number): void => {
    const spans = byStation.get(stationId) ?? [];
    spans.push({ fromS, untilS: untilS + backS });
    byStation.set(stationId, spans);
  };
  for (const { stationId, fromS, untilS } of comms) add(stationId, fromS, untilS);
  for (const event of plan.events) {
    if (event.kind !== 'half-open') continue;
    add(event.stationId, event.at, event.at + Math.max(event.stationSeesS, event.engineSeesS));
  }
  const reactionS = Math.max(...scenario.site.stations.map(({ capability }) => capability.reactionS));
  const swapS =
    reactionS +
    policy.raiseMarginS +
    2 * policy.clockSkewS +
    policy.repeatS +
    2 * roundTripS +
    (isLossy ? lossSwapS : 0);
  const touches = (span: Span, { fromS, untilS }: Span): boolean =>
    fromS < span.untilS && span.fromS < untilS;
  return {
    isOut: (stationId, span) =>
      site.some((out) => touches(span, out)) ||
      (byStation.get(stationId) ?? []).some((out) => touches(span, out)),
    isForgotten: ({ fromS, untilS }) => anew.some((at) => fromS <= at && at < untilS),
    swapShare: Math.max(0, 1 - Math.max(0, swapS - freeSwapS) / quarterS),
    meetS: (isLossy ? lossSettleS / 2 : 0) + 3 * roundTripS,
    settleS: backS,
  };
}
