/** Engines with one thing wrong each, as data: the worlds must find every one of them. */
import type { LinkEvent, LinkMessage } from '#domain/event';
import { amperes, seconds, watts, type EpochS } from '#domain/units';
import { obeysAll, type Site, type Station } from '#domain/site';
import type { LoopParts } from '#engine/loop';
import { textOfUtf8, utf8Of } from '#engine/utf8';
import type { State } from '#engine/state';

import type { Guards } from '#safety/ledger-policy';
import { EngineDeath } from '#sim/seeded/crashing-journal';
import type { PlantedBug } from '#sim/seeded/play-world';
import type { SwitchName } from '#sim/seeded/world-plan';

/** A bug, and the switches under which it shows. */
export interface BugEntry {
  readonly name: string;
  readonly bug: PlantedBug;
  /** Absent: all. */
  readonly allowed?: readonly SwitchName[];
}

const withoutGuard =
  (name: keyof Guards) =>
  (state: State): State => ({
    ...state,
    ledger: {
      ...state.ledger,
      policy: { ...state.ledger.policy, guards: { ...state.ledger.policy.guards, [name]: false } },
    },
  });

const stationsOf =
  (change: (station: Station) => Station) =>
  (site: Site): Site => ({ ...site, stations: site.stations.map(change) });

const capabilityOf = (change: Partial<Station['capability']>): ((site: Site) => Site) =>
  stationsOf((station) => ({ ...station, capability: { ...station.capability, ...change } }));

/** Everything from the stations, changed or dropped on its way into the engine. */
const linkOf =
  (change: (event: LinkEvent) => LinkEvent | undefined) =>
  (parts: LoopParts): LoopParts => ({
    ...parts,
    link: {
      ...parts.link,
      onEvent: (receive) =>
        parts.link.onEvent((event) => {
          const changed = change(event);
          if (changed !== undefined) receive(changed);
        }),
    },
  });

/** Everything from the stations but what `isLost` names. */
const deafTo = (isLost: (event: LinkEvent) => boolean): ((parts: LoopParts) => LoopParts) =>
  linkOf((event) => (isLost(event) ? undefined : event));

/** Every answer from a station, changed on its way into the engine. */
const answersOf = (
  change: (payload: Record<string, unknown>) => Record<string, unknown>,
): ((parts: LoopParts) => LoopParts) =>
  linkOf((event) =>
    event.kind === 'result' ? { ...event, payload: change(event.payload as Record<string, unknown>) } : event,
  );

/** Every message to a station, changed or dropped on its way out. */
const messagesOf =
  (change: (message: LinkMessage) => LinkMessage | undefined) =>
  (parts: LoopParts): LoopParts => ({
    ...parts,
    link: {
      ...parts.link,
      send: (message) => {
        const changed = change(message);
        if (changed !== undefined) parts.link.send(changed);
      },
    },
  });

/** Whether a message sets the plan of a transaction. */
const isPlan = ({ payload }: Extract<LinkMessage, { kind: 'call' }>): boolean =>
  JSON.stringify(payload).includes('"TxProfile"');

/** The text of a profile on its way out, changed. */
const profilesOf = (change: (text: string) => string): ((parts: LoopParts) => LoopParts) =>
  messagesOf((message) =>
    message.kind === 'call' && message.action === 'SetChargingProfile'
      ? { ...message, payload: JSON.parse(change(JSON.stringify(message.payload))) as unknown }
      : message,
  );

const circuitsOf =
  (change: (site: Site['circuits'][number], i: number) => Site['circuits'][number]) =>
  (site: Site): Site => ({ ...site, circuits: site.circuits.map(change) });

const shifted =
  (byS: number) =>
  (parts: LoopParts): LoopParts => ({
    ...parts,
    clock: {
      now: () => (parts.clock.now() + byS) as EpochS,
      at: (instant, wake) => parts.clock.at((instant - byS) as EpochS, wake),
    },
  });

const raised = (text: string, by: number): string =>
  text.replace(
    /"limit":([\d.]+)/g,
    (_, limit: string) => `"limit":${Math.round((Number(limit) + by) * 10) / 10}`,
  );

const set = (parts: LoopParts, read: () => readonly unknown[]): LoopParts => ({
  ...parts,
  journal: { ...parts.journal, read },
});

