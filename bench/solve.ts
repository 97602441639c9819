/**
 * How long a plan takes on this machine: build, solve and certificate of whole days, one thread, warm, beside rivals in the
 * same run: HiGHS, glpk.js, YALPS and javascript-lp-solver on the whole program, each in a process of its own under a cap.
 * Rolling: the same an interval later, from the warm start of the answer before. Least and median of the wall clock, least
 * processor time, which a busy machine disturbs less; first call of a fresh process; memory; growth with the number of
 * (session, interval) pairs.
 *
 *     npx tsc -b bench && node dist/bench/solve.js [--sizes 44x96,20000x288] [--cap 20] [--out bench/solve.baseline.json]
 *
 * Sizes from 1000x288 on are run when named. A rival that gave no answer within the cap is not asked for larger sizes;
 * `--cap 0` leaves all out.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prngOf } from '#domain/prng';
import { generatedDepot } from '#solver/generated';
import type { DepotShape } from '#solver/generated';
import type { DepotProblem, SolveOptions } from '#solver/problem';
import { solve } from '#solver/solve';
import { rivals, runRival } from './rivals.ts';
import type { Rival, RivalRun } from './rivals.ts';
import { anIntervalLater } from './rolling.ts';

interface Size {
  readonly name: string;
  readonly shape: Omit<DepotShape, 'seed'>;
  readonly rounds: number;
  /** Targets, ms: a solve from nothing, and one an interval later. */
  readonly targetMs: number;
  readonly rollingMs?: number;
  /** Run only when named. */
  readonly large?: true;
}

const sized = (
  kind: DepotShape['kind'],
  connectors: number,
  intervals: number,
): Pick<Size, 'name' | 'shape'> => ({
  name: `${connectors}x${intervals}${kind === 'two-shift' ? 't' : ''}`,
  shape: { kind, connectors, intervals },
});

const sourced = (
  kind: DepotShape['kind'],
  connectors: number,
  intervals: number,
): Pick<Size, 'name' | 'shape'> => ({
  name: `${connectors}x${intervals}+`,
  shape: { kind, connectors, intervals, pv: true, battery: true },
});

/** Sockets of one and of three phases under phase limits, with reserves, as the engine has them. */
const phased = (
  kind: DepotShape['kind'],
  connectors: number,
  intervals: number,
): Pick<Size, 'name' | 'shape'> => ({
  name: `${connectors}x${intervals}p`,
  shape: { kind, connectors, intervals, phases: true, reserve: true },
});

const sizes: readonly Size[] = [
  { ...sized('overnight', 10, 96), rounds: 200, targetMs: 1, rollingMs: 0.8 },
  { ...sized('last-mile', 44, 96), rounds: 200, targetMs: 2, rollingMs: 1 },
  { ...sized('last-mile', 44, 288), rounds: 100, targetMs: 3, rollingMs: 2 },
  // The same with PV and a battery; the prototype took 9 ms on HiGHS for its program over slots.
  { ...sourced('last-mile', 44, 96), rounds: 40, targetMs: 9 },
  { ...phased('last-mile', 44, 96), rounds: 20, targetMs: 10, rollingMs: 5 },
  { ...phased('last-mile', 200, 96), rounds: 10, targetMs: 30, rollingMs: 15 },
  { ...sized('bus', 200, 96), rounds: 100, targetMs: 2, rollingMs: 1.5 },
  { ...sourced('bus', 200, 96), rounds: 40, targetMs: 9 },
  { ...sized('two-shift', 200, 96), rounds: 40, targetMs: 10, rollingMs: 5 },
  { ...sized('mixed', 1000, 96), rounds: 20, targetMs: 20, rollingMs: 12 },
  { ...sized('mixed', 1000, 288), rounds: 8, targetMs: 60, rollingMs: 40, large: true },
  { ...sized('mixed', 5000, 96), rounds: 8, targetMs: 100, rollingMs: 60, large: true },
  { ...sized('mixed', 20000, 288), rounds: 2, targetMs: 2000, large: true },
];
const seeds = [1, 2, 3];

/** Intervals that the rolling measure goes through. */
const rollingSteps = 8;

interface Timing {
  readonly leastMs: number;
  readonly medianMs: number;
  readonly processorMs: number;
}

