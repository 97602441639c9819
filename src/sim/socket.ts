/**
 * A station's own end of its connection. A frame is its text; `value` is the JSON value that the text was made from, where
 * both ends are in this process, and nobody changes it.
 * @module
 */

/** What a socket tells its station. */
export interface SocketEvents {
  /** The connection stands. */
  opened(): void;
  /** The attempt failed, or the connection is gone. */
  closed(): void;
  frame(text: string, value?: readonly unknown[]): void;
}

/** A socket of a station. */
export interface StationSocket {
  /** Starts an attempt; `opened` or `closed` tells how it went. */
  connect(): void;
  send(text: string, value?: readonly unknown[]): void;
  close(): void;
}
