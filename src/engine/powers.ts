/** At which powers a vehicle can charge at its place, and what its station is told and the circuits count for them. @module */
import { sharesWatts } from '#domain/site';
import type { Session } from '#solver/problem';
import type { Place } from './rooms.ts';
import type { State, VisitState } from './state.ts';

/** Powers in kW. */
export interface Powers extends Pick<Session, 'phases' | 'minKw' | 'stepKw' | 'countedPerKw'> {
  readonly maxKw: number;
  /** Power that one unit of the limit stands for, W: of an A per phase (AC) or a W (DC). */
  readonly wattsPerUnit: number;
}

/** The ways in which a vehicle can charge at its place, that which takes least of the circuits first. */
export function powerWaysOf(state: State, place: Place, visit: VisitState): readonly Powers[] {
  const powers = ownPowersOf(state, place, visit);
  if (!sharesWatts(place.station, place.evse)) return [powers];
  const { evse } = place;
  const whole = wholePowersOf(state, place, powers);
  // A vehicle on one phase gets a third of such a limit at one station, and all of it at another.
  const isShared = powers.phases === 3 && evse.minA * 3 < evse.maxA;
  return isShared ? [sharedPowersOf(state, place, powers), whole] : [whole];
}

/** What vehicle and socket can do. */
function ownPowersOf(state: State, { station, evse }: Place, { visit }: VisitState): Powers {
  const most = Math.min(visit.maxW, evse.maxW) / 1000;
  if (station.current === 'DC') return { phases: 3, maxKw: most, minKw: 0, stepKw: 0, wattsPerUnit: 1 };
  const phases = visit.phases === 1 || evse.rotation.length === 1 ? 1 : 3;
  const wattsPerUnit = state.site.voltage * phases;
  const kwPerAmpere = wattsPerUnit / 1000;
  return {
    phases,
    maxKw: Math.min(most, evse.maxA * kwPerAmpere),
    minKw: evse.minA * kwPerAmpere,
    stepKw: evse.stepA * kwPerAmpere,
    wattsPerUnit,
  };
}

/**
 * A three-phase socket that takes W only, below what the hardware carries: it is written the power of one phase, so that no
 * phase is above its limit whatever it does, and shares it among its three. It gives a third of what the circuits
 * have to count, and needs three times the least current of one phase before anything flows.
 */
function sharedPowersOf(state: State, { evse }: Place, powers: Powers): Powers {
  const { voltage } = state.site;
  const maxKw = Math.min(powers.maxKw, (evse.maxA * voltage) / 1000);
  return { ...powers, phases: 1, maxKw, wattsPerUnit: voltage };
}

/**
 * The same socket all or nothing: where circuits count all that the hardware carries, it is written the power of all
 * phases, and its vehicle charges as fast as it can.
 */
function wholePowersOf(state: State, { evse }: Place, { phases, maxKw }: Powers): Powers {
  const countedKw = (evse.maxA * state.site.voltage * evse.rotation.length) / 1000;
  return {
    phases,
    maxKw,
    minKw: maxKw,
    stepKw: maxKw,
    countedPerKw: Math.max(1, countedKw / maxKw),
    wattsPerUnit: (maxKw * 1000) / evse.maxA,
  };
}