interface Row {
  readonly size: string;
  readonly seed: number;
  readonly pairs: number;
  readonly solver: string;
  readonly gap: number;
  readonly residual: number;
  readonly objective: number;
  readonly timing: Timing;
  /** Medians over the intervals that followed; undefined for sizes without a target for it. */
  readonly rolling?: Timing;
  readonly rivals: readonly RivalRun[];
}

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function timed(problem: DepotProblem, options: SolveOptions, rounds: number): Promise<Timing> {
  const walls: number[] = [];
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    const before = processorMs();
    await solve(problem, options);
    least = Math.min(least, processorMs() - before);
    walls.push(performance.now() - from);
  }
  return {
    leastMs: walls.reduce((wall, other) => Math.min(wall, other), Infinity),
    medianMs: medianOf(walls),
    processorMs: least,
  };
}

const base = { continuous: true, gap: 1e-6 } as const;

/** Solves that follow each other, each from the warm start of the one before. */
async function rolled(problem: DepotProblem, rounds: number): Promise<Timing> {
  const prng = prngOf(5);
  const timings: Timing[] = [];
  let now = problem;
  let solution = await solve(now, base);
  for (let step = 0; step < rollingSteps; step++) {
    now = anIntervalLater(now, solution, prng);
    const { warm } = solution;
    const options = warm === undefined ? base : { ...base, warm: { ...warm, advanced: 1 } };
    timings.push(await timed(now, options, Math.max(2, Math.ceil(rounds / rollingSteps))));
    solution = await solve(now, options);
  }
  return {
    leastMs: medianOf(timings.map(({ leastMs }) => leastMs)),
    medianMs: medianOf(timings.map(({ medianMs }) => medianMs)),
    processorMs: medianOf(timings.map(({ processorMs }) => processorMs)),
  };
}

/** Fewest pairs on which each rival gave no answer within the cap: it is not asked for more. */
const beyond = new Map<Rival, number>();

function rivalsOn(shape: DepotShape, pairs: number, capMs: number): RivalRun[] {
  return rivals.map((rival) => {
    if (pairs >= (beyond.get(rival) ?? Infinity)) return { rival };
    const ran = runRival(rival, shape, capMs);
    if (ran.ms === undefined) beyond.set(rival, pairs);
    return ran;
  });
}

async function measured(size: Size, seed: number, capMs: number): Promise<Row> {
  const shape = { ...size.shape, seed };
  const problem = generatedDepot(shape);
  const mine = await solve(problem, base);
  const timing = await timed(problem, base, size.rounds);
  const rolling = size.rollingMs === undefined ? undefined : await rolled(problem, size.rounds);
  const pairs = problem.sessions.reduce((sum, { arrive, depart }) => sum + depart - arrive, 0);
  return {
    size: size.name,
    seed,
    pairs,
    solver: mine.solver,
    gap: mine.gap,
    residual: mine.certificate.primalResidual,
    objective: mine.objective,
    timing,
    ...(rolling === undefined ? {} : { rolling }),
    // One seed is enough to see the distance.
    rivals: seed === seeds[0] && capMs > 0 ? rivalsOn(shape, pairs, capMs) : [],
  };
}

