/** One seeded world played to its end, or to the first rule that does not hold. @module */
import { subjectOf, type DepotEvent } from '#domain/event';
import type { Site } from '#domain/site';
import { prngOf } from '#domain/prng';
import { amperes, watts, type EpochS } from '#domain/units';
import { jsonOf, recordOf } from '#engine/json';
import type { Loop, LoopParts } from '#engine/loop';
import type { Policy } from '#engine/policy';
import { replay, snapshotRecordOf } from '#engine/replay';
import { startedState } from '#engine/start';
import type { State } from '#engine/state';
import type { Bus } from '#ports/bus';
import type { Clock } from '#ports/clock';
import { conduct, watchBus, type WatchedBus } from '../conductor.ts';
import type { FaultSpan } from '../scenario-cast.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';
import { createWorld, type World } from '../world.ts';
import { createCrashingJournal, EngineDeath, type CrashingJournal } from './crashing-journal.ts';
import { createWatch, type Watch } from './invariants.ts';
import { commissioningS } from './draw-depot.ts';
import { createSeededTransport, type FrameCounts, type SeededTransport } from './seeded-transport.ts';
import { listen } from './hear.ts';
import type { Breach, Said } from './rule.ts';
import { createTrace } from './trace.ts';
import { createFaultySolver } from './faulty-solver.ts';
import { createRoughBus, type RoughBus } from './rough-bus.ts';
import { otherSiteId } from './draw-later.ts';
import type { WorldEvent, WorldPlan } from './world-plan.ts';

/** An engine with something wrong in it, for proofs that the worlds find it. */
export interface PlantedBug {
  /** What the engine takes for its site. */
  readonly site?: (site: Site) => Site;
  readonly policy?: (policy: Policy) => Policy;
  /** The state that it begins with. */
  readonly state?: (state: State) => State;
  /** Its parts, wrapped. */
  readonly parts?: (parts: LoopParts) => LoopParts;
}

/** What a world is played with. */
export interface WorldParts {
  readonly plan: WorldPlan;
  readonly bus: Bus;
  readonly solve: LoopParts['solve'];
  readonly createLoop: (parts: LoopParts) => Loop;
  readonly bug?: PlantedBug;
  /** Replays the journal at the end and compares what was sent. */
  readonly proveReplay?: boolean;
  /** Told of all records at the end, where the replay is proven. */
  readonly onJournal?: (records: readonly unknown[]) => void;
  /**
   * Looks at every station at every instant instead of those that have changed, and parses each text that was sent; what
   * is found must be the same.
   */
  readonly slowWatch?: boolean;
  /** Told of every engine state at the end of an instant. */
  readonly onQuiet?: (world: World, state: State | undefined, now: EpochS) => void;
}

/** How a world went. */
export interface WorldOutcome {
  readonly seed: number;
  readonly hash: string;
  readonly breach?: Breach;
  readonly commissioned: boolean;
  readonly playedS: number;
  readonly records: number;
  readonly crashes: number;
  readonly frames: FrameCounts;
  readonly caught: number;
  readonly visits: number;
  readonly met: number;
  /** Energy that vehicles took, those included that are still there. */
  readonly deliveredWh: number;
}

/** A world that has found what it was looking for. */
class WorldOver extends Error {}

const quiet = { info: (): void => undefined, warn: (): void => undefined };

/** The engine's clock: the true one, and what it was moved by. */
interface JumpingClock extends Clock {
  jump(byS: number): void;
}

function jumpingClock(clock: VirtualClock): JumpingClock {
  let off = 0;
  return {
    now: () => (clock.now() + off) as EpochS,
    at: (instant, wake) => clock.at((instant - off) as EpochS, wake),
    jump: (byS) => {
      off += byS;
    },
  };
}

