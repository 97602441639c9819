/**
 * Landings: an engine gives eight chargers a new plan every quarter hour, and at a random instant some of them are cut
 * off for eight hours. What the ledger says at the cut that they may draw from then on is held against what they draw,
 * at every instant at which a limit changes: leases end, vehicles change unseen, chargers reboot, frames arrive late. The others
 * get new plans for another hour, and must share the feeder with them.
 */
import { prngOf, type Prng } from '#domain/prng';
import type { Site } from '#domain/site';
import { integral, maxOver, valueAt, type StepFunction } from '#domain/step-function';
import { amperes, epochS, later, seconds, type EpochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { onAnswer, onLink } from '#dispatch/answers';
import { dispatchTurn } from '#dispatch/dispatch';
import { dispatchOf, type Dispatch } from '#dispatch/dispatch-state';
import type { Wanted } from '#dispatch/turn';
import type { SiteLimits } from '#safety/circuit-limits';
import { floorsOf } from '#safety/floors';
import { exposureOf, learn, ledgerOf, type Ledger } from '#safety/ledger';
import { evse, limitsOf, plan, site, station, txDefault } from './depot.ts';
import { apply, drawAt, limitAt, plainStation, type PlainStation } from './plain-station.ts';

export interface LandingOptions {
  readonly seed: number;
  /** How long a plan lasts on a charger that hears nothing more. */
  readonly leaseS: number;
  /** Draws above the prediction are looked for under a wrong one: how much lower it is made, A. */
  readonly lowerA?: number;
}

export interface Landing {
  /** Chargers that were cut off. */
  readonly cut: number;
  readonly samples: number;
  /** Most that a charger drew above the bound of its cut, A; 0 or below: never. */
  readonly aboveA: number;
  /** Most that all drew above the feeder's limit, A. */
  readonly overA: number;
  /** Ampere-hours of the feeder that stay reserved for the lost chargers. */
  readonly reservedAh: number;
  /** The same if each counts with its rating, or with the highest limit that is installed, while it is away. */
  readonly ratingAh: number;
  readonly highestAh: number;
  /** What the lost chargers drew. */
  readonly drawnAh: number;
  /** Lost chargers that draw more than 6 A at some time where plans have no end. */
  readonly aboveSix: number;
}

const chargers = 8;
const feederA = 110;
const buildingA = 10;
const slotS = 900;
const awayS = 8 * 3600;
const lateS = 120;
const startS = 1_000_800;
const sampleS = 600;
/** How long after the cut the others get new plans. */
const watchedS = 3600;

interface Depot {
  readonly site: Site;
  readonly limits: SiteLimits;
  readonly floors: readonly InstalledProfile[];
}

const depots = new Map<number, Depot>();
const depotsMax = 25;

/** One of a few depots of different chargers; made once each. */
function depotOf(seed: number): Depot {
  const number = seed % depotsMax;
  const known = depots.get(number);
  if (known !== undefined) return known;
  const prng = prngOf(number).fork('depot');
  const stations = Array.from({ length: chargers }, (_, i) =>
    station(`s${i}`, {
      version: prng.next() < 0.5 ? '1.6' : '2.0.1',
      evses: [evse(1, { rotation: [0], maxA: amperes(prng.next() < 0.3 ? 16 : 32) })],
      capability: {
        reactionS: seconds(prng.integer(1, 30)),
        obeysLease: prng.next() > 0.1,
        keepsProfiles: prng.next() < 0.3 ? 'floors' : 'all',
      },
    }),
  );
  const of = site(stations, [{ id: 'grid', limitA: amperes(feederA) }]);
  const rooms = { grid: { phaseA: [feederA - buildingA, feederA, feederA] as const } };
  const floors = floorsOf(of, { share: 0.5, dcFloorW: 0 }, rooms);
  if (!floors.ok) throw new Error(floors.problem.message);
  const made: Depot = {
    site: of,
    limits: limitsOf(of, buildingA),
    floors: stations.map(({ id }) => txDefault(1, floors.value[`${id}/1`]!)),
  };
  depots.set(number, made);
  return made;
}

interface LateFrame {
  readonly at: number;
  readonly i: number;
  readonly command: StationCommand;
}

/** What happens to a lost charger while it is away. */
interface Mishap {
  readonly at: number;
  readonly i: number;
  readonly what: 'reboot' | 'vehicles-change';
}

/** Instants in `(from, until)` at which a charger's profiles change its limit, or its reaction to that is over. */
function edgesOf({ profiles, reactionS }: PlainStation, from: number, until: number): readonly number[] {
  const edges: number[] = [];
  for (const { profile } of profiles) {
    const schedule = profile.schedules[0];
    const start = schedule?.startAt;
    if (schedule === undefined || start === undefined || start === 0) continue;
    for (const { startS } of schedule.periods) edges.push(start + startS, start + startS + reactionS);
    const end = start + (schedule.durationS ?? 0);
    edges.push(end, end + reactionS);
  }
  return edges.filter((edge) => edge > from && edge < until);
}

class LandingRun {
  private readonly depot: Depot;
  private readonly prng: Prng;
  private readonly options: LandingOptions;
  private readonly truth: readonly PlainStation[];
  /** The same chargers with plans that have no end. */
  private twins: readonly PlainStation[] = [];
  private wanted: Wanted = {};
  private ledger: Ledger;
  private dispatch: Dispatch;
  private now: number = startS;
  private late: readonly LateFrame[] = [];
  private lost: readonly number[] = [];
  /** What was said at the cut of each lost charger. */
  private bounds: readonly StepFunction[] = [];
  private samples = 0;
  private aboveA = -Infinity;
  private overA = 0;

  constructor(options: LandingOptions) {
    this.options = options;
    this.depot = depotOf(options.seed);
    this.prng = prngOf(options.seed).fork('landing');
    const { site: of, floors } = this.depot;
    const at = epochS(startS - 1000);
    this.ledger = ledgerOf(of, at, { lateS, repeatS: 0, clockSkewS: 0, guards: {} });
    this.dispatch = dispatchOf(of, options.seed);
    this.truth = of.stations.map(({ id: stationId, evses, capability }, i) => {
      const installed = [floors[i]!];
      const transaction = { evseId: 1, id: 'tx0', startedAt: at };
      const facts = [
        { kind: 'transaction-started', transaction },
        { kind: 'read-back', installed, link: 1 },
      ] as const;
      for (const fact of facts) this.ledger = learn(of, this.ledger, { stationId, at, ...fact });
      this.take(onLink(this.view(), { stationId, up: true }));
      const { reactionS, obeysLease } = capability;
      const transactions = { 1: 'tx0' };
      return plainStation(evses[0]!.maxA, { reactionS, obeysLease, profiles: installed, transactions });
    });
    const read = Object.entries(this.dispatch.stations).map(([id, one]) => [id, { ...one, unread: [] }]);
    this.dispatch = { ...this.dispatch, stations: Object.fromEntries(read) };
  }

  private view() {
    return { site: this.depot.site, ledger: this.ledger, dispatch: this.dispatch, now: epochS(this.now) };
  }

  private take({ ledger, dispatch }: { readonly ledger: Ledger; readonly dispatch: Dispatch }): void {
    this.ledger = ledger;
    this.dispatch = dispatch;
  }

  /** New plans for the chargers that are there: four quarter hours, the last one until the lease ends. */
  private planAnew(): void {
    const { site: of, floors } = this.depot;
    const held = this.lost.reduce((sum, i) => sum + this.exposureNow(i), 0);
    const slots = Array.from({ length: 4 }, () => {
      let left = feederA - buildingA - held;
      return of.stations.map(({ evses }, i) => {
        if (this.lost.includes(i) || left < 6) return 0;
        const limit = this.prng.next() < 0.25 ? 0 : this.prng.integer(6, Math.min(evses[0]!.maxA, left));
        left -= Math.max(limit, 6);
        return limit;
      });
    });
    const entries = of.stations.map(({ id }, i) => {
      const steps: [number, number][] = [];
      slots.forEach((slot, k) => {
        const before = slots[k - 1]?.[i] ?? 0;
        // A planned raise waits for the slowest charger's reaction to the planned decreases.
        const at = k === 0 || slot[i]! <= before ? k * slotS : k * slotS + 31;
        if (steps.at(-1)?.[1] !== slot[i]) steps.push([at, slot[i]!]);
      });
      const lease = plan(1, 'tx0', this.now, this.options.leaseS, steps);
      const plans = this.lost.includes(i) ? [] : [lease];
      return [id, { floors: [floors[i]!], plans }] as const;
    });
    this.wanted = Object.fromEntries(entries);
  }

  private exposureNow(i: number): number {
    const exposure = exposureOf(this.depot.site, this.ledger, `s${i}`).evses['1']!;
    return maxOver(exposure, epochS(this.now), epochS(this.now + 4 * slotS));
  }

  /** Sends what may leave; every tenth frame is lost. Frames to `cut` chargers get no answer, and may be late. */
  private exchange(cut: readonly number[] = []): void {
    for (let round = 0; round < 2; round++) {
      const turn = dispatchTurn({ ...this.view(), limits: this.depot.limits, wanted: this.wanted });
      this.take(turn);
      if (turn.calls.length === 0) return;
      const answers = turn.calls.flatMap(({ stationId, messageId, command }) => {
        const i = Number(stationId.slice(1));
        if (cut.includes(i)) {
          if (this.prng.next() < 0.7) {
            const at = this.now + this.prng.integer(0, lateS - 1);
            this.late = [...this.late, { at, i, command }];
          }
          return [];
        }
        if (this.prng.next() < 0.1) return [];
        const accepted = apply(this.truth[i]!, command);
        if (this.prng.next() < 0.1) return [];
        const answer: CommandAnswer = accepted
          ? { kind: 'accepted' }
          : { kind: 'refused', status: 'Rejected' };
        return [{ stationId, messageId, answer }];
      });
      this.passTo(this.now + 1);
      for (const answer of answers) this.take(onAnswer(this.view(), answer));
      if (cut.length > 0) return;
    }
  }

  private draws(): readonly number[] {
    return this.truth.map((one) => drawAt(one, 1, this.now));
  }

  /** Goes on to `at`, looking at every instant on the way at which a limit changes or a reaction to it is over. */
  private passTo(at: number): void {
    const edges = this.truth.flatMap((one) => edgesOf(one, this.now, at));
    for (const edge of [...new Set(edges)].toSorted((a, b) => a - b)) this.look(edge);
    this.look(at);
  }

  private look(at: number): void {
    this.now = at;
    const total = this.draws().reduce((a, b) => a + b, buildingA);
    this.overA = Math.max(this.overA, total - feederA);
    this.lost.forEach((i, k) => {
      const bound = this.bounds[k];
      if (bound === undefined) return;
      this.samples++;
      const most = valueAt(bound, epochS(at)) - (this.options.lowerA ?? 0);
      this.aboveA = Math.max(this.aboveA, drawAt(this.truth[i]!, 1, at) - most);
    });
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
      if (this.now < at) this.passTo(Math.min(at, nextPlan, this.now + 300));
    }
  }

  private suffer({ i, what }: Mishap): void {
    const one = this.truth[i]!;
    if (what === 'vehicles-change') {
      one.profiles = one.profiles.filter(({ profile }) => profile.purpose !== 'TxProfile');
      one.transactions = { 1: `other${this.now}` };
    } else if (this.depot.site.stations[i]!.capability.keepsProfiles === 'floors')
      one.profiles = one.profiles.filter(({ profile }) => profile.purpose !== 'TxProfile');
  }

  land(): Landing {
    const cutAt = startS + this.prng.integer(1, 2 * 3600);
    this.workUntil(cutAt);
    const order = this.truth.map((_, i) => i).filter(() => this.prng.next() < 0.4);
    const cut = order.length > 0 ? order : [this.prng.integer(0, chargers - 1)];
    // Half of the cuts fall into the sending of a new plan.
    if (this.prng.next() < 0.5) {
      this.planAnew();
      this.exchange(cut);
    }
    for (const i of cut) this.take(onLink(this.view(), { stationId: `s${i}`, up: false }));
    const from = this.now;
    this.lost = cut;
    this.bounds = cut.map((i) => exposureOf(this.depot.site, this.ledger, `s${i}`).evses['1']!);
    const ratings = cut.map((i) => this.truth[i]!.hardware);
    const highest = cut.map((i) => {
      const instants = Array.from({ length: 9 }, (_, k) => from + (k * slotS) / 2);
      const top = Math.max(...instants.map((at) => limitAt(this.truth[i]!, 1, at)));
      return Math.max(top, this.depot.floors[i]!.profile.schedules[0]!.periods[0]!.limit!);
    });
    this.twins = cut.map((i) => ({ ...this.truth[i]!, obeysLease: false, history: {} }));
    return this.away(cut, { from: epochS(from), ratings, highest });
  }

  private mishapsOf(cut: readonly number[]): readonly Mishap[] {
    const at = (): number => this.now + this.prng.integer(1, awayS);
    return cut.flatMap((i): Mishap[] => [
      ...(this.prng.next() < 0.4 ? [{ at: at(), i, what: 'reboot' as const }] : []),
      ...(this.prng.next() < 0.5 ? [{ at: at(), i, what: 'vehicles-change' as const }] : []),
    ]);
  }

  private away(
    cut: readonly number[],
    told: { readonly from: EpochS; readonly ratings: readonly number[]; readonly highest: readonly number[] },
  ): Landing {
    const { from, ratings, highest } = told;
    const events = [...this.mishapsOf(cut), ...this.late].toSorted((a, b) => a.at - b.at);
    const isAboveSix = cut.map(() => false);
    let drawnAh = 0;
    const go = (at: number): void => {
      drawnAh += (this.lostDraw(cut) * (at - this.now)) / 3600;
      this.passTo(at);
      cut.forEach((_, k) => {
        isAboveSix[k] ||= limitAt(this.twins[k]!, 1, at) > 6;
      });
    };
    let next = 0;
    let nextPlan = Math.ceil((from + 1) / slotS) * slotS;
    while (this.now < from + awayS) {
      const at = Math.min(this.now + sampleS, nextPlan, from + awayS);
      for (let event = events[next]; event !== undefined && event.at <= at; event = events[next]) {
        next++;
        go(Math.max(this.now, event.at));
        if ('what' in event) this.suffer(event);
        else apply(this.truth[event.i]!, event.command);
      }
      go(Math.max(this.now, at));
      if (at < nextPlan) continue;
      nextPlan = this.now < from + watchedS ? nextPlan + slotS : Infinity;
      this.planAnew();
      this.exchange();
    }
    const hours = awayS / 3600;
    return {
      cut: cut.length,
      samples: this.samples,
      aboveA: this.aboveA,
      overA: this.overA,
      reservedAh: this.bounds.reduce(
        (sum, bound) => sum + integral(bound, from, later(from, awayS)) / 3600,
        0,
      ),
      ratingAh: ratings.reduce((sum, a) => sum + a * hours, 0),
      highestAh: highest.reduce((sum, a) => sum + a * hours, 0),
      drawnAh,
      aboveSix: isAboveSix.filter(Boolean).length,
    };
  }

  private lostDraw(cut: readonly number[]): number {
    return cut.reduce((sum, i) => sum + drawAt(this.truth[i]!, 1, this.now), 0);
  }
}

/** One night in which some chargers are cut off at a random instant. */
export function landingOf(options: LandingOptions): Landing {
  return new LandingRun(options).land();
}
