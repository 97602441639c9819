/**
 * `exposure`: what every circuit carries when all chargers have fallen back to their floors and nobody answers any more,
 * on every phase, beside what the hardware could draw without them. Added up here by itself, not by the ledger.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { ok, type Result } from '#domain/result';
import { evseKey, phases, type Circuit, type Phase, type Site } from '#domain/site';
import { policyOf } from '#engine/policy';
import { floorsOfSite } from '#engine/start';
import { pathUp } from '#engine/places';
import { keepsFloors } from '#safety/exposure';
import type { OperationBody } from './operation.ts';
import { depotOf, siteSchema } from './site-document.ts';

const phaseRow = z.object({
  phase: z.enum(['L1', 'L2', 'L3']),
  limitA: z.number(),
  /** Highest bound of the day of loads that nobody controls. */
  uncontrolledA: z.number(),
  floorsA: z.number(),
  /** limit - uncontrolled - floors: what plans may share out. */
  marginA: z.number(),
  /** What chargers could draw without floors. */
  hardwareA: z.number(),
});

const output = z.object({
  site: z.string(),
  fits: z.boolean(),
  /** Why floors do not fit, with the arithmetic. */
  problem: z.string().optional(),
  circuits: z.array(
    z.object({
      circuit: z.string(),
      phases: z.array(phaseRow),
      power: z
        .object({ limitW: z.number(), uncontrolledW: z.number(), floorsW: z.number(), marginW: z.number() })
        .optional(),
    }),
  ),
  floors: z.array(z.object({ evse: z.string(), limit: z.number(), unit: z.enum(['A', 'W']) })),
});

type Exposure = z.output<typeof output>;

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** What one EVSE loads a phase with, A: under a limit in its station's unit. */
function phaseLoadA(
  site: Site,
  place: { readonly current: 'AC' | 'DC'; readonly rotation: readonly Phase[] },
  limit: number,
  phase: Phase,
): number {
  if (place.current === 'DC') return limit / 3 / site.voltage;
  return place.rotation.includes(phase) ? limit : 0;
}

/** Highest uncontrolled load at and below a circuit over the day, W, or A on a phase. */
function uncontrolledOn(site: Site, circuit: Circuit, on: 'total' | Phase): number {
  const below = site.uncontrolled.filter((load) => pathUp(site, load.circuit).includes(circuit.id));
  const day = Array.from({ length: 96 }, (_, quarter) =>
    below.reduce<number>((sum, { boundW, phaseShares = [1 / 3, 1 / 3, 1 / 3] }) => {
      const powerW = boundW[quarter] ?? 0;
      return sum + (on === 'total' ? powerW : (powerW * phaseShares[on]) / site.voltage);
    }, 0),
  );
  return day.reduce((a, b) => Math.max(a, b), 0);
}

interface Outlet {
  readonly key: string;
  readonly circuit: string;
  readonly current: 'AC' | 'DC';
  readonly rotation: readonly Phase[];
  readonly floor: number;
  readonly hardware: number;
}

function outletsOf(site: Site, floors: Readonly<Record<string, number>>): readonly Outlet[] {
  return site.stations.flatMap((station) =>
    station.evses.map((evse): Outlet => {
      const key = evseKey({ stationId: station.id, evseId: evse.id });
      // Two connectors on one module cannot draw more than the module, however they share it.
      const sharedW = (station.moduleW ?? Infinity) / station.evses.length;
      const hardware = station.current === 'AC' ? evse.maxA : Math.min(evse.maxW, sharedW);
      return {
        key,
        circuit: station.circuit,
        current: station.current,
        rotation: evse.rotation,
        // A station that keeps no floor has none to fall back to.
        floor: keepsFloors(station) ? (floors[key] ?? 0) : hardware,
        hardware,
      };
    }),
  );
}

function circuitRow(site: Site, circuit: Circuit, outlets: readonly Outlet[]): Exposure['circuits'][number] {
  const below = outlets.filter((outlet) => pathUp(site, outlet.circuit).includes(circuit.id));
  const fixedW = uncontrolledOn(site, circuit, 'total');
  const sumA = (phase: Phase, limitOf: (outlet: Outlet) => number): number =>
    below.reduce((sum, outlet) => sum + phaseLoadA(site, outlet, limitOf(outlet), phase), 0);
  const rows = phases.map((phase): z.output<typeof phaseRow> => {
    const uncontrolledA = uncontrolledOn(site, circuit, phase);
    const floorsA = sumA(phase, (outlet) => outlet.floor);
    return {
      phase: (['L1', 'L2', 'L3'] as const)[phase],
      limitA: circuit.limitA,
      uncontrolledA: rounded(uncontrolledA),
      floorsA: rounded(floorsA),
      marginA: rounded(circuit.limitA - uncontrolledA - floorsA),
      hardwareA: rounded(sumA(phase, (outlet) => outlet.hardware)),
    };
  });
  if (circuit.limitW === undefined) return { circuit: circuit.id, phases: rows };
  const floorsW = below.reduce(
    (sum, outlet) =>
      sum + (outlet.current === 'DC' ? outlet.floor : outlet.floor * site.voltage * outlet.rotation.length),
    0,
  );
  return {
    circuit: circuit.id,
    phases: rows,
    power: {
      limitW: circuit.limitW,
      uncontrolledW: rounded(fixedW),
      floorsW: rounded(floorsW),
      marginW: rounded(circuit.limitW - fixedW - floorsW),
    },
  };
}

function exposureOf(document: unknown): Result<Exposure, readonly Fault[]> {
  const depot = depotOf(document);
  if (!depot.ok) return depot;
  const policy = policyOf(depot.value.policy);
  if (!policy.ok) return policy;
  const { site } = depot.value;
  const floors = floorsOfSite(site, policy.value);
  const outlets = outletsOf(site, floors.ok ? floors.value : {});
  const circuits = site.circuits.map((circuit) => circuitRow(site, circuit, outlets));
  const isRoomy = circuits.every(
    (row) => row.phases.every((phase) => phase.marginA >= 0) && (row.power?.marginW ?? 0) >= 0,
  );
  return ok({
    site: site.id,
    fits: floors.ok && isRoomy,
    ...(floors.ok ? {} : { problem: floors.problem.message }),
    circuits,
    floors: outlets.map((outlet) => ({
      evse: outlet.key,
      limit: rounded(outlet.floor),
      unit: outlet.current === 'AC' ? ('A' as const) : ('W' as const),
    })),
  });
}

/** The working part of `exposure`. */
export const exposure: OperationBody = {
  input: siteSchema,
  output,
  handle: (document) => Promise.resolve(exposureOf(document)),
};
