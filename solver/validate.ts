/** What a depot problem must fulfil before any engine may see it, as faults with paths. @module */
import { faultValueOf } from '#domain/fault';
import type { Fault } from '#domain/fault';
import type { Choice, DemandWindow, DepotProblem, Session, SiteCharge } from './problem.ts';

/** Most faults of one document that are worth reading. */
const faultsMax = 50;
/** Longest horizon: a year of 5-min intervals and some. */
export const intervalsMax = 120_000;
/** Largest power, energy or price that floating point carries to 1e-6. */
const numberMax = 1e9;
/** Most combinations of ways of charging: each may be a solve of its own, and needs a bound. */
export const waysMax = 192;

/** Collects faults up to a limit. */
class Faults {
  readonly list: Fault[] = [];

  add(path: string, value: unknown, rule: string, fix: string): void {
    if (this.list.length >= faultsMax) return;
    const text = faultValueOf(value);
    this.list.push({ path, rule, fix, ...(text === undefined ? {} : { value: text }) });
  }

  number(path: string, value: number, least: number, most = numberMax): void {
    if (Number.isNaN(value)) this.add(path, value, 'not-a-number', 'Give a number.');
    else if (value < least) this.add(path, value, 'too-small', `Give at least ${least}.`);
    else if (value > most) this.add(path, value, 'too-large', `Give at most ${most}.`);
  }

  whole(path: string, value: number, least: number, most = numberMax): void {
    if (!Number.isInteger(value)) this.add(path, value, 'not-whole', 'Give a whole number.');
    else this.number(path, value, least, most);
  }

  series(path: string, values: ArrayLike<number>, length: number, least: number, most = numberMax): void {
    if (values.length !== length) {
      this.add(path, values.length, 'wrong-length', `Give ${length} values, one per interval.`);
      return;
    }
    for (let t = 0; t < length; t++) {
      const value = values[t];
      if (!(value >= least && value <= most)) this.number(`${path}[${t}]`, value, least, most);
    }
  }

  unique(path: string, items: readonly { readonly id: string }[]): void {
    const seen = new Set<string>();
    for (const [i, { id }] of items.entries()) {
      if (id === '') this.add(`${path}[${i}].id`, id, 'empty-id', 'Give it a name.');
      if (seen.has(id)) this.add(`${path}[${i}].id`, id, 'duplicate-id', 'Name each one differently.');
      seen.add(id);
    }
  }
}

function checkTree(problem: DepotProblem, faults: Faults): void {
  const { circuits, connectors, modules, intervals } = problem;
  faults.unique('circuits', circuits);
  if (circuits.length === 0) faults.add('circuits', [], 'no-circuit', 'Name at least the grid connection.');
  for (const [g, circuit] of circuits.entries()) {
    const path = `circuits[${g}]`;
    // Below 0 only where PV or a battery may cover what uncontrolled load draws too much.
    const least = g === 0 && (problem.pv ?? problem.battery) !== undefined ? -numberMax : 0;
    faults.series(`${path}.limitKw`, circuit.limitKw, intervals, least, Infinity);
    for (const [phase, limit] of (circuit.phaseLimitKw ?? []).entries()) {
      faults.series(`${path}.phaseLimitKw[${phase}]`, limit, intervals, least, Infinity);
    }
    if (g === 0 && circuit.parent !== -1) {
      faults.add(
        `${path}.parent`,
        circuit.parent,
        'first-circuit-has-parent',
        'Put the grid connection first.',
      );
    }
    if (g > 0) checkAncestors(problem, g, faults);
  }
  faults.unique('modules', modules);
  for (const [m, module] of modules.entries()) faults.number(`modules[${m}].maxKw`, module.maxKw, 0);
  faults.unique('connectors', connectors);
  for (const [c, connector] of connectors.entries()) {
    const path = `connectors[${c}]`;
    faults.number(`${path}.maxKw`, connector.maxKw, 0);
    faults.number(`${path}.reserveKw`, connector.reserveKw, 0);
    faults.whole(`${path}.circuit`, connector.circuit, 0, circuits.length - 1);
    faults.whole(`${path}.module`, connector.module, -1, modules.length - 1);
    const pins = new Set(connector.rotation);
    const known = connector.rotation.every((pin) => pin === 0 || pin === 1 || pin === 2);
    if (!known || pins.size !== connector.rotation.length || (pins.size !== 1 && pins.size !== 3)) {
      faults.add(
        `${path}.rotation`,
        connector.rotation,
        'bad-rotation',
        'Give one phase, or all three in some order.',
      );
    }
  }
}

