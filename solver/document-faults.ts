/** Everything that can be wrong with a depot document, in the document's own paths, one fault per fault. @module */
import type { Fault } from '#domain/fault';
import { faultValueOf } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import type { z } from 'zod';
import type { DepotDocument } from './document-schema.ts';
import { taperBreak, taperFix } from './validate.ts';

/** Most faults of one document that are worth reading. */
const faultsMax = 50;
/** Largest power, energy or price that floating point carries to 1e-6. */
const numberMax = 1e9;
/** Most intervals of stay of one document, beyond the horizon too: the answer holds a number for each. */
const pairsMax = 20_000_000;
/** Least share that passes through a battery; below it money is no longer a number. */
const efficiencyMin = 0.01;

/** `sessions[3].energyKwh` from its parts. */
function pathOf(parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return path === '' ? String(part) : `${path}.${String(part)}`;
  }, '');
}

/** The piece of `document` at `parts`. */
function valueAt(document: unknown, parts: readonly PropertyKey[]): unknown {
  return parts.reduce<unknown>((value, part) => {
    return typeof value === 'object' && value !== null
      ? (value as Record<PropertyKey, unknown>)[part]
      : undefined;
  }, document);
}

const rules: Readonly<Record<string, { readonly rule: string; readonly fix: string }>> = {
  invalid_type: { rule: 'wrong-type', fix: 'Give the type that is expected here' },
  invalid_union: { rule: 'wrong-type', fix: 'Give one of the forms that are expected here' },
  invalid_value: { rule: 'unknown-value', fix: 'Give one of the known values' },
  too_small: { rule: 'too-small', fix: 'Give a larger value' },
  too_big: { rule: 'too-large', fix: 'Give a smaller value' },
};

type Issue = z.core.$ZodIssue;

/** Issues of a value that has several forms: those of the form that was meant, with their full paths. */
function meantIssues(issue: Issue, document: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const value = valueAt(document, issue.path);
  if (typeof value !== 'object' || value === null) return [issue];
  const deepest = issue.errors.find((errors) => errors.some((inner) => inner.path.length > 0));
  if (deepest === undefined) return [issue];
  return deepest.flatMap((inner) =>
    meantIssues({ ...inner, path: [...issue.path, ...inner.path] }, document),
  );
}

function ruleOf(issue: Issue, value: unknown): { readonly rule: string; readonly fix: string } {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { rule: 'not-a-number', fix: 'Give a finite number' };
  }
  if (value === '') return { rule: 'empty-id', fix: 'Give it a name' };
  return rules[issue.code] ?? { rule: 'wrong-value', fix: 'Give a value that fits' };
}

/** The issues of the schema as faults; of each list at most the first few. */
export function schemaFaults(error: z.ZodError, document: unknown): Fault[] {
  const issues = error.issues.flatMap((issue) => meantIssues(issue, document));
  const faults = issues.slice(0, faultsMax).flatMap((issue): Fault[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pathOf([...issue.path, key]),
        rule: 'unknown-field',
        fix: 'Remove it, or spell it as the schema does.',
      }));
    }
    const value = valueAt(document, issue.path);
    const path = pathOf(issue.path);
    if (value === undefined) return [{ path, rule: 'missing', fix: 'Add it.' }];
    const text = faultValueOf(value);
    const { rule, fix } = ruleOf(issue, value);
    return [{ path, rule, fix: `${fix}: ${issue.message}.`, ...(text === undefined ? {} : { value: text }) }];
  });
  return faults.slice(0, faultsMax);
}

type Ids = ReadonlyMap<string, number>;

/** Collects faults up to a limit. */
class Faults {
  readonly list: Fault[] = [];

  add(path: string, value: unknown, rule: string, fix: string): void {
    if (this.list.length >= faultsMax) return;
    const text = faultValueOf(value);
    this.list.push({ path, rule, fix, ...(text === undefined ? {} : { value: text }) });
  }

  number(path: string, value: number | undefined, least: number, most = numberMax): void {
    if (value === undefined) return;
    if (value < least) this.add(path, value, 'too-small', `Give at least ${least}.`);
    else if (value > most) this.add(path, value, 'too-large', `Give at most ${most}.`);
  }

