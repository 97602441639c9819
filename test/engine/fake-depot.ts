/**
 * A depot of OCPP 1.6 stations small enough to be read: no network, a clock that is turned by hand, and a limit that is
 * worked out from the installed profiles in ten lines of its own.
 */
import { createMemoryBus } from '#adapters/bus-memory';
import type { LinkEvent, LinkMessage } from '#domain/event';
import { subjectOf } from '#domain/event';
import { instantOfIso, isoOf } from '#domain/instant';
import type { Site, Station, UncontrolledLoad } from '#domain/site';
import { amperes, epochS, seconds, watts, type EpochS } from '#domain/units';
import { createLoop, type Loop, type LoopParts } from '#engine/loop';
import { policyOf, type Policy } from '#engine/policy';
import { jsonOf } from '#engine/json';
import { textOfUtf8, utf8Of } from '#engine/utf8';
import type { Bus } from '#ports/bus';
import type { ChargerLink } from '#ports/charger-link';
import type { Clock } from '#ports/clock';
import type { Journal } from '#ports/journal';
import { solve } from '#solver/solve';

/** 2026-07-14T18:00:00Z: an instant on a quarter hour. */
export const startS = epochS(1_784_052_000);

/** A station of 32 A on three phases that follows within 5 s. */
export function stationOf(id: string, more: Partial<Station> = {}): Station {
  return {
    id,
    version: '1.6',
    vendor: 'Volta',
    model: 'AC22',
    circuit: 'panel',
    current: 'AC',
    evses: [
      {
        id: 1,
        maxA: amperes(32),
        maxW: watts(22_080),
        minA: amperes(6),
        stepA: amperes(1),
        rotation: [0, 1, 2],
      },
    ],
    capability: {
      rateUnit: 'A',
      maxPeriods: 24,
      maxStackLevel: 8,
      maxProfiles: 10,
      reactionS: seconds(5),
      keepsProfiles: 'all',
      obeysLease: true,
      sharesStationCap: false,
    },
    ...more,
  };
}

/** Stations behind one panel of 40 A in a connection of 60 A, no building. */
export function siteOf(stations: readonly Station[], more: Partial<Site> = {}): Site {
  return {
    id: 'yard',
    timeZone: 'UTC',
    voltage: 230,
    circuits: [
      { id: 'grid', limitA: amperes(60) },
      { id: 'panel', parent: 'grid', limitA: amperes(40) },
    ],
    stations,
    uncontrolled: [],
    ...more,
  };
}

/** A building on a circuit that may draw, and is expected to draw, so much in each quarter hour of the day, W. */
export function buildingOf(
  circuit: string,
  powerW: number | ((quarter: number) => number),
): UncontrolledLoad {
  const curve = Array.from({ length: 96 }, (_, quarter) =>
    watts(typeof powerW === 'number' ? powerW : powerW(quarter)),
  );
  return { circuit, expectedW: curve, boundW: curve };
}

/** The default policy with some of its knobs turned. */
export function policyWith(knobs: Record<string, unknown> = {}): Policy {
  const policy = policyOf({ sampleIntervalS: 300, ...knobs });
  if (!policy.ok) throw new Error(JSON.stringify(policy.problem));
  return policy.value;
}

/** A clock that is turned by hand. */
export class HandClock implements Clock {
  private nowS: number = startS;
  private readonly wakes = new Map<number, { at: number; wake: () => void }>();
  private count = 0;

  now(): EpochS {
    return epochS(this.nowS);
  }

  at(instant: EpochS, wake: () => void): () => void {
    const key = ++this.count;
    this.wakes.set(key, { at: instant, wake });
    return () => void this.wakes.delete(key);
  }

  turnTo(at: number): void {
    this.nowS = at;
    for (const [key, one] of this.wakes) {
      if (one.at > at) continue;
      this.wakes.delete(key);
      one.wake();
    }
  }
}

/** A journal in memory that may cut the power. */
export class MemoryJournal implements Journal {
  records: string[] = [];
  appends = 0;
  /** Called before and after each append with its number from 1. */
  onAppend: ((count: number, when: 'before' | 'after') => void) | undefined;