function checkAncestors(problem: DepotProblem, g: number, faults: Faults): void {
  const { circuits } = problem;
  const path = `circuits[${g}].parent`;
  const { parent } = circuits[g];
  if (!Number.isInteger(parent) || parent < 0 || parent >= circuits.length) {
    faults.add(path, parent, 'unknown-circuit', 'Name the circuit that feeds this one.');
    return;
  }
  let above = parent;
  for (let steps = 0; above > 0; steps++) {
    if (steps > circuits.length || above === g) {
      faults.add(
        path,
        circuits[parent].id,
        'circuit-cycle',
        'Every path upwards ends at the grid connection.',
      );
      return;
    }
    above = circuits[above].parent;
    if (above === undefined) return;
  }
}

/** The first point of a taper curve that does not fall ever more steeply as energy rises; -1 where all do. */
export function taperBreak(points: NonNullable<Session['taper']>): number {
  let steepest = 0;
  return points.findIndex((point, i) => {
    if (i === 0) return false;
    const before = points[i - 1];
    const slope = (before.maxKw - point.maxKw) / (point.fromKwh - before.fromKwh);
    const holds = point.fromKwh > before.fromKwh && slope >= steepest - 1e-9 * Math.max(1, steepest);
    steepest = Math.max(slope, steepest);
    return !holds;
  });
}

/** What to do about a taper curve that breaks. */
export const taperFix = 'Let energy rise and power fall from point to point, ever more steeply.';

function checkTaper(session: Session, path: string, faults: Faults): void {
  const points = session.taper ?? [];
  for (const [i, point] of points.entries()) {
    faults.number(`${path}.taper[${i}].fromKwh`, point.fromKwh, 0);
    faults.number(`${path}.taper[${i}].maxKw`, point.maxKw, 0);
  }
  const broken = taperBreak(points);
  if (broken >= 0) faults.add(`${path}.taper[${broken}]`, points[broken], 'taper-not-concave', taperFix);
}

function checkSession(problem: DepotProblem, s: number, faults: Faults): void {
  const session = problem.sessions[s];
  const path = `sessions[${s}]`;
  faults.whole(`${path}.arrive`, session.arrive, 0, problem.intervals);
  faults.whole(`${path}.depart`, session.depart, 0, problem.intervals);
  if (session.depart < session.arrive) {
    faults.add(`${path}.depart`, session.depart, 'window-reversed', 'Depart at or after arrival.');
  }
  faults.whole(`${path}.connector`, session.connector, 0, problem.connectors.length - 1);
  faults.number(`${path}.energyKwh`, session.energyKwh, 0);
  if (typeof session.maxKw === 'number') faults.number(`${path}.maxKw`, session.maxKw, 0, Infinity);
  else
    faults.series(`${path}.maxKw`, session.maxKw, Math.max(0, session.depart - session.arrive), 0, Infinity);
  faults.number(`${path}.minKw`, session.minKw, 0);
  faults.number(`${path}.stepKw`, session.stepKw, 0);
  if (session.countedPerKw !== undefined) faults.number(`${path}.countedPerKw`, session.countedPerKw, 1);
  faults.number(`${path}.shortfallPrice`, session.shortfallPrice, 0);
  if (session.phases !== 1 && session.phases !== 3) {
    faults.add(`${path}.phases`, session.phases, 'bad-phases', 'Give 1 or 3.');
  }
  checkTaper(session, path, faults);
}

function checkOverlaps(problem: DepotProblem, faults: Faults): void {
  const { sessions } = problem;
  const order = sessions
    .map((_, s) => s)
    .filter((s) => sessions[s].depart > sessions[s].arrive)
    .sort(
      (a, b) =>
        sessions[a].connector - sessions[b].connector || sessions[a].arrive - sessions[b].arrive || a - b,
    );
  for (let i = 1; i < order.length; i++) {
    const [before, after] = [sessions[order[i - 1]], sessions[order[i]]];
    if (before.connector !== after.connector || after.arrive >= before.depart) continue;
    const fix = `It overlaps with ${before.id} on the same connector: one vehicle at a time.`;
    faults.add(`sessions[${order[i]}].arrive`, after.arrive, 'sessions-overlap', fix);
  }
}

function checkWindow(problem: DepotProblem, window: DemandWindow, path: string, faults: Faults): void {
  faults.number(`${path}.pricePerKw`, window.pricePerKw, 0);
  faults.series(`${path}.intervals`, window.counts, problem.intervals, 0, 1);
  faults.number(`${path}.floorKw`, window.floorKw, 0);
  faults.whole(`${path}.meterIntervals`, window.blockIntervals, 1);
  faults.whole(`${path}.blockOffset`, window.blockOffset, 0, Math.max(0, window.blockIntervals - 1));
  faults.number(`${path}.blockPastKw`, window.blockPastKw, -numberMax);
}

