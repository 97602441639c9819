/**
 * The engine side of the exhaustive proof: ledger and dispatch as shipped. They are pure functions, so a turn on the
 * same beliefs and the same event is worked out once and kept, however many states of the chargers it is met with.
 */
import type { Site } from '#domain/site';
import { constant, valueAt } from '#domain/step-function';
import { tableOf, type Table } from '#domain/table';
import { epochS, seconds, type EpochS } from '#domain/units';
import { onAnswer, onLink, onReported, onRestarted } from '#dispatch/answers';
import { dispatchTurn } from '#dispatch/dispatch';
import { dispatchOf, type Dispatch, type StationDispatch } from '#dispatch/dispatch-state';
import type { Wanted } from '#dispatch/turn';
import { describeViolation, violationsOf } from '#safety/admission';
import type { Belief, Candidate } from '#safety/belief';
import type { SiteLimits } from '#safety/circuit-limits';
import { exposureOf, learn, ledgerOf, withStrangers, type Ledger } from '#safety/ledger';
import type { Guards, LedgerPolicy } from '#safety/ledger-policy';
import { sweep } from '#safety/milli';
import { totalsOf } from '#safety/totals';
import {
  depot,
  droppedA,
  epoch,
  feederA,
  feederLimits,
  floor,
  ids,
  lateS,
  othersA,
  planFor,
  textOfCommand,
  textOfInstalled,
  tickS,
  type EngineEvent,
  type MessageName,
  type Reply,
  type UpFrame,
} from './exhaustive-depot.ts';
import { Interner, PairTable, StepTable } from './state-table.ts';

/** What the engine knows of one station. */
interface Known {
  readonly belief: Belief;
  readonly dispatch: StationDispatch;
  /** The transaction that the engine knows of. */
  readonly running: string;
}

/**
 * What the feeder carries: its whole limit; a dropped one that S does not hold under yet; a dropped one under which it
 * holds, for ever. `unknown`: the whole one, while an engine without a journal does not know yet that S holds.
 */
export type LimitStage = 'whole' | 'dropped' | 'dropped and held' | 'unknown';

interface Moment {
  readonly now: number;
  readonly phase: number;
  readonly stage: LimitStage;
}

interface Engine extends Moment {
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  readonly running: readonly string[];
}

/** Message numbers start here in every turn; ids are renamed afterwards, so that states do not differ by them. */
const firstMessage = 100;

/** Two ticks for an answer, one at a charger that answers at once. */
const dispatchPolicy = {
  callTimeoutS: seconds(2 * tickS),
  answerS: seconds(tickS),
  retryS: seconds(1),
  retryMaxS: seconds(1),
  writesPerDayMax: 1000,
};

function view({ ledger, dispatch, now }: Engine): {
  site: Site;
  ledger: Ledger;
  dispatch: Dispatch;
  now: EpochS;
} {
  return { site: depot, ledger, dispatch, now: epochS(now) };
}

/** The engine after an event, before its turn. */
function told(engine: Engine, event: EngineEvent): Engine {
  switch (event.kind) {
    case 'tick':
      return { ...engine, now: engine.now + tickS };
    case 'phase':
      return { ...engine, phase: event.phase };
    case 'limit-drops':
      return { ...engine, stage: 'dropped' };
    case 'limit-returns':
      return { ...engine, stage: 'whole' };
    case 'crash':
      return { ...engine, ...onRestarted(view(engine)) };
    case 'journal-lost': {
      const { policy } = engine.ledger;
      const at = epochS(engine.now);
      const ledger = withStrangers(ledgerOf(depot, at, policy), epochS(engine.now + policy.lateS));
      return { ...engine, stage: 'unknown', ledger, dispatch: dispatchOf(depot, 1, dispatchPolicy) };
    }
    case 'link':
      return { ...engine, ...onLink(view(engine), { stationId: ids[event.i]!, up: event.up }) };
    case 'frame':
      return heard(engine, event.i, event.frame);
  }
}

