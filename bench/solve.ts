/**
 * How long a plan takes on this machine: build, solve and certificate of whole days, one thread, warm, against HiGHS on the
 * whole program in the same run; javascript-lp-solver where it answers; first call of a fresh process; memory; growth with
 * the number of (session, interval) pairs. Least, median and processor time; the load average stands beside them.
 *
 *     npx tsc -b bench && node dist/bench/solve.js [--sizes 44x96,200x96] [--out bench/solve.baseline.json]
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generatedDepot } from '#solver/generated';
import type { DepotShape } from '#solver/generated';
import type { DepotProblem, SolveOptions } from '#solver/problem';
import { solve } from '#solver/solve';

interface Size {
  readonly name: string;
  readonly shape: Omit<DepotShape, 'seed'>;
  readonly rounds: number;
  /** Rounds of HiGHS on the whole program; 0 where it takes minutes. */
  readonly wholeRounds: number;
  /** Target of a warm cold-start solve, ms. */
  readonly targetMs: number;
}

const sizes: readonly Size[] = [
  {
    name: '10x96',
    shape: { kind: 'overnight', connectors: 10, intervals: 96 },
    rounds: 200,
    wholeRounds: 20,
    targetMs: 1,
  },
  {
    name: '44x96',
    shape: { kind: 'last-mile', connectors: 44, intervals: 96 },
    rounds: 200,
    wholeRounds: 12,
    targetMs: 2,
  },
  {
    name: '44x288',
    shape: { kind: 'last-mile', connectors: 44, intervals: 288 },
    rounds: 100,
    wholeRounds: 5,
    targetMs: 3,
  },
  {
    name: '200x96',
    shape: { kind: 'bus', connectors: 200, intervals: 96 },
    rounds: 100,
    wholeRounds: 5,
    targetMs: 2,
  },
  {
    name: '200x96t',
    shape: { kind: 'two-shift', connectors: 200, intervals: 96 },
    rounds: 40,
    wholeRounds: 5,
    targetMs: 10,
  },
  {
    name: '1000x96',
    shape: { kind: 'mixed', connectors: 1000, intervals: 96 },
    rounds: 15,
    wholeRounds: 1,
    targetMs: 20,
  },
  {
    name: '1000x288',
    shape: { kind: 'mixed', connectors: 1000, intervals: 288 },
    rounds: 5,
    wholeRounds: 0,
    targetMs: 60,
  },
  {
    name: '5000x96',
    shape: { kind: 'mixed', connectors: 5000, intervals: 96 },
    rounds: 5,
    wholeRounds: 0,
    targetMs: 100,
  },
];
const seeds = [1, 2, 3];

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
  readonly timing: Timing;
  readonly whole?: Timing & { readonly difference: number };
  readonly small?: Timing & { readonly difference: number };
}

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

async function timed(
  problem: DepotProblem,
  options: SolveOptions,
  rounds: number,
): Promise<Timing & { objective: number }> {
  const walls: number[] = [];
  let objective = 0;
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    ({ objective } = await solve(problem, options));
    walls.push(performance.now() - from);
  }
  const used = process.cpuUsage(before);
  return {
    leastMs: walls.reduce((least, wall) => Math.min(least, wall), Infinity),
    medianMs: medianOf(walls),
    processorMs: (used.user + used.system) / 1000 / rounds,
    objective,
  };
}

const base = { continuous: true, gap: 1e-6 } as const;

