/**
 * Maximum flow by searching backwards from the slots that still take energy: what is reached can send there. A vehicle
 * that finds no free way moves others aside along the way the search came from.
 * @module
 */
import { countsOf, usedTimesOf } from './flow.ts';
import type { Flow } from './flow.ts';
import { flowNoise } from './network.ts';
import type { Network } from './network.ts';
import { urgencyOf } from './urgency.ts';

const wordBits = 5;
const bitMask = 31;
/** Longest way in changes; the search is breadth first, so a longer one means a broken hint and is not followed. */
const hopsMax = 4096;
/** Where a step of a way leads: to a stop, nowhere, or into a slot. */
const failed = -1;
const arrived = -2;
/** Most ways for one session between two searches. */
const waysMax = 1000;

/** How a node's energy goes on: through an arm (its number), up, into the slot, or down to a child. */
const towardsParent = -1;
const intoSlot = -2;
const unknown = -3;
const downwards = -10;

/** Kinds of change along a way. */
const addPower = 0;
const takePower = 1;
const addThrough = 2;
const takeThrough = 3;
const addInto = 4;

/** What a search has reached. */
interface Marks {
  readonly reached: Uint8Array;
  readonly slots: Int32Array;
  readonly nodes: Int32Array;
  readonly arms: Int32Array;
  readonly reachedArms: Int32Array;
  readonly unreached: Int32Array;
  rank: number;
}

/** Search state and hints; one per flow, used again and again. */
export class Residual {
  readonly flow: Flow;
  readonly #network: Network;
  /** [sessions] 1 where reached; [slots] 1 where reached, 2 + t where through time t. */
  readonly reached: Uint8Array;
  readonly slotReached: Int32Array;
  /** [sessions] 1 where nothing could be sent from any more, after `maximise`. */
  readonly unreached: Uint8Array;
  /** [nodes * words] times of each node that are reached. */
  readonly #nodeBits: Int32Array;
  /** [nodes] times at which an arm of the node has power and the node is not reached: at 0 no session needs a look. */
  readonly #unreached: Int32Array;
  /** The same where nothing is reached, and [nodes * words] those times. */
  readonly #used: Int32Array;
  readonly #usedBits: Int32Array;
  /** Columns of `moreAt` that still lead to sessions not reached. */
  readonly #armBits: Int32Array;
  /** Columns of sessions that are reached. */
  readonly #reachedArms: Int32Array;
  readonly #nodeHop: Int32Array;
  /** [nodes * times] word of arms from which to look on for one that gives way. */
  readonly #nodeWord: Int32Array;
  readonly #nodeRank: Int32Array;
  readonly #sessionArm: Int32Array;
  readonly #sessionTime: Int32Array;
  /** [sessions] arm that gives way in the module; -1 where none has to. */
  readonly #sessionMate: Int32Array;
  readonly #sessionRank: Int32Array;
  readonly #queue: Int32Array;
  /** Marks that `extend` goes on from. */
  readonly #kept: Marks;
  readonly #needed: Uint8Array;
  readonly #children: readonly (readonly number[])[];
  readonly #order: Int32Array;
  #rank = 0;
  #tail = 0;
  #wanted = 0;
  #length = 0;
  readonly #kind = new Uint8Array(hopsMax + 4);
  readonly #which = new Int32Array(hopsMax + 4);
  readonly #when = new Int32Array(hopsMax + 4);
  /** Stops of the way: session or node-time, and length and room of the way before it. */
  readonly #stop = new Int32Array(hopsMax + 4);
  readonly #stopLength = new Int32Array(hopsMax + 4);
  readonly #stopFits = new Float64Array(hopsMax + 4);
  #fits = 0;

