/** The shell around `step`: journal first, then effects. Never a decision. @module */
import { subjectOf } from '#domain/event';
import { invariant } from '#domain/invariant';
import type { Site } from '#domain/site';
import { epochS, type EpochS } from '#domain/units';
import type { Bus, BusMessage, Subscription } from '#ports/bus';
import type { ChargerLink } from '#ports/charger-link';
import type { Clock } from '#ports/clock';
import type { Journal } from '#ports/journal';
import type { Log } from '#ports/log';
import type { DepotProblem, Solution, SolveOptions } from '#solver/problem';
import { depotEventOf } from './bus-message.ts';
import type { Effect } from './effect.ts';
import { createInbox } from './inbox.ts';
import type { Input, InputBody, SolvedPlan } from './input.ts';
import { jsonOf, toldOf } from './json.ts';
import { marksOf } from './limiting-sets.ts';
import { clockToleranceS, journalRecordsMax, solvesPerTurnMax, ticksPerPassMax } from './limits.ts';
import { wantsTick } from './on-tick.ts';
import type { Policy } from './policy.ts';
import { replay, snapshotRecordOf } from './replay.ts';
import type { State } from './state.ts';
import { step } from './step.ts';

/** What a loop is made of. */
export interface LoopParts {
  readonly site: Site;
  readonly policy: Policy;
  readonly seed: number;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly link: ChargerLink;
  readonly journal: Journal;
  readonly solve: (problem: DepotProblem, options: SolveOptions) => Promise<Solution>;
  readonly log: Log;
  /** true: a turn starts by itself when something comes in; false: somebody calls `turn`. */
  readonly autoTurn: boolean;
  /** Records in the journal after which a snapshot replaces them. */
  readonly journalRecordsMax?: number;
}

/** One running engine. */
export interface Loop {
  /**
   * Replays the journal where it has records, without effects, then says `started` or `restarted`.
   * @throws InvariantError where the floors do not fit the site; ask `floorsOfSite` before.
   */
  start(): void;
  /**
   * Handles everything now in the inbox in canonical order, each record in the journal before its effects; resolves with
   * the number of inputs handled when no solve that it asked for is open any more. What comes in meanwhile is handled
   * while the solver works where turns start by themselves, or when `turn` is called again; else by the next turn.
   */
  turn(): Promise<number>;
  /** Inputs that wait for a turn, a tick that is due counted. */
  pending(): number;
  /** Ends after the turn in progress, whose solve is not waited for; the journal is left whole. */
  stop(): Promise<void>;
  /** Stops at once as a power cut does: nothing more is written, sent or published. */
  kill(): void;
  state(): State;
}

/** How the engine wants its plans: minimum currents and steps hold. */
const solveOptions: SolveOptions = { continuous: false, gap: 1e-6 };

/** Powers are kept to the milliwatt. */
function rounded(values: Float64Array): readonly number[] {
  const kept: number[] = [];
  for (let i = 0; i < values.length; i++) kept.push(Math.round((values[i] ?? 0) * 1e6) / 1e6);
  return kept;
}

/** A solution as the journal keeps it. */
function solvedOf(problem: DepotProblem, solution: Solution): SolvedPlan {
  const { status, solver, objective, bound, gap, certificate, repairCost } = solution;
  const limiting = marksOf(problem, solution.warm);
  return {
    status,
    solver,
    objective,
    bound,
    gap,
    valid: certificate.valid,
    repairCost,
    powerKw: solution.powerKw.map(rounded),
    ...(solution.onePhase === undefined ? {} : { onePhase: solution.onePhase.map((row) => [...row]) }),
    shortfallKwh: rounded(solution.shortfallKwh),
    peaksKw: rounded(solution.peaksKw),
    ...(limiting === undefined ? {} : { limiting }),
  };
}

type SolveEffect = Extract<Effect, { kind: 'solve' }>;

/** A loop; nothing happens before `start`. */
export function createLoop(parts: LoopParts): Loop {
  return new EngineLoop(parts);
}