  append(record: unknown): void {
    this.appends++;
    const text = jsonOf(record);
    let isLost = false;
    this.onAppend?.(this.appends, 'before');
    isLost = this.isCut;
    if (!isLost) this.records.push(text);
    this.onAppend?.(this.appends, 'after');
  }

  isCut = false;

  read(): readonly unknown[] {
    return this.records.map((text): unknown => JSON.parse(text));
  }

  compact(snapshot: unknown): void {
    this.records = [JSON.stringify(snapshot)];
  }

  close(): void {}
}

interface WireProfile {
  readonly chargingProfileId: number;
  readonly stackLevel: number;
  readonly chargingProfilePurpose: string;
  readonly transactionId?: number;
  readonly validTo?: string;
  readonly chargingSchedule: {
    readonly startSchedule: string;
    readonly chargingRateUnit: 'A' | 'W';
    readonly duration?: number;
    readonly chargingSchedulePeriod: readonly {
      readonly startPeriod: number;
      readonly limit: number;
      readonly numberPhases?: number;
    }[];
  };
}

/** A vehicle and its stay. */
export interface FakeVisit {
  readonly id: string;
  readonly stationId: string;
  readonly arriveS: number;
  readonly departS: number;
  readonly energyWh: number;
  readonly maxW: number;
  readonly phases?: 1 | 3;
  /** false: nobody tells the engine. */
  readonly announced?: boolean;
}

/** A vehicle at station A, from five minutes to two hours after the start. */
export const anyVisit: FakeVisit = {
  id: 'v1',
  stationId: 'A',
  arriveS: startS + 300,
  departS: startS + 7200,
  energyWh: 9000,
  maxW: 11_000,
};

/** One OCPP 1.6 station with one socket. */
export class FakeStation {
  readonly id: string;
  isUp = false;
  /** Never answers a CALL. */
  isSilent = false;
  /** Accepts every limit and ignores it. */
  isDeaf = false;
  firmware: string | undefined;
  /** Its clock less the true time. */
  clockOffsetS = 0;
  /** Answers to StartTransaction that will not reach it: it asks again with its next word. */
  losesStarts = 0;
  /** Says the status of its socket when it connects. */
  greets = true;
  /** Does what TriggerMessage asks for, and answers with a status, or not at all. */
  triggered: (message: string) => string | undefined = () => 'NotImplemented';
  /** Answers GetCompositeSchedule. */
  composite: (payload: Record<string, unknown>) => unknown = () => ({ status: 'Rejected' });
  /** Answers to GetConfiguration; `junk` is of no schema, `error` a CALLERROR, `silent` none at all. */
  configuration: Readonly<Record<string, string>> | 'junk' | 'error' | 'silent' = {};
  /** Whether it refuses a profile. */
  refuses: (profile: WireProfile) => boolean = () => false;
  /** What a limit in W is for one ampere: taken the harsh way, each phase may carry all of it; 690 shares it among three. */
  wattsPerA: 230 | 690 = 230;
  /** A purpose that it accepts and does not act on. */
  ignores = '';
  /** What its vehicles do when they are offered nothing: charge on, sleep for good, or until they are offered nothing once more. */
  sleeps: 'never' | 'for-good' | 'until-pulsed' = 'never';
  private sleep: 'awake' | 'asleep' | 'offered' | 'pulsed' = 'awake';
  installed: { connectorId: number; profile: WireProfile }[] = [];
  vehicle: { visit: FakeVisit; takenWh: number; transactionId: number | undefined } | undefined;
  registerWh = 1000;
  /** Limits as they were at the last look: decreases are followed only then. */
  private followedA = 0;
  private lastSampleS = 0;
  private calls = 0;
  /** CALLs that wait for a connection or an answer, oldest first; transaction messages are kept. */
  queue: { action: string; payload: unknown; messageId: string; isSent: boolean }[] = [];
  readonly seen: string[] = [];
  private readonly depot: FakeDepot;

  constructor(id: string, depot: FakeDepot) {
    this.id = id;
    this.depot = depot;
  }

