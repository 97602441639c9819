/** What a simulated night gives back: a JSON value from which tables and reports are made. @module */
import type { Phase } from '#domain/site';

/** One EVSE as reports show it. */
export interface NightEvse {
  readonly key: string;
  readonly stationId: string;
  readonly evseId: number;
  readonly circuit: string;
  readonly version: string;
  readonly vendor: string;
  readonly model: string;
  readonly current: 'AC' | 'DC';
  readonly maxW: number;
  readonly rotation: readonly Phase[];
}

/** True values per sample step, by physical summation; index `i` covers `[startS + i stepS, startS + (i+1) stepS)`. */
export interface NightSamples {
  readonly startS: number;
  readonly stepS: number;
  readonly count: number;
  /** By EVSE key: mean W. */
  readonly evseW: Readonly<Record<string, readonly number[]>>;
  /** By EVSE key: limit that the station follows at the end of the step, W; its hardware maximum where none. */
  readonly offeredW: Readonly<Record<string, readonly number[]>>;
  /** All uncontrolled loads: mean W. */
  readonly buildingW: readonly number[];
  /** All chargers: mean W. */
  readonly chargersW: readonly number[];
  readonly circuits: Readonly<Record<string, CircuitSamples>>;
}

/** One circuit: charging and uncontrolled load together. */
export interface CircuitSamples {
  /** Mean of the step. */
  readonly powerW: readonly number[];
  /** Highest within the step. */
  readonly peakW: readonly number[];
  /** Highest within the step on each phase. */
  readonly peakA: readonly [readonly number[], readonly number[], readonly number[]];
  /** Lowest limit within the step. */
  readonly limitA: readonly number[];
  readonly limitW?: readonly number[];
}

/** How near a circuit came to its limit over the whole night. */
export interface CircuitPeak {
  readonly circuit: string;
  readonly limitA: number;
  readonly limitW?: number;
  /** Highest on any phase. */
  readonly peakA: number;
  readonly peakPhase: Phase;
  readonly peakW: number;
  readonly atS: number;
  /** Smallest `limit - load` on any phase, A; negative: the limit was crossed. */
  readonly marginA: number;
}

/** A limit crossed, by the simulator's own sum; one per unbroken span. */
export interface Violation {
  readonly circuit: string;
  /** Absent: the limit in W. */
  readonly phase?: Phase;
  readonly fromS: number;
  readonly untilS: number;
  /** At the worst instant: load, limit, and its time. */
  readonly load: number;
  readonly limit: number;
  readonly unit: 'A' | 'W';
  readonly atS: number;
}

/** How one visit ended. */
export interface VisitOutcome {
  readonly visitId: string;
  readonly vehicleId: string;
  readonly evse: string;
  readonly announcedArrivalS: number;
  readonly announcedDepartureS: number;
  readonly arrivedS: number;
  readonly departedS: number;
  /** As announced: what had to be delivered. */
  readonly neededWh: number;
  readonly deliveredWh: number;
  /** What the vehicle could have taken at full power of vehicle and EVSE from arrival to departure. */
  readonly reachableWh: number;
  readonly missingWh: number;
  /** `still-here`: the night ended before the visit did. */
  readonly outcome: 'met' | 'short' | 'still-here';
  readonly priority: number;
  readonly maxW: number;
  readonly phases: 1 | 3;
}

/** A span without a connection. */
export interface CommsSpan {
  readonly stationId: string;
  readonly fromS: number;
  readonly untilS: number;
  readonly cause: 'cut' | 'reboot' | 'engine-down' | 'dropped' | 'refused';
}

/** A message that the engine published. */
export interface BusRecord {
  readonly atS: number;
  /** Below `voltherd.<site>.`, e.g. `out.alarm`. */
  readonly tail: string;
  readonly payload: unknown;
}

/** Counts of OCPP messages, calls and answers. */
export interface MessageCounts {
  readonly toStations: number;
  readonly fromStations: number;
  /** CALLs by action. */
  readonly byAction: Readonly<Record<string, number>>;
  readonly busIn: number;
  readonly busOut: number;
  /** CALLERRORs by `side code`. */
  readonly errors: Readonly<Record<string, number>>;
}

/** The journal of the night. */
export interface JournalSummary {
  readonly records: number;
  readonly bytes: number;
  /** SHA-256 over the bytes, hexadecimal. */
  readonly sha256: string;
  readonly path?: string;
}

/** What was expected and what came. */
export interface ExpectationCheck {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly met: boolean;
}

/** Everything about one simulated night. */
export interface NightResult {
  readonly scenario: {
    readonly id: string;
    readonly title: string;
    readonly description: string;
    readonly seed: number;
    readonly timeZone: string;
    readonly startS: number;
    readonly endS: number;
    readonly voltage: number;
  };
  readonly transport: string;
  readonly evses: readonly NightEvse[];
  readonly circuits: readonly {
    readonly id: string;
    readonly parent?: string;
    readonly limitA: number;
    readonly limitW?: number;
  }[];
  readonly samples: NightSamples;
  /** Mean power at the grid connection per interval of the metering clock, W, all loads: what the bill is made of. */
  readonly siteLoad: {
    readonly startS: number;
    readonly intervalS: number;
    readonly meanW: readonly number[];
  };
  /** The same without the chargers. */
  readonly buildingLoad: {
    readonly startS: number;
    readonly intervalS: number;
    readonly meanW: readonly number[];
  };
  readonly visits: readonly VisitOutcome[];
  readonly peaks: readonly CircuitPeak[];
  readonly violations: readonly Violation[];
  readonly comms: readonly CommsSpan[];
  readonly engineDown: readonly { readonly fromS: number; readonly untilS: number }[];
  /** Published by the engine, by the last token of the subject. */
  readonly plans: readonly BusRecord[];
  readonly verdicts: readonly BusRecord[];
  readonly alarms: readonly BusRecord[];
  readonly refused: readonly BusRecord[];
  /** The latest. */
  readonly status?: BusRecord;
  readonly commandCount: number;
  readonly messages: MessageCounts;
  readonly journal: JournalSummary;
  readonly expectations: readonly ExpectationCheck[];
  /** Everything expected came. */
  readonly asExpected: boolean;
  /** The only value that differs from run to run. */
  readonly wallMs: number;
}
