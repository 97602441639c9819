/** How a simulated station follows its limits: target, lag, draw, and the next instant at which they change. @module */
import type { EpochS } from '#domain/units';
import { applyDraws, countEnergy, offerOf, secondsToChange, type Outlet } from './outlet.ts';
import { allowedAt, nextEdge, phasesAt, stationCapAt, type CompositeView } from './own-composite.ts';
import { ownNow, outletAt, type StationCore } from './station-core.ts';

/** How far ahead a station looks for the next change of its limit. */
const lookAheadS = 48 * 3600;

/** What the EVSE may draw by its hardware: A per phase, or W for DC. */
function hardwareOf(core: StationCore, outlet: Outlet): number {
  return core.parts.station.current === 'AC' ? outlet.evse.maxA : outlet.evse.maxW;
}

/** What the station knows when it works out the limit of an EVSE, in the transaction that runs there or in the next one. */
export function viewOf(
  core: StationCore,
  evseId: number,
  who: 'running' | 'next' = 'running',
): CompositeView {
  const { station, voltage, switches } = core.parts;
  const outlet = outletAt(core, evseId);
  const flaws = switches();
  const isAc = station.current === 'AC';
  const held = core.store.held();
  return {
    version: station.version,
    held:
      flaws.ignoredPurpose === 'none' ? held : held.filter(({ purpose }) => purpose !== flaws.ignoredPurpose),
    evseId,
    transaction: who === 'running' ? core.transactions.get(evseId) : undefined,
    assumedStartS: ownNow(core),
    unit: isAc ? 'A' : 'W',
    voltage,
    phases: flaws.onePhaseOnly ? 1 : isAc ? outlet.evse.rotation.length : 3,
    hardware: hardwareOf(core, outlet),
    offlineSinceS: core.offlineSinceS,
    ignoresDuration: flaws.ignoresDuration,
    ignoresValidTo: flaws.ignoresValidTo,
  };
}

/** The limit that the EVSE is on its way to. */
export function targetOf(core: StationCore, outlet: Outlet, view = viewOf(core, outlet.evse.id)): number {
  const flaws = core.parts.switches();
  const isSpiking = (core.spikeUntil.get(outlet.evse.id) ?? -Infinity) > core.parts.clock.now();
  if (!flaws.followsLimit || isSpiking || (flaws.forgetsAfterZero && outlet.sawZero)) {
    return hardwareOf(core, outlet);
  }
  if (flaws.isFaulted) return 0;
  if (!flaws.mergesHighest) return allowedAt(view, ownNow(core));
  const alone = view.held.map((profile) => allowedAt({ ...view, held: [profile] }, ownNow(core)));
  return alone.length === 0 ? view.hardware : Math.max(...alone.filter((limit) => limit < view.hardware), 0);
}

/** Phases that the EVSE is on its way to close. */
function phasesOf(core: StationCore, outlet: Outlet, view = viewOf(core, outlet.evse.id)): number {
  if (core.parts.station.capability.switchesPhases === undefined) return 3;
  return phasesAt(view, ownNow(core));
}

/** W that the EVSEs share under the station's cap, where the station shares it at all. */
function sharedCapW(core: StationCore): number {
  const { station, voltage } = core.parts;
  const [first] = core.outlets;
  if (!station.capability.sharesStationCap || first === undefined) return Infinity;
  const cap = stationCapAt(viewOf(core, first.evse.id), ownNow(core));
  if (cap === undefined) return Infinity;
  return station.current === 'AC' ? cap * voltage * first.evse.rotation.length : cap;
}

/** Sets all draws anew from the limits that are followed now. */
export function redraw(core: StationCore): void {
  const { station, voltage, clock, switches } = core.parts;
  for (const outlet of core.outlets) {
    countEnergy(outlet, clock.now());
    if (!outlet.live || outlet.vehicle === undefined) continue;
    if (offerOf(outlet, station.current) > 0) {
      outlet.offeredAsleep = outlet.asleep;
      continue;
    }
    outlet.sawZero = true;
    const { wakes } = switches();
    // Another pause after an offer that found it asleep wakes it for the next one.
    outlet.asleep = wakes === 'never' || (wakes === 'on pulse' && !outlet.offeredAsleep);
  }
  applyDraws(core.outlets, station, voltage, sharedCapW(core));
  for (const outlet of core.outlets) {
    const inS = secondsToChange(outlet);
    const name = `full/${outlet.evse.id}`;
    if (inS === undefined) core.timers.stop(name);
    else core.timers.set(name, inS, () => redraw(core));
    core.onRedraw(outlet);
  }
  core.parts.onDraw();
}

/** When a held profile next changes the limit of an EVSE, on the station's own clock; Infinity where none does. */
function edgeOf(core: StationCore, view: CompositeView): number {
  const now = ownNow(core);
  return nextEdge(view, now, (now + lookAheadS) as EpochS) ?? Infinity;
}

/** Sets the wake for the next change of a limit. */
function wakeAtEdge(core: StationCore, next: number): void {
  if (next === Infinity) core.timers.stop('edge');
  else {
    // A clock that gains gets there sooner; a wake that is early only looks again.
    const paceOfOwn = 1 + core.parts.switches().driftSPerHour / 3600;
    core.timers.set('edge', Math.max(1, Math.floor((next - ownNow(core)) / paceOfOwn)), () => refresh(core));
  }
}

/** Sets the wake for the next instant at which a held profile changes a limit. */
export function watchEdges(core: StationCore): void {
  let next = Infinity;
  for (const { evse } of core.outlets) next = Math.min(next, edgeOf(core, viewOf(core, evse.id)));
  wakeAtEdge(core, next);
}

/** Looks at all limits again: a change takes effect after the reaction time, at once where nothing is drawn. */
export function refresh(core: StationCore): void {
  const { behaviour, prng, switches, station, clock } = core.parts;
  let isChanged = station.capability.sharesStationCap;
  let next = Infinity;
  for (const outlet of core.outlets) {
    const view = viewOf(core, outlet.evse.id);
    next = Math.min(next, edgeOf(core, view));
    const target = targetOf(core, outlet, view);
    const phases = phasesOf(core, outlet, view);
    const name = `follow/${outlet.evse.id}`;
    if (target === outlet.followed && phases === outlet.phases) continue;
    if (!outlet.live) {
      outlet.followed = target;
      outlet.phases = phases;
      isChanged = true;
    } else if (!core.timers.has(name)) {
      const [least, most] = behaviour.reactionS;
      outlet.turnsSince = clock.now();
      core.timers.set(name, prng.integer(least, most) + switches().extraReactionS, () => {
        outlet.turnsSince = undefined;
        outlet.followed = targetOf(core, outlet);
        outlet.phases = phasesOf(core, outlet);
        redraw(core);
      });
    }
  }
  if (isChanged) redraw(core);
  wakeAtEdge(core, next);
}
