/** Peaks of a bill with the connectors that made them: what a fleet manager asks first. @module */
import { instantOfIso } from '#domain/instant';
import type { Bill, BillLine } from './bill-form.ts';

/** Connectors named per peak. */
const connectorsMax = 10;

/** Mean power of each connector on the intervals of the bill's load. */
export interface ConnectorLoad {
  readonly startS: number;
  readonly intervalS: number;
  readonly kw: ReadonlyMap<string, Float64Array>;
}

function drawnAt(
  load: ConnectorLoad,
  atS: number,
  blockS: number,
): readonly { readonly id: string; readonly kw: number }[] {
  const from = Math.floor((atS - load.startS) / load.intervalS);
  const until = Math.max(from + 1, Math.ceil((atS + blockS - load.startS) / load.intervalS));
  const found: { id: string; kw: number }[] = [];
  for (const [id, values] of load.kw) {
    let sum = 0;
    for (let t = Math.max(0, from); t < until; t++) sum += values[t] ?? 0;
    const kw = Math.round((sum / (until - from)) * 1000) / 1000;
    if (kw > 0) found.push({ id, kw });
  }
  return found.sort((a, b) => b.kw - a.kw || (a.id < b.id ? -1 : 1)).slice(0, connectorsMax);
}

/** The bill with the connectors behind each peak that lies in their load; `blockMinutes` is the metering block. */
export function withConnectors(bill: Bill, load: ConnectorLoad, blockMinutes: number): Bill {
  const lineOf = (line: BillLine): BillLine => {
    const atS =
      line.evidence.intervalStart === undefined ? undefined : instantOfIso(line.evidence.intervalStart);
    if (atS === undefined || atS < load.startS) return line;
    const connectors = drawnAt(load, atS, blockMinutes * 60);
    return connectors.length === 0 ? line : { ...line, evidence: { ...line.evidence, connectors } };
  };
  return { ...bill, periods: bill.periods.map((period) => ({ ...period, lines: period.lines.map(lineOf) })) };
}
