/** Every bound of this layer by name. @module */

/** Inputs that wait at once; beyond it station calls and bus events are refused and counted. */
export const inboxMax = 20_000;
/** Inputs of one source that wait at once; a station beyond it is cut off. */
export const inboxPerSourceMax = 1_000;
/** Largest bus message, bytes. */
export const busMessageBytesMax = 262_144;
/** Faults reported of one bad message. */
export const faultsMax = 20;
/** Visits kept; the ones gone longest are forgotten first. */
export const visitsMax = 5_000;
/** Seconds after which a visit that is over is forgotten. */
export const visitKeptS = 48 * 3600;
/** Limit events kept for one site. */
export const limitEventsMax = 1_000;
/** Finished transactions kept for each station, to know a replay when it comes again. */
export const transactionsKeptMax = 32;
/** Inputs in the journal after which a snapshot replaces them. */
export const journalRecordsMax = 200_000;
/** The same where a restart must not take long: from cold the first records cost most, 500 of 44 connectors about half a second. */
export const restartRecordsMax = 500;
/** Limits of others kept per station; the oldest is forgotten. */
export const externalLimitsMax = 16;
/** Questions about its capability that a station gets per connection or boot. */
export const capabilityTriesMax = 3;
/** Times that plans change the phases of one visit; after that it stays on three. */
export const phaseChangesMax = 4;
/** Rounds in which a station is asked, on each connection, about EVSEs of which nothing has been heard. */
export const rollCallsMax = 3;
/** When the first round comes after the connection, and the time between two, s. */
export const rollCallFirstS = 30;
export const rollCallEveryS = 60;
/** Questions of one round to one station. */
export const rollCallWordsMax = 4;
/** Age of the last reading at which a meter counts as silent. */
export const meterStaleAfterS = 900;
/** How far the clock may be behind, or a wake late, before it is said. */
export const clockToleranceS = 60;
/** Solves that one turn waits for, and ticks in one pass of it; what wants more waits for the next. */
export const solvesPerTurnMax = 4;
export const ticksPerPassMax = 5;
/** How long a solve may take before plans in force are made to fit limits without it. */
export const solverPatienceS = 5;
/** Sets of sessions that one solve leaves for the next. */
export const limitingSetsMax = 24;
/** Intervals that are added to the billing periods at once: a week of quarter hours without a tick. */
export const meteredPartsMax = 672;
/** Pulses that are tried on a vehicle that does not wake up, per transaction: more of them make some give up for good. */
export const pulsesMax = 2;
/** Length of a pulse, s: longer than a charger takes to follow and than a message that is sent twice. */
export const pulseS = 90;
/** A vehicle that draws less takes nothing, W. */
export const drawLeastW = 100;
/** Vehicles known to sleep on after a pause; the one noted longest ago is forgotten first. */
export const sleepersMax = 500;
/** Weeks that the record of a metered load reaches back. */
export const loadWeeksMax = 8;
/** Hours that must have been metered before a forecast or a reserve is taken from them. */
export const loadHoursLeast = 3;
/** Courses of a circuit's load that are kept in mind: its bound and what is expected, over the spans that are asked for in turns. */
export const knownLoadsMax = 4;
