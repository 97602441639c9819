/**
 * How long composites and compiled plans take on this machine: a composite of 20 stacked profiles over 24 h (target
 * below 50 microseconds) and 44 stations x 96 periods compiled and checked (target below 20 ms).
 *
 *     npx tsc -b bench && node dist/bench/ocpp.js
 *
 * @module
 */
import { loadavg } from 'node:os';
import { prngOf } from '#domain/prng';
import type { Evse, Station } from '#domain/site';
import { stepFunctionOf, type StepFunction } from '#domain/step-function';
import { amperes, epochS, later, seconds, watts } from '#domain/units';
import { compileFloors, compilePlan } from '#ocpp/compile';
import { limitOf, type LimitInput } from '#ocpp/composite';
import type { InstalledProfile } from '#ocpp/profile';

const nowS = epochS(1_767_225_600);
const rounds = 25;

/** 20 profiles of four purposes and all kinds, some with gaps, 4 to 24 periods each. */
function stackedProfiles(): readonly InstalledProfile[] {
  const random = prngOf(44);
  const purposes = [
    'ChargingStationMaxProfile',
    'TxDefaultProfile',
    'TxDefaultProfile',
    'TxProfile',
  ] as const;
  return Array.from({ length: 20 }, (_, i) => {
    const purpose = purposes[i % 4] ?? 'TxProfile';
    const recurring = i % 3 === 0;
    const count = random.integer(4, 24);
    const everyS = Math.floor((random.integer(6, 20) * 3600) / count);
    const periods = Array.from({ length: count }, (_, k) => ({
      startS: k * everyS,
      limit: random.integer(0, 320) / 10,
      numberPhases: 3,
    }));
    return {
      evseId: purpose === 'ChargingStationMaxProfile' ? 0 : i % 8 === 1 ? 0 : 1,
      profile: {
        id: i + 1,
        stackLevel: Math.floor(i / 4),
        purpose,
        kind: recurring ? ('Recurring' as const) : ('Absolute' as const),
        ...(recurring ? { recurrency: 'Daily' as const } : {}),
        schedules: [
          {
            startAt: later(nowS, -random.integer(0, recurring ? 864_000 : 20_000)),
            durationS: count * everyS,
            unit: i % 5 === 0 ? ('W' as const) : ('A' as const),
            periods,
          },
        ],
      },
    };
  });
}

function stationOf(k: number): Station {
  const evse: Evse = {
    id: 1,
    maxA: amperes(32),
    maxW: watts(22_080),
    minA: amperes(6),
    stepA: amperes(1),
    rotation: [0, 1, 2],
  };
  return {
    id: `cp${k}`,
    version: '1.6',
    vendor: 'V',
    model: 'M',
    circuit: 'grid',
    current: 'AC',
    evses: [evse],
    capability: {
      rateUnit: 'A',
      maxPeriods: 24,
      maxStackLevel: 5,
      maxProfiles: 10,
      reactionS: seconds(10),
      keepsProfiles: 'all',
      obeysLease: true,
      sharesStationCap: true,
    },
  };
}

/** 96 quarter hours; `levels` different values in a row of runs, so that more or fewer of them merge. */
function limitsOf(seed: number, levels: number): StepFunction {
  const random = prngOf(seed);
  return stepFunctionOf(
    Array.from({ length: 96 }, (_, t) => [later(nowS, t * 900), (random.integer(0, levels) * 32) / levels]),
  );
}

/** Milliseconds of the fastest and the middle of `rounds` runs. */
function timed(run: () => number): { readonly bestMs: number; readonly medianMs: number } {
  let consumed = 0;
  for (let i = 0; i < 3; i++) consumed += run();
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    consumed += run();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  if (!Number.isFinite(consumed)) throw new Error('a run gave no number');
  return { bestMs: times[0] ?? 0, medianMs: times[Math.floor(rounds / 2)] ?? 0 };
}

function report(name: string, run: () => number, per: number, targetMs: number): void {
  const { bestMs, medianMs } = timed(run);
  const scale = targetMs < 1 ? 1000 : 1;
  const unit = targetMs < 1 ? 'us' : 'ms';
  const figure = (ms: number): string => ((ms / per) * scale).toFixed(2);
  console.log(
    `${name}: best ${figure(bestMs)} ${unit}, median ${figure(medianMs)} ${unit}, target ${targetMs * scale} ${unit}`,
  );
}

const stacked: LimitInput = {
  version: '1.6',
  installed: stackedProfiles(),
  transactions: [{ evseId: 1, id: '1', startedAt: nowS }],
  evseId: 1,
  from: nowS,
  until: later(nowS, 86_400),
  electrical: { voltage: 230, phases: 3 },
  unit: 'A',
};

function compiledDepot(levels: number): number {
  let periods = 0;
  for (let k = 0; k < 44; k++) {
    const station = stationOf(k);
    const floors = compileFloors({ station, floors: [{ evseId: 1, limit: 6 }], stationMax: 32, now: nowS });
    const compiled = compilePlan({
      station,
      evseId: 1,
      transactionId: '1',
      limit: limitsOf(k, levels),
      leaseS: 86_400,
      now: nowS,
      raiseDelayS: 30,
      floors,
    });
    if (!compiled.ok) throw new Error(compiled.problem.message);
    periods += compiled.value.profile.schedules[0]?.periods.length ?? 0;
  }
  return periods;
}

console.log(
  `load average ${loadavg()
    .map((one) => one.toFixed(2))
    .join(' ')}, node ${process.version}`,
);
console.log(`pieces of the stacked composite: ${limitOf(stacked).value.length}`);
report(
  'composite, 20 stacked profiles over 24 h',
  () => {
    let total = 0;
    for (let i = 0; i < 1000; i++) total += limitOf(stacked).value.length;
    return total;
  },
  1000,
  0.05,
);
for (const levels of [1, 2, 32]) {
  report(
    `44 stations x 96 periods compiled and checked, ${levels + 1} levels`,
    () => compiledDepot(levels),
    1,
    20,
  );
}
