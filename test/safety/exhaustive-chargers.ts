/**
 * The chargers and their wires in the exhaustive proof. Shares nothing with the ledger: frames are applied by the plain
 * stations, and what they draw is worked out from what they really hold. Each charger with its wire is one part; a part
 * knows nothing of the others, so what an event does to it is worked out once and kept.
 */
import { epochS } from '#domain/units';
import type { CommandAnswer } from '#ocpp/station-message';
import {
  depot,
  epoch,
  floor,
  hardware,
  ids,
  lateS,
  planFor,
  textOfFrame,
  textOfInstalled,
  tickS,
  type CallFrame,
  type EngineEvent,
  type MessageName,
  type Reply,
  type UpFrame,
} from './exhaustive-depot.ts';
import { apply, drawAt, limitAt, plainStation, type PlainStation } from './plain-station.ts';
import { Interner, StepTable } from './state-table.ts';

/** One charger and the frames between it and the engine, at one instant. */
export interface Part {
  readonly i: number;
  readonly now: number;
  readonly charger: PlainStation;
  readonly linked: boolean;
  readonly down: readonly CallFrame[];
  readonly up: readonly UpFrame[];
  /** Calls of a lost connection that may still arrive. */
  readonly late: readonly CallFrame[];
  /** What the charger has to tell when it is back. */
  readonly outbox: readonly UpFrame[];
}

/** What can happen to a part; a number where it has an argument: `exchange` the transaction, `reply` the reply. */
export type PartAction =
  | 'deliver'
  /** The charger says no to what it could do. */
  | 'refuse'
  | 'late'
  | 'hear'
  | 'cut, frames lost'
  | 'cut, frames late'
  | 'back'
  | 'reboot'
  | 'repeat'
  | 'tick'
  | `exchange ${number}`
  | `reply ${number}`;

const isSet = ({ command }: CallFrame): boolean => command.kind === 'set-profile';

function copyOf(one: PlainStation): PlainStation {
  return {
    ...one,
    transactions: { ...one.transactions },
    history: { 1: (one.history[1] ?? []).map(([t, a]): [number, number] => [t, a]) },
  };
}

/** The composite that a station reports, sampled from what it really obeys. */
function compositeOf(one: PlainStation, now: number): CommandAnswer {
  const periods: { startS: number; limit: number }[] = [];
  for (let k = 0; k <= 12; k++) {
    const limit = limitAt(one, 1, now + k * tickS);
    if (periods.at(-1)?.limit !== limit) periods.push({ startS: k * tickS, limit });
  }
  return { kind: 'composite', evseId: 1, startAt: epochS(now), durationS: 13 * tickS, unit: 'A', periods };
}

/** What a station answers to a call that has reached it; changes the station. */
function answersTo(one: PlainStation, frame: CallFrame, now: number): readonly UpFrame[] {
  const { command, name } = frame;
  if (command.kind === 'read-composite') return [{ kind: 'answer', name, answer: compositeOf(one, now) }];
  if (command.kind === 'read-profiles') {
    if (one.profiles.length === 0)
      return [{ kind: 'answer', name, answer: { kind: 'refused', status: 'NoProfiles' } }];
    return [
      { kind: 'answer', name, answer: { kind: 'accepted' } },
      { kind: 'report', asked: name === 'waited', profiles: [...one.profiles] },
    ];
  }
  const accepted = apply(one, command);
  const answer: CommandAnswer = accepted ? { kind: 'accepted' } : { kind: 'refused', status: 'Rejected' };
  return [{ kind: 'answer', name, answer }];
}

function cutPart(part: Part, keep: boolean): Part {
  const kept = keep ? part.down.filter(isSet) : [];
  const unheard = part.up.filter(({ kind }) => kind === 'boot' || kind === 'transaction');
  return {
    ...part,
    linked: false,
    down: [],
    up: [],
    late: [...part.late, ...kept],
    outbox: [...unheard, ...part.outbox],
  };
}

function rebooted(part: Part): Part {
  const charger = copyOf(part.charger);
  const keeps = depot.stations[part.i]!.capability.keepsProfiles;
  if (keeps === 'none') charger.profiles = [];
  if (keeps === 'floors')
    charger.profiles = charger.profiles.filter(({ profile }) => profile.purpose !== 'TxProfile');
  const cut = part.linked ? cutPart(part, false) : part;
  return { ...cut, charger, outbox: [...cut.outbox, { kind: 'boot' }] };
}

/** The vehicle goes, the next one comes; the engine hears of it only by a frame. */
function exchanged(part: Part, started: string): Part {
  const charger = copyOf(part.charger);
  const ended = charger.transactions[1];
  charger.profiles = charger.profiles.filter(({ profile }) => profile.purpose !== 'TxProfile');
  charger.transactions = { 1: started };
  const frame: UpFrame = { kind: 'transaction', ...(ended === undefined ? {} : { ended }), started };
  if (part.linked) return { ...part, charger, up: [...part.up, frame] };
  return { ...part, charger, outbox: [...part.outbox, frame] };
}

