/**
 * The charging profiles in a simulated station: what it takes, replaces, clears and keeps.
 * Source: OCPP 1.6 5.16, 5.5, 7.8 and errata 3.24-3.39; OCPP 2.0.1 part 2 K01, K09, K10.
 * @module
 */
import type { Station } from '#domain/site';
import { heldProfileOf, type HeldProfile } from './own-composite.ts';
import { numberAt, recordOf, recordsOf, textAt, type JsonRecord } from './wire-reading.ts';

/** How a station answers SetChargingProfile. */
export type SetOutcome =
  | { readonly kind: 'accepted'; readonly held: HeldProfile; readonly replaced: readonly HeldProfile[] }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'error'; readonly code: string; readonly description: string };

/** What the station knows of the transactions that a profile may be for. */
export interface TransactionView {
  /** Running on this EVSE; the id is absent in 1.6 until StartTransaction is answered. */
  readonly running: boolean;
  readonly id: string | undefined;
}

/** Names of purposes on the wire that a filter may give. */
const purposeNames: Readonly<Record<string, HeldProfile['purpose']>> = {
  ChargePointMaxProfile: 'max',
  ChargingStationMaxProfile: 'max',
  TxDefaultProfile: 'default',
  TxProfile: 'transaction',
};

/** Why the form of a profile is refused whatever is installed; undefined where it is good. */
function badForm(station: Station, held: HeldProfile): string | undefined {
  const { capability, version } = station;
  if (held.stackLevel > capability.maxStackLevel) return 'stack level too high';
  if (held.periods.length > capability.maxPeriods) return 'too many periods';
  if (held.unit !== capability.rateUnit) return 'unit not supported';
  if (held.periods[0]?.atS !== 0) return 'first period does not start at 0';
  if (held.periods.some((period, i) => i > 0 && period.atS <= (held.periods[i - 1]?.atS ?? 0))) {
    return 'periods do not ascend';
  }
  if (held.periods.some((period) => period.limit < 0)) return 'negative limit';
  if (held.kind === 'Recurring' && textAt(held.wire, 'recurrencyKind') === undefined) return 'no recurrency';
  if (held.kind === 'Relative' && held.startS !== undefined) return 'relative with a start';
  if (version !== '1.6' && held.kind !== 'Relative' && held.startS === undefined) return 'no start';
  return undefined;
}

/** Why a profile may not stand at its place; undefined where it may. */
function badPlace(station: Station, held: HeldProfile, transaction: TransactionView): string | undefined {
  if (held.purpose === 'external') return 'external constraints are not set by a CSMS';
  if (held.purpose === 'max') {
    if (held.evseId !== 0) return 'a cap of the station belongs on 0';
    if (held.kind === 'Relative') return 'a cap of the station is not relative';
  }
  if (held.purpose !== 'transaction') return undefined;
  if (held.evseId === 0) return 'a transaction profile belongs on an EVSE';
  if (!transaction.running) return 'no transaction';
  if (held.transactionId === undefined) return station.version === '1.6' ? undefined : 'no transaction id';
  return held.transactionId === transaction.id ? undefined : 'another transaction';
}

/** The profiles of one station. */
export interface ProfileStore {
  readonly held: () => readonly HeldProfile[];
  /** Decides on a SetChargingProfile without installing anything. */
  judge(payload: JsonRecord, transactionOf: (evseId: number) => TransactionView): SetOutcome;
  /** Installs what was judged good; `keepsReplaced` is the defect of leaving the old one in place. */
  install(outcome: Extract<SetOutcome, { kind: 'accepted' }>, keepsReplaced: boolean): void;
  /** ClearChargingProfile; true where something was cleared. */
  clear(payload: JsonRecord): boolean;
  /** Transaction profiles end with their transaction. */
  endTransaction(evseId: number): void;
  reboot(keeps: 'all' | 'floors' | 'none'): void;
  /** GetChargingProfiles: reports by EVSE, lowest first. */
  matching(
    payload: JsonRecord,
  ): readonly { readonly evseId: number; readonly profiles: readonly JsonRecord[] }[];
}

/** Whether a new profile takes the place of an old one. */
function takesPlaceOf(version: Station['version'], fresh: HeldProfile, old: HeldProfile): boolean {
  if (fresh.id === old.id) return true;
  return (
    version === '1.6' &&
    fresh.purpose === old.purpose &&
    fresh.stackLevel === old.stackLevel &&
    fresh.evseId === old.evseId
  );
}

/** 2.x: two ids for one stack level and purpose at places that overlap. */
function clashesWith(version: Station['version'], fresh: HeldProfile, old: HeldProfile): boolean {
  return (
    version !== '1.6' &&
    fresh.id !== old.id &&
    fresh.purpose === old.purpose &&
    fresh.stackLevel === old.stackLevel &&
    (fresh.evseId === old.evseId || (fresh.purpose === 'default' && (fresh.evseId === 0 || old.evseId === 0)))
  );
}

