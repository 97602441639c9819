/**
 * Landings: an engine gives the chargers of a depot a new plan every quarter hour, and at a random instant some of them
 * are cut off for eight hours. What the ledger says at the cut that they may draw from then on is held against what they
 * draw, at every instant at which a limit changes: leases end, vehicles change unseen, chargers reboot, frames arrive
 * late. The others get new plans for a while, and must share every circuit with them.
 */
import { prngOf, type Prng } from '#domain/prng';
import type { Station } from '#domain/site';
import { integral, maxOver, stepFunctionOf, valueAt, type StepFunction } from '#domain/step-function';
import { epochS, later } from '#domain/units';
import { compilePlan } from '#ocpp/compile';
import type { InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { onAnswer, onLink, onReported } from '#dispatch/answers';
import { dispatchTurn } from '#dispatch/dispatch';
import { dispatchOf, type Dispatch } from '#dispatch/dispatch-state';
import type { Wanted } from '#dispatch/turn';
import { violationsOf } from '#safety/admission';
import type { StationExposure } from '#safety/exposure';
import { exposureOf, learn, ledgerOf, type Ledger } from '#safety/ledger';
import { depotOf, slotS, startS, voltage, type LandingDepot } from './landing-depot.ts';
import { nightPlan, stressPlan, type Need, type PlanLevels, type PlanQuestion } from './landing-plans.ts';
import { allowedW, circuitLoads, drawOf, waysUp, type Load, type PlacedStation } from './plain-load.ts';
import { mostOf, placesOf, wattsPerUnit, type Place } from './plain-rooms.ts';
import { apply, limitAt, note, plainStation, type PlainStation } from './plain-station.ts';

export interface LandingOptions {
  readonly seed: number;
  /** How long a plan lasts on a charger that hears nothing more. */
  readonly leaseS: number;
  /**
   * Before the cut lines are down for a while, with frames that arrive late and stations that reboot, profiles are refused,
   * and every limit binds while plans are being sent.
   */
  readonly isRough?: boolean;
  /** Draws above the prediction are looked for under a wrong one: how much lower it is made, A per phase. */
  readonly lowerA?: number;
}

export interface Landing {
  /** `night`: plans as they are made of prices and departures; `stress`: any that fit. */
  readonly plans: 'night' | 'stress';
  /** Stations that were cut off. */
  readonly cut: number;
  /** What happened before the cut, where it was rough: lines that were down, reboots, late frames, refusals. */
  readonly trouble: Readonly<Record<'lines' | 'reboots' | 'late' | 'refusals', number>>;
  /** Draws of single EVSEs that were held against a bound. */
  readonly samples: number;
  /** Most that an EVSE or a station drew above its bound, A per phase; 0 or below: never. */
  readonly aboveA: number;
  /** The same of DC EVSEs and of whole stations, W. */
  readonly aboveW: number;
  /** Most that a circuit carried above its limit on a phase, A. */
  readonly overA: number;
  /** The same of a limit over all phases, W. */
  readonly overW: number;
  /** What the lost stations have reserved and draw. */
  readonly reserves: Readonly<Record<Kind, Reserve>>;
}

type Kind = Station['current'];

/** Of the lost stations of one kind together, over the eight hours. */
export interface Reserve {
  readonly stations: number;
  /** What stays reserved for them. */
  readonly reservedWh: number;
  /** What rules that count a fixed number would reserve: the rating, or the highest limit that is installed. */
  readonly ratingWh: number;
  readonly highestWh: number;
  /** What they could draw, with the vehicles that were there. */
  readonly drawnWh: number;
  /** What their vehicles were to get of their plans, and what they get if nothing else happens to them. */
  readonly plannedWh: number;
  readonly servedWh: number;
  /** Their sockets, and those that draw more than 6 A at some time where plans have no end. */
  readonly sockets: number;
  readonly aboveSix: number;
}

const awayS = 8 * 3600;
const lateS = 120;
const sampleS = 900;
/** How long at most before the cut plans are made, and how long after it the others get new ones. */
const workedS = 3600;
const watchedS = 2700;
/** W that 6 A are on three phases. */
const sixW = 6 * 3 * voltage;

/** A call that reached its station, or does so at the end of the second of its answer. */
interface Heard {
  readonly i: number;
  readonly stationId: string;
  readonly messageId: string;
  readonly command: StationCommand;
  readonly accepted: boolean;
  readonly isLate: boolean;
}

/** How long after the beginning of a second something happens that is told as of that second. */
const lateInSecondS = 0.9;

interface LateFrame {
  readonly at: number;
  readonly i: number;
  readonly command: StationCommand;
}

/** What happens to a lost station while it is away. */
interface Mishap {
  readonly at: number;
  readonly i: number;
  readonly what: 'reboot' | 'vehicles-change';
}

/** Instants in `(from, until)` at which a station's profiles change a limit, or its reaction to that is over. */
function edgesOf(
  { profiles, reactionS, clockS = 0 }: PlainStation,
  from: number,
  until: number,
): readonly number[] {
  const edges: number[] = [];
  const add = (at: number): void => {
    for (const edge of [at - clockS, at - clockS + reactionS])
      if (edge > from && edge < until) edges.push(edge);
  };
  for (const { profile } of profiles) {
    const schedule = profile.schedules[0];
    const start = schedule?.startAt;
    if (schedule === undefined || start === undefined || schedule.durationS === undefined) continue;
    for (const { startS: offset } of schedule.periods) add(start + offset);
    add(start + schedule.durationS);
  }
  return edges;
}

class LandingRun {
  private readonly depot: LandingDepot;
  private readonly places: readonly Place[];
  private readonly ways: Readonly<Record<string, readonly string[]>>;
  private readonly prng: Prng;
  private readonly options: LandingOptions;
  private readonly plans: Landing['plans'];
  /** Chance of trouble before the cut; undefined: there is none. */
  private readonly rough: Prng | undefined;
  private readonly trouble = { lines: 0, reboots: 0, late: 0, refusals: 0 };
  /** Stations whose line is down for a while, and when it is back. */
  private down: readonly { readonly i: number; readonly backS: number; readonly boots: boolean }[] = [];
  private readonly truth: readonly PlacedStation[];
  private readonly needs: ReadonlyMap<string, Need>;
  private readonly prices = new Map<number, number>();
  private planned: { readonly firstS: number; readonly levels: PlanLevels } | undefined;
  /** What each EVSE's plan in force says, by key. */
  private readonly expected = new Map<string, StepFunction>();
  private wanted: Wanted = {};
  private ledger: Ledger;
  private dispatch: Dispatch;
  private now: number = startS;
  private late: readonly LateFrame[] = [];
  private lost: ReadonlySet<number> = new Set();
  /** What was said at the cut of each lost station. */
  private bounds: ReadonlyMap<number, StationExposure> = new Map();
  private samples = 0;
  private aboveA = -Infinity;
  private aboveW = -Infinity;
  private overA = -Infinity;
  private overW = -Infinity;
  /** What each station may be drawing now, W. */
  private drawnW: readonly number[] = [];
  private readonly drawnWh = { AC: 0, DC: 0 };

  constructor(options: LandingOptions) {
    this.options = options;
    this.depot = depotOf(options.seed, options.isRough === true);
    this.rough = options.isRough === true ? prngOf(options.seed).fork('rough') : undefined;
    this.prng = prngOf(options.seed).fork('landing');
    this.plans = options.seed % 2 === 0 ? 'night' : 'stress';
    const { site, clockSkewS, floorProfiles } = this.depot;
    this.places = placesOf(site);
    this.ways = waysUp(site.circuits);
    const at = epochS(startS - 1000);
    this.ledger = ledgerOf(site, at, { lateS, repeatS: 0, clockSkewS, guards: {} });
    this.dispatch = dispatchOf(site, options.seed);
    this.truth = site.stations.map((_, i) => this.placed(i));
    site.stations.forEach(({ id: stationId, evses }, i) => {
      for (const { id: evseId } of evses) {
        const transaction = { evseId, id: txOf(i, evseId), startedAt: at };
        this.ledger = learn(site, this.ledger, { kind: 'transaction-started', stationId, at, transaction });
      }
      const installed = floorProfiles[i]!;
      this.ledger = learn(site, this.ledger, { kind: 'read-back', stationId, at, installed, link: 1 });
      this.take(onLink(this.view(), { stationId, up: true }));
    });
    const read = this.dispatch.stations.map((one) => ({ ...one, unread: [] }));
    this.dispatch = { ...this.dispatch, stations: read };
    this.needs = new Map(this.places.map((place) => [place.key, this.needOf(place)]));
    const [violation] = violationsOf(site, this.ledger, this.depot.limits, epochS(startS));
    if (violation !== undefined) throw new Error(`floors do not fit ${violation.circuit}`);
  }

  private placed(i: number): PlacedStation {
    const { site, floorProfiles, clocksS } = this.depot;
    const station = site.stations[i]!;
    const { reactionS, obeysLease } = station.capability;
    const [first] = station.evses;
    const plain = plainStation(station.current === 'AC' ? first!.maxA : first!.maxW, {
      reactionS,
      obeysLease,
      clockS: clocksS[i]!,
      profiles: [...floorProfiles[i]!],
      transactions: Object.fromEntries(station.evses.map(({ id }) => [id, txOf(i, id)])),
    });
    const one: PlacedStation = { station, plain, pins: {} };
    for (const { id } of station.evses) this.plug(one, i, id);
    return one;
  }

  /** A vehicle of one phase, or of as many as the socket has. */
  private plug(one: PlacedStation, i: number, evseId: number): void {
    const wires = one.station.evses.find(({ id }) => id === evseId)!.rotation.length;
    const pins = this.prng.next() < 0.3 ? 1 : wires;
    one.pins = { ...one.pins, [evseId]: pins };
    if (one.station.current === 'DC') return;
    const wattsPerA = this.depot.readsPerPhase[i] === true ? voltage : voltage * pins;
    one.plain.wattsPerA = { ...one.plain.wattsPerA, [evseId]: wattsPerA };
  }

  private needOf(place: Place): Need {
    const fullW = mostOf(place) * wattsPerUnit(place);
    return {
      leftWh: fullW * (0.5 + this.prng.next() * 3),
      departsAt: startS + slotS * this.prng.integer(12, 44),
    };
  }

  /** A night has dear and cheap hours; one in five prices is told anew with each plan. */
  private priceAt(fromS: number): number {
    const known = this.prices.get(fromS);
    if (known !== undefined && this.prng.next() < 0.8) return known;
    const hour = Math.floor((fromS - startS) / 3600) + this.options.seed;
    const price = (hour % 7 < 3 ? 30 : 12) + Math.round(this.prng.next() * 6);
    this.prices.set(fromS, price);
    return price;
  }

  private view() {
    return { site: this.depot.site, ledger: this.ledger, dispatch: this.dispatch, now: epochS(this.now) };
  }

  private take({ ledger, dispatch }: { readonly ledger: Ledger; readonly dispatch: Dispatch }): void {
    this.ledger = ledger;
    this.dispatch = dispatch;
  }

  private exposure(stationId: string): StationExposure {
    return exposureOf(this.depot.site, this.ledger, stationId);
  }

  /** What is planned for the quarter hour of now and those after it. */
  private levelsFrom(firstS: number): PlanLevels {
    const { depot, places, lost } = this;
    const question: PlanQuestion = {
      depot,
      places,
      firstS,
      isAway: ({ i }) => lost.has(i),
      least: ({ key, i, station, evse }, fromS) => {
        if (lost.has(i)) {
          const bound = this.exposure(station.id).evses[String(evse.id)]!;
          return maxOver(bound, epochS(Math.max(fromS, this.now)), epochS(fromS + slotS));
        }
        return station.capability.keepsProfiles === 'none' ? evse.maxA : depot.floors[key]!;
      },
    };
    if (this.plans === 'stress') return stressPlan(question, this.prng);
    this.countServed(firstS);
    return nightPlan(question, this.needs, (fromS) => this.priceAt(fromS));
  }

  /** Takes what was planned until `untilS` off the needs. */
  private countServed(untilS: number): void {
    if (this.planned === undefined) return;
    const { firstS, levels } = this.planned;
    for (const place of this.places) {
      const need = this.needs.get(place.key)!;
      const over = levels[place.key]!.slice(0, (untilS - firstS) / slotS);
      const wh = over.reduce((sum, level) => sum + (level * wattsPerUnit(place) * slotS) / 3600, 0);
      need.leftWh = Math.max(0, need.leftWh - wh);
    }
  }

  /** New plans for the stations that are there. */
  private planAnew(): void {
    const { site, floorProfiles } = this.depot;
    const firstS = Math.floor(this.now / slotS) * slotS;
    const levels = this.levelsFrom(firstS);
    this.planned = { firstS, levels };
    const entries = site.stations.map(({ id }, i) => {
      const plans = this.lost.has(i)
        ? []
        : this.places.flatMap((place) =>
            place.i === i ? this.planFor(place, firstS, levels[place.key]!) : [],
          );
      return [id, { floors: floorProfiles[i]!, plans }] as const;
    });
    this.wanted = Object.fromEntries(entries);
  }

  private planFor(place: Place, firstS: number, levels: readonly number[]): readonly InstalledProfile[] {
    const { key, station, evse, i } = place;
    const now = epochS(this.now);
    const { floorProfiles, raiseDelayS } = this.depot;
    const before = this.expected.get(key);
    const { departsAt } = this.needs.get(key)!;
    const leaseS =
      this.plans === 'night' ? Math.min(this.options.leaseS, departsAt - now) : this.options.leaseS;
    if (leaseS < 60) return [];
    const compiled = compilePlan({
      station,
      evseId: evse.id,
      transactionId: txOf(i, evse.id),
      limit: stepFunctionOf([
        [epochS(now - raiseDelayS - 1), before === undefined ? levels[0]! : valueAt(before, epochS(now - 1))],
        [now, levels[0]!],
        ...levels.slice(1).map((level, k) => [epochS(firstS + (k + 1) * slotS), level] as const),
      ]),
      leaseS,
      now,
      raiseDelayS,
      voltage,
      floors: floorProfiles[i]!,
    });
    if (!compiled.ok) throw new Error(compiled.problem.message);
    this.expected.set(key, compiled.value.expected);
    return [{ evseId: evse.id, profile: compiled.value.profile }];
  }

  /** Sends what may leave; every tenth frame is lost. Frames to `cut` stations get no answer, and may be late. */
  private exchange(cut: readonly number[] = []): void {
    for (let round = 0; round < 3; round++) {
      const turn = dispatchTurn({ ...this.view(), limits: this.depot.limits, wanted: this.wanted });
      this.take(turn);
      if (turn.calls.length === 0) return;
      const answers = turn.calls.flatMap(({ stationId, messageId, command }) => {
        const i = Number(stationId.slice(1));
        if (cut.includes(i)) {
          if (this.prng.next() < 0.7) {
            // Where lines come back, a frame may have to wait for a turn that is under way.
            const mostS = this.rough === undefined ? lateS - 1 : lateS - 10;
            const at = this.now + this.prng.integer(0, mostS);
            this.late = [...this.late, { at, i, command }];
          }
          return [];
        }
        if (this.prng.next() < 0.1) return [];
        const isRefused = command.kind === 'set-profile' && (this.rough?.next() ?? 1) < 0.05;
        // The second in which a frame arrives is not known; half of the rough ones come at the end of that of their answer.
        const isLate = !isRefused && (this.rough?.next() ?? 1) < 0.5;
        if (isRefused) this.trouble.refusals++;
        const accepted = !isRefused && (isLate || this.arrive(i, command));
        const call = { i, stationId, messageId, command, accepted, isLate };
        if (this.prng.next() < 0.1 && !isLate) return [];
        return [call];
      });
      this.passTo(this.now + 1);
      for (const answer of answers) this.hear(answer);
      if (cut.length > 0) return;
    }
  }

  /** The engine hears the answer to a call, and the report that follows it. */
  private hear({ i, stationId, messageId, command, accepted, isLate }: Heard): void {
    const isTaken = isLate ? this.arrive(i, command, lateInSecondS) : accepted;
    const isAnswered = isTaken && command.kind !== 'read-composite';
    const answer: CommandAnswer = isAnswered ? { kind: 'accepted' } : { kind: 'refused', status: 'Rejected' };
    this.take(onAnswer(this.view(), { stationId, messageId, answer }));
    if (command.kind !== 'read-profiles') return;
    const { profiles } = this.truth[i]!.plain;
    const { requestId } = command;
    this.take(onReported(this.view(), { stationId, requestId, more: false, profiles }));
  }

  /** A frame reaches a station so long after now; `false`: it is refused. */
  private arrive(i: number, command: StationCommand, afterS = 0): boolean {
    const { plain } = this.truth[i]!;
    const accepted = apply(plain, command);
    this.noteAt(i, afterS);
    return accepted;
  }

  /** A limit falls when what a station holds changes, not when it is looked at next. */
  private noteAt(i: number, afterS = 0): void {
    const { plain, station } = this.truth[i]!;
    for (const { id } of station.evses) note(plain, id, this.now + afterS);
  }

  /** A line goes down while something may be on its way, and stays down for a while. */
  private loseLine(rough: Prng): void {
    const i = rough.integer(0, this.truth.length - 1);
    if (this.down.some((one) => one.i === i)) return;
    const before = this.late.length;
    if (rough.next() < 0.7) this.planAnew();
    this.exchange([i]);
    this.take(onLink(this.view(), { stationId: `s${i}`, up: false }));
    const boots = rough.next() < 0.3;
    this.down = [...this.down, { i, boots, backS: this.now + rough.integer(1, 90) }];
    this.trouble.lines++;
    this.trouble.late += this.late.length - before;
  }

  /** Goes on to `at`; on the way late frames arrive and lines are up again. */
  private struggleTo(at: number): void {
    const times = [...this.late.map((one) => one.at), ...this.down.map(({ backS }) => backS)];
    for (const time of times.filter((one) => one <= at).toSorted((a, b) => a - b)) {
      if (time > this.now) this.passTo(time);
      const { now } = this;
      const due = this.late.filter((one) => one.at <= now);
      this.late = this.late.filter((one) => one.at > now);
      for (const { i, command } of due) this.arrive(i, command);
      for (const one of this.down) if (one.backS <= time) this.comeBack(one);
    }
    if (at > this.now) this.passTo(at);
  }

  private comeBack({ i, boots }: { readonly i: number; readonly boots: boolean }): void {
    const stationId = `s${i}`;
    this.down = this.down.filter((one) => one.i !== i);
    if (boots) {
      this.trouble.reboots++;
      this.suffer({ at: this.now, i, what: 'reboot' });
    }
    this.take(onLink(this.view(), { stationId, up: true }));
    const fact = { kind: 'booted', stationId, at: epochS(this.now) } as const;
    if (boots) this.ledger = learn(this.depot.site, this.ledger, fact);
    this.exchange();
  }

  /** Goes on to `at`, looking at every instant on the way at which a limit changes or a reaction to it is over. */
  private passTo(at: number): void {
    const edges = this.truth.flatMap(({ plain }) => edgesOf(plain, this.now, at));
    for (const edge of [...new Set(edges)].toSorted((a, b) => a - b)) this.look(edge);
    this.look(at);
  }

  private look(at: number): void {
    for (const i of this.lost) {
      const { current } = this.truth[i]!.station;
      this.drawnWh[current] += ((this.drawnW[i] ?? 0) * (at - this.now)) / 3600;
    }
    this.now = at;
    const { site, limits } = this.depot;
    const draws = this.truth.map((one) => drawOf(one, at));
    draws.forEach(({ levels, load }, i) => this.compare(i, levels, load));
    const loads = draws.map(({ load }) => load);
    const sums = circuitLoads(site, this.ways, loads);
    const others = Object.entries(limits);
    for (const { id } of site.circuits) {
      const { limitA, limitW } = limits[id]!;
      const behind = others.flatMap(([other, own]) => (this.ways[other]!.includes(id) ? [own] : []));
      const sum = sums[id]!;
      for (const phase of [0, 1, 2] as const) {
        const building = behind.reduce((a, one) => a + valueAt(one.uncontrolledA[phase], epochS(at)), 0);
        this.overA = Math.max(this.overA, sum[phase] + building - valueAt(limitA, epochS(at)));
      }
      if (limitW === undefined) continue;
      const building = behind.reduce((a, one) => a + valueAt(one.uncontrolledW, epochS(at)), 0);
      this.overW = Math.max(this.overW, sum[3] + building - valueAt(limitW, epochS(at)));
    }
    this.drawnW = loads.map(([, , , w]) => w);
  }

  /** A lost station against what was said at its cut, one that is there against what is said now. */
  private compare(i: number, levels: readonly number[], load: Load): void {
    const station = this.depot.site.stations[i]!;
    const bound = this.bounds.get(i) ?? this.exposure(station.id);
    const at = epochS(this.now);
    const lowerA = this.bounds.has(i) ? (this.options.lowerA ?? 0) : 0;
    station.evses.forEach(({ id }, k) => {
      this.samples++;
      const above = levels[k]! - valueAt(bound.evses[String(id)]!, at);
      if (station.current === 'AC') this.aboveA = Math.max(this.aboveA, above + lowerA);
      else this.aboveW = Math.max(this.aboveW, above + lowerA * 3 * voltage);
    });
    for (const phase of [0, 1, 2] as const)
      this.aboveA = Math.max(this.aboveA, load[phase] - valueAt(bound.phaseMilliA[phase], at) / 1000);
    this.aboveW = Math.max(this.aboveW, load[3] - valueAt(bound.totalW, at));
  }

  /** Works normally until `at`: a new plan every quarter hour, retries in between. */
  private workUntil(at: number): void {
    let nextPlan = Math.ceil(this.now / slotS) * slotS;
    while (this.now < at) {
      if (this.now >= nextPlan) {
        this.planAnew();
        nextPlan += slotS;
      }
      this.exchange();
      if (this.rough !== undefined && this.rough.next() < 0.5) this.loseLine(this.rough);
      if (this.now >= at) continue;
      const next = Math.min(at, nextPlan, this.now + 300);
      if (this.rough === undefined) this.passTo(next);
      else this.struggleTo(this.rough.next() < 0.5 ? Math.min(next, this.now + 20) : next);
    }
    for (const one of this.down) this.comeBack(one);
  }

  private suffer({ i, what }: Mishap): void {
    const one = this.truth[i]!;
    const { plain, station } = one;
    const dropPlans = (): void => {
      plain.profiles = plain.profiles.filter(({ profile }) => profile.purpose !== 'TxProfile');
    };
    if (what === 'vehicles-change') {
      dropPlans();
      for (const { id } of station.evses) {
        plain.transactions[id] = `9${this.now}`;
        this.plug(one, i, id);
      }
    } else if (station.capability.keepsProfiles === 'floors') dropPlans();
    else if (station.capability.keepsProfiles === 'none') plain.profiles = [];
    this.noteAt(i);
  }

  land(): Landing {
    this.workUntil(startS + this.prng.integer(1, workedS));
    const order = this.truth.map((_, i) => i).filter(() => this.prng.next() < 0.4);
    const cut = order.length > 0 ? order : [this.prng.integer(0, this.truth.length - 1)];
    // Half of the cuts fall into the sending of a new plan.
    if (this.prng.next() < 0.5) {
      this.planAnew();
      this.exchange(cut);
    }
    for (const i of cut) this.take(onLink(this.view(), { stationId: `s${i}`, up: false }));
    this.lost = new Set(cut);
    this.bounds = new Map(cut.map((i) => [i, this.exposure(`s${i}`)]));
    return this.away(cut);
  }

  private mishapsOf(cut: readonly number[]): readonly Mishap[] {
    const at = (): number => this.now + this.prng.integer(1, awayS);
    return cut.flatMap((i): Mishap[] => [
      ...(this.prng.next() < 0.4 ? [{ at: at(), i, what: 'reboot' as const }] : []),
      ...(this.prng.next() < 0.5 ? [{ at: at(), i, what: 'vehicles-change' as const }] : []),
    ]);
  }

  /** What the vehicle at a socket of a lost station was to get, and gets by the plan that is installed. */
  private servedAt(place: Place): Pick<Reserve, 'plannedWh' | 'servedWh'> {
    if (this.planned === undefined) return { plannedWh: 0, servedWh: 0 };
    const { firstS, levels } = this.planned;
    const stepS = slotS / 3;
    const { leftWh, departsAt } = this.needs.get(place.key)!;
    const most = Math.min(departsAt, this.now + awayS);
    let [planned, served] = [0, 0];
    for (let t = this.now; t < most; t += stepS) {
      const level = levels[place.key]!.at(Math.floor((t - firstS) / slotS)) ?? 0;
      const wh = (wattsPerUnit(place) * stepS) / 3600;
      planned += Math.max(level, this.depot.floors[place.key]!) * wh;
      served += limitAt(this.truth[place.i]!.plain, place.evse.id, t) * wh;
    }
    return { plannedWh: Math.min(leftWh, planned), servedWh: Math.min(leftWh, planned, served) };
  }

  /** What rules that count a fixed number reserve for a lost station, W; what a reboot may lose limits nothing. */
  private fixedW(i: number): { readonly rating: number; readonly highest: number } {
    const one = this.truth[i]!;
    const bare = { ...one, plain: { ...one.plain, profiles: [], history: {} } };
    const rating = allowedW(bare, this.now);
    if (one.station.capability.keepsProfiles === 'none') return { rating, highest: rating };
    let highest = 0;
    for (let t = this.now; t < this.now + this.options.leaseS + slotS; t += slotS / 3)
      highest = Math.max(highest, allowedW(one, t));
    return { rating, highest };
  }

  /** The lost stations of one kind, as they are at the cut; what they draw is not known yet. */
  private reserveOf(kind: Kind): Omit<Reserve, 'drawnWh' | 'aboveSix'> {
    const from = epochS(this.now);
    const hours = awayS / 3600;
    const lost = [...this.lost].filter((i) => this.truth[i]!.station.current === kind);
    const places = this.places.filter(({ i }) => lost.includes(i));
    const served = places.map((place) => this.servedAt(place));
    const fixed = lost.map((i) => this.fixedW(i));
    return {
      stations: lost.length,
      reservedWh: total(lost, (i) => integral(this.bounds.get(i)!.totalW, from, later(from, awayS)) / 3600),
      ratingWh: total(fixed, ({ rating }) => rating * hours),
      highestWh: total(fixed, ({ highest }) => highest * hours),
      plannedWh: total(served, ({ plannedWh }) => plannedWh),
      servedWh: total(served, ({ servedWh }) => servedWh),
      sockets: places.length,
    };
  }

  /** The sockets of lost stations as if plans had no end. */
  private twins(): readonly Twin[] {
    return this.places
      .filter(({ i }) => this.lost.has(i))
      .map(({ i, evse, station }) => ({
        plain: { ...this.truth[i]!.plain, obeysLease: false, history: {} },
        kind: station.current,
        evseId: evse.id,
        most: station.current === 'AC' ? 6 : sixW,
        isAbove: false,
      }));
  }

  private away(cut: readonly number[]): Landing {
    const { now: from } = this;
    const until = from + awayS;
    const before = { AC: this.reserveOf('AC'), DC: this.reserveOf('DC') };
    const twins = this.twins();
    const events = [...this.mishapsOf(cut), ...this.late].toSorted((a, b) => a.at - b.at);
    const go = (at: number): void => {
      this.passTo(at);
      for (const twin of twins) twin.isAbove ||= limitAt(twin.plain, twin.evseId, at) > twin.most;
    };
    let next = 0;
    let nextPlan = Math.ceil((from + 1) / slotS) * slotS;
    while (this.now < until) {
      const at = Math.min(this.now + sampleS, nextPlan, until);
      for (let event = events[next]; event !== undefined && event.at <= at; event = events[next]) {
        next++;
        go(Math.max(this.now, event.at));
        if ('what' in event) this.suffer(event);
        else this.arrive(event.i, event.command);
      }
      go(Math.max(this.now, at));
      if (at < nextPlan) continue;
      nextPlan = this.now < from + watchedS ? nextPlan + slotS : Infinity;
      this.planAnew();
      this.exchange();
    }
    const after = (kind: Kind): Reserve => ({
      ...before[kind],
      drawnWh: this.drawnWh[kind],
      aboveSix: twins.filter((twin) => twin.kind === kind && twin.isAbove).length,
    });
    return {
      plans: this.plans,
      cut: cut.length,
      trouble: this.trouble,
      samples: this.samples,
      aboveA: this.aboveA,
      aboveW: this.aboveW,
      overA: this.overA,
      overW: this.overW,
      reserves: { AC: after('AC'), DC: after('DC') },
    };
  }
}

/** A socket of a lost station as if its plan had no end. */
interface Twin {
  readonly plain: PlainStation;
  readonly kind: Kind;
  readonly evseId: number;
  /** What a usual fixed fallback counts, in the unit of the socket. */
  readonly most: number;
  isAbove: boolean;
}

function total<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((sum, one) => sum + of(one), 0);
}

/** The transaction of an EVSE, in a form that every version can name. */
function txOf(i: number, evseId: number): string {
  return String(1000 + 10 * i + evseId);
}

/** One night in which some stations are cut off at a random instant. */
export function landingOf(options: LandingOptions): Landing {
  return new LandingRun(options).land();
}
