/** Multipliers as people ask for them: money per kW and per kWh. @module */
import { pathsOf, reserveLoadOf } from './exposure.ts';
import type { DepotProblem, Duals, Multipliers } from './problem.ts';

/**
 * What one more kW of each circuit saves in each interval, what one more kW of unpaid peak saves in each demand window,
 * and what one more kWh for each session costs. A circuit below its reserves has no marginal worth.
 */
export function dualsOf(problem: DepotProblem, multipliers: Multipliers): Duals {
  const { intervals, circuits } = problem;
  const reserve = reserveLoadOf(problem, pathsOf(problem));
  const { phases } = multipliers;
  return {
    circuits: circuits.map(({ limitKw }, g) => {
      const reserved = reserve.total[g];
      const worth = multipliers.circuits.slice(g * intervals, (g + 1) * intervals);
      for (let t = 0; t < intervals; t++) {
        if (limitKw[t] >= 0 && limitKw[t] < reserved) worth[t] = 0;
        for (let phase = 0; phase < 3 && phases.length > 0; phase++) {
          worth[t] += phases[(3 * g + phase) * intervals + t] / 3;
        }
      }
      return worth;
    }),
    demand: Float64Array.from(multipliers.blocks, (blocks) => blocks.reduce((sum, w) => sum + w, 0)),
    sessions: multipliers.sessions.map((price, s) => Math.min(price, problem.sessions[s].shortfallPrice)),
  };
}
