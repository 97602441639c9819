import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/global.ts'],
    setupFiles: ['test/setup/properties.ts'],
    // Only for what hangs: a busy machine may take minutes over what takes seconds here.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    sequence: { shuffle: true },
    pool: 'forks',
    maxWorkers: 2,
  },
});
