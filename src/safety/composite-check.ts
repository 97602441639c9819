/** What a reported composite schedule says about the states held possible. @module */
import type { Site, Station } from '#domain/site';
import { valueAt, type StepFunction } from '#domain/step-function';
import { later, type EpochS } from '#domain/units';
import { limitOf } from '#ocpp/composite';
import type { CommandAnswer } from '#ocpp/station-message';
import type { Belief, Candidate } from './belief.ts';
import { beliefOf, learn, stationOf, type Ledger } from './ledger.ts';

/** What a reported composite says about the states held possible. */
export type CompositeVerdict = 'confirmed' | 'contradicted' | 'says-nothing';

/** A reported composite. */
export interface ReportedComposite {
  readonly stationId: string;
  readonly at: EpochS;
  readonly answer: Extract<CommandAnswer, { kind: 'composite' }>;
}

/** Differences of limits below this are rounding of the station, in its unit. */
export const compositeTolerance = 0.11;
/** Least limit that stands for no limit: what stations write where nothing is installed. */
const unlimitedW = 500_000;
const unlimitedA = 500;

/**
 * The ledger after a reported composite. States that would report another one go; where no state would report it all
 * stay, and the station is doubted: its plan may be gone. Of a station that nothing is known of, the lowest limit is noted.
 * Reports in the other unit, empty or negative ones say nothing.
 */
export function learnComposite(
  site: Site,
  ledger: Ledger,
  reported: ReportedComposite,
): { readonly ledger: Ledger; readonly verdict: CompositeVerdict } {
  const { stationId, at } = reported;
  const station = stationOf(site, stationId);
  const belief = beliefOf(ledger, stationId);
  const seen = sampled(station, reported);
  if (seen === undefined) return { ledger, verdict: 'says-nothing' };
  if (belief.candidates.some(({ known }) => !known)) {
    const limit = seen.points.reduce((least, point) => Math.min(least, point.limit), Infinity);
    const least = { limit, unit: station.capability.rateUnit };
    const fact = { kind: 'limit-reported', stationId, at, evseId: seen.evseId, reported: least } as const;
    return { ledger: learn(site, ledger, fact), verdict: 'says-nothing' };
  }
  const matching = belief.candidates.filter((candidate) => explains(site, station, belief, candidate, seen));
  if (matching.length === 0) {
    return { ledger: learn(site, ledger, { kind: 'doubted', stationId, at }), verdict: 'contradicted' };
  }
  if (matching.length === belief.candidates.length) return { ledger, verdict: 'confirmed' };
  return {
    ledger: learn(site, ledger, { kind: 'narrowed', stationId, at, candidates: matching }),
    verdict: 'confirmed',
  };
}

interface Sampled {
  readonly evseId: number;
  readonly from: EpochS;
  readonly until: EpochS;
  /** Reported limits from their instants on. */
  readonly points: readonly { readonly at: EpochS; readonly limit: number }[];
}

function sampled(station: Station, { at, answer }: ReportedComposite): Sampled | undefined {
  const unit = station.capability.rateUnit;
  if (answer.periods.length === 0 || (answer.unit ?? unit) !== unit) return undefined;
  if (answer.periods.some(({ limit }) => limit < 0)) return undefined;
  const from = answer.startAt ?? at;
  const until = later(from, Math.max(1, answer.durationS ?? 1));
  const points = answer.periods.flatMap(({ startS, limit }) => {
    const start = Math.ceil(from + startS);
    return start < until ? [{ at: later(from, start - from), limit }] : [];
  });
  return points.length === 0 ? undefined : { evseId: answer.evseId, from, until, points };
}

/** Whether the state gives the reported limits, under a transaction that may run; without one where none is known. */
function explains(
  site: Site,
  station: Station,
  belief: Belief,
  candidate: Candidate,
  seen: Sampled,
): boolean {
  const running = belief.transactions.filter(({ evseId }) => evseId === seen.evseId);
  const evse = station.evses.find(({ id }) => id === seen.evseId);
  const unit = station.capability.rateUnit;
  const endless = unit === 'A' ? unlimitedA : unlimitedW;
  const isSame = (a: number, b: number): boolean =>
    Math.abs(a - b) <= compositeTolerance || Math.min(a, b) >= endless;
  const cases = running.length > 0 ? running.map((one) => [one]) : [[]];
  return cases.some((transactions) => {
    const f = limitOf({
      version: station.version,
      installed: candidate.installed,
      transactions,
      evseId: seen.evseId,
      from: seen.from,
      until: seen.until,
      electrical: { voltage: site.voltage, phases: evse?.rotation.length ?? 3 },
      unit,
    });
    const reported: StepFunction = {
      startS: seen.points.map(({ at }) => at),
      value: seen.points.map(({ limit }) => limit),
    };
    return instantsOf(f, reported, seen).every((at) => isSame(valueAt(f, at), valueAt(reported, at)));
  });
}

/** Every instant of the report at which one of the two changes, but not within a second of a change of the other. */
function instantsOf(f: StepFunction, reported: StepFunction, seen: Sampled): readonly EpochS[] {
  const changes = [...f.startS, ...reported.startS].filter((at) => at > seen.from && at < seen.until);
  const calm = (at: EpochS): boolean => changes.every((change) => Math.abs(change - at) > settleS);
  return [seen.from, ...changes.map((at) => later(at, settleS + 1))].filter(
    (at) => at < seen.until && (at === seen.from || calm(at)),
  );
}

/** Reported changes may be off by rounding to whole seconds. */
const settleS = 2;