function placeAndProfile(
  version: Station['version'],
  payload: JsonRecord,
): { readonly evseId: number; readonly wire: JsonRecord } | undefined {
  const old = version === '1.6';
  const evseId = numberAt(payload, old ? 'connectorId' : 'evseId');
  const wire = recordOf(payload[old ? 'csChargingProfiles' : 'chargingProfile']);
  return evseId === undefined || wire === undefined ? undefined : { evseId, wire };
}

/** An empty store. */
export function createProfileStore(station: Station): ProfileStore {
  const { version } = station;
  const old = version === '1.6';
  let held: readonly HeldProfile[] = [];

  const judge: ProfileStore['judge'] = (payload, transactionOf) => {
    const formError = old ? 'FormationViolation' : 'FormatViolation';
    const parts = placeAndProfile(version, payload);
    if (parts === undefined)
      return { kind: 'error', code: formError, description: 'place or profile missing' };
    const known = parts.evseId === 0 || station.evses.some((evse) => evse.id === parts.evseId);
    if (!known && old)
      return { kind: 'error', code: 'PropertyConstraintViolation', description: 'no such connector' };
    if (!known) return { kind: 'rejected', reason: 'UnknownEvse' };
    const fresh = heldProfileOf(version, parts.evseId, parts.wire);
    if (fresh === undefined) return { kind: 'error', code: formError, description: 'profile not readable' };
    const reason = badForm(station, fresh) ?? badPlace(station, fresh, transactionOf(parts.evseId));
    if (reason !== undefined) return { kind: 'rejected', reason };
    if (held.some((other) => clashesWith(version, fresh, other)))
      return { kind: 'rejected', reason: 'DuplicateProfile' };
    const replaced = held.filter((other) => takesPlaceOf(version, fresh, other));
    if (held.length - replaced.length >= station.capability.maxProfiles) {
      return { kind: 'rejected', reason: 'too many profiles' };
    }
    return { kind: 'accepted', held: fresh, replaced };
  };

  const clear: ProfileStore['clear'] = (payload) => {
    const criteria = old ? payload : recordOf(payload['chargingProfileCriteria']);
    const id = numberAt(payload, old ? 'id' : 'chargingProfileId');
    const evseId = numberAt(criteria, old ? 'connectorId' : 'evseId');
    const stackLevel = numberAt(criteria, 'stackLevel');
    const purposeName = textAt(criteria, 'chargingProfilePurpose');
    const matches = (profile: HeldProfile): boolean => {
      if (profile.purpose === 'external') return false;
      if (id !== undefined) return profile.id === id;
      return (
        (evseId === undefined || profile.evseId === evseId) &&
        (stackLevel === undefined || profile.stackLevel === stackLevel) &&
        (purposeName === undefined || profile.purpose === purposeNames[purposeName])
      );
    };
    const kept = held.filter((profile) => !matches(profile));
    const cleared = kept.length < held.length;
    held = kept;
    return cleared;
  };

  const matching: ProfileStore['matching'] = (payload) => {
    const evseId = numberAt(payload, 'evseId');
    const [criteria] = recordsOf([payload['chargingProfile']]);
    const ids = criteria?.['chargingProfileId'];
    const stackLevel = numberAt(criteria, 'stackLevel');
    const purposeName = textAt(criteria, 'chargingProfilePurpose');
    const found = held.filter(
      (profile) =>
        (evseId === undefined || profile.evseId === evseId) &&
        (!Array.isArray(ids) || ids.includes(profile.id)) &&
        (stackLevel === undefined || profile.stackLevel === stackLevel) &&
        (purposeName === undefined || profile.purpose === purposeNames[purposeName]),
    );
    const places = [...new Set(found.map((profile) => profile.evseId))].sort((a, b) => a - b);
    return places.map((place) => ({
      evseId: place,
      profiles: found.filter((profile) => profile.evseId === place).map((profile) => profile.wire),
    }));
  };

  return {
    held: () => held,
    judge,
    install: (outcome, keepsReplaced) => {
      held = keepsReplaced
        ? [...held, outcome.held]
        : [...held.filter((other) => !outcome.replaced.includes(other)), outcome.held];
    },
    clear,
    endTransaction: (evseId) => {
      held = held.filter((profile) => profile.purpose !== 'transaction' || profile.evseId !== evseId);
    },
    reboot: (keeps) => {
      if (keeps === 'none') held = [];
      if (keeps === 'floors') held = held.filter((profile) => profile.purpose !== 'transaction');
    },
    matching,
  };
}
