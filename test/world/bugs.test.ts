/** Engines with one bug each: the worlds find them. All, with a table: WORLD_BUGS=all npx vitest run test/world/bugs */
import { describe, expect, test } from 'vitest';
import { hunt, type HuntLimits } from './bug-hunt.ts';
import { plantedBugs } from './planted-bugs.ts';

const tried = process.env['WORLD_BUGS'];
const all: HuntLimits = { connectors: 8, hours: 8, seedMax: 10_000, cpuMaxS: 60 };
const few: HuntLimits = { connectors: 6, hours: 6, seedMax: 20, cpuMaxS: 60 };

const quick = [
  'a raise leaves without being admitted',
  'the building is forgotten',
  'limits leave one ampere too high',
  'plans leave without an end',
];

test('there are forty at least, each with a name of its own', () => {
  expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(plantedBugs.length);
  expect(plantedBugs.length).toBeGreaterThanOrEqual(40);
});

describe('planted bugs', () => {
  for (const entry of plantedBugs.filter(({ name }) => tried !== undefined || quick.includes(name))) {
    if (tried !== undefined && tried !== 'all' && !entry.name.includes(tried)) continue;
    test(`is found: ${entry.name}`, async () => {
      const found = await hunt(entry, tried === undefined ? few : all);
      if (tried !== undefined)
        process.stdout.write(
          `| ${entry.name} | ${found.seed ?? '-'} | ${found.rule ?? 'not found'} | ${found.cpuS.toFixed(1)} |\n`,
        );
      expect(found.rule).toBeDefined();
    });
  }
});
