/** What the engine says on the bus, heard as far as rules need it. @module */
import { subjectOf, subjects } from '#domain/event';
import type { VisitPlan } from '#domain/plan';
import type { Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import { textOfUtf8 } from '#engine/utf8';
import type { Bus, BusMessage } from '#ports/bus';
import type { SimVisit } from '../scenario-cast.ts';
import type { Said, ToldPeak } from './rule.ts';

type Payload = Readonly<Record<string, unknown>>;

/** What is kept of each kind of message. */
type Hearers = Readonly<Record<string, (payload: Payload, message: BusMessage) => void>>;

/** The highest power that a vehicle is ever said to take, W, by visit. */
type MostW = ReadonlyMap<string, number>;

function hearPowers(said: Said, payload: Payload, mostW: MostW): void {
  for (const { visitId, powerW } of payload['visits'] as readonly VisitPlan[]) {
    const over = powerW.find((w) => w > (mostW.get(visitId) ?? 0) + 1);
    if (over !== undefined)
      said.impossible ??= `a plan gives ${visitId} ${over} W of ${mostW.get(visitId) ?? 0} W`;
  }
}

function textOf(message: BusMessage): string {
  return message.text ?? textOfUtf8(message.data) ?? '{}';
}

function hearPlan(said: Said, payload: Payload, message: BusMessage, at: EpochS): void {
  const revision = Number(payload['revision']);
  const { plan } = said;
  if (revision < plan.revision || (revision === plan.revision && textOf(message) !== plan.text()))
    said.disorder ??= `plan ${revision} was told after plan ${plan.revision}`;
  said.plan = { revision, text: () => textOf(message), at };
  for (const { visitId } of payload['shortfalls'] as readonly { visitId: string }[])
    said.shortfalls.push({ visitId, at });
}

function hearAlarm(said: Said, payload: Payload, at: EpochS): void {
  const key = String(payload['key']);
  const kind = String(payload['kind']);
  // What stands is said again by a new process, and when the bus is back.
  if (payload['active'] === true && said.alarms.has(`${kind} ${key}`)) return;
  if (payload['active'] === true) said.alarms.add(`${kind} ${key}`);
  else said.alarms.delete(`${kind} ${key}`);
  if (kind === 'vehicle-asleep' && payload['active'] === true) said.sleepers.push({ key, at });
  if (kind !== 'not-compliant') return;
  if (payload['active'] === true) said.caught.set(key, at);
  else said.caught.delete(key);
}

function hearVerdict(said: Said, payload: Payload): void {
  if (payload['kind'] === 'meter-silent') said.silent.add(String(payload['key']));
  if (payload['kind'] === 'meter-back') said.silent.delete(String(payload['key']));
}

/** What is needed to listen. */
export interface Listening {
  readonly bus: Bus;
  readonly scenario: { readonly site: Site; readonly visits: readonly SimVisit[] };
  readonly now: () => EpochS;
  /** Called when the engine asks to be told everything again. */
  readonly resend: () => void;
  /** Whether messages are read as the texts that they are on a wire, or as the values that the texts are made of. */
  readonly reads: 'texts' | 'values';
}

/** Listens to the engine of a scenario. */
export function listen({ bus, scenario, now, resend, reads }: Listening): Said {
  const { site, visits } = scenario;
  const mostW: MostW = new Map(visits.map(({ announced }) => [announced.id, announced.maxW]));
  const said: Said = {
    shortfalls: [],
    caught: new Map(),
    alarms: new Set(),
    silent: new Set(),
    plan: { revision: 0, text: () => '', at: 0 as EpochS },
    peaks: [],
    sleepers: [],
    deaths: [],
  };
  const hearers: Hearers = {
    [subjects.status]: (payload) => {
      if (payload['resend'] === true) resend();
    },
    [subjects.plan]: (payload, message) => {
      hearPlan(said, payload, message, now());
      hearPowers(said, payload, mostW);
    },
    [subjects.alarm]: (payload) => hearAlarm(said, payload, now()),
    [subjects.verdict]: (payload) => hearVerdict(said, payload),
    [subjects.billing]: (payload) => {
      said.peaks = payload['peaks'] as readonly ToldPeak[];
    },
  };
  for (const [tail, hear] of Object.entries(hearers)) {
    bus.subscribe(subjectOf(site.id, tail), (message) => {
      const value = reads === 'values' ? message.value : undefined;
      hear((value ?? JSON.parse(textOf(message))) as Payload, message);
    });
  }
  return said;
}