  /** Connects; `boots` false: only the network was away. */
  connect(boots = true): void {
    this.isUp = true;
    this.depot.toEngine({ kind: 'connected', stationId: this.id, version: '1.6' });
    for (const call of this.queue) call.isSent = false;
    const first = this.queue[0];
    if (boots && (first === undefined || first.action !== 'BootNotification'))
      this.queue.unshift(
        this.callOf('BootNotification', {
          chargePointVendor: 'Volta',
          chargePointModel: 'AC22',
          ...(this.firmware === undefined ? {} : { firmwareVersion: this.firmware }),
        }),
      );
    if (this.greets) this.status();
    this.flush();
  }

  disconnect(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.queue = this.queue.filter((c) => c.action.endsWith('Transaction'));
    this.depot.toEngine({ kind: 'disconnected', stationId: this.id, reason: 'gone' });
  }

  private callOf(action: string, payload: unknown): (typeof this.queue)[number] {
    this.calls++;
    return { action, payload, messageId: `${this.id}-${this.calls}`, isSent: false };
  }

  status(): void {
    const status = this.vehicle === undefined ? 'Available' : 'Charging';
    this.tell('StatusNotification', { connectorId: 1, errorCode: 'NoError', status });
  }

  tell(action: string, payload: unknown): void {
    if (!this.isUp && !action.endsWith('Transaction')) return;
    this.queue.push(this.callOf(action, payload));
    this.flush();
  }

  /** One CALL at a time. */
  private flush(): void {
    const next = this.queue[0];
    if (!this.isUp || next === undefined || next.isSent) return;
    next.isSent = true;
    const { messageId, action, payload } = next;
    this.depot.toEngine({ kind: 'call', stationId: this.id, messageId, action, payload });
  }

  plugIn(visit: FakeVisit): void {
    this.sleep = 'awake';
    this.vehicle = { visit, takenWh: 0, transactionId: undefined };
    this.status();
    this.tell('StartTransaction', {
      connectorId: 1,
      idTag: visit.id,
      meterStart: Math.round(this.registerWh),
      timestamp: isoOf(this.depot.clock.now()),
    });
  }

  unplug(): void {
    const { vehicle } = this;
    if (vehicle === undefined) return;
    this.vehicle = undefined;
    this.installed = this.installed.filter((i) => i.profile.chargingProfilePurpose !== 'TxProfile');
    this.tell('StopTransaction', {
      transactionId: vehicle.transactionId ?? 0,
      meterStop: Math.round(this.registerWh),
      timestamp: isoOf(this.depot.clock.now()),
      reason: 'EVDisconnected',
    });
    this.status();
  }

  /** A message of the engine. */
  receive(message: LinkMessage): void {
    if (!this.isUp) return;
    if (message.kind !== 'call') {
      const first = this.queue[0];
      if (first === undefined || first.messageId !== message.messageId) return;
      if (first.action === 'StartTransaction' && this.losesStarts > 0) {
        this.losesStarts--;
        first.isSent = false;
        return;
      }
      this.queue.shift();
      if (message.kind === 'result' && first.action === 'StartTransaction' && this.vehicle !== undefined)
        this.vehicle.transactionId ??= (message.payload as { transactionId: number }).transactionId;
      this.flush();
      return;
    }
    this.seen.push(message.action);
    if (this.isSilent) return;
    if (message.action === 'GetConfiguration' && typeof this.configuration === 'string') {
      this.evade(message.messageId, this.configuration);
      return;
    }
    const payload = this.answer(message.action, message.payload as Record<string, unknown>);
    if (payload === undefined) return;
    this.depot.toEngine({ kind: 'result', stationId: this.id, messageId: message.messageId, payload });
  }

  /** Answers a question about its capability as a bad station does. */
  private evade(messageId: string, how: 'junk' | 'error' | 'silent'): void {
    const place = { stationId: this.id, messageId };
    if (how === 'junk')
      this.depot.toEngine({ kind: 'result', ...place, payload: { configurationKey: [{ key: 7 }] } });
    if (how === 'error')
      this.depot.toEngine({ kind: 'error', ...place, code: 'NotSupported', description: 'no' });
  }

