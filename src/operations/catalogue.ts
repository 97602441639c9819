/**
 * Every ability of this program once: the command line, the schemas and the documents are made from this list. Each
 * entry loads its working part when it is first used.
 * @module
 */
import {
  billExample,
  compileExample,
  compositeExample,
  explainExample,
  optimiseExample,
  pricesExample,
  scenarioExample,
  serveExample,
  siteExample,
  stationExample,
  tariffCheckExample,
  tariffExplainExample,
  tariffExportExample,
  tariffImportExample,
  validateProfileExample,
} from './examples.ts';
import type { LiveOperation, Operation } from './operation.ts';

/** What answers from its document alone, in the order in which it is shown. */
export const operations: readonly Operation[] = [
  {
    name: 'plan',
    summary: 'Plans the vehicles of a scenario: certified schedule, shortfalls by name, cost, OCPP profiles.',
    example: scenarioExample,
    load: async () => (await import('./plan.ts')).plan,
  },
  {
    name: 'bill',
    summary: 'Bills a metered load, or a charging session, by a tariff: every line with its evidence.',
    example: billExample,
    load: async () => (await import('./bills.ts')).billBody,
  },
  {
    name: 'prices',
    summary: 'Tells the price of a kWh in each interval and the demand charges that it can raise.',
    example: pricesExample,
    load: async () => (await import('./bills.ts')).pricesBody,
  },
  {
    name: 'tariff check',
    summary: 'Checks a tariff and tells what it holds.',
    example: tariffCheckExample,
    load: async () => (await import('./tariffs.ts')).tariffCheckBody,
  },
  {
    name: 'tariff explain',
    summary: 'Explains a tariff line by line, and what one more kW would cost at an instant.',
    example: tariffExplainExample,
    load: async () => (await import('./tariffs.ts')).tariffExplainBody,
  },
  {
    name: 'tariff import',
    summary: 'Reads a tariff, prices or a load of another format, with a list of what is lost.',
    example: tariffImportExample,
    load: async () => (await import('./tariffs.ts')).tariffImportBody,
  },
  {
    name: 'tariff export',
    summary: 'Writes a tariff in another format, with a list of what that format cannot say.',
    example: tariffExportExample,
    load: async () => (await import('./tariffs.ts')).tariffExportBody,
  },
  {
    name: 'compile',
    summary: 'Compiles a limit over time into the OCPP profiles that make a charger follow it.',
    example: compileExample,
    load: async () => (await import('./profiles.ts')).compileBody,
  },
  {
    name: 'composite',
    summary:
      'Tells the composite schedule that installed charging profiles make, as the standard defines it.',
    example: compositeExample,
    load: async () => (await import('./profiles.ts')).compositeBody,
  },
  {
    name: 'validate-profile',
    summary: 'Tells every requirement of the standard that a charging profile breaks.',
    example: validateProfileExample,
    load: async () => (await import('./profiles.ts')).validateProfileBody,
  },
  {
    name: 'exposure',
    summary:
      'Tells what every circuit carries on each phase when all chargers have fallen back to their floors.',
    example: siteExample,
    load: async () => (await import('./exposure.ts')).exposure,
  },
  {
    name: 'optimise',
    summary: 'Solves a depot as a bare linear program, with duals and a certificate; no tariff, no OCPP.',
    example: optimiseExample,
    load: async () => (await import('#solver/operations')).optimise,
  },
  {
    name: 'explain',
    summary:
      'Explains the plan of a depot: limits that bind and their worth, who makes each peak, ways out for vehicles left short.',
    example: explainExample,
    load: async () => (await import('#solver/operations')).explain,
  },
  {
    name: 'scenario-check',
    summary: 'Checks a scenario and tells what it holds, without running it.',
    example: scenarioExample,
    load: async () => (await import('./scenario-check.ts')).scenarioCheck,
  },
];

/** What needs sockets, files or the clock, in the order in which it is shown. */
export const liveOperations = [
  {
    name: 'run',
    summary:
      'Runs a scenario end to end: engine, bus, OCPP over real sockets, simulated stations, faults, on a virtual clock.',
    example: scenarioExample,
    load: async () => (await import('./live.ts')).runForm,
  },
  {
    name: 'serve',
    summary: 'Runs the engine on the system clock for the stations of a site that connect by OCPP-J.',
    example: serveExample,
    load: async () => (await import('./live.ts')).serveForm,
  },
  {
    name: 'station',
    summary: 'Runs one simulated station over OCPP-J against any central system, on the system clock.',
    example: stationExample,
    load: async () => (await import('./live.ts')).stationForm,
  },
] as const satisfies readonly LiveOperation[];
