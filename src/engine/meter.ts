/** Meter samples: energy of visits, and the witness that holds draw against limit. @module */
import { evseKey, type Evse, type EvseRef, type Station } from '#domain/site';
import { maxOver } from '#domain/step-function';
import { epochS, later, watts, type EpochS, wattHours } from '#domain/units';
import type { MeterSample } from '#ocpp/station-message';
import { learn } from '#safety/ledger';
import { observeMeter, type Verdict } from '#witness/witness';
import { noteNotApplied } from './capability.ts';
import { noteDraw } from './asleep.ts';
import {
  clearAlarm,
  evseState,
  flagged,
  inTurn,
  publish,
  raiseAlarm,
  staleBy,
  withEvse,
  type Change,
} from './change.ts';
import { silentSpanS } from './due.ts';
import { noteStamp, ourTimeOf } from './clock.ts';
import { floorPowerOf, heldPowerOf } from './fleet.ts';
import { withVehicleEnergy } from './metering.ts';
import { siteStation } from './places.ts';
import { noteRegister } from './register.ts';
import { evseStateWith, stateWith, type State } from './state.ts';
import { onNamed, onUpdated } from './transactions.ts';

/** Samples in a row inside the limit, and near it, that clear a charger. */
const clearSamples = 3;
/** A sample is a test of the limit when the draw is at least this part of it. */
const testShare = 0.5;

/** The power that a sample states, W; from the currents where there is no power. */
function powerOf(state: State, sample: MeterSample): number | undefined {
  if (sample.powerW !== undefined) return sample.powerW;
  if (sample.currentA === undefined) return undefined;
  return sample.currentA.reduce((a, b) => a + b, 0) * state.site.voltage;
}

/** The station and EVSE of a reference; undefined for one that the site does not have. */
function placeOf(state: State, ref: EvseRef): { readonly station: Station; readonly evse: Evse } | undefined {
  const station = siteStation(state.site, ref.stationId);
  const evse = station?.evses.find((e) => e.id === ref.evseId);
  return station === undefined || evse === undefined ? undefined : { station, evse };
}

/** What follows from a verdict on a meter. */
function act(state: State, ref: EvseRef, verdict: Verdict): Change {
  const said = publish('verdict', verdict);
  if (verdict.kind !== 'over-limit') return [state, [said]];
  const ledger = learn(state.site, state.ledger, {
    kind: 'not-compliant',
    stationId: ref.stationId,
    at: state.now,
    evseId: ref.evseId,
  });
  const evse = evseState(state, ref);
  const fenced =
    evse === undefined
      ? state
      : withEvse(state, ref, { ...evse, fence: { step: 'lower', since: state.now } });
  const learnt = noteNotApplied(fenced, ref.stationId);
  const [alarmed, effects] = raiseAlarm(staleBy({ ...learnt, ledger, restless: true }, 'not-compliant'), {
    kind: 'not-compliant',
    key: verdict.key,
    facts: { evidence: verdict.evidence },
  });
  return [alarmed, [said, ...effects]];
}

/** Clears a caught charger after samples that were near its limit and never above. */
function clearProven(state: State, ref: EvseRef): Change {
  const key = evseKey(ref);
  const belief = state.ledger.beliefs.get(ref.stationId);
  const watched = state.witness.watched[key];
  if (belief?.notCompliant.includes(ref.evseId) !== true || watched === undefined || watched.caught)
    return [state, []];
  const recent = watched.recent.slice(-clearSamples);
  const isTest = recent.every(
    (r) => r.boundW > 0 && r.powerW >= testShare * r.boundW && r.powerW <= r.boundW + r.toleranceW,
  );
  if (recent.length < clearSamples || !isTest) return [state, []];
  const ledger = learn(state.site, state.ledger, {
    kind: 'cleared',
    stationId: ref.stationId,
    at: state.now,
    evseId: ref.evseId,
  });
  const evse = evseState(state, ref);
  const { fence: _, ...free } = evse ?? { status: 'Occupied' as const };
  const freed = withEvse({ ...state, ledger, restless: true }, ref, free);
  return clearAlarm(staleBy(freed, 'not-compliant'), 'not-compliant', key);
}

/**
 * The highest power that an EVSE may draw at an instant: by every profile set that it may hold, or, once it has been
 * caught and the ledger counts on nothing, by what it was last told.
 */
