/**
 * Every order in which things can happen around three chargers on one feeder: frames delivered, lost, delayed past a
 * cut, repeated, refused; stations rebooting, transactions changing unseen, plans changing, leases running out, the feeder's
 * limit dropping and returning, the engine dying. One side is the ledger and dispatch as shipped, the other the plain
 * stations, which share nothing with them; the engine acts at once on whatever reaches it.
 *
 * A state is the pair of what the engine knows (`exhaustive-engine.ts`) and what the chargers and wires are
 * (`exhaustive-chargers.ts`). Each side's answer to an event depends on that side alone, so it is worked out once and
 * kept: all pairs are visited, one by one, none is left out, and they are compared exactly.
 */
import type { Guards } from '#safety/ledger-policy';
import { Chargers, nameOf } from './exhaustive-chargers.ts';
import { ids, othersA, phasesWanted, type EngineEvent } from './exhaustive-depot.ts';
import { EngineStates, mostA } from './exhaustive-engine.ts';
import { PairTable } from './state-table.ts';

export interface ExhaustiveOptions {
  readonly depth: number;
  /** Most faults on one path: cuts, repeats, refusals, reboots, unseen transactions, limit drops, crashes. */
  readonly faults: number;
  /** How many plans are wanted one after the other; 3 of the 4 where nothing is said. */
  readonly plans?: number;
  /** Begins with an engine that has just lost its journal, one plan sent and another on its way; 'late': with its frames. */
  readonly lostJournal?: 'frames lost' | 'frames late';
  /** Whether the feeder's limit may drop without warning, and return; it may where nothing is said. */
  readonly limitDrops?: boolean;
  readonly guards?: Guards;
  /** Whether the engine is told of the other loads; it is where nothing is said. */
  readonly tellsOthers?: boolean;
  /** `draw`: only what the chargers really draw is judged; `all`: also that the ledger knows it, and says S holds. */
  readonly judge?: 'draw' | 'all';
  readonly onDepth?: (depth: number, frontier: number, states: number) => void;
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

/** The chargers with their wires. */
interface Outside {
  readonly parts: readonly [number, number, number];
  readonly transactions: number;
  readonly faultsLeft: number;
}

/** One state of everything. */
interface World {
  readonly engine: number;
  readonly outside: Outside;
}

const transactionsMax = 2;
const usedBase = 16;

class Worlds {
  private readonly chargers = new Chargers();
  private readonly engines: EngineStates;
  private readonly twos = new PairTable();
  private readonly threes = new PairTable();
  private readonly outsides = new PairTable();
  readonly states = new PairTable();
  private readonly options: ExhaustiveOptions;

  constructor(options: ExhaustiveOptions) {
    this.options = options;
    const told = options.tellsOthers === false ? 0 : othersA;
    this.engines = new EngineStates(options.guards ?? {}, told, this.chargers.replies);
  }

  start(): World {
    const [engine, turn] = this.engines.start();
    const [a = 0, b = 0, c = 0] = this.chargers.startParts();
    const outside: Outside = { parts: [a, b, c], transactions: 0, faultsLeft: this.options.faults };
    const world = { engine, outside: this.replied(outside, this.engines.repliesOf(turn)) };
    const { lostJournal } = this.options;
    return lostJournal === undefined ? world : this.afterLoss(world, lostJournal);
  }

  /** The world when the next plan has been wanted, what lowers is on its way, and the engine dies without its journal. */
  private afterLoss(begun: World, frames: 'frames lost' | 'frames late'): World {
    const wanted = this.engineMeets(begun, { kind: 'phase', phase: 1 });
    return this.engineMeets(this.all(wanted, `cut, ${frames}`), { kind: 'journal-lost' });
  }

  /** The number of a state, counted up in the order in which they are met. */
  numberOf({ engine, outside }: World): number {
    const [a, b, c] = outside.parts;
    const three = this.threes.numberOf(this.twos.numberOf(a, b), c);
    const used = outside.transactions * usedBase + outside.faultsLeft;
    return this.states.numberOf(engine, this.outsides.numberOf(three, used));
  }

  worldOf(state: number): World {
    const outside = this.states.secondOf(state);
    const three = this.outsides.firstOf(outside);
    const used = this.outsides.secondOf(outside);
    const two = this.threes.firstOf(three);
    return {
      engine: this.states.firstOf(state),
      outside: {
        parts: [this.twos.firstOf(two), this.twos.secondOf(two), this.threes.secondOf(three)],
        transactions: Math.floor(used / usedBase),
        faultsLeft: used % usedBase,
      },
    };
  }

