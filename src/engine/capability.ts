/**
 * What stations are capable of: asked at the first contact, after a boot and after a change of firmware, kept per
 * vendor, model and firmware, and counted together with what they were seen to take and refuse. Nothing here ever makes
 * a station count with less than before: the limits that the ledger has learnt stand, and where a station disowns its
 * smart charging or its memory the ledger hears of it.
 * @module
 */
import { evseKey, type Site, type Station, type StationCapability } from '#domain/site';
import { seconds } from '#domain/units';
import { withFreshTries, withRequest } from '#dispatch/dispatch-state';
import { countedCapability, type CapabilityEvidence } from '#ocpp/capability';
import { missingOf, readingOfFacts, type CapabilityReading } from '#ocpp/capability-reading';
import type { LostGuarantee } from '#ocpp/compile-layers';
import {
  keyOfMake,
  recordOf,
  refusesPurpose,
  withDeed,
  withNotApplied,
  withReading,
  type MakeBook,
  type MakeRecord,
  type StationMake,
} from '#ocpp/make-record';
import { obeysPurpose } from '#ocpp/obeyed';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { canonicalText } from '#safety/canonical';
import { learn } from '#safety/ledger';
import { isCaught } from '#witness/witness';
import {
  clearAlarm,
  inTurn,
  publish,
  raiseAlarm,
  sorted,
  staleBy,
  stationState,
  without,
  withStation,
  type Change,
} from './change.ts';
import { clockSkewOf } from './clock-skew.ts';
import { capabilityTriesMax } from './limits.ts';
import { siteStation } from './places.ts';
import type { CapabilityState, State } from './state.ts';

/** A site as it is counted on before any station has said a word. */
export function countedSite(site: Site): Site {
  return {
    ...site,
    stations: site.stations.map((station) => ({
      ...station,
      capability: countedCapability(station.current, station.capability, {}),
    })),
  };
}

const declaredMakes = new WeakMap<Station, StationMake>();

/** The make of a station as the site has it down. */
function declaredMake(station: Station): StationMake {
  const known = declaredMakes.get(station);
  if (known !== undefined) return known;
  const make = { vendor: station.vendor, model: station.model, firmware: '' };
  declaredMakes.set(station, make);
  return make;
}

/** The make of a station: as it told at its boot, else as the site has it down. */
function makeOf(state: State, station: Station): StationMake {
  return stationState(state, station.id).make ?? declaredMake(station);
}

/** What a station has said and what its make has done; another station's answer stands in for one not heard yet. */
function evidenceOf(state: State, station: Station): CapabilityEvidence {
  const record = recordOf(state.makes, makeOf(state, station));
  const { capability, clock } = stationState(state, station.id);
  const reading = capability.reading ?? record?.reading;
  const skewS = clockSkewOf(clock?.offsetS ?? 0);
  return {
    ...(skewS === 0 ? {} : { clockSkewS: seconds(skewS) }),
    ...(reading === undefined ? {} : { reading }),
    ...(record === undefined ? {} : { record }),
  };
}

/** The forms in which a station is written to, by what its make has taken and refused. */
interface Forms {
  /** What they were worked out from, beside the station. */
  readonly makes: MakeBook;
  readonly make: StationMake | undefined;
  readonly record: MakeRecord | undefined;
  readonly plan: PlanForm;
  readonly takesCap: boolean;
}

const formsOfStation = new WeakMap<Station, Forms>();

function formsOf(state: State, station: Station): Forms {
  const { makes } = state;
  const { make } = stationState(state, station.id);
  const known = formsOfStation.get(station);
  if (known !== undefined && known.makes === makes && known.make === make) return known;
  const record = recordOf(makes, makeOf(state, station));
  const isSame = known !== undefined && known.record === record;
  const plan = isSame ? known.plan : freshPlanForm(station, record);
  const forms: Forms = { makes, make, record, plan, takesCap: takesCap(station, record) };
  formsOfStation.set(station, forms);
  return forms;
}

/**
 * Whether a station is sent a cap of all its EVSEs: not where it does not obey such profiles or its make refuses them, nor
 * where it would take the place of a plan. The cap is a second fence only, unless the station is declared to share it.
 */
export function takesStationCap(state: State, station: Station): boolean {
  return formsOf(state, station).takesCap;
}

function takesCap(station: Station, record: MakeRecord | undefined): boolean {
  const { maxProfiles, sharesStationCap } = station.capability;
  if (!obeysPurpose(station, 'ChargingStationMaxProfile')) return false;
  if (sharesStationCap) return true;
  if (maxProfiles < 1 + 2 * station.evses.length) return false;
  return !refusesPurpose(record, 'ChargingStationMaxProfile');
}

