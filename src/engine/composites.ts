/** Reported composite schedules: whether they are of the standard's form, and whether they say what is held. @module */
import { evseKey } from '#domain/site';
import { combine, constant, stepFunctionOf } from '#domain/step-function';
import { later } from '#domain/units';
import type { AnswerOutcome } from '#dispatch/turn';
import type { CommandAnswer } from '#ocpp/station-message';
import { observeReadBack } from '#witness/witness';
import { flagged, publish, stationState, type Change } from './change.ts';
import { clockSkewOf } from './clock-skew.ts';
import { heldLimitOf } from './fleet.ts';
import { siteStation } from './places.ts';
import type { State } from './state.ts';

/** Breaches with which a composite no longer says what is installed. */
const senseless: readonly string[] = ['first-start', 'fraction-of-a-second', 'order', 'beyond-its-end'];

/** An answer from which something may be concluded: of a composite without sense nothing is. */
export function usable(answer: CommandAnswer): CommandAnswer {
  const isSenseless =
    answer.kind === 'composite' && answer.breaches?.some((breach) => senseless.includes(breach)) === true;
  return isSenseless ? { ...answer, periods: [] } : answer;
}

/** Seconds by which a composite may begin before or after we hear of it. */
const startOffMaxS = 5;

/** Says once that the composites of an EVSE are not of the standard's form, and once that they are. */
export function judgeForm(state: State, stationId: string, answer: CommandAnswer): Change {
  if (answer.kind !== 'composite') return [state, []];
  const { startAt = state.now, breaches = [] } = answer;
  const isOff = Math.abs(startAt - state.now) > startOffMaxS + clockSkewOf(clockOffsetOf(state, stationId));
  const all = [...breaches, ...(isOff ? ['start-off'] : [])];
  return flagged(state, {
    kind: 'composite-unreliable',
    key: evseKey({ stationId, evseId: answer.evseId }),
    isUp: all.length > 0,
    facts: { breaches: all },
  });
}

/** By how much a station's clock is ahead of ours. */
function clockOffsetOf(state: State, stationId: string): number {
  return stationState(state, stationId).clock?.offsetS ?? 0;
}

/** Holds a reported composite against what the station may hold. */
export function judgeComposite(
  state: State,
  stationId: string,
  answer: CommandAnswer,
  outcome: AnswerOutcome,
): Change {
  const station = siteStation(state.site, stationId);
  if (answer.kind !== 'composite' || station === undefined || outcome.verdict === undefined)
    return [state, []];
  const evse = station.evses.find((e) => e.id === answer.evseId);
  const { startAt = state.now, durationS = 0, periods } = answer;
  if (evse === undefined || periods.length === 0 || outcome.verdict === 'says-nothing') return [state, []];
  const expected = heldLimitOf(state, station, evse);
  const reported = stepFunctionOf(
    periods
      .toSorted((a, b) => a.startS - b.startS)
      .filter((p, i, all) => i === 0 || p.startS > (all[i - 1]?.startS ?? -1))
      .map((p) => [later(startAt, p.startS), p.limit] as const),
  );
  const finding = observeReadBack(state.witness, {
    key: evseKey({ stationId, evseId: evse.id }),
    at: state.now,
    until: later(startAt, durationS),
    expected: outcome.verdict === 'confirmed' ? reported : expected,
    reported: combine([reported, constant(0)], ([a = 0]) => a),
    tolerance: station.current === 'AC' ? 0.1 : 100,
  });
  return [{ ...state, witness: finding.state }, finding.verdicts.map((v) => publish('verdict', v))];
}
