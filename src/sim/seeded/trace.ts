/** A running fingerprint of everything that happened; two runs of one seed must end with the same. @module */

/** A fingerprint that grows. */
export interface Trace {
  add(text: string): void;
  /** 16 hexadecimal digits. */
  hash(): string;
}

/** An empty trace. Source: FNV-1a, two lanes with different starts and multipliers. */
export function createTrace(): Trace {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  return {
    add: (text) => {
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        a = Math.imul(a ^ code, 0x01000193);
        b = Math.imul(b ^ code, 0x5bd1e995) ^ (b >>> 15);
      }
    },
    hash: () => [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join(''),
  };
}
