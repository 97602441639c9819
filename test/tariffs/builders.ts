/** Tariffs and loads for tests; each states only what matters to its test. @module */
import { readFileSync } from 'node:fs';
import { instantOfIso } from '#domain/instant';
import type { EpochS } from '#domain/units';
import type { Bill } from '#tariffs/bill-form';
import { parseTariff } from '#tariffs/parse-tariff';
import type { Tariff, TariffDocument } from '#tariffs/tariff';

type Partial_ = Partial<TariffDocument>;

/** A checked tariff with the given lines; UTC, euro, lines rounded to the cent. */
export function tariffOf(lines: TariffDocument['lines'], rest: Partial_ = {}): Tariff {
  const document = {
    schema: 'voltherd-tariff/1',
    id: 'test',
    name: 'Test',
    currency: 'EUR',
    timezone: 'UTC',
    source: { title: 'made up', date: '2026-01-01' },
    ...rest,
    lines,
  };
  const parsed = parseTariff(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problem));
  return parsed.value;
}

/** One price for all energy. */
export const flatEnergy = (price: number, id = 'energy'): TariffDocument['lines'][number] => ({
  kind: 'energy',
  id,
  windows: [{ id: 'all', when: 'always', price }],
});

/** One price for the highest block of the period. */
export const flatDemand = (price: number, id = 'demand'): TariffDocument['lines'][number] => ({
  kind: 'demand',
  id,
  windows: [{ id: 'all', when: 'always', price }],
});

/** The instant of a text. */
export function at(iso: string): EpochS {
  const value = instantOfIso(iso);
  if (value === undefined) throw new Error(`no instant: ${iso}`);
  return value;
}

/** The value of a good result. */
export function valueOf<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: unknown },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.value;
}

/** Rules and paths of a refusal. */
export function faultsOf(result: {
  readonly ok: boolean;
  readonly problem?: readonly { readonly path: string; readonly rule: string }[];
}): readonly string[] {
  if (result.ok) throw new Error('expected faults');
  return (result.problem ?? []).map((fault) => `${fault.path}: ${fault.rule}`);
}

/** `id window tier -> amount` of the only period of a bill. */
export function amountsOf(bill: Bill, period = 0): Readonly<Record<string, number>> {
  const lines = bill.periods[period]?.lines ?? [];
  return Object.fromEntries(
    lines.map((line) => [
      [line.id, line.window, line.tier].filter((part) => part !== undefined).join(' '),
      line.amount,
    ]),
  );
}

/** A catalogue document as it is on disk. */
export function catalogueDocument(id: string): unknown {
  return JSON.parse(
    readFileSync(new URL(`../../tariffs/catalogue/${id}.json`, import.meta.url), 'utf8'),
  ) as unknown;
}

/** Ids of the catalogue. */
export function catalogueIds(): readonly string[] {
  const index = JSON.parse(
    readFileSync(new URL('../../tariffs/catalogue/index.json', import.meta.url), 'utf8'),
  ) as { readonly tariffs: readonly string[] };
  return index.tariffs;
}