function checkCharge(problem: DepotProblem, charge: SiteCharge, path: string, faults: Faults): void {
  faults.number(`${path}.price`, charge.price, 0);
  faults.number(`${path}.floor`, charge.floor, 0);
  faults.number(`${path}.free`, charge.free, 0, charge.floor);
  faults.whole(`${path}.largest`, charge.largest, 1);
  for (const [g, group] of charge.groups.entries()) {
    faults.number(`${path}.groups[${g}].least`, group.least, 0);
    for (const [f, form] of group.forms.entries()) {
      const at = `${path}.groups[${g}].forms[${f}]`;
      faults.number(`${at}.past`, form.past, -numberMax);
      for (const [i, t] of form.at.entries()) faults.whole(`${at}.at[${i}]`, t, 0, problem.intervals - 1);
      faults.series(`${at}.weight`, form.weight, form.at.length, 0);
    }
  }
}

function checkChoices(problem: DepotProblem, choices: readonly Choice[], faults: Faults): void {
  const known = new Map([
    ...problem.demand.map(({ id, pricePerKw }) => [id, pricePerKw] as const),
    ...(problem.charges ?? []).map(({ id, price }) => [id, price] as const),
  ]);
  faults.unique('choices', choices);
  for (const [c, { options }] of choices.entries()) {
    if (options.length === 0) faults.add(`choices[${c}].options`, [], 'no-option', 'Name at least one way.');
    for (const [o, option] of options.entries()) {
      const path = `choices[${c}].options[${o}]`;
      faults.number(`${path}.constant`, option.constant, -numberMax);
      if (option.perKwh !== undefined)
        faults.series(`${path}.perKwh`, option.perKwh, problem.intervals, -numberMax);
      for (const [id, price] of Object.entries(option.perUnit)) {
        faults.number(`${path}.perUnit.${id}`, price, -(known.get(id) ?? 0) - 1e-9);
        if (!known.has(id))
          faults.add(`${path}.perUnit.${id}`, id, 'unknown-charge', 'Name a demand window or charge.');
      }
      if (option.until === undefined && o + 1 < options.length)
        faults.add(`${path}.until`, undefined, 'missing', 'Only the last way may have no test.');
    }
  }
  const ways = choices.reduce((product, { options }) => product * options.length, 1);
  if (ways > waysMax) faults.add('choices', ways, 'too-many-ways', `Leave at most ${waysMax} combinations.`);
}

function checkSources(problem: DepotProblem, faults: Faults): void {
  const { pv, battery, intervals } = problem;
  if (pv !== undefined) {
    faults.series('pv.kw', pv.kw, intervals, 0);
    if (pv.sellPrice !== undefined) faults.series('pv.sellPrice', pv.sellPrice, intervals, -numberMax);
  }
  if (battery === undefined) return;
  faults.number('battery.capacityKwh', battery.capacityKwh, 0);
  faults.number('battery.maxKw', battery.maxKw, 0);
  faults.number('battery.efficiency', battery.efficiency, 0.01, 1);
  faults.number('battery.initialKwh', battery.initialKwh, 0, battery.capacityKwh);
  faults.number('battery.wearPerKwh', battery.wearPerKwh, 0);
}

/** All faults of `problem`, first ones first; empty where every engine may have it. */
export function problemFaults(problem: DepotProblem): readonly Fault[] {
  const faults = new Faults();
  const { intervals } = problem;
  faults.whole('intervals', intervals, 0, intervalsMax);
  faults.number('intervalMinutes', problem.intervalH * 60, 1e-6, 24 * 60);
  if (faults.list.length > 0) return faults.list;
  checkTree(problem, faults);
  faults.unique('sessions', problem.sessions);
  for (let s = 0; s < problem.sessions.length; s++) checkSession(problem, s, faults);
  checkOverlaps(problem, faults);
  faults.series('fixedLoadKw', problem.fixedLoadKw, intervals, -numberMax);
  faults.series('price', problem.price, intervals, -numberMax);
  faults.unique('demand', problem.demand);
  for (const [k, window] of problem.demand.entries()) checkWindow(problem, window, `demand[${k}]`, faults);
  const charges = problem.charges ?? [];
  faults.unique('charges', [...problem.demand, ...charges]);
  for (const [k, charge] of charges.entries()) checkCharge(problem, charge, `charges[${k}]`, faults);
  checkChoices(problem, problem.choices ?? [], faults);
  checkSources(problem, faults);
  faults.number('earliness', problem.earliness, 0);
  return faults.list;
}
