/** The sessions that a few lacking ones could push aside: small sets whose cuts are often the ones that matter. @module */
import type { Flow } from './flow.ts';
import { flowNoise } from './network.ts';

const wordBits = 5;
const bitMask = 31;

/** Where the energy of `from` could still go, step by step. */
class Spread {
  readonly #flow: Flow;
  readonly sessions: Uint8Array;
  readonly #slots: Uint8Array;
  readonly #nodeBits: Int32Array;
  readonly #queue: number[] = [];

  constructor(flow: Flow) {
    const { network } = flow;
    this.#flow = flow;
    this.sessions = new Uint8Array(network.sessions.length);
    this.#slots = new Uint8Array(network.slots);
    this.#nodeBits = new Int32Array(network.nodes * flow.words);
  }

  from(sessions: readonly number[]): void {
    const { nodes, times } = this.#flow.network;
    for (const s of sessions) this.#session(s);
    for (let head = 0; head < this.#queue.length; head++) {
      const item = this.#queue[head];
      if (item >= nodes * times) this.#fromSession(item - nodes * times);
      else this.#fromNode((item / times) | 0, item % times);
    }
  }

  #session(s: number): void {
    if (this.sessions[s] === 1) return;
    this.sessions[s] = 1;
    this.#queue.push(this.#flow.network.nodes * this.#flow.network.times + s);
  }

  #node(g: number, t: number): void {
    const word = g * this.#flow.words + (t >> wordBits);
    const bit = 1 << (t & bitMask);
    if ((this.#nodeBits[word] & bit) !== 0) return;
    this.#nodeBits[word] |= bit;
    this.#queue.push(g * this.#flow.network.times + t);
  }

  #fromSession(s: number): void {
    const { armsOf, armLeaf, armSession, armFrom, armTo } = this.#flow.network;
    const { more, words, modules } = this.#flow;
    const { mateStart, mates } = modules;
    for (let a = armsOf[s]; a < armsOf[s + 1]; a++) {
      const leaf = armLeaf[a];
      const last = (armTo[a] - 1) >> wordBits;
      for (let w = armFrom[a] >> wordBits; w <= last; w++) {
        let bits = more[a * words + w] & ~this.#nodeBits[leaf * words + w];
        while (bits !== 0) {
          const c = bitMask - Math.clz32(bits);
          bits &= ~(1 << c);
          this.#node(leaf, (w << wordBits) + c);
        }
      }
      for (let i = mateStart[a]; i < mateStart[a + 1]; i++) {
        const other = armSession[mates[i]];
        if (this.sessions[other] === 0 && this.#displaces(a, mates[i])) this.#session(other);
      }
    }
  }

  /** Whether arm `a` could grow at some time if arm `b` of its module fell. */
  #displaces(a: number, b: number): boolean {
    const { blocked, some, words } = this.#flow;
    for (let w = 0; w < words; w++) if ((blocked[a * words + w] & some[b * words + w]) !== 0) return true;
    return false;
  }

  #fromNode(g: number, t: number): void {
    const { network, through } = this.#flow;
    const { parent, children, cap, times, slotOf } = network;
    this.#armsOut(g, t);
    for (const child of children[g]) if (through[child * times + t] > flowNoise) this.#node(child, t);
    const k = g * times + t;
    if (cap[k] - through[k] <= flowNoise) return;
    if (g > 0) this.#node(parent[g], t);
    else this.#slot(slotOf[t]);
  }

  #armsOut(g: number, t: number): void {
    const flow = this.#flow;
    const words = flow.leafWords[g];
    for (let w = 0; w < words; w++) {
      let bits = flow.someAt[flow.leafOffset[g] + t * words + w];
      while (bits !== 0) {
        const c = bitMask - Math.clz32(bits);
        bits &= ~(1 << c);
        this.#session(flow.network.armSession[flow.armOf[((flow.leafFirst[g] + w) << wordBits) + c]]);
      }
    }
  }

  #slot(q: number): void {
    if (this.#slots[q] === 1) return;
    this.#slots[q] = 1;
    const { slotStart, slotTimes } = this.#flow.network;
    for (let i = slotStart[q]; i < slotStart[q + 1]; i++) {
      if (this.#flow.through[slotTimes[i]] > flowNoise) this.#node(0, slotTimes[i]);
    }
  }
}

/** [sessions] 1 for `from` and all whose energy theirs could take the place of. */
export function closureOf(flow: Flow, from: readonly number[]): Uint8Array {
  const spread = new Spread(flow);
  spread.from(from);
  return spread.sessions;
}
