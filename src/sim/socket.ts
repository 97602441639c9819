/** A station's own end of its connection. @module */

/** What a socket tells its station. */
export interface SocketEvents {
  /** The connection stands. */
  opened(): void;
  /** The attempt failed, or the connection is gone. */
  closed(): void;
  frame(text: string): void;
}

/** A socket of a station. */
export interface StationSocket {
  /** Starts an attempt; `opened` or `closed` tells how it went. */
  connect(): void;
  send(text: string): void;
  close(): void;
}