  constructor(flow: Flow) {
    const { network } = flow;
    const { nodes, times, sessions, slots } = network;
    this.flow = flow;
    this.#network = network;
    this.reached = new Uint8Array(sessions.length);
    this.unreached = new Uint8Array(sessions.length);
    this.slotReached = new Int32Array(slots);
    this.#nodeBits = new Int32Array(nodes * flow.words);
    this.#armBits = new Int32Array(flow.armOf.length >> wordBits);
    this.#usedBits = usedTimesOf(flow);
    this.#used = countsOf(this.#usedBits, flow.words);
    this.#unreached = this.#used.slice();
    this.#kept = {
      reached: new Uint8Array(sessions.length),
      slots: new Int32Array(slots),
      nodes: new Int32Array(this.#nodeBits.length),
      arms: new Int32Array(this.#armBits.length),
      reachedArms: new Int32Array(this.#armBits.length),
      unreached: new Int32Array(nodes),
      rank: 0,
    };
    this.#reachedArms = new Int32Array(this.#armBits.length);
    this.#nodeHop = new Int32Array(nodes * times);
    this.#nodeWord = new Int32Array(nodes * times);
    this.#nodeRank = new Int32Array(nodes * times);
    this.#sessionArm = new Int32Array(sessions.length);
    this.#sessionTime = new Int32Array(sessions.length);
    this.#sessionMate = new Int32Array(sessions.length);
    this.#sessionRank = new Int32Array(sessions.length);
    this.#queue = new Int32Array(nodes * times + sessions.length + 8);
    this.#needed = new Uint8Array(sessions.length);
    this.#children = network.children;
    this.#order = urgencyOf(network);
  }

  /** Sessions in the order in which they are served, most urgent first. */
  get order(): Int32Array {
    return this.#order;
  }

  /**
   * Sends as much as possible; hands back what is left, and the sessions that nothing can reach any more: those of `unreached`
   * that lack energy. With `soon` it ends as soon as these lack at least half of what is left: the set proves enough.
   */
  maximise(soon = false): { readonly left: number; readonly stuck: readonly number[] } {
    const { left } = this.flow;
    const stuck: number[] = [];
    this.unreached.fill(0);
    let lacking = this.#lacking();
    while (lacking.length > 0) {
      this.search(lacking);
      // What a whole search does not reach stays out of reach: ways only use what is reached.
      if (this.#wanted > 0) {
        for (let s = 0; s < this.reached.length; s++) this.unreached[s] = 1 - this.reached[s];
        for (const s of lacking) if (this.reached[s] === 0) stuck.push(s);
        lacking = lacking.filter((s) => this.reached[s] === 1);
        if (soon && this.#sum(stuck) > this.#sum(lacking)) break;
      }
      if (this.#sendAll(lacking) <= flowNoise) break;
      lacking = lacking.filter((s) => left[s] > flowNoise);
    }
    let sum = 0;
    for (let s = 0; s < left.length; s++) sum += left[s];
    return { left: sum, stuck };
  }

  #sum(sessions: readonly number[]): number {
    let sum = 0;
    for (const s of sessions) sum += this.flow.left[s];
    return sum;
  }

  /**
   * Sends as much as possible into slots just opened, once nothing more fits into any slot opened before: what could
   * send there still can, as no new way leads through it, so the search goes on from the new slots alone. The first call
   * follows `forget`. Hands back who of `among`, all that lacked energy, still does; `reached` is as a whole search would
   * leave it.
   */
  extend(opened: readonly number[], among: ArrayLike<number>): readonly number[] {
    const { flow } = this;
    const { left, target, into } = flow;
    let lacking: number[] = [];
    for (let i = 0; i < among.length; i++) if (left[among[i]] > flowNoise) lacking.push(among[i]);
    for (;;) {
      this.#restore();
      const open = opened.filter((q) => target[q] - into[q] > flowNoise);
      if (open.length === 0) return lacking;
      this.#want(lacking);
      this.#spread(open);
      if (lacking.some((s) => this.reached[s] === 1)) {
        if (this.#sendAll(lacking) > flowNoise) {
          lacking = lacking.filter((s) => left[s] > flowNoise);
          continue;
        }
        this.#restore();
        this.#want([]);
        this.#spread(open);
      }
      this.#kept.reached.set(this.reached);
      this.#kept.slots.set(this.slotReached);
      this.#kept.nodes.set(this.#nodeBits);
      this.#kept.arms.set(this.#armBits);
      this.#kept.reachedArms.set(this.#reachedArms);
      this.#kept.unreached.set(this.#unreached);
      this.#kept.rank = this.#rank;
      return lacking;
    }
  }

  /** Nothing is reached. */
  forget(): void {
    this.#kept.reached.fill(0);
    this.#kept.slots.fill(0);
    this.#kept.nodes.fill(0);
    this.#kept.arms.fill(0);
    this.#kept.reachedArms.fill(0);
    this.#kept.unreached.set(this.#used);
    this.#kept.rank = 0;
    this.#restore();
  }

  #restore(): void {
    this.reached.set(this.#kept.reached);
    this.slotReached.set(this.#kept.slots);
    this.#nodeBits.set(this.#kept.nodes);
    this.#armBits.set(this.#kept.arms);
    this.#reachedArms.set(this.#kept.reachedArms);
    this.#unreached.set(this.#kept.unreached);
    this.#nodeWord.fill(0);
    this.#rank = this.#kept.rank;
  }

  /** Sessions with energy that has no way yet, most urgent first. */
  #lacking(): number[] {
    const { left } = this.flow;
    const lacking: number[] = [];
    for (let i = 0; i < this.#order.length; i++) {
      if (left[this.#order[i]] > flowNoise) lacking.push(this.#order[i]);
    }
    return lacking;
  }

  /** Sends for each session what the last search allows; how much in all. */
  #sendAll(lacking: readonly number[]): number {
    const { left } = this.flow;
    let sent = 0;
    for (const s of lacking) {
      for (let way = 0; way < waysMax && left[s] > flowNoise; way++) {
        const kw = this.#send(s);
        if (kw <= 0) break;
        sent += kw;
      }
    }
    return sent;
  }

  /** Marks all that can send into a slot; stops early when all of `wanted` (not empty) can. */
  search(wanted: readonly number[]): void {
    const { flow } = this;
    const { slots } = this.#network;
    this.#want(wanted);
    this.reached.fill(0);
    this.slotReached.fill(0);
    this.#nodeBits.fill(0);
    this.#armBits.fill(0);
    this.#reachedArms.fill(0);
    this.#unreached.set(this.#used);
    this.#rank = 0;
    const open: number[] = [];
    for (let q = 0; q < slots; q++) if (flow.target[q] - flow.into[q] > flowNoise) open.push(q);
    this.#spread(open);
  }

  #want(wanted: readonly number[]): void {
    this.#needed.fill(0);
    for (const s of wanted) this.#needed[s] = 1;
    this.#wanted = wanted.length === 0 ? -1 : wanted.length;
  }

  /** Marks what can send into the slots `open`, on top of what is marked. */
  #spread(open: readonly number[]): void {
    const { times, nodes } = this.#network;
    const nodeTimes = nodes * times;
    this.#tail = 0;
    for (const q of open) this.#reachSlot(q, 1);
    for (let head = 0; head < this.#tail && this.#wanted !== 0; head++) {
      const item = this.#queue[head];
      if (item >= nodeTimes) this.#fromSession(item - nodeTimes);
      else this.#fromNode((item / times) | 0, item % times);
    }
  }

  #reachSlot(q: number, mark: number): void {
    const { slotStart, slotTimes, cap } = this.#network;
    const { through } = this.flow;
    this.slotReached[q] = mark;
    for (let i = slotStart[q]; i < slotStart[q + 1]; i++) {
      const t = slotTimes[i];
      if (cap[t] - through[t] > flowNoise) this.#reachNode(0, t, intoSlot);
    }
  }

  #reachNode(g: number, t: number, hop: number): void {
    const word = g * this.flow.words + (t >> wordBits);
    const bit = 1 << (t & bitMask);
    if ((this.#nodeBits[word] & bit) !== 0) return;
    this.#nodeBits[word] |= bit;
    if ((this.#usedBits[word] & bit) !== 0) this.#unreached[g]--;
    const k = g * this.#network.times + t;
    this.#nodeHop[k] = hop;
    this.#nodeWord[k] = 0;
    this.#nodeRank[k] = ++this.#rank;
    this.#queue[this.#tail++] = k;
  }

  #reachSession(s: number, a: number, t: number, mate: number): void {
    if (this.reached[s] === 1) return;
    this.reached[s] = 1;
    this.#sessionArm[s] = a;
    this.#sessionTime[s] = t;
    this.#sessionMate[s] = mate;
    this.#sessionRank[s] = ++this.#rank;
    const { armsOf, armLeaf } = this.#network;
    const { armAt, leafFirst } = this.flow;
    for (let arm = armsOf[s]; arm < armsOf[s + 1]; arm++) {
      this.#reachedArms[leafFirst[armLeaf[arm]] + (armAt[arm] >> wordBits)] |= 1 << (armAt[arm] & bitMask);
    }
    this.#queue[this.#tail++] = this.#network.nodes * this.#network.times + s;
    if (this.#needed[s] === 1) this.#wanted--;
  }

  /** A session that can send: whatever it sends now could go another way, and make room at its nodes and mates. */
  #fromSession(s: number): void {
    const { armsOf, armLeaf, armFrom, armTo } = this.#network;
    const { some, words, modules } = this.flow;
    const { mateStart, mates } = modules;
    for (let a = armsOf[s]; a < armsOf[s + 1]; a++) {
      const leaf = armLeaf[a];
      if (this.#unreached[leaf] > 0) {
        const last = (armTo[a] - 1) >> wordBits;
        for (let w = armFrom[a] >> wordBits; w <= last; w++) {
          let bits = some[a * words + w] & ~this.#nodeBits[leaf * words + w];
          while (bits !== 0) {
            const c = bitMask - Math.clz32(bits);
            bits &= ~(1 << c);
            this.#reachNode(leaf, (w << wordBits) + c, a);
          }
        }
      }
      for (let i = mateStart[a]; i < mateStart[a + 1]; i++) this.#reachMate(a, mates[i]);
    }
  }

  /** Arm `b` waits for the module that arm `a` uses: if `a` gives way at some time, `b` can send then. */
  #reachMate(a: number, b: number): void {
    const { armSession, armFrom, armTo } = this.#network;
    const { some, blocked, words } = this.flow;
    const other = armSession[b];
    if (this.reached[other] === 1) return;
    const last = (armTo[b] - 1) >> wordBits;
    for (let w = armFrom[b] >> wordBits; w <= last; w++) {
      const bits = some[a * words + w] & blocked[b * words + w];
      if (bits === 0) continue;
      this.#reachSession(other, b, (w << wordBits) + bitMask - Math.clz32(bits), a);
      return;
    }
  }

  #fromNode(g: number, t: number): void {
    const { times, parent, cap, slotOf } = this.#network;
    const { through } = this.flow;
    this.#armsInto(g, t);
    for (const child of this.#children[g]) {
      const k = child * times + t;
      if (cap[k] - through[k] > flowNoise) this.#reachNode(child, t, towardsParent);
    }
    if (through[g * times + t] <= flowNoise) return;
    if (g > 0) this.#reachNode(parent[g], t, downwards - g);
    else if (this.slotReached[slotOf[t]] === 0) this.#reachSlot(slotOf[t], 2 + t);
  }

  /** Sessions whose arms can carry more into a reached node. */
  #armsInto(g: number, t: number): void {
    const { flow } = this;
    const words = flow.leafWords[g];
    const at = flow.leafOffset[g] + t * words;
    const first = flow.leafFirst[g];
    for (let w = 0; w < words; w++) {
      let bits = flow.moreAt[at + w] & ~this.#armBits[first + w];
      if (bits === 0) continue;
      this.#armBits[first + w] |= bits;
      while (bits !== 0) {
        const c = bitMask - Math.clz32(bits);
        bits &= ~(1 << c);
        const a = flow.armOf[((first + w) << wordBits) + c];
        this.#reachSession(this.#network.armSession[a], a, t, -1);
      }
    }
  }

