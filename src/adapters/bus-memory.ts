/**
 * The bus inside one process: the default, nothing to install. Messages are delivered in the order of publishing, after
 * the publisher's own turn, like over a network. Not durable.
 * @module
 */
import { invariant } from '#domain/invariant';
import type { Bus, BusMessage, Subscription } from '#ports/bus';
import { knownSubjectsMax, messageBytesMax, queuedMessagesMax } from './bus-limits.ts';
import { isPublishable, matchesSubject } from './subject-pattern.ts';

interface Listener {
  readonly pattern: string;
  readonly onMessage: (message: BusMessage) => void;
}

/** Why a request has no answer. */
export class NoAnswerError extends Error {
  constructor(subject: string, reason: 'nobody listens' | 'time is up' | 'bus closed') {
    super(`no answer on ${subject}: ${reason}`);
    this.name = 'NoAnswerError';
  }
}

/** A bus of this process. Messages above the bounds of `bus-limits` are refused with an error to the publisher. */
export function createMemoryBus(): Bus {
  const listeners = new Set<Listener>();
  /** Who hears a subject, as far as somebody has asked since the last subscription. */
  const hearers = new Map<string, readonly Listener[]>();
  let queue: BusMessage[] = [];
  let draining: Promise<void> | undefined;
  let closed = false;

  const hearersOf = (subject: string): readonly Listener[] => {
    const known = hearers.get(subject);
    if (known !== undefined) return known;
    const found = [...listeners].filter(({ pattern }) => matchesSubject(pattern, subject));
    if (hearers.size >= knownSubjectsMax) hearers.clear();
    hearers.set(subject, found);
    return found;
  };
  const deliver = (message: BusMessage): void => {
    // Whoever leaves while a message is told hears it no more.
    for (const listener of hearersOf(message.subject))
      if (listeners.has(listener)) listener.onMessage(message);
  };
  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      // One turn of the event loop lies between publishing and delivery, so no handler runs inside a publisher.
      await Promise.resolve();
      const batch = queue;
      queue = [];
      for (const message of batch) deliver(message);
    }
    draining = undefined;
  };
  const settle = async (): Promise<void> => {
    if (draining === undefined) return;
    await draining;
    await settle();
  };
  const enqueue = (message: BusMessage): void => {
    invariant(!closed, 'the bus is open', { subject: message.subject });
    invariant(isPublishable(message.subject), 'a subject has plain tokens', { subject: message.subject });
    invariant(message.data.byteLength <= messageBytesMax, 'a message fits', {
      bytes: message.data.byteLength,
    });
    invariant(queue.length < queuedMessagesMax, 'the bus keeps up', { queued: queue.length });
    queue.push(message);
    draining ??= drain();
  };

  const subscribe = (pattern: string, onMessage: (message: BusMessage) => void): Subscription => {
    const listener = { pattern, onMessage };
    listeners.add(listener);
    hearers.clear();
    return {
      unsubscribe: () => {
        listeners.delete(listener);
        hearers.clear();
      },
    };
  };

  return {
    publish: (subject, data) => enqueue({ subject, data }),
    isHeard: (subject) => hearersOf(subject).length > 0,
    subscribe,
    request: (subject, data, timeoutS) =>
      new Promise((resolve, reject) => {
        if (hearersOf(subject).length === 0) {
          reject(new NoAnswerError(subject, 'nobody listens'));
          return;
        }
        const timer = setTimeout(() => reject(new NoAnswerError(subject, 'time is up')), timeoutS * 1000);
        enqueue({
          subject,
          data,
          respond: (answer) => {
            clearTimeout(timer);
            resolve(answer);
          },
        });
      }),
    flush: settle,
    close: async () => {
      await settle();
      closed = true;
      listeners.clear();
      hearers.clear();
    },
  };
}
