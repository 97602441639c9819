/**
 * A seeded world as data: the depot, who comes, what the network does to frames, and everything that goes wrong and
 * when. The same plan always plays the same; a shorter plan is a smaller story.
 * @module
 */
import type { EpochS } from '#domain/units';
import type { Policy } from '#engine/policy';
import type { FaultSpan } from '../scenario-cast.ts';
import { personaNames, type PersonaName } from '../scenario-document.ts';
import type { Scenario } from '../scenario.ts';

/** Faults of the way between engine and stations. */
const networkSwitches = [
  'loss',
  'delay',
  'duplicate',
  'reorder',
  'slow-reader',
  'cut',
  'partition',
  'half-open',
  'reconnect-storm',
] as const;
/** Faults of everything else but the stations' own nature. */
const depotSwitches = [
  'reboot',
  'engine-crash',
  'dead-site-meter',
  'clock-jump',
  'bad-bus',
  'limit-drop',
  'lying-vehicle',
  'no-show',
  'early-leave',
  'late-news',
] as const;

/** Faults that came later. */
const laterSwitches = [
  'persona-clock-steps-back',
  'truncated',
  'crash-amid',
  'disk-full',
  'old-site',
  'stall',
  'solver-fails',
  'solver-lies',
  'solver-slow',
  'bus-lost',
  'bus-late',
  'bus-repeats',
  'other-site',
  'tariff-changes',
  'visit-changes',
  'uneven-building',
] as const;

/** A way in which stations can be wrong, as a switch. */
export type PersonaSwitch = `persona-${Exclude<PersonaName, 'obeys'>}`;
/** Everything that a seed may switch on. */
export type SwitchName =
  | (typeof networkSwitches)[number]
  | (typeof depotSwitches)[number]
  | PersonaSwitch
  | 'journal-lost'
  | (typeof laterSwitches)[number];

/** All switches in the order in which they are drawn: later ones come last, so that the worlds of a seed stay what they were. */
export const switchNames: readonly SwitchName[] = [
  ...networkSwitches,
  ...depotSwitches,
  ...personaNames.flatMap((name): readonly PersonaSwitch[] =>
    name === 'obeys' || name === 'clock-steps-back' ? [] : [`persona-${name}`],
  ),
  'journal-lost',
  ...laterSwitches,
];

/** Switches that are on only where they are asked for by name: a WebSocket keeps order and repeats nothing. */
const beyondWebSocket: ReadonlySet<SwitchName> = new Set(['duplicate', 'reorder']);

/** Seeds below draw nothing of what came later, so that their nights stay what they were. */
const laterFromSeed = 100_000;

/** The switches that a seed draws from where nothing else is said. */
export function usualSwitches(seed: number): readonly SwitchName[] {
  const later: ReadonlySet<SwitchName> = new Set(seed < laterFromSeed ? laterSwitches : []);
  return switchNames.filter((name) => !beyondWebSocket.has(name) && !later.has(name));
}

/** What the network does to each frame. Parts are of all frames, 0 to 1. */
export interface NetworkRates {
  readonly loss: number;
  /** Part of the lost frames of which the first half arrives. */
  readonly cutShort: number;
  readonly duplicate: number;
  /** Part of the frames that take `delayMaxS` at most instead of no time. */
  readonly delay: number;
  readonly delayMaxS: number;
  /** true: a frame does not wait for the one before it. */
  readonly reorder: boolean;
  /** Seconds that the station takes to read a frame, by station id. */
  readonly slowReaders: Readonly<Record<string, number>>;
}

