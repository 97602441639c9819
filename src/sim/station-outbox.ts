/**
 * A simulated station's own CALLs: one in flight, transaction messages kept while there is no connection and sent again
 * until they are answered. Source: OCPP-J 1.6 4.1; OCPP 2.0.1 part 4 4.1 and part 2 E04, E12.
 * @module
 */
import type { Clock } from '#ports/clock';
import type { StationCall } from './dialect.ts';
import { recordOf, type JsonRecord } from './wire-reading.ts';

/** Most messages that a station keeps; meter samples beyond it are lost. */
const keptMessagesMax = 4000;
/** A CALL without an answer counts as lost after this. */
const answerTimeoutS = 30;
/** Pause before a transaction message is sent again. */
const retryS = 60;

/** A message that waits. */
export interface Waiting {
  /** Built when it is sent, so that it may hold what was not known when it was queued. */
  readonly build: () => StationCall;
  /** Kept while offline and sent again: `transaction` (never given up), `sample` (given up when there are too many). */
  readonly keep: 'transaction' | 'sample' | 'no';
  readonly onAnswer?: (answer: JsonRecord) => void;
  /** CALLERROR, timeout or loss of a message that is not kept. */
  readonly onLost?: () => void;
}

/** The outbox of a station. */
export interface Outbox {
  /** Queues a message; one that is not kept is lost at once while offline. */
  post(message: Waiting): void;
  /** Puts a message before all others: BootNotification. */
  postFirst(message: Waiting): void;
  opened(): void;
  closed(): void;
  /** Nothing but `postFirst` messages leaves while held. */
  hold(state: 'held' | 'free'): void;
  answered(messageId: string, payload: unknown): void;
  failed(messageId: string): void;
  /** Messages that wait or are in flight. */
  waiting(): number;
}

/** What an outbox needs. */
export interface OutboxParts {
  readonly stationId: string;
  readonly clock: Clock;
  readonly send: (frame: readonly unknown[]) => void;
}

interface Entry extends Waiting {
  readonly first: boolean;
}

/** An empty outbox without a connection. */
export function createOutbox(parts: OutboxParts): Outbox {
  const { clock, send } = parts;
  const queue: Entry[] = [];
  let open = false;
  let held = false;
  let pausedUntil = -Infinity;
  let count = 0;
  let flight: { readonly id: string; readonly entry: Entry; readonly cancel: () => void } | undefined;

  const pump = (): void => {
    if (!open || flight !== undefined || clock.now() < pausedUntil) return;
    const entry = queue[0];
    if (entry === undefined || (held && !entry.first)) return;
    queue.shift();
    const id = `${parts.stationId.slice(0, 24)}-${(++count).toString(36)}`;
    const call = entry.build();
    flight = { id, entry, cancel: clock.at(later(answerTimeoutS), () => lost(id)) };
    send([2, id, call.action, call.payload]);
  };
  const later = (seconds: number): ReturnType<Clock['now']> =>
    (clock.now() + seconds) as ReturnType<Clock['now']>;
  const land = (id: string): Entry | undefined => {
    if (flight?.id !== id) return undefined;
    flight.cancel();
    const { entry } = flight;
    flight = undefined;
    return entry;
  };
  const lost = (id: string): void => {
    const entry = land(id);
    if (entry === undefined) return;
    if (entry.keep === 'no') entry.onLost?.();
    else {
      queue.unshift(entry);
      pausedUntil = later(retryS);
      clock.at(later(retryS), pump);
    }
    pump();
  };

  return {
    post: (message) => {
      if (!open && message.keep === 'no') {
        message.onLost?.();
        return;
      }
      if (message.keep === 'sample' && queue.length >= keptMessagesMax) return;
      queue.push({ ...message, first: false });
      pump();
    },
    postFirst: (message) => {
      queue.unshift({ ...message, first: true });
      pump();
    },
    opened: () => {
      open = true;
      pausedUntil = -Infinity;
      pump();
    },
    closed: () => {
      open = false;
      const entry = flight === undefined ? undefined : land(flight.id);
      if (entry !== undefined && entry.keep !== 'no') queue.unshift(entry);
      const dropped = queue.filter((waiting) => waiting.keep === 'no');
      queue.splice(0, queue.length, ...queue.filter((waiting) => waiting.keep !== 'no'));
      if (entry?.keep === 'no') entry.onLost?.();
      for (const waiting of dropped) waiting.onLost?.();
    },
    hold: (state) => {
      held = state === 'held';
      pump();
    },
    answered: (messageId, payload) => {
      const entry = land(messageId);
      if (entry === undefined) return;
      entry.onAnswer?.(recordOf(payload) ?? {});
      pump();
    },
    failed: (messageId) => {
      const entry = land(messageId);
      if (entry === undefined) return;
      // The CSMS has seen it and will not take it: sending it again would change nothing.
      entry.onLost?.();
      pump();
    },
    waiting: () => queue.length + (flight === undefined ? 0 : 1),
  };
}
