/**
 * Energy on its way through the network: how much each arm, circuit and slot carries, and which could carry more or
 * less, kept as bits so that a search touches 32 of them at once. Source: docs/model.md, "Structure".
 * @module
 */
import { flowNoise } from './network.ts';
import type { Network } from './network.ts';

const wordBits = 5;
const bitMask = 31;

/** Joint limits of the arms of modules that can be exceeded, one row per module and time. */
export interface ModuleRows {
  /** [arms] the module's limit; Infinity where it cannot bind. */
  readonly cap: Float64Array;
  /** [arms] row of the arm at time 0: row = base + t. */
  readonly base: Int32Array;
  /** [rows] power of all arms of the module. */
  readonly sum: Float64Array;
  /** [arms + 1] and flat: other arms of the module of each. At a time when one is blocked, all that carry something share its row. */
  readonly mateStart: Int32Array;
  readonly mates: Int32Array;
}

function moduleRowsOf({ moduleRuns, arms, armFrom, armTo }: Network): ModuleRows {
  const cap = new Float64Array(arms).fill(Infinity);
  const base = new Int32Array(arms);
  const membersOf: (readonly number[] | undefined)[] = [];
  let rows = 0;
  let count = 0;
  for (let i = 0; i < moduleRuns.length;) {
    const { module, leaf, capKw } = moduleRuns[i];
    const members: number[] = [];
    // Runs of one module at one node follow each other.
    for (; moduleRuns[i]?.module === module && moduleRuns[i].leaf === leaf; i++) {
      for (const a of moduleRuns[i].arms) if (!members.includes(a)) members.push(a);
    }
    let from = Infinity;
    let to = 0;
    for (const a of members) {
      from = Math.min(from, armFrom[a]);
      to = Math.max(to, armTo[a]);
    }
    for (const a of members) {
      cap[a] = capKw;
      base[a] = rows - from;
      membersOf[a] = members;
    }
    rows += to - from;
    count += members.length * (members.length - 1);
  }
  const mateStart = new Int32Array(arms + 1);
  const mates = new Int32Array(count);
  let at = 0;
  for (let a = 0; a < arms; a++) {
    for (const b of membersOf[a] ?? []) if (b !== a) mates[at++] = b;
    mateStart[a + 1] = at;
  }
  return { cap, base, sum: new Float64Array(rows), mateStart, mates };
}

/** See the module. */
export class Flow {
  readonly network: Network;
  /** [pairs] power. */
  readonly kw: Float64Array;
  /** [sessions] energy without a way yet. */
  readonly left: Float64Array;
  /** [nodes * times] and [slots] carried, and the most that each slot takes. */
  readonly through: Float64Array;
  readonly into: Float64Array;
  readonly target: Float64Array;
  readonly modules: ModuleRows;
  /** Words per row of times. */
  readonly words: number;
  /** [arms * words] times at which an arm can carry more; could but for its module; carries something. */
  readonly more: Int32Array;
  readonly blocked: Int32Array;
  readonly some: Int32Array;
  /** Arms of each leaf as columns: [leaf] words per time, offset, and first arm number. */
  readonly leafWords: Int32Array;
  readonly leafOffset: Int32Array;
  readonly leafFirst: Int32Array;
  /** The same bits by leaf and time: which of its arms can carry more, or carry something. */
  readonly moreAt: Int32Array;
  readonly someAt: Int32Array;
  /** [arms] position among the arms of its leaf, and back. */
  readonly armAt: Int32Array;
  readonly armOf: Int32Array;
  #kept: (Float64Array | Int32Array)[] | undefined;

