/**
 * What a plan puts on every limit: the total and the phases of circuits above the reserves, and modules. One row for each,
 * four to a circuit, then the modules. Source: docs/model.md, "Limits".
 * @module
 */
import { exposureFactor, powerCap } from '../exposure.ts';
import type { Plan } from '../plan.ts';
import type { Multipliers } from '../problem.ts';
import { overall } from './limits.ts';
import type { Limits } from './limits.ts';

/** Rows of a circuit: its total, its three phases. */
const rowsPerCircuit = 4;

/** See the module. */
export class Loads {
  readonly limits: Limits;
  readonly rows: number;
  /** Rows below this number are those of circuits. */
  readonly circuitRows: number;
  /** [rows * T] kW; Infinity where nothing limits. */
  readonly roomKw: Float64Array;
  /** [sessions + 1] and flat: rows that count each session, and kW they count per kW; modules last. */
  readonly start: Int32Array;
  readonly row: Int32Array;
  readonly weight: Float64Array;
  /** [sessions] power within the reserve, which circuits do not see, kW. */
  readonly freeKw: Float64Array;
  /** [sessions]. */
  readonly arrive: Int32Array;
  readonly depart: Int32Array;
  /** Per session, per interval of its stay: most power, kW. */
  readonly capKw: readonly Float64Array[];

  constructor(limits: Limits) {
    const { circuits, modules, sessions, connectors, intervals } = limits.problem;
    this.limits = limits;
    this.circuitRows = rowsPerCircuit * circuits.length;
    this.rows = this.circuitRows + modules.length;
    this.arrive = Int32Array.from(sessions, ({ arrive }) => arrive);
    this.depart = Int32Array.from(sessions, ({ arrive, depart }) => Math.max(arrive, depart));
    this.capKw = sessions.map((session) => {
      const { connector, arrive, depart } = session;
      const kw = new Float64Array(Math.max(0, depart - arrive));
      for (let i = 0; i < kw.length; i++) kw[i] = powerCap(session, connectors[connector], arrive + i);
      return kw;
    });
    this.roomKw = new Float64Array(this.rows * intervals);
    for (let row = 0; row < this.rows; row++) {
      const module = this.moduleOf(row);
      for (let t = 0; t < intervals; t++) {
        this.roomKw[row * intervals + t] =
          module >= 0 ? modules[module].maxKw : limits.roomKw(this.circuitOf(row), this.phaseOf(row), t);
      }
    }
    this.start = new Int32Array(sessions.length + 1);
    const rows: number[] = [];
    const weights: number[] = [];
    this.freeKw = Float64Array.from(sessions, (session, s) => {
      const connector = connectors[session.connector];
      const { total, phases } = limits.loads[limits.loadOf[s]];
      for (const g of limits.paths[session.connector]) {
        for (const [i, weight] of [total, ...phases].entries()) {
          if (weight === 0 || !this.#isLimited(rowsPerCircuit * g + i)) continue;
          rows.push(rowsPerCircuit * g + i);
          weights.push(weight);
        }
      }
      if (connector.module >= 0) {
        rows.push(this.circuitRows + connector.module);
        weights.push(1);
      }
      this.start[s + 1] = rows.length;
      return connector.reserveKw / exposureFactor(session, connector);
    });
    this.row = Int32Array.from(rows);
    this.weight = Float64Array.from(weights);
  }

  #isLimited(row: number): boolean {
    const { intervals } = this.limits.problem;
    return this.roomKw.subarray(row * intervals, (row + 1) * intervals).some((kw) => kw < Infinity);
  }

  /** Circuit of a row; -1 for a module's. */
  circuitOf(row: number): number {
    return row < this.circuitRows ? Math.floor(row / rowsPerCircuit) : -1;
  }

  /** Phase of a circuit's row; `overall` for its total. */
  phaseOf(row: number): number {
    return row % rowsPerCircuit === 0 ? overall : (row % rowsPerCircuit) - 1;
  }

  /** Row of a circuit's total or phase. */
  rowOf(circuit: number, phase: number): number {
    return rowsPerCircuit * circuit + phase + 1;
  }

  rowOfModule(module: number): number {
    return this.circuitRows + module;
  }

  /** Module of a row; -1 for a circuit's. */
  moduleOf(row: number): number {
    return Math.max(-1, row - this.circuitRows);
  }

  /** kW that `row` counts per kW of session `s`, within its reserve or above it. */
  weightOf(row: number, s: number, within: boolean): number {
    if (within && row < this.circuitRows) return 0;
    for (let i = this.start[s]; i < this.start[s + 1]; i++) if (this.row[i] === row) return this.weight[i];
    return 0;
  }

  /** [rows * T] what `plan` puts on each. */
  of({ powerKw, batteryKw, pvKw }: Plan): Float64Array {
    const { intervals } = this.limits.problem;
    const { start, row, weight, freeKw, arrive, circuitRows } = this;
    const load = new Float64Array(this.roomKw.length);
    for (let s = 0; s < powerKw.length; s++) {
      const kw = powerKw[s];
      for (let i = start[s]; i < start[s + 1]; i++) {
        const unseen = row[i] < circuitRows ? freeKw[s] : 0;
        const factor = weight[i];
        for (let k = 0, at = row[i] * intervals + arrive[s]; k < kw.length; k++, at++) {
          if (kw[k] > unseen) load[at] += factor * (kw[k] - unseen);
        }
      }
    }
    for (let t = 0; t < intervals; t++) {
      const site = (batteryKw?.[t] ?? 0) - (pvKw?.[t] ?? 0);
      for (let i = 0; i < rowsPerCircuit; i++) load[i * intervals + t] += i === 0 ? site : site / 3;
    }
    return load;
  }

  /** What `multipliers` say a kW of `row` at `t` is worth. */
  worthOf({ circuits, phases, modules }: Multipliers, row: number, t: number): number {
    const { intervals } = this.limits.problem;
    const [circuit, module, phase] = [this.circuitOf(row), this.moduleOf(row), this.phaseOf(row)];
    if (module >= 0) return modules[module * intervals + t];
    return phase === overall
      ? circuits[circuit * intervals + t]
      : phases[(3 * circuit + phase) * intervals + t];
  }

  /** Adds what a kW of `row` at `t` is worth. */
  addWorth({ circuits, phases, modules }: Multipliers, row: number, t: number, worth: number): void {
    const { intervals } = this.limits.problem;
    const [circuit, module, phase] = [this.circuitOf(row), this.moduleOf(row), this.phaseOf(row)];
    if (module >= 0) modules[module * intervals + t] += worth;
    else if (phase === overall) circuits[circuit * intervals + t] += worth;
    else phases[(3 * circuit + phase) * intervals + t] += worth;
  }
}