async function measured(size: Size, seed: number): Promise<Row> {
  const problem = generatedDepot({ ...size.shape, seed });
  const mine = await solve(problem, base);
  const compared = async (
    solver: 'highs' | 'javascript-lp-solver',
    rounds: number,
  ): Promise<Timing & { difference: number }> => {
    const { objective, ...timing } = await timed(problem, { ...base, solver }, rounds);
    return { ...timing, difference: (mine.objective - objective) / Math.max(1, Math.abs(objective)) };
  };
  // Half before and half after the rival, so that both see the same weather.
  const half = Math.ceil(size.rounds / 2);
  const first = await timed(problem, base, half);
  const whole = size.wholeRounds > 0 ? await compared('highs', size.wholeRounds) : undefined;
  const second = await timed(problem, base, half);
  const small = size.name === '10x96' && seed === 1 ? await compared('javascript-lp-solver', 1) : undefined;
  return {
    size: size.name,
    seed,
    pairs: problem.sessions.reduce((sum, { arrive, depart }) => sum + depart - arrive, 0),
    solver: mine.solver,
    gap: mine.gap,
    residual: mine.certificate.primalResidual,
    timing: {
      leastMs: Math.min(first.leastMs, second.leastMs),
      medianMs: (first.medianMs + second.medianMs) / 2,
      processorMs: (first.processorMs + second.processorMs) / 2,
    },
    ...(whole === undefined ? {} : { whole }),
    ...(small === undefined ? {} : { small }),
  };
}

/** Slope of log(time) over log(pairs), least squares. */
function exponentOf(rows: readonly Row[]): number {
  const points = rows.map(({ pairs, timing }) => [Math.log(pairs), Math.log(timing.leastMs)] as const);
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const cross = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return cross / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** First call and memory of a fresh process. */
function cold(size: Size): { readonly firstMs: number; readonly rssMb: number } {
  const ran = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--cold', size.name], {
    encoding: 'utf8',
  });
  return JSON.parse(ran.stdout) as { firstMs: number; rssMb: number };
}

async function printCold(name: string): Promise<void> {
  const size = sizes.find((one) => one.name === name);
  if (size === undefined) throw new Error(`no size ${name}`);
  const problem = generatedDepot({ ...size.shape, seed: 1 });
  const from = performance.now();
  await solve(problem, base);
  const firstMs = performance.now() - from;
  console.log(JSON.stringify({ firstMs, rssMb: process.resourceUsage().maxRSS / 1024 }));
}

const ms = (value: number | undefined): string =>
  (value === undefined ? '-' : value.toFixed(value < 10 ? 2 : 0)).padStart(8);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { cold: { type: 'string' }, sizes: { type: 'string' }, out: { type: 'string' } },
  });
  if (values.cold !== undefined) return printCold(values.cold);
  const wanted = values.sizes?.split(',');
  const rows: Row[] = [];
  const colds: Record<string, { firstMs: number; rssMb: number }> = {};
  console.log(
    `load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')} on ${cpus().length} cores, ms`,
  );
  console.log(
    'size     seed   pairs    least   median processor  target  highs least  ratio      gap  difference',
  );
  for (const size of sizes) {
    if (wanted !== undefined && !wanted.includes(size.name)) continue;
    for (const seed of seeds) {
      const row = await measured(size, seed);
      rows.push(row);
      const ratio = row.whole === undefined ? '-' : `${(row.whole.leastMs / row.timing.leastMs).toFixed(1)}x`;
      console.log(
        size.name.padEnd(9) +
          String(seed).padStart(4) +
          String(row.pairs).padStart(8) +
          ms(row.timing.leastMs),
        ms(row.timing.medianMs) +
          ms(row.timing.processorMs) +
          ms(size.targetMs) +
          ms(row.whole?.leastMs).padStart(12),
        ratio.padStart(8) + row.gap.toExponential(1).padStart(9),
        (row.whole?.difference.toExponential(1) ?? '-').padStart(10) +
          (row.small === undefined ? '' : `  javascript-lp-solver ${row.small.leastMs.toFixed(0)} ms`),
      );
    }
    colds[size.name] = cold(size);
    console.log(`         first call ${ms(colds[size.name]?.firstMs)} ms, ${ms(colds[size.name]?.rssMb)} MB`);
  }
  const exponent = rows.length > seeds.length ? exponentOf(rows) : undefined;
  if (exponent !== undefined) console.log(`time grows with pairs to the ${exponent.toFixed(2)}`);
  console.log(
    `load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')} at the end`,
  );
  if (values.out === undefined) return;
  const text = JSON.stringify(
    { node: process.version, cpu: cpus()[0]?.model, load: loadavg(), exponent, colds, rows },
    null,
    1,
  );
  writeFileSync(values.out, `${text}\n`);
}

await main();
