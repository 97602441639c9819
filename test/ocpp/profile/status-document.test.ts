import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readingNames } from '#ocpp/composite-answer';
import { advice16, rules16 } from '#ocpp/validate-profile-16';
import { rules21 } from '#ocpp/validate-profile-21';
import { advice201, rules2x } from '#ocpp/validate-profile-2x';

const root = new URL('../../../', import.meta.url);
const document = readFileSync(new URL('docs/ocpp-status.md', root), 'utf8');
/** Rows of requirement, words, status, test file. */
const rows = document
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 6 && /^(1\.6|2\.1|K|Q|R|Charging|Smart)/.test(cells[1] ?? ''))
  .map(([, requirement = '', , status = '', shownBy = '']) => ({ requirement, status, shownBy }));

describe('the status page', () => {
  test('has a row for each requirement that is checked, and checks what it says', () => {
    const named = (status: string): Set<string> =>
      new Set(rows.filter((row) => row.status === status).map((row) => row.requirement));
    expect(named('checked')).toEqual(
      new Set([...Object.keys(rules16), ...Object.keys(rules2x), ...Object.keys(rules21)]),
    );
    const mentioned = [...Object.keys(advice16), ...Object.keys(advice201)];
    for (const requirement of named('advice')) expect(mentioned).toContain(requirement);
  });

  test('names tests that exist and speak of the requirement', () => {
    expect(rows.length).toBeGreaterThan(90);
    for (const { requirement, status, shownBy } of rows) {
      const shown = !['message', 'station', 'open'].includes(status);
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

  test('names every reading and its default', () => {
    for (const [name, readings] of Object.entries(readingNames)) {
      const row = document.split('\n').find((line) => line.startsWith(`| ${name} |`));
      for (const reading of readings) expect(row, name).toContain(`\`${reading}\``);
    }
  });
});
