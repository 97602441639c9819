/**
 * Every property draws from one seed, so that a run of the tests is repeated by running them again. Another seed searches
 * elsewhere: `PROPERTY_SEED=7 npx vitest run`. A failing property prints its own seed and path.
 * @module
 */
import { env } from 'node:process';
import { configureGlobal, readConfigureGlobal } from 'fast-check';

configureGlobal({ ...readConfigureGlobal(), seed: Number(env['PROPERTY_SEED'] ?? 20_260_701) });
