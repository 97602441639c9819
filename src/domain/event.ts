/**
 * What the world tells the engine and what the engine tells the world, in the words of the depot. Transport is not
 * known here; `subjects` names where each kind travels on a bus.
 * @module
 */
import type { OcppVersion, PerPhase } from './site.ts';
import type { Visit } from './visit.ts';
import type { Amperes, EpochS, Watts } from './units.ts';

/** Facts that come in over the bus. */
export type DepotEvent =
  /** A visit is announced, or replaced by its id: arrival, departure, energy, place may all change. */
  | { readonly kind: 'visit'; readonly visit: Visit }
  | { readonly kind: 'visit-cancelled'; readonly visitId: string }
  | { readonly kind: 'departure-changed'; readonly visitId: string; readonly departsAt: EpochS }
  /** The tariff document in force, as its own JSON form, with the state of the billing period. */
  | { readonly kind: 'tariff'; readonly tariff: unknown; readonly billingState?: unknown }
  /**
   * A circuit limit from the grid operator or an operator. Of those in force at once the lowest counts. One with an id
   * replaces the earlier one of that id, and with an `untilS` that is past ends it; without one and without `untilS` it
   * stands until the next such one of its circuit.
   */
  | {
      readonly kind: 'limit';
      readonly circuit: string;
      readonly id?: string;
      readonly limitA?: Amperes;
      readonly limitW?: Watts;
      readonly fromS?: EpochS;
      readonly untilS?: EpochS;
    }
  /** Measured uncontrolled load of a circuit (a building meter). */
  | {
      readonly kind: 'uncontrolled-load';
      readonly circuit: string;
      readonly powerW: Watts;
      /** Current on L1, L2, L3, where the meter tells them apart. */
      readonly phaseA?: PerPhase;
      readonly sampledAt: EpochS;
    }
  /** Measured power of the grid connection, all loads; makes the billed peak so far. */
  | { readonly kind: 'site-meter'; readonly powerW: Watts; readonly sampledAt: EpochS };

/** A call, or the answer to one, in either direction; the payload is that of the station's own OCPP version. */
export type LinkMessage =
  | {
      readonly kind: 'call';
      readonly stationId: string;
      readonly messageId: string;
      readonly action: string;
      readonly payload: unknown;
    }
  | {
      readonly kind: 'result';
      readonly stationId: string;
      readonly messageId: string;
      readonly payload: unknown;
    }
  | {
      readonly kind: 'error';
      readonly stationId: string;
      readonly messageId: string;
      readonly code: string;
      readonly description: string;
    };

/** What a charger link reports. */
export type LinkEvent =
  | { readonly kind: 'connected'; readonly stationId: string; readonly version: OcppVersion }
  | { readonly kind: 'disconnected'; readonly stationId: string; readonly reason: string }
  | LinkMessage;

/** Subjects below `voltherd.<site id>.`; the last token of an inbound subject is the event's kind. */
export const subjects = {
  inbound: 'in.>',
  plan: 'out.plan',
  command: 'out.command',
  alarm: 'out.alarm',
  verdict: 'out.verdict',
  refused: 'out.refused',
  status: 'out.status',
  billing: 'out.billing',
  capability: 'out.capability',
} as const;

/** The full subject of a site. Ids go into subjects only after `isSubjectToken`. */
export function subjectOf(siteId: string, tail: string): string {
  return `voltherd.${siteId}.${tail}`;
}

/** Ids that may stand in a subject: letters, digits, `_`, `-`, at most 48. */
export function isSubjectToken(id: string): boolean {
  return /^[A-Za-z0-9_-]{1,48}$/.test(id);
}
