/** A world needs nothing of the platform that differs from one run to the next: here whoever asks for it is refused. */

const refuse = (name: string) => (): never => {
  throw new Error(`${name} is not in a world`);
};

/** Clock, timers and chance, by their holder. A world never waits for the event loop, so nobody else meets these. */
const stubs: readonly (readonly [object, string])[] = [
  [globalThis, 'Date'],
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis, 'setImmediate'],
  [Math, 'random'],
  [performance, 'now'],
  [crypto, 'randomUUID'],
  [crypto, 'getRandomValues'],
];

/** Runs `play` with everything of the platform that differs from run to run replaced by what throws. */
export async function withoutPlatform<T>(play: () => Promise<T>): Promise<T> {
  const before = stubs.map(([holder, name]) => Object.getOwnPropertyDescriptor(holder, name));
  for (const [holder, name] of stubs)
    Object.defineProperty(holder, name, {
      // A constructor must be a function of the old kind; both ways of asking throw.
      value: Object.assign(
        function stub(): never {
          return refuse(name)();
        },
        { now: refuse(name) },
      ),
      configurable: true,
      writable: true,
    });
  try {
    return await play();
  } finally {
    stubs.forEach(([holder, name], i) => {
      const own = before[i];
      if (own === undefined) Reflect.deleteProperty(holder, name);
      else Object.defineProperty(holder, name, own);
    });
  }
}