/** A site file from before the building was there, with circuits half as large again. */
function olderSite(site: Site): Site {
  const circuits = site.circuits.map(({ limitW, ...circuit }) => ({
    ...circuit,
    limitA: amperes(circuit.limitA * 1.5),
    ...(limitW === undefined ? {} : { limitW: watts(limitW * 1.5) }),
  }));
  return { ...site, circuits, uncontrolled: [] };
}

/** The first records of the journal: none, where the engine begins as it is shipped. */
function firstRecords(plan: WorldPlan, bug: PlantedBug, site: Site, policy: Policy): readonly unknown[] {
  if (bug.state === undefined) return [];
  const { startS, seed } = plan.scenario;
  const [begun] = startedState({
    kind: 'started',
    at: startS,
    source: 'engine',
    sequence: 0,
    site,
    policy,
    seed,
  });
  return [snapshotRecordOf(bug.state(begun))];
}

/** Plays a world. */
export async function playWorld(parts: WorldParts): Promise<WorldOutcome> {
  return new Play(parts).run();
}

class Play {
  private readonly parts: WorldParts;
  private readonly reads: 'texts' | 'values';
  private readonly clock: VirtualClock;
  private readonly engineClock: JumpingClock;
  private readonly bus: WatchedBus;
  private readonly rough: RoughBus;
  private readonly transport: SeededTransport;
  private readonly journal: CrashingJournal;
  private readonly world: World;
  private readonly said: Said;
  private readonly watch: Watch;
  private readonly trace = createTrace();
  private readonly published: DepotEvent[] = [];
  private readonly chores: (() => Promise<void>)[] = [];
  private readonly sent: string[] = [];
  private readonly site: Site;
  private readonly policy: Policy;
  private loop: Loop | undefined;
  /** The loop as it is conducted. */
  private running: Loop | undefined;
  private crashes = 0;
  /** Stalls that go on: the loop does nothing meanwhile. */
  private holds = 0;
  /** The loop whose solve takes a while. */
  private slowLoop: Loop | undefined;
  /** What a turn came to that nobody waited for. */
  private failure: Error | undefined;
  private onSlow: (() => void) | undefined;
  private isSiteOld = false;
  private breach: Breach | undefined;

  constructor(parts: WorldParts) {
    const { plan, bug = {} } = parts;
    const { scenario } = plan;
    this.parts = parts;
    this.reads = parts.slowWatch === true ? 'texts' : 'values';
    this.clock = createVirtualClock(scenario.startS);
    this.engineClock = jumpingClock(this.clock);
    this.bus = watchBus(parts.bus);
    this.rough = createRoughBus({
      plan,
      bus: this.bus,
      clock: this.clock,
      prng: prngOf(plan.seed).fork('rough-bus'),
      roughFromS: (scenario.startS + commissioningS) as EpochS,
      onBack: () => this.isToldAgain(),
    });
    this.site = bug.site?.(scenario.site) ?? scenario.site;
    this.policy = bug.policy?.(plan.policy) ?? plan.policy;
    this.transport = createSeededTransport({
      site: scenario.site,
      clock: this.clock,
      seed: plan.seed,
      rates: plan.network,
      roughFromS: (scenario.startS + commissioningS) as EpochS,
      healS: plan.healS,
      reads: this.reads,
      onFrame: (direction, stationId, text) => {
        this.trace.add(`${this.clock.now()} ${direction} ${stationId} ${text}`);
      },
    });
    this.journal = createCrashingJournal(
      firstRecords(plan, bug, this.site, this.policy),
      plan.events.flatMap((event) => (event.kind === 'crash' ? [event] : [])),
      () => this.clock.now() < plan.healS,
      () => this.clock.now(),
      parts.proveReplay === true ? 'at the end' : 'after crashes',
    );
    const faults = plan.events.flatMap((event): FaultSpan[] => (event.kind === 'fault' ? [event.fault] : []));
    this.world = createWorld({
      scenario: { ...scenario, faults },
      clock: this.clock,
      transport: this.transport,
      tariff: plan.bill?.tariff ?? {},
      siteMeterS: plan.siteMeterS,
      publish: (event) => this.publish(event),
    });
    this.said = listen({
      bus: this.bus,
      scenario,
      now: () => this.clock.now(),
      resend: () => this.resend(),
      reads: this.reads,
    });
    this.watch = createWatch({
      plan,
      world: this.world,
      said: this.said,
      loop: () => this.loop,
      isSlow: parts.slowWatch === true,
    });
  }

