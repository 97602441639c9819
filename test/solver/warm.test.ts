import { describe, expect, test } from 'vitest';
import { generatedDepot } from '#solver/generated';
import type { DepotProblem, Session, Solution, WarmStart } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';

/** More with VOLTHERD_INSTANCES=10000. */
const instances = Number(process.env['VOLTHERD_INSTANCES'] ?? 150);
const options = { continuous: true, gap: 1e-6 } as const;

async function cold(problem: DepotProblem): Promise<Solution> {
  return solve(problem, options);
}

async function warm(problem: DepotProblem, start: WarmStart | undefined, advanced = 0): Promise<Solution> {
  return solve(problem, start === undefined ? options : { ...options, warm: { ...start, advanced } });
}

const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(b));

/** Single changes that a day brings. */
const changes: Record<string, (problem: DepotProblem) => DepotProblem> = {
  'nothing changed': (problem) => problem,
  'a departure moved up': (problem) =>
    withSession(problem, 0, (session) =>
      typeof session.maxKw === 'number'
        ? { ...session, depart: Math.max(session.arrive, session.depart - 2) }
        : session,
    ),
  'a session ended': (problem) => ({ ...problem, sessions: problem.sessions.slice(1) }),
  'a session came': (problem) => {
    const [first] = problem.sessions;
    return first === undefined
      ? problem
      : {
          ...problem,
          connectors: [...problem.connectors, problem.connectors[first.connector]!],
          sessions: [...problem.sessions, { ...first, id: 'late', connector: problem.connectors.length }],
        };
  },
  'the base load rose': (problem) => ({
    ...problem,
    fixedLoadKw: problem.fixedLoadKw.map((kw) => 1.1 * kw + 1),
  }),
};

function withSession(problem: DepotProblem, at: number, change: (session: Session) => Session): DepotProblem {
  return {
    ...problem,
    sessions: problem.sessions.map((session, s) => (s === at ? change(session) : session)),
  };
}

/** The day from interval 1 on, after `powerKw` was delivered in interval 0. */
function intervalLater(problem: DepotProblem, powerKw: readonly Float64Array[]): DepotProblem {
  const later = (values: Float64Array): Float64Array => values.slice(1);
  return {
    ...problem,
    intervals: problem.intervals - 1,
    price: later(problem.price),
    fixedLoadKw: later(problem.fixedLoadKw),
    circuits: problem.circuits.map((circuit) => ({ ...circuit, limitKw: later(circuit.limitKw) })),
    demand: problem.demand.map((window) => ({ ...window, counts: window.counts.slice(1) })),
    sessions: problem.sessions.map((session, s) => ({
      ...session,
      arrive: Math.max(0, session.arrive - 1),
      depart: Math.max(0, session.depart - 1),
      energyKwh: session.energyKwh - (session.arrive === 0 ? (powerKw[s]?.[0] ?? 0) * problem.intervalH : 0),
    })),
  };
}

describe('a warm start', () => {
  for (const [name, change] of Object.entries(changes)) {
    test(`law: costs what a cold one costs when ${name}, on ${Math.ceil(instances / 5)} drawn depots`, async () => {
      let warmed = 0;
      for (let seed = 0; seed < instances / 5; seed++) {
        const problem = randomDepot({ seed: 3_000_000 + seed, plain: true });
        const { warm: start } = await cold(problem);
        if (start === undefined) continue;
        const next = change(problem);
        const [again, anew] = [await warm(next, start), await cold(next)];
        expect(relative(again.objective, anew.objective), `seed ${seed}`).toBeLessThan(1e-9);
        expect(again.certificate.valid, `seed ${seed}`).toBe(true);
        if (again.solver === 'structured') warmed++;
      }
      expect(warmed).toBeGreaterThan(instances / 10);
    });
  }

  const fleet = generatedDepot({ kind: 'last-mile', connectors: 44, intervals: 96, seed: 2 });

  test('an unchanged problem is answered in one round, with the very same powers', async () => {
    const first = await cold(fleet);
    expect(first.reasons).not.toContain('1 rounds, 1 flows');
    const again = await warm(fleet, first.warm);
    expect(again.reasons).toContain('1 rounds, 1 flows');
    again.powerKw.forEach((kw, s) =>
      kw.forEach((value, i) => expect(value).toBeCloseTo(first.powerKw[s]![i]!, 6)),
    );
  });

  test('an interval later the rest of the plan stands, and costs the rest', async () => {
    const first = await cold(fleet);
    const next = intervalLater(fleet, first.powerKw);
    const [again, anew] = [await warm(next, first.warm, 1), await cold(next)];
    expect(relative(again.objective, anew.objective)).toBeLessThan(1e-9);
    next.sessions.forEach(({ arrive, depart }, s) => {
      const skipped = fleet.sessions[s]!.arrive === 0 ? 1 : 0;
      for (let i = 0; i < depart - arrive; i++) {
        expect(again.powerKw[s]![i]).toBeCloseTo(first.powerKw[s]![i + skipped]!, 6);
      }
    });
  });

  test('equal inputs, the warm start among them, give equal bytes', async () => {
    const { warm: start } = await cold(fleet);
    const next = changes['a departure moved up']!(fleet);
    expect(await warm(next, start)).toEqual(await warm(next, start));
  });

  test('a start from another depot does no harm', async () => {
    const { warm: start } = await cold(fleet);
    const other = generatedDepot({ kind: 'two-shift', connectors: 20, intervals: 48, seed: 1 });
    const [again, anew] = [await warm(other, start), await cold(other)];
    expect(relative(again.objective, anew.objective)).toBeLessThan(1e-9);
  });
});
