/**
 * Virtual time in lockstep: an instant is over only when every frame and bus message has been delivered, the engine has
 * nothing left to do and no wake is due; then time moves on to the next wake. So a run over real sockets and a real bus
 * goes through the same states as one inside the process.
 * @module
 */
import { invariant } from '#domain/invariant';
import type { EpochS } from '#domain/units';
import type { Loop } from '#engine/loop';
import type { Bus, Subscription } from '#ports/bus';
import type { VirtualClock } from './virtual-clock.ts';

/** More rounds than this within one second are an exchange without end. */
const roundsMax = 10_000;

/** A bus that knows whether something was published since it was last drained. */
export interface WatchedBus extends Bus {
  /** Delivers what was published; true where there was something. */
  drain(): Promise<boolean>;
}

/** A bus with its publishes watched. */
export function watchBus(bus: Bus): WatchedBus {
  let isDirty = false;
  return {
    publish: (subject, data) => {
      isDirty = true;
      bus.publish(subject, data);
    },
    ...(bus.isHeard === undefined ? {} : { isHeard: (subject: string) => bus.isHeard?.(subject) ?? true }),
    subscribe: (pattern, onMessage): Subscription => bus.subscribe(pattern, onMessage),
    request: (subject, data, timeoutS) => bus.request(subject, data, timeoutS),
    flush: () => bus.flush(),
    close: () => bus.close(),
    drain: async () => {
      if (!isDirty) return false;
      isDirty = false;
      await bus.flush();
      return true;
    },
  };
}

/** What is conducted. */
export interface Orchestra {
  readonly clock: VirtualClock;
  readonly bus: WatchedBus;
  readonly settleTransport: () => Promise<void>;
  /** The engine's loop; undefined while it is down. */
  readonly loop: () => Loop | undefined;
  /** Time has moved on to now; nothing has happened at it yet. */
  readonly onInstant: () => void;
  /** Things that take a while and were asked for at this instant; drained. */
  readonly takeChores: () => readonly (() => Promise<void>)[];
  /** The instant is over. */
  readonly onQuiet: () => void;
}

/** Runs everything that happens at the present instant. */
async function playInstant(orchestra: Orchestra): Promise<void> {
  const { clock, bus, loop } = orchestra;
  for (let round = 0; ; round++) {
    invariant(round < roundsMax, 'an instant comes to an end', { now: clock.now() });
    let activity = clock.runDue();
    for (const chore of orchestra.takeChores()) {
      await chore();
      activity++;
    }
    await orchestra.settleTransport();
    if (await bus.drain()) activity++;
    const running = loop();
    if (running !== undefined && running.pending() > 0) activity += Math.max(1, await running.turn());
    if (activity === 0) return;
  }
}

/** Plays from now until nothing is left before `endS`, and `endS` itself. */
export async function conduct(orchestra: Orchestra, endS: EpochS): Promise<void> {
  const { clock } = orchestra;
  for (;;) {
    await playInstant(orchestra);
    orchestra.onQuiet();
    const next = clock.nextAt();
    if (next === undefined || next > endS) break;
    clock.advanceTo(next);
    orchestra.onInstant();
  }
  if (clock.now() < endS) {
    clock.advanceTo(endS);
    orchestra.onInstant();
  }
}
