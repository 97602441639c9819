/**
 * Three chargers on one feeder, one engine side (ledger and dispatch as shipped), and every order in which things can
 * happen: frames delivered, lost, delayed past a cut, repeated; stations rebooting, transactions changing unseen, plans
 * changing, leases running out, the engine dying. What the chargers draw is worked out by the plain stations alone.
 *
 * Time goes in ticks; every duration is a whole number of them. The engine acts at once on whatever reaches it.
 */
import { createHash } from 'node:crypto';
import type { Site } from '#domain/site';
import { valueAt } from '#domain/step-function';
import { amperes, epochS, seconds, type EpochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { onAnswer, onLink, onReported, onRestarted } from '#dispatch/answers';
import { dispatchTurn } from '#dispatch/dispatch';
import { dispatchOf, type Dispatch } from '#dispatch/dispatch-state';
import type { Wanted } from '#dispatch/turn';
import { describeViolation, violationsOf } from '#safety/admission';
import { exposureOf, learn, ledgerOf, type Ledger } from '#safety/ledger';
import { allGuards, type Guards } from '#safety/ledger-policy';
import { evse, limitsOf, plan, site, station, txDefault } from './depot.ts';
import { apply, drawAt, limitAt, plainStation, type PlainStation } from './plain-station.ts';

const tickS = 10;
const epoch = 1_000_000;
const limitA = 40;
const lateS = 4 * tickS;
const hardware = [32, 32, 8];

const depot: Site = site(
  [
    // Does not fall back when its lease ends.
    station('a', {
      version: '1.6',
      evses: [evse(1, { rotation: [0], maxA: amperes(32) })],
      capability: { reactionS: seconds(tickS), obeysLease: false },
    }),
    // Loses plans in a reboot.
    station('b', {
      evses: [evse(1, { rotation: [0], maxA: amperes(32) })],
      capability: { reactionS: seconds(tickS), keepsProfiles: 'floors' },
    }),
    // Loses everything in a reboot.
    station('c', {
      evses: [evse(1, { rotation: [0], maxA: amperes(8) })],
      capability: { reactionS: seconds(0), keepsProfiles: 'none' },
    }),
  ],
  [{ id: 'grid', limitA: amperes(limitA) }],
);
const ids = depot.stations.map(({ id }) => id);
const limits = limitsOf(depot);
const floor = txDefault(1, 6);

/**
 * What each phase wants of each charger: start, length in ticks, limits. The last one asks for more than is safe: it
 * counts on an idle socket drawing nothing and on a charger that never reboots.
 */
const phasesWanted: readonly (readonly [number, number, readonly (readonly [number, number])[]])[][] = [
  [
    [0, 5, [[0, 24]]],
    [0, 5, [[0, 6]]],
    [0, 5, [[0, 6]]],
  ],
  [
    [0, 9, [[0, 6]]],
    [
      0,
      9,
      [
        [0, 12],
        [3 * tickS, 24],
      ],
    ],
    [0, 9, [[0, 8]]],
  ],
  [
    [0, 12, [[0, 26]]],
    [0, 12, [[0, 0]]],
    [0, 12, [[0, 6]]],
  ],
  [
    [0, 12, [[0, 0]]],
    [0, 12, [[0, 28]]],
    [0, 12, [[0, 6]]],
  ],
];

function planFor(phase: number, i: number, transactionId: string): InstalledProfile {
  const [start, length, steps] = phasesWanted[phase]![i]!;
  return plan(1, transactionId, epoch + start * tickS, length * tickS, steps);
}

interface CallFrame {
  readonly messageId: string;
  readonly command: StationCommand;
  readonly sentAt: number;
}

type UpFrame =
  | { readonly kind: 'answer'; readonly messageId: string; readonly answer: CommandAnswer }
  | { readonly kind: 'report'; readonly requestId: number; readonly profiles: readonly InstalledProfile[] }
  | { readonly kind: 'transaction'; readonly ended?: string; readonly started: string }
  | { readonly kind: 'boot' };

interface Wire {
  readonly linked: boolean;
  readonly down: readonly CallFrame[];
  readonly up: readonly UpFrame[];
  /** Calls of a lost connection that may still arrive. */
  readonly late: readonly CallFrame[];
  /** What the station has to tell when it is back. */
  readonly outbox: readonly UpFrame[];
}

export interface World {
  readonly now: number;
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  readonly stations: readonly PlainStation[];
  readonly wires: readonly Wire[];
  /** Transactions that the engine knows of. */
  readonly running: readonly (string | undefined)[];
  readonly phase: number;
  readonly transactions: number;
  readonly faultsLeft: number;
}

export interface ExhaustiveOptions {
  readonly depth: number;
  /** Most faults on one path: cuts, repeats, reboots, unseen transactions, crashes. */
  readonly faults: number;
  /** How many plans are wanted one after the other; 3 of the 4 where nothing is said. */
  readonly plans?: number;
  readonly guards?: Partial<Guards>;
  /** `draw`: only what the chargers really draw is judged; `all`: also that the ledger knows it, and says S holds. */
  readonly judge?: 'draw' | 'all';
  readonly onDepth?: (depth: number, frontier: number, states: number) => void;
  readonly statesMax?: number;
}

export interface Found {
  readonly story: readonly string[];
  readonly problem: string;
}

export interface ExhaustiveResult {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly complete: boolean;
  readonly found?: Found;
}

function view(world: World): { site: Site; ledger: Ledger; dispatch: Dispatch; now: EpochS } {
  return { site: depot, ledger: world.ledger, dispatch: world.dispatch, now: epochS(world.now) };
}

function copyStation(one: PlainStation): PlainStation {
  return {
    ...one,
    transactions: { ...one.transactions },
    history: Object.fromEntries(
      Object.entries(one.history).map(([id, list]) => [id, list.map(([t, a]): [number, number] => [t, a])]),
    ),
  };
}

function withOne<T>(list: readonly T[], i: number, next: T): readonly T[] {
  return list.map((item, k) => (k === i ? next : item));
}

/** The engine's turn: what it sends enters the wires. */
function turned(world: World): World {
  const wanted: Record<string, Wanted[string]> = {};
  ids.forEach((id, i) => {
    const transaction = world.running[i];
    wanted[id] = {
      floors: [floor],
      plans: transaction === undefined ? [] : [planFor(world.phase, i, transaction)],
    };
  });
  const outcome = dispatchTurn({ ...view(world), limits, wanted });
  let wires = world.wires;
  for (const { stationId, messageId, command } of outcome.calls) {
    const i = ids.indexOf(stationId);
    const wire = wires[i]!;
    if (!wire.linked) continue;
    wires = withOne(wires, i, { ...wire, down: [...wire.down, { messageId, command, sentAt: world.now }] });
  }
  return { ...world, ledger: outcome.ledger, dispatch: outcome.dispatch, wires };
}

/** Where the world starts: the first plan is installed and known, everybody is connected. */
export function startOf(options: ExhaustiveOptions): World {
  const at = epochS(epoch - 1000);
  let ledger = ledgerOf(depot, at, {
    lateS,
    repeatS: 0,
    clockSkewS: 0,
    guards: { ...allGuards, ...options.guards },
  });
  let dispatch = dispatchOf(depot, 1, {
    callTimeoutS: seconds(2 * tickS),
    retryS: seconds(1),
    retryMaxS: seconds(1),
    writesPerDayMax: 1000,
  });
  const stations = ids.map((id, i) => {
    const installed = [floor, planFor(0, i, 'tx0')];
    const transaction = { evseId: 1, id: 'tx0', startedAt: at };
    ledger = learn(depot, ledger, { kind: 'transaction-started', stationId: id, at, transaction });
    ledger = learn(depot, ledger, { kind: 'read-back', stationId: id, at, installed, link: 0 });
    ({ ledger, dispatch } = onLink({ site: depot, ledger, dispatch, now: at }, { stationId: id, up: true }));
    const { reactionS, obeysLease } = depot.stations[i]!.capability;
    return plainStation(hardware[i]!, {
      reactionS,
      obeysLease,
      profiles: installed,
      transactions: { 1: 'tx0' },
    });
  });
  dispatch = {
    ...dispatch,
    stations: Object.fromEntries(
      Object.entries(dispatch.stations).map(([id, one]) => [id, { ...one, unread: [] }]),
    ),
  };
  const world: World = {
    now: epoch,
    ledger,
    dispatch,
    stations,
    wires: ids.map(() => ({ linked: true, down: [], up: [], late: [], outbox: [] })),
    running: ids.map(() => 'tx0'),
    phase: 0,
    transactions: 0,
    faultsLeft: options.faults,
  };
  return turned(world);
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
  const { command, messageId } = frame;
  if (command.kind === 'read-composite')
    return [{ kind: 'answer', messageId, answer: compositeOf(one, now) }];
  if (command.kind === 'read-profiles') {
    if (one.profiles.length === 0) {
      return [{ kind: 'answer', messageId, answer: { kind: 'refused', status: 'NoProfiles' } }];
    }
    return [
      { kind: 'answer', messageId, answer: { kind: 'accepted' } },
      { kind: 'report', requestId: command.requestId, profiles: [...one.profiles] },
    ];
  }
  const accepted = apply(one, command);
  return [
    {
      kind: 'answer',
      messageId,
      answer: accepted ? { kind: 'accepted' } : { kind: 'refused', status: 'Rejected' },
    },
  ];
}

function delivered(world: World, i: number): World {
  const wire = world.wires[i]!;
  const [frame, ...down] = wire.down;
  const one = copyStation(world.stations[i]!);
  const up = [...wire.up, ...answersTo(one, frame!, world.now)];
  return {
    ...world,
    stations: withOne(world.stations, i, one),
    wires: withOne(world.wires, i, { ...wire, down, up }),
  };
}

function deliveredLate(world: World, i: number): World {
  const wire = world.wires[i]!;
  const [frame, ...late] = wire.late;
  const one = copyStation(world.stations[i]!);
  answersTo(one, frame!, world.now);
  return {
    ...world,
    stations: withOne(world.stations, i, one),
    wires: withOne(world.wires, i, { ...wire, late }),
  };
}

function heard(world: World, i: number): World {
  const wire = world.wires[i]!;
  const [frame, ...up] = wire.up;
  const id = ids[i]!;
  const next: World = { ...world, wires: withOne(world.wires, i, { ...wire, up }) };
  const at = epochS(world.now);
  switch (frame!.kind) {
    case 'answer': {
      const { messageId, answer } = frame!;
      const { ledger, dispatch } = onAnswer(view(next), { stationId: id, messageId, answer });
      return turned({ ...next, ledger, dispatch });
    }
    case 'report': {
      const { requestId, profiles } = frame!;
      const { ledger, dispatch } = onReported(view(next), {
        stationId: id,
        requestId,
        more: false,
        profiles,
      });
      return turned({ ...next, ledger, dispatch });
    }
    case 'boot':
      return turned({ ...next, ledger: learn(depot, next.ledger, { kind: 'booted', stationId: id, at }) });
    case 'transaction': {
      const { ended, started } = frame!;
      let { ledger } = next;
      if (ended !== undefined) {
        ledger = learn(depot, ledger, { kind: 'transaction-ended', stationId: id, at, transactionId: ended });
      }
      const transaction = { evseId: 1, id: started, startedAt: at };
      ledger = learn(depot, ledger, { kind: 'transaction-started', stationId: id, at, transaction });
      return turned({ ...next, ledger, running: withOne(next.running, i, started) });
    }
  }
}

function cutWire(wire: Wire, keep: boolean): Wire {
  const kept = keep ? wire.down.filter(({ command }) => command.kind === 'set-profile') : [];
  const unheard = wire.up.filter(({ kind }) => kind === 'boot' || kind === 'transaction');
  return {
    linked: false,
    down: [],
    up: [],
    late: [...wire.late, ...kept],
    outbox: [...unheard, ...wire.outbox],
  };
}

function cut(world: World, i: number, keep: boolean): World {
  const { ledger, dispatch } = onLink(view(world), { stationId: ids[i]!, up: false });
  return turned({
    ...world,
    ledger,
    dispatch,
    wires: withOne(world.wires, i, cutWire(world.wires[i]!, keep)),
  });
}

function reconnected(world: World, i: number): World {
  const wire = world.wires[i]!;
  const { ledger, dispatch } = onLink(view(world), { stationId: ids[i]!, up: true });
  const wires = withOne(world.wires, i, { ...wire, linked: true, up: wire.outbox, outbox: [] });
  return turned({ ...world, ledger, dispatch, wires });
}

function rebooted(world: World, i: number): World {
  const one = copyStation(world.stations[i]!);
  const keeps = depot.stations[i]!.capability.keepsProfiles;
  if (keeps === 'none') one.profiles = [];
  if (keeps === 'floors')
    one.profiles = one.profiles.filter(({ profile }) => profile.purpose !== 'TxProfile');
  const down = world.wires[i]!.linked ? cut(world, i, false) : world;
  const wire = down.wires[i]!;
  return {
    ...down,
    stations: withOne(down.stations, i, one),
    wires: withOne(down.wires, i, { ...wire, outbox: [...wire.outbox, { kind: 'boot' }] }),
  };
}

/** The vehicle goes, the next one comes; the engine hears of it only by a frame. */
function exchanged(world: World, i: number): World {
  const one = copyStation(world.stations[i]!);
  const ended = one.transactions[1];
  const started = `tx${world.transactions + 1}`;
  one.profiles = one.profiles.filter(({ profile }) => profile.purpose !== 'TxProfile');
  one.transactions = { 1: started };
  const wire = world.wires[i]!;
  const frame: UpFrame = { kind: 'transaction', ...(ended === undefined ? {} : { ended }), started };
  const told = wire.linked
    ? { ...wire, up: [...wire.up, frame] }
    : { ...wire, outbox: [...wire.outbox, frame] };
  return {
    ...world,
    transactions: world.transactions + 1,
    stations: withOne(world.stations, i, one),
    wires: withOne(world.wires, i, told),
  };
}

/** A tick of time; what was late for too long is gone. */
function ticked(world: World): World {
  const now = world.now + tickS;
  const wires = world.wires.map((wire) => ({
    ...wire,
    late: wire.late.filter(({ sentAt }) => now < sentAt + lateS),
  }));
  return turned({ ...world, now, wires, stations: world.stations.map(copyStation) });
}

/** The engine's process dies; its connections with it. What it had decided is in the journal, what it heard is not lost. */
function crashed(world: World, keep: boolean): World {
  const { ledger, dispatch } = onRestarted(view(world));
  return turned({ ...world, ledger, dispatch, wires: world.wires.map((wire) => cutWire(wire, keep)) });
}

/** Everything that can happen next; of `plans` the next one may be wanted, with `jumps` any later one. */
function movesOf(
  world: World,
  plans: number,
  jumps: 'jumps' | 'in-order',
): readonly (readonly [string, () => World])[] {
  const moves: [string, () => World][] = [];
  const fault = (name: string, move: (from: World) => World): void => {
    if (world.faultsLeft === 0) return;
    moves.push([name, () => move({ ...world, faultsLeft: world.faultsLeft - 1 })]);
  };
  ids.forEach((id, i) => {
    const wire = world.wires[i]!;
    if (wire.linked) {
      if (wire.down.length > 0)
        moves.push([`${id} gets ${nameOf(wire.down[0]!)}`, () => delivered(world, i)]);
      if (wire.up.length > 0)
        moves.push([`engine hears ${wire.up[0]!.kind} of ${id}`, () => heard(world, i)]);
      fault(`${id} is cut off, frames lost`, (from) => cut(from, i, false));
      if (wire.down.some(({ command }) => command.kind === 'set-profile')) {
        fault(`${id} is cut off, frames late`, (from) => cut(from, i, true));
        fault(`frame to ${id} repeated`, (from) => ({
          ...from,
          wires: withOne(from.wires, i, { ...wire, down: [wire.down[0]!, ...wire.down] }),
        }));
      }
    } else moves.push([`${id} is back`, () => reconnected(world, i)]);
    if (wire.late.length > 0) {
      moves.push([`${id} gets late ${nameOf(wire.late[0]!)}`, () => deliveredLate(world, i)]);
    }
    fault(`${id} reboots`, (from) => rebooted(from, i));
    if (world.transactions < 2) fault(`vehicles change at ${id}`, (from) => exchanged(from, i));
  });
  moves.push(['time passes', () => ticked(world)]);
  const last = jumps === 'jumps' ? plans - 1 : Math.min(world.phase + 1, plans - 1);
  for (let phase = world.phase + 1; phase <= last; phase++) {
    moves.push([`plan ${phase} is wanted`, () => turned({ ...world, phase })]);
  }
  fault('the engine dies, frames lost', (from) => crashed(from, false));
  if (world.wires.some(({ down }) => down.some(({ command }) => command.kind === 'set-profile'))) {
    fault('the engine dies, frames late', (from) => crashed(from, true));
  }
  return moves;
}

function nameOf({ command }: CallFrame): string {
  if (command.kind !== 'set-profile') return command.kind;
  const periods = command.profile.schedules[0]?.periods ?? [];
  return `${command.profile.purpose} ${periods.map(({ limit }) => limit).join(',')} A`;
}

/** What is wrong with a state; undefined: nothing. Changes only the notes of the stations' past. */
function problemOf(world: World, judge: ExhaustiveOptions['judge'] = 'all'): string | undefined {
  const at = epochS(world.now);
  let total = 0;
  for (const [i, one] of world.stations.entries()) {
    const draw = drawAt(one, 1, world.now);
    total += draw;
    const exposure = valueAt(exposureOf(depot, world.ledger, ids[i]!).evses['1']!, at);
    if (judge === 'all' && draw > exposure + 1e-9)
      return `${ids[i]} may draw ${draw} A, the ledger says ${exposure} A`;
  }
  if (total > limitA + 1e-9) return `chargers draw ${total} A of ${limitA} A`;
  if (judge === 'draw') return undefined;
  const [violation] = violationsOf(depot, world.ledger, limits, at);
  return violation && describeViolation(violation);
}

const texts = new WeakMap<object, string>();

/** The text of a value that never changes, message ids left out; kept, since profiles are shared by many states. */
function textOf(value: object): string {
  let text = texts.get(value);
  if (text === undefined) {
    text = JSON.stringify(value, (key, item: unknown) =>
      key === 'messageId' || key === 'requestId' ? undefined : item,
    );
    texts.set(value, text);
  }
  return text;
}

/**
 * A text that is equal for states with an equal future. Message ids count only as being the one waited for, the one
 * given up last, or neither; connections as being the present one or not; a past that is over not at all.
 */
function keyOf(world: World): string {
  const parts: string[] = [];
  const write = (...values: readonly (string | number | boolean | undefined)[]): void => {
    parts.push(values.join(' '));
  };
  write(world.now, world.phase, world.faultsLeft, world.transactions, world.running.join());
  ids.forEach((id, i) => {
    const belief = world.ledger.beliefs[id]!;
    const { pending, lapsed, ...state } = world.dispatch.stations[id]!;
    write('b', belief.candidates.map(textOf).join());
    write(
      'o',
      belief.open?.without.map(textOf).join(),
      belief.open?.link === state.link,
      belief.ended.join(),
    );
    for (const { command, link, untilS } of belief.strays)
      write(textOf(command), link === state.link, untilS);
    const holdS = depot.stations[i]!.capability.reactionS;
    if (belief.changedAt + holdS + 1 > world.now) write(belief.changedAt, textOf(belief.past));
    write(
      'd',
      state.up,
      state.notBefore > world.now,
      state.failures,
      state.unread.join(),
      textOf(state.refused),
    );
    if (pending !== undefined) write(pending.deadline, pending.waitsFor, textOf(pending.command));
    if (lapsed !== undefined) write('l', textOf(lapsed.command));
    const nameOfId = (messageId: string): string => {
      if (messageId === pending?.messageId) return 'waited';
      return messageId === lapsed?.messageId ? 'lapsed' : 'stale';
    };
    const one = world.stations[i]!;
    write('s', one.transactions[1], one.profiles.map(textOf).toSorted().join());
    const pieces = one.history[1] ?? [];
    pieces.forEach(([, limit], k) => write(limit, pieces[k + 1]?.[0]));
    const wire = world.wires[i]!;
    write('w', wire.linked);
    for (const frame of wire.down) write('v', nameOfId(frame.messageId), frame.sentAt, textOf(frame.command));
    for (const frame of wire.up) {
      if (frame.kind === 'answer') write('^', nameOfId(frame.messageId), textOf(frame));
      else if (frame.kind === 'report') {
        const asked = pending?.command.kind === 'read-profiles' ? pending.command.requestId : undefined;
        write('^', frame.requestId === asked, textOf(frame));
      } else write('^', textOf(frame));
    }
    for (const frame of wire.late) write('~', frame.sentAt, textOf(frame.command));
    for (const frame of wire.outbox) write('=', textOf(frame));
  });
  return createHash('sha1').update(parts.join('\n')).digest('base64');
}

/** Visits every state that can be reached within the depth, each once; stops at the first that is wrong. */
export function explore(options: ExhaustiveOptions): ExhaustiveResult {
  interface Step {
    readonly by: string;
    readonly from?: Step;
  }
  interface Node {
    readonly world: World;
    readonly step: Step;
  }
  const storyOf = (step: Step | undefined): string[] =>
    step === undefined ? [] : [...storyOf(step.from), step.by];
  const start: Node = { world: startOf(options), step: { by: 'start' } };
  const seen = new Set([keyOf(start.world)]);
  let frontier: Node[] = [start];
  let transitions = 0;
  const wrong = problemOf(start.world, options.judge);
  if (wrong !== undefined) {
    return { states: 1, transitions, depth: 0, complete: false, found: { story: ['start'], problem: wrong } };
  }
  for (let depth = 1; depth <= options.depth; depth++) {
    const next: Node[] = [];
    for (const node of frontier) {
      for (const [by, move] of movesOf(node.world, options.plans ?? 3, 'in-order')) {
        transitions++;
        const world = move();
        const problem = problemOf(world, options.judge);
        const reached: Node = { world, step: { by, from: node.step } };
        if (problem !== undefined) {
          const found = { story: storyOf(reached.step), problem };
          return { states: seen.size, transitions, depth, complete: false, found };
        }
        const key = keyOf(world);
        if (seen.has(key)) continue;
        seen.add(key);
        if (depth < options.depth) next.push(reached);
        if (seen.size >= (options.statesMax ?? Infinity)) {
          return { states: seen.size, transitions, depth, complete: false };
        }
      }
    }
    frontier = next;
    options.onDepth?.(depth, frontier.length, seen.size);
  }
  return { states: seen.size, transitions, depth: options.depth, complete: true };
}

/** Goes through a story by the names of its moves; undefined: nothing went wrong on the way. */
export function replay(options: ExhaustiveOptions, story: readonly string[]): string | undefined {
  let world = startOf(options);
  let problem = problemOf(world, options.judge);
  for (const name of story.slice(1)) {
    const move = movesOf(world, phasesWanted.length, 'jumps').find(([by]) => by === name);
    if (problem !== undefined || move === undefined) return problem ?? `cannot happen: ${name}`;
    world = move[1]();
    problem = problemOf(world, options.judge);
  }
  return problem;
}
