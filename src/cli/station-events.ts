/** The life of a simulated station as events, told from what its runner logs. @module */
import type { Log } from '#ports/log';
import { isRecord, numberAt, textAt } from '#whatif/payload';
import type { TellEvent } from './json-lines.ts';

/** First of a list, or the value itself: OCPP 1.6 has one schedule where 2.x has a list. */
function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

function fieldOf(record: unknown, ...names: readonly string[]): unknown {
  if (!isRecord(record)) return undefined;
  const name = names.find((one) => record[one] !== undefined);
  return name === undefined ? undefined : record[name];
}

/** What a charging profile of either version asks for. */
function limitFacts(payload: unknown): Readonly<Record<string, unknown>> {
  const profile = fieldOf(payload, 'csChargingProfiles', 'chargingProfile');
  const schedule = firstOf(fieldOf(profile, 'chargingSchedule'));
  return {
    evse: fieldOf(payload, 'connectorId', 'evseId'),
    purpose: textAt(profile, 'chargingProfilePurpose'),
    stackLevel: numberAt(profile, 'stackLevel'),
    unit: textAt(schedule, 'chargingRateUnit'),
    periods: fieldOf(schedule, 'chargingSchedulePeriod'),
  };
}

/** Readings of a meter message of either version, flat. */
function readingsOf(payload: unknown): readonly Readonly<Record<string, unknown>>[] {
  const meterValue = fieldOf(payload, 'meterValue');
  const samples: readonly unknown[] = Array.isArray(meterValue) ? meterValue : [];
  return samples.flatMap((sample) => {
    const sampled = fieldOf(sample, 'sampledValue');
    const values: readonly unknown[] = Array.isArray(sampled) ? sampled : [];
    return values.map((one) => ({
      measurand: textAt(one, 'measurand') ?? 'Energy.Active.Import.Register',
      phase: textAt(one, 'phase'),
      value: Number(fieldOf(one, 'value')),
      unit: textAt(one, 'unit') ?? textAt(fieldOf(one, 'unitOfMeasure'), 'unit'),
    }));
  });
}

/** Tells events of frames; a call is told when its answer is known. */
class FrameEvents {
  readonly #tell: TellEvent;
  readonly #boots = new Set<string>();
  readonly #limits = new Map<string, unknown>();

  constructor(tell: TellEvent) {
    this.#tell = tell;
  }

  sent(frame: readonly unknown[]): void {
    const [kind, id, action, payload] = frame;
    const limit = this.#limits.get(String(id));
    if (kind === 2) this.#called(String(id), action, payload);
    else if (limit !== undefined) {
      this.#limits.delete(String(id));
      const status = kind === 3 ? textAt(action, 'status') : String(action);
      this.#tell('limit', { ...limitFacts(limit), status });
    }
  }

  received(frame: readonly unknown[]): void {
    const [kind, id, action, payload] = frame;
    if (kind === 2 && action === 'SetChargingProfile') this.#limits.set(String(id), payload);
    if (kind === 2 || !this.#boots.delete(String(id))) return;
    this.#tell('booted', { status: kind === 3 ? textAt(action, 'status') : String(action) });
  }

  #called(id: string, action: unknown, payload: unknown): void {
    if (action === 'BootNotification') this.#boots.add(id);
    const readings = readingsOf(payload);
    if (readings.length === 0) return;
    const evse = numberAt(payload, 'connectorId') ?? numberAt(fieldOf(payload, 'evse'), 'id');
    this.#tell('metered', { evse: evse ?? numberAt(payload, 'evseId'), readings });
  }
}

function frameOf(text: unknown): readonly unknown[] {
  try {
    const frame: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return Array.isArray(frame) ? frame : [];
  } catch {
    // The station answers a broken frame by itself; nothing happened.
    return [];
  }
}

/** A log that tells events instead of writing lines. */
export function stationEvents(tell: TellEvent): Log {
  const frames = new FrameEvents(tell);
  const take = (message: string, facts?: Readonly<Record<string, unknown>>): void => {
    if (message === 'sent') frames.sent(frameOf(facts?.['frame']));
    else if (message === 'received') frames.received(frameOf(facts?.['frame']));
    else if (message === 'connected' || message === 'disconnected') tell(message, {});
    else if (message === 'transaction started') tell('transaction', { state: 'started', ...facts });
    else if (message === 'transaction ended') tell('transaction', { state: 'ended', ...facts });
  };
  return { info: take, warn: take };
}