function heard(engine: Engine, i: number, frame: UpFrame): Engine {
  const stationId = ids[i]!;
  const at = epochS(engine.now);
  switch (frame.kind) {
    case 'answer': {
      const { ledger, dispatch } = onAnswer(view(engine), {
        stationId,
        messageId: frame.name,
        answer: frame.answer,
      });
      return { ...engine, ledger, dispatch };
    }
    case 'report': {
      const command = engine.dispatch.stations.get(stationId)!.pending?.command;
      const requestId = frame.asked && command?.kind === 'read-profiles' ? command.requestId : 0;
      const { profiles } = frame;
      const { ledger, dispatch } = onReported(view(engine), { stationId, requestId, more: false, profiles });
      return { ...engine, ledger, dispatch };
    }
    case 'boot':
      return { ...engine, ledger: learn(depot, engine.ledger, { kind: 'booted', stationId, at }) };
    case 'transaction': {
      const { ended, started } = frame;
      let { ledger } = engine;
      if (ended !== undefined)
        ledger = learn(depot, ledger, { kind: 'transaction-ended', stationId, at, transactionId: ended });
      const transaction = { evseId: 1, id: started, startedAt: at };
      ledger = learn(depot, ledger, { kind: 'transaction-started', stationId, at, transaction });
      return { ...engine, ledger, running: engine.running.map((id, k) => (k === i ? started : id)) };
    }
  }
}

function wantedOf({ phase, running }: Engine): Wanted {
  return Object.fromEntries(
    ids.map((id, i) => [id, { floors: [floor], plans: [planFor(phase, i, running[i]!)] }]),
  );
}

/** Whether `after` lets the chargers draw more than `before` at any instant at which that is above the limit. */
function isWorse(before: Engine, after: Engine, room: number): boolean {
  const [was, is] = [before, after].map(({ ledger }) => totalsOf(depot, ledger)['grid']![0]);
  let worse = false;
  sweep([was!, is!, constant(0)], after.now, (_start, _end, a, b) => {
    worse ||= b > room * 1000 && b > a;
    return !worse;
  });
  return worse;
}

function textOfCandidates(candidates: readonly Candidate[]): string {
  return candidates
    .map(({ known, installed, cleared = [], reported }) => {
      const progress = known ? '' : `${cleared.join()} ${JSON.stringify(reported ?? {})} `;
      return `${known} ${progress}${textOfInstalled(installed)}`;
    })
    .join(';');
}

function textOfReply({ waited, lapsed, asked, call }: Reply): string {
  return `${waited} ${lapsed} ${asked} ${call === undefined ? '' : textOfCommand(call)}`;
}

/** The engine's states that have been met, by number. */
export class EngineStates {
  private readonly known = new Interner<Known>();
  private readonly moments = new Interner<Moment>();
  private readonly twos = new PairTable();
  private readonly threes = new PairTable();
  private readonly wholes = new PairTable();
  private readonly steps = new StepTable();
  private readonly policy: LedgerPolicy;
  private readonly whole: SiteLimits;
  private readonly dropped: SiteLimits;
  private readonly replies: Interner<Reply>;
  private readonly turns = new Interner<readonly number[]>();
  private readonly exposures: number[] = [];
  private readonly problems = new Map<number, string>();

  /** `othersTold`: what the engine is told of the other loads, A. */
  constructor(guards: Guards, othersTold: number, replies: Interner<Reply>) {
    this.policy = { lateS, repeatS: 0, clockSkewS: 0, guards };
    this.whole = feederLimits('whole', othersTold);
    this.dropped = feederLimits('dropped', othersTold);
    this.replies = replies;
  }

  /** The engine at the start and its first calls: it knows of the first plan. */
  start(): readonly [state: number, turn: number] {
    const at = epochS(epoch - 1000);
    let ledger = ledgerOf(depot, at, this.policy);
    let dispatch = dispatchOf(depot, 1, dispatchPolicy);
    ids.forEach((stationId, i) => {
      const transaction = { evseId: 1, id: 'tx0', startedAt: at };
      const installed = [floor, planFor(0, i, 'tx0')];
      ledger = learn(depot, ledger, { kind: 'transaction-started', stationId, at, transaction });
      ledger = learn(depot, ledger, { kind: 'read-back', stationId, at, installed, link: 0 });
      ({ ledger, dispatch } = onLink({ site: depot, ledger, dispatch, now: at }, { stationId, up: true }));
    });
    dispatch = {
      ...dispatch,
      stations: dispatch.stations.map((one) => ({ ...one, unread: [] })),
    };
    const running = ids.map(() => 'tx0');
    return this.turned({ now: epoch, phase: 0, stage: 'whole', ledger, dispatch, running });
  }

