/** The bill of a world: one night in four has a demand charge with a window of local hours. @module */
import type { Prng } from '#domain/prng';
import type { BillPlan, LocalHours } from './world-plan.ts';

/** One night in so many has a tariff. */
const billedEvery = 4;

const hour = (h: number): string => `${String(h).padStart(2, '0')}:00`;

/** A tariff with a peak of the month and one of some hours of each day; undefined for a night without one. */
export function drawBill(prng: Prng, zone: string, clock: LocalHours): BillPlan | undefined {
  if (prng.integer(1, billedEvery) !== 1) return undefined;
  // Some windows begin or end within the hour that a change of the clocks leaves out or repeats.
  const fromH = prng.integer(0, 22);
  const untilH = prng.integer(fromH + 1, Math.min(24, fromH + 6));
  return {
    windows: [
      { id: 'all', fromH: 0, untilH: 24 },
      { id: 'hours', fromH, untilH },
    ],
    clock,
    tariff: {
      schema: 'voltherd-tariff/1',
      id: 'seeded',
      name: 'Seeded',
      currency: 'EUR',
      timezone: zone,
      source: { title: 'drawn from a seed', date: '2026-01-01' },
      lines: [
        { kind: 'energy', id: 'energy', windows: [{ id: 'all', when: 'always', price: 0.2 }] },
        {
          kind: 'demand',
          id: 'demand',
          windows: [
            { id: 'all', when: 'always', price: 5 },
            { id: 'hours', when: [{ from: hour(fromH), to: hour(untilH) }], price: 12 },
          ],
        },
      ],
    },
  };
}
