/**
 * What a year of quarter hours costs: windows of a time-of-use tariff laid on it (target 5 ms, and the ratio to luxon doing
 * the same in the same run), and its bill of 12 months and 10 lines (target 20 ms); then `voltherd bill` of the same year as
 * a program of its own, from start to answer (target 1 s). Least, median and processor time.
 *
 *     npx tsc -b bench && node dist/bench/tariffs.js
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { DateTime } from 'luxon';
import { instantOfIso } from '#domain/instant';
import { epochS, seconds } from '#domain/units';
import { billOf } from '#tariffs/bill';
import { costModelOf } from '#tariffs/cost-model-of';
import { frameOf } from '#tariffs/frame';
import { linePlansOf } from '#tariffs/meter';
import { parseTariff } from '#tariffs/parse-tariff';
import type { Tariff, TariffDocument } from '#tariffs/tariff';

const intervals = 35_040;
const zone = 'America/Los_Angeles';
const startS = instantOfIso('2026-01-01T08:00:00Z') ?? epochS(0);
const catalogue = fileURLToPath(new URL('../../tariffs/catalogue/', import.meta.url));
const document = JSON.parse(readFileSync(`${catalogue}us-sce-tou-8-d-2022.json`, 'utf8')) as TariffDocument;

function parsed(lines: TariffDocument['lines']): Tariff {
  const tariff = parseTariff({ ...document, lines });
  if (!tariff.ok) throw new Error(JSON.stringify(tariff.problem));
  return tariff.value;
}

/** Energy and the two demand lines of the document, three times over and one more: ten lines. */
const [energy, facilities, timeRelated] = document.lines;
if (energy === undefined || facilities === undefined || timeRelated === undefined)
  throw new Error('three lines');
const touOnly = parsed([energy]);
const tenLines = parsed([
  ...[1, 2, 3].flatMap((k) =>
    [energy, facilities, timeRelated].map((line) => ({ ...line, id: `${line.id} ${k}` })),
  ),
  { kind: 'fixed', id: 'customer', amount: 100, per: 'month' },
]);

let sink = 0;

interface Timing {
  readonly least: number;
  readonly median: number;
  readonly processor: number;
}

function timed(rounds: number, work: () => number): Timing {
  for (let k = 0; k < Math.min(20, rounds); k++) sink += work();
  const walls: number[] = [];
  const before = process.cpuUsage();
  for (let k = 0; k < rounds; k++) {
    const from = performance.now();
    sink += work();
    walls.push(performance.now() - from);
  }
  const used = process.cpuUsage(before);
  walls.sort((a, b) => a - b);
  return {
    least: walls[0] ?? 0,
    median: walls[rounds >> 1] ?? 0,
    processor: (used.user + used.system) / 1000 / rounds,
  };
}

function report(name: string, timing: Timing, target?: number): void {
  const { least, median, processor } = timing;
  const verdict = target === undefined ? '' : `, target ${target} ms: ${least <= target ? 'met' : 'MISSED'}`;
  const used = Number.isNaN(processor) ? '' : `, processor ${processor.toFixed(2)} ms`;
  console.log(`${name}: least ${least.toFixed(2)} ms, median ${median.toFixed(2)} ms${used}${verdict}`);
}

const kw = Float64Array.from(
  { length: intervals },
  (_, t) => 100 + 50 * Math.sin(t / 7) + (t % 96 > 70 ? 200 : 0),
);
const request = { tariff: touOnly, startS, intervalS: 900, intervals };

const expansion = timed(200, () => {
  const frame = frameOf(request);
  if (!frame.ok) throw new Error('frame');
  const plans = linePlansOf(frame.value);
  const plan = plans.ok ? plans.value[0] : undefined;
  return plan?.kind === 'energy' ? (plan.windows[intervals - 1] ?? 0) : 0;
});

/** The same windows by luxon, one DateTime per interval. */
const byLuxon = timed(3, () => {
  let sum = 0;
  for (let t = 0; t < intervals; t++) {
    const at = DateTime.fromSeconds(startS + t * 900, { zone });
    const summer = at.month >= 6 && at.month <= 9;
    const peak = at.hour >= 16 && at.hour < 21;
    sum += summer ? (peak ? (at.weekday <= 5 ? 0 : 1) : 2) : peak ? 3 : at.hour >= 8 && at.hour < 16 ? 5 : 4;
  }
  return sum;
});

const billing = timed(60, () => {
  const bill = billOf({ tariff: tenLines, start: startS, intervalS: 900, kw });
  return bill.ok ? bill.value.total : 0;
});

const planning = timed(200, () => {
  const model = costModelOf({ tariff: tenLines, grid: { startS, intervalS: seconds(900), count: 96 } });
  return model.ok ? model.value.constant : 0;
});

const program = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const input = JSON.stringify({
  tariff: { ref: 'us-sce-tou-8-d-2022' },
  calendar: { tz: zone, start: '2026-01-01T00:00', intervalMinutes: 15 },
  load: { kw: Array.from(kw) },
});

/** Wall time of the whole program; its processor time is not ours to read. */
function startToAnswer(rounds: number): Timing {
  const walls: number[] = [];
  for (let k = 0; k < rounds; k++) {
    const from = performance.now();
    const ran = spawnSync(process.execPath, [program, 'bill', '--json'], { input, maxBuffer: 1 << 26 });
    walls.push(performance.now() - from);
    if (ran.status !== 0) throw new Error(String(ran.stderr));
  }
  walls.sort((a, b) => a - b);
  return { least: walls[0] ?? 0, median: walls[rounds >> 1] ?? 0, processor: Number.NaN };
}

console.log(`${intervals} intervals, load average ${loadavg()[0]?.toFixed(2) ?? '?'}`);
report('time-of-use windows of a year', expansion, 5);
report('the same by luxon', byLuxon);
console.log(`ratio by processor time ${(byLuxon.processor / expansion.processor).toFixed(0)}`);
report('bill of 12 months and 10 lines', billing, 20);
report('cost model of 96 intervals and 10 lines', planning);
report('voltherd bill of a year with its start', startToAnswer(7), 1000);
if (Number.isNaN(sink)) console.log('no result');
