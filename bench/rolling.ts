/** A fleet's day in quarter hours: what a depot looks like one interval later. @module */
import type { Prng } from '#domain/prng';
import type { DepotProblem, Solution } from '#solver/problem';

/** Energy below which a vehicle is full, kWh. */
const fullKwh = 0.01;

/**
 * `problem` an interval after `solution` was sent: deliveries a little off, base load a little off, some departures moved.
 * The horizon keeps its length; its last interval is repeated.
 */
export function anIntervalLater(problem: DepotProblem, solution: Solution, prng: Prng): DepotProblem {
  const { intervals, intervalH } = problem;
  const later = (values: Float64Array): Float64Array =>
    Float64Array.from(values, (_, t) => values[Math.min(intervals - 1, t + 1)]!);
  const sessions = problem.sessions.flatMap((session, s) => {
    const moved = prng.next() < 0.03 ? prng.integer(-2, 2) : 0;
    const noise = 0.98 + 0.03 * prng.next();
    const arrive = Math.max(0, session.arrive - 1);
    const depart = Math.min(intervals, session.depart - 1 + moved);
    const sent = session.arrive === 0 ? (solution.powerKw[s]?.[0] ?? 0) * intervalH * noise : 0;
    const energyKwh = session.energyKwh - sent;
    return depart <= arrive || energyKwh < fullKwh ? [] : [{ ...session, arrive, depart, energyKwh }];
  });
  return {
    ...problem,
    sessions,
    price: later(problem.price),
    fixedLoadKw: later(problem.fixedLoadKw).map((kw) => kw * (0.98 + 0.04 * prng.next())),
    circuits: problem.circuits.map((circuit) => ({ ...circuit, limitKw: later(circuit.limitKw) })),
    demand: problem.demand.map((window) => ({
      ...window,
      counts: window.counts.map((_, t) => window.counts[Math.min(intervals - 1, t + 1)]!),
      blockOffset: (window.blockOffset + 1) % window.blockIntervals,
      blockPastKw: window.blockIntervals > 1 ? 0.5 * window.floorKw : 0,
    })),
  };
}