  /** A value for all intervals, or one for each: the first wrong one is told. */
  series(
    path: string,
    value: number | readonly number[] | undefined,
    length: number,
    { least, most = numberMax }: { readonly least: number; readonly most?: number },
  ): void {
    if (value === undefined || typeof value === 'number') {
      this.number(path, value, least, most);
      return;
    }
    if (value.length !== length) {
      this.add(path, `${value.length} values`, 'wrong-length', `Give ${length} values, one per interval.`);
      return;
    }
    const wrong = value.findIndex((one) => !(one >= least && one <= most));
    if (wrong >= 0) this.number(`${path}[${wrong}]`, value[wrong], least, most);
  }

  share(path: string, value: number | undefined): void {
    if (value === undefined || (value >= efficiencyMin && value <= 1)) return;
    this.add(path, value, 'bad-efficiency', `Give a share of at least ${efficiencyMin} and at most 1.`);
  }

  /** The index of each id; a fault for each that was there before. */
  ids(path: string, items: readonly { readonly id: string }[]): Ids {
    const index = new Map<string, number>();
    for (const [i, { id }] of items.entries()) {
      if (index.has(id)) this.add(`${path}[${i}].id`, id, 'duplicate-id', 'Name each one differently.');
      else index.set(id, i);
    }
    return index;
  }

  known(path: string, ids: Ids, id: string | null | undefined, kind: string): void {
    if (id === undefined || (id !== null && ids.has(id))) return;
    this.add(path, id, `unknown-${kind}`, `Name one of the ${kind}s of this document.`);
  }
}

/** Circuits that can be reached only in a ring, one fault per ring. */
function checkRings(document: DepotDocument, ids: Ids, faults: Faults): void {
  const { circuits } = document;
  const state = new Uint8Array(circuits.length);
  for (const start of circuits.keys()) {
    const path: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && at > 0 && state[at] === 0) {
      state[at] = 1;
      path.push(at);
      const { parent }: { parent: string | null } = circuits[at];
      at = parent === null ? undefined : ids.get(parent);
    }
    if (at !== undefined && at > 0 && state[at] === 1) {
      const ring = path.slice(path.indexOf(at)).map((g) => circuits[g].id);
      const fix = `Let every path upwards end at the grid connection: ${[...ring, ring[0]].join(' is fed by ')}.`;
      faults.add(`circuits[${at}].parent`, circuits[at].parent, 'circuit-cycle', fix);
    }
    for (const g of path) state[g] = 2;
  }
}

function checkTree(document: DepotDocument, faults: Faults): { circuits: Ids; modules: Ids } {
  const { intervals } = document;
  const circuits = faults.ids('circuits', document.circuits);
  const modules = faults.ids('modules', document.modules ?? []);
  for (const [g, circuit] of document.circuits.entries()) {
    const path = `circuits[${g}]`;
    faults.series(`${path}.limitKw`, circuit.limitKw, intervals, { least: 0, most: Infinity });
    const phases = circuit.phaseLimitKw;
    const phaseA = circuit.phaseLimitA;
    if (phases !== undefined && phaseA !== undefined) {
      faults.add(`${path}.phaseLimitA`, phaseA, 'given-twice', 'Give phase limits in kW or in A.');
    }
    for (const [field, limit] of [
      ['phaseLimitKw', phases],
      ['phaseLimitA', phaseA],
    ] as const) {
      if (limit === undefined || typeof limit === 'number')
        faults.number(`${path}.${field}`, limit, 0, Infinity);
      else {
        for (const phase of ['L1', 'L2', 'L3'] as const) {
          faults.series(`${path}.${field}.${phase}`, limit[phase], intervals, { least: 0, most: Infinity });
        }
      }
    }
    if (circuit.limitKw === undefined && phases === undefined && phaseA === undefined) {
      faults.add(
        `${path}.limitKw`,
        undefined,
        'missing',
        'Give the power or the phase limits of the circuit.',
      );
    }
    if (g > 0) faults.known(`${path}.parent`, circuits, circuit.parent, 'circuit');
    else if (circuit.parent !== null) {
      const fix = 'Put the grid connection first, with parent null.';
      faults.add(`${path}.parent`, circuit.parent, 'first-circuit-has-parent', fix);
    }
  }
  checkRings(document, circuits, faults);
  for (const [m, { maxKw }] of (document.modules ?? []).entries())
    faults.number(`modules[${m}].maxKw`, maxKw, 0);
  return { circuits, modules };
}

