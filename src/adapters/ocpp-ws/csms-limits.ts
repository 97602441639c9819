/** Bounds of everything that a peer of the charger server can make grow. @module */

/** Named bounds; every one has a response when it is passed. */
export interface CsmsLimits {
  /** From the TCP connection to the finished upgrade; then the socket is destroyed. */
  readonly handshakeMs: number;
  /** Between pings. A peer silent for two intervals is terminated. */
  readonly pingIntervalMs: number;
  /** An old connection that a second one of the same identity disputes must answer a ping within. */
  readonly probeMs: number;
  /** Bytes that a peer may leave unread; above, it is terminated. */
  readonly unreadBytesMax: number;
  /** Bad frames in a row; then the connection is closed with 1008. */
  readonly badFramesMax: number;
  /** CALLs of one station that wait for our answer; further ones get a ProtocolError. */
  readonly callsPendingMax: number;
  /** Answered CALLs per connection that are remembered, to answer a repeated one alike. */
  readonly answersKept: number;
  /** CALLs of ours to one station that may wait for an answer; the oldest is forgotten. */
  readonly callsOutstandingMax: number;
  /** Frames that a station may send at once, and per second in the long run; above, its socket is not read for a while. */
  readonly framesBurst: number;
  readonly framesPerS: number;
  /** Frames beyond that allowance; then the connection is closed with 1008. */
  readonly framesDebtMax: number;
  /** New TCP connections that one address may make at once, and per second in the long run; above, they are destroyed. */
  readonly connectionsBurst: number;
  readonly connectionsPerS: number;
  /** Refused log-ins of one address and identity before further ones must wait, doubling from 1 s up to 64 s. */
  readonly loginFailuresFree: number;
  /** Addresses, and pairs of address and identity, that are remembered. */
  readonly peersKept: number;
  /** Goodbye of a server that closes; then sockets are terminated. */
  readonly goodbyeMs: number;
}

/** Bounds for one depot of up to some hundred stations, some of them behind one address. */
export const csmsLimits: CsmsLimits = {
  handshakeMs: 5000,
  pingIntervalMs: 30_000,
  probeMs: 5000,
  unreadBytesMax: 1_048_576,
  badFramesMax: 10,
  callsPendingMax: 16,
  answersKept: 16,
  callsOutstandingMax: 16,
  framesBurst: 200,
  framesPerS: 50,
  framesDebtMax: 2000,
  connectionsBurst: 500,
  connectionsPerS: 50,
  loginFailuresFree: 5,
  peersKept: 4096,
  goodbyeMs: 1000,
};
