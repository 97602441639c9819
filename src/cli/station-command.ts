/** `station`: one simulated station against any central system. @module */
import { runStation } from '#adapters/station-runner';
import type { Log } from '#ports/log';
import { personaNames, type PersonaName } from '#sim/scenario-document';
import { nearestOf } from '#operations/nearest';
import { stopAsked } from './stop.ts';
import { complain, InputFaults } from './terminal.ts';

/** Options of `station`. */
export interface StationOptions {
  readonly id: string;
  readonly url: string;
  readonly ocpp: '1.6' | '2.0.1' | '2.1';
  readonly password?: string;
  readonly current: 'AC' | 'DC';
  readonly phases: '1' | '3';
  readonly maxA?: number;
  readonly maxKw?: number;
  readonly evses: number;
  readonly persona: readonly string[];
  readonly sampleS: number;
  readonly energyKwh: number;
  readonly plugAfterS: number;
  readonly leaveAfterS?: number;
  readonly vehicle: boolean;
  readonly seed: number;
  readonly frames?: boolean;
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

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^wss?:$/.test(url.protocol)) return text.replace(/\/$/, '');
  return refuse('--url', text, 'web-socket-address', 'give ws://host:port/path or wss://host:port/path');
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

/** Runs the station until it is asked to stop. @throws InputFaults */
export async function simulateStation(options: StationOptions): Promise<void> {
  const url = checkedUrl(options.url);
  if (!/^[A-Za-z0-9_.*+=:|@-]{1,48}$/.test(options.id))
    refuse('--id', options.id, 'identity', 'give 1 to 48 letters, digits or - _ . * + = : | @');
  const personas = personasOf(options.persona);
  const asked = stopAsked();
  complain(
    `${options.id}: ${options.current} station, OCPP ${options.ocpp}, connecting to ${url}/${options.id}`,
  );
  const running = runStation({
    id: options.id,
    url,
    version: options.ocpp,
    ...(options.password === undefined ? {} : { password: options.password }),
    current: options.current,
    phases: options.phases === '1' ? 1 : 3,
    ...(options.maxA === undefined ? {} : { maxA: options.maxA }),
    ...(options.maxKw === undefined ? {} : { maxKw: options.maxKw }),
    evses: options.evses,
    personas,
    sampleIntervalS: options.sampleS,
    ...(options.vehicle
      ? {
          vehicle: {
            energyKwh: options.energyKwh,
            plugAfterS: options.plugAfterS,
            ...(options.leaveAfterS === undefined ? {} : { leaveAfterS: options.leaveAfterS }),
          },
        }
      : {}),
    seed: options.seed,
    log: logOf(options.frames === true),
  });
  const signal = await asked;
  running.stop();
  complain(`${signal}: stopped`);
}
