import { afterEach, expect, test, vi } from 'vitest';
import { bill, prices } from '#tariffs/operations';
import { catalogueDocument, catalogueIds, valueOf } from './builders.ts';
import { everyKind } from './every-kind.ts';

const lookUp = (id: string): unknown => (catalogueIds().includes(id) ? catalogueDocument(id) : undefined);
const zone = process.env['TZ'];

afterEach(() => {
  vi.useRealTimers();
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

/** Bills and prices of a night over each change of the clock, with a local start. */
function answers(): string {
  const made: unknown[] = [];
  for (const start of ['2026-03-07T20:00', '2026-10-24T20:00']) {
    for (const tariff of [everyKind, { ref: 'us-sce-tou-8-d-2022' }, { ref: 'se-ellevio-63a-2025' }]) {
      for (const tz of ['America/Los_Angeles', 'Europe/Berlin', 'Australia/Lord_Howe']) {
        const calendar = { tz, start, intervalMinutes: 15 };
        const load = { kw: Array.from({ length: 96 }, (_, t) => (t % 7) * 10 - 5) };
        made.push(
          valueOf(bill({ tariff, calendar, load }, lookUp)),
          valueOf(prices({ tariff, calendar, load }, lookUp)),
        );
      }
    }
  }
  return JSON.stringify(made);
}

test('the same bytes in any zone and season of the machine', () => {
  const first = answers();
  for (const [machine, now] of [
    ['Asia/Kathmandu', '2024-01-15T12:00:00Z'],
    ['America/Los_Angeles', '2026-07-15T12:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-24T18:00:00Z'],
    ['Africa/Casablanca', '2031-03-01T00:00:00Z'],
  ] as const) {
    process.env['TZ'] = machine;
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(now) });
    expect(answers()).toBe(first);
  }
});
