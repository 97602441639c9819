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

test('a journal that nobody asks for at the end keeps only what a crash may ask for', () => {
  const calm = createCrashingJournal(['first'], [], () => true, 'after crashes');
  calm.open().append('a');
  expect(calm.count()).toBe(1);
  expect(calm.open().read()).toEqual(['first']);
  expect(() => calm.kept()).toThrow('asked for what it was to keep');
});

test('a journal that is lost in a crash is empty for the next process, and for a replay of all', () => {
  const crash = {
    switch: 'journal-lost' as const,
    kind: 'crash' as const,
    record: 2,
    when: 'after' as const,
    downS: 60,
    losesJournal: true as const,
    cutStations: [],
    cutS: 0,
  };
  const journal = createCrashingJournal(['first'], [crash], () => true);
  journal.open().append('a');
  expect(() => journal.open().append('b')).toThrow(EngineDeath);
  expect([journal.open().read(), journal.kept()]).toEqual([[], []]);
  journal.open().append('c');
  expect(journal.kept()).toEqual(['c']);
});
