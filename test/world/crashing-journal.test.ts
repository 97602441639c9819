import { expect, test } from 'vitest';
import { createCrashingJournal, EngineDeath } from '#sim/seeded/crashing-journal';

test('a crash falls on its record, and not once everything is to heal', () => {
  let heals = false;
  const crashes = [1, 2].map((record) => ({
    switch: 'engine-crash' as const,
    kind: 'crash' as const,
    record,
    when: 'before' as const,
    downS: 60,
    cutStations: [],
    cutS: 0,
  }));
  const journal = createCrashingJournal([], crashes, () => !heals);
  expect(() => journal.open().append('a')).toThrow(EngineDeath);
  heals = true;
  journal.open().append('b');
  expect(journal.kept()).toEqual(['b']);
});
