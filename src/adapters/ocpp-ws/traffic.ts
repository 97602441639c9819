/**
 * What is under way between station sockets and the server of the same process, so that a conductor of virtual time
 * can wait until everything sent was handled, without sleeping. Both ends of a connection report to one `Traffic`; they are
 * matched by the client's TCP port. A connection counts as under way
 *
 * - from the call that opens it until both ends said that it is open, or the client that it is closed;
 * - with each frame from its `send` until the receiver's handler returned;
 * - from the first end that begins to close until both ends have told their owner.
 *
 * A connection whose other end is elsewhere never counts once it is open. Pings do not count.
 * @module
 */

/** One end of one connection, as it reports. Calls after `closed` do nothing. */
export interface TrafficEnd {
  /** The client's TCP port is known. Comes before `opened`. */
  pair(clientPort: number): void;
  opened(): void;
  /** A frame was given to the socket. */
  sent(): void;
  /** The handler of a received frame has returned. */
  handled(): void;
  /** This end asked for the end of the connection; frames no longer count. */
  closing(): void;
  /** The owner of this end has been told that the connection is gone. */
  closed(): void;
}

/** The counters of all connections of a process, to be read and waited for. */
export interface Traffic {
  /** Frames not yet handled plus connections that are opening or closing. 0 is quiet. */
  readonly inFlight: number;
  /** Frames given to sockets so far, both directions. */
  readonly framesSent: number;
  /** Frames whose handler has returned so far, both directions. */
  readonly framesHandled: number;
  /**
   * Resolves the next time `inFlight` is 0, at once if it is. The caller runs later than the last handler, so it must look
   * at `inFlight` again and wait again while it is above 0.
   */
  idle(): Promise<void>;
  /** Adds an end. The server adds its own when it has accepted the upgrade. */
  join(side: 'client' | 'server'): TrafficEnd;
}

interface EndState {
  phase: 'opening' | 'open' | 'closing' | 'closed';
  sent: number;
  handled: number;
}

/** The two ends of one connection and how much of it is under way. */
interface Link {
  client: EndState | undefined;
  server: EndState | undefined;
  weight: number;
}

function isLeaving(end: EndState): boolean {
  return end.phase === 'closing' || end.phase === 'closed';
}

/** What of a link is under way; 0 where one end is elsewhere or both are gone. */
function weightOf({ client, server }: Link): number {
  if (client === undefined) return 0;
  if (server === undefined) return client.phase === 'closed' ? 0 : 1;
  if (client.phase === 'closed' && server.phase === 'closed') return 0;
  if (isLeaving(client) || isLeaving(server)) return 1;
  if (client.phase === 'opening' || server.phase === 'opening') return 1;
  return client.sent - server.handled + (server.sent - client.handled);
}

/** Traffic with nothing under way. */
export function createTraffic(): Traffic {
  const links = new Map<number, Link>();
  let waiting: (() => void)[] = [];
  let inFlight = 0;
  let framesSent = 0;
  let framesHandled = 0;

  const settle = (link: Link): void => {
    const weight = weightOf(link);
    inFlight += weight - link.weight;
    link.weight = weight;
    if (inFlight > 0) return;
    const ready = waiting;
    waiting = [];
    for (const wake of ready) wake();
  };

  const join = (side: 'client' | 'server'): TrafficEnd => {
    const state: EndState = { phase: 'opening', sent: 0, handled: 0 };
    let link: Link = { client: undefined, server: undefined, weight: 0 };
    link[side] = state;
    let port: number | undefined;
    settle(link);
    const move = (phase: EndState['phase']): void => {
      if (state.phase === 'closed') return;
      state.phase = phase;
      settle(link);
      if (phase === 'closed' && port !== undefined && links.get(port) === link) {
        const other = side === 'client' ? link.server : link.client;
        if (other === undefined || other.phase === 'closed') links.delete(port);
      }
    };
    return {
      pair(clientPort) {
        port = clientPort;
        const known = links.get(clientPort);
        if (known === undefined || known[side] !== undefined) {
          links.set(clientPort, link);
          return;
        }
        const alone = link;
        link = known;
        known[side] = state;
        inFlight -= alone.weight;
        settle(known);
      },
      opened: () => move('open'),
      sent() {
        framesSent++;
        state.sent++;
        settle(link);
      },
      handled() {
        framesHandled++;
        state.handled++;
        settle(link);
      },
      closing: () => move('closing'),
      closed: () => move('closed'),
    };
  };

  return {
    get inFlight() {
      return inFlight;
    },
    get framesSent() {
      return framesSent;
    },
    get framesHandled() {
      return framesHandled;
    },
    idle: () =>
      inFlight === 0 ? Promise.resolve() : new Promise<void>((resolve) => void waiting.push(resolve)),
    join,
  };
}