/** The part after the engine's turn: its frames get the names that the engine has for them, the call is on its way. */
function replied(part: Part, reply: Reply): Part {
  const renamed = (name: MessageName): MessageName => (name === 'stale' ? 'stale' : reply[name]);
  const call = (frame: CallFrame): CallFrame => ({ ...frame, name: renamed(frame.name) });
  const up = part.up.map((frame): UpFrame => {
    if (frame.kind === 'answer') return { ...frame, name: renamed(frame.name) };
    return frame.kind === 'report' ? { ...frame, asked: frame.asked && reply.asked } : frame;
  });
  const down = part.down.map(call);
  if (reply.call === undefined || !part.linked) return { ...part, up, down };
  return { ...part, up, down: [...down, { name: 'waited', command: reply.call, sentAt: part.now }] };
}

/** All parts that have been met, by number. */
export class Chargers {
  private readonly parts = new Interner<Part>();
  private readonly actions = new Interner<PartAction>();
  readonly events = new Interner<EngineEvent>();
  readonly replies = new Interner<Reply>();
  private readonly steps = new StepTable();
  /** What each part draws, A. */
  private readonly draws: number[] = [];

  partAt(part: number): Part {
    return this.parts.at(part);
  }

  drawOf(part: number): number {
    return this.draws[part]!;
  }

  /** The parts at the start: the first plan is installed, everybody is connected. */
  startParts(): readonly number[] {
    return ids.map((_, i) => {
      const { reactionS, obeysLease } = depot.stations[i]!.capability;
      const charger = plainStation(hardware[i]!, {
        reactionS,
        obeysLease,
        profiles: [floor, planFor(0, i, 'tx0')],
        transactions: { 1: 'tx0' },
      });
      return this.met({ i, now: epoch, charger, linked: true, down: [], up: [], late: [], outbox: [] });
    });
  }

  /** The number of a part, its notes of the past brought up to date. */
  private met(part: Part): number {
    const charger = copyOf(part.charger);
    const draw = drawAt(charger, 1, part.now);
    charger.profiles = charger.profiles.toSorted((a, b) => a.profile.id - b.profile.id);
    // When the oldest limit that still counts began says nothing any more.
    charger.history[1]![0]![0] = 0;
    const frames = [part.down, part.up, part.late, part.outbox].map((list) => list.map(textOfFrame).join());
    const text = [
      part.i,
      part.now,
      part.linked,
      charger.transactions[1],
      JSON.stringify(charger.history[1]),
      textOfInstalled(charger.profiles),
      ...frames,
    ].join('|');
    const number = this.parts.numberOf(text, { ...part, charger });
    this.draws[number] = draw;
    return number;
  }

  /** Numbers of the part after `action`, and of the frame that the engine hears (only for `hear`), by entry. */
  private entryOf(part: number, action: PartAction): number {
    return this.steps.entryOf(part, this.actions.numberOf(action, action), () => {
      const before = this.parts.at(part);
      const frame = action === 'hear' ? before.up[0] : undefined;
      const event = frame === undefined ? 0 : this.eventOf({ kind: 'frame', i: before.i, frame });
      return [this.met(this.after(before, action)), event];
    });
  }

  after(part: Part, action: PartAction): Part {
    const { now } = part;
    switch (action) {
      case 'deliver': {
        const charger = copyOf(part.charger);
        const up = [...part.up, ...answersTo(charger, part.down[0]!, now)];
        return { ...part, charger, down: part.down.slice(1), up };
      }
      case 'refuse': {
        const answer: CommandAnswer = { kind: 'refused', status: 'Rejected' };
        const no: UpFrame = { kind: 'answer', name: part.down[0]!.name, answer };
        return { ...part, down: part.down.slice(1), up: [...part.up, no] };
      }
      case 'late': {
        const charger = copyOf(part.charger);
        answersTo(charger, part.late[0]!, now);
        return { ...part, charger, late: part.late.slice(1) };
      }
      case 'hear':
        return { ...part, up: part.up.slice(1) };
      case 'cut, frames lost':
        return cutPart(part, false);
      case 'cut, frames late':
        return cutPart(part, true);
      case 'back':
        return { ...part, linked: true, up: part.outbox, outbox: [] };
      case 'reboot':
        return rebooted(part);
      case 'repeat':
        return { ...part, down: [part.down[0]!, ...part.down] };
      case 'tick': {
        const late = part.late.filter(({ sentAt }) => now + tickS < sentAt + lateS);
        return { ...part, now: now + tickS, late };
      }
      default: {
        const argument = Number(action.slice(action.indexOf(' ') + 1));
        return action.startsWith('exchange')
          ? exchanged(part, `tx${argument}`)
          : replied(part, this.replies.at(argument));
      }
    }
  }

  /** The part after `action`. */
  next(part: number, action: PartAction): number {
    return this.steps.toOf(this.entryOf(part, action));
  }

  /** What the engine hears when the first frame of the part reaches it. */
  heardFrom(part: number): number {
    return this.steps.alsoOf(this.entryOf(part, 'hear'));
  }

  eventOf(event: EngineEvent): number {
    return this.events.numberOf(JSON.stringify(event), event);
  }
}

/** What stands in a frame, for stories. */
export function nameOf({ command }: CallFrame): string {
  if (command.kind !== 'set-profile') return command.kind;
  const periods = command.profile.schedules[0]?.periods ?? [];
  return `${command.profile.purpose} ${periods.map(({ limit }) => limit).join(',')} A`;
}
