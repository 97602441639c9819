/** Seeded randomness as a value: the only randomness that pure layers see. Source: sfc32, PractRand. @module */

/** A stream of numbers in [0, 1) fixed by its seed. */
export interface Prng {
  next(): number;
  /** A whole number in [low, high]. */
  integer(low: number, high: number): number;
  /** A stream of its own, fixed by this seed and the name; draws from one never move the other. */
  fork(name: string): Prng;
}

/** A 32-bit hash of a text; stable across machines. Source: FNV-1a. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The stream of `seed`. */
export function prngOf(seed: number): Prng {
  let a = 0x9e3779b9 ^ seed;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let d = Math.imul(seed, 2654435761) | 0;
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  return {
    next,
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    fork: (name) => prngOf((seed ^ fnv1a(name)) | 0),
  };
}