  private answer(action: string, payload: Record<string, unknown>): unknown {
    if (action === 'GetConfiguration' && typeof this.configuration !== 'string') {
      const asked = payload['key'] as readonly string[];
      const known = Object.entries(this.configuration).filter(([key]) => asked.includes(key));
      return { configurationKey: known.map(([key, value]) => ({ key, readonly: true, value })) };
    }
    if (action === 'SetChargingProfile') {
      const profile = payload['csChargingProfiles'] as WireProfile;
      if (this.refuses(profile)) return { status: 'Rejected' };
      const connectorId = payload['connectorId'] as number;
      const isTx = profile.chargingProfilePurpose === 'TxProfile';
      if (isTx && profile.transactionId !== this.vehicle?.transactionId) return { status: 'Rejected' };
      const same = (i: { connectorId: number; profile: WireProfile }): boolean =>
        i.profile.chargingProfileId === profile.chargingProfileId ||
        (i.connectorId === connectorId &&
          i.profile.stackLevel === profile.stackLevel &&
          i.profile.chargingProfilePurpose === profile.chargingProfilePurpose);
      this.installed = [...this.installed.filter((i) => !same(i)), { connectorId, profile }];
      return { status: 'Accepted' };
    }
    if (action === 'ClearChargingProfile') {
      const { id, connectorId, chargingProfilePurpose: purpose, stackLevel } = payload;
      const isMeant = (i: { connectorId: number; profile: WireProfile }): boolean =>
        id === undefined
          ? (connectorId === undefined || connectorId === i.connectorId) &&
            (purpose === undefined || purpose === i.profile.chargingProfilePurpose) &&
            (stackLevel === undefined || stackLevel === i.profile.stackLevel)
          : i.profile.chargingProfileId === id;
      const left = this.installed.filter((i) => !isMeant(i));
      if (left.length === this.installed.length) return { status: 'Unknown' };
      this.installed = left;
      return { status: 'Accepted' };
    }
    if (action === 'GetCompositeSchedule') return this.composite(payload);
    if (action === 'TriggerMessage') {
      const status = this.triggered(String(payload['requestedMessage']));
      return status === undefined ? undefined : { status };
    }
    if (action === 'RemoteStopTransaction') {
      const { vehicle } = this;
      if (vehicle !== undefined) {
        this.tell('StopTransaction', {
          transactionId: vehicle.transactionId ?? 0,
          meterStop: Math.round(this.registerWh),
          timestamp: isoOf(this.depot.clock.now()),
          reason: 'Remote',
        });
        vehicle.transactionId = undefined;
        this.isStopped = true;
      }
    }
    return { status: 'Accepted' };
  }

  isStopped = false;

  /** The period in force of the highest stack level of a purpose. */
  private periodOf(purpose: string): { readonly limitA: number; readonly phases: number } | undefined {
    const now = this.depot.clock.now();
    const [leading] = this.installed
      .filter((i) => i.profile.chargingProfilePurpose === purpose && purpose !== this.ignores)
      .flatMap(({ profile }) => {
        const { startSchedule, duration, chargingSchedulePeriod } = profile.chargingSchedule;
        const at = now - (instantOfIso(startSchedule) ?? 0);
        const isOver =
          at >= (duration ?? Infinity) || now >= (instantOfIso(profile.validTo ?? '') ?? Infinity);
        const period = chargingSchedulePeriod.filter((p) => p.startPeriod <= at).at(-1);
        const perA = profile.chargingSchedule.chargingRateUnit === 'W' ? this.wattsPerA : 1;
        if (isOver || period === undefined) return [];
        const { limit, numberPhases: phases = 3 } = period;
        return [{ level: profile.stackLevel, limitA: limit / perA, phases }];
      })
      .sort((a, b) => b.level - a.level);
    return leading;
  }

  /** What rules the transaction. */
  private ruling(): { readonly limitA: number; readonly phases: number } | undefined {
    const own = this.vehicle?.transactionId === undefined ? undefined : this.periodOf('TxProfile');
    return own ?? this.periodOf('TxDefaultProfile');
  }

  /** Amperes per phase that the installed profiles allow now. */
  limitA(): number {
    return Math.min(this.ruling()?.limitA ?? 32, this.periodOf('ChargePointMaxProfile')?.limitA ?? 32, 32);
  }