  async run(): Promise<WorldOutcome> {
    const { plan } = this.parts;
    const { endS } = plan.scenario;
    try {
      await this.start();
      this.world.start();
      for (const event of plan.events) this.schedule(event);
      await conduct(
        {
          clock: this.clock,
          bus: this.bus,
          settleTransport: () => this.transport.settle(),
          loop: () => (this.holds > 0 ? undefined : this.running),
          onInstant: () => undefined,
          takeChores: () => this.chores.splice(0),
          onQuiet: () => this.onQuiet(),
        },
        endS,
      );
      this.breach = this.watch.atEnd(this.clock.now()) ?? this.replays();
    } catch (error) {
      if (!(error instanceof WorldOver)) this.breach = this.died(error);
    }
    if (this.parts.proveReplay === true) this.parts.onJournal?.(this.journal.kept());
    return this.outcome();
  }

  private outcome(): WorldOutcome {
    const { plan } = this.parts;
    const visits = this.world.visits();
    return {
      seed: plan.seed,
      hash: this.trace.hash(),
      ...(this.breach === undefined ? {} : { breach: this.breach }),
      commissioned: this.watch.isCommissioned(),
      playedS: this.clock.now() - plan.scenario.startS,
      records: this.journal.count(),
      crashes: this.crashes,
      frames: this.transport.counts(),
      caught: this.said.caught.size,
      visits: visits.length,
      met: visits.filter(({ outcome }) => outcome === 'met').length,
      deliveredWh: visits.reduce((sum, { deliveredWh }) => sum + deliveredWh, 0),
    };
  }

  private died(error: unknown): Breach {
    const text =
      error instanceof Error
        ? `${error.message} ${error.stack?.split('\n')[1]?.trim() ?? ''}`
        : String(error);
    return { rule: 'engine-runs', at: this.clock.now(), text };
  }

  private publish(event: DepotEvent): void {
    if (event.kind === 'tariff' && this.parts.plan.bill === undefined) return;
    if (event.kind !== 'site-meter' && event.kind !== 'uncontrolled-load') this.published.push(event);
    else if (this.isMeterDead()) return;
    this.say(`in.${event.kind}`, JSON.stringify(event));
  }

  private isMeterDead(): boolean {
    const now = this.clock.now();
    return this.parts.plan.events.some(
      (event) => event.kind === 'dead-meter' && event.fromS <= now && now < event.untilS,
    );
  }

  private say(tail: string, text: string): void {
    this.rough.say(subjectOf(this.parts.plan.scenario.site.id, tail), text);
  }

  /** From now on what the engine says is heard, and it hears; rules that give it time count from here. */
  private isToldAgain(): void {
    const isThere = this.running !== undefined && this.holds === 0 && !this.rough.isLost();
    this.said.upSince = isThere ? this.clock.now() : undefined;
  }

  private hold(): void {
    this.holds++;
    this.isToldAgain();
  }

  private release(): void {
    this.holds--;
    this.isToldAgain();
  }

  /** A solve that takes until then: time and the engine go on, and the turn that waits for it ends when it is done. */
  private waitForSolve(untilS: EpochS, done: () => void): void {
    const loop = this.running;
    this.slowLoop = loop;
    this.onSlow?.();
    this.clock.at(untilS, () => {
      this.chores.push(async () => {
        if (this.slowLoop === loop) this.slowLoop = undefined;
        done();
        if (loop !== undefined && this.running === loop) await loop.turn();
      });
    });
  }