class EngineLoop implements Loop {
  private readonly parts: LoopParts;
  private readonly inbox = createInbox();
  private current: State | undefined;
  private records = 0;
  private sequence = 0;
  private isAlive = false;
  private running: Promise<number> | undefined;
  private isKicked = false;
  /** The open solve; over when its answer has been handled. */
  private solving: Promise<void> | undefined;
  private readonly subscriptions: Subscription[] = [];
  private forgetWake: (() => void) | undefined;
  /** The wake that this process has asked for. */
  private wakeAt: EpochS | undefined;
  /** Sign of what was last said of the clock. */
  private clockOff = 0;

  constructor(parts: LoopParts) {
    this.parts = parts;
  }

  start(): void {
    const { bus, link, site, policy, seed, journal, log } = this.parts;
    invariant(this.current === undefined, 'a loop starts once');
    this.isAlive = true;
    const records = journal.read();
    this.records = records.length;
    this.current = replay(records);
    link.onEvent((event) => {
      const isTaken = this.receive(`link/${event.stationId}`, { kind: 'link', event });
      if (!isTaken && this.isAlive) link.drop(event.stationId, 'sends more than can be handled');
    });
    const onMessage = ({ subject, data }: BusMessage): void => {
      const event = depotEventOf(site, subject.slice(subjectOf(site.id, 'in.').length), data);
      const body: InputBody = event.ok
        ? { kind: 'bus', event: event.value }
        : { kind: 'bus-refused', subject, faults: event.problem };
      if (!this.receive('bus', body)) log.warn('bus message refused: too much waits', { subject });
    };
    this.subscriptions.push(bus.subscribe(subjectOf(site.id, 'in.>'), onMessage));
    const back = bus.onBack?.(() => void this.receive('bus', { kind: 'bus-back' }));
    if (back !== undefined) this.subscriptions.push(back);
    if (this.current === undefined) this.apply({ kind: 'started', site, policy, seed });
    else {
      if (jsonOf(this.current.site) !== jsonOf(site)) log.warn('the journal has another site; it is kept');
      log.info('journal replayed', { records: records.length });
      this.apply({ kind: 'restarted' });
    }
    this.kick();
  }

