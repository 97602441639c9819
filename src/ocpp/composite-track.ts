/**
 * Limits over a window as contiguous pieces, and how two become one. What does not fit into one unit is carried in the
 * other until the phases are known.
 * @module
 */
import { convertedLevel, type Level, type LevelQuestion } from './composite-level.ts';

/** Contiguous pieces; `phases` 0 means that nobody named a number. */
export interface Track {
  readonly keep: boolean;
  readonly startS: number[];
  readonly value: number[];
  readonly phases: number[];
  /** Limits in the unit that is not asked for; undefined where all are in the one that is. */
  readonly other: number[] | undefined;
}

/** No pieces yet. `keep` leaves equal neighbours apart. */
export function emptyTrack(keep: boolean, twoUnits: boolean): Track {
  return { keep, startS: [], value: [], phases: [], other: twoUnits ? [] : undefined };
}

/** Nothing limits. */
export const unlimitedLevel: Level = { value: Infinity, other: Infinity, phases: 0 };

/** Nothing may be drawn. */
export const nothingDrawn: Level = { value: 0, other: Infinity, phases: 0 };

/** Adds a piece; one that says the same as the last is part of it. */
export function push(track: Track, startS: number, level: Level): void {
  const { keep, value, phases, other } = track;
  const last = value.length - 1;
  const same =
    last >= 0 &&
    value[last] === level.value &&
    phases[last] === level.phases &&
    (other === undefined || other[last] === level.other);
  if (same && !keep) return;
  track.startS.push(startS);
  value.push(level.value);
  phases.push(level.phases);
  other?.push(level.other);
}

/** How two tracks become one. */
export interface Join {
  readonly value: (a: number, b: number) => number;
  readonly phases: (a: number, b: number) => number;
}

/** The lower limit, on the fewest phases that either names. */
export const lowestOf: Join = {
  value: Math.min,
  phases: (a, b) => (a > 0 && b > 0 ? Math.min(a, b) : Math.max(a, b)),
};

/** The sum, with a number of phases only where both agree on it. */
export const sumOf: Join = { value: (a, b) => a + b, phases: (a, b) => (a === b ? a : 0) };

/** The first raised by the second where the second has a value. */
export const raisedBy: Join = { value: (a, b) => (b === Infinity ? a : a + b), phases: (a) => a };

/** Two tracks over the same window joined piece by piece. */
export function joined(a: Track, b: Track, join: Join): Track {
  const track = emptyTrack(a.keep, a.other !== undefined);
  let i = 0;
  let j = 0;
  let startS = a.startS[0] ?? 0;
  for (;;) {
    push(track, startS, {
      value: join.value(a.value[i] ?? Infinity, b.value[j] ?? Infinity),
      other: Math.min(a.other?.[i] ?? Infinity, b.other?.[j] ?? Infinity),
      phases: join.phases(a.phases[i] ?? 0, b.phases[j] ?? 0),
    });
    const nextA = a.startS[i + 1] ?? Infinity;
    const nextB = b.startS[j + 1] ?? Infinity;
    startS = Math.min(nextA, nextB);
    if (startS === Infinity) return track;
    if (nextA === startS) i++;
    if (nextB === startS) j++;
  }
}

/** The track in one unit: what was left in the other is converted over the phases of its piece. */
export function settled(track: Track, question: LevelQuestion): Track {
  if (track.other === undefined) return track;
  const out = emptyTrack(track.keep, true);
  for (let i = 0; i < track.value.length; i++) {
    const phases = track.phases[i] ?? 0;
    const converted = convertedLevel(question, track.other[i] ?? Infinity, phases);
    const value = Math.min(track.value[i] ?? Infinity, converted);
    push(out, track.startS[i] ?? 0, { value, other: Infinity, phases });
  }
  return out;
}

/** The track with `unlimited` where nothing limits. */
export function filled(track: Track, unlimited: number): Track {
  const out = emptyTrack(track.keep, track.other !== undefined);
  for (let i = 0; i < track.value.length; i++) {
    const value = track.value[i] ?? Infinity;
    push(out, track.startS[i] ?? 0, {
      value: value === Infinity ? unlimited : value,
      other: Infinity,
      phases: track.phases[i] ?? 0,
    });
  }
  return out;
}
