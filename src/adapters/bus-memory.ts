/**
 * The bus inside one process: the default, nothing to install. Messages are delivered in the order of publishing, after
 * the publisher's own turn, like over a network. Not durable.
 * @module
 */
import { invariant } from '#domain/invariant';
import { utf8Of } from '#engine/utf8';
import type { Bus, BusMessage, Subscription, Told } from '#ports/bus';
import { knownSubjectsMax, messageBytesMax, queuedMessagesMax } from './bus-limits.ts';
import { isPublishable, matchesSubject } from './subject-pattern.ts';

interface Listener {
  readonly pattern: string;
  readonly onMessage: (message: BusMessage) => void;
}

/** A message that was published as text or as a value: text and bytes are made when somebody reads them. */
class TextMessage implements BusMessage {
  readonly #told: Told;
  readonly subject: string;
  #data: Uint8Array | undefined;

  constructor(subject: string, told: Told) {
    this.subject = subject;
    this.#told = told;
  }

  // Not fields of its own: a copy with other data has nothing of before.
  get value(): unknown {
    return this.#told.value;
  }

  get text(): string {
    const { text } = this.#told;
    if (text.length * unitBytesMax > messageBytesMax) assertFits(this.data.byteLength);
    return text;
  }

  get data(): Uint8Array {
    if (this.#data !== undefined) return this.#data;
    const data = utf8Of(this.#told.text);
    assertFits(data.byteLength);
    this.#data = data;
    return data;
  }
}

/** Most bytes of one UTF-16 unit. */
const unitBytesMax = 3;

function assertFits(bytes: number): void {
  invariant(bytes <= messageBytesMax, 'a message fits', { bytes });
}

/** A message; a text or bytes above the bound are refused here, a value where somebody reads it. */
function messageOf(subject: string, message: Uint8Array | string | Told): BusMessage {
  if (message instanceof Uint8Array) {
    assertFits(message.byteLength);
    return { subject, data: message };
  }
  if (typeof message !== 'string') return new TextMessage(subject, message);
  const own = new TextMessage(subject, { value: undefined, text: message });
  if (message.length * unitBytesMax > messageBytesMax) assertFits(own.data.byteLength);
  return own;
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
    publish: (subject, message) => enqueue(messageOf(subject, message)),
    isHeard: (subject) => hearersOf(subject).length > 0,
    subscribe,
    request: (subject, data, timeoutS) =>
      new Promise((resolve, reject) => {
        assertFits(data.byteLength);
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