  constructor(network: Network) {
    const { arms, nodes, times, armLeaf } = network;
    this.network = network;
    this.kw = new Float64Array(network.pairs);
    this.left = network.energy.slice();
    this.through = new Float64Array(nodes * times);
    this.into = new Float64Array(network.slots);
    this.target = new Float64Array(network.slots);
    this.modules = moduleRowsOf(network);
    this.words = (times + bitMask) >> wordBits;
    this.more = new Int32Array(arms * this.words);
    this.blocked = new Int32Array(arms * this.words);
    this.some = new Int32Array(arms * this.words);
    this.leafWords = new Int32Array(nodes);
    this.leafOffset = new Int32Array(nodes);
    this.leafFirst = new Int32Array(nodes);
    this.armAt = new Int32Array(arms);
    const count = new Int32Array(nodes);
    for (let a = 0; a < arms; a++) this.armAt[a] = count[armLeaf[a]]++;
    let offset = 0;
    let first = 0;
    for (let g = 0; g < nodes; g++) {
      this.leafWords[g] = (count[g] + bitMask) >> wordBits;
      this.leafOffset[g] = offset;
      this.leafFirst[g] = first;
      offset += this.leafWords[g] * times;
      first += this.leafWords[g];
    }
    this.moreAt = new Int32Array(offset);
    this.someAt = new Int32Array(offset);
    this.armOf = new Int32Array(first << wordBits).fill(-1);
    for (let a = 0; a < arms; a++) this.armOf[(this.leafFirst[armLeaf[a]] << wordBits) + this.armAt[a]] = a;
    this.#openAll();
  }

