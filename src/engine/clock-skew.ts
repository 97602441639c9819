/** How far a station's clock counts as off. @module */

/** A clock within this is right: heartbeats set it no better. Source: witness row W03. */
const rightWithinS = 10;
/** Steps in which a skew is counted, so that a clock that wanders is not counted anew with each reading. */
const skewStepS = 60;
/** With a clock that is off by more, a station may not even hold its floors for begun. */
export const clockOffMaxS = 86_400;

/** The skew that is counted for an offset, s: 0 for a clock that is right, else rounded up to whole minutes. */
export function clockSkewOf(offsetS: number): number {
  const skewS = Math.abs(offsetS);
  if (skewS <= rightWithinS) return 0;
  return Math.min(clockOffMaxS, Math.ceil(skewS / skewStepS) * skewStepS);
}
