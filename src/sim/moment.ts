/** Instants as scenarios write them: a clock time of the night, or an ISO instant. @module */
import { instantOfIso } from '#domain/instant';
import { epochS, type EpochS } from '#domain/units';

/** Reads the moments of one scenario. */
export interface MomentReader {
  readonly startS: EpochS;
  /** `05:00` is the first time at or after the start that the clock of the start's offset shows so. */
  read(text: string): EpochS | undefined;
}

/** The reader of a scenario that starts at `start`, an ISO instant with its offset; undefined where it is none. */
export function momentReader(start: string): MomentReader | undefined {
  const startS = instantOfIso(start);
  if (startS === undefined) return undefined;
  const local = instantOfIso(`${start.slice(0, 19)}Z`);
  if (local === undefined) return undefined;
  const offsetS = local - startS;
  return {
    startS,
    read: (text) => {
      const match = /^(\d{2}):(\d{2})(?::(\d{2}))?(?:\+(\d{1,2})d)?$/.exec(text);
      if (match === null) return instantOfIso(text);
      const [hour = 0, minute = 0, second = 0, days = 0] = match.slice(1).map((part) => Number(part ?? 0));
      if (hour > 23 || minute > 59 || second > 59) return undefined;
      const midnight = Math.floor((startS + offsetS) / 86400) * 86400 - offsetS;
      const today = midnight + hour * 3600 + minute * 60 + second;
      return epochS((today < startS ? today + 86400 : today) + days * 86400);
    },
  };
}
