/** `scenario-check`: is this a scenario, and what is in it. @module */
import { isoOf } from '#domain/instant';
import { fail, ok } from '#domain/result';
import { scenarioOf } from '#sim/scenario';
import { scenarioSchema } from '#sim/scenario-document';
import { z } from 'zod';
import type { OperationBody } from './operation.ts';

const output = z.object({
  id: z.string(),
  title: z.string(),
  start: z.string(),
  end: z.string(),
  stations: z.int(),
  connectors: z.int(),
  circuits: z.int(),
  visits: z.int(),
  energyKwh: z.number(),
  faults: z.int(),
});

/** The working part of `scenario-check`. */
export const scenarioCheck: OperationBody = {
  input: scenarioSchema,
  output,
  handle: (document) => {
    const read = scenarioOf(document);
    if (!read.ok) return Promise.resolve(fail(read.problem));
    const { id, title, startS, endS, site, visits, faults } = read.value;
    return Promise.resolve(
      ok({
        id,
        title,
        start: isoOf(startS),
        end: isoOf(endS),
        stations: site.stations.length,
        connectors: site.stations.reduce((total, station) => total + station.evses.length, 0),
        circuits: site.circuits.length,
        visits: visits.length,
        energyKwh: visits.reduce((total, visit) => total + visit.energyWh, 0) / 1000,
        faults: faults.length,
      }),
    );
  },
};
