/** The script of what goes wrong in the simulated depot. @module */
import type { DepotEvent } from '#domain/event';
import type { CommsRecord } from './comms-record.ts';
import type { Transport } from './transport.ts';
import type { PersonaName } from './scenario-document.ts';
import { circuitOf, type Scenario } from './scenario.ts';
import type { SimStation } from './station.ts';
import type { Truth } from './truth.ts';
import type { Schedule } from './world-visits.ts';

/** What faults act on. */
export interface FaultParts {
  readonly scenario: Scenario;
  readonly at: Schedule;
  readonly transport: Transport;
  readonly comms: CommsRecord;
  readonly truth: Truth;
  readonly stationOf: (id: string) => SimStation;
  readonly publish: (event: DepotEvent) => void;
  /** Sets the personas that a station has from now on. */
  readonly setPersonas: (stationId: string, names: readonly PersonaName[]) => void;
}

/** Puts the whole script on the clock; the engine's own crashes are the night's. */
export function scheduleFaults(parts: FaultParts): void {
  const { scenario, at, transport, comms, truth, stationOf, publish } = parts;
  const personas = new Map<string, readonly PersonaName[]>();
  const cutCounts = new Map<string, number>();
  const setCut = (stationId: string, by: 1 | -1): void => {
    const count = (cutCounts.get(stationId) ?? 0) + by;
    cutCounts.set(stationId, count);
    const state = count > 0 ? 'cut' : 'whole';
    comms.cut(stationId, state);
    transport.cut(stationId, state);
  };
  const change = (
    stationId: string,
    with_: (names: readonly PersonaName[]) => readonly PersonaName[],
  ): void => {
    const names = with_(personas.get(stationId) ?? []);
    personas.set(stationId, names);
    parts.setPersonas(stationId, names);
  };
  for (const fault of scenario.faults) {
    switch (fault.kind) {
      case 'cut':
        at(fault.fromS, () => setCut(fault.stationId, 1));
        at(fault.untilS, () => setCut(fault.stationId, -1));
        break;
      case 'reboot':
        at(fault.at, () => {
          comms.rebooting(fault.stationId);
          stationOf(fault.stationId).reboot();
        });
        break;
      case 'persona': {
        const { stationId, persona } = fault;
        at(fault.fromS, () => change(stationId, (names) => [...names, persona]));
        at(fault.untilS, () => change(stationId, (names) => names.filter((name) => name !== persona)));
        break;
      }
      case 'limit': {
        const { kind, circuit, limitA, limitW, fromS, untilS } = fault;
        const normal = circuitOf(scenario.site, circuit);
        const normalA = normal?.limitA ?? Infinity;
        const limits = {
          ...(limitA === undefined ? {} : { limitA }),
          ...(limitW === undefined ? {} : { limitW }),
        };
        at(fault.announcedAt, () => publish({ kind, circuit, ...limits, fromS, untilS }));
        at(fromS, () => truth.setLimit(circuit, limitA ?? normalA, limitW ?? normal?.limitW));
        at(untilS, () => truth.setLimit(circuit, normalA, normal?.limitW));
        break;
      }
      case 'engine-crash':
        break;
    }
  }
}
