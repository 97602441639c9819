/** The clock of the machine. The only place, beside the hygiene of sockets, that reads it. @module */
import { epochS, type EpochS } from '#domain/units';
import type { Clock } from '#ports/clock';

/** Longest wait before a wake looks at the system time again, milliseconds. */
const lookMs = 600_000;

/**
 * A clock on system time that never runs backwards: where the system time is set back it stands until that has caught
 * up. A wake comes when the clock has reached its instant, also where the time was set meanwhile: a waiting wake looks
 * at it again, at least every ten minutes. Wakes keep the process alive.
 */
export function createSystemClock(): Clock {
  let latest = 0;
  const now = (): EpochS => {
    latest = Math.max(latest, Math.floor(Date.now() / 1000));
    return epochS(latest);
  };
  return {
    now,
    at(instant, wake) {
      let timer: NodeJS.Timeout | undefined;
      const arm = (): void => {
        const waitMs = Math.max(0, instant * 1000 - Date.now());
        timer = setTimeout(
          () => {
            if (now() >= instant) wake();
            else arm();
          },
          Math.min(waitMs, lookMs),
        );
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}