function boundOf(
  state: State,
  ref: EvseRef,
  place: { readonly station: Station; readonly evse: Evse },
  at: EpochS,
): number {
  const { station, evse } = place;
  const isCaught = state.ledger.beliefs.get(ref.stationId)?.notCompliant.includes(ref.evseId) === true;
  if (!isCaught) return maxOver(heldPowerOf(state, station, evse), at, later(at, 1));
  const { reactionS } = station.capability;
  const told = state.wanted[evseKey(ref)];
  const perUnit = station.current === 'AC' ? state.site.voltage * evse.rotation.length : 1;
  const toldW = told === undefined ? 0 : maxOver(told.limit, epochS(at - reactionS), later(at, 1)) * perUnit;
  return Math.max(floorPowerOf(state, station, evse), toldW);
}

/** Shows the witness a reading that is young enough to speak of now. */
function witness(state: State, ref: EvseRef, reading: { powerW: number; sampledAt: EpochS }): Change {
  const place = placeOf(state, ref);
  const { sampleIntervalS, meterTolerance, meterToleranceW } = state.policy;
  if (place === undefined || reading.sampledAt < state.now - 2 * sampleIntervalS) return [state, []];
  // What the charger might hold before the last change of the belief is remembered for the reaction time only.
  const knownFrom =
    (state.ledger.beliefs.get(ref.stationId)?.changedAt ?? 0) - place.station.capability.reactionS;
  if (reading.sampledAt < knownFrom) return [state, []];
  const at = epochS(Math.min(reading.sampledAt, state.now));
  const boundW = boundOf(state, ref, place, at);
  const finding = observeMeter(state.witness, {
    key: evseKey(ref),
    at: state.now,
    ...reading,
    boundW,
    toleranceW: boundW * meterTolerance + meterToleranceW,
  });
  return inTurn(stateWith(state, { witness: finding.state }), [
    ...finding.verdicts.map((verdict) => (s: State) => act(s, ref, verdict)),
    (s) => clearProven(s, ref),
  ]);
}

/** Takes one sample. */
export function onMeter(state: State, stationId: string, sample: MeterSample): Change {
  const ref = { stationId, evseId: sample.evseId };
  if (evseState(state, ref) === undefined) return [state, []];
  return inTurn(state, [
    (s) => noteStamp(s, stationId, sample.sampledAt),
    (s) => (sample.transactionId === undefined ? [s, []] : noteRunning(s, ref, sample.transactionId, sample)),
    (s) => noteReadings(s, ref, sample),
  ]);
}

/** A sample names a transaction: it runs. */
function noteRunning(state: State, ref: EvseRef, transactionId: string, sample: MeterSample): Change {
  return onUpdated(onNamed(state, ref, transactionId), ref.stationId, {
    evseId: ref.evseId,
    transactionId,
    at: ourTimeOf(state, ref.stationId, sample.sampledAt),
    ...(sample.registerWh === undefined ? {} : { registerWh: wattHours(sample.registerWh) }),
  });
}

/** Takes power and register of a sample; one that is older than the latest says nothing new. */
function noteReadings(state: State, ref: EvseRef, sample: MeterSample): Change {
  const evse = evseState(state, ref);
  const place = placeOf(state, ref);
  const sampledAt = ourTimeOf(state, ref.stationId, sample.sampledAt);
  if (evse === undefined || place === undefined || sampledAt < (evse.sampledAt ?? 0)) return [state, []];
  const powerW = powerOf(state, sample);
  const isPower = powerW !== undefined && Number.isFinite(powerW);
  const { registerWh } = sample;
  const isMine = sample.transactionId === undefined || sample.transactionId === evse.transaction?.id;
  const isRegister = registerWh !== undefined && Number.isFinite(registerWh) && registerWh >= 0 && isMine;
  // The same reading once more, or one from a queue, does not say that the meter speaks.
  const isWord = later(sampledAt, silentSpanS(state.policy)) > state.now;
  const seen = evseStateWith(evse, {
    sampledAt,
    isUnheard: undefined,
    powerW: isPower ? watts(powerW) : evse.powerW,
  });
  const metered = isMine
    ? withVehicleEnergy(state, evse, {
        ...(isRegister ? { registerWh } : {}),
        ...(isPower ? { powerW } : {}),
        atS: sampledAt,
        maxW: place.evse.maxW,
      })
    : state;
  return inTurn(withEvse(metered, ref, seen), [
    (s) => (isWord ? flagged(s, { kind: 'meter-silent', key: evseKey(ref), isUp: false }) : [s, []]),
    (s) => (isRegister ? noteRegister(s, ref, place.evse, { wh: registerWh, at: sampledAt }) : [s, []]),
    (s) => (isPower ? witness(s, ref, { powerW, sampledAt }) : [s, []]),
    (s) => (isPower && isMine ? noteDraw(s, ref, place, powerW) : [s, []]),
  ]);
}
