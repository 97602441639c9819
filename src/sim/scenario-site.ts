/** The depot of a scenario: groups of stations spread out, day curves at 96 values. @module */
import type { Fault } from '#domain/fault';
import {
  obeysAll,
  phases,
  type Circuit,
  type Evse,
  type Phase,
  type Site,
  type Station,
  type StationCapability,
  type UncontrolledLoad,
} from '#domain/site';
import { amperes, seconds, watts } from '#domain/units';
import type { BehaviourDocument, ScenarioDocument, StationModelDocument } from './scenario-document.ts';

/** What the simulated hardware of one station does. */
export type Behaviour = Required<BehaviourDocument>;

/** All ids that a pattern stands for, in order: `A-{01..03}` is. */
export function idsOfPattern(pattern: string): readonly string[] {
  const match = /^(.*)\{(\d+)\.\.(\d+)\}(.*)$/.exec(pattern);
  if (match === null) return [pattern];
  const [, before = '', low = '0', high = '0', after = ''] = match;
  const ids: string[] = [];
  for (let n = Number(low); n <= Number(high); n++) {
    ids.push(`${before}${String(n).padStart(low.length, '0')}${after}`);
  }
  return ids;
}

/** 96 quarter-hourly watts from one value, 24 hourly or 96 quarter-hourly kilowatts. */
function quarterHoursW(curve: number | readonly number[]): readonly number[] {
  return Array.from({ length: 96 }, (_, quarter) => {
    if (typeof curve === 'number') return Math.round(curve * 1000);
    return Math.round((curve[curve.length === 24 ? Math.floor(quarter / 4) : quarter] ?? 0) * 1000);
  });
}

const rotationsOf: Readonly<Record<string, readonly Phase[]>> = {
  L1: [0],
  L2: [1],
  L3: [2],
  L1L2L3: [0, 1, 2],
  L2L3L1: [1, 2, 0],
  L3L1L2: [2, 0, 1],
  L1L3L2: [0, 2, 1],
  L2L1L3: [1, 0, 2],
  L3L2L1: [2, 1, 0],
};

const readableFacts = ['rateUnit', 'maxPeriods', 'maxStackLevel', 'maxProfiles'] as const;

function capabilityOf(model: StationModelDocument): StationCapability {
  const given = model.capability;
  const assumed = readableFacts.filter((name) => given[name] === undefined);
  return {
    rateUnit: given.rateUnit ?? (model.current === 'AC' ? 'A' : 'W'),
    maxPeriods: given.maxPeriods ?? 24,
    maxStackLevel: given.maxStackLevel ?? 8,
    maxProfiles: given.maxProfiles ?? 20,
    reactionS: seconds(given.reactionS ?? 10),
    keepsProfiles: given.keepsProfiles ?? 'floors',
    obeysLease: given.obeysLease ?? true,
    sharesStationCap: given.sharesStationCap ?? false,
    ...(given.switchesPhases === undefined ? {} : { switchesPhases: given.switchesPhases }),
    ...(given.obeys === undefined ? {} : { obeys: { ...obeysAll, ...given.obeys } }),
    ...(assumed.length === 0 ? {} : { assumed }),
  };
}

function behaviourOf(model: StationModelDocument): Behaviour {
  const capability = capabilityOf(model);
  return {
    reactionS: [Math.min(1, capability.reactionS), capability.reactionS],
    keepsProfiles: capability.keepsProfiles,
    bootS: 45,
    reconnectS: [15, 120],
    sampleIntervalS: 300,
    heartbeatIntervalS: 3600,
    ...model.behaviour,
  };
}

function evseOf(model: StationModelDocument, id: number, rotation: readonly Phase[], voltage: number): Evse {
  const dc = model.current === 'DC';
  const maxW = dc ? (model.maxKw ?? 0) * 1000 : (model.maxA ?? 0) * voltage * rotation.length;
  return {
    id,
    maxA: amperes(dc ? Math.ceil(maxW / 3 / voltage) : (model.maxA ?? 0)),
    maxW: watts(maxW),
    minA: amperes(model.minA ?? (dc ? 0 : 6)),
    stepA: amperes(model.stepA),
    rotation,
  };
}

function checkModel(model: StationModelDocument, at: number, faults: Fault[]): void {
  if (model.current === 'AC' && model.maxA === undefined) {
    faults.push({
      path: `stationModels[${at}].maxA`,
      rule: 'missing',
      fix: 'State the amperes per phase of an AC station.',
    });
  }
  if (model.current === 'DC' && model.maxKw === undefined) {
    faults.push({
      path: `stationModels[${at}].maxKw`,
      rule: 'missing',
      fix: 'State the kilowatts of a DC EVSE.',
    });
  }
  if (model.current === 'AC' && (model.minA ?? 0) > (model.maxA ?? Infinity)) {
    faults.push({
      path: `stationModels[${at}].minA`,
      value: String(model.minA),
      rule: 'above-rating',
      fix: 'State the least amperes that a vehicle starts at, not above maxA.',
    });
  }
  if (model.current === 'DC' && model.phases !== 3) {
    faults.push({
      path: `stationModels[${at}].phases`,
      rule: 'dc-phases',
      fix: 'A DC station loads three phases: write 3.',
    });
  }
}

