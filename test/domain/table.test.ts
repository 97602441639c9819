/** Tables: values by id that share their order. */
import { expect, test } from 'vitest';
import { tableOf } from '#domain/table';

test('a table is read by id, in the order of the characters, whatever the order of the object', () => {
  const table = tableOf({ b: 1, '10': 2, a: 3, '9': 4 });
  expect(table.ids).toEqual(['10', '9', 'a', 'b']);
  expect(table.values).toEqual([2, 4, 3, 1]);
  expect(table.get('9')).toBe(4);
  expect(table.get('c')).toBeUndefined();
  expect(table.get('constructor')).toBeUndefined();
});

test('another value leaves the table as it was; an id that it lacks is a fault of ours', () => {
  const table = tableOf({ a: 1, b: 2 });
  const next = table.with('b', 3);
  expect([table.values, next.values]).toEqual([
    [1, 2],
    [1, 3],
  ]);
  expect(next.ids).toBe(table.ids);
  expect(next.map((value, id) => `${id}${value}`).entries()).toEqual([
    ['a', 'a1'],
    ['b', 'b3'],
  ]);
  expect(() => table.with('c', 1)).toThrow(/keeps its ids/);
});

test('tables of the same ids have one order, and JSON has their entries', () => {
  expect(tableOf({ b: 1, a: 2 }).ids).toBe(tableOf({ a: 'x', b: 'y' }).ids);
  const text = JSON.stringify({ table: tableOf({ b: [1], a: [] }) });
  expect(text).toBe('{"table":{"a":[],"b":[1]}}');
  expect(tableOf(JSON.parse(text).table as Record<string, number[]>).get('b')).toEqual([1]);
});
