/** Which stations are wrong in which way, what they declare of it, and who breaks what it declares. @module */
import type { Prng } from '#domain/prng';
import { obeysAll, type Station } from '#domain/site';
import { epochS, seconds, type EpochS } from '#domain/units';
import type { PersonaName } from '../scenario-document.ts';
import { commissioningS } from './draw-depot.ts';
import { momentIn, namedMost, type Span } from './draw-span.ts';
import { switchNames, type SwitchName, type WorldEvent } from './world-plan.ts';

/** Personas that nothing in a capability can say; whoever has one is a rogue. */
const undeclarable: ReadonlySet<PersonaName> = new Set([
  'ignores-limit',
  'ignores-after-zero',
  'accepts-and-drops',
  'spikes-on-replace',
  'keeps-too-many',
  'merges-highest',
  'starts-on-receipt',
  'clears-at-stop',
]);

/** What a persona needs its station to declare so that it breaks nothing; undefined where no declaration covers it. */
function declared(station: Station, persona: PersonaName): Station | undefined {
  const { capability } = station;
  const told = (change: Partial<Station['capability']>): Station => ({
    ...station,
    capability: { ...capability, ...change },
  });
  if (undeclarable.has(persona)) return undefined;
  const kind: string = persona;
  switch (kind) {
    case 'forgets-on-reboot':
      return told({ keepsProfiles: 'none' });
    case 'slow':
      return told({ reactionS: seconds(capability.reactionS + 20) });
    case 'late-by-minutes':
      return told({ reactionS: seconds(capability.reactionS + 180) });
    case 'ignores-lease':
    case 'ignores-valid-to':
      return told({ obeysLease: false });
    case 'ignores-tx-default':
      return told({ obeys: { ...obeysAll, txDefault: false } });
    case 'ignores-tx-profile':
      return told({ obeys: { ...obeysAll, txProfile: false } });
    case 'ignores-station-max':
      return told({ obeys: { ...obeysAll, stationMax: false } });
    case 'counts-phases-wrong':
      return station.current === 'AC' && capability.rateUnit === 'W' ? undefined : station;
    default:
      return station;
  }
}

/** Personas that break a declaration unless the declaration says so. */
const breaking: ReadonlySet<PersonaName> = new Set([
  'forgets-on-reboot',
  'slow',
  'late-by-minutes',
  'ignores-lease',
  'ignores-valid-to',
  'ignores-tx-default',
  'ignores-tx-profile',
  'ignores-station-max',
]);

/** Boots that go with a persona: what a station forgets shows then, and a firmware comes with one. */
function bootsOf(persona: PersonaName, prng: Prng, span: Span, at: EpochS): readonly EpochS[] {
  if (persona === 'new-firmware') return [epochS(at + 1)];
  return persona === 'forgets-on-reboot' ? [1, 2, 3].map(() => momentIn(prng, span)) : [];
}

/** Stations as they declare themselves, what befalls them, and since when who breaks its word. */
export interface Cast {
  readonly stations: readonly Station[];
  readonly events: readonly WorldEvent[];
  readonly rogues: Readonly<Record<string, EpochS>>;
}

/** The personas of a night. */
export function drawPersonas(
  prng: Prng,
  on: ReadonlySet<SwitchName>,
  stations: readonly Station[],
  span: Span,
): Cast {
  const now = new Map(stations.map((station) => [station.id, station]));
  const taken = new Set<string>();
  const events: WorldEvent[] = [];
  const rogues: Record<string, EpochS> = {};
  for (const name of switchNames) {
    if (!name.startsWith('persona-') || !on.has(name)) continue;
    const persona = name.slice('persona-'.length) as PersonaName;
    const own = prng.fork(name);
    const most = stations.length / (on.size <= namedMost ? 3 : 10);
    const times = own.integer(1, Math.max(1, Math.round(most)));
    for (let i = 0; i < times; i++) {
      const station = now.get(stations[own.integer(0, stations.length - 1)]?.id ?? '');
      if (station === undefined || taken.has(station.id)) continue;
      taken.add(station.id);
      const at = own.integer(0, 1) === 0 ? epochS(span.startS + commissioningS) : momentIn(own, span);
      const covered =
        breaking.has(persona) && own.integer(0, 2) === 0 ? undefined : declared(station, persona);
      if (covered === undefined) rogues[station.id] = at;
      else now.set(station.id, covered);
      events.push({
        switch: name,
        kind: 'fault',
        fault: { kind: 'persona', stationId: station.id, persona, fromS: at, untilS: span.healS },
      });
      for (const bootAt of bootsOf(persona, own, span, at)) {
        const fault = { kind: 'reboot' as const, stationId: station.id, at: bootAt };
        events.push({ switch: name, kind: 'fault', fault });
      }
    }
  }
  return { stations: stations.map((station) => now.get(station.id) ?? station), events, rogues };
}
