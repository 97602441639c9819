/** Wall-clock time for the hygiene of sockets, so that tests can hold it. The engine's time is `Clock`. @module */
import { performance } from 'node:perf_hooks';

/** A stop watch and an alarm. */
export interface Timers {
  /** Milliseconds since some instant; never runs backwards. */
  nowMs(): number;
  /** Runs `ring` once after so many milliseconds; the returned function takes it back. */
  after(ms: number, ring: () => void): () => void;
}

/** Time as it passes. Alarms do not keep the process alive. */
export const realTimers: Timers = {
  nowMs: () => performance.now(),
  after(ms, ring) {
    const timer = setTimeout(ring, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