  /** Sends what fits along one way from `s`; 0 where no hint holds any more. */
  #send(s: number): number {
    if (this.reached[s] === 0) return 0;
    const kw = this.#walk(s);
    if (kw <= flowNoise / 2) return 0;
    this.flow.left[s] -= kw;
    this.#apply(kw);
    return kw;
  }

  /**
   * Follows the hints from `s` to a slot, a step back where one fails: what fails is struck out and fails for the rest of the
   * search. Hands back what fits; 0 where no way is left.
   */
  #walk(s: number): number {
    const { nodes, times } = this.#network;
    const nodeTimes = nodes * times;
    this.#length = 0;
    this.#fits = this.flow.left[s];
    this.#stop[0] = nodeTimes + s;
    for (let depth = 0; depth >= 0;) {
      this.#stopLength[depth] = this.#length;
      this.#stopFits[depth] = this.#fits;
      const item = this.#stop[depth];
      const next = item >= nodeTimes ? this.#fromStay(item - nodeTimes) : this.#throughNode(item);
      if (next === arrived) return this.#fits;
      if (next !== failed && this.#length < hopsMax) {
        this.#stop[++depth] = next;
        continue;
      }
      depth--;
      if (depth < 0) break;
      this.#length = this.#stopLength[depth];
      this.#fits = this.#stopFits[depth];
    }
    return 0;
  }

  /** One step from session `s`: to its node, or to the session of its module that gives way. */
  #fromStay(s: number): number {
    const { nodes, times, armLeaf, armSession } = this.#network;
    const a = this.#armFrom(s);
    if (a < 0) {
      this.reached[s] = 0;
      return failed;
    }
    const t = this.#sessionTime[s];
    const mate = this.#sessionMate[s];
    this.#limit(this.#roomOfPair(a, t, mate));
    this.#push(addPower, a, t);
    if (mate < 0) return armLeaf[a] * times + t;
    this.#push(takePower, mate, t);
    return nodes * times + armSession[mate];
  }

  #limit(kw: number): void {
    if (kw < this.#fits) this.#fits = kw;
  }

  #roomOfPair(a: number, t: number, mate: number): number {
    const { pairKw, armBase } = this.#network;
    const { kw, modules } = this.flow;
    const pair = armBase[a] + t;
    const room = pairKw[pair] - kw[pair];
    if (mate >= 0) return Math.min(room, kw[armBase[mate] + t]);
    const cap = modules.cap[a];
    return cap === Infinity ? room : Math.min(room, cap - modules.sum[modules.base[a] + t]);
  }

  #push(kind: number, which: number, when: number): void {
    this.#kind[this.#length] = kind;
    this.#which[this.#length] = which;
    this.#when[this.#length++] = when;
  }

  /** The arm by which a session sends on, looked for anew where the hint does not hold; -1 where there is none. */
  #armFrom(s: number): number {
    const { armsOf, armLeaf, armSession, times } = this.#network;
    const { more, blocked, some, words } = this.flow;
    const mate = this.#sessionMate[s];
    const hint = this.#sessionArm[s];
    const at = this.#sessionTime[s];
    const w = at >> wordBits;
    const bit = 1 << (at & bitMask);
    const rank = this.#sessionRank[s];
    if (mate >= 0) {
      const other = armSession[mate];
      const open = (blocked[hint * words + w] & some[mate * words + w] & bit) !== 0;
      if (open && this.reached[other] === 1 && this.#sessionRank[other] < rank) return hint;
      this.#sessionMate[s] = -1;
    } else {
      const leaf = armLeaf[hint];
      const open = (more[hint * words + w] & this.#nodeBits[leaf * words + w] & bit) !== 0;
      if (open && this.#nodeRank[leaf * times + at] < rank) return hint;
    }
    for (let a = armsOf[s]; a < armsOf[s + 1]; a++) {
      const leaf = armLeaf[a];
      for (let i = 0; i < words; i++) {
        let bits = more[a * words + i] & this.#nodeBits[leaf * words + i];
        while (bits !== 0) {
          const c = bitMask - Math.clz32(bits);
          bits &= ~(1 << c);
          const t = (i << wordBits) + c;
          if (this.#nodeRank[leaf * times + t] >= rank) continue;
          this.#sessionArm[s] = a;
          this.#sessionTime[s] = t;
          return a;
        }
      }
    }
    return -1;
  }

  /** One step from node-time `k`: up, down, into a slot or past it, or to a session that gives way. */
  #throughNode(k: number): number {
    const { nodes, times, parent, cap, armBase, armSession } = this.#network;
    const { through, kw } = this.flow;
    const g = (k / times) | 0;
    const t = k - g * times;
    for (;;) {
      const hop = this.#nodeHop[k];
      if (hop === towardsParent && cap[k] - through[k] > flowNoise && this.#stands(parent[g], t, k)) {
        this.#limit(cap[k] - through[k]);
        this.#push(addThrough, k, 0);
        return parent[g] * times + t;
      }
      if (hop <= downwards && this.#downStands(downwards - hop, t, k)) {
        const child = (downwards - hop) * times + t;
        this.#limit(through[child]);
        this.#push(takeThrough, child, 0);
        return child;
      }
      if (hop === intoSlot && cap[t] - through[t] > flowNoise) return this.#pastSlot(t);
      if (this.#turns(g, t, k)) continue;
      const a = this.#armGivingWay(g, t, k);
      if (a < 0) {
        this.#strike(g, t);
        return failed;
      }
      this.#limit(kw[armBase[a] + t]);
      this.#push(takePower, a, t);
      return nodes * times + armSession[a];
    }
  }

  /** From the top at `t` into its slot, or to the time of a full one that gives way. */
  #pastSlot(t: number): number {
    const { cap, slotOf } = this.#network;
    const { through, into, target } = this.flow;
    const q = slotOf[t];
    this.#limit(cap[t] - through[t]);
    this.#push(addThrough, t, 0);
    if (target[q] - into[q] > flowNoise) {
      this.#limit(target[q] - into[q]);
      this.#push(addInto, q, 0);
      return arrived;
    }
    const other = this.slotReached[q] - 2;
    if (other < 0 || other === t || through[other] <= flowNoise || !this.#stands(0, other, t)) {
      this.#strike(0, t);
      return failed;
    }
    this.#limit(through[other]);
    this.#push(takeThrough, other, 0);
    return other;
  }

  /** Looks for another way up or down from node-time `k`, whose hint does not hold; whether there is one. */
  #turns(g: number, t: number, k: number): boolean {
    const { parent, cap } = this.#network;
    if (g > 0 && cap[k] - this.flow.through[k] > flowNoise && this.#stands(parent[g], t, k)) {
      this.#nodeHop[k] = towardsParent;
      return true;
    }
    for (const child of this.#children[g]) {
      if (!this.#downStands(child, t, k)) continue;
      this.#nodeHop[k] = downwards - child;
      return true;
    }
    return false;
  }

  #downStands(child: number, t: number, k: number): boolean {
    return this.flow.through[child * this.#network.times + t] > flowNoise && this.#stands(child, t, k);
  }

  /** Whether node `g` at `t` is still marked, and was so before node-time `k`. */
  #stands(g: number, t: number, k: number): boolean {
    const marked = (this.#nodeBits[g * this.flow.words + (t >> wordBits)] & (1 << (t & bitMask))) !== 0;
    return marked && this.#nodeRank[g * this.#network.times + t] < this.#nodeRank[k];
  }

  #strike(g: number, t: number): void {
    this.#nodeBits[g * this.flow.words + (t >> wordBits)] &= ~(1 << (t & bitMask));
  }

  /**
   * An arm at (g, t) whose session can send its energy another way. What fails fails for the rest of the search, so looking
   * goes on where it stopped.
   */
  #armGivingWay(g: number, t: number, k: number): number {
    const { flow } = this;
    const { armSession } = this.#network;
    const rank = this.#nodeRank[k];
    const hint = this.#nodeHop[k];
    if (hint >= 0) {
      const s = armSession[hint];
      const carries = (flow.some[hint * flow.words + (t >> wordBits)] & (1 << (t & bitMask))) !== 0;
      if (carries && this.reached[s] === 1 && this.#sessionRank[s] < rank) return hint;
    }
    const words = flow.leafWords[g];
    const first = flow.leafFirst[g];
    const at = flow.leafOffset[g] + t * words;
    for (let w = this.#nodeWord[k]; w < words; w++) {
      let bits = flow.someAt[at + w] & this.#reachedArms[first + w];
      while (bits !== 0) {
        const c = bitMask - Math.clz32(bits);
        bits &= ~(1 << c);
        const a = flow.armOf[((first + w) << wordBits) + c];
        const s = armSession[a];
        if (this.reached[s] === 0 || this.#sessionRank[s] >= rank) continue;
        this.#nodeHop[k] = a;
        this.#nodeWord[k] = w;
        return a;
      }
    }
    this.#nodeWord[k] = words;
    this.#nodeHop[k] = unknown;
    return -1;
  }

  #apply(kw: number): void {
    const { flow } = this;
    for (let i = 0; i < this.#length; i++) {
      const which = this.#which[i];
      switch (this.#kind[i]) {
        case addPower:
          flow.addToPair(which, this.#when[i], kw);
          break;
        case takePower:
          flow.addToPair(which, this.#when[i], -kw);
          break;
        case addThrough:
          flow.through[which] += kw;
          break;
        case takeThrough:
          flow.through[which] -= kw;
          break;
        default:
          flow.into[which] += kw;
      }
    }
  }
}