  /** Numbers of the state after an event and of what its turn sends. */
  entryOf(state: number, eventNumber: number, event: EngineEvent): number {
    return this.steps.entryOf(state, eventNumber, () => {
      const before = this.at(state);
      const [next, turn] = this.turned(told(before, event));
      const after = this.at(next);
      if (before.stage === 'dropped and held' && after.stage === 'dropped')
        this.problems.set(next, 'S held under the dropped limit and holds no more');
      const waits = before.stage === 'dropped' && after.stage !== 'whole';
      if (waits && isWorse(before, after, droppedA - othersA))
        this.problems.set(next, 'above the dropped limit something was raised');
      return [next, turn];
    });
  }

  nextOf(entry: number): number {
    return this.steps.toOf(entry);
  }

  /** By charger: the number of the reply plus 1; 0: nothing changes for it. */
  turnOf(entry: number): readonly number[] {
    return this.turns.at(this.steps.alsoOf(entry));
  }

  repliesOf(turn: number): readonly number[] {
    return this.turns.at(turn);
  }

  momentOf(state: number): Moment {
    return this.moments.at(this.wholes.secondOf(state));
  }

  /** What the ledger says that charger `i` may draw now. */
  exposureOf(state: number, i: number): number {
    return this.exposures[state * ids.length + i]!;
  }

  /** Why the ledger itself says that something is wrong. */
  problemOf(state: number): string | undefined {
    return this.problems.get(state);
  }

  private at(state: number): Engine {
    const three = this.wholes.firstOf(state);
    const two = this.threes.firstOf(three);
    const parts = [this.twos.firstOf(two), this.twos.secondOf(two), this.threes.secondOf(three)].map(
      (number) => this.known.at(number),
    );
    const byId = <T>(of: (known: Known) => T): Table<T> =>
      tableOf(Object.fromEntries(ids.map((id, i) => [id, of(parts[i]!)])));
    return {
      ...this.momentOf(state),
      ledger: { policy: this.policy, beliefs: byId(({ belief }) => belief) },
      dispatch: {
        policy: dispatchPolicy,
        seed: 1,
        messages: firstMessage,
        stations: byId(({ dispatch }) => dispatch),
      },
      running: parts.map(({ running }) => running),
    };
  }

  /** The engine's turn; what it sends, by charger. */
  private turned(engine: Engine): readonly [state: number, turn: number] {
    const limits = isDropped(engine.stage) ? this.dropped : this.whole;
    const outcome = dispatchTurn({ ...view(engine), limits, wanted: wantedOf(engine) });
    const after: Engine = { ...engine, ledger: outcome.ledger, dispatch: outcome.dispatch };
    const replies = ids.map((id, i) => {
      const { pending, lapsed } = after.dispatch.stations.get(id)!;
      const nameIs = (name: MessageName): MessageName => {
        if (pending?.messageId === name) return 'waited';
        return lapsed?.messageId === name ? 'lapsed' : 'stale';
      };
      const call = outcome.calls.find(({ stationId }) => stationId === ids[i])?.command;
      const reply: Reply = {
        waited: nameIs('waited'),
        lapsed: nameIs('lapsed'),
        asked: pending?.messageId === 'waited',
        ...(call === undefined ? {} : { call }),
      };
      const isNothing =
        reply.waited === 'waited' && reply.lapsed === 'lapsed' && reply.asked && call === undefined;
      return isNothing ? 0 : this.replies.numberOf(textOfReply(reply), reply) + 1;
    });
    const turn = this.turns.numberOf(replies.join(), replies);
    return [this.met(after), turn];
  }

