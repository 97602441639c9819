import { expect, test, vi } from 'vitest';
import { messageBytesMax } from '../../src/adapters/bus-limits.ts';
import { createMemoryBus } from '../../src/adapters/bus-memory.ts';
import { matchesSubject } from '../../src/adapters/subject-pattern.ts';
import { runBusCases } from './bus.cases.ts';

// All clients of one memory bus are one object, so closing one of two must not matter: each case gets a shared bus that
// closes when its last client closes.
let shared: { bus: ReturnType<typeof createMemoryBus>; clients: number } | undefined;
runBusCases('memory', async () => {
  shared ??= { bus: createMemoryBus(), clients: 0 };
  const mine = shared;
  mine.clients++;
  return {
    ...mine.bus,
    close: async () => {
      mine.clients--;
      if (mine.clients > 0) return;
      shared = undefined;
      await mine.bus.close();
    },
  };
});

test('no handler runs inside a publisher', async () => {
  const bus = createMemoryBus();
  const seen: string[] = [];
  bus.subscribe('n', () => seen.push('handled'));
  bus.publish('n', new Uint8Array());
  seen.push('published');
  await bus.flush();
  expect(seen).toEqual(['published', 'handled']);
});

test('a bus in memory knows who hears a subject, and forgets who has left', async () => {
  const bus = createMemoryBus();
  const seen: string[] = [];
  expect(bus.isHeard?.('a.b')).toBe(false);
  const own = bus.subscribe('a.>', ({ subject }) => seen.push(subject));
  expect(bus.isHeard?.('a.b')).toBe(true);
  expect(bus.isHeard?.('b.a')).toBe(false);
  bus.publish('a.b', '1');
  await bus.flush();
  bus.publish('a.c', '2');
  own.unsubscribe();
  await bus.flush();
  expect(bus.isHeard?.('a.b')).toBe(false);
  expect(seen).toEqual(['a.b']);
});

test('the text of a value is made for those who read it, and held to the bound then', async () => {
  const bus = createMemoryBus();
  const value = { kW: 1 };
  const told = {
    value,
    get text(): string {
      throw new Error('nobody asked');
    },
  };
  const seen: unknown[] = [];
  const heard = bus.subscribe('n', (message) => seen.push(message.value));
  bus.publish('n', told);
  await bus.flush();
  expect(seen).toEqual([value]);
  heard.unsubscribe();
  bus.subscribe('n', (message) => {
    expect(() => message.text).toThrow('a message fits');
    expect(() => message.data).toThrow('a message fits');
  });
  bus.publish('n', { value, text: 'x'.repeat(messageBytesMax + 1) });
  await bus.flush();
  expect.assertions(3);
});

test('a request that is too large is refused, and leaves no clock behind', async () => {
  const bus = createMemoryBus();
  bus.subscribe('n', ({ data, respond }) => respond?.(data));
  vi.useFakeTimers();
  await expect(bus.request('n', new Uint8Array(messageBytesMax + 1), 60)).rejects.toThrow('a message fits');
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test.each([
  ['a.b', 'a.b', true],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.>', 'a', false],
  ['a.>', 'a.b.c', true],
  ['*.b.>', 'x.b.c', true],
  ['a.b', 'a.b.c', false],
])('%s against %s is %s', (pattern, subject, expected) => {
  expect(matchesSubject(pattern, subject)).toBe(expected);
});
