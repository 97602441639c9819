import { expect, test } from 'vitest';
import { createConsoleLog } from '#adapters/log-console';

test('a message is one line; what would move a terminal is shown as a question mark', () => {
  const lines: string[] = [];
  const log = createConsoleLog((line) => lines.push(line));
  log.warn('bad \u001b[31mname\nof', { id: 'a\u009bb', n: 1 });
  log.info('plain');
  expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
    'warn bad ?[31mname?of {"id":"a?b","n":1}',
    'info plain',
  ]);
  expect(lines[0]).toMatch(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z /);
});
