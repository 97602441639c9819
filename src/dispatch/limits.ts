/** Named bounds of dispatch. @module */

/** Failed reads in a row after which a station is written to without having been read. */
export const readTriesMax = 3;
/** Failed calls in a row after which a station counts as deaf: it is not planned for, and read until it answers. */
export const deafAfter = 3;
/** How long after a station was read its floors are looked after again, s, and at how many stations at once. */
export const floorsSeenEveryS = 3 * 3600;
export const checksInFlightMax = 8;
/** The same where it did not say what it holds. */
export const unsaidRestS = 3600;
/** Refusals of one and the same profile after which it rests. */
export const refusalsMax = 3;
/** How long such a profile rests, s, or until the next connection; then it is tried once more. */
export const refusalRestS = 3600;
/** Refused profiles that are remembered per station. */
export const refusedMax = 16;
/** Other requests that wait per station. */
export const requestsMax = 8;
/** How far ahead a composite is asked for. */
export const compositeAheadS = 7200;
/**
 * Unanswered calls in a row before the pause of one that raises nothing doubles: a decrease, for which all raises wait, or
 * a raise that is counted since it left. Flash takes 100,000 writes or so; these are at most so many more on a
 * connection, and only where a call arrives while its answer is lost.
 */
export const quickTriesMax = 8;
/**
 * The least time for the answer to a profile that is set, how many of the slowest round trips are waited for, and by how
 * much the first answer of a connection counts as slower.
 */
export const answerLeastS = 2;
export const roundTripsWaited = 2;
export const firstMoreS = 3;
/** Pause after an answer that was waited for so long in vain. */
export const quickPauseS = 1;
/** Failures in a row that still lengthen the pause. */
export const backoffStepsMax = 10;
/** Raises of plans on their way at once, over all stations of a site. */
export const raisesInFlightMax = 50;
/** A raise without an answer makes room for another after this. */
export const raiseInFlightS = 2;
