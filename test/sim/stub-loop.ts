/** An engine that answers every station and controls nothing, so that world and stations can be tested alone. */
import { isoOf } from '#domain/instant';
import type { LinkEvent } from '#domain/event';
import type { Loop, LoopParts } from '#engine/loop';

export interface StubLoop {
  readonly createLoop: (parts: LoopParts) => Loop;
  /** Every event that came, with its instant. */
  readonly seen: { readonly at: number; readonly event: LinkEvent }[];
  /** Sends a CALL to a station in the next turn. */
  call(stationId: string, action: string, payload: unknown): void;
}

export function stubLoop(react?: (event: LinkEvent, stub: StubLoop) => void): StubLoop {
  const seen: StubLoop['seen'] = [];
  let inbox: LinkEvent[] = [];
  let parts: LoopParts | undefined;
  let dead = true;
  let transactions = 0;
  let calls = 0;
  const answerOf = (event: Extract<LinkEvent, { kind: 'call' }>, now: string): unknown => {
    switch (event.action) {
      case 'BootNotification':
        return { status: 'Accepted', currentTime: now, interval: 900 };
      case 'Heartbeat':
        return { currentTime: now };
      case 'Authorize':
        return { idTagInfo: { status: 'Accepted' }, idTokenInfo: { status: 'Accepted' } };
      case 'StartTransaction':
        return { transactionId: ++transactions, idTagInfo: { status: 'Accepted' } };
      default:
        return {};
    }
  };
  const stub: StubLoop = {
    seen,
    call: (stationId, action, payload) =>
      parts?.link.send({ kind: 'call', stationId, messageId: `s${++calls}`, action, payload }),
    createLoop: (given) => {
      parts = given;
      dead = false;
      given.link.onEvent((event) => {
        if (!dead) inbox.push(event);
      });
      return {
        start: () => given.journal.append({ kind: 'started' }),
        turn: () => {
          const batch = inbox;
          inbox = [];
          for (const event of batch) {
            given.journal.append({ at: given.clock.now(), event });
            seen.push({ at: given.clock.now(), event });
            if (event.kind === 'call') {
              const { stationId, messageId } = event;
              const payload = answerOf(event, isoOf(given.clock.now()));
              given.link.send({ kind: 'result', stationId, messageId, payload });
            }
            react?.(event, stub);
          }
          return Promise.resolve(batch.length);
        },
        pending: () => inbox.length,
        stop: () => {
          dead = true;
          return Promise.resolve();
        },
        kill: () => {
          dead = true;
          inbox = [];
        },
        state: () => {
          throw new Error('a stub has no state');
        },
      };
    },
  };
  return stub;
}
