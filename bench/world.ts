/**
 * Seeded worlds in numbers: how fast they are, and what cut-off stations are counted with beside what they draw.
 * Run: `tsc -b bench && node dist/bench/world.js [worlds] [connectors] [hours] [first seed]`.
 */
import { createMemoryBus } from '#adapters/bus-memory';
import { planForward, planStartOf } from '#adapters/world-planner';
import { createLoop } from '#engine/loop';
import { exposureOf } from '#safety/ledger';
import { valueAt } from '#domain/step-function';
import { worldPlanOf } from '#sim/seeded/draw-world';
import { playWorld } from '#sim/seeded/play-world';

const [worlds = 10, connectors = 44, hours = 12, first = 1] = process.argv.slice(2).map(Number);
const sampleEveryS = 60;
let samples = 0;
let below = 0;
let countedWh = 0;
let ratedWh = 0;
let drawnWh = 0;
let broken = 0;
let playedS = 0;
const began = process.cpuUsage();

for (let seed = first; seed < first + worlds; seed++) {
  const plan = worldPlanOf({ seed, connectors, hours, allowed: ['cut', 'partition', 'half-open'] });
  let next = 0;
  const outcome = await playWorld({
    plan,
    bus: createMemoryBus(),
    createLoop,
    solve: (problem) => Promise.resolve(planForward(problem, planStartOf(seed))),
    onQuiet: (world, state, now) => {
      if (state === undefined || now < next || now < plan.scenario.startS + 900) return;
      next = now + sampleEveryS;
      for (const [id, station] of world.stations) {
        if (station.isConnected() || plan.rogues[id] !== undefined) continue;
        const drawW = station.outlets.reduce((sum, outlet) => sum + outlet.drawW, 0);
        const boundW = valueAt(exposureOf(state.site, state.ledger, id).totalW, now);
        const rated = station.station.evses.reduce<number>((sum, evse) => sum + evse.maxW, 0);
        samples++;
        if (boundW + 1 < drawW) below++;
        countedWh += (boundW * sampleEveryS) / 3600;
        ratedWh += (Math.min(rated, station.station.moduleW ?? Infinity) * sampleEveryS) / 3600;
        drawnWh += (drawW * sampleEveryS) / 3600;
      }
    },
  });
  if (outcome.breach !== undefined) {
    broken++;
    console.log(`seed ${seed}: ${outcome.breach.rule}: ${outcome.breach.text}`);
  }
  playedS += outcome.playedS;
}

const { user, system } = process.cpuUsage(began);
const cpuS = (user + system) / 1e6;
console.log(`${worlds} worlds of ${connectors} connectors, ${broken} broke a rule`);
console.log(`${Math.round((playedS / 3600 / cpuS) * 60)} depot-hours per minute of processor time`);
console.log(`${samples} samples of cut-off stations, bound below the draw in ${below}`);
console.log(
  `counted ${Math.round(countedWh / 1000)} kWh, full rating ${Math.round(ratedWh / 1000)} kWh ` +
    `(${(100 * (1 - countedWh / ratedWh)).toFixed(1)} % less), drawn ${Math.round(drawnWh / 1000)} kWh`,
);
