/**
 * The bus of a world as the fleet system and the engine find it: messages late, once more, in no order, or not passing at
 * all for a while. Each draw comes from the seed.
 * @module
 */
import type { Prng } from '#domain/prng';
import type { EpochS } from '#domain/units';
import type { Bus, Told } from '#ports/bus';
import type { VirtualClock } from '../virtual-clock.ts';
import type { BusRates, WorldPlan } from './world-plan.ts';

/** A bus with faults. */
export interface RoughBus {
  /** Says something to the engine. */
  say(subject: string, text: string): void;
  /** The engine's end. */
  readonly engine: Bus;
  /** The engine's process is gone, with what it had not got rid of. */
  forget(): void;
  /** Whether nothing passes now. */
  isLost(): boolean;
}

/** What a rough bus is made of. */
export interface RoughBusParts {
  readonly plan: WorldPlan;
  readonly bus: Bus;
  readonly clock: VirtualClock;
  readonly prng: Prng;
  readonly roughFromS: EpochS;
  /** The bus is there again. */
  readonly onBack: () => void;
}

interface Held {
  readonly subject: string;
  readonly data: Uint8Array | string | Told;
}

/** A bus under the rates and losses of a plan. */
export function createRoughBus(parts: RoughBusParts): RoughBus {
  const { plan, bus, clock, prng, roughFromS, onBack } = parts;
  const { late, lateMaxS, repeat, repeatMaxS }: BusRates = plan.bus;
  const heldIn: Held[] = [];
  const heldOut: Held[] = [];
  const engines = new Set<() => void>();
  let lost = 0;
  let isGone = false;

  const flush = (held: Held[]): void => {
    for (const { subject, data } of held.splice(0)) bus.publish(subject, data);
  };
  for (const event of plan.events) {
    if (event.kind !== 'bus-lost') continue;
    clock.at(event.fromS, () => {
      lost++;
    });
    clock.at(event.untilS, () => {
      lost--;
      isGone ||= event.inbound === 'said again';
      if (lost > 0) return;
      if (isGone) heldIn.length = 0;
      isGone = false;
      flush(heldIn);
      flush(heldOut);
      for (const listener of engines) listener();
      onBack();
    });
  }
  const pass = (subject: string, text: string): void => {
    if (lost > 0) heldIn.push({ subject, data: text });
    else bus.publish(subject, text);
  };
  const isRough = (): boolean => clock.now() >= roughFromS && clock.now() < plan.healS;
  /** Seconds until a message passes; all have by the time at which everything heals. */
  const inS = (rate: number, mostS: number): number =>
    prng.next() < rate ? Math.min(prng.integer(1, mostS), plan.healS - clock.now()) : 0;
  const passIn = (waitS: number, subject: string, text: string): void => {
    if (waitS <= 0) pass(subject, text);
    else clock.at((clock.now() + waitS) as EpochS, () => pass(subject, text));
  };

  return {
    say: (subject, text) => {
      if (!isRough() || late + repeat === 0) {
        pass(subject, text);
        return;
      }
      passIn(inS(late, lateMaxS), subject, text);
      const againS = inS(repeat, repeatMaxS);
      if (againS > 0) passIn(againS, subject, text);
    },
    engine: {
      ...bus,
      publish: (subject, data) => {
        if (lost > 0) heldOut.push({ subject, data });
        else bus.publish(subject, data);
      },
      onBack: (listener) => {
        engines.add(listener);
        return { unsubscribe: () => engines.delete(listener) };
      },
    },
    forget: () => {
      heldOut.length = 0;
    },
    isLost: () => lost > 0,
  };
}

/** The instant at which the engine has heard what was said at `at`, at the latest. */
export function heardAt({ events, bus }: WorldPlan, at: number): number {
  const lateAt = at + bus.lateMaxS;
  return events.reduce(
    (latest, event) =>
      event.kind === 'bus-lost' && event.fromS <= latest && latest < event.untilS ? event.untilS : latest,
    lateAt,
  );
}
