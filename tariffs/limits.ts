/** Sizes that this layer refuses to exceed, each with its reason. @module */

/** Holiday entries of one calendar: ten years of daily entries are a mistake, not a calendar. */
export const holidaysMax = 1_000;
/** Lines of one tariff. */
export const linesMax = 200;
/** Windows of one line: their indices are kept in one byte, 255 means none. */
export const windowsMax = 250;
/** Seasons of one calendar: their set is kept in one 32-bit word. */
export const seasonsMax = 30;
/** Intervals of one load, price or bill request: two years of minutes. */
export const intervalsMax = 1_100_000;
/** Zones whose offset changes are remembered. */
export const zonesRememberedMax = 64;
/** Past billing periods that a state carries: the longest look-back is two years. */
export const pastPeriodsMax = 24;
/** Most metered power that is a plausible site: 10 GW; above it units are mixed up. */
export const powerKwMax = 1e7;
/** Most energy of one request, and of one state, in kWh: sums in mWh stay whole numbers that are exact. */
export const energyKwhMax = 4e9;
/** Most money of one line or state: amounts in millionths stay exact; above it units of prices or load are mixed up. */
export const amountMax = 8e9;
/** First and last year of loads and sessions: before, clocks were not set to whole minutes everywhere; after, nobody knows their rules. */
export const yearRange: readonly [first: number, last: number] = [1980, 2299];
/** Combinations of ways of charging that an optimisation tries: each may be a solve of its own. */
export const waysMax = 24;
/** What a convex choice counts at most among them: no more of its options are solved, whatever their number. */
export const convexWaysMax = 6;
/** Levels of chosen subscriptions of all periods that an optimisation tries together. */
export const levelsMax = 48;