  /** Amperes per phase drawn over the step that begins now. */
  drawA(stepS: number): number {
    const limitA = this.isDeaf ? 32 : this.limitA();
    const effectiveA = Math.max(limitA, this.followedA);
    this.followedA = limitA;
    const { vehicle } = this;
    this.lastPowerW = 0;
    if (vehicle === undefined || this.isStopped || this.isAsleep(effectiveA >= 6)) return 0;
    const { visit } = vehicle;
    const phases = Math.min(visit.phases ?? 3, this.ruling()?.phases ?? 3);
    const restW = ((visit.energyWh - vehicle.takenWh) * 3600) / stepS;
    const powerW = Math.max(0, Math.min(effectiveA * 230 * phases, visit.maxW, restW));
    vehicle.takenWh += (powerW * stepS) / 3600;
    this.registerWh += (powerW * stepS) / 3600;
    this.lastPowerW = powerW;
    return powerW / 230 / phases;
  }

  /** Whether the vehicle takes nothing, of what it is offered or because it is offered nothing. */
  private isAsleep(isOffered: boolean): boolean {
    const { sleep, sleeps } = this;
    if (sleeps === 'never') return !isOffered;
    const wasPulsed = sleep === 'pulsed' || (sleep === 'offered' && sleeps === 'until-pulsed');
    if (!isOffered) this.sleep = wasPulsed ? 'pulsed' : 'asleep';
    else if (sleep === 'pulsed') this.sleep = 'awake';
    else if (sleep === 'asleep') this.sleep = 'offered';
    return this.sleep !== 'awake';
  }

  lastPowerW = 0;

  /** Sends a meter sample when it is time. */
  sample(everyS: number): void {
    const now = this.depot.clock.now();
    if (this.vehicle?.transactionId === undefined || now - this.lastSampleS < everyS) return;
    this.lastSampleS = now;
    const value = (measurand: string, unit: string, of: number): unknown => ({
      measurand,
      unit,
      value: of.toFixed(1),
    });
    this.tell('MeterValues', {
      connectorId: 1,
      transactionId: this.vehicle.transactionId,
      meterValue: [
        {
          timestamp: isoOf(epochS(now + this.clockOffsetS)),
          sampledValue: [
            value('Energy.Active.Import.Register', 'Wh', this.registerWh),
            value('Power.Active.Import', 'W', this.lastPowerW),
          ],
        },
      ],
    });
  }
}

/** What a fake depot is made of. */
export interface FakeDepotOptions {
  readonly site: Site;
  readonly policy?: Policy;
  readonly visits?: readonly FakeVisit[];
  readonly solve?: LoopParts['solve'];
  readonly seed?: number;
  readonly journalRecordsMax?: number;
  /** How often the stations sample, s. */
  readonly sampleS?: number;
}

/** A depot with its engine. */
export class FakeDepot {
  readonly clock = new HandClock();
  readonly journal = new MemoryJournal();
  readonly bus: Bus = createMemoryBus();
  readonly stations: ReadonlyMap<string, FakeStation>;
  readonly published: { at: number; tail: string; payload: Record<string, unknown> }[] = [];
  readonly sent: LinkMessage[] = [];
  readonly dropped: string[] = [];
  /** Highest current on a phase of the panel so far, A. */
  peakA = 0;
  readonly leftWh = new Map<string, number>();
  loop: Loop | undefined;
  /** An answer of the solver is long in coming: nothing waits for it. */
  isSolverSlow = false;
  private receive: ((event: LinkEvent) => void) | undefined;
  private readonly options: FakeDepotOptions;
  private toDeliver: LinkEvent[] = [];

  constructor(options: FakeDepotOptions) {
    this.options = options;
    this.stations = new Map(options.site.stations.map((s) => [s.id, new FakeStation(s.id, this)]));
    this.bus.subscribe(subjectOf(options.site.id, 'out.>'), ({ subject, data }) => {
      const tail = subject.slice(subjectOf(options.site.id, '').length);
      this.published.push({
        at: this.clock.now(),
        tail,
        payload: JSON.parse(textOfUtf8(data) ?? '{}') as Record<string, unknown>,
      });
    });
  }

  station(id: string): FakeStation {
    const station = this.stations.get(id);
    if (station === undefined) throw new Error(id);
    return station;
  }

  toEngine(event: LinkEvent): void {
    this.toDeliver.push(event);
  }