  private met(engine: Engine): number {
    const numbers = ids.map((id, i) => this.knownOf(engine, id, i));
    const two = this.twos.numberOf(numbers[0]!, numbers[1]!);
    const three = this.threes.numberOf(two, numbers[2]!);
    const at = epochS(engine.now);
    const limits = isDropped(engine.stage) ? this.dropped : this.whole;
    const [violation] = violationsOf(depot, engine.ledger, limits, at);
    const stage = stageOf(engine.stage, violation === undefined);
    const { now, phase } = engine;
    const moment = this.moments.numberOf(`${now} ${phase} ${stage}`, { now, phase, stage });
    const state = this.wholes.numberOf(three, moment);
    ids.forEach((id, i) => {
      const exposure = exposureOf(depot, engine.ledger, id).evses['1']!;
      this.exposures[state * ids.length + i] = valueAt(exposure, at);
    });
    if (stage === 'whole' && violation !== undefined) this.problems.set(state, describeViolation(violation));
    return state;
  }

  /**
   * The number of what is known of a station. The text is equal where the future is: connections count as being the
   * present one or not, messages as the one waited for or given up last, a past that is over not at all, failures only
   * as far as they are counted, pauses as lasting beyond this tick or not.
   */
  private knownOf(engine: Engine, id: string, i: number): number {
    const belief = engine.ledger.beliefs.get(id)!;
    const { pending, lapsed, ...state } = engine.dispatch.stations.get(id)!;
    const here = (link: number): number => (link === state.link ? 0 : -1);
    const holdS = depot.stations[i]!.capability.reactionS;
    const isPast = belief.changedAt + holdS + 1 <= engine.now;
    const parts: readonly unknown[] = [
      i,
      textOfCandidates(belief.candidates),
      belief.open && `${textOfCommand(belief.open.command)} ${here(belief.open.link)}`,
      belief.open && textOfCandidates(belief.open.without),
      belief.strays.map((one) => `${textOfCommand(one.command)} ${here(one.link)} ${one.untilS}`).join(';'),
      belief.strangersUntilS,
      isPast ? '' : belief.foundAt,
      belief.transactions.map((one) => one.id).join(),
      belief.ended.join(),
      isPast ? '' : `${belief.changedAt} ${JSON.stringify(belief.past)}`,
      `${state.up} ${state.notBefore > engine.now} ${Math.min(state.failures, 3)} ${state.unread.join()}`,
      `${JSON.stringify(state.refused)} ${state.unseen?.join()} ${state.missing?.join()}`,
      pending && `${pending.deadline} ${pending.waitsFor} ${textOfCommand(pending.command)}`,
      lapsed && textOfCommand(lapsed.command),
      state.slowestS,
      engine.running[i],
    ];
    const { open, ...rest } = belief;
    const known: Known = {
      belief: {
        ...rest,
        // A past that is over by now may not be over at an earlier instant at which the same is known.
        ...(isPast ? { past: {}, changedAt: epochS(epoch - 1000), foundAt: undefined } : {}),
        strays: rest.strays.map((stray) => ({ ...stray, link: here(stray.link) })),
        ...(open === undefined ? {} : { open: { ...open, messageId: 'waited', link: here(open.link) } }),
      },
      dispatch: {
        ...state,
        link: 0,
        ...(pending === undefined ? {} : { pending: { ...pending, messageId: 'waited' } }),
        ...(lapsed === undefined ? {} : { lapsed: { ...lapsed, messageId: 'lapsed' } }),
      },
      running: engine.running[i]!,
    };
    return this.known.numberOf(parts.join('|'), known);
  }
}

function isDropped(stage: LimitStage): boolean {
  return stage === 'dropped' || stage === 'dropped and held';
}

/** The stage that a turn leads to; once it is known that S holds it is known for ever. */
function stageOf(stage: LimitStage, holds: boolean): LimitStage {
  if (stage === 'whole') return 'whole';
  if (stage === 'unknown') return holds ? 'whole' : 'unknown';
  return holds ? 'dropped and held' : 'dropped';
}

/** Most that chargers and other loads may draw at that stage of the limit, A. */
export function mostA(stage: LimitStage): number {
  return stage === 'dropped and held' ? droppedA : feederA;
}
