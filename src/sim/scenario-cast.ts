/** Who comes and goes in a scenario, and what goes wrong when. @module */
import type { Fault } from '#domain/fault';
import { evseKey, type Site } from '#domain/site';
import {
  amperes,
  wattHours,
  watts,
  type Amperes,
  type EpochS,
  type WattHours,
  type Watts,
} from '#domain/units';
import type { Visit } from '#domain/visit';
import type { MomentReader } from './moment.ts';
import type { PersonaName, ScenarioDocument } from './scenario-document.ts';
import { idsOfPattern } from './scenario-site.ts';

/** One fault of the script, its ids spread out and its moments read; half open. */
export type FaultSpan =
  /** No frame passes and no connection can be made. */
  | { readonly kind: 'cut'; readonly stationId: string; readonly fromS: EpochS; readonly untilS: EpochS }
  | { readonly kind: 'reboot'; readonly stationId: string; readonly at: EpochS }
  | {
      readonly kind: 'persona';
      readonly stationId: string;
      readonly persona: PersonaName;
      readonly fromS: EpochS;
      readonly untilS: EpochS;
    }
  /** The engine dies at `fromS` and its next process starts at `untilS`. */
  | { readonly kind: 'engine-crash'; readonly fromS: EpochS; readonly untilS: EpochS }
  | {
      readonly kind: 'limit';
      readonly circuit: string;
      readonly limitA?: Amperes;
      readonly limitW?: Watts;
      readonly announcedAt: EpochS;
      readonly fromS: EpochS;
      readonly untilS: EpochS;
    };

/** One visit: what is announced and when, and what really happens. */
export interface SimVisit {
  /** Something else that is said of it before, under the same id: another place, departure or energy. */
  readonly saidBefore?: { readonly at: EpochS; readonly visit: Visit };
  /** As first announced, or put right. */
  readonly announced: Visit;
  readonly announcedAt: EpochS;
  readonly arrivesAt: EpochS;
  readonly departsAt: EpochS;
  /** Energy that the vehicle can take. */
  readonly energyWh: WattHours;
  /** Fraction of the need from which on it takes less and less; absent: never. */
  readonly taperFrom?: number;
  readonly changes: readonly { readonly at: EpochS; readonly departsAt: EpochS }[];
}

/** What a cast is read from. */
export interface CastSource {
  readonly document: ScenarioDocument;
  readonly site: Site;
  readonly reader: MomentReader;
  readonly endS: EpochS;
}

/** Reads a moment; one that is none becomes a fault and counts as the start. */
function momentOf(text: string, path: string, source: CastSource, faults: Fault[]): EpochS {
  const at = source.reader.read(text);
  if (at !== undefined) return at;
  faults.push({
    path,
    value: text,
    rule: 'no-such-instant',
    fix: 'Write HH:MM, HH:MM+1d or an ISO 8601 instant that exists.',
  });
  return source.reader.startS;
}

/** When the vehicle really comes and goes: as announced and changed, unless the scenario says otherwise. */
function actualOf(
  written: ScenarioDocument['visits'][number],
  announced: Pick<SimVisit, 'arrivesAt' | 'departsAt' | 'changes'>,
  moment: (text: string, field: string) => EpochS,
): { readonly arrivesAt: EpochS; readonly departsAt: EpochS } {
  const { arrives, departs } = written.actual ?? {};
  return {
    arrivesAt: arrives === undefined ? announced.arrivesAt : moment(arrives, 'actual.arrives'),
    departsAt:
      departs === undefined
        ? (announced.changes.at(-1)?.departsAt ?? announced.departsAt)
        : moment(departs, 'actual.departs'),
  };
}

function visitsOf(source: CastSource, faults: Fault[]): readonly SimVisit[] {
  const { document, site } = source;
  const models = new Map(document.vehicleModels.map((model) => [model.id, model]));
  const evses = new Map(
    site.stations.flatMap((station) =>
      station.evses.map((evse) => [evseKey({ stationId: station.id, evseId: evse.id }), { station, evse }]),
    ),
  );
  const known = new Set<string>();
  return document.visits.flatMap((written, i): readonly SimVisit[] => {
    const path = `visits[${i}]`;
    const moment = (text: string, field: string): EpochS =>
      momentOf(text, `${path}.${field}`, source, faults);
    const place = written.evse.includes('/') ? written.evse : `${written.evse}/1`;
    const found = evses.get(place);
    const model = written.vehicleModel === undefined ? undefined : models.get(written.vehicleModel);
    const maxKw = written.maxKw ?? model?.maxKw;
    const complain = (field: string, value: string, rule: string, fix: string): readonly SimVisit[] => {
      faults.push({ path: `${path}.${field}`, value, rule, fix });
      return [];
    };
    if (known.has(written.id))
      return complain('id', written.id, 'duplicate-id', 'Give every visit an id of its own.');
    known.add(written.id);
    if (found === undefined)
      return complain('evse', written.evse, 'unknown-evse', 'Name a station/evse of this scenario.');
    if (written.vehicleModel !== undefined && model === undefined) {
      return complain('vehicleModel', written.vehicleModel, 'unknown-model', 'Name one of vehicleModels.');
    }
    if (maxKw === undefined)
      return complain('maxKw', '', 'missing', 'State maxKw here or in a vehicleModel.');
    const arrivesAt = moment(written.arrives, 'arrives');
    const departsAt = moment(written.departs, 'departs');
    const changes = written.changes.map((change, k) => ({
      at: moment(change.at, `changes[${k}].at`),
      departsAt: moment(change.departs, `changes[${k}].departs`),
    }));
    const actual = actualOf(written, { arrivesAt, departsAt, changes }, moment);
    if (departsAt <= arrivesAt || actual.departsAt <= actual.arrivesAt) {
      return complain(
        'departs',
        written.departs,
        'departure-before-arrival',
        'Leave after arriving; add +1d for the day after next.',
      );
    }
    const vehiclePhases = written.phases ?? model?.phases ?? 3;
    return [
      {
        announced: {
          id: written.id,
          vehicleId: written.vehicle,
          evse: { stationId: found.station.id, evseId: found.evse.id },
          arrivesAt,
          departsAt,
          energyWh: wattHours(Math.round(written.energyKwh * 1000)),
          maxW: watts(Math.round(maxKw * 1000)),
          phases: found.station.current === 'DC' ? 3 : vehiclePhases,
          priority: written.priority,
        },
        announcedAt:
          written.announcedAt === undefined
            ? source.reader.startS
            : moment(written.announcedAt, 'announcedAt'),
        arrivesAt: actual.arrivesAt,
        departsAt: actual.departsAt,
        energyWh: wattHours(Math.round((written.actual?.energyKwh ?? written.energyKwh) * 1000)),
        ...(model?.taperFromPercent === undefined ? {} : { taperFrom: model.taperFromPercent / 100 }),
        changes,
      },
    ];
  });
}

