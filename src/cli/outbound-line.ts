/** What the engine publishes, as one line for its operator. @module */
import { subjects } from '#domain/event';
import { isRecord, numberAt, textAt } from '#whatif/payload';

function planLine(payload: unknown): string {
  const proof: unknown = isRecord(payload) ? payload['proof'] : undefined;
  const visits = isRecord(payload) && Array.isArray(payload['visits']) ? payload['visits'].length : 0;
  const shortfalls = isRecord(payload) && Array.isArray(payload['shortfalls']) ? payload['shortfalls'] : [];
  const short = shortfalls
    .filter(isRecord)
    .map(
      (one) => `${textAt(one, 'visitId') ?? ''} ${((numberAt(one, 'missingWh') ?? 0) / 1000).toFixed(1)} kWh`,
    );
  return `plan ${numberAt(payload, 'revision') ?? ''}: ${visits} visits, ${textAt(proof, 'status') ?? ''} by ${textAt(proof, 'solver') ?? ''}, gap ${(numberAt(proof, 'gap') ?? 0).toPrecision(2)}${short.length === 0 ? '' : `, short: ${short.join(', ')}`}`;
}

/** The line of a message below `voltherd.<site>.`; undefined where it is not worth one. */
export function outboundLine(tail: string, text: string): string | undefined {
  const payload: unknown = JSON.parse(text);
  const key = textAt(payload, 'key') ?? '';
  switch (tail) {
    case subjects.plan:
      return planLine(payload);
    case subjects.verdict:
      return `verdict ${textAt(payload, 'kind') ?? ''} ${key}`;
    case subjects.alarm:
      return `alarm ${textAt(payload, 'kind') ?? ''} ${key}${isRecord(payload) && payload['active'] === false ? ' over' : ''}`;
    case subjects.refused:
      return `refused ${JSON.stringify(isRecord(payload) ? (payload['faults'] ?? payload) : payload)}`;
    case subjects.capability:
      return capabilityLine(payload);
    default:
      return undefined;
  }
}

/** What a station is counted on for, and what it did not say. */
function capabilityLine(payload: unknown): string {
  const counted: unknown = isRecord(payload) ? payload['counted'] : undefined;
  const missing =
    isRecord(payload) && Array.isArray(payload['missing']) ? payload['missing'].map(String) : [];
  return (
    `capability ${textAt(payload, 'stationId') ?? ''} ${textAt(payload, 'status') ?? ''}: ` +
    `${textAt(counted, 'rateUnit') ?? ''}, ${numberAt(counted, 'maxPeriods') ?? ''} periods, ` +
    `levels to ${numberAt(counted, 'maxStackLevel') ?? ''}` +
    (missing.length === 0 ? '' : `, not told: ${missing.join(', ')}`)
  );
}
