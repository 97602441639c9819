/** A clock that only moves when it is told to: a heap of wakes by (time, sequence). @module */
import { invariant } from '#domain/invariant';
import type { EpochS } from '#domain/units';
import type { Clock } from '#ports/clock';

interface Wake {
  readonly at: EpochS;
  readonly sequence: number;
  run: (() => void) | undefined;
}

/** Simulated time. */
export interface VirtualClock extends Clock {
  /** The instant of the earliest wake; undefined where nobody waits. */
  nextAt(): EpochS | undefined;
  /** Moves to an instant that is not before now and not after the earliest wake. */
  advanceTo(instant: EpochS): void;
  /** Runs every wake that is due now, those that are added meanwhile too; the number of them. */
  runDue(): number;
}

function isBefore(a: Wake, b: Wake): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}

function siftUp(heap: Wake[], from: number): void {
  let i = from;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const child = heap[i];
    const above = heap[parent];
    if (child === undefined || above === undefined || !isBefore(child, above)) return;
    heap[i] = above;
    heap[parent] = child;
    i = parent;
  }
}

function siftDown(heap: Wake[]): void {
  let i = 0;
  for (;;) {
    let least = i;
    for (const child of [2 * i + 1, 2 * i + 2]) {
      const a = heap[child];
      const b = heap[least];
      if (a !== undefined && b !== undefined && isBefore(a, b)) least = child;
    }
    const top = heap[i];
    const other = heap[least];
    if (least === i || top === undefined || other === undefined) return;
    heap[i] = other;
    heap[least] = top;
    i = least;
  }
}

/** A clock that stands at `startS`. */
export function createVirtualClock(startS: EpochS): VirtualClock {
  const heap: Wake[] = [];
  let now = startS;
  let sequence = 0;

  const pop = (): Wake | undefined => {
    const top = heap[0];
    const last = heap.pop();
    if (top !== undefined && last !== undefined && heap.length > 0) {
      heap[0] = last;
      siftDown(heap);
    }
    return top;
  };
  const dropCancelled = (): void => {
    while (heap[0] !== undefined && heap[0].run === undefined) pop();
  };

  return {
    now: () => now,
    at: (instant, wake) => {
      const entry: Wake = { at: instant < now ? now : instant, sequence: sequence++, run: wake };
      heap.push(entry);
      siftUp(heap, heap.length - 1);
      return () => {
        entry.run = undefined;
      };
    },
    nextAt: () => {
      dropCancelled();
      return heap[0]?.at;
    },
    advanceTo: (instant) => {
      invariant(instant >= now, 'time runs forwards', { now, instant });
      now = instant;
    },
    runDue: () => {
      let count = 0;
      for (;;) {
        dropCancelled();
        const top = heap[0];
        if (top === undefined || top.at > now) return count;
        pop();
        const { run } = top;
        top.run = undefined;
        run?.();
        count++;
      }
    },
  };
}
