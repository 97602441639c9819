/**
 * Every ability of this program once: the command line, the schemas and the documents are made from this list. Each
 * entry loads its working part when it is first used.
 * @module
 */
import { scenarioExample } from './examples.ts';
import type { Operation } from './operation.ts';

/** The catalogue, in the order in which it is shown. */
export const operations: readonly Operation[] = [
  {
    name: 'scenario-check',
    summary: 'Checks a scenario and tells what it holds, without running it.',
    example: scenarioExample,
    load: async () => (await import('./scenario-check.ts')).scenarioCheck,
  },
];
