/** What the engine says on the bus, heard as far as rules need it. @module */
import { subjectOf, subjects } from '#domain/event';
import type { VisitPlan } from '#domain/plan';
import type { Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import { textOfUtf8 } from '#engine/utf8';
import type { Bus } from '#ports/bus';
import type { SimVisit } from '../scenario.ts';
import type { Said, ToldPeak } from './rule.ts';

type Payload = Readonly<Record<string, unknown>>;

/** What is kept of each kind of message. */
type Hearers = Readonly<Record<string, (payload: Payload, text: string) => void>>;

/** The highest power that a vehicle is ever said to take, W, by visit. */
type MostW = ReadonlyMap<string, number>;

function hearPowers(said: Said, payload: Payload, mostW: MostW): void {
  for (const { visitId, powerW } of payload['visits'] as readonly VisitPlan[]) {
    const over = powerW.find((w) => w > (mostW.get(visitId) ?? 0) + 1);
    if (over !== undefined)
      said.impossible ??= `a plan gives ${visitId} ${over} W of ${mostW.get(visitId) ?? 0} W`;
  }
}

function hearPlan(said: Said, payload: Payload, text: string, at: EpochS): void {
  const revision = Number(payload['revision']);
  const { plan } = said;
  if (revision < plan.revision || (revision === plan.revision && text !== plan.text))
    said.disorder ??= `plan ${revision} was told after plan ${plan.revision}`;
  said.plan = { revision, text, at };
  for (const { visitId } of payload['shortfalls'] as readonly { visitId: string }[])
    said.shortfalls.push({ visitId, at });
}

function hearAlarm(said: Said, payload: Payload, at: EpochS): void {
  const key = String(payload['key']);
  const kind = String(payload['kind']);
  if (payload['active'] === true) said.alarms.add(`${kind} ${key}`);
  else said.alarms.delete(`${kind} ${key}`);
  if (kind !== 'not-compliant') return;
  if (payload['active'] === true) said.caught.set(key, at);
  else said.caught.delete(key);
}

function hearVerdict(said: Said, payload: Payload): void {
  if (payload['kind'] === 'meter-silent') said.silent.add(String(payload['key']));
  if (payload['kind'] === 'meter-back') said.silent.delete(String(payload['key']));
}

/** Listens to the engine of a scenario; `resend` is called when it asks to be told everything again. */
export function listen(
  bus: Bus,
  { site, visits }: { readonly site: Site; readonly visits: readonly SimVisit[] },
  now: () => EpochS,
  resend: () => void,
): Said {
  const mostW: MostW = new Map(visits.map(({ announced }) => [announced.id, announced.maxW]));
  const said: Said = {
    shortfalls: [],
    caught: new Map(),
    alarms: new Set(),
    silent: new Set(),
    plan: { revision: 0, text: '', at: 0 as EpochS },
    peaks: [],
  };
  const hearers: Hearers = {
    [subjects.status]: (payload) => {
      if (payload['resend'] === true) resend();
    },
    [subjects.plan]: (payload, text) => {
      hearPlan(said, payload, text, now());
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
      const text = message.text ?? textOfUtf8(message.data) ?? '{}';
      hear(JSON.parse(text) as Payload, text);
    });
  }
  return said;
}
