/**
 * Where inputs wait for their turn: bounded, handed out in canonical order, the newer of two updates of one thing
 * alone is kept.
 * @module
 */
import type { DepotEvent } from '#domain/event';
import type { EpochS } from '#domain/units';
import type { Input, InputBody } from './input.ts';
import { inboxMax, inboxPerSourceMax } from './limits.ts';

/** A queue in front of one engine. */
export interface Inbox {
  /** False: refused because too much waits; the caller says so. */
  push(source: string, body: InputBody): boolean;
  /** Everything that waits, stamped with `at`, in canonical order; the inbox is empty afterwards. */
  take(at: EpochS): readonly Input[];
  size(): number;
  clear(): void;
}

interface Waiting {
  readonly source: string;
  readonly sequence: number;
  readonly body: InputBody;
}

/** What an update is about, where only its newest state counts. */
function topicOf(event: DepotEvent): string | undefined {
  switch (event.kind) {
    case 'visit':
      return `visit ${event.visit.id}`;
    case 'departure-changed':
      return `departure ${event.visitId}`;
    case 'uncontrolled-load':
      return `load ${event.circuit}`;
    case 'site-meter':
    case 'tariff':
      return event.kind;
    case 'visit-cancelled':
    case 'limit':
      return undefined;
  }
}

/** True for what must never be lost, since nobody repeats it: the link's own words and the engine's. */
function isEssential(body: InputBody): boolean {
  return (
    body.kind !== 'bus' &&
    body.kind !== 'bus-refused' &&
    !(body.kind === 'link' && body.event.kind === 'call')
  );
}

/** An empty inbox. */
export function createInbox(): Inbox {
  let waiting = new Map<string, Waiting>();
  const sequences = new Map<string, number>();
  const perSource = new Map<string, number>();

  const keyOf = (source: string, sequence: number, body: InputBody): string => {
    if (body.kind === 'tick' || body.kind === 'bus-back') return body.kind;
    const topic = body.kind === 'bus' ? topicOf(body.event) : undefined;
    return topic ?? `${source} ${sequence}`;
  };

  return {
    push: (source, body) => {
      const queued = perSource.get(source) ?? 0;
      if (!isEssential(body) && (waiting.size >= inboxMax || queued >= inboxPerSourceMax)) return false;
      const sequence = (sequences.get(source) ?? 0) + 1;
      sequences.set(source, sequence);
      const key = keyOf(source, sequence, body);
      if (!waiting.has(key)) perSource.set(source, queued + 1);
      waiting.set(key, { source, sequence, body });
      return true;
    },
    take: (at) => {
      const inputs = [...waiting.values()]
        .sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : a.sequence - b.sequence))
        .map((w): Input => ({ at, source: w.source, sequence: w.sequence, ...w.body }));
      waiting = new Map();
      perSource.clear();
      return inputs;
    },
    size: () => waiting.size,
    clear: () => {
      waiting = new Map();
      perSource.clear();
    },
  };
}
