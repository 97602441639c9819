/** How much a peer may do: a burst at once, a rate in the long run. @module */

/** A token bucket; it may be overdrawn, the debt is paid by time. */
export interface Allowance {
  /** Takes one and returns what is left, negative for a debt. */
  take(nowMs: number): number;
  /** Milliseconds until the debt is paid; 0 without one. */
  debtMs(): number;
}

/** A full allowance. With an infinite burst nothing is ever refused. */
export function createAllowance(burst: number, perS: number, startMs: number): Allowance {
  let left = burst;
  let lastMs = startMs;
  return {
    take(nowMs) {
      if (burst === Infinity) return Infinity;
      left = Math.min(burst, left + ((nowMs - lastMs) / 1000) * perS) - 1;
      lastMs = nowMs;
      return left;
    },
    debtMs: () => (left >= 0 ? 0 : Math.ceil((-left / perS) * 1000)),
  };
}
