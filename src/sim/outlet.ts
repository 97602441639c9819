/** The power side of one EVSE: what it offers, what the vehicle takes, and its meter. @module */
import type { Evse, Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import { appetiteOf, type Vehicle } from './vehicle.ts';

/** One EVSE of a simulated station; changed by the station only. */
export interface Outlet {
  readonly evse: Evse;
  vehicle: Vehicle | undefined;
  /** Energy that the plugged vehicle has taken. */
  takenWh: number;
  /** The contactor may close: a transaction runs and the station is up. */
  live: boolean;
  /** Since when. */
  liveFromS: EpochS;
  /** The limit that is followed now: A per phase (AC) or W (DC). */
  followed: number;
  /** When it began to turn to another limit; undefined: it does not. */
  turnsSince: EpochS | undefined;
  /** Most phases that are closed now; of a station that switches none, all it has. */
  phases: number;
  /** Has been offered nothing since the vehicle came. */
  sawZero: boolean;
  /** A vehicle that does not wake up has gone to sleep. */
  asleep: boolean;
  /** Has been offered something in its sleep. */
  offeredAsleep: boolean;
  /** True energy since the station was built. */
  registerWh: number;
  /** What is drawn: W in total, A on each used pin, and the number of used pins. */
  drawW: number;
  drawA: number;
  pins: number;
  /** Until when `drawW` is in the register. */
  countedS: EpochS;
}

/** An EVSE with nothing plugged in. */
export function outletOf(evse: Evse, at: EpochS): Outlet {
  return {
    evse,
    vehicle: undefined,
    takenWh: 0,
    live: false,
    liveFromS: at,
    followed: 0,
    turnsSince: undefined,
    phases: 3,
    sawZero: false,
    asleep: false,
    offeredAsleep: false,
    registerWh: 0,
    drawW: 0,
    drawA: 0,
    pins: 0,
    countedS: at,
  };
}

/** Brings the register up to `at`. */
export function countEnergy(outlet: Outlet, at: EpochS): void {
  const wattHours = (outlet.drawW * (at - outlet.countedS)) / 3600;
  outlet.registerWh += wattHours;
  outlet.takenWh += wattHours;
  outlet.countedS = at;
}

/** What an EVSE offers at the limit that it follows: rounded down to its step, nothing below the least current. */
export function offerOf(outlet: Outlet, current: Station['current']): number {
  const { evse, followed } = outlet;
  if (!outlet.live) return 0;
  if (current === 'DC') return Math.min(followed, evse.maxW);
  const capped = Math.min(followed, evse.maxA);
  // 1e-9: 16 A that came as 15.999999999 is 16 A.
  const stepped = Math.floor(capped / evse.stepA + 1e-9) * evse.stepA;
  return stepped < evse.minA ? 0 : stepped;
}

/** What the vehicle wants of the offer, W in total, before EVSEs share what the station has. */
function wantOf(outlet: Outlet, current: Station['current'], voltage: number): number {
  const { vehicle } = outlet;
  const offer = offerOf(outlet, current);
  if (vehicle === undefined || offer <= 0 || outlet.asleep) return 0;
  const appetiteW = appetiteOf(vehicle, outlet.takenWh).maxW;
  if (current === 'DC') return Math.min(offer, appetiteW);
  return Math.min(offer * voltage * pinsOf(outlet, current), appetiteW);
}

/** Phases of the socket that the vehicle uses. */
export function pinsOf(outlet: Outlet, current: Station['current']): number {
  if (current === 'DC') return 3;
  return Math.min(outlet.vehicle?.phases ?? 3, outlet.evse.rotation.length, outlet.phases);
}

/** Shares `total` among wants, nobody more than wanted, what is left over evenly among the others. */
export function shareOut(wants: readonly number[], total: number): readonly number[] {
  if (wants.reduce((a, b) => a + b, 0) <= total) return wants;
  const shares = wants.map(() => 0);
  const order = wants.map((_, i) => i).sort((a, b) => (wants[a] ?? 0) - (wants[b] ?? 0));
  let left = total;
  order.forEach((index, rank) => {
    const share = Math.min(wants[index] ?? 0, left / (order.length - rank));
    shares[index] = share;
    left -= share;
  });
  return shares;
}

/** Sets what every outlet of a station draws from now on, after `countEnergy`. `capW` is a cap that the station shares. */
export function applyDraws(
  outlets: readonly Outlet[],
  station: Station,
  voltage: number,
  capW: number,
): void {
  const wants = outlets.map((outlet) => wantOf(outlet, station.current, voltage));
  const shares = shareOut(wants, Math.min(capW, station.moduleW ?? Infinity));
  outlets.forEach((outlet, i) => {
    outlet.drawW = shares[i] ?? 0;
    outlet.pins = outlet.drawW > 0 ? pinsOf(outlet, station.current) : 0;
    outlet.drawA = outlet.pins === 0 ? 0 : outlet.drawW / voltage / outlet.pins;
  });
}

/** Seconds until the vehicle's appetite changes at the present draw; undefined where it does not. */
export function secondsToChange(outlet: Outlet): number | undefined {
  if (outlet.vehicle === undefined || outlet.drawW <= 0) return undefined;
  const { forWh } = appetiteOf(outlet.vehicle, outlet.takenWh);
  return forWh === Infinity ? undefined : Math.max(1, Math.ceil((forWh * 3600) / outlet.drawW));
}
