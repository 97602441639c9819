/** What a station has refused, or accepted and then not held, and how often. @module */
import { fnv1a } from '#domain/prng';
import type { EpochS } from '#domain/units';
import type { StationCommand } from '#ocpp/station-message';
import { canonicalText } from '#safety/canonical';
import { stationWith, type StationDispatch } from './dispatch-state.ts';
import { refusalsMax, refusedMax } from './limits.ts';

type Refused = StationDispatch['refused'];

/** A station that has refused a command once more; after some times the command rests. */
export function refusedOnce(station: StationDispatch, command: StationCommand, now: EpochS): StationDispatch {
  const key = refusalKey(command);
  const refused = counted(station.refused, key);
  return stationWith(station, { refused, ...((refused[key] ?? 0) < refusalsMax ? {} : { refusedAt: now }) });
}

/** Names a command by its content, to remember that it was refused. */
export function refusalKey(command: StationCommand): string {
  return fnv1a(canonicalText(command)).toString(36);
}

/** Refusals without those of a command. */
export function withoutCommand(refused: Refused, command: StationCommand): Refused {
  return Object.keys(refused).length === 0 ? refused : withoutKey(refused, refusalKey(command));
}

function withoutKey(refused: Refused, key: string): Refused {
  if (!(key in refused)) return refused;
  return Object.fromEntries(Object.entries(refused).filter(([other]) => other !== key));
}

function counted(refused: Refused, key: string): Refused {
  const others = Object.entries(withoutKey(refused, key));
  return Object.fromEntries([...others.slice(1 - refusedMax), [key, (refused[key] ?? 0) + 1]]);
}