function checkConnectors(
  document: DepotDocument,
  tree: { circuits: Ids; modules: Ids },
  faults: Faults,
): Ids {
  const ids = faults.ids('connectors', document.connectors);
  for (const [c, connector] of document.connectors.entries()) {
    const path = `connectors[${c}]`;
    faults.known(`${path}.circuit`, tree.circuits, connector.circuit, 'circuit');
    faults.known(`${path}.module`, tree.modules, connector.module, 'module');
    faults.series(`${path}.maxKw`, connector.maxKw, document.intervals, { least: 0 });
    faults.number(`${path}.minKw`, connector.minKw, 0);
    faults.number(`${path}.stepKw`, connector.stepKw, 0);
    const { rotation, phases } = connector;
    if (connector.phaseSwitches !== undefined && pinsOf(connector) === 1) {
      const fix = 'Leave it out: one phase is all that this connector has.';
      faults.add(`${path}.phaseSwitches`, connector.phaseSwitches, 'bad-phases', fix);
    }
    if (rotation === undefined) continue;
    const pins = new Set(rotation);
    if (pins.size !== rotation.length || (pins.size !== 1 && pins.size !== 3)) {
      faults.add(`${path}.rotation`, rotation, 'bad-rotation', 'Give one phase, or all three in some order.');
    } else if (phases !== undefined && phases !== pins.size) {
      faults.add(
        `${path}.phases`,
        phases,
        'bad-phases',
        `Give ${pins.size}, as rotation does, or leave it out.`,
      );
    }
  }
  return ids;
}

type SessionDocument = DepotDocument['sessions'][number];

function checkTaper(session: SessionDocument, path: string, faults: Faults): void {
  const points = session.taper ?? [];
  for (const [i, point] of points.entries()) {
    faults.number(`${path}.taper[${i}].fromKwh`, point.fromKwh, 0);
    faults.number(`${path}.taper[${i}].maxKw`, point.maxKw, 0);
  }
  const broken = taperBreak(points);
  if (broken >= 0) faults.add(`${path}.taper[${broken}]`, points[broken], 'taper-not-concave', taperFix);
}

/** What a vehicle may give back, and what it must hold along the way. */
function checkStore(session: SessionDocument, path: string, faults: Faults): void {
  const { arrive, depart, dischargeKw, milestones = [] } = session;
  faults.share(`${path}.dischargeEfficiency`, session.dischargeEfficiency);
  faults.number(`${path}.heldKwh`, session.heldKwh, 0);
  faults.number(`${path}.roomKwh`, session.roomKwh, session.energyKwh);
  faults.number(`${path}.wearPerKwh`, session.wearPerKwh, 0);
  if (dischargeKw === undefined) {
    for (const field of ['dischargeEfficiency', 'heldKwh', 'roomKwh', 'wearPerKwh'] as const) {
      if (session[field] === undefined) continue;
      faults.add(
        `${path}.${field}`,
        session[field],
        'needs-discharge',
        'Give dischargeKw too, or leave this out.',
      );
    }
  }
  for (const [i, { by, energyKwh }] of milestones.entries()) {
    faults.number(`${path}.milestones[${i}].energyKwh`, energyKwh, 0, session.roomKwh ?? session.energyKwh);
    if (by > arrive && by <= depart) continue;
    const fix = `Give an interval after arrival (${arrive}) and not after departure (${depart}).`;
    faults.add(`${path}.milestones[${i}].by`, by, 'outside-stay', fix);
  }
}

