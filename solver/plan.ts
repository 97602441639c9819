/** A plan in the barest form. @module */

/** What an engine decided; everything else follows from it. */
export interface Plan {
  readonly powerKw: readonly Float64Array[];
  readonly batteryKw?: Float64Array;
  readonly pvKw?: Float64Array;
  /** Per session, per interval of its stay: 1 where a station that can change charges on one phase of three. */
  readonly onePhase?: readonly Uint8Array[];
}

/** Whether powers may take any value, or only those that chargers hold. */
export type Powers = 'continuous' | 'stepped';