  /** A fleet system says everything again to an engine that asks for it. */
  private resend(): void {
    for (const event of this.published) this.say(`in.${event.kind}`, JSON.stringify(event));
  }

  private schedule(event: WorldEvent): void {
    switch (event.kind) {
      case 'half-open':
        this.clock.at(event.at, () =>
          this.transport.halfOpen(event.stationId, event.stationSeesS, event.engineSeesS),
        );
        break;
      case 'storm':
        this.clock.at(event.at, () => this.transport.storm());
        break;
      case 'jump':
        this.clock.at(event.at, () => this.engineClock.jump(event.byS));
        break;
      case 'bad-message':
        this.clock.at(event.at, () => this.say(event.tail, event.text));
        break;
      case 'other-site':
        this.clock.at(event.at, () => this.rough.say(subjectOf(otherSiteId, event.tail), event.text));
        break;
      case 'stall':
        this.clock.at(event.fromS, () => this.hold());
        this.clock.at(event.untilS, () => this.release());
        break;
      case 'bus-lost':
        this.clock.at(event.fromS, () => this.isToldAgain());
        break;
      case 'bus-rewound':
        this.clock.at(event.at, () => this.resend());
        break;
      case 'tariff':
        this.clock.at(event.at, () => this.replaceTariff(event.tariff));
        break;
      case 'fault':
      case 'dead-meter':
      case 'crash':
      case 'solver':
        break;
    }
  }

  private replaceTariff(tariff: Readonly<Record<string, unknown>>): void {
    const event: DepotEvent = { kind: 'tariff', tariff };
    this.published.push(event);
    this.say(`in.${event.kind}`, JSON.stringify(event));
  }

  private async start(): Promise<void> {
    const link = await this.transport.listen();
    const { bug, solve, createLoop, plan } = this.parts;
    const own: LoopParts = {
      site: this.isSiteOld ? olderSite(this.site) : this.site,
      policy: this.policy,
      seed: plan.scenario.seed,
      clock: this.engineClock,
      bus: {
        ...this.rough.engine,
        publish: (subject, data) => {
          this.journal.leaves();
          this.rough.engine.publish(subject, data);
        },
      },
      link: {
        ...link,
        send: (message) => {
          this.journal.leaves();
          if (this.parts.proveReplay === true) this.sent.push(JSON.stringify(recordOf(message)));
          link.send(message);
        },
      },
      journal: this.journal.open(),
      solve: createFaultySolver({
        events: plan.events,
        clock: this.clock,
        solve,
        wait: (untilS, done) => this.waitForSolve(untilS, done),
      }),
      log: quiet,
      autoTurn: false,
      ...(plan.snapshotRecords === undefined ? {} : { journalRecordsMax: plan.snapshotRecords }),
    };
    const loop = createLoop(bug?.parts?.(own) ?? own);
    try {
      loop.start();
      this.loop = loop;
      this.running = this.watched(loop);
      this.isToldAgain();
      const death = this.said.deaths.at(-1);
      if (death !== undefined) death.untilS ??= this.clock.now();
      this.world.engineIs('up');
    } catch (error) {
      this.killed(loop, error);
    }
  }

  /** The loop, with the end of its process taken for what it is. */
  private watched(loop: Loop): Loop {
    const own: Loop = {
      start: () => loop.start(),
      pending: () => loop.pending(),
      stop: () => loop.stop(),
      kill: () => loop.kill(),
      state: () => loop.state(),
      turn: async () => {
        try {
          let isLeft = false;
          const slow = new Promise<number>((resolve) => {
            this.onSlow = () => {
              isLeft = true;
              resolve(1);
            };
            if (this.slowLoop === own) this.onSlow();
          });
          const turn = loop.turn();
          turn.catch((error: unknown) => {
            if (isLeft && this.running === own) this.killedLater(loop, error);
          });
          return await Promise.race([turn, slow]);
        } catch (error) {
          // Where two turns end with the process it has died once.
          if (this.running === own) this.killed(loop, error);
          return 1;
        }
      },
    };
    return own;
  }

