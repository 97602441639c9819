/**
 * What stations of one vendor, model and firmware have said and done: one of them teaches about all. Deeds are kept as
 * they were seen; what follows from them is in `capability.ts`.
 * @module
 */
import type { CapabilityReading } from './capability-reading.ts';
import type { ChargingProfile, ProfilePurpose } from './profile.ts';

/** Stations of the same make and firmware do the same. */
export interface StationMake {
  readonly vendor: string;
  readonly model: string;
  /** Empty where the station does not say. */
  readonly firmware: string;
}

/** A kind of profile that was taken or refused. */
export interface ProfileDeed {
  readonly purpose: ProfilePurpose;
  readonly unit: 'A' | 'W';
  readonly stackLevel: number;
  /** The status word or error code of the first refusal. */
  readonly status?: string;
  /** Refusals so far, counted up to `timesMax`. */
  readonly times?: number;
}

/** What is known of one make. A JSON value. */
export interface MakeRecord {
  /** The latest answer of any of its stations. */
  readonly reading?: CapabilityReading;
  readonly took: readonly ProfileDeed[];
  readonly refused: readonly ProfileDeed[];
  /** Times that one of its stations drew more than anything it had accepted. */
  readonly notApplied: number;
}

/** By make. A JSON value. */
export type MakeBook = Readonly<Record<string, MakeRecord>>;

/** Refusals of one kind beyond this teach nothing more. */
const timesMax = 3;

/** Kinds of profiles remembered per make, and makes remembered; the oldest is forgotten. */
const deedsMax = 12;
const makesMax = 256;

/** Longest part of a make that is kept; the standard has 50 characters. */
const makePartMax = 100;

const emptyRecord: MakeRecord = { took: [], refused: [], notApplied: 0 };

const keys = new WeakMap<StationMake, string>();

/** The key of a make; its parts may hold any character. Worked out once for each make. */
export function keyOfMake(make: StationMake): string {
  const known = keys.get(make);
  if (known !== undefined) return known;
  const key = freshKey(make);
  keys.set(make, key);
  return key;
}

function freshKey(make: StationMake): string {
  return JSON.stringify([make.vendor, make.model, make.firmware].map((part) => part.slice(0, makePartMax)));
}

/** What is known of a make; undefined for one never seen, a new firmware included. */
export function recordOf(book: MakeBook, make: StationMake): MakeRecord | undefined {
  const key = keyOfMake(make);
  return Object.hasOwn(book, key) ? book[key] : undefined;
}

/** The book with a change to one make. */
function withRecord(book: MakeBook, make: StationMake, change: Partial<MakeRecord>): MakeBook {
  const key = keyOfMake(make);
  const others = Object.entries(book).filter(([other]) => other !== key);
  return Object.fromEntries([
    ...others.slice(-(makesMax - 1)),
    [key, { ...(recordOf(book, make) ?? emptyRecord), ...change }],
  ]);
}

/** The book after a station of a make has answered what it can do. */
export function withReading(book: MakeBook, make: StationMake, reading: CapabilityReading): MakeBook {
  return withRecord(book, make, { reading });
}

function isSameKind(a: ProfileDeed, b: ProfileDeed): boolean {
  return a.purpose === b.purpose && a.unit === b.unit && a.stackLevel === b.stackLevel;
}

/** The kind of a profile as a deed. */
function deedOf(profile: ChargingProfile, status?: string): ProfileDeed {
  return {
    purpose: profile.purpose,
    unit: profile.schedules[0]?.unit ?? 'A',
    stackLevel: profile.stackLevel,
    ...(status === undefined ? {} : { status: status.slice(0, makePartMax) }),
  };
}

/** The book after a station of a make has taken or refused a profile; the same one where that is known. */
export function withDeed(
  book: MakeBook,
  make: StationMake,
  deed: { readonly profile: ChargingProfile; readonly refusal?: string },
): MakeBook {
  const record = recordOf(book, make) ?? emptyRecord;
  const one = deedOf(deed.profile, deed.refusal);
  const list = deed.refusal === undefined ? record.took : record.refused;
  const known = list.find((other) => isSameKind(other, one));
  if (deed.refusal === undefined) {
    return known === undefined ? withRecord(book, make, { took: [...list, one].slice(-deedsMax) }) : book;
  }
  const { times = 0 } = known ?? {};
  if (times >= timesMax) return book;
  const counted = { ...(known ?? one), times: times + 1 };
  const next =
    known === undefined
      ? [...list, counted].slice(-deedsMax)
      : list.map((other) => (other === known ? counted : other));
  return withRecord(book, make, { refused: next });
}

/** The book after a station of a make was seen to draw more than anything that it had accepted. */
export function withNotApplied(book: MakeBook, make: StationMake): MakeBook {
  return withRecord(book, make, { notApplied: (recordOf(book, make)?.notApplied ?? 0) + 1 });
}

/** Whether a make has refused every profile of a purpose that it was sent, so many times at least. */
export function refusesPurpose(
  record: MakeRecord | undefined,
  purpose: ProfilePurpose,
  timesLeast: 1 | 2 | 3 = 1,
): boolean {
  if (record === undefined) return false;
  const times = record.refused.reduce(
    (sum, deed) => sum + (deed.purpose === purpose ? (deed.times ?? 0) : 0),
    0,
  );
  return times >= timesLeast && !record.took.some((deed) => deed.purpose === purpose);
}
