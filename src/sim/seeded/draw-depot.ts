/** A depot drawn from a seed: three levels of circuits, stations of all versions, vehicles for a night. @module */
import type { Prng } from '#domain/prng';
import {
  phases,
  type Circuit,
  type Evse,
  type Phase,
  type Site,
  type Station,
  type UncontrolledLoad,
} from '#domain/site';
import { amperes, epochS, seconds, wattHours, watts, type EpochS } from '#domain/units';
import type { SimVisit } from '../scenario-cast.ts';
import type { Behaviour } from '../scenario-site.ts';
import type { LocalHours } from './world-plan.ts';

const voltage = 230;
const versions = ['1.6', '1.6', '2.0.1', '2.0.1', '2.1'] as const;
const rotations: readonly (readonly [Phase, Phase, Phase])[] = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
];
/** Local evenings, some of them with a change of the clocks in the night. */
const evenings: readonly [Evening, ...Evening[]] = [
  { zone: 'America/Los_Angeles', startS: 1_784_073_600, clock: { offsetS: -7 * 3600 } },
  // 2026-03-29, 02:00 is 03:00.
  {
    zone: 'Europe/Berlin',
    startS: 1_774_717_200,
    clock: { offsetS: 3600, changesAt: epochS(1_774_746_000), laterS: 7200 },
  },
  // 2026-10-25, 03:00 is 02:00.
  {
    zone: 'Europe/Berlin',
    startS: 1_792_857_600,
    clock: { offsetS: 7200, changesAt: epochS(1_792_890_000), laterS: 3600 },
  },
  // 2026-11-01, 02:00 is 01:00, and a month begins.
  {
    zone: 'America/Los_Angeles',
    startS: 1_793_491_200,
    clock: { offsetS: -7 * 3600, changesAt: epochS(1_793_523_600), laterS: -8 * 3600 },
  },
  { zone: 'Asia/Kolkata', startS: 1_784_032_200, clock: { offsetS: 19_800 } },
  { zone: 'Europe/London', startS: 1_798_736_400, clock: { offsetS: 0 } },
];

interface Evening {
  readonly zone: string;
  readonly startS: number;
  readonly clock: LocalHours;
}

/** Before that nobody comes and nothing goes wrong: the stations get their floors. */
export const commissioningS = 900;

/** A depot and what its hardware does. */
export interface DrawnDepot {
  readonly site: Site;
  readonly behaviours: Readonly<Record<string, Behaviour>>;
  readonly startS: EpochS;
  readonly clock: LocalHours;
}

/** A pick of a list. */
export function pick<T>(prng: Prng, list: readonly [T, ...T[]]): T {
  return list[prng.integer(0, list.length - 1)] ?? list[0];
}

interface Row {
  readonly id: string;
  readonly parent: string;
  readonly stations: Station[];
}

const wattsOf = (evse: Evse): number => evse.maxW;

function evseOf(prng: Prng, kind: 'ac1' | 'ac3' | 'dc', id: number): Evse {
  if (kind === 'dc') {
    const maxW = pick(prng, [50_000, 50_000, 75_000]);
    return {
      id,
      maxA: amperes(Math.ceil(maxW / 3 / voltage)),
      maxW: watts(maxW),
      minA: amperes(0),
      stepA: amperes(1),
      rotation: phases,
    };
  }
  const maxA = kind === 'ac1' ? 32 : pick(prng, [16, 32]);
  const turn = rotations[prng.integer(0, 2)] ?? phases;
  const rotation = kind === 'ac1' ? turn.slice(0, 1) : turn;
  return {
    id,
    maxA: amperes(maxA),
    maxW: watts(maxA * voltage * rotation.length),
    minA: amperes(6),
    stepA: amperes(1),
    rotation,
  };
}

const keepings = ['none', 'floors', 'all'] as const;

