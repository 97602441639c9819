/** The depot of the exhaustive proof: three different chargers on one feeder, and what is wanted of them. */
import type { Site } from '#domain/site';
import { amperes, seconds } from '#domain/units';
import type { ChargingProfile, InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import type { SiteLimits } from '#safety/circuit-limits';
import { evse, limitsOf, plan, site, station, txDefault } from './depot.ts';

/** Time goes in ticks; every duration is a whole number of them. */
export const tickS = 10;
export const epoch = 1_000_000;
/** How long a frame of a lost connection may still arrive. */
export const lateS = 4 * tickS;
export const feederA = 44;
/** What the feeder carries after its limit has dropped. */
export const droppedA = 38;
/** What other loads draw from it, always. */
export const othersA = 4;
export const hardware: readonly number[] = [32, 32, 8];

export const depot: Site = site(
  [
    // Does not fall back when its lease ends.
    station('a', {
      version: '1.6',
      evses: [evse(1, { rotation: [0], maxA: amperes(32) })],
      capability: { reactionS: seconds(tickS), obeysLease: false, maxStackLevel: 1 },
    }),
    // Loses plans in a reboot.
    station('b', {
      evses: [evse(1, { rotation: [0], maxA: amperes(32) })],
      capability: { reactionS: seconds(tickS), keepsProfiles: 'floors' },
    }),
    // Loses everything in a reboot.
    station('c', {
      evses: [evse(1, { rotation: [0], maxA: amperes(8) })],
      capability: { reactionS: seconds(0), keepsProfiles: 'none' },
    }),
  ],
  [{ id: 'grid', limitA: amperes(feederA) }],
);
export const ids: readonly string[] = depot.stations.map(({ id }) => id);
/** What the engine is told of the feeder, whole and dropped. */
export function feederLimits(stage: 'whole' | 'dropped', othersTold: number): SiteLimits {
  const limit = amperes(stage === 'whole' ? feederA : droppedA);
  return limitsOf({ ...depot, circuits: [{ id: 'grid', limitA: limit }] }, othersTold);
}
export const floor: InstalledProfile = txDefault(1, 6);

type PlanShape = readonly [start: number, length: number, steps: readonly (readonly [number, number])[]];

/**
 * What each phase wants of each charger: start, length in ticks, limits. The last one asks for more than is safe: it
 * counts on an idle socket drawing nothing and on a charger that never reboots.
 */
export const phasesWanted: readonly (readonly PlanShape[])[] = [
  [
    [0, 5, [[0, 24]]],
    [0, 5, [[0, 6]]],
    [0, 5, [[0, 6]]],
  ],
  [
    [0, 9, [[0, 6]]],
    [
      0,
      9,
      [
        [0, 12],
        [3 * tickS, 24],
      ],
    ],
    [0, 9, [[0, 8]]],
  ],
  [
    [0, 12, [[0, 26]]],
    [0, 12, [[0, 0]]],
    [0, 12, [[0, 6]]],
  ],
  [
    [0, 12, [[0, 0]]],
    [0, 12, [[0, 28]]],
    [0, 12, [[0, 6]]],
  ],
];

const plans = new Map<string, InstalledProfile>();

export function planFor(phase: number, i: number, transactionId: string): InstalledProfile {
  const key = `${phase} ${i} ${transactionId}`;
  const known = plans.get(key);
  if (known !== undefined) return known;
  const [start, length, steps] = phasesWanted[phase]![i]!;
  const made = plan(1, transactionId, epoch + start * tickS, length * tickS, steps);
  plans.set(key, made);
  return made;
}

/**
 * What the engine calls a message now: the one whose answer it waits for, the one given up last, or a stale one. Ids
 * are compared and nothing else is done with them, so these three say all that matters.
 */
export type MessageName = 'waited' | 'lapsed' | 'stale';

export interface CallFrame {
  readonly name: MessageName;
  readonly command: StationCommand;
  readonly sentAt: number;
}

export type UpFrame =
  | { readonly kind: 'answer'; readonly name: MessageName; readonly answer: CommandAnswer }
  /** `asked`: the engine still waits for this very report. */
  | { readonly kind: 'report'; readonly asked: boolean; readonly profiles: readonly InstalledProfile[] }
  | { readonly kind: 'transaction'; readonly ended?: string; readonly started: string }
  | { readonly kind: 'boot' };

/** What reaches the engine. */
export type EngineEvent =
  | { readonly kind: 'frame'; readonly i: number; readonly frame: UpFrame }
  | { readonly kind: 'link'; readonly i: number; readonly up: boolean }
  | { readonly kind: 'tick' | 'crash' | 'journal-lost' | 'limit-drops' | 'limit-returns' }
  | { readonly kind: 'phase'; readonly phase: number };

/** What the engine's turn means for the frames of one station, and the call that leaves to it. */
export interface Reply {
  readonly waited: MessageName;
  readonly lapsed: MessageName;
  /** Whether a report that was asked for is still waited for. */
  readonly asked: boolean;
  readonly call?: StationCommand;
}

const profileNumbers = new WeakMap<ChargingProfile, number>();
const numbersByText = new Map<string, number>();

/** A number that is equal for equal profiles; kept, since a few profiles are shared by many states. */
function profileNumber(profile: ChargingProfile): number {
  const known = profileNumbers.get(profile);
  if (known !== undefined) return known;
  const text = JSON.stringify(profile);
  const number = numbersByText.get(text) ?? numbersByText.size;
  numbersByText.set(text, number);
  profileNumbers.set(profile, number);
  return number;
}

/** A short text that is equal for equal sets of profiles in the same order. */
export function textOfInstalled(installed: readonly InstalledProfile[]): string {
  let text = '';
  for (const { evseId, profile } of installed) text += `${evseId}:${profileNumber(profile)} `;
  return text;
}

/** A short text that is equal for equal commands; the id of a report is not part of it. */
export function textOfCommand(command: StationCommand): string {
  if (command.kind === 'set-profile') return `set ${command.evseId}:${profileNumber(command.profile)}`;
  return JSON.stringify(command, (key, item: unknown) => (key === 'requestId' ? undefined : item));
}

/** A short text that is equal for equal frames. */
export function textOfFrame(frame: CallFrame | UpFrame): string {
  if ('command' in frame) return `${frame.name} ${frame.sentAt} ${textOfCommand(frame.command)}`;
  if (frame.kind === 'report') return `report ${frame.asked} ${textOfInstalled(frame.profiles)}`;
  return JSON.stringify(frame);
}