/** In what form a station is sent its plans. */
interface PlanForm {
  /** What carries them; undefined: nothing can, and vehicles charge at their floors. */
  readonly purpose: 'TxProfile' | 'TxDefaultProfile' | undefined;
  /** They end in the floor for as long as their transaction lasts, as no floor can be counted on beside them. */
  readonly endsInFloor: boolean;
}

/**
 * The form of plans: TxDefaultProfile above the floor where TxProfile is not obeyed or its make has refused every one, and
 * the station takes more than one level; a TxProfile that ends in the floor where the same is true of TxDefaultProfile. One
 * refusal may be a transaction that was over by then, or a station that was busy; three are not. What was refused is not
 * counted by the ledger anyway, so that lessons only ever change the form.
 */
export function planFormOf(state: State, station: Station): PlanForm {
  return formsOf(state, station).plan;
}

function freshPlanForm(station: Station, record: MakeRecord | undefined): PlanForm {
  const hasLevels = station.capability.maxStackLevel > 0;
  const takes = (
    purpose: 'TxProfile' | 'TxDefaultProfile',
    other: 'TxProfile' | 'TxDefaultProfile',
  ): boolean => !refusesPurpose(record, purpose, 3) || refusesPurpose(record, other);
  if (!obeysPurpose(station, 'TxProfile')) {
    const carries = hasLevels && obeysPurpose(station, 'TxDefaultProfile');
    return { purpose: carries ? 'TxDefaultProfile' : undefined, endsInFloor: false };
  }
  if (!obeysPurpose(station, 'TxDefaultProfile') || !takes('TxDefaultProfile', 'TxProfile')) {
    return { purpose: 'TxProfile', endsInFloor: true };
  }
  const carries = takes('TxProfile', 'TxDefaultProfile') || !hasLevels ? 'TxProfile' : 'TxDefaultProfile';
  return { purpose: carries, endsInFloor: false };
}

/** Whether a question to a station is on its way or waits to leave. */
function isAsking(state: State, stationId: string): boolean {
  const { pending, requests = [] } = state.dispatch.stations.get(stationId) ?? {};
  return (
    pending?.command.kind === 'read-capability' || requests.some(({ kind }) => kind === 'read-capability')
  );
}

/** The state in which a station is to be asked; one question at a time. */
function asked(state: State, stationId: string): State {
  const { capability } = stationState(state, stationId);
  if (isAsking(state, stationId) || capability.tries >= capabilityTriesMax) return state;
  const scope = capability.tries === 0 ? 'all' : 'least';
  const dispatch = withRequest(state.dispatch, stationId, { kind: 'read-capability', scope });
  const next: CapabilityState = { ...capability, status: 'asked', tries: capability.tries + 1 };
  return withStation({ ...state, dispatch, restless: true }, stationId, { capability: next });
}

/** The state in which a station is asked where its capability is not known, or not as it is after this boot. */
export function askCapability(state: State, stationId: string, why: 'connected' | 'booted'): State {
  const { capability } = stationState(state, stationId);
  const { link } = state.dispatch.stations.get(stationId) ?? {};
  const isKnown = capability.status === 'read' && (why === 'connected' || capability.link === link);
  if (isKnown || isAsking(state, stationId)) return state;
  const fresh: CapabilityState = { ...capability, tries: 0 };
  return asked(withStation(state, stationId, { capability: fresh }), stationId);
}

/** A station has said what it is. What an older firmware answered no longer counts. */
export function noteBoot(state: State, stationId: string, make: StationMake): Change {
  const { make: before, capability } = stationState(state, stationId);
  const isOther = before !== undefined && keyOfMake(before) !== keyOfMake(make);
  const { reading, link: _link, ...rest } = capability;
  const told = withStation(state, stationId, {
    make,
    ...(isOther ? { capability: { ...rest, status: 'unasked' } } : {}),
  });
  const makes =
    before === undefined && reading !== undefined ? withReading(told.makes, make, reading) : told.makes;
  return recounted(askCapability({ ...told, makes }, stationId, 'booted'), stationId, 'change');
}

/** What an answer of a station says of its capability. */
export function noteAnswer(
  state: State,
  stationId: string,
  command: StationCommand,
  answer: CommandAnswer,
): Change {
  if (command.kind === 'read-capability') {
    return answer.kind === 'capability'
      ? noteFacts(state, stationId, readingOfFacts(answer.facts))
      : noteNoAnswer(state, stationId, 'refused');
  }
  if (command.kind !== 'set-profile') return [state, []];
  if (answer.kind !== 'accepted' && answer.kind !== 'refused') return [state, []];
  const station = siteStation(state.site, stationId);
  if (station === undefined) return [state, []];
  const makes = withDeed(state.makes, makeOf(state, station), {
    profile: command.profile,
    ...(answer.kind === 'refused' ? { refusal: answer.status } : {}),
  });
  if (makes === state.makes) return [state, []];
  return inTurn({ ...state, makes }, [(s) => recountedMake(s, stationId), (s) => withPlanForms(state, s)]);
}

