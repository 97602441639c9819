import { expect, test } from 'vitest';
import { createCrashingJournal, EngineDeath } from '#sim/seeded/crashing-journal';

const now = (): number => 0;

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
  const journal = createCrashingJournal([], crashes, () => !heals, now);
  expect(() => journal.open().append('a')).toThrow(EngineDeath);
  heals = true;
  journal.open().append('b');
  expect(journal.kept()).toEqual(['b']);
});

test('a journal that nobody asks for at the end keeps only what a crash may ask for', () => {
  const calm = createCrashingJournal(['first'], [], () => true, now, 'after crashes');
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
  const journal = createCrashingJournal(['first'], [crash], () => true, now);
  journal.open().append('a');
  expect(() => journal.open().append('b')).toThrow(EngineDeath);
  expect([journal.open().read(), journal.kept()]).toEqual([[], []]);
  journal.open().append('c');
  expect(journal.kept()).toEqual(['c']);
});

const sudden = {
  switch: 'engine-crash' as const,
  kind: 'crash' as const,
  record: 2,
  downS: 60,
  cutStations: [],
  cutS: 0,
};

test('an engine that dies amid what follows from a record has written it, and sent so much of it', () => {
  const crash = { ...sudden, when: 'amid' as const, effects: 2 };
  const journal = createCrashingJournal([], [crash], () => true, now);
  journal.open().append('a');
  journal.leaves();
  journal.open().append('b');
  journal.leaves();
  journal.leaves();
  expect(() => journal.leaves()).toThrow(EngineDeath);
  expect(journal.kept()).toEqual(['a', 'b']);
  // The next process lives.
  journal.leaves();
});

test('an engine that dies amid fewer messages than it was to send dies before its next record', () => {
  const journal = createCrashingJournal([], [{ ...sudden, when: 'amid', effects: 9 }], () => true, now);
  for (const record of ['a', 'b']) journal.open().append(record);
  expect(() => journal.open().append('c')).toThrow(EngineDeath);
  expect(journal.kept()).toEqual(['a', 'b']);
});

test('a full disk takes no record of any process until there is room', () => {
  let atS = 0;
  const crash = { ...sudden, when: 'before' as const, fullS: 100 };
  const journal = createCrashingJournal(
    [],
    [crash],
    () => true,
    () => atS,
  );
  journal.open().append('a');
  for (atS of [0, 60, 99]) expect(() => journal.open().append('b')).toThrow(EngineDeath);
  atS = 100;
  journal.open().append('c');
  expect(journal.kept()).toEqual(['a', 'c']);
});
