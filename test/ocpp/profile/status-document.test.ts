import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readingNames } from '#ocpp/composite-answer';
import { advice16, rules16 } from '#ocpp/validate-profile-16';
import { advice21, rules21 } from '#ocpp/validate-profile-21';
import { advice201, rules201, rules2x } from '#ocpp/validate-profile-2x';

const root = new URL('../../../', import.meta.url);
const document = readFileSync(new URL('docs/ocpp-status.md', root), 'utf8');
/** Rows of requirement, words, status, test file. */
const rows = document
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 6 && /^(1\.6|2\.[01]|K|Q|R|V2X|Charging|Smart)/.test(cells[1] ?? ''))
  .map(([, requirement = '', , status = '', shownBy = '']) => ({ requirement, status, shownBy }));

/** Requirements by use case. Source: OCPP 2.0.1 and 2.1 part 2 block K, errata of 2.1 up to 2025-09. */
const blockK: Readonly<Record<string, string>> = {
  K01: '1 to 17, 19 to 22, 26 to 59, 70 to 73, 80 to 82, 90 to 97, 100 to 105, 110 to 115, 120 to 126, 140 to 147',
  K02: '1 to 8',
  K03: '1 to 8',
  K04: '1 to 5',
  K05: '1 to 5',
  K06: '1, 2',
  K07: '1',
  K08: '1 to 9',
  K09: '1 to 6',
  K10: '1 to 9',
  K11: '1 to 7',
  K12: '1 to 5',
  K13: '1 to 3',
  K14: '1 to 6',
  K15: '1 to 22',
  K16: '1 to 14',
  K17: '1 to 19',
  K18: '1 to 24',
  K19: '1 to 16',
  K20: '1 to 5',
  K21: '1 to 10',
  K22: '1 to 6',
  K27: '1 to 5',
  K28: '1 to 15',
  K29: '1 to 8',
};

/** `1 to 3, 7` as `01`, `02`, `03`, `07`. */
function numbersOf(text: string): readonly string[] {
  return text.split(', ').flatMap((part) => {
    const [from = 0, to = from] = part.split(' to ').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => String(from + i).padStart(2, '0'));
  });
}

/** The requirements that a row names: `K28.FR.05 to 08, 10` names five. */
function requirementsOf(label: string): readonly string[] {
  const parts = /^(K\d\d)\.FR\.(.+)$/.exec(label);
  return parts === null ? [label] : numbersOf(parts[2] ?? '').map((number) => `${parts[1]}.FR.${number}`);
}

describe('the status page', () => {
  test('has a row for each requirement that is checked, and checks what it says', () => {
    const named = (status: string): Set<string> =>
      new Set(rows.filter((row) => row.status === status).map((row) => row.requirement));
    expect(named('checked')).toEqual(
      new Set([rules16, rules2x, rules201, rules21].flatMap((book) => Object.keys(book))),
    );
    const mentioned = [advice16, advice201, advice21].flatMap((book) => Object.keys(book));
    for (const requirement of named('advice')) expect(mentioned).toContain(requirement);
  });

  test('names tests that exist and speak of the requirement', () => {
    expect(rows.length).toBeGreaterThan(90);
    for (const { requirement, status, shownBy } of rows) {
      const shown = !['message', 'station', 'covered', 'unread', 'open'].includes(status);
      expect(shownBy !== '', requirement).toBe(shown);
      if (!shown) continue;
      const file = new URL(`test/ocpp/profile/${shownBy.replaceAll('`', '')}`, root);
      expect(existsSync(file), shownBy).toBe(true);
      const text = readFileSync(file, 'utf8');
      // `K01.FR.101 to 103` names three.
      const range = /^K01\.FR\.10[123]$/.test(requirement) ? 'K01.FR.101 to 103' : requirement;
      expect(text.includes(requirement) || text.includes(range), `${requirement} in ${shownBy}`).toBe(true);
    }
  });

  test('has a row for each requirement of block K', () => {
    const named = new Set(rows.flatMap(({ requirement }) => requirementsOf(requirement)));
    const missing = Object.entries(blockK).flatMap(([useCase, numbers]) =>
      numbersOf(numbers)
        .map((number) => `${useCase}.FR.${number}`)
        .filter((requirement) => !named.has(requirement)),
    );
    expect(missing).toEqual([]);
  });

  test('names every reading and its default', () => {
    for (const [name, readings] of Object.entries(readingNames)) {
      const row = document.split('\n').find((line) => line.startsWith(`| ${name} |`));
      for (const reading of readings) expect(row, name).toContain(`\`${reading}\``);
    }
  });
});