/** Plans made anew where they have another form than before, and what is lost or won by it told. */
function withPlanForms(before: State, state: State): Change {
  const changed = state.site.stations.filter(
    (one) => canonicalText(planFormOf(before, one)) !== canonicalText(planFormOf(state, one)),
  );
  return inTurn(
    state,
    changed.map((station) => (s: State): Change => {
      const { id, capability } = station;
      const next = withoutPlans({ ...s, dispatch: withFreshTries(s.dispatch, id, s.now) }, id);
      return [next, [publish('capability', messageOf(next, station, capability))]];
    }),
  );
}

/** The state in which the plans of a station are to be made anew; what it holds goes on until then. */
function withoutPlans(state: State, stationId: string): State {
  let { wanted } = state;
  for (const [key] of sorted(wanted)) if (key.startsWith(`${stationId}/`)) wanted = without(wanted, key);
  return staleBy({ ...state, wanted, restless: true }, 'station-back');
}

function noteFacts(state: State, stationId: string, reading: CapabilityReading): Change {
  const station = siteStation(state.site, stationId);
  const { link } = state.dispatch.stations.get(stationId) ?? {};
  if (station === undefined) return [state, []];
  const { capability } = stationState(state, stationId);
  const next: CapabilityState = {
    status: 'read',
    tries: capability.tries,
    reading,
    ...(link === undefined ? {} : { link }),
  };
  const makes = withReading(state.makes, makeOf(state, station), reading);
  return inTurn(withStation({ ...state, makes }, stationId, { capability: next }), [
    (s) => recounted(s, stationId, 'answer'),
    (s) => recountedMake(s, stationId),
    (s) => tellSmartCharging(s, station, reading.smartCharging),
  ]);
}

/** A question without an answer in time. */
export function noteSilence(state: State, stationId: string): Change {
  return noteNoAnswer(state, stationId, 'silent');
}

function noteNoAnswer(state: State, stationId: string, status: 'refused' | 'silent'): Change {
  const { capability } = stationState(state, stationId);
  if (capability.tries < capabilityTriesMax) return [asked(state, stationId), []];
  const next = withStation(state, stationId, { capability: { ...capability, status } });
  return recounted(next, stationId, 'answer');
}

/** A station of the make drew more than anything that it had accepted. */
export function noteNotApplied(state: State, stationId: string): State {
  const station = siteStation(state.site, stationId);
  if (station === undefined) return state;
  return { ...state, makes: withNotApplied(state.makes, makeOf(state, station)) };
}

/** All stations of the make of one, counted anew. */
function recountedMake(state: State, stationId: string): Change {
  const station = siteStation(state.site, stationId);
  if (station === undefined) return [state, []];
  const key = keyOfMake(makeOf(state, station));
  const same = state.site.stations.filter((one) => keyOfMake(makeOf(state, one)) === key);
  return inTurn(
    state,
    same.map(
      ({ id }) =>
        (s: State) =>
          recounted(s, id, 'change'),
    ),
  );
}

/** What the capability of a station was counted from last. */
interface Counting {
  readonly declared: StationCapability;
  readonly evidence: CapabilityEvidence;
}

const countings = new WeakMap<Station, Counting>();

/** Whether the capability of a station is what the same evidence gave; what differs in its objects alone is the same. */
function isCounted(station: Station, declared: StationCapability, evidence: CapabilityEvidence): boolean {
  const known = countings.get(station);
  if (known === undefined || known.declared !== declared) return false;
  const { reading, record, clockSkewS } = known.evidence;
  return (
    clockSkewS === evidence.clockSkewS &&
    isSameText(reading, evidence.reading) &&
    isSameText(record?.took, evidence.record?.took) &&
    isSameText(record?.refused, evidence.record?.refused) &&
    record?.notApplied === evidence.record?.notApplied &&
    isSameText(record?.reading, evidence.record?.reading)
  );
}

function isSameText(a: object | undefined, b: object | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && canonicalText(a) === canonicalText(b));
}