/** A station; what it declares is what it does, or less. */
function drawStation(
  prng: Prng,
  id: string,
  circuit: string,
  kind: 'ac1' | 'ac3' | 'dc',
): { readonly station: Station; readonly behaviour: Behaviour } {
  const dc = kind === 'dc';
  const evses = Array.from({ length: dc ? 2 : 1 }, (_, i) => evseOf(prng, kind, i + 1));
  const reactionS = prng.integer(2, 20);
  const keeps = prng.integer(0, 19) === 0 ? 0 : prng.integer(1, 2);
  const shown = prng.integer(0, 3) === 0 ? Math.max(0, keeps - 1) : keeps;
  const declaredS = prng.integer(0, 2) === 0 ? reactionS + prng.integer(1, 30) : reactionS;
  return {
    station: {
      id,
      version: pick(prng, versions),
      vendor: 'Seeded',
      model: kind,
      circuit,
      current: dc ? 'DC' : 'AC',
      evses,
      ...(dc && prng.integer(0, 1) === 0 ? { moduleW: watts(75_000) } : {}),
      capability: {
        rateUnit: dc || prng.integer(0, 9) === 0 ? 'W' : 'A',
        maxPeriods: pick(prng, [6, 12, 24, 48]),
        maxStackLevel: pick(prng, [1, 3, 8]),
        maxProfiles: pick(prng, [4, 10, 20]),
        reactionS: seconds(declaredS),
        keepsProfiles: keepings[shown] ?? 'none',
        obeysLease: prng.integer(0, 9) > 0,
        sharesStationCap: false,
      },
    },
    behaviour: {
      reactionS: [Math.min(1, reactionS), reactionS],
      keepsProfiles: keepings[keeps] ?? 'none',
      bootS: prng.integer(20, 90),
      reconnectS: [prng.integer(5, 30), prng.integer(60, 300)],
      sampleIntervalS: 300,
      heartbeatIntervalS: 3600,
    },
  };
}

function hardwareA(stations: readonly Station[], phase: Phase): number {
  return stations
    .flatMap((station) => station.evses)
    .filter((evse) => evse.rotation.includes(phase))
    .reduce<number>((sum, evse) => sum + evse.maxA, 0);
}

function limitFor(stations: readonly Station[], part: number): number {
  const worst = Math.max(...phases.map((phase) => hardwareA(stations, phase)));
  return Math.max(10, Math.round(worst * part));
}

function drawBuilding(prng: Prng, gridA: number): UncontrolledLoad {
  const most = gridA * voltage * 3 * 0.2;
  const expectedW = Array.from({ length: 24 }, () => Math.round(most * (0.3 + 0.5 * prng.next())));
  const quarters = Array.from({ length: 96 }, (_, q) => expectedW[Math.floor(q / 4)] ?? 0);
  return {
    circuit: 'grid',
    expectedW: quarters.map(watts),
    boundW: quarters.map((w) => watts(Math.ceil(w * 1.25))),
  };
}

