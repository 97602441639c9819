/**
 * Floors and plan of one EVSE in the layers that its station obeys and has room for. Where a layer is missing the next
 * best form takes over, never a higher limit, and what is no longer guaranteed is named.
 * Source: OCPP 1.6 3.13.1, 9.4; 2.0.1 part 2 K01, SmartChargingCtrlr; docs/ocpp-status.md, "What we send".
 * @module
 */
import { fail, ok, type Result } from '#domain/result';
import type { ObeyedPurposes } from '#domain/site';
import { constant, lowest } from '#domain/step-function';
import {
  compileFloors,
  compilePlan,
  type CompiledPlan,
  type CompileProblem,
  type PlanInput,
} from './compile.ts';
import type { InstalledProfile } from './profile.ts';

/** What is compiled. */
export interface LayersInput extends Omit<PlanInput, 'floors' | 'purpose' | 'ending' | 'stepTo'> {
  /** The permanent limit of the EVSE. */
  readonly floor?: number;
  /** The cap of the whole station. */
  readonly stationMax?: number;
  readonly obeys: ObeyedPurposes;
}

/**
 * What a station in full order gives and this one does not: `floor`, that the floor holds outside of the transaction and
 * without a plan; `station-cap`, that the station keeps its EVSEs together under its cap by itself;
 * `transaction-binding`, that a plan goes with its transaction.
 */
export interface LostGuarantee {
  readonly guarantee: 'floor' | 'station-cap' | 'transaction-binding';
  readonly reason: string;
}

/** What to set, in this order. */
export interface CompiledLayers {
  readonly set: readonly InstalledProfile[];
  readonly plan: CompiledPlan;
  readonly lost: readonly LostGuarantee[];
}

/** Which layers there are, and why one is not. */
interface Layers {
  readonly keepsFloor: boolean;
  readonly keepsCap: boolean;
  readonly lost: readonly LostGuarantee[];
}

/** The layers in order of need: the plan, the floor, the cap. */
function layersOf(input: LayersInput): Layers {
  const { station, floor, stationMax, obeys } = input;
  const { maxProfiles, maxStackLevel } = station.capability;
  const lost: LostGuarantee[] = [];
  const lose = (guarantee: LostGuarantee['guarantee'], reason: string): false => {
    lost.push({ guarantee, reason });
    return false;
  };
  if (!obeys.txProfile) lose('transaction-binding', 'The station does not obey TxProfile.');
  let keepsFloor = floor !== undefined;
  if (keepsFloor && !obeys.txDefault) {
    keepsFloor = lose('floor', 'The station does not obey TxDefaultProfile.');
  } else if (keepsFloor && maxProfiles < 2) {
    keepsFloor = lose('floor', `The station holds ${maxProfiles} profile, which is the plan.`);
  } else if (keepsFloor && !obeys.txProfile && maxStackLevel < 1) {
    keepsFloor = lose('floor', 'Plan and floor are TxDefaultProfiles and the station has one stack level.');
  }
  let keepsCap = stationMax !== undefined;
  if (keepsCap && !obeys.stationMax) {
    keepsCap = lose('station-cap', 'The station does not obey a profile of the whole station.');
  } else if (keepsCap && maxProfiles < (keepsFloor ? 3 : 2)) {
    keepsCap = lose('station-cap', `The station holds ${maxProfiles} profiles, none of which is left.`);
  }
  return { keepsFloor, keepsCap, lost };
}

/**
 * The profiles of one EVSE. A floor that cannot stand by itself is the endless last period of the plan; a cap that cannot
 * is cut out of plan and floor.
 */
export function compileLayers(input: LayersInput): Result<CompiledLayers, CompileProblem> {
  const { station, evseId, floor, stationMax, obeys, now, voltage } = input;
  if (!obeys.txProfile && !obeys.txDefault) {
    const message = 'A station that obeys neither TxProfile nor TxDefaultProfile has no limit for one EVSE.';
    return fail({ kind: 'no-purpose', message });
  }
  const { keepsFloor, keepsCap, lost } = layersOf(input);
  const cap = keepsCap ? Infinity : (stationMax ?? Infinity);
  const capped = floor === undefined ? undefined : Math.min(floor, cap);
  const floors = compileFloors({
    station,
    floors: keepsFloor && capped !== undefined ? [{ evseId, limit: capped }] : [],
    ...(keepsCap && stationMax !== undefined ? { stationMax } : {}),
    now,
    ...(voltage === undefined ? {} : { voltage }),
  });
  const plan = compilePlan({
    ...input,
    limit: cap === Infinity ? input.limit : lowest([input.limit, constant(cap)]),
    floors,
    purpose: obeys.txProfile ? 'TxProfile' : 'TxDefaultProfile',
    ...(keepsFloor || capped === undefined ? {} : { ending: 'endless-step', stepTo: capped }),
  });
  if (!plan.ok) return plan;
  return ok({ set: [...floors, { evseId, profile: plan.value.profile }], plan: plan.value, lost });
}