  /** Starts the engine's process: a new one on the same journal. */
  startEngine(): void {
    const link: ChargerLink = {
      send: (message) => {
        this.sent.push(message);
        this.stations.get(message.stationId)?.receive(message);
      },
      drop: (stationId) => void this.dropped.push(stationId),
      onEvent: (receive) => {
        this.receive = receive;
      },
      close: () => Promise.resolve(),
    };
    const { site, policy, seed, journalRecordsMax } = this.options;
    this.loop = createLoop({
      site,
      policy: policy ?? policyWith(),
      seed: seed ?? 1,
      clock: this.clock,
      bus: this.bus,
      link,
      journal: this.journal,
      solve: this.options.solve ?? solve,
      log: { info: () => undefined, warn: () => undefined },
      autoTurn: false,
      ...(journalRecordsMax === undefined ? {} : { journalRecordsMax }),
    });
    this.loop.start();
  }

  /** The power of the engine's machine is cut. */
  killEngine(): void {
    this.loop?.kill();
    this.loop = undefined;
    this.receive = undefined;
    for (const station of this.stations.values()) station.disconnect();
    this.toDeliver = [];
  }

  connectAll(): void {
    for (const station of this.stations.values()) if (!station.isUp) station.connect();
  }

  say(kind: string, body: unknown): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.bus.publish(subjectOf(this.options.site.id, `in.${kind}`), utf8Of(text));
  }

  announce(visit: FakeVisit): void {
    this.say('visit', {
      kind: 'visit',
      visit: {
        id: visit.id,
        vehicleId: visit.id,
        evse: { stationId: visit.stationId, evseId: 1 },
        arrivesAt: visit.arriveS,
        departsAt: visit.departS,
        energyWh: visit.energyWh,
        maxW: visit.maxW,
        phases: visit.phases ?? 3,
        priority: 1,
      },
    });
  }

  /** Lets everything be said and answered at this instant. */
  async settle(): Promise<void> {
    for (let round = 0; round < 500; round++) {
      await this.bus.flush();
      const events = this.toDeliver;
      this.toDeliver = [];
      for (const event of events) this.receive?.(event);
      if (this.loop === undefined) return;
      if (this.loop.pending() === 0 && this.toDeliver.length === 0) return;
      const turn = this.loop.turn();
      if (!this.isSolverSlow) await turn;
    }
    throw new Error(`the depot never comes to rest: ${this.journal.records.slice(-6).join(' ')}`);
  }

  /** Runs to an instant, second by second; vehicles come and go, the panel is watched every five seconds. */
  async runTo(untilS: number, everySecond?: (now: number) => void): Promise<void> {
    const stepS = 5;
    for (let now: number = this.clock.now(); now < untilS; now++) {
      for (const visit of this.options.visits ?? []) {
        if (visit.arriveS === now) this.station(visit.stationId).plugIn(visit);
        if (visit.departS === now) {
          const station = this.station(visit.stationId);
          this.leftWh.set(visit.id, visit.energyWh - (station.vehicle?.takenWh ?? 0));
          station.unplug();
        }
      }
      everySecond?.(now);
      if (this.loop === undefined || this.loop.pending() > 0 || this.toDeliver.length > 0)
        await this.settle();
      if (now % stepS === 0) {
        let totalA = 0;
        for (const station of this.stations.values()) {
          totalA += station.drawA(stepS);
          station.sample(this.options.sampleS ?? 300);
        }
        this.peakA = Math.max(this.peakA, totalA);
        if (this.toDeliver.length > 0) await this.settle();
      }
      this.clock.turnTo(now + 1);
      if (this.toDeliver.length > 0 || (this.loop?.pending() ?? 0) > 0) await this.settle();
    }
  }

  /** Starts engine and stations and tells of the visits. */
  async begin(): Promise<void> {
    this.startEngine();
    this.connectAll();
    for (const visit of this.options.visits ?? []) if (visit.announced !== false) this.announce(visit);
    await this.settle();
  }

  /** Payloads published under a tail, oldest first. */
  said(tail: string): readonly Record<string, unknown>[] {
    return this.published.filter((p) => p.tail === tail).map((p) => p.payload);
  }

  /** Kinds of the alarms that were raised. */
  alarms(): readonly string[] {
    return this.said('out.alarm')
      .filter((a) => a['active'] === true)
      .map((a) => String(a['kind']));
  }
}