  private replied(outside: Outside, replies: readonly number[]): Outside {
    let parts = outside.parts;
    for (const [i, reply] of replies.entries())
      if (reply > 0) parts = withPart(parts, i, this.chargers.next(parts[i]!, `reply ${reply - 1}`));
    return parts === outside.parts ? outside : { ...outside, parts };
  }

  private engineHears(world: World, event: number): World {
    const entry = this.engines.entryOf(world.engine, event, this.chargers.events.at(event));
    const outside = this.replied(world.outside, this.engines.turnOf(entry));
    return { engine: this.engines.nextOf(entry), outside };
  }

  private engineMeets(world: World, event: EngineEvent): World {
    return this.engineHears(world, this.chargers.eventOf(event));
  }

  private act(world: World, i: number, action: Parameters<Chargers['next']>[1]): World {
    const parts = withPart(world.outside.parts, i, this.chargers.next(world.outside.parts[i]!, action));
    return { engine: world.engine, outside: { ...world.outside, parts } };
  }

  private all(world: World, action: Parameters<Chargers['next']>[1]): World {
    return [0, 1, 2].reduce((next, i) => this.act(next, i, action), world);
  }

  /** Everything that can happen next; of the plans the next one may be wanted, with `jumps` any other. */
  movesOf(world: World, jumps: 'jumps' | 'in-order'): (readonly [() => string, () => World])[] {
    const moves: (readonly [() => string, () => World])[] = [];
    const { outside } = world;
    const add = (name: () => string, move: () => World): void => void moves.push([name, move]);
    const fault = (name: () => string, move: (from: World) => World): void => {
      if (outside.faultsLeft === 0) return;
      const faultsLeft = outside.faultsLeft - 1;
      add(name, () => move({ engine: world.engine, outside: { ...outside, faultsLeft } }));
    };
    const parts = outside.parts.map((part) => this.chargers.partAt(part));
    const isSet = ({ command }: { readonly command: { readonly kind: string } }): boolean =>
      command.kind === 'set-profile';
    ids.forEach((id, i) => {
      const part = parts[i]!;
      const lost = (from: World, how: 'cut, frames lost' | 'cut, frames late'): World =>
        this.engineMeets(this.act(from, i, how), { kind: 'link', i, up: false });
      if (part.linked) {
        if (part.down.length > 0)
          add(
            () => `${id} gets ${nameOf(part.down[0]!)}`,
            () => this.act(world, i, 'deliver'),
          );
        if (part.up.length > 0)
          add(
            () => `engine hears ${part.up[0]!.kind} of ${id}`,
            () => {
              const event = this.chargers.heardFrom(outside.parts[i]!);
              return this.engineHears(this.act(world, i, 'hear'), event);
            },
          );
        if (part.down[0] !== undefined && isSet(part.down[0]))
          fault(
            () => `${id} refuses ${nameOf(part.down[0]!)}`,
            (from) => this.act(from, i, 'refuse'),
          );
        fault(
          () => `${id} is cut off, frames lost`,
          (from) => lost(from, 'cut, frames lost'),
        );
        if (part.down.some(isSet)) {
          fault(
            () => `${id} is cut off, frames late`,
            (from) => lost(from, 'cut, frames late'),
          );
          fault(
            () => `frame to ${id} repeated`,
            (from) => this.act(from, i, 'repeat'),
          );
        }
      } else
        add(
          () => `${id} is back`,
          () => this.engineMeets(this.act(world, i, 'back'), { kind: 'link', i, up: true }),
        );
      if (part.late.length > 0)
        add(
          () => `${id} gets late ${nameOf(part.late[0]!)}`,
          () => this.act(world, i, 'late'),
        );
      fault(
        () => `${id} reboots`,
        (from) => {
          const next = this.act(from, i, 'reboot');
          return part.linked ? this.engineMeets(next, { kind: 'link', i, up: false }) : next;
        },
      );
      if (outside.transactions < transactionsMax)
        fault(
          () => `vehicles change at ${id}`,
          (from) => {
            const transactions = from.outside.transactions + 1;
            const next = this.act(from, i, `exchange ${transactions}`);
            return { ...next, outside: { ...next.outside, transactions } };
          },
        );
    });
    add(
      () => 'time passes',
      () => this.engineMeets(this.all(world, 'tick'), { kind: 'tick' }),
    );
    const { phase, stage } = this.engines.momentOf(world.engine);
    const inOrder = phase + 1 < (this.options.plans ?? 3) ? [phase + 1] : [];
    const others = [...phasesWanted.keys()].filter((one) => one !== phase);
    for (const next of jumps === 'jumps' ? others : inOrder)
      add(
        () => `plan ${next} is wanted`,
        () => this.engineMeets(world, { kind: 'phase', phase: next }),
      );
    if (this.options.limitDrops !== false && stage !== 'unknown') {
      if (stage === 'whole')
        fault(
          () => 'the limit drops',
          (from) => this.engineMeets(from, { kind: 'limit-drops' }),
        );
      else
        add(
          () => 'the limit returns',
          () => this.engineMeets(world, { kind: 'limit-returns' }),
        );
    }
    fault(
      () => 'the engine dies, frames lost',
      (from) => this.engineMeets(this.all(from, 'cut, frames lost'), { kind: 'crash' }),
    );
    if (parts.some(({ down }) => down.some(isSet)))
      fault(
        () => 'the engine dies, frames late',
        (from) => this.engineMeets(this.all(from, 'cut, frames late'), { kind: 'crash' }),
      );
    return moves;
  }