  /** Bits of an empty network: every arm with capacity can carry more. */
  #openAll(): void {
    const { arms, armLeaf, runs } = this.network;
    const { more, moreAt, words } = this;
    for (let a = 0; a < arms; a++) {
      const leaf = armLeaf[a];
      const at = this.leafOffset[leaf] + (this.armAt[a] >> wordBits);
      const stride = this.leafWords[leaf];
      const armBit = 1 << (this.armAt[a] & bitMask);
      for (let i = runs.start[a]; i < runs.start[a + 1]; i++) {
        if (runs.kw[i] <= flowNoise) continue;
        for (let t = runs.from[i]; t < runs.to[i]; t++) {
          more[a * words + (t >> wordBits)] |= 1 << (t & bitMask);
          moreAt[at + t * stride] |= armBit;
        }
      }
    }
    for (const run of this.network.moduleRuns) {
      if (run.capKw > flowNoise) continue;
      for (const a of run.arms) for (let t = run.from; t < run.to; t++) this.setBits(a, t);
    }
  }

  /** Remembers what is on its way. */
  keep(): void {
    const state = this.#state();
    this.#kept ??= state.map((values) => values.slice());
    for (const [i, values] of state.entries()) this.#kept[i].set(values);
  }

  /** [slots] what each took at the last `keep`. */
  get keptInto(): ArrayLike<number> {
    return this.#kept?.[0] ?? this.into;
  }

  /** Goes back to what was on its way at the last `keep`. */
  goBack(): void {
    for (const [i, values] of this.#state().entries()) values.set(this.#kept?.[i] ?? values);
  }

  #state(): readonly (Float64Array | Int32Array)[] {
    const { into, kw, left, through, target, modules, more, blocked, some, moreAt, someAt } = this;
    return [into, kw, left, through, target, modules.sum, more, blocked, some, moreAt, someAt];
  }

  /** Takes everything back and closes all slots. */
  empty(): void {
    this.kw.fill(0);
    this.left.set(this.network.energy);
    this.through.fill(0);
    this.into.fill(0);
    this.target.fill(0);
    this.modules.sum.fill(0);
    this.some.fill(0);
    this.someAt.fill(0);
    this.more.fill(0);
    this.moreAt.fill(0);
    this.blocked.fill(0);
    this.#openAll();
  }

  /** Brings the bits of a pair in line with its power. */
  setBits(a: number, t: number): void {
    const { network, modules } = this;
    const pair = network.armBase[a] + t;
    const kw = this.kw[pair];
    const cap = modules.cap[a];
    const word = a * this.words + (t >> wordBits);
    const bit = 1 << (t & bitMask);
    const leaf = network.armLeaf[a];
    const at = this.leafOffset[leaf] + t * this.leafWords[leaf] + (this.armAt[a] >> wordBits);
    const armBit = 1 << (this.armAt[a] & bitMask);
    if (kw > flowNoise) {
      this.some[word] |= bit;
      this.someAt[at] |= armBit;
    } else {
      this.some[word] &= ~bit;
      this.someAt[at] &= ~armBit;
    }
    const room = kw < network.pairKw[pair] - flowNoise;
    const full = cap < Infinity && modules.sum[modules.base[a] + t] > cap - flowNoise;
    if (room && !full) {
      this.more[word] |= bit;
      this.moreAt[at] |= armBit;
    } else {
      this.more[word] &= ~bit;
      this.moreAt[at] &= ~armBit;
    }
    if (room && full) this.blocked[word] |= bit;
    else this.blocked[word] &= ~bit;
  }

  /** Adds `kw` to the module's row of arm `a` at `t`; whether that left it full. */
  #takes(a: number, t: number, kw: number): boolean {
    const { sum, cap, base } = this.modules;
    const row = base[a] + t;
    sum[row] += kw;
    return sum[row] > cap[a] - flowNoise;
  }

  /** Brings the bits of all arms of a module in line at `t`. */
  #setRow(a: number, t: number): void {
    const { armFrom, armTo } = this.network;
    const { mateStart, mates } = this.modules;
    this.setBits(a, t);
    for (let i = mateStart[a]; i < mateStart[a + 1]; i++) {
      const b = mates[i];
      if (t >= armFrom[b] && t < armTo[b]) this.setBits(b, t);
    }
  }

  /** Adds `kw` to a pair alone; the way from its leaf on is the caller's. */
  addToPair(a: number, t: number, kw: number): void {
    const { sum, cap, base } = this.modules;
    this.kw[this.network.armBase[a] + t] += kw;
    const full = cap[a] - flowNoise;
    if (full === Infinity) {
      this.setBits(a, t);
      return;
    }
    const before = sum[base[a] + t] > full;
    if (this.#takes(a, t, kw) === before) this.setBits(a, t);
    else this.#setRow(a, t);
  }

  /** Adds `kw` along the whole way from a session through arm `a` into the slot of `t`. */
  addAlong(a: number, t: number, kw: number): void {
    const { armLeaf, armSession, parent, times, slotOf } = this.network;
    this.addToPair(a, t, kw);
    this.left[armSession[a]] -= kw;
    for (let g = armLeaf[a]; g >= 0; g = parent[g]) this.through[g * times + t] += kw;
    this.into[slotOf[t]] += kw;
  }

  /** Sends what fits of `most` along the whole way from a session through arm `a` into the slot of `t`; how much. */
  send(a: number, t: number, most: number): number {
    const { armLeaf, armSession, armBase, parent, times, slotOf, cap, pairKw } = this.network;
    const { kw, through, modules } = this;
    const leaf = armLeaf[a];
    const pair = armBase[a] + t;
    const slot = slotOf[t];
    const room = this.target[slot] - this.into[slot];
    let sent = most < room ? most : room;
    const own = pairKw[pair] - kw[pair];
    if (own < sent) sent = own;
    const shared = modules.cap[a] < Infinity;
    if (shared) {
      const free = modules.cap[a] - modules.sum[modules.base[a] + t];
      if (free < sent) sent = free;
    }
    for (let g = leaf; g >= 0; g = parent[g]) {
      const k = g * times + t;
      const free = cap[k] - through[k];
      if (free < sent) sent = free;
    }
    if (sent <= flowNoise) return 0;
    const bound = shared && this.#takes(a, t, sent);
    kw[pair] += sent;
    if (bound) this.#setRow(a, t);
    else {
      const word = a * this.words + (t >> wordBits);
      const bit = 1 << (t & bitMask);
      const at = this.leafOffset[leaf] + t * this.leafWords[leaf] + (this.armAt[a] >> wordBits);
      const armBit = 1 << (this.armAt[a] & bitMask);
      this.some[word] |= bit;
      this.someAt[at] |= armBit;
      if (kw[pair] >= pairKw[pair] - flowNoise) {
        this.more[word] &= ~bit;
        this.moreAt[at] &= ~armBit;
      }
    }
    this.left[armSession[a]] -= sent;
    for (let g = leaf; g >= 0; g = parent[g]) through[g * times + t] += sent;
    this.into[slot] += sent;
    return sent;
  }

  /**
   * Sends for session `s` what fits at `times[0..count)`, in this order, and strikes out times whose slots are full; how many
   * are left.
   */
  sendAt(s: number, times: Int32Array, count: number): number {
    const { target, into, left, more, words } = this;
    const { slotOf, armsOf, armFrom, armTo, problem } = this.network;
    const first = armsOf[s];
    const end = armsOf[s + 1];
    const from = armFrom[first];
    const to = armTo[first];
    const { intervals } = problem;
    let kept = 0;
    let i = 0;
    for (; i < count && left[s] > flowNoise; i++) {
      const t = times[i];
      const q = slotOf[t];
      if (target[q] - into[q] <= flowNoise) continue;
      times[kept++] = t;
      if ((t < from || t >= to) && t < intervals) continue;
      const bit = 1 << (t & bitMask);
      for (let a = first; a < end; a++) {
        if (t < armFrom[a] || t >= armTo[a] || (more[a * words + (t >> wordBits)] & bit) === 0) continue;
        this.send(a, t, left[s]);
        if (left[s] <= flowNoise) break;
      }
    }
    if (kept === i) return count;
    times.copyWithin(kept, i, count);
    return kept + count - i;
  }

  /** Most that fits along the way of arm `a` at `t`. */
  fits(a: number, t: number): number {
    const { armLeaf, armBase, parent, times, slotOf, cap, pairKw } = this.network;
    const pair = armBase[a] + t;
    const slot = slotOf[t];
    let most = Math.min(this.target[slot] - this.into[slot], pairKw[pair] - this.kw[pair]);
    const { cap: capOf, base, sum } = this.modules;
    if (capOf[a] < Infinity) most = Math.min(most, capOf[a] - sum[base[a] + t]);
    for (let g = armLeaf[a]; g >= 0 && most > 0; g = parent[g]) {
      most = Math.min(most, cap[g * times + t] - this.through[g * times + t]);
    }
    return most;
  }

  /** Sets what each slot takes, and takes back what it carries beyond that. */
  setTargets(target: ArrayLike<number>): void {
    const { slots, slotStart, slotTimes } = this.network;
    for (let q = 0; q < slots; q++) {
      this.target[q] = target[q];
      for (let i = slotStart[q]; i < slotStart[q + 1] && this.into[q] > target[q] + 1e-12; i++) {
        this.#withdraw(slotTimes[i], this.into[q] - target[q]);
      }
    }
  }

  /** Takes up to `excess` out of time `t`; later leaves and arms give first. */
  #withdraw(t: number, excess: number): void {
    const { nodes, armBase } = this.network;
    let rest = excess;
    for (let g = nodes - 1; g >= 0 && rest > 0; g--) {
      const words = this.leafWords[g];
      for (let w = words - 1; w >= 0 && rest > 0; w--) {
        let bits = this.someAt[this.leafOffset[g] + t * words + w];
        while (bits !== 0 && rest > 0) {
          const c = bitMask - Math.clz32(bits);
          bits &= ~(1 << c);
          const a = this.armOf[((this.leafFirst[g] + w) << wordBits) + c];
          const kw = Math.min(rest, this.kw[armBase[a] + t]);
          this.addAlong(a, t, -kw);
          rest -= kw;
        }
      }
    }
  }
}

/** [nodes * words] times at which some arm of each node has power. */
export function usedTimesOf({ network, words, leafWords, leafOffset, moreAt }: Flow): Int32Array {
  const { nodes, times } = network;
  const used = new Int32Array(nodes * words);
  for (let g = 0; g < nodes; g++) {
    const columns = leafWords[g];
    if (columns === 0) continue;
    for (let t = 0; t < times; t++) {
      const at = leafOffset[g] + t * columns;
      let any = 0;
      for (let w = 0; w < columns; w++) any |= moreAt[at + w];
      if (any !== 0) used[g * words + (t >> wordBits)] |= 1 << (t & bitMask);
    }
  }
  return used;
}

/** Bits per row of `words` words. */
export function countsOf(bits: Int32Array, words: number): Int32Array {
  return Int32Array.from({ length: bits.length / words }, (_, g) => {
    let count = 0;
    for (let w = g * words; w < (g + 1) * words; w++)
      for (let rest = bits[w]; rest !== 0; rest &= rest - 1) count++;
    return count;
  });
}