/** A depot with `connectors` EVSEs, one in eleven of them DC. */
export function drawDepot(prng: Prng, connectors: number): DrawnDepot {
  const dcCount = Math.round(connectors / 22);
  const acCount = connectors - 2 * dcCount;
  const boards = Math.max(1, Math.min(3, Math.round(acCount / 8)));
  const rowsPerBoard = acCount > 12 ? prng.integer(2, 3) : prng.integer(1, 2);
  const rows: Row[] = [];
  for (let board = 1; board <= boards; board++) {
    for (let row = 1; row <= rowsPerBoard; row++) {
      rows.push({ id: `row-${board}${row}`, parent: `board-${board}`, stations: [] });
    }
  }
  const behaviours: Record<string, Behaviour> = {};
  const add = (row: Row, id: string, kind: 'ac1' | 'ac3' | 'dc'): void => {
    const { station, behaviour } = drawStation(prng.fork(id), id, row.id, kind);
    row.stations.push(station);
    behaviours[id] = behaviour;
  };
  for (let i = 0; i < acCount; i++) {
    const row = rows[i % rows.length];
    if (row !== undefined)
      add(row, `A-${String(i + 1).padStart(2, '0')}`, prng.integer(0, 4) === 0 ? 'ac1' : 'ac3');
  }
  for (let i = 0; i < dcCount; i++) {
    const row = rows[prng.integer(0, rows.length - 1)];
    if (row !== undefined) add(row, `D-${i + 1}`, 'dc');
  }
  const circuits: Circuit[] = [];
  let gridA = 0;
  const below: Circuit[] = [];
  for (let board = 1; board <= boards; board++) {
    const own = rows.filter((row) => row.parent === `board-${board}`);
    let rowsA = 0;
    const leaves = own.map((row): Circuit => {
      const limitA = limitFor(row.stations, 0.4 + 0.4 * prng.next());
      rowsA += limitA;
      return { id: row.id, parent: row.parent, limitA: amperes(limitA) };
    });
    const boardA = Math.round(rowsA * (0.65 + 0.3 * prng.next()));
    gridA += boardA;
    below.push({ id: `board-${board}`, parent: 'grid', limitA: amperes(boardA) }, ...leaves);
  }
  gridA = Math.max(16, Math.round(gridA * (0.7 + 0.4 * prng.next())));
  circuits.push({
    id: 'grid',
    limitA: amperes(gridA),
    ...(prng.integer(0, 1) === 0 ? { limitW: watts(Math.round(gridA * voltage * 3 * 0.9)) } : {}),
  });
  const evening = pick(prng, evenings);
  return {
    site: {
      id: 'seeded',
      timeZone: evening.zone,
      voltage,
      circuits: [...circuits, ...below],
      stations: rows.flatMap((row) => row.stations),
      uncontrolled: [drawBuilding(prng, gridA)],
    },
    behaviours,
    startS: epochS(Math.floor(evening.startS / 900) * 900),
    clock: evening.clock,
  };
}

/** One vehicle after the other at one EVSE, from the start of the night on. */
function visitsAt(
  prng: Prng,
  station: Station,
  evse: Evse,
  span: { readonly startS: EpochS; readonly endS: EpochS },
  needMost: number,
): readonly SimVisit[] {
  const visits: SimVisit[] = [];
  let at = span.startS + prng.integer(commissioningS, 4 * 3600);
  for (let count = 1; at < span.endS - 3600; count++) {
    const stayS = Math.min(prng.integer(3600, 9 * 3600), span.endS - 600 - at);
    const isOnePhase = evse.rotation.length === 1 || prng.integer(0, 5) === 0;
    const phaseCount = station.current === 'DC' || !isOnePhase ? 3 : 1;
    const maxW = Math.round(
      wattsOf(evse) * (station.current === 'AC' ? phaseCount / evse.rotation.length : 1),
    );
    const energyWh = Math.round((maxW * stayS * (0.05 + needMost * prng.next())) / 3600);
    const id = `v-${station.id}-${evse.id}-${count}`;
    visits.push({
      announced: {
        id,
        vehicleId: `c-${station.id}-${evse.id}-${count}`,
        evse: { stationId: station.id, evseId: evse.id },
        arrivesAt: epochS(at),
        departsAt: epochS(at + stayS),
        energyWh: wattHours(energyWh),
        maxW: watts(maxW),
        phases: phaseCount,
        priority: 1,
      },
      announcedAt: span.startS,
      arrivesAt: epochS(at),
      departsAt: epochS(at + stayS),
      energyWh: wattHours(energyWh),
      changes: [],
    });
    at += stayS + prng.integer(60, 2 * 3600);
  }
  return visits;
}

/** The visits of a whole depot. */
export function drawVisits(
  prng: Prng,
  site: Site,
  span: { readonly startS: EpochS; readonly endS: EpochS },
): readonly SimVisit[] {
  // A third of the depots has plenty; in a tight one nothing wrong goes unnoticed.
  const needMost = pick(prng.fork('need'), [0.2, 0.45, 0.45]);
  return site.stations.flatMap((station) =>
    station.evses.flatMap((evse) =>
      visitsAt(prng.fork(`${station.id}/${evse.id}`), station, evse, span, needMost),
    ),
  );
}
