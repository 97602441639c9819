/** Publish and subscribe, as NATS has it. Source: NATS core. @module */

/** One message; `data` is UTF-8 JSON, `text` and `value` the same as text and as it was published, where the bus has it so. */
export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly text?: string;
  readonly value?: unknown;
  /** Answers a request; absent where nobody waits. */
  readonly respond?: (data: Uint8Array) => void;
}

/** A JSON value on its way out, which nobody changes. Its text is made when somebody reads it. */
export interface Told {
  readonly value: unknown;
  readonly text: string;
}

/** Handles a subscription. */
export interface Subscription {
  unsubscribe(): void;
}

/** A bus. Order is kept per publisher and subject. Adapters bound every buffer and say when they drop. */
export interface Bus {
  /** Text goes as its UTF-8; it has no lone surrogates. */
  publish(subject: string, data: Uint8Array | string | Told): void;
  /** Whether a message would reach anybody; absent where that cannot be known. What nobody hears need not be made. */
  isHeard?(subject: string): boolean;
  /** `pattern` may use `*` (one token) and `>` (the rest). */
  subscribe(pattern: string, onMessage: (message: BusMessage) => void): Subscription;
  request(subject: string, data: Uint8Array, timeoutS: number): Promise<Uint8Array>;
  /** Resolves when everything published before the call has been handed to this process's own subscribers. */
  flush(): Promise<void>;
  /** Who is told each time that the bus is there again after it was lost: what others said meanwhile has not come. Absent: it is never lost. */
  onBack?(listener: () => void): Subscription;
  close(): Promise<void>;
}