/** Every message of the bus on its way into the engine, changed or dropped. */
const busOf =
  (tail: string, change: (text: string) => string | undefined) =>
  (parts: LoopParts): LoopParts => ({
    ...parts,
    bus: {
      ...parts.bus,
      subscribe: (pattern, on) =>
        parts.bus.subscribe(pattern, (message) => {
          if (!message.subject.endsWith(tail)) {
            on(message);
            return;
          }
          const text = change(textOfUtf8(message.data) ?? '');
          if (text !== undefined) on({ ...message, data: utf8Of(text) });
        }),
    },
  });

/** Every message of the bus of one kind, heard so much later. */
const lateBus =
  (tail: string, byS: number) =>
  (parts: LoopParts): LoopParts => ({
    ...parts,
    bus: {
      ...parts.bus,
      subscribe: (pattern, on) =>
        parts.bus.subscribe(pattern, (message) => {
          if (!message.subject.endsWith(tail)) on(message);
          else parts.clock.at((parts.clock.now() + byS) as EpochS, () => on(message));
        }),
    },
  });

/** Every message of the engine that holds a text, kept to itself. */
const unsaid =
  (tail: string, part: string, from: 'start' | 'restart' = 'start') =>
  (parts: LoopParts): LoopParts => {
    const isFirst = parts.journal.read().length <= 1;
    return {
      ...parts,
      bus: {
        ...parts.bus,
        publish: (subject, data) => {
          const text =
            data instanceof Uint8Array
              ? (textOfUtf8(data) ?? '')
              : typeof data === 'string'
                ? data
                : data.text;
          const isIt = subject.endsWith(tail) && text.includes(part);
          if (!isIt || (from === 'restart' && isFirst)) parts.bus.publish(subject, data);
        },
      },
    };
  };

/** Messages of the bus of which all but the first of a kind are changed or dropped. */
const afterFirst =
  (tail: string, keyOf: (text: string) => string, change: (text: string) => string | undefined) =>
  (parts: LoopParts): LoopParts => {
    const seen = new Set<string>();
    return busOf(tail, (text) => {
      const key = keyOf(text);
      if (seen.has(key)) return change(text);
      seen.add(key);
      return text;
    })(parts);
  };

/** The first record with another site in it. */
function withSite(record: unknown, site: Site): unknown {
  const { state, ...input } = record as { readonly state?: object };
  return state === undefined ? { ...input, site } : { ...input, state: { ...state, site } };
}

