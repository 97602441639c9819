/**
 * What a meter adds up for each line of a tariff, in whole millionths, so that sums do not depend on how a load is cut or
 * ordered: sums of A then B are the sums of both.
 * @module
 */
import type { Fault } from '#domain/fault';
import { instantOfIso, isoOf } from '#domain/instant';
import { epochS } from '#domain/units';
import type { BillingState, LineState, WindowState } from './billing-state.ts';
import { fault } from './faults.ts';
import { microOf, wholeOf } from './money.ts';
import type { Tariff, TariffLine } from './tariff.ts';

/** One high block: power in mW, start, local day as `YYYY-MM-DD`. */
export interface Top {
  readonly mw: number;
  readonly atS: number;
  readonly day: string;
}

/** Sums of one window. */
export interface WindowSums {
  mwh: number;
  soldMwh: number;
  /** Money of changing prices, in 1e-8 of the currency. */
  money: number;
  soldMoney: number;
  peakMw: number;
  /** Start of the highest block; -1 where none was measured. */
  peakAtS: number;
  /** Descending by power. */
  tops: Top[];
  /** The window held at some time. */
  touched: boolean;
  /** Energy fed in of earlier periods that is still to be set off. */
  bankMwh: number;
}

/** Energy that follows in one window on one day; `window` -1 fills tiers only. */
export interface Run {
  readonly window: number;
  readonly day: string;
  mwh: number;
}

/** Sums of one line. */
export interface LineSums {
  windows: WindowSums[];
  runs: Run[];
  charged: Map<string, number>;
  chargedEarlier: Map<string, number>;
  /** Of a least amount per year: money of the lines in its scope, in this period and in closed ones of the year. */
  scoped: number;
  scopedEarlier: number;
  levelMw: number | undefined;
  graceUsed: number;
  overInARow: number;
}

/** Sums of the connection. */
export interface SiteSums {
  mwh: number;
  peakMw: number;
  peakAtS: number;
  intervals: number;
  missing: number;
  seconds: number;
  days: number;
  lastDay: string;
}

/** Sums of the tariff year. */
export interface YearSums {
  start: string;
  mwh: number;
  peakMw: number;
  peakAtS: number;
  days: number;
  lastDay: string;
}

/** Money of series is kept in 1e-8 of the currency. */
export const seriesMoneyPerMicro = 100;

/** Nothing measured. */
export function noWindowSums(): WindowSums {
  return {
    mwh: 0,
    soldMwh: 0,
    money: 0,
    soldMoney: 0,
    peakMw: 0,
    peakAtS: -1,
    tops: [],
    touched: false,
    bankMwh: 0,
  };
}

/** Names of the sums that a line keeps: its windows, then its adders or calls. */
export function sumNamesOf(line: TariffLine): readonly string[] {
  switch (line.kind) {
    case 'energy':
      return [
        ...line.windows.map((window) => window.id),
        ...(line.adders ?? []).map((adder) => `+${adder.id}`),
      ];
    case 'demand':
    case 'load-factor-tiers':
      return line.windows.map((window) => window.id);
    case 'coincident':
      return line.calls.map((call) => call.start);
    case 'reactive':
    case 'credit':
      return ['all'];
    case 'subscription':
    case 'contracted-capacity':
    case 'price-pair':
    case 'fixed':
    case 'minimum-bill':
    case 'percent':
      return [];
  }
}

function instantOr(text: string | undefined): number {
  return text === undefined ? -1 : (instantOfIso(text) ?? -1);
}

function windowSumsOf(state: WindowState | undefined): WindowSums {
  if (state === undefined) return noWindowSums();
  return {
    mwh: microOf(state.kwh ?? 0),
    soldMwh: microOf(state.soldKwh ?? 0),
    money: Math.round((state.money ?? 0) * 1e8),
    soldMoney: Math.round((state.moneySold ?? 0) * 1e8),
    peakMw: microOf(state.peakKw ?? 0),
    peakAtS: instantOr(state.peakAt),
    tops: (state.tops ?? [])
      .map((top) => ({ mw: microOf(top.kw), atS: instantOr(top.at), day: top.day }))
      .sort((a, b) => b.mw - a.mw || a.atS - b.atS),
    touched: state.peakKw !== undefined,
    bankMwh: microOf(state.bankKwh ?? 0),
  };
}

function moneyMapOf(record: Readonly<Record<string, number>> | undefined): Map<string, number> {
  return new Map(Object.entries(record ?? {}).map(([key, value]) => [key, microOf(value)]));
}

/** Sums of a line as the state has them. */
export function lineSumsOf(line: TariffLine, state: LineState | undefined): LineSums {
  const names = sumNamesOf(line);
  return {
    windows: names.map((name) => windowSumsOf(state?.windows?.[name])),
    runs: (state?.runs ?? []).map((run) => ({
      window: run.window === null ? -1 : names.indexOf(run.window),
      day: run.day,
      mwh: microOf(run.kwh),
    })),
    charged: moneyMapOf(state?.charged),
    chargedEarlier: moneyMapOf(state?.chargedEarlier),
    scoped: microOf(state?.scoped ?? 0),
    scopedEarlier: microOf(state?.scopedEarlier ?? 0),
    levelMw: state?.levelKw === undefined ? undefined : microOf(state.levelKw),
    graceUsed: state?.graceUsed ?? 0,
    overInARow: state?.overInARow ?? 0,
  };
}