/** A thing that goes wrong at a time of its own. */
export type WorldEvent = { readonly switch: SwitchName } & (
  | { readonly kind: 'fault'; readonly fault: FaultSpan }
  /** Frames vanish in both directions; each side finds out in its own time. */
  | {
      readonly kind: 'half-open';
      readonly stationId: string;
      readonly at: EpochS;
      readonly stationSeesS: number;
      readonly engineSeesS: number;
    }
  /** All connections break at once. */
  | { readonly kind: 'storm'; readonly at: EpochS }
  /**
   * The engine dies before or after its journal has taken this record, counted over all its processes, or `amid` what
   * follows from it.
   */
  | {
      readonly kind: 'crash';
      readonly record: number;
      readonly when: 'before' | 'after' | 'amid';
      /** Messages to stations and to the bus that still leave where it dies amid them. */
      readonly effects?: number;
      /** The disk is full from this record on, for so long: every process until then dies at its first record. */
      readonly fullS?: number;
      /** The next process is given an older site file, with larger circuits and nothing beside the chargers. */
      readonly oldSite?: true;
      readonly downS: number;
      /** Its journal is gone with it: the next process knows the site and nothing else. */
      readonly losesJournal?: true;
      /** Stations whose lines go down with the engine, and come back so much later. */
      readonly cutStations: readonly string[];
      readonly cutS: number;
    }
  | { readonly kind: 'jump'; readonly at: EpochS; readonly byS: number }
  /** The meters of the building and of the grid connection say nothing. */
  | { readonly kind: 'dead-meter'; readonly fromS: EpochS; readonly untilS: EpochS }
  | { readonly kind: 'bad-message'; readonly at: EpochS; readonly tail: string; readonly text: string }
  /** A message for another site on the same bus. */
  | { readonly kind: 'other-site'; readonly at: EpochS; readonly tail: string; readonly text: string }
  /** The process of the engine does nothing; what comes in waits. */
  | { readonly kind: 'stall'; readonly fromS: EpochS; readonly untilS: EpochS }
  /** Each solve fails, gives three times the power without a certificate, or takes `takesS`. */
  | {
      readonly kind: 'solver';
      readonly how: 'fails' | 'lies' | 'slow';
      readonly fromS: EpochS;
      readonly untilS: EpochS;
      readonly takesS: number;
    }
  /** Nothing passes on the bus. What was said meanwhile comes in order afterwards, or is lost and said again. */
  | {
      readonly kind: 'bus-lost';
      readonly fromS: EpochS;
      readonly untilS: EpochS;
      readonly inbound: 'waits' | 'said again';
    }
  /** Everything that was ever said is said once more, in order. */
  | { readonly kind: 'bus-rewound'; readonly at: EpochS }
  | { readonly kind: 'tariff'; readonly at: EpochS; readonly tariff: Readonly<Record<string, unknown>> }
);

/** What the bus does to each message to the engine. Parts are of all messages, 0 to 1. */
export interface BusRates {
  /** Part that comes late, by so many seconds at most. */
  readonly late: number;
  readonly lateMaxS: number;
  /** Part that comes once more, after so many seconds at most. */
  readonly repeat: number;
  readonly repeatMaxS: number;
}

/** What the owner of the site has told the ledger about its link and clocks. */
export interface LinkPromise {
  readonly lateS: number;
  readonly repeatS: number;
  readonly clockSkewS: number;
}

/** Money in a world: a tariff, and what a simulator needs to count its peaks by itself. */
export interface BillPlan {
  /** The document that the engine is told. */
  readonly tariff: Readonly<Record<string, unknown>>;
  /** Its demand windows: whole hours of the local day. */
  readonly windows: readonly { readonly id: string; readonly fromH: number; readonly untilH: number }[];
  readonly clock: LocalHours;
}

/** Local time over one night, from a table: seconds east of UTC, and when they change. */
export interface LocalHours {
  readonly offsetS: number;
  readonly changesAt?: EpochS;
  readonly laterS?: number;
}

/** One world. A JSON value but for the absence of functions in it. */
export interface WorldPlan {
  readonly seed: number;
  /** Switches that this seed has on. */
  readonly on: readonly SwitchName[];
  /** The depot and its night; its `faults` are empty, they are among the events. */
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly network: NetworkRates;
  readonly bus: BusRates;
  readonly events: readonly WorldEvent[];
  readonly link: LinkPromise;
  /** Stations that break what they declare, from when on. */
  readonly rogues: Readonly<Record<string, EpochS>>;
  /** From then on nothing new goes wrong. */
  readonly healS: EpochS;
  /** Seconds between readings of the building's meter and of the one at the grid connection. */
  readonly siteMeterS: number;
  /** Absent: prices are flat and peaks cost nothing. */
  readonly bill?: BillPlan;
  /** Records after which a snapshot takes the place of the engine's journal; absent: as many as it is shipped with. */
  readonly snapshotRecords?: number;
}

/** What a world is drawn from. */
export interface WorldChoice {
  readonly seed: number;
  readonly connectors: number;
  readonly hours: number;
  /** Switches that may be on; absent: the usual ones. */
  readonly allowed?: readonly SwitchName[];
  /** Events left out, by their place in the list of the seed. */
  readonly dropped?: readonly number[];
}
