/** One night from start to end: world, stations, transport and the shipped engine in lockstep. @module */
import { subjectOf, subjects } from '#domain/event';
import type { Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { Loop, LoopParts } from '#engine/loop';
import type { Policy } from '#engine/policy';
import { textOfUtf8, utf8Of } from '#engine/utf8';
import type { Bus } from '#ports/bus';
import type { Clock } from '#ports/clock';
import type { Journal } from '#ports/journal';
import type { Log } from '#ports/log';
import { conduct, watchBus } from './conductor.ts';
import type { BusRecord, JournalSummary, NightResult } from './night-result.ts';
import { nightResultOf, type Heard } from './night-summary.ts';
import type { Scenario } from './scenario.ts';
import type { Transport } from './transport.ts';
import { createVirtualClock } from './virtual-clock.ts';
import { createWorld, type World } from './world.ts';

/** Where the journal of the night lives. */
export interface NightJournal {
  /** The journal as a new process of the engine finds it. */
  open(): Journal;
  summary(): JournalSummary;
}

/** Where the night has got to. */
export interface NightProgress {
  readonly nowS: EpochS;
  readonly startS: EpochS;
  readonly endS: EpochS;
  readonly siteW: number;
  readonly connected: number;
  readonly charging: number;
  readonly violations: number;
  readonly engine: 'up' | 'down';
  readonly alarms: number;
}

/** What a night is made of. */
export interface NightOptions {
  readonly scenario: Scenario;
  readonly transport: Transport;
  readonly bus: Bus;
  readonly journal: NightJournal;
  /** The tariff document where the scenario only names it. */
  readonly tariff?: unknown;
  readonly policy: Policy;
  readonly solve: LoopParts['solve'];
  readonly createLoop: (parts: LoopParts) => Loop;
  readonly log: Log;
  /** Milliseconds of a real clock, for `wallMs`. */
  readonly wallClockMs: () => number;
  /** Called at most once per simulated `progressEveryS`. */
  readonly onProgress?: (progress: NightProgress) => void;
}

/** Progress is told at most this often, in simulated time. */
const progressEveryS = 300;

/** Listens to everything that the engine publishes. */
function listenTo(bus: Bus, site: Site, now: () => EpochS): Heard {
  const heard: Heard = {
    plans: [],
    verdicts: [],
    alarms: [],
    refused: [],
    status: undefined,
    commandCount: 0,
    busIn: 0,
    busOut: 0,
  };
  const prefix = subjectOf(site.id, '');
  bus.subscribe(subjectOf(site.id, 'out.>'), (message) => {
    heard.busOut++;
    const tail = message.subject.slice(prefix.length);
    if (tail === subjects.command) {
      heard.commandCount++;
      return;
    }
    const payload: unknown = JSON.parse(textOfUtf8(message.data) ?? 'null');
    const record: BusRecord = { atS: now(), tail, payload };
    if (tail === subjects.plan) heard.plans.push(record);
    if (tail === subjects.verdict) heard.verdicts.push(record);
    if (tail === subjects.alarm) heard.alarms.push(record);
    if (tail === subjects.refused) heard.refused.push(record);
    if (tail === subjects.status) heard.status = record;
  });
  return heard;
}

interface EngineProcess {
  readonly loop: () => Loop | undefined;
  readonly start: () => Promise<void>;
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The engine's process: started, killed and started again from the same journal. */
function createEngine(options: NightOptions, clock: Clock, bus: Bus): EngineProcess {
  let loop: Loop | undefined;
  return {
    loop: () => loop,
    start: async (): Promise<void> => {
      const link = await options.transport.listen();
      loop = options.createLoop({
        site: options.scenario.site,
        policy: options.policy,
        seed: options.scenario.seed,
        clock,
        bus,
        link,
        journal: options.journal.open(),
        solve: options.solve,
        log: options.log,
        autoTurn: false,
      });
      loop.start();
    },
    kill: async (): Promise<void> => {
      loop?.kill();
      loop = undefined;
      await options.transport.crash();
    },
    stop: async (): Promise<void> => {
      await loop?.stop();
      loop = undefined;
    },
  };
}

function progressOf(
  scenario: Scenario,
  world: World,
  heard: Heard,
  nowS: EpochS,
  engine: 'up' | 'down',
): NightProgress {
  let connected = 0;
  let charging = 0;
  for (const station of world.stations.values()) {
    if (station.isConnected()) connected++;
    for (const outlet of station.outlets) if (outlet.drawW > 0) charging++;
  }
  return {
    nowS,
    startS: scenario.startS,
    endS: scenario.endS,
    siteW: Math.round(world.truth.siteW()),
    connected,
    charging,
    violations: world.truth.violations().length,
    engine,
    alarms: heard.alarms.length,
  };
}

/** Plays the night of a scenario to its end. */
export async function runNight(options: NightOptions): Promise<NightResult> {
  const { scenario, transport } = options;
  const { site, startS, endS } = scenario;
  const beganMs = options.wallClockMs();
  const clock = createVirtualClock(startS);
  const bus = watchBus(options.bus);
  const heard = listenTo(bus, site, () => clock.now());
  const engine = createEngine(options, clock, bus);
  const chores: (() => Promise<void>)[] = [];
  const world = createWorld({
    scenario,
    clock,
    transport,
    tariff: options.tariff ?? scenario.tariff,
    publish: (event) => {
      heard.busIn++;
      bus.publish(subjectOf(site.id, `in.${event.kind}`), utf8Of(JSON.stringify(event)));
    },
  });
  const outages = scenario.faults.filter((fault) => fault.kind === 'engine-crash');
  for (const outage of outages) {
    clock.at(outage.fromS, () => {
      world.engineIs('down');
      chores.push(engine.kill);
    });
    clock.at(outage.untilS, () =>
      chores.push(async () => {
        await engine.start();
        world.engineIs('up');
      }),
    );
  }
  let toldS = -Infinity;
  const tell = (): void => {
    if (options.onProgress === undefined || clock.now() - toldS < progressEveryS) return;
    toldS = clock.now();
    options.onProgress(
      progressOf(scenario, world, heard, clock.now(), engine.loop() === undefined ? 'down' : 'up'),
    );
  };

  await engine.start();
  world.start();
  await conduct(
    {
      clock,
      bus,
      settleTransport: () => transport.settle(),
      loop: engine.loop,
      onInstant: () => world.truth.advance(clock.now()),
      takeChores: () => chores.splice(0),
      onQuiet: () => {
        world.readDraws();
        tell();
      },
    },
    endS,
  );
  await engine.stop();
  await bus.drain();
  const result = nightResultOf({
    scenario,
    transport: transport.name,
    world,
    heard,
    engineDown: outages,
    journal: options.journal.summary(),
    wallMs: options.wallClockMs() - beganMs,
  });
  for (const station of world.stations.values()) station.powerOff();
  await transport.settle();
  await transport.close();
  return result;
}
