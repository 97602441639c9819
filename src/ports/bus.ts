/** Publish and subscribe, as NATS has it. Source: NATS core. @module */

/** One message; `data` is UTF-8 JSON. */
export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Answers a request; absent where nobody waits. */
  readonly respond?: (data: Uint8Array) => void;
}

/** Handles a subscription. */
export interface Subscription {
  unsubscribe(): void;
}

/** A bus. Order is kept per publisher and subject. Adapters bound every buffer and say when they drop. */
export interface Bus {
  publish(subject: string, data: Uint8Array): void;
  /** Whether a message would reach anybody; absent where that cannot be known. What nobody hears need not be made. */
  isHeard?(subject: string): boolean;
  /** `pattern` may use `*` (one token) and `>` (the rest). */
  subscribe(pattern: string, onMessage: (message: BusMessage) => void): Subscription;
  request(subject: string, data: Uint8Array, timeoutS: number): Promise<Uint8Array>;
  /** Resolves when everything published before the call has been handed to this process's own subscribers. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