function circuitsOf(document: ScenarioDocument, faults: Fault[]): readonly Circuit[] {
  const known = new Set<string>();
  return document.circuits.map((written, i) => {
    if ((written.parent === undefined) !== (i === 0) || known.has(written.id)) {
      faults.push({
        path: `circuits[${i}]`,
        value: written.id,
        rule: 'circuit-tree',
        fix: 'Ids are unique; the first circuit has no parent, all others have one.',
      });
    }
    if (written.parent !== undefined && !known.has(written.parent)) {
      faults.push({
        path: `circuits[${i}].parent`,
        value: written.parent,
        rule: 'unknown-circuit',
        fix: 'Name a circuit that stands further up.',
      });
    }
    known.add(written.id);
    return {
      id: written.id,
      ...(written.parent === undefined ? {} : { parent: written.parent }),
      limitA: amperes(written.limitA),
      ...(written.limitKw === undefined ? {} : { limitW: watts(Math.round(written.limitKw * 1000)) }),
    };
  });
}

function uncontrolledOf(
  document: ScenarioDocument,
  circuits: ReadonlySet<string>,
  faults: Fault[],
): readonly UncontrolledLoad[] {
  return document.building.map((load, i) => {
    if (!circuits.has(load.circuit)) {
      faults.push({
        path: `building[${i}].circuit`,
        value: load.circuit,
        rule: 'unknown-circuit',
        fix: 'Name a circuit of this scenario.',
      });
    }
    const expected = quarterHoursW(load.expectedKw);
    const bound = expected.map((power) => Math.ceil(power * (1 + load.boundMarginPercent / 100)));
    return {
      circuit: load.circuit,
      expectedW: expected.map(watts),
      boundW: (load.boundKw === undefined ? bound : quarterHoursW(load.boundKw)).map(watts),
      ...(load.phaseShares === undefined ? {} : { phaseShares: load.phaseShares }),
    };
  });
}

/** The site of a scenario and what its hardware does; what does not fit together goes into `faults`. */
export function buildSite(
  document: ScenarioDocument,
  faults: Fault[],
): { readonly site: Site; readonly behaviours: Readonly<Record<string, Behaviour>> } {
  const circuits = circuitsOf(document, faults);
  const circuitIds = new Set(circuits.map((circuit) => circuit.id));
  document.stationModels.forEach((model, i) => checkModel(model, i, faults));
  const models = new Map(document.stationModels.map((model) => [model.id, model]));
  const stations: Station[] = [];
  const behaviours: Record<string, Behaviour> = {};
  document.stations.forEach((group, i) => {
    const model = models.get(group.model);
    if (model === undefined || !circuitIds.has(group.circuit)) {
      faults.push({
        path: `stations[${i}].${model === undefined ? 'model' : 'circuit'}`,
        value: model === undefined ? group.model : group.circuit,
        rule: model === undefined ? 'unknown-model' : 'unknown-circuit',
        fix: 'Name one of this scenario.',
      });
      return;
    }
    const turns: readonly (readonly Phase[])[] =
      group.rotations?.map((name) => rotationsOf[name] ?? phases) ??
      (model.phases === 1 ? [[0], [1], [2]] : [phases, [1, 2, 0], [2, 0, 1]]);
    let turn = 0;
    for (const id of idsOfPattern(group.ids)) {
      if (behaviours[id] !== undefined || turns.some((rotation) => rotation.length !== model.phases)) {
        const twice = behaviours[id] !== undefined;
        faults.push({
          path: `stations[${i}].${twice ? 'ids' : 'rotations'}`,
          value: id,
          rule: twice ? 'duplicate-id' : 'rotation-phases',
          fix: twice ? 'Give every station an id of its own.' : 'Name as many phases as the model has.',
        });
      }
      behaviours[id] = behaviourOf(model);
      stations.push({
        id,
        version: model.ocpp,
        vendor: model.vendor,
        model: model.model,
        circuit: group.circuit,
        current: model.current,
        evses: Array.from({ length: model.evses }, (_, k) =>
          evseOf(model, k + 1, turns[turn++ % turns.length] ?? phases, document.voltageV),
        ),
        ...(model.moduleKw === undefined ? {} : { moduleW: watts(model.moduleKw * 1000) }),
        capability: capabilityOf(model),
        ...(group.password === undefined ? {} : { password: group.password }),
      });
    }
  });
  const uncontrolled = uncontrolledOf(document, circuitIds, faults);
  return {
    site: {
      id: document.id,
      timeZone: document.timeZone,
      voltage: document.voltageV,
      circuits,
      stations,
      uncontrolled,
    },
    behaviours,
  };
}
