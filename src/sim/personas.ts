/** The ways in which a station can be wrong: a table of switches, each read wherever the honest code would do better. @module */
import type { HeldProfile } from './own-composite.ts';
import type { PersonaName } from './scenario-document.ts';

/** What a station does differently; the honest values are those of `obeys`. */
export interface Switches {
  /** Draws what it is allowed, not what the hardware can. */
  readonly followsLimit: boolean;
  /** Once its limit has been 0, it no longer follows limits. */
  readonly forgetsAfterZero: boolean;
  /** Keeps the profiles that it accepts. */
  readonly installs: boolean;
  /** Loses every profile at a reboot, whatever its behaviour says. */
  readonly losesProfiles: boolean;
  readonly answers: boolean;
  /** Refuses every SetChargingProfile. */
  readonly rejects: boolean;
  /** Added to its reaction time. */
  readonly extraReactionS: number;
  readonly ignoresDuration: boolean;
  readonly ignoresValidTo: boolean;
  /** Its meter shows this multiple of the truth. */
  readonly meterFactor: number;
  /** When a vehicle charges again after a pause: with the next offer, with the one after another pause, or never. */
  readonly wakes: 'at once' | 'on pulse' | 'never';
  /** Draws without limit for this long after a profile is replaced. */
  readonly spikeS: number;
  /** Answers GetCompositeSchedule in the unit that was not asked for. */
  readonly otherUnit: boolean;
  /** Takes W limits as if they were for one phase only. */
  readonly onePhaseOnly: boolean;
  /** Its clock gains this much. */
  readonly driftSPerHour: number;
  /** Its clock stands so far beside the true time. */
  readonly clockOffS: number;
  /** Leaves the old profile in place when a new one replaces it. */
  readonly keepsReplaced: boolean;
  /** Sends meter values. */
  readonly meters: boolean;
  /** Accepts profiles of this purpose and does not act on them. */
  readonly ignoredPurpose: HeldProfile['purpose'] | 'none';
  /** Follows the highest limit of its profiles, whatever their purpose and stack level. */
  readonly mergesHighest: boolean;
  /** Counts a schedule from the instant at which it came. */
  readonly startsOnReceipt: boolean;
  /** Offers nothing and says that it is faulted. */
  readonly isFaulted: boolean;
  /** What it says its firmware is; with another one it takes profiles of one period only. */
  readonly firmware: '1.4.2' | '2.0.0';
  /** Forgets every profile when a transaction ends. */
  readonly clearsAtStop: boolean;
  /** Sends the readings of before again and again. */
  readonly repeatsReadings: boolean;
  /** Its energy register begins anew. */
  readonly restartsRegister: boolean;
  /** Its power and currents have this factor. */
  readonly powerSign: 1 | -1;
  /** Reports the power of one phase as that of all. */
  readonly onePhasePower: boolean;
  /** What it answers when it is asked what it can do. */
  readonly capabilityAnswers: 'true' | 'none' | 'garbled';
}

const honest: Switches = {
  followsLimit: true,
  forgetsAfterZero: false,
  installs: true,
  losesProfiles: false,
  answers: true,
  rejects: false,
  extraReactionS: 0,
  ignoresDuration: false,
  ignoresValidTo: false,
  meterFactor: 1,
  wakes: 'at once',
  spikeS: 0,
  otherUnit: false,
  onePhaseOnly: false,
  driftSPerHour: 0,
  clockOffS: 0,
  keepsReplaced: false,
  meters: true,
  ignoredPurpose: 'none',
  mergesHighest: false,
  startsOnReceipt: false,
  isFaulted: false,
  firmware: '1.4.2',
  clearsAtStop: false,
  repeatsReadings: false,
  restartsRegister: false,
  powerSign: 1,
  onePhasePower: false,
  capabilityAnswers: 'true',
};

const table: Readonly<Record<PersonaName, Partial<Switches>>> = {
  obeys: {},
  'ignores-limit': { followsLimit: false },
  'ignores-after-zero': { forgetsAfterZero: true },
  'accepts-and-drops': { installs: false },
  'forgets-on-reboot': { losesProfiles: true },
  'never-answers': { answers: false },
  rejects: { rejects: true },
  slow: { extraReactionS: 20 },
  'ignores-lease': { ignoresDuration: true, ignoresValidTo: true },
  'late-by-minutes': { extraReactionS: 180 },
  'meter-drifts': { meterFactor: 1.02 },
  'never-wakes': { wakes: 'never' },
  'spikes-on-replace': { spikeS: 10 },
  'wrong-unit': { otherUnit: true },
  'counts-phases-wrong': { onePhaseOnly: true },
  'clock-drifts': { driftSPerHour: 5 },
  'ignores-valid-to': { ignoresValidTo: true },
  'keeps-too-many': { keepsReplaced: true },
  'blind-meter': { meters: false },
  'ignores-tx-default': { ignoredPurpose: 'default' },
  'ignores-tx-profile': { ignoredPurpose: 'transaction' },
  'ignores-station-max': { ignoredPurpose: 'max' },
  'merges-highest': { mergesHighest: true },
  'starts-on-receipt': { startsOnReceipt: true },
  faulted: { isFaulted: true },
  'new-firmware': { firmware: '2.0.0' },
  'clears-at-stop': { clearsAtStop: true },
  'meter-repeats': { repeatsReadings: true },
  'register-restarts': { restartsRegister: true },
  'meter-negative': { powerSign: -1 },
  'meter-one-phase': { onePhasePower: true },
  'hides-capability': { capabilityAnswers: 'none' },
  'garbles-capability': { capabilityAnswers: 'garbled' },
  'wakes-on-pulse': { wakes: 'on pulse' },
  'clock-steps-back': { clockOffS: -90 },
};

/** The switches of all personas that a station has at once; the later in the list wins. */
export function switchesOf(personas: readonly PersonaName[]): Switches {
  return personas.reduce<Switches>((switches, name) => ({ ...switches, ...table[name] }), honest);
}
