/** Named bounds of the safety layer. @module */

/** Most states that a command may bring a station's belief to; a command that would lead further is refused. */
export const candidatesAdmittedMax = 12;
/** Most states that facts may bring a belief to; beyond it nothing is known of the station. */
export const candidatesMax = 48;
/** Most unanswered commands that are remembered per station. */
export const straysMax = 6;
/** Part of a milliampere by which a rounded-up exposure may exceed its exact value without counting. */
export const roundingMilli = 1e-6;
/** How far ahead a recurring profile is followed; after it its highest value stands. */
export const recurringHorizonS = 15 * 86_400;
/** A limit that no hardware reaches. */
export const noLimit = 1e9;
/** Ended transactions that are remembered per station, so that a late command for one is known to be void. */
export const endedTransactionsMax = 8;
/** Limits of one state that are kept: one for each EVSE and transaction that was asked for. */
export const limitsOfCandidateMax = 32;
/** Most choices that the search for floors looks at; beyond it the best so far stands. */
export const floorNodesMax = 200_000;
/** Highest stack level that a station which cannot say what it holds is rid of, one level after the other. */
export const levelsClearedMax = 16;