/** Sums of the connection as the state has them. */
export function siteSumsOf(state: BillingState['period']): SiteSums {
  return {
    mwh: microOf(state?.kwh ?? 0),
    peakMw: microOf(state?.peakKw ?? 0),
    peakAtS: instantOr(state?.peakAt),
    intervals: state?.intervals ?? 0,
    missing: state?.missing ?? 0,
    seconds: state?.seconds ?? 0,
    days: state?.days ?? 0,
    lastDay: state?.lastDay ?? '',
  };
}

/** Sums of the year as the state has them; those of another year are dropped. */
export function yearSumsOf(start: string, state: BillingState['year']): YearSums {
  const known = state?.start === start ? state : undefined;
  return {
    start,
    mwh: microOf(known?.kwh ?? 0),
    peakMw: microOf(known?.peakKw ?? 0),
    peakAtS: instantOr(known?.peakAt),
    days: known?.days ?? 0,
    lastDay: known?.lastDay ?? '',
  };
}

function instantField<K extends string>(key: K, atS: number): { readonly [k in K]?: string } {
  // The key is the type's own; a computed key widens to string.
  return (atS < 0 ? {} : { [key]: isoOf(epochS(atS)) }) as { readonly [k in K]?: string };
}

function windowStateOf(sums: WindowSums): WindowState {
  return {
    ...(sums.touched ? { peakKw: wholeOf(sums.peakMw) } : {}),
    ...instantField('peakAt', sums.peakAtS),
    ...(sums.tops.length === 0
      ? {}
      : {
          tops: sums.tops.map((top) => ({ kw: wholeOf(top.mw), at: isoOf(epochS(top.atS)), day: top.day })),
        }),
    ...(sums.mwh === 0 ? {} : { kwh: wholeOf(sums.mwh) }),
    ...(sums.soldMwh === 0 ? {} : { soldKwh: wholeOf(sums.soldMwh) }),
    ...(sums.money === 0 ? {} : { money: sums.money / 1e8 }),
    ...(sums.soldMoney === 0 ? {} : { moneySold: sums.soldMoney / 1e8 }),
    ...(sums.bankMwh === 0 ? {} : { bankKwh: wholeOf(sums.bankMwh) }),
  };
}

function moneyRecordOf(map: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...map].flatMap(([key, value]) => (value === 0 ? [] : [[key, wholeOf(value)]])));
}

function isNothing(map: ReadonlyMap<string, number>): boolean {
  return [...map.values()].every((value) => value === 0);
}

/** Sums of a line as the next bill takes them. */
export function lineStateOf(line: TariffLine, sums: LineSums): LineState {
  const names = sumNamesOf(line);
  const windows = Object.fromEntries(
    names.flatMap((name, k) => {
      const state = windowStateOf(sums.windows[k] ?? noWindowSums());
      return Object.keys(state).length === 0 ? [] : [[name, state]];
    }),
  );
  return {
    ...(Object.keys(windows).length === 0 ? {} : { windows }),
    ...(sums.runs.length === 0
      ? {}
      : {
          runs: sums.runs.map((run) => ({
            window: names[run.window] ?? null,
            day: run.day,
            kwh: wholeOf(run.mwh),
          })),
        }),
    ...(isNothing(sums.charged) ? {} : { charged: moneyRecordOf(sums.charged) }),
    ...(isNothing(sums.chargedEarlier) ? {} : { chargedEarlier: moneyRecordOf(sums.chargedEarlier) }),
    ...(sums.scoped === 0 ? {} : { scoped: wholeOf(sums.scoped) }),
    ...(sums.scopedEarlier === 0 ? {} : { scopedEarlier: wholeOf(sums.scopedEarlier) }),
    ...(sums.levelMw === undefined ? {} : { levelKw: wholeOf(sums.levelMw) }),
    ...(sums.graceUsed === 0 ? {} : { graceUsed: sums.graceUsed }),
    ...(sums.overInARow === 0 ? {} : { overInARow: sums.overInARow }),
  };
}

/** Sums of the connection as the next bill takes them. */
export function siteStateOf(sums: SiteSums): NonNullable<BillingState['period']> {
  return {
    kwh: wholeOf(sums.mwh),
    peakKw: wholeOf(sums.peakMw),
    ...instantField('peakAt', sums.peakAtS),
    intervals: sums.intervals,
    missing: sums.missing,
    seconds: sums.seconds,
    days: sums.days,
    ...(sums.lastDay === '' ? {} : { lastDay: sums.lastDay }),
  };
}

/** Sums of the year as the next bill takes them. */
export function yearStateOf(sums: YearSums): NonNullable<BillingState['year']> {
  return {
    start: sums.start,
    kwh: wholeOf(sums.mwh),
    peakKw: wholeOf(sums.peakMw),
    ...instantField('peakAt', sums.peakAtS),
    days: sums.days,
    ...(sums.lastDay === '' ? {} : { lastDay: sums.lastDay }),
  };
}

/** Faults of a state that speaks of lines or windows that the tariff does not have. */
export function stateFaults(tariff: Tariff, state: BillingState, prefix = 'state'): readonly Fault[] {
  const found: Fault[] = [];
  for (const [id, line] of Object.entries(state.lines)) {
    const known = tariff.lines.find((candidate) => candidate.id === id);
    if (known === undefined) {
      found.push(fault(`${prefix}.lines.${id}`, id, 'unknown-line', 'Name a line of the tariff.'));
      continue;
    }
    const names = sumNamesOf(known);
    const said = [
      ...Object.keys(line.windows ?? {}),
      ...(line.runs ?? []).flatMap((run) => run.window ?? []),
    ];
    for (const name of new Set(said)) {
      if (!names.includes(name)) {
        found.push(
          fault(
            `${prefix}.lines.${id}.windows.${name}`,
            name,
            'unknown-window',
            'Name a window of that line.',
          ),
        );
      }
    }
  }
  return found;
}
