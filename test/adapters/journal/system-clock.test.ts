import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSystemClock } from '#adapters/system-clock';
import { epochS } from '#domain/units';

const start = 1_780_000_000;
beforeEach(() => {
  vi.useFakeTimers({ now: start * 1000 + 400 });
});
afterEach(() => {
  vi.useRealTimers();
});

test('now is the second that has begun', () => {
  expect(createSystemClock().now()).toBe(start);
});

test('a wake comes once its instant is reached, not before, and can be taken back', () => {
  const clock = createSystemClock();
  const woken: number[] = [];
  clock.at(epochS(start + 3600), () => woken.push(clock.now()));
  const stop = clock.at(epochS(start + 3600), () => woken.push(-1));
  stop();
  vi.advanceTimersByTime(3_599_500);
  expect(woken).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(woken).toEqual([start + 3600]);
  vi.advanceTimersByTime(10_000_000);
  expect(woken).toHaveLength(1);
});

test('an instant in the past wakes at once, but not inside the call', () => {
  const clock = createSystemClock();
  let woken = 0;
  clock.at(epochS(start - 5), () => woken++);
  expect(woken).toBe(0);
  vi.advanceTimersByTime(0);
  expect(woken).toBe(1);
});

test('set back by an hour the clock stands, then goes on', () => {
  const clock = createSystemClock();
  expect(clock.now()).toBe(start);
  vi.setSystemTime((start - 3600) * 1000);
  expect(clock.now()).toBe(start);
  vi.setSystemTime((start + 10) * 1000);
  expect(clock.now()).toBe(start + 10);
});

test('set forward by a day, a wake that lies in between comes within ten minutes', () => {
  const clock = createSystemClock();
  let woken = 0;
  clock.at(epochS(start + 43_200), () => woken++);
  vi.setSystemTime((start + 86_400) * 1000);
  vi.advanceTimersByTime(600_000);
  expect(woken).toBe(1);
});