/** Slope of log(processor time) over log(pairs), least squares. */
function exponentOf(rows: readonly Row[]): number {
  const points = rows.map(({ pairs, timing }) => [Math.log(pairs), Math.log(timing.processorMs)] as const);
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const cross = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return cross / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** First solve of a fresh process, its processor time and its memory. */
interface Cold {
  readonly firstMs: number;
  readonly processorMs: number;
  readonly rssMb: number;
}

/** The least of some fresh processes; of one where a solve takes seconds. */
function cold(size: Size): Cold {
  const runs = Array.from({ length: size.rollingMs === undefined ? 1 : 5 }, () => {
    const args = [fileURLToPath(import.meta.url), '--cold', size.name];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return JSON.parse(stdout) as Cold;
  });
  return runs.reduce((best, run) => (run.processorMs < best.processorMs ? run : best));
}

async function printCold(name: string): Promise<void> {
  const size = sizes.find((one) => one.name === name);
  if (size === undefined) throw new Error(`no size ${name}`);
  const problem = generatedDepot({ ...size.shape, seed: 1 });
  const from = performance.now();
  const before = processorMs();
  await solve(problem, base);
  const firstMs = performance.now() - from;
  const used = processorMs() - before;
  console.log(JSON.stringify({ firstMs, processorMs: used, rssMb: process.resourceUsage().maxRSS / 1024 }));
}

const ms = (value: number | undefined): string =>
  (value === undefined ? '-' : value.toFixed(value < 10 ? 2 : 0)).padStart(8);

const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');

function print({ targetMs, rollingMs }: Size, row: Row): void {
  const { timing, rolling } = row;
  console.log(
    row.size.padEnd(10) + String(row.seed).padStart(3) + String(row.pairs).padStart(8) + ms(timing.leastMs),
    ms(timing.medianMs) + ms(timing.processorMs) + ms(targetMs),
    ms(rolling?.leastMs) + ms(rolling?.processorMs) + ms(rollingMs) + row.gap.toExponential(1).padStart(10),
  );
  for (const { rival, ms: took, processorMs, objective = NaN, rssMb } of row.rivals) {
    const difference = (objective - row.objective) / Math.max(1, Math.abs(row.objective));
    const answer =
      processorMs === undefined
        ? 'no answer within the cap'
        : `${(processorMs / timing.processorMs).toFixed(0)}x, objective ${difference.toExponential(1)} off`;
    console.log(`          ${rival.padEnd(22)}${ms(took)}${ms(processorMs)} ms${ms(rssMb)} MB  ${answer}`);
  }
}

/** Rows of the table in docs/solver-speed.md: processor ms of the seeds, targets, rivals, first call. */
function table(size: Size, rows: readonly Row[], first: Cold): string {
  const short = (value: number | undefined): string =>
    value === undefined ? '-' : value < 100 ? value.toPrecision(2) : value.toFixed(0);
  const of = (pick: (row: Row) => number | undefined): string =>
    rows.some((row) => pick(row) !== undefined) ? rows.map((row) => short(pick(row))).join(' / ') : '-';
  const [one] = rows;
  const others = rivals.map((rival) => {
    const took = one?.rivals.find((run) => run.rival === rival)?.processorMs;
    if (one === undefined || took === undefined) return 'no answer';
    return `${took.toFixed(took < 10 ? 1 : 0)} (${(took / one.timing.processorMs).toFixed(0)}x)`;
  });
  const cells = [
    size.name,
    of(({ timing }) => timing.processorMs),
    String(size.targetMs),
    of(({ rolling }) => rolling?.processorMs),
    String(size.rollingMs ?? '-'),
    ...others,
    first.processorMs.toFixed(0),
    first.rssMb.toFixed(0),
    rows.reduce((most, { gap }) => Math.max(most, gap), 0).toExponential(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cold: { type: 'string' },
      sizes: { type: 'string' },
      cap: { type: 'string', default: '20' },
      out: { type: 'string' },
    },
  });
  if (values.cold !== undefined) return printCold(values.cold);
  const wanted = values.sizes?.split(',');
  const rows: Row[] = [];
  const colds: Record<string, Cold> = {};
  const lines: string[] = [];
  console.log(`load ${load()} on ${cpus().length} cores, ms`);
  console.log(
    'size     seed   pairs   least   median processor  target   rolling processor  target       gap',
  );
  for (const size of sizes) {
    if (wanted === undefined ? size.large === true : !wanted.includes(size.name)) continue;
    for (const seed of seeds) {
      const row = await measured(size, seed, 1000 * Number(values.cap));
      rows.push(row);
      print(size, row);
    }
    const first = cold(size);
    colds[size.name] = first;
    lines.push(table(size, rows.slice(-seeds.length), first));
    console.log(
      `          first call of a process${ms(first.firstMs)} ms, processor${ms(first.processorMs)} ms,${ms(first.rssMb)} MB`,
    );
  }
  const plain = rows.filter(({ size }) => !/[+p]$/.test(size));
  const exponent = plain.length > seeds.length ? exponentOf(plain) : undefined;
  if (exponent !== undefined) console.log(`time grows with pairs to the ${exponent.toFixed(2)}`);
  console.log(`load ${load()} at the end\n\n${lines.join('\n')}`);
  if (values.out === undefined) return;
  const machine = { node: process.version, cpu: cpus()[0]?.model, load: loadavg() };
  writeFileSync(values.out, `${JSON.stringify({ ...machine, exponent, colds, rows }, null, 1)}\n`);
}

await main();
