/**
 * Frames with a life of their own between simulated stations and the engine's charger link: lost, late, twice, out of
 * order, or into a connection that one side believes in and the other has forgotten. Each draw comes from the seed.
 * @module
 */
import type { LinkEvent, LinkMessage } from '#domain/event';
import { prngOf, type Prng } from '#domain/prng';
import type { OcppVersion, Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { ChargerLink } from '#ports/charger-link';
import type { Clock } from '#ports/clock';
import type { Transport } from '../transport.ts';
import type { SocketEvents, StationSocket } from '../socket.ts';
import { arrayOfMessage, readFrame } from '../transport-memory.ts';
import type { NetworkRates } from './world-plan.ts';

/** A transport with the faults that a seed draws. */
export interface SeededTransport extends Transport {
  /** From now on frames vanish; each side finds out after its own time. */
  halfOpen(stationId: string, stationSeesS: number, engineSeesS: number): void;
  /** Every connection breaks now. */
  storm(): void;
  /** Frames that were handed over and frames that were lost on the way. */
  counts(): FrameCounts;
}

/** What became of frames. */
export interface FrameCounts {
  readonly sent: number;
  readonly lost: number;
  readonly late: number;
  readonly doubled: number;
}

interface Line {
  readonly stationId: string;
  readonly version: OcppVersion;
  readonly events: SocketEvents;
  readonly prng: Prng;
  /** Which lost frames arrive cut short. */
  readonly cuts: Prng;
  /** Counts connections; a frame belongs to one. */
  number: number;
  station: 'off' | 'connecting' | 'open';
  /** The connection that the engine's end takes for open; 0: none. */
  engine: number;
  /** Frames of this connection vanish. */
  dead: number;
  isCut: boolean;
  /** No frame of a direction arrives before the one ahead of it, where order is kept. */
  upS: number;
  downS: number;
}

/** What a seeded transport is made of. */
export interface SeededTransportParts {
  readonly site: Site;
  readonly clock: Clock;
  readonly seed: number;
  readonly rates: NetworkRates;
  /** Whether each end parses the text of a frame, or takes the value that the text was made from. */
  readonly reads: 'texts' | 'values';
  /** Told of every frame that arrives. */
  readonly onFrame?: (direction: 'up' | 'down', stationId: string, text: string) => void;
  /** Before and after this span frames arrive at once, once and always. */
  readonly roughFromS: EpochS;
  readonly healS: EpochS;
}

type Server = { receive: (event: LinkEvent) => void };

/** A transport under the rates of a seed. */
export function createSeededTransport(parts: SeededTransportParts): SeededTransport {
  return new SeededLines(parts);
}

class SeededLines implements SeededTransport {
  readonly name = 'seeded';
  private readonly parts: SeededTransportParts;
  private readonly lines = new Map<string, Line>();
  private readonly tally = { sent: 0, lost: 0, late: 0, doubled: 0 };
  private queue: (() => void)[] = [];
  private server: Server | undefined;

  constructor(parts: SeededTransportParts) {
    this.parts = parts;
  }

  listen(): Promise<ChargerLink> {
    const own: Server = { receive: () => undefined };
    this.server = own;
    return Promise.resolve({
      send: (message) => {
        if (this.server === own) this.sendDown(message);
      },
      drop: (stationId, reason) => {
        const line = this.lines.get(stationId);
        if (this.server === own && line !== undefined && line.engine !== 0)
          this.hangUp(line, `1000 ${reason}`);
      },
      onEvent: (receive) => {
        own.receive = receive;
      },
      close: () => Promise.resolve(),
    });
  }

  crash(): Promise<void> {
    this.server = undefined;
    for (const line of this.lines.values()) if (line.engine !== 0) this.hangUp(line, '1006');
    return Promise.resolve();
  }

  socketFor(stationId: string, events: SocketEvents): StationSocket {
    const station = this.parts.site.stations.find(({ id }) => id === stationId);
    const line: Line = {
      stationId,
      version: station?.version ?? '1.6',
      events,
      prng: prngOf(this.parts.seed).fork(`line/${stationId}`),
      cuts: prngOf(this.parts.seed).fork(`cuts/${stationId}`),
      number: 0,
      station: 'off',
      engine: 0,
      dead: 0,
      isCut: false,
      upS: 0,
      downS: 0,
    };
    this.lines.set(stationId, line);
    return {
      connect: () => this.connect(line),
      send: (text, value) => this.sendUp(line, text, value),
      close: () => {
        line.station = 'off';
        this.engineSees(line, line.number);
      },
    };
  }

  cut(stationId: string, state: 'cut' | 'whole'): void {
    const line = this.lines.get(stationId);
    if (line === undefined) return;
    line.isCut = state === 'cut';
    if (line.isCut) this.snap(line);
  }

  halfOpen(stationId: string, stationSeesS: number, engineSeesS: number): void {
    const line = this.lines.get(stationId);
    if (line === undefined || line.station !== 'open') return;
    const { number } = line;
    const { clock } = this.parts;
    line.dead = number;
    clock.at((clock.now() + stationSeesS) as EpochS, () => this.stationSees(line, number));
    clock.at((clock.now() + engineSeesS) as EpochS, () => this.engineSees(line, number));
  }

  storm(): void {
    for (const line of this.lines.values()) this.snap(line);
  }

  counts(): FrameCounts {
    return { ...this.tally };
  }

  settle(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      for (const deliver of batch) deliver();
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Runs `deliver` after a while; within the same second in the order of the calls. */
  private post(inS: number, deliver: () => void): void {
    const { clock } = this.parts;
    if (inS <= 0) this.queue.push(deliver);
    else clock.at((clock.now() + inS) as EpochS, deliver);
  }

  private tell(event: LinkEvent): void {
    this.server?.receive(event);
  }

  private connect(line: Line): void {
    line.station = 'connecting';
    const number = ++line.number;
    this.post(this.travelS(line), () => {
      if (line.station !== 'connecting' || line.number !== number) return;
      if (this.server === undefined || line.isCut) {
        line.station = 'off';
        line.events.closed();
        return;
      }
      // A station that comes again has lost its old connection, whatever the engine's end still believes.
      this.engineSees(line, line.engine);
      line.station = 'open';
      line.engine = number;
      const { clock } = this.parts;
      line.upS = clock.now();
      line.downS = clock.now();
      this.tell({ kind: 'connected', stationId: line.stationId, version: line.version });
      line.events.opened();
    });
  }

  /** Both ends learn at once that the connection is gone. */
  private snap(line: Line): void {
    const { number } = line;
    this.engineSees(line, line.engine);
    if (line.station === 'open') this.queue.push(() => this.stationSees(line, number));
  }

  /** The engine's end closes; what it has sent still arrives before the station hears of it. */
  private hangUp(line: Line, reason: string): void {
    const number = line.engine;
    line.engine = 0;
    if (this.server !== undefined) this.tell({ kind: 'disconnected', stationId: line.stationId, reason });
    if (line.dead === number) return;
    this.post(line.downS - this.parts.clock.now(), () => this.stationSees(line, number));
  }

  private stationSees(line: Line, number: number): void {
    if (line.number !== number || line.station === 'off') return;
    line.station = 'off';
    line.events.closed();
  }

  private engineSees(line: Line, number: number): void {
    if (number === 0 || line.engine !== number) return;
    line.engine = 0;
    this.tell({ kind: 'disconnected', stationId: line.stationId, reason: '1006' });
  }

  /** Seconds that the next frame of a line takes. */
  private travelS(line: Line): number {
    const { rates } = this.parts;
    if (!this.isRough() || rates.delayMaxS === 0) return 0;
    if (line.prng.next() >= rates.delay) return 0;
    this.tally.late++;
    return line.prng.integer(1, rates.delayMaxS);
  }

  private isRough(): boolean {
    const now = this.parts.clock.now();
    return now >= this.parts.roughFromS && now < this.parts.healS;
  }

  private isLucky(line: Line, rate: number): boolean {
    return rate > 0 && this.isRough() && line.prng.next() < rate;
  }

  /** Hands a frame over in its time, or cut short, or not at all. */
  private carry(line: Line, direction: 'up' | 'down', text: string, hand: (text: string) => void): void {
    const { rates, clock } = this.parts;
    this.tally.sent++;
    if (line.dead === line.number || this.isLucky(line, rates.loss)) {
      this.tally.lost++;
      const isCut = rates.cutShort > 0 && line.dead !== line.number && line.cuts.next() < rates.cutShort;
      if (isCut) this.queue.push(() => hand(text.slice(0, text.length / 2)));
      return;
    }
    const deliver = (): void => hand(text);
    const copies = this.isLucky(line, rates.duplicate) ? 2 : 1;
    if (copies === 2) this.tally.doubled++;
    for (let copy = 0; copy < copies; copy++) {
      const key = direction === 'up' ? 'upS' : 'downS';
      const readS = direction === 'down' && this.isRough() ? (rates.slowReaders[line.stationId] ?? 0) : 0;
      const now: number = clock.now();
      let atS = now + this.travelS(line);
      if (!rates.reorder || readS > 0) atS = Math.max(atS, line[key] + readS);
      line[key] = Math.max(line[key], atS);
      this.post(atS - now, deliver);
    }
  }

  private sendUp(line: Line, text: string, value: readonly unknown[] | undefined): void {
    if (line.station !== 'open') return;
    const { number } = line;
    this.carry(line, 'up', text, (frame) => {
      if (line.engine !== number || this.server === undefined) return;
      this.parts.onFrame?.('up', line.stationId, frame);
      // A frame that the line has changed is nothing but its text.
      const intact = frame === text ? this.read(value) : undefined;
      const read = readFrame(line.stationId, line.version, frame, intact);
      if (read === undefined) return;
      if ('event' in read) this.tell(read.event);
      else this.carry(line, 'down', read.refusal, (reply) => this.arrive(line, number, reply));
    });
  }

  private sendDown(message: LinkMessage): void {
    const line = this.lines.get(message.stationId);
    if (line === undefined || line.engine === 0) return;
    const number = line.engine;
    const value = arrayOfMessage(message, line.version);
    const text = JSON.stringify(value);
    this.carry(line, 'down', text, (frame) =>
      this.arrive(line, number, frame, frame === text ? value : undefined),
    );
  }

  private read(value: readonly unknown[] | undefined): readonly unknown[] | undefined {
    return this.parts.reads === 'values' ? value : undefined;
  }

  private arrive(line: Line, number: number, text: string, value?: readonly unknown[]): void {
    if (line.station !== 'open' || line.number !== number) return;
    this.parts.onFrame?.('down', line.stationId, text);
    line.events.frame(text, this.read(value));
  }
}
