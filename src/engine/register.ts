/**
 * Energy registers and what a visit has had by them. A register that goes back counts on from there; one that jumps by
 * more than the wires carry is put aside until the next one shows whether the meter goes on from there, and what it
 * jumped over is never counted as delivered.
 * @module
 */
import { evseKey, type Evse, type EvseRef } from '#domain/site';
import { wattHours, type EpochS } from '#domain/units';
import { evseState, flagged, withEvse, withVisit, type Change } from './change.ts';
import { evseStateWith, type EvseState, type State } from './state.ts';

/** A register may rise by this many times what the EVSE can draw, and by `slackWh`, before it is a jump. */
const drawFactorMax = 3;
const slackWh = 1000;
/** A register that goes back by no more has been rounded: `meterStart` of 1.6 counts whole Wh. */
const roundingWh = 1;

/** A register and the instant at which it was read, by our clock. */
interface Register {
  readonly wh: number;
  readonly at: EpochS;
}

/** Whether a register can follow another. */
function canFollow(evse: Evse, before: Register, next: Register): boolean {
  const hours = Math.max(0, next.at - before.at) / 3600;
  return next.wh - before.wh <= drawFactorMax * evse.maxW * hours + slackWh;
}

/** The state after a register was read. */
export function noteRegister(state: State, ref: EvseRef, hardware: Evse, register: Register): Change {
  const evse = evseState(state, ref);
  if (evse === undefined) return [state, []];
  const { transaction } = evse;
  const key = evseKey(ref);
  const wh = evse.registerWh ?? transaction?.startRegisterWh;
  const at = evse.registerAt ?? transaction?.startedAt;
  if (wh === undefined || at === undefined) return [taken(state, ref, evse, register, 0), []];
  if (canFollow(hardware, { wh, at }, register)) {
    const hasGoneBack = register.wh < wh - roundingWh;
    const facts = { beforeWh: wh, afterWh: register.wh };
    return flagged(taken(state, ref, evse, register, 0), {
      kind: 'meter-implausible',
      key,
      isUp: hasGoneBack,
      facts,
    });
  }
  const { oddRegister } = evse;
  if (
    oddRegister !== undefined &&
    register.wh >= oddRegister.wh &&
    canFollow(hardware, oddRegister, register)
  ) {
    // The meter has been set: it goes on from there, and the jump is nobody's energy.
    return [taken(state, ref, evse, register, oddRegister.wh - wh), []];
  }
  const aside = evseStateWith(evse, { oddRegister: { wh: wattHours(register.wh), at: register.at } });
  return flagged(withEvse(state, ref, aside), {
    kind: 'meter-implausible',
    key,
    isUp: true,
    facts: { beforeWh: wh, afterWh: register.wh, seconds: register.at - at },
  });
}

/** The state in which a register counts; `jumpWh` of its rise are not energy. */
function taken(state: State, ref: EvseRef, evse: EvseState, register: Register, jumpWh: number): State {
  const known = evseStateWith(evse, {
    oddRegister: undefined,
    registerWh: wattHours(register.wh),
    registerAt: register.at,
  });
  const { transaction } = evse;
  if (transaction === undefined) return withEvse(state, ref, known);
  const begunWh = transaction.startRegisterWh ?? register.wh;
  const isReset = register.wh < (evse.registerWh ?? begunWh) - roundingWh;
  const startRegisterWh = wattHours(isReset ? register.wh : begunWh + jumpWh);
  const begun = { ...transaction, startRegisterWh };
  const next = withEvse(state, ref, evseStateWith(known, { transaction: begun }));
  const visit = transaction.visitId === undefined ? undefined : state.visits[transaction.visitId];
  if (visit === undefined) return next;
  const beforeWh = isReset ? visit.deliveredWh : visit.deliveredBeforeWh;
  return withVisit(next, {
    ...visit,
    deliveredBeforeWh: beforeWh,
    deliveredWh: wattHours(beforeWh + Math.max(0, register.wh - startRegisterWh)),
  });
}
