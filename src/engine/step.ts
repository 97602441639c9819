/** The engine: one input, one new state, what the world is asked to do. No clock, no chance, no I/O. @module */
import { invariant } from '#domain/invariant';
import { publish, counted, type Change } from './change.ts';
import type { Input } from './input.ts';
import { onBusEvent } from './on-bus.ts';
import { onLinkEvent } from './on-link.ts';
import { onSolved } from './on-solved.ts';
import { onTick } from './on-tick.ts';
import { onBusBack, onClock } from './senses.ts';
import { restartedState, startedState } from './start.ts';
import { stateWith, type State } from './state.ts';

/** The state and the effects after an input. The first input is `started`, no other is. */
export function step(state: State | undefined, input: Input): Change {
  if (state === undefined) {
    invariant(input.kind === 'started', 'a journal begins with started', { kind: input.kind });
    return startedState(input);
  }
  invariant(input.at >= state.now, 'time runs forwards', { now: state.now, at: input.at });
  invariant(input.kind !== 'started', 'an engine starts once');
  const now = stateWith(state, { now: input.at });
  switch (input.kind) {
    case 'restarted':
      return restartedState(now);
    case 'tick':
      return onTick(now);
    case 'clock':
      return onClock(now, input.offS);
    case 'link':
      return onLinkEvent(now, input.event);
    case 'bus':
      return onBusEvent(now, input.event);
    case 'bus-back':
      return onBusBack(now);
    case 'bus-refused':
      return [
        counted(now, 'busRefused'),
        [publish('refused', { at: now.now, subject: input.subject, faults: input.faults })],
      ];
    case 'solved':
      return onSolved(now, input);
  }
}
