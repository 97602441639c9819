/**
 * The price of a charging session under an OCPI tariff: the first element that matches wins per kind of price, `step_size`
 * rounds up once on all energy and once on the kind of time that the session ends with, reservations count on their own,
 * VAT goes by component, least and highest price come last. Source: OCPI 2.2.1 module Tariffs, TariffElement,
 * TariffRestrictions and the note on step_size.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { instantOfIso, isoOf } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { epochS } from '#domain/units';
import type { BillLine, Loss } from './bill-form.ts';
import {
  changesWithin,
  clockOf,
  dateText,
  instantOfLocal,
  isWithinYears,
  isZone,
  localDayAt,
  offsetAtS,
  type LocalClock,
} from './calendar.ts';
import { fault } from './faults.ts';
import { yearRange } from './limits.ts';
import {
  holdsOnClock,
  unusedFields,
  type OcpiElement,
  type OcpiPrice,
  type OcpiTariff,
} from './ocpi-tariff.ts';

/** The schema of a session. */
export const ocpiSessionSchema = z.strictObject({
  tz: z.string().min(1),
  /** Local time of the first segment, `YYYY-MM-DDTHH:MM[:SS]`. */
  localStart: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/, 'YYYY-MM-DDTHH:MM, local'),
  segments: z
    .array(
      z.strictObject({
        kind: z.enum(['charge', 'park', 'reserve']),
        minutes: z.number().min(0).max(1e6),
        kwh: z.number().min(0).max(1e6).optional(),
        kw: z.number().min(0).max(1e6).optional(),
        /** Sum over the phases. */
        amps: z.number().min(0).max(1e6).optional(),
        /** A reservation that no session followed. */
        expired: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(1000),
});

/** A session as it ran. */
export type OcpiSession = z.output<typeof ocpiSessionSchema>;
type Segment = OcpiSession['segments'][number];
type Kind = OcpiPrice['type'];

/** The price of a session. */
export interface OcpiSessionBill {
  readonly currency: string;
  readonly start: string;
  readonly end: string;
  readonly lines: readonly BillLine[];
  readonly exclVat: number;
  readonly inclVat: number;
  readonly losses: readonly Loss[];
}

/** A stretch in which no restriction can change. */
interface Piece {
  readonly segment: Segment;
  readonly index: number;
  readonly startS: number;
  readonly seconds: number;
  readonly kwh: number;
  /** At its middle, since the session (or the reservation) began. */
  readonly elapsedS: number;
  readonly usedKwh: number;
}

/** What was used under one component. */
interface Use {
  readonly element: number;
  readonly component: OcpiPrice;
  readonly group: 'session' | 'reservation';
  /** Wh or seconds; 1 for FLAT. */
  quantity: number;
}

const clockEdges = (element: OcpiElement): readonly number[] =>
  [element.restrictions?.start_time, element.restrictions?.end_time].flatMap((text) =>
    typeof text === 'string' ? [Number(text.slice(0, 2)) * 3600 + Number(text.slice(3, 5)) * 60] : [],
  );

/** Seconds after the start of a segment at which some restriction may change. */
function cutsOf(
  tariff: OcpiTariff,
  clock: LocalClock,
  segment: Segment,
  at: { readonly startS: number; readonly elapsedS: number; readonly usedKwh: number },
): readonly number[] {
  const lengthS = segment.minutes * 60;
  const cuts = new Set<number>([0, lengthS]);
  const add = (cut: number): void => {
    if (cut > 0 && cut < lengthS) cuts.add(cut);
  };
  const edges = new Set([0, ...tariff.elements.flatMap(clockEdges)]);
  const offsets = new Set(clock.offsetS);
  const firstDay = Math.floor(at.startS / 86_400) - 2;
  for (let day = firstDay; day * 86_400 < at.startS + lengthS + 172_800; day++) {
    for (const edge of edges) for (const offset of offsets) add(day * 86_400 + edge - offset - at.startS);
  }
  for (const change of changesWithin(clock, at.startS, at.startS + lengthS)) add(change - at.startS);
  const kwh = segment.kwh ?? 0;
  for (const { restrictions } of tariff.elements) {
    for (const duration of [restrictions?.min_duration, restrictions?.max_duration]) {
      if (typeof duration === 'number') add(duration - at.elapsedS);
    }
    for (const limit of [restrictions?.min_kwh, restrictions?.max_kwh]) {
      if (typeof limit === 'number' && kwh > 0) add(((limit - at.usedKwh) / kwh) * lengthS);
    }
  }
  return [...cuts].sort((a, b) => a - b);
}

/** A charge of no length still crosses energy limits. */
function instantPieces(
  tariff: OcpiTariff,
  segment: Segment,
  base: Omit<Piece, 'kwh' | 'usedKwh' | 'seconds'>,
  usedKwh: number,
): readonly Piece[] {
  const kwh = segment.kwh ?? 0;
  const limits = tariff.elements.flatMap(({ restrictions }) =>
    [restrictions?.min_kwh, restrictions?.max_kwh].flatMap((limit) =>
      typeof limit === 'number' ? [limit - usedKwh] : [],
    ),
  );
  const cuts = [0, ...limits.filter((cut) => cut > 0 && cut < kwh).sort((a, b) => a - b), kwh];
  return cuts.slice(1).map((to, k) => {
    const from = cuts[k] ?? 0;
    return { ...base, seconds: 0, kwh: to - from, usedKwh: usedKwh + (from + to) / 2 };
  });
}

function piecesOf(
  tariff: OcpiTariff,
  session: OcpiSession,
  clock: LocalClock,
  startS: number,
): readonly Piece[] {
  const pieces: Piece[] = [];
  let atS = startS;
  let elapsedS = 0;
  let usedKwh = 0;
  for (const [index, segment] of session.segments.entries()) {
    const lengthS = segment.minutes * 60;
    const kwh = segment.kind === 'charge' ? (segment.kwh ?? ((segment.kw ?? 0) * lengthS) / 3600) : 0;
    const full = { ...segment, kwh };
    if (segment.kind === 'reserve') elapsedS = 0;
    if (lengthS === 0) {
      pieces.push(...instantPieces(tariff, full, { segment: full, index, startS: atS, elapsedS }, usedKwh));
    } else {
      const cuts = cutsOf(tariff, clock, full, { startS: atS, elapsedS, usedKwh });
      for (const [k, to] of cuts.slice(1).entries()) {
        const from = cuts[k] ?? 0;
        pieces.push({
          segment: full,
          index,
          startS: atS + from,
          seconds: to - from,
          kwh: (kwh * (to - from)) / lengthS,
          elapsedS: elapsedS + (from + to) / 2,
          usedKwh: usedKwh + (kwh * (from + to)) / 2 / lengthS,
        });
      }
    }
    atS += lengthS;
    // The session begins when the reservation ends.
    elapsedS = segment.kind === 'reserve' ? 0 : elapsedS + lengthS;
    usedKwh += kwh;
  }
  return pieces;
}

interface Matcher {
  readonly tariff: OcpiTariff;
  readonly clock: LocalClock;
  readonly faults: Fault[];
}

function within(value: number, low: number | null | undefined, high: number | null | undefined): boolean {
  return (typeof low !== 'number' || value >= low) && (typeof high !== 'number' || value < high);
}

/** Whether an element allows a piece; reservations are told apart before. */
function matches(matcher: Matcher, element: OcpiElement, piece: Piece): boolean {
  const limits = element.restrictions;
  if (limits === null || limits === undefined) return true;
  const middleS = piece.startS + piece.seconds / 2;
  const day = localDayAt(matcher.clock, middleS);
  const local = middleS + offsetAtS(matcher.clock, middleS);
  const minute = (local - Math.floor(local / 86_400) * 86_400) / 60;
  if (!holdsOnClock(limits, { date: dateText(day), weekday: day.weekday, minute })) return false;
  if (!within(piece.usedKwh, limits.min_kwh, limits.max_kwh)) return false;
  if (!within(piece.elapsedS, limits.min_duration, limits.max_duration)) return false;
  const { segment } = piece;
  if (typeof limits.min_current === 'number' || typeof limits.max_current === 'number') {
    const amps = segment.kind === 'charge' ? segment.amps : 0;
    if (amps === undefined) {
      const path = `session.segments[${piece.index}].amps`;
      if (!matcher.faults.some((known) => known.path === path)) {
        matcher.faults.push(
          fault(
            path,
            undefined,
            'missing-field',
            'The tariff asks for the current: give it, summed over the phases.',
          ),
        );
      }
      return false;
    }
    if (!within(amps, limits.min_current, limits.max_current)) return false;
  }
  const kw =
    segment.kind === 'charge'
      ? (segment.kw ?? (segment.minutes > 0 ? ((segment.kwh ?? 0) * 60) / segment.minutes : 0))
      : 0;
  return within(kw, limits.min_power, limits.max_power);
}

/** The first component of a kind that holds for a piece. */
function componentFor(
  matcher: Matcher,
  piece: Piece,
  kind: Kind,
): { readonly element: number; readonly component: OcpiPrice } | undefined {
  const wanted: readonly (string | undefined)[] =
    piece.segment.kind !== 'reserve'
      ? [undefined]
      : piece.segment.expired === true
        ? ['RESERVATION_EXPIRES', 'RESERVATION']
        : ['RESERVATION'];
  for (const reservation of wanted) {
    for (const [k, element] of matcher.tariff.elements.entries()) {
      if ((element.restrictions?.reservation ?? undefined) !== reservation) continue;
      const component = element.price_components.find((one) => one.type === kind);
      if (component === undefined || !matches(matcher, element, piece)) continue;
      return { element: k, component };
    }
  }
  return undefined;
}

function usesOf(matcher: Matcher, pieces: readonly Piece[]): readonly Use[] {
  const uses: Use[] = [];
  const add = (piece: Piece, kind: Kind, quantity: number): void => {
    const found = componentFor(matcher, piece, kind);
    if (found === undefined) return;
    const group = piece.segment.kind === 'reserve' ? 'reservation' : 'session';
    const k = uses.findIndex((use) => use.component === found.component && use.group === group);
    const known = uses[k];
    if (kind === 'FLAT' && uses.some((use) => use.component.type === 'FLAT' && use.group === group)) return;
    if (known === undefined) {
      uses.push({ ...found, group, quantity });
      return;
    }
    known.quantity += quantity;
    // The one used last stands last: rounding up goes on its price.
    uses.splice(k, 1);
    uses.push(known);
  };
  for (const piece of pieces) {
    add(piece, 'FLAT', 1);
    if (piece.segment.kind === 'charge') {
      add(piece, 'ENERGY', piece.kwh * 1000);
      add(piece, 'TIME', piece.seconds);
    } else if (piece.segment.kind === 'park') {
      add(piece, 'PARKING_TIME', piece.seconds);
    } else {
      add(piece, 'TIME', piece.seconds);
    }
  }
  return uses;
}

/** Rounds the sum of a row of uses up to the step of the last one and puts the difference there. */
function roundUp(uses: readonly Use[]): void {
  const last = uses[uses.length - 1];
  if (last === undefined || last.component.step_size <= 0) return;
  const total = uses.reduce((sum, use) => sum + use.quantity, 0);
  // Sums of fractions of a second may miss a whole step by dust.
  const steps = Math.ceil(total / last.component.step_size - 1e-9);
  last.quantity += Math.max(0, steps * last.component.step_size - total);
}

/** Once for energy and once for time: the time that was priced last, also where free time follows it. */
function applySteps(uses: readonly Use[]): void {
  const of = (group: Use['group'], kind: Kind): readonly Use[] =>
    uses.filter((use) => use.group === group && use.component.type === kind);
  roundUp(of('session', 'ENERGY'));
  roundUp(of('reservation', 'TIME'));
  const timed = uses.filter(
    ({ group, component }) =>
      group === 'session' && (component.type === 'TIME' || component.type === 'PARKING_TIME'),
  );
  const last = timed[timed.length - 1];
  if (last !== undefined) roundUp(of('session', last.component.type));
}

const units: Readonly<Record<Kind, { readonly unit: string; readonly per: number }>> = {
  ENERGY: { unit: 'kWh', per: 1000 },
  FLAT: { unit: 'session', per: 1 },
  PARKING_TIME: { unit: 'h', per: 3600 },
  TIME: { unit: 'h', per: 3600 },
};

/** Six decimals, free of the dust of binary fractions. */
function clean(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

interface Priced {
  readonly line: BillLine;
  readonly excl: number;
  readonly incl: number;
}

function pricedOf(use: Use, taxIncluded: boolean): Priced {
  const { component } = use;
  const { unit, per } = units[component.type];
  const quantity = use.quantity / per;
  const money = quantity * component.price;
  const vat = 1 + (component.vat ?? 0) / 100;
  const excl = taxIncluded ? money / vat : money;
  const incl = taxIncluded ? money : money * vat;
  return {
    excl,
    incl,
    line: {
      id: `element ${use.element}`,
      kind: component.type,
      window: use.group,
      quantity: clean(quantity),
      unit,
      unitPrice: component.price,
      amount: clean(excl),
      evidence: {
        note:
          component.vat === null || component.vat === undefined
            ? 'no VAT given'
            : `${component.vat} % VAT: ${clean(incl)}`,
      },
    },
  };
}

function limited(value: number, low: number | null | undefined, high: number | null | undefined): number {
  const raised = typeof low === 'number' ? Math.max(value, low) : value;
  return typeof high === 'number' ? Math.min(raised, high) : raised;
}

interface Totals {
  readonly excl: number;
  readonly incl: number;
}

/**
 * Totals within the least and the highest price. A limit that is given without VAT only moves the total with VAT in
 * proportion: it would be below the one without VAT otherwise.
 */
function limitedTotals(tariff: OcpiTariff, sums: Totals, losses: Loss[]): Totals {
  const { min_price: least, max_price: most } = tariff;
  const excl = limited(
    sums.excl,
    least?.excl_vat ?? least?.before_taxes,
    most?.excl_vat ?? most?.before_taxes,
  );
  const leastIncl = least?.incl_vat ?? least?.after_taxes;
  const mostIncl = most?.incl_vat ?? most?.after_taxes;
  const rises = excl > sums.excl && typeof leastIncl !== 'number';
  const falls = excl < sums.excl && typeof mostIncl !== 'number';
  if (!rises && !falls) return { excl, incl: limited(sums.incl, leastIncl, mostIncl) };
  losses.push({
    field: rises ? 'min_price' : 'max_price',
    reason: 'the limit with VAT is not given: the total with VAT moves in proportion to the one without',
  });
  const share = sums.excl === 0 ? 1 : sums.incl / sums.excl;
  return { excl, incl: limited(excl * share, leastIncl, mostIncl) };
}

/** A session before or after the tariff is in force. */
function outsideLosses(tariff: OcpiTariff, startS: number): readonly Loss[] {
  const losses: Loss[] = [];
  const from = instantOfIso(tariff.start_date_time ?? '');
  const until = instantOfIso(tariff.end_date_time ?? '');
  if (from !== undefined && startS < from)
    losses.push({ field: 'start_date_time', reason: 'the session starts before the tariff is in force' });
  if (until !== undefined && startS >= until)
    losses.push({ field: 'end_date_time', reason: 'the session starts after the tariff has ended' });
  return losses;
}

/** Segments that do not say what the tariff asks for, or that contradict each other. */
function segmentFaults(tariff: OcpiTariff, session: OcpiSession): readonly Fault[] {
  const asksEnergy = tariff.elements.some(
    (element) =>
      element.price_components.some((one) => one.type === 'ENERGY' && one.price !== 0) ||
      [
        element.restrictions?.min_kwh,
        element.restrictions?.max_kwh,
        element.restrictions?.min_power,
        element.restrictions?.max_power,
      ].some((limit) => typeof limit === 'number'),
  );
  return session.segments.flatMap((segment, k): readonly Fault[] => {
    const path = `session.segments[${k}]`;
    if (segment.kind === 'charge' && asksEnergy && segment.kwh === undefined && segment.kw === undefined) {
      const fix = 'The tariff asks for energy or power: give kwh or kw.';
      return [fault(`${path}.kwh`, undefined, 'missing-field', fix)];
    }
    if (segment.expired === true && segment.kind !== 'reserve') {
      return [fault(`${path}.expired`, segment.kind, 'not-a-reservation', 'Only a reservation expires.')];
    }
    if (segment.expired === true && session.segments[k + 1] !== undefined) {
      const fix = 'A reservation that expires is followed by no session; leave expired out, or end there.';
      return [fault(`${path}.expired`, segment.expired, 'expired-and-followed', fix)];
    }
    return [];
  });
}

/** What a session costs, or why that cannot be said. */
export function ocpiSessionBillOf(
  tariff: OcpiTariff,
  session: OcpiSession,
): Result<OcpiSessionBill, readonly Fault[]> {
  if (!isZone(session.tz)) {
    return fail([
      fault('session.tz', session.tz, 'wrong-zone', 'Name a zone of the IANA database, like Europe/Berlin.'),
    ]);
  }
  const startS = instantOfLocal(session.localStart, session.tz);
  if (startS === undefined) {
    return fail([
      fault('session.localStart', session.localStart, 'impossible-date', 'Give a local time that exists.'),
    ]);
  }
  const unsaid = segmentFaults(tariff, session);
  if (unsaid.length > 0) return fail(unsaid);
  const lengthS = session.segments.reduce((sum, segment) => sum + segment.minutes * 60, 0);
  if (!isWithinYears(startS, startS + lengthS)) {
    const [from, to] = yearRange;
    const fix = `Give a session that lies within ${from} to ${to}.`;
    return fail([fault('session.localStart', session.localStart, 'outside-years', fix)]);
  }
  const clock = clockOf(session.tz, startS - 172_800, startS + lengthS + 172_800);
  const matcher: Matcher = { tariff, clock, faults: [] };
  const pieces = piecesOf(tariff, session, clock, startS);
  const uses = usesOf(matcher, pieces);
  if (matcher.faults.length > 0) return fail(matcher.faults);
  applySteps(uses);
  const priced = uses.map((use) => pricedOf(use, tariff.tax_included === 'YES'));
  const sums = {
    excl: priced.reduce((sum, one) => sum + one.excl, 0),
    incl: priced.reduce((sum, one) => sum + one.incl, 0),
  };
  const losses: Loss[] = [...unusedFields(tariff), ...outsideLosses(tariff, startS)];
  if (priced.some((one) => one.line.evidence.note === 'no VAT given') && tariff.tax_included !== 'N/A') {
    losses.push({
      field: 'vat',
      reason: 'some components give no VAT; the total with VAT counts them without',
    });
  }
  const total = limitedTotals(tariff, sums, losses);
  return ok({
    currency: tariff.currency,
    start: isoOf(epochS(Math.floor(startS))),
    end: isoOf(epochS(Math.floor(startS + lengthS))),
    lines: priced.map((one) => one.line),
    exclVat: clean(total.excl),
    inclVat: clean(total.incl),
    losses,
  });
}