  /** The end of a process in a turn that nobody waits for any more. */
  private killedLater(loop: Loop, error: unknown): void {
    try {
      this.killed(loop, error);
    } catch (failure) {
      this.failure = failure instanceof Error ? failure : new Error(String(failure));
    }
  }

  private killed(loop: Loop, error: unknown): void {
    if (!(error instanceof EngineDeath)) throw error;
    this.crashes++;
    loop.kill();
    this.loop = undefined;
    this.running = undefined;
    this.said.upSince = undefined;
    this.world.engineIs('down');
    this.rough.forget();
    const { downS, cutStations, cutS, losesJournal, oldSite } = error.crash;
    this.isSiteOld = oldSite === true;
    // A process that dies as it begins has brought nothing to an end.
    if (this.said.deaths.every(({ untilS }) => untilS !== undefined) || losesJournal === true)
      this.said.deaths.push({ fromS: this.clock.now(), losesJournal: losesJournal === true });
    // The next process has to catch rogues anew.
    if (losesJournal === true) {
      this.said.caught.clear();
      this.sent.length = 0;
    }
    const inAWhile = (s: number): EpochS => Math.min(this.clock.now() + s, this.parts.plan.healS) as EpochS;
    const cut = (state: 'cut' | 'whole'): void => {
      for (const id of cutStations) this.transport.cut(id, state);
    };
    this.chores.push(() => this.transport.crash().then(() => cut('cut')));
    this.clock.at(inAWhile(cutS), () => cut('whole'));
    this.clock.at(inAWhile(downS), () => this.chores.push(() => this.start()));
  }

  private onQuiet(): void {
    if (this.failure !== undefined) throw this.failure;
    this.world.readDraws();
    const now = this.clock.now();
    this.parts.onQuiet?.(this.world, this.loop?.state(), now);
    this.breach = this.watch.check(now);
    if (this.breach !== undefined) throw new WorldOver();
  }

  /** I7: snapshots and what came after each lead to the state that all records lead to, from the first on. */
  private comesBack(): Breach | undefined {
    const whole = jsonOf(replay(this.journal.kept()));
    if (this.loop === undefined || whole === jsonOf(this.loop.state())) return undefined;
    return {
      rule: 'replays',
      at: this.clock.now(),
      text: 'the journal from its first record on leads to another state',
    };
  }

  /**
   * I7: the journal alone gives every message again, byte for byte. Of those that follow from the last record of a process
   * that died some may not have left.
   */
  private replays(): Breach | undefined {
    if (this.parts.proveReplay !== true) return undefined;
    const turns: { readonly messages: readonly string[]; isLast: boolean }[] = [];
    replay(this.journal.kept(), (input, effects) => {
      const last = turns.at(-1);
      if (last !== undefined && (input.kind === 'restarted' || input.kind === 'started')) last.isLast = true;
      const messages = effects.flatMap((effect) =>
        effect.kind === 'send' ? [JSON.stringify(recordOf(effect.message))] : [],
      );
      turns.push({ messages, isLast: false });
    });
    const end = turns.at(-1);
    if (end !== undefined) end.isLast = this.loop === undefined;
    let at = 0;
    for (const { messages, isLast } of turns) {
      const first = messages.findIndex((text, i) => this.sent[at + i] !== text);
      if (first >= 0 && !isLast) return this.differs(at + first);
      at += first < 0 ? messages.length : first;
    }
    return at === this.sent.length ? this.comesBack() : this.differs(at);
  }

  private differs(at: number): Breach {
    const text = `message ${at} of ${this.sent.length} differs in the replay`;
    return { rule: 'replays', at: this.clock.now(), text };
  }
}