function checkOverlaps(visits: readonly SimVisit[], faults: Fault[]): void {
  const byPlace = new Map<string, SimVisit[]>();
  for (const visit of visits) {
    const key = evseKey(visit.announced.evse);
    byPlace.set(key, [...(byPlace.get(key) ?? []), visit]);
  }
  for (const [key, here] of byPlace) {
    here.sort((a, b) => a.arrivesAt - b.arrivesAt);
    here.forEach((visit, i) => {
      const next = here[i + 1];
      if (next === undefined || next.arrivesAt >= visit.departsAt) return;
      faults.push({
        path: `visits[${visits.indexOf(next)}]`,
        value: next.announced.id,
        rule: 'place-taken',
        fix: `${key} is taken by ${visit.announced.id} until it really leaves.`,
      });
    });
  }
}

function faultSpansOf(source: CastSource, faults: Fault[]): readonly FaultSpan[] {
  const { document, site, endS, reader } = source;
  const stationIds = new Set(site.stations.map((station) => station.id));
  const circuitIds = new Set(site.circuits.map((circuit) => circuit.id));
  return document.faults.flatMap((written, i): readonly FaultSpan[] => {
    const moment = (text: string | undefined, field: string, otherwise: EpochS): EpochS =>
      text === undefined ? otherwise : momentOf(text, `faults[${i}].${field}`, source, faults);
    const places = 'stations' in written ? written.stations.flatMap(idsOfPattern) : [];
    for (const id of places) {
      if (stationIds.has(id)) continue;
      faults.push({
        path: `faults[${i}].stations`,
        value: id,
        rule: 'unknown-station',
        fix: 'Name stations of this scenario.',
      });
    }
    switch (written.kind) {
      case 'cut': {
        const fromS = moment(written.from, 'from', reader.startS);
        const untilS = moment(written.until, 'until', endS);
        return places.map((stationId) => ({ kind: 'cut', stationId, fromS, untilS }));
      }
      case 'reboot': {
        const at = moment(written.at, 'at', reader.startS);
        return places.map((stationId) => ({ kind: 'reboot', stationId, at }));
      }
      case 'persona': {
        const fromS = moment(written.from, 'from', reader.startS);
        const untilS = moment(written.until, 'until', endS);
        const { persona } = written;
        return places.map((stationId) => ({ kind: 'persona', stationId, persona, fromS, untilS }));
      }
      case 'engine-crash':
        return [
          {
            kind: 'engine-crash',
            fromS: moment(written.from, 'from', reader.startS),
            untilS: moment(written.until, 'until', endS),
          },
        ];
      case 'limit': {
        if (!circuitIds.has(written.circuit)) {
          faults.push({
            path: `faults[${i}].circuit`,
            value: written.circuit,
            rule: 'unknown-circuit',
            fix: 'Name a circuit of this scenario.',
          });
        }
        const fromS = moment(written.from, 'from', reader.startS);
        return [
          {
            kind: 'limit',
            circuit: written.circuit,
            ...(written.limitA === undefined ? {} : { limitA: amperes(written.limitA) }),
            ...(written.limitKw === undefined ? {} : { limitW: watts(Math.round(written.limitKw * 1000)) }),
            announcedAt: moment(written.announcedAt, 'announcedAt', fromS),
            fromS,
            untilS: moment(written.until, 'until', endS),
          },
        ];
      }
    }
  });
}

/** The visits and faults of a scenario; what does not fit together goes into `faults`. */
export function buildCast(
  source: CastSource,
  faults: Fault[],
): { readonly visits: readonly SimVisit[]; readonly faults: readonly FaultSpan[] } {
  const visits = visitsOf(source, faults);
  checkOverlaps(visits, faults);
  return { visits, faults: faultSpansOf(source, faults) };
}