  /** What is wrong with a state; undefined: nothing. */
  problemOf({ engine, outside }: World): string | undefined {
    const judgesAll = this.options.judge !== 'draw';
    let total = 0;
    for (const [i, part] of outside.parts.entries()) {
      const draw = this.chargers.drawOf(part);
      total += draw;
      const exposure = this.engines.exposureOf(engine, i);
      if (judgesAll && draw > exposure + 1e-9)
        return `${ids[i]} may draw ${draw} A, the ledger says ${exposure} A`;
    }
    const most = mostA(this.engines.momentOf(engine).stage);
    if (total + othersA > most + 1e-9) return `chargers draw ${total} A and others ${othersA} A of ${most} A`;
    return judgesAll ? this.engines.problemOf(engine) : undefined;
  }
}

function withPart(parts: Outside['parts'], i: number, part: number): Outside['parts'] {
  const [a, b, c] = parts;
  if (i === 0) return [part, b, c];
  return i === 1 ? [a, part, c] : [a, b, part];
}

/** Visits every state that can be reached within the depth, each once; stops at the first that is wrong. */
export function explore(options: ExhaustiveOptions): ExhaustiveResult {
  const worlds = new Worlds(options);
  const start = worlds.start();
  worlds.numberOf(start);
  let parents = new Uint32Array(1 << 16);
  let transitions = 0;
  const storyTo = (state: number): readonly string[] => {
    if (state === 0) return ['start'];
    const parent = parents[state]!;
    for (const [name, move] of worlds.movesOf(worlds.worldOf(parent), 'in-order'))
      if (worlds.numberOf(move()) === state) return [...storyTo(parent), name()];
    return [];
  };
  const wrong = worlds.problemOf(start);
  if (wrong !== undefined)
    return { states: 1, transitions, depth: 0, complete: false, found: { story: ['start'], problem: wrong } };
  let first = 0;
  for (let depth = 1; depth <= options.depth; depth++) {
    const end = worlds.states.size;
    for (let state = first; state < end; state++) {
      for (const [name, move] of worlds.movesOf(worlds.worldOf(state), 'in-order')) {
        transitions++;
        const world = move();
        const problem = worlds.problemOf(world);
        if (problem !== undefined) {
          const { size } = worlds.states;
          const found = { story: [...storyTo(state), name()], problem };
          return { states: size, transitions, depth, complete: false, found };
        }
        const met = worlds.states.size;
        const number = worlds.numberOf(world);
        if (number < met) continue;
        if (number >= parents.length) {
          const wider = new Uint32Array(parents.length * 2);
          wider.set(parents);
          parents = wider;
        }
        parents[number] = state;
      }
    }
    first = end;
    options.onDepth?.(depth, worlds.states.size - end, worlds.states.size);
  }
  return { states: worlds.states.size, transitions, depth: options.depth, complete: true };
}

/** Goes through a story by the names of its moves; undefined: nothing went wrong on the way. */
export function replay(options: ExhaustiveOptions, story: readonly string[]): string | undefined {
  const worlds = new Worlds(options);
  let world = worlds.start();
  let problem = worlds.problemOf(world);
  for (const wanted of story.slice(1)) {
    const move = worlds.movesOf(world, 'jumps').find(([name]) => name() === wanted);
    if (problem !== undefined || move === undefined) return problem ?? `cannot happen: ${wanted}`;
    world = move[1]();
    problem = worlds.problemOf(world);
  }
  return problem;
}
