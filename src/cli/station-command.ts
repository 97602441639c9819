/** `station`: one simulated station against any central system. @module */
import { runStation, type RunningStation } from '#adapters/station-runner';
import type { Log } from '#ports/log';
import { personaNames, type PersonaName } from '#sim/scenario-document';
import { stationSettings, type StationSettings } from '#operations/live';
import { nearestOf } from '#operations/nearest';
import { jsonLines } from './json-lines.ts';
import { readSettings } from './settings.ts';
import { stationEvents } from './station-events.ts';
import { stopAsked } from './stop.ts';
import { complain, InputFaults } from './terminal.ts';

/** Options of `station`; what is absent comes from the document on standard input, or has a default. */
export interface StationOptions {
  readonly id?: string;
  readonly url?: string;
  readonly ocpp?: '1.6' | '2.0.1' | '2.1';
  readonly password?: string;
  readonly current?: 'AC' | 'DC';
  readonly phases?: '1' | '3';
  readonly maxA?: number;
  readonly maxKw?: number;
  readonly evses?: number;
  readonly persona: readonly string[];
  readonly sampleS?: number;
  readonly energyKwh?: number;
  readonly plugAfterS?: number;
  readonly leaveAfterS?: number;
  readonly vehicle: boolean;
  readonly seed?: number;
  readonly frames?: boolean;
  readonly json?: boolean;
}

function refuse(path: string, value: string, rule: string, fix: string): never {
  throw new InputFaults([{ path, value: JSON.stringify(value), rule, fix }]);
}

function personasOf(names: readonly string[]): readonly PersonaName[] {
  return names.map((name) => {
    const known = personaNames.find((persona) => persona === name);
    if (known !== undefined) return known;
    const nearest = nearestOf(name, personaNames);
    const fix = nearest === undefined ? `name one of ${personaNames.join(', ')}` : `did you mean ${nearest}?`;
    return refuse('--persona', name, 'unknown-persona', fix);
  });
}

function checkedUrl(text: string, path: string): string {
  if (URL.canParse(text)) return text.replace(/\/$/, '');
  return refuse(path, text, 'web-socket-address', 'give ws://host:port/path or wss://host:port/path');
}

/** A frame in few words: `BootNotification`, `answer to ...` or the error. */
function frameText(text: string): string {
  try {
    const frame = JSON.parse(text) as readonly unknown[];
    if (frame[0] === 2) return `${String(frame[2])} ${JSON.stringify(frame[3])}`;
    if (frame[0] === 3) return `answer ${JSON.stringify(frame[2])}`;
    return `error ${String(frame[2])} ${String(frame[3])}`;
  } catch {
    return text;
  }
}

/** Longest line without `--frames`. */
const lineMax = 160;

function logOf(isWhole: boolean): Log {
  const say = (message: string, facts?: Readonly<Record<string, unknown>>): void => {
    const frame = facts?.['frame'];
    const arrow = message === 'sent' ? '>' : message === 'received' ? '<' : '-';
    const text =
      typeof frame === 'string'
        ? isWhole
          ? frame
          : frameText(frame)
        : `${message} ${facts === undefined ? '' : JSON.stringify(facts)}`;
    const line = `${new Date().toISOString()} ${arrow} ${text.trimEnd()}`;
    complain(isWhole || line.length <= lineMax ? line : `${line.slice(0, lineMax)}...`);
  };
  return { info: say, warn: say };
}

/** The options that were given, under the names of the settings. @throws InputFaults */
function givenIn(options: StationOptions): Readonly<Record<string, unknown>> {
  const { persona, phases, vehicle, frames: _, json: __, ...rest } = options;
  return {
    ...rest,
    phases: phases === undefined ? undefined : Number(phases),
    personas: persona.length === 0 ? undefined : personasOf(persona),
    vehicle: vehicle ? undefined : false,
  };
}

/** A station as its settings say. */
function started(settings: StationSettings, url: string, log: Log): RunningStation {
  const { ocpp, vehicle, energyKwh, plugAfterS, leaveAfterS, sampleS, ...rest } = settings;
  const leaves = leaveAfterS === undefined ? {} : { leaveAfterS };
  return runStation({
    ...rest,
    url,
    version: ocpp,
    sampleIntervalS: sampleS,
    ...(vehicle ? { vehicle: { energyKwh, plugAfterS, ...leaves } } : {}),
    log,
  });
}

/** Runs the station until it is asked to stop. @throws InputFaults */
export async function simulateStation(options: StationOptions): Promise<void> {
  const { settings } = await readSettings(stationSettings, givenIn(options), ['id', 'url']);
  const url = checkedUrl(settings.url, options.url === undefined ? 'url' : '--url');
  const asked = stopAsked();
  complain(
    `${settings.id}: ${settings.current} station, OCPP ${settings.ocpp}, connecting to ${url}/${settings.id}`,
  );
  const tell = options.json === true ? jsonLines() : undefined;
  const running = started(
    settings,
    url,
    tell === undefined ? logOf(options.frames === true) : stationEvents(tell),
  );
  const signal = await asked;
  running.stop();
  tell?.('stopped', { signal });
  complain(`${signal}: stopped`);
}