/** The table. */
export const plantedBugs: readonly BugEntry[] = [
  { name: 'a raise leaves without being admitted', bug: { state: withoutGuard('admission') } },
  { name: 'an unanswered call is taken for done', bug: { state: withoutGuard('bothStates') } },
  {
    name: 'calls in flight are forgotten by a crash',
    bug: { state: withoutGuard('writeAhead') },
    // Its answer is under way when the engine dies and the line goes down, so that nobody reads back what it did.
    allowed: ['engine-crash', 'cut', 'delay'],
  },
  { name: 'idle EVSEs count nothing', bug: { state: withoutGuard('idle') } },
  { name: 'a decrease counts at once', bug: { state: withoutGuard('reaction') } },
  {
    name: 'a reboot takes nothing away',
    bug: { state: withoutGuard('reboot') },
    allowed: ['persona-forgets-on-reboot', 'reboot'],
  },
  {
    name: 'every lease is believed',
    // Plans of stations that are known to ignore leases end by a step: the guard alone would show nothing.
    bug: { state: withoutGuard('unobeyedLease'), site: capabilityOf({ obeysLease: true }) },
    allowed: ['persona-ignores-lease', 'cut', 'partition'],
  },
  {
    name: 'a caught charger counts as before',
    bug: { state: withoutGuard('notCompliant') },
    allowed: ['persona-ignores-limit', 'persona-ignores-after-zero', 'lying-vehicle'],
  },
  {
    name: 'a call that was given up never arrives',
    bug: { state: withoutGuard('strays') },
    allowed: ['delay', 'slow-reader'],
  },
  {
    name: 'the engine takes every station for instant',
    bug: { site: capabilityOf({ reactionS: seconds(0) }) },
  },
  {
    name: 'the engine takes every station for one that keeps all profiles',
    bug: { site: capabilityOf({ keepsProfiles: 'all' }) },
    allowed: ['reboot', 'persona-forgets-on-reboot'],
  },
  {
    name: 'the engine takes every station for one that obeys all that it accepts',
    bug: { site: capabilityOf({ obeys: obeysAll }) },
    allowed: ['persona-ignores-tx-default', 'persona-ignores-tx-profile'],
  },
  {
    name: 'circuits are taken for a tenth larger',
    bug: { site: circuitsOf((c) => ({ ...c, limitA: amperes(c.limitA * 1.1) })) },
  },
  {
    name: 'only the grid connection is watched',
    bug: { site: circuitsOf((c, i) => (i === 0 ? c : { ...c, limitA: amperes(c.limitA * 9) })) },
  },
  {
    name: 'the grid connection is not watched',
    bug: { site: circuitsOf((c, i) => (i > 0 ? c : { ...c, limitA: amperes(c.limitA * 9) })) },
  },
  {
    name: 'the limit in W is not read',
    bug: {
      site: circuitsOf(({ id, parent, limitA }) => ({
        id,
        ...(parent === undefined ? {} : { parent }),
        limitA,
      })),
    },
  },
  { name: 'the building is forgotten', bug: { site: (site) => ({ ...site, uncontrolled: [] }) } },
  {
    name: 'the building is counted at a fifth',
    bug: {
      site: (site) => ({
        ...site,
        uncontrolled: site.uncontrolled.map((l) => ({
          ...l,
          boundW: l.boundW.map((w) => watts(w / 5)),
          expectedW: l.expectedW.map((w) => watts(w / 5)),
        })),
      }),
    },
  },
  {
    name: 'the building is taken for even on all phases',
    bug: {
      site: (site) => ({
        ...site,
        uncontrolled: site.uncontrolled.map(({ circuit, expectedW, boundW }) => ({
          circuit,
          expectedW,
          boundW,
        })),
      }),
    },
    allowed: ['uneven-building'],
  },
  {
    name: 'every socket is taken for unrotated',
    bug: {
      site: stationsOf((s) => ({
        ...s,
        evses: s.evses.map((e) => ({ ...e, rotation: e.rotation.length === 1 ? [0 as const] : e.rotation })),
      })),
    },
    allowed: [],
  },
  {
    name: 'the first station is not known',
    bug: { site: (site) => ({ ...site, stations: site.stations.slice(1) }) },
  },
  {
    name: 'stations are taken for fed by the grid itself',
    bug: { site: stationsOf((s) => ({ ...s, circuit: 'grid' })) },
  },
  {
    name: 'a refusal is read as an acceptance',
    bug: { parts: answersOf((p) => (p['status'] === 'Rejected' ? { ...p, status: 'Accepted' } : p)) },
    allowed: ['persona-rejects'],
  },
  { name: 'limits leave one ampere too high', bug: { parts: profilesOf((text) => raised(text, 1)) } },
  {
    name: 'limits leave doubled',
    bug: {
      parts: profilesOf((text) =>
        text.replace(/"limit":([\d.]+)/g, (_, l: string) => `"limit":${Number(l) * 2}`),
      ),
    },
  },
  {
    name: 'plans leave without an end',
    bug: {
      parts: profilesOf((text) =>
        text.includes('"TxProfile"')
          ? text.replace(/"duration":\d+,?/, '').replace(/"validTo":"[^"]*",?/, '')
          : text,
      ),
    },
  },
  {
    name: 'only the first period of a plan leaves',
    bug: {
      parts: profilesOf((text) => text.replace(/("chargingSchedulePeriod":\[\{[^}]*\}),[^\]]*\]/, '$1]')),
    },
  },
  {
    name: 'periods leave a minute early',
    bug: {
      parts: profilesOf((text) =>
        text.replace(
          /"startPeriod":(\d+)/g,
          (_, s: string) => `"startPeriod":${Math.max(0, Number(s) - 60)}`,
        ),
      ),
    },
  },
  {
    name: 'floors are never sent',
    bug: {
      parts: messagesOf((m) =>
        m.kind === 'call' && JSON.stringify(m.payload).includes('"TxDefaultProfile"') ? undefined : m,
      ),
    },
  },
  {
    name: 'decreases to nothing are never sent',
    bug: {
      parts: (p) => ({
        ...messagesOf((m) =>
          m.kind === 'call' &&
          JSON.stringify(m.payload).includes('"startPeriod":0,"limit":0') &&
          JSON.stringify(m.payload).includes('"TxProfile"')
            ? undefined
            : m,
        )(answersOf((x) => x)(p)),
      }),
    },
  },
  { name: 'the clock is an hour ahead', bug: { parts: shifted(3600) } },
  {
    name: 'a station that nobody knows is cleared of everything at once',
    bug: {
      parts: messagesOf((m) =>
        m.kind === 'call' &&
        m.action === 'ClearChargingProfile' &&
        JSON.stringify(m.payload) === '{"chargingProfilePurpose":"TxProfile"}'
          ? { ...m, payload: {} }
          : m,
      ),
    },
    allowed: ['journal-lost', 'delay'],
  },
  {
    name: 'the journal loses its last records in a crash',
    bug: { parts: (parts) => set(parts, () => parts.journal.read().slice(0, -40)) },
    allowed: ['engine-crash'],
  },
  {
    name: 'answers of stations are dropped',
    bug: {
      parts: deafTo(({ kind }) => kind === 'result'),
    },
    allowed: [],
  },
  {
    name: 'the answer comes before the question: everything is accepted',
    bug: { parts: answersOf((p) => ('status' in p ? { ...p, status: 'Accepted' } : p)) },
    allowed: ['persona-rejects', 'reboot'],
  },
  {
    name: 'meter values are not read',
    bug: {
      parts: deafTo((e) => e.kind === 'call' && e.action === 'MeterValues'),
    },
    allowed: [],
  },
  {
    name: 'ends of transactions are not heard',
    bug: {
      parts: deafTo(
        (e) =>
          e.kind === 'call' &&
          (e.action === 'StopTransaction' || JSON.stringify(e.payload).includes('"Ended"')),
      ),
    },
    allowed: [],
  },
  {
    name: 'lost connections are not heard',
    bug: {
      parts: deafTo(({ kind }) => kind === 'connected'),
    },
    allowed: [],
  },
  {
    name: 'bus messages are not heard',
    bug: { parts: busOf('in.visit', () => undefined) },
    allowed: [],
  },
  {
    name: 'nobody is asked again when the bus is back',
    bug: {
      parts: (parts) => ({
        ...parts,
        bus: { ...parts.bus, onBack: () => ({ unsubscribe: () => undefined }) },
      }),
    },
    allowed: ['bus-lost', 'visit-changes'],
  },
  {
    name: 'limit drops are not heard',
    bug: { parts: busOf('in.limit', () => undefined) },
    allowed: ['limit-drop'],
  },
  {
    name: 'limit drops are heard a quarter of an hour late',
    bug: { parts: lateBus('in.limit', 900) },
    allowed: ['limit-drop'],
  },
  {
    name: 'the meter at the grid connection is read nine tenths',
    bug: {
      parts: busOf('in.site-meter', (text) =>
        text.replace(/"powerW":(\d+)/, (_, w: string) => `"powerW":${Math.round(Number(w) * 0.9)}`),
      ),
    },
    allowed: [],
  },
  {
    name: 'the hours of the tariff are taken for UTC',
    bug: { parts: busOf('in.tariff', (text) => text.replace(/"timezone":"[^"]*"/, '"timezone":"UTC"')) },
    allowed: [],
  },
  {
    name: 'silent meters are not told',
    bug: { parts: unsaid('out.verdict', '"meter-silent"') },
    allowed: ['persona-blind-meter'],
  },
  {
    name: 'vehicles that sleep are not told',
    bug: { parts: unsaid('out.alarm', '"vehicle-asleep"') },
    allowed: ['persona-never-wakes'],
  },
  {
    name: 'a dead meter at the grid connection is not told',
    bug: { parts: unsaid('out.alarm', '"site-meter-stale"') },
    allowed: ['dead-site-meter'],
  },
  {
    name: 'no plan is told after a restart',
    bug: { parts: unsaid('out.plan', '', 'restart') },
    allowed: ['engine-crash'],
  },
  {
    name: 'an hour of plans is forgotten: the solver always fails',
    bug: { parts: (parts) => ({ ...parts, solve: () => Promise.reject(new Error('no')) }) },
    allowed: [],
  },
  {
    name: 'the first effect of an input is carried out before its record',
    bug: {
      parts: (parts) => {
        const late: unknown[] = [];
        return {
          ...parts,
          journal: {
            ...parts.journal,
            append: (r) => {
              late.push(r);
              if (late.length > 25) parts.journal.append(late.shift());
            },
          },
        };
      },
    },
    allowed: ['engine-crash'],
  },
  {
    name: 'the last record is lost though its messages have left',
    bug: { parts: (parts) => set(parts, () => parts.journal.read().slice(0, -1)) },
    allowed: ['crash-amid'],
  },
  {
    name: 'what a full disk does not take is acted upon',
    bug: {
      parts: (parts) => ({
        ...parts,
        journal: {
          ...parts.journal,
          append: (record) => {
            try {
              parts.journal.append(record);
            } catch (error) {
              if (!(error instanceof EngineDeath) || error.crash.fullS === undefined) throw error;
            }
          },
        },
      }),
    },
    allowed: ['disk-full', 'engine-crash'],
  },
  {
    name: 'a site file takes the place of the site in the journal',
    bug: {
      parts: (parts) =>
        set(parts, () =>
          parts.journal.read().map((record, i) => (i === 0 ? withSite(record, parts.site) : record)),
        ),
    },
    allowed: ['old-site'],
  },
  {
    name: 'a plan that nothing vouches for is taken',
    bug: {
      parts: (parts) => ({
        ...parts,
        solve: async (problem, options) => {
          const solution = await parts.solve(problem, options);
          return { ...solution, certificate: { ...solution.certificate, valid: true } };
        },
      }),
    },
    allowed: ['solver-lies'],
  },
  {
    name: 'solves that fail are not told',
    bug: { parts: unsaid('out.alarm', '"solver-failed"') },
    allowed: ['solver-fails', 'solver-slow'],
  },
  {
    name: 'messages of other sites are heard',
    bug: {
      parts: (parts) => ({
        ...parts,
        bus: {
          ...parts.bus,
          subscribe: (pattern, on) =>
            parts.bus.subscribe(pattern.replace(parts.site.id, '*'), (message) => {
              const [, , ...tail] = message.subject.split('.');
              const subject = ['voltherd', parts.site.id, ...tail].join('.');
              on({ subject, data: message.data });
            }),
        },
      }),
    },
    allowed: ['other-site'],
  },
  {
    name: 'a reading that comes again counts as a new one',
    bug: {
      parts: (parts) =>
        afterFirst(
          'in.site-meter',
          (text) => text,
          (text) => text.replace(/"sampledAt":\d+/, `"sampledAt":${parts.clock.now()}`),
        )(parts),
    },
    allowed: ['bus-repeats'],
  },
  {
    name: 'another tariff begins the month anew',
    bug: {
      parts: afterFirst(
        'in.tariff',
        () => 'tariff',
        (text) => text.replace('"id":"seeded"', '"id":"another"'),
      ),
    },
    allowed: ['tariff-changes'],
  },
  {
    name: 'what is put right of a visit is not heard',
    bug: {
      parts: afterFirst(
        'in.visit',
        (text) => /"id":"[^"]*"/.exec(text)?.[0] ?? '',
        () => undefined,
      ),
    },
    allowed: ['visit-changes'],
  },
  {
    name: 'visits are heard in the first minute only',
    bug: {
      parts: (parts) => {
        let last = parts.clock.now();
        return busOf('in.visit', (text) => {
          const isFirst = parts.clock.now() - last < 60;
          last = isFirst ? last : parts.clock.now();
          return isFirst ? text : undefined;
        })(parts);
      },
    },
    allowed: ['bus-lost', 'late-news', 'visit-changes'],
  },
  {
    name: 'a clock that is behind is taken for right',
    bug: { policy: (policy) => ({ ...policy, clockSkewS: seconds(0) }) },
    allowed: ['persona-clock-steps-back'],
  },
  {
    name: 'a limit that dropped never rises again',
    bug: {
      parts: busOf('in.limit', (text) =>
        text.replace(/"untilS":(\d+)/, (_, s: string) => `"untilS":${Number(s) + 86_400}`),
      ),
    },
    allowed: ['limit-drop'],
  },
  {
    name: 'a station that was away gets no plan again',
    bug: {
      parts: (parts) => {
        const met = new Map<string, number>();
        return messagesOf((m) =>
          m.kind === 'call' && (met.get(m.stationId) ?? 0) > 1 && isPlan(m) ? undefined : m,
        )({
          ...parts,
          link: {
            ...parts.link,
            onEvent: (receive) =>
              parts.link.onEvent((e) => {
                if (e.kind === 'connected') met.set(e.stationId, (met.get(e.stationId) ?? 0) + 1);
                receive(e);
              }),
          },
        });
      },
    },
    allowed: ['cut', 'partition', 'engine-crash'],
  },
  {
    name: 'what was lost is not sent again',
    bug: {
      parts: (parts) => {
        const last = new Map<string, string>();
        return messagesOf((m) => {
          if (m.kind !== 'call' || !isPlan(m)) return m;
          const text = JSON.stringify(m.payload);
          if (last.get(m.stationId) === text) return undefined;
          last.set(m.stationId, text);
          return m;
        })(parts);
      },
    },
    allowed: ['loss'],
  },
];