/** The state with the capability of a station counted anew; told where it changed, or where it has just answered. */
export function recounted(state: State, stationId: string, tell: 'answer' | 'change'): Change {
  const station = siteStation(state.site, stationId);
  const declared = state.declared[stationId];
  if (station === undefined || declared === undefined) return [state, []];
  const evidence = evidenceOf(state, station);
  if (tell === 'change' && isCounted(station, declared, evidence)) return [state, []];
  const capability = countedCapability(station.current, declared, evidence);
  const isSame = canonicalText(capability) === canonicalText(station.capability);
  if (isSame) countings.set(station, { declared, evidence });
  if (isSame && tell === 'change') return [state, []];
  const next = isSame ? state : withCapability(state, station, capability);
  return [next, [publish('capability', messageOf(next, station, capability))]];
}

/** What is told of a station's capability: its words, what is missing, what its make has shown, what is counted on. */
function messageOf(state: State, station: Station, capability: StationCapability): unknown {
  const { status, reading } = stationState(state, station.id).capability;
  const { assumed: _assumed, ...counted } = capability;
  const record = recordOf(state.makes, makeOf(state, station));
  return {
    at: state.now,
    stationId: station.id,
    make: makeOf(state, station),
    status,
    reading: reading ?? null,
    missing: missingOf(station.version, reading ?? { extras: [], garbled: [] }),
    counted,
    lost: lostAt(state, station),
    lessons: {
      took: record?.took ?? [],
      refused: record?.refused ?? [],
      notApplied: record?.notApplied ?? 0,
    },
  };
}

/** What a station in full order gives and this one does not, by the names that `compile` uses. */
function lostAt(state: State, station: Station): readonly LostGuarantee['guarantee'][] {
  const { purpose, endsInFloor } = planFormOf(state, station);
  return [
    ...(endsInFloor ? (['floor'] as const) : []),
    ...(takesStationCap(state, station) ? [] : (['station-cap'] as const)),
    ...(purpose === 'TxProfile' ? [] : (['transaction-binding'] as const)),
  ];
}

/**
 * The state with another capability of one station. Plans made for the old one are made anew; until then the station
 * goes on with what it holds, and the ledger counts that. A station that turns out to forget plans may have done so at
 * the boot before it was asked.
 */
function withCapability(state: State, station: Station, capability: StationCapability): State {
  const site: Site = {
    ...state.site,
    stations: state.site.stations.map((one) => (one.id === station.id ? { ...one, capability } : one)),
  };
  const forgets = capability.keepsProfiles !== station.capability.keepsProfiles;
  const ledger = forgets
    ? learn(site, state.ledger, { kind: 'doubted', stationId: station.id, at: state.now })
    : state.ledger;
  return withoutPlans({ ...state, site, ledger }, station.id);
}

/**
 * A station that says that it does no smart charging counts with its hardware maximum, whatever it accepts; until it
 * says otherwise, or its meter shows that it obeys.
 */
function tellSmartCharging(state: State, station: Station, has: boolean | undefined): Change {
  const isTold = state.alarms[`no-smart-charging ${station.id}`] !== undefined;
  if (has !== false && !isTold) return [state, []];
  return has === false
    ? distrusted(state, station, 'no-smart-charging', {})
    : trusted(state, station, 'no-smart-charging');
}

/** Reasons for which a station counts with its hardware maximum whatever it accepts. */
type Distrust = 'no-smart-charging' | 'no-clock';

/** The state in which a station counts with its hardware maximum, with the alarm that says why. */
export function distrusted(
  state: State,
  station: Station,
  kind: Distrust,
  facts: Readonly<Record<string, unknown>>,
): Change {
  const ledger = station.evses.reduce(
    (known, { id }) =>
      learn(state.site, known, { kind: 'not-compliant', stationId: station.id, at: state.now, evseId: id }),
    state.ledger,
  );
  return raiseAlarm(staleBy({ ...state, ledger, restless: true }, 'not-compliant'), {
    kind,
    key: station.id,
    facts: { ...facts, counts: 'at its hardware maximum' },
  });
}

/** The state in which a reason for that is over; what its meters have shown, and another reason, stand. */
export function trusted(state: State, station: Station, kind: Distrust): Change {
  const [told, effects] = clearAlarm(state, kind, station.id);
  const other = kind === 'no-clock' ? 'no-smart-charging' : 'no-clock';
  if (told === state || told.alarms[`${other} ${station.id}`] !== undefined) return [told, effects];
  const ledger = station.evses
    .filter(({ id }) => !isCaught(told.witness, evseKey({ stationId: station.id, evseId: id })))
    .reduce(
      (known, { id }) =>
        learn(told.site, known, { kind: 'cleared', stationId: station.id, at: told.now, evseId: id }),
      told.ledger,
    );
  return [staleBy({ ...told, ledger, restless: true }, 'not-compliant'), effects];
}