function checkSessions(document: DepotDocument, connectors: Ids, faults: Faults): void {
  faults.ids('sessions', document.sessions);
  for (const [s, session] of document.sessions.entries()) {
    const path = `sessions[${s}]`;
    const { arrive, depart } = session;
    faults.known(`${path}.connector`, connectors, session.connector, 'connector');
    if (depart < arrive) {
      faults.add(`${path}.depart`, depart, 'window-reversed', `Depart at or after arrival (${arrive}).`);
    }
    faults.number(`${path}.energyKwh`, session.energyKwh, 0);
    faults.series(`${path}.maxKw`, session.maxKw, document.intervals, { least: 0 });
    faults.series(`${path}.dischargeKw`, session.dischargeKw, document.intervals, { least: 0 });
    faults.number(`${path}.shortfallPrice`, session.shortfallPrice, 0);
    faults.share(`${path}.efficiency`, session.efficiency);
    const connector = document.connectors[connectors.get(session.connector) ?? -1];
    if (session.phases === 3 && connector !== undefined && pinsOf(connector) === 1) {
      faults.add(`${path}.phases`, 3, 'bad-phases', `Connector ${connector.id} has one phase.`);
    }
    checkTaper(session, path, faults);
    checkStore(session, path, faults);
  }
  checkOverlaps(document, faults);
}

/** Phases behind the pins of a connector. */
export function pinsOf({ rotation, phases }: DepotDocument['connectors'][number]): number {
  return rotation?.length ?? phases ?? 3;
}

function checkOverlaps({ sessions }: DepotDocument, faults: Faults): void {
  const last = new Map<string, number>();
  const order = [...sessions.keys()]
    .filter((s) => sessions[s].depart > sessions[s].arrive)
    .sort((a, b) => sessions[a].arrive - sessions[b].arrive || a - b);
  for (const s of order) {
    const { connector, arrive, depart } = sessions[s];
    const before = last.get(connector);
    const until = before === undefined ? -1 : sessions[before].depart;
    if (before !== undefined && arrive < until) {
      const fix = `Let one vehicle stay at a time: ${sessions[before].id} is at ${connector} until ${until}.`;
      faults.add(`sessions[${s}].arrive`, arrive, 'sessions-overlap', fix);
    }
    if (depart > until) last.set(connector, s);
  }
}

function checkDemand(document: DepotDocument, faults: Faults): void {
  const windows = document.demand ?? [];
  faults.ids('demand', windows);
  for (const [k, window] of windows.entries()) {
    const path = `demand[${k}]`;
    faults.number(`${path}.pricePerKw`, window.pricePerKw, 0);
    faults.series(`${path}.intervals`, window.intervals, document.intervals, { least: 0 });
    faults.number(`${path}.floorKw`, window.floorKw, 0);
    faults.number(`${path}.meterOffset`, window.meterOffset, 0, (window.meterIntervals ?? 1) - 1);
    faults.number(`${path}.meterPastKw`, window.meterPastKw, -numberMax);
  }
}

function checkSources({ pv, battery, intervals }: DepotDocument, faults: Faults): void {
  faults.series('pv.kw', pv?.kw, intervals, { least: 0 });
  faults.series('pv.sellPrice', pv?.sellPrice, intervals, { least: -numberMax });
  if (battery === undefined) return;
  faults.number('battery.capacityKwh', battery.capacityKwh, 0);
  faults.number('battery.maxKw', battery.maxKw, 0);
  faults.share('battery.efficiency', battery.efficiency);
  faults.number('battery.initialKwh', battery.initialKwh, 0, Math.max(0, battery.capacityKwh));
  faults.number('battery.wearPerKwh', battery.wearPerKwh, 0);
}

/** All faults of a document of the right form, in its own order; empty where a problem can be made of it. */
export function documentFaults(document: DepotDocument): readonly Fault[] {
  const faults = new Faults();
  const { intervals, start } = document;
  if (start !== undefined && instantOfIso(start) === undefined) {
    faults.add('start', start, 'not-an-instant', 'Give an instant like 2026-01-31T18:00:00+01:00.');
  }
  const tree = checkTree(document, faults);
  const connectors = checkConnectors(document, tree, faults);
  checkSessions(document, connectors, faults);
  faults.series('fixedLoadKw', document.fixedLoadKw, intervals, { least: -numberMax });
  faults.series('price', document.price, intervals, { least: -numberMax });
  checkDemand(document, faults);
  checkSources(document, faults);
  faults.number('earliness', document.earliness, 0);
  const pairs = document.sessions.reduce((sum, { arrive, depart }) => sum + Math.max(0, depart - arrive), 0);
  if (pairs > pairsMax) {
    const fix = `Use fewer sessions or longer intervals: at most ${pairsMax} intervals of stay in all.`;
    faults.add('sessions', `${pairs} intervals of stay`, 'too-large', fix);
  }
  return faults.list;
}
