/**
 * Tables of what has been met: equal things get one small number, so that a state of the world is a pair of numbers and
 * is compared exactly, without fingerprints that could collide.
 */

/** Numbers for texts, and the first value that was met for each. */
export class Interner<T> {
  private readonly numbers = new Map<string, number>();
  readonly values: T[] = [];

  /** The number of `text`; `value` is kept where the text is new. */
  numberOf(text: string, value: T): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.values.length;
    this.numbers.set(text, number);
    this.values.push(value);
    return number;
  }

  at(number: number): T {
    return this.values[number]!;
  }
}

const firstSlots = 1 << 10;
/** Part of the slots that may be taken before there are twice as many. */
const load = 0.6;

function grown(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(length);
  next.set(array);
  return next;
}

/** Numbers for pairs of numbers, counted up from 0 in the order in which the pairs are met. */
export class PairTable {
  size = 0;
  private first = new Uint32Array(firstSlots);
  private second = new Uint32Array(firstSlots);
  /** Open addressing: number of a pair plus 1; 0: free. */
  private slots = new Uint32Array(firstSlots);

  /** The number of the pair; a new one where it has not been met. */
  numberOf(a: number, b: number): number {
    const mask = this.slots.length - 1;
    let slot = hash(a, b) & mask;
    for (;;) {
      const held = this.slots[slot]!;
      if (held === 0) break;
      if (this.first[held - 1] === a && this.second[held - 1] === b) return held - 1;
      slot = (slot + 1) & mask;
    }
    const number = this.size;
    if (number === this.first.length) {
      this.first = grown(this.first, number * 2);
      this.second = grown(this.second, number * 2);
    }
    this.first[number] = a;
    this.second[number] = b;
    this.slots[slot] = number + 1;
    this.size++;
    if (this.size > this.slots.length * load) this.widen();
    return number;
  }

  firstOf(number: number): number {
    return this.first[number]!;
  }

  secondOf(number: number): number {
    return this.second[number]!;
  }

  private widen(): void {
    const slots = new Uint32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = hash(this.first[number]!, this.second[number]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.slots = slots;
  }
}

function hash(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b ^ 0x27d4eb2f, 0xc2b2ae35);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 12;
  h = Math.imul(h, 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

/** What a deterministic step from a pair of numbers leads to, worked out once. */
export class StepTable {
  private readonly pairs = new PairTable();
  private to = new Uint32Array(firstSlots);
  private also = new Uint32Array(firstSlots);

  /** Number of the pair's entry; `work` gives the two numbers that it leads to. */
  entryOf(a: number, b: number, work: () => readonly [number, number]): number {
    const before = this.pairs.size;
    const entry = this.pairs.numberOf(a, b);
    if (entry < before) return entry;
    if (entry >= this.to.length) {
      this.to = grown(this.to, this.to.length * 2);
      this.also = grown(this.also, this.also.length * 2);
    }
    const [to, also] = work();
    this.to[entry] = to;
    this.also[entry] = also;
    return entry;
  }

  toOf(entry: number): number {
    return this.to[entry]!;
  }

  alsoOf(entry: number): number {
    return this.also[entry]!;
  }
}
