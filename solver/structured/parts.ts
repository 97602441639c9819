/** Columns of the program over slots that a slot's x has been cut into, lowest first. @module */

/** Ends of parts nearer to each other are one, kW. */
const endNoise = 1e-9;

/** Columns that are cut in two, and where, kW above their lower ends. */
export interface Cuts {
  readonly columns: Int32Array;
  readonly at: Float64Array;
}

/** See the module. The first part of each slot is the column of its number. */
export class Parts {
  readonly slots: number;
  /** [columns] the next part above, -1 at the top; and how far up each part ends, kW. */
  #next: Int32Array;
  #end: Float64Array;

  constructor(capacity: Float64Array) {
    this.slots = capacity.length;
    this.#next = new Int32Array(2 * this.slots).fill(-1);
    this.#end = new Float64Array(2 * this.slots);
    this.#end.set(capacity);
  }

  /** Columns that stand for `column`: all parts of a slot, any other by itself. */
  countOf(column: number): number {
    if (column >= this.slots) return 1;
    let count = 0;
    for (let c = column; c >= 0; c = this.#next[c]) count++;
    return count;
  }

  /** The part above `column`, itself a part of a slot; -1 at the top. */
  after(column: number): number {
    return this.#next[column];
  }

  /** Adds the parts of each slot to its first one. */
  sumUp(values: Float64Array): void {
    for (let q = 0; q < this.slots; q++) {
      let sum = 0;
      for (let c = q; c >= 0; c = this.#next[c]) sum += values[c];
      values[q] = sum;
    }
  }

  /**
   * Cuts each slot at `capacity`, with new columns numbered from `columns` on; what to cut in the program, and all parts
   * below the capacities.
   */
  cutAt(capacity: Float64Array, columns: number): { readonly cuts: Cuts; readonly below: Int32Array } {
    this.#grow(columns + this.slots);
    const cut = new Int32Array(this.slots);
    const at = new Float64Array(this.slots);
    let cuts = 0;
    let below = new Int32Array(this.slots);
    let count = 0;
    for (let q = 0; q < this.slots; q++) {
      const kw = capacity[q];
      let from = 0;
      for (let c = q; c >= 0 && from < kw - endNoise; c = this.#next[c]) {
        if (count === below.length) {
          const longer = new Int32Array(2 * count);
          longer.set(below);
          below = longer;
        }
        below[count++] = c;
        if (this.#end[c] > kw + endNoise) {
          cut[cuts] = c;
          at[cuts] = kw - from;
          this.#insert(c, columns + cuts++, kw);
        }
        from = this.#end[c];
      }
    }
    return {
      cuts: { columns: cut.subarray(0, cuts), at: at.subarray(0, cuts) },
      below: below.subarray(0, count),
    };
  }

  #insert(under: number, column: number, end: number): void {
    this.#next[column] = this.#next[under];
    this.#end[column] = this.#end[under];
    this.#next[under] = column;
    this.#end[under] = end;
  }

  #grow(columns: number): void {
    if (columns <= this.#next.length) return;
    const next = new Int32Array(2 * columns).fill(-1);
    next.set(this.#next);
    const end = new Float64Array(2 * columns);
    end.set(this.#end);
    this.#next = next;
    this.#end = end;
  }
}