  turn(): Promise<number> {
    if (this.running !== undefined) this.pass();
    this.running ??= this.oneTurn().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  pending(): number {
    const due = this.isAlive && wantsTick(this.state(), this.now()) ? 1 : 0;
    return this.inbox.size() + due;
  }

  async stop(): Promise<void> {
    if (this.solving === undefined) await this.running;
    this.kill();
  }

  kill(): void {
    this.isAlive = false;
    for (const subscription of this.subscriptions.splice(0)) subscription.unsubscribe();
    this.forgetWake?.();
    this.inbox.clear();
  }

  state(): State {
    invariant(this.current !== undefined, 'the loop has been started');
    return this.current;
  }

  /** The clock, but never backwards. */
  private now(): EpochS {
    return epochS(Math.max(this.parts.clock.now(), this.current?.now ?? 0));
  }

  private receive(source: string, body: InputBody): boolean {
    if (!this.isAlive) return false;
    const isTaken = this.inbox.push(source, body);
    this.kick();
    return isTaken;
  }

  /** Starts a turn by itself, where that is wanted. */
  private kick(): void {
    if (!this.parts.autoTurn || !this.isAlive || this.isKicked || this.pending() === 0) return;
    this.isKicked = true;
    void Promise.resolve()
      .then(() => {
        this.isKicked = false;
        return this.turn();
      })
      .then(() => this.kick());
  }

  private async oneTurn(): Promise<number> {
    let handled = this.pass();
    for (let round = 0; this.solving !== undefined && round < solvesPerTurnMax; round++) {
      await this.solving;
      handled += 1 + this.ticks();
    }
    this.compact();
    return handled;
  }

  /** Handles what is there and ticks that are due. Solves are begun, not waited for. */
  private pass(): number {
    let handled = 0;
    if (!this.isAlive) return handled;
    this.watchClock();
    for (const input of this.inbox.take(this.now())) {
      if (!this.isAlive) return handled;
      this.write(input);
      handled++;
    }
    return handled + this.ticks();
  }

  /** Ticks that are due. */
  private ticks(): number {
    let handled = 0;
    for (let round = 0; round < ticksPerPassMax; round++) {
      if (!this.isAlive || !wantsTick(this.state(), this.now())) break;
      this.apply({ kind: 'tick' });
      handled++;
    }
    return handled;
  }

  /** Asks the solver; its answer is an input of the instant at which it comes. */
  private async solve(effect: SolveEffect): Promise<void> {
    const body = await this.solved(effect);
    this.solving = undefined;
    if (!this.isAlive) return;
    this.apply(body);
    this.kick();
  }

  private async solved({ requestId, problem, warm }: SolveEffect): Promise<InputBody> {
    try {
      const options = warm === undefined ? solveOptions : { ...solveOptions, warm };
      const solution = await this.parts.solve(problem, options);
      return { kind: 'solved', requestId, outcome: { ok: true, plan: solvedOf(problem, solution) } };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.parts.log.warn('the solver failed', { requestId, reason });
      return { kind: 'solved', requestId, outcome: { ok: false, reason } };
    }
  }

  /** An input of the engine's own. */
  private apply(body: InputBody): void {
    this.sequence++;
    this.write({ at: this.now(), source: 'engine', sequence: this.sequence, ...body });
  }

  /** Journal first, then effects. */
  private write(input: Input): void {
    this.remember(input);
    this.records++;
    const [state, effects] = step(this.current, input);
    this.current = state;
    for (const effect of effects) {
      if (!this.isAlive) return;
      this.carryOut(effect);
    }
  }

  /** What cannot be remembered must not be acted on: with its journal the engine stops, and chargers go by what they hold. */
  private remember(input: Input): void {
    try {
      this.parts.journal.append(input);
    } catch (error) {
      this.kill();
      const reason = error instanceof Error ? error.message : String(error);
      this.parts.log.warn('the journal takes nothing more, the engine stops', { reason });
      throw error;
    }
  }

  /** Says when the clock is behind what has been written, when a wake came much too late, and when that is over. */
  private watchClock(): void {
    const real = this.parts.clock.now();
    const behindS = this.state().now - real;
    const lateS = this.wakeAt === undefined ? 0 : real - this.wakeAt;
    const offS = behindS > clockToleranceS ? -behindS : lateS > clockToleranceS ? lateS : 0;
    if (Math.sign(offS) === this.clockOff && offS <= 0) return;
    this.clockOff = Math.sign(offS);
    this.apply({ kind: 'clock', offS });
  }

  private carryOut(effect: Effect): void {
    const { bus, link, clock, site } = this.parts;
    switch (effect.kind) {
      case 'send':
        link.send(effect.message);
        break;
      case 'drop':
        link.drop(effect.stationId, effect.reason);
        break;
      case 'publish': {
        const subject = subjectOf(site.id, effect.tail);
        if (bus.isHeard?.(subject) !== false) bus.publish(subject, toldOf(effect.payload));
        break;
      }
      case 'solve':
        invariant(this.solving === undefined, 'one solve is open at a time');
        this.solving = this.solve(effect);
        break;
      case 'wake':
        this.forgetWake?.();
        this.wakeAt = effect.at;
        this.forgetWake = clock.at(effect.at, () => this.receive('engine', { kind: 'tick' }));
        break;
    }
  }

  /** Keeps the journal within its bound. */
  private compact(): void {
    const most = this.parts.journalRecordsMax ?? journalRecordsMax;
    if (!this.isAlive || this.records < most || this.state().solving !== undefined) return;
    this.parts.journal.compact(snapshotRecordOf(this.state()));
    this.records = 1;
  }
}
