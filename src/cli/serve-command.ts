/** `serve`: the engine on the system clock, with real stations. @module */
import { createInterface } from 'node:readline';
import { createMemoryBus } from '#adapters/bus-memory';
import { JournalError, openJournalFile } from '#adapters/journal-file';
import { createConsoleLog } from '#adapters/log-console';
import { createCsmsServer, type CsmsServer } from '#adapters/ocpp-ws/csms-server';
import { createSystemClock } from '#adapters/system-clock';
import { tariffDocument, tariffIds } from '#adapters/tariff-catalogue';
import { placeFaults, readDocument } from '#adapters/yaml-document';
import { isSubjectToken, subjectOf } from '#domain/event';
import type { Fault } from '#domain/fault';
import { createLoop } from '#engine/loop';
import { policyOf, type Policy } from '#engine/policy';
import { floorsOfSite } from '#engine/start';
import { depotOf, siteSchema, type Depot } from '#operations/site-document';
import { suggestFields } from '#operations/suggest';
import { tariffOf } from '#operations/tariff-of';
import type { Bus } from '#ports/bus';
import type { Journal } from '#ports/journal';
import type { Log } from '#ports/log';
import { solve } from '#solver/solve';
import { openBus } from './bus-of.ts';
import { outboundLine } from './outbound-line.ts';
import { readText } from './source.ts';
import { stopAsked } from './stop.ts';
import { complain, InputFaults } from './terminal.ts';
import { version } from './version.ts';

/** Options of `serve`. */
export interface ServeOptions {
  readonly site: string;
  readonly ocppListen: number;
  readonly host: string;
  readonly insecure?: boolean;
  readonly nats?: string;
  readonly journal?: string;
  readonly events?: boolean;
}

/** A depot that may be served. */
interface Served {
  readonly depot: Depot;
  readonly policy: Policy;
  /** Absent: none is named; the flat price of the policy stands. */
  readonly tariff?: unknown;
}

function loaded(file: string): Served {
  const document = readDocument(readText(file), file);
  if (!document.ok) throw new InputFaults(document.problem);
  const refuse = (faults: readonly Fault[]): never => {
    throw new InputFaults(placeFaults(suggestFields(faults, siteSchema), document.value));
  };
  const depot = depotOf(document.value.value);
  if (!depot.ok) return refuse(depot.problem);
  const policy = policyOf(depot.value.policy);
  if (!policy.ok) return refuse(policy.problem);
  const floors = floorsOfSite(depot.value.site, policy.value);
  if (!floors.ok)
    return refuse([{ path: 'circuits', rule: floors.problem.kind, fix: floors.problem.message }]);
  if (Object.keys(depot.value.tariff).length === 0) return { depot: depot.value, policy: policy.value };
  const tariff = tariffOf(depot.value, { tariffDocument, tariffIds });
  if (!tariff.ok) return refuse(tariff.problem);
  return { depot: depot.value, policy: policy.value, tariff: tariff.value };
}

function memoryJournal(): Journal {
  return { append: () => {}, read: () => [], compact: () => {}, close: () => {} };
}

function openJournal(path: string | undefined): { readonly journal: Journal; readonly text: string } {
  if (path === undefined)
    return { journal: memoryJournal(), text: 'none: what is known ends with this process; give --journal' };
  try {
    const journal = openJournalFile({ path, durability: 'disk' });
    const torn = journal.tornBytes === 0 ? '' : `, ${journal.tornBytes} bytes of a torn record dropped`;
    return { journal, text: `${path}, ${journal.length} records${torn}` };
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const fix = 'give a file that this program wrote, or a new one';
    throw new InputFaults([
      { path: '--journal', value: JSON.stringify(path), rule: error.trouble.kind, fix },
    ]);
  }
}

async function listening(options: ServeOptions, depot: Depot, log: Log): Promise<CsmsServer> {
  const byId = new Map(depot.site.stations.map((station) => [station.id, station]));
  try {
    return await createCsmsServer({
      host: options.host,
      port: options.ocppListen,
      // Foreign stations come with the path that their maker likes.
      isAnyPath: true,
      ...(options.insecure === true ? { isInsecure: true } : {}),
      stations: (id) => {
        const station = byId.get(id);
        if (station === undefined) return undefined;
        const password = station.password === undefined ? {} : { password: station.password };
        return { versions: [station.version], ...password };
      },
      log,
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    const rule = { EADDRINUSE: 'port-taken', EACCES: 'port-not-allowed', EADDRNOTAVAIL: 'no-such-address' }[
      code
    ];
    const value = `${options.host}:${options.ocppListen}`;
    throw new InputFaults([{ path: '--ocpp-listen', value, rule, fix: 'give another port or address' }]);
  }
}

function checkHost(options: ServeOptions): void {
  const isLoopback = /^(127\.|::1$|localhost$)/.test(options.host);
  if (isLoopback || options.insecure === true) return;
  const fix = 'stay on 127.0.0.1 behind a TLS proxy, or add --insecure to let passwords travel in the clear';
  throw new InputFaults([{ path: '--host', value: options.host, rule: 'not-encrypted', fix }]);
}

/** Events as JSON lines from standard input onto the bus; the engine checks them. */
function readEvents(bus: Bus, siteId: string): () => void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const read = readDocument(line);
    const kind: unknown =
      read.ok && typeof read.value.value === 'object' && read.value.value !== null
        ? Reflect.get(read.value.value, 'kind')
        : undefined;
    if (typeof kind === 'string' && isSubjectToken(kind))
      bus.publish(subjectOf(siteId, `in.${kind}`), new TextEncoder().encode(line));
    else if (line.trim() !== '') complain('event refused: give one JSON object with a kind per line');
  });
  return () => lines.close();
}

function sayWhatIsInUse(
  served: Served,
  server: CsmsServer,
  texts: readonly (readonly [string, string])[],
): void {
  const { site, title } = served.depot;
  const evses = site.stations.reduce((total, station) => total + station.evses.length, 0);
  complain(
    `voltherd ${version} serves ${title}: ${site.stations.length} stations, ${evses} connectors, ${site.circuits.length} circuits`,
  );
  const rows: readonly (readonly [string, string])[] = [
    ['ocpp', `${server.url}/<station id>`],
    ...texts,
    ['events', `voltherd.${site.id}.in.<kind>, answers on voltherd.${site.id}.out.>`],
    [
      'tariff',
      served.tariff === undefined
        ? `none: ${served.policy.flatPricePerKwh} per kWh always`
        : 'as in the site document',
    ],
  ];
  for (const [name, text] of rows) complain(`  ${name.padEnd(8)} ${text}`);
}

/** Serves until it is asked to stop. @throws InputFaults */
export async function serve(options: ServeOptions): Promise<void> {
  checkHost(options);
  const served = loaded(options.site);
  const { site, tariff: _, billingState } = served.depot;
  const log = createConsoleLog();
  const { journal, text: journalText } = openJournal(options.journal);
  const bus = options.nats === undefined ? createMemoryBus() : await openBus(options.nats, 'voltherd', log);
  const server = await listening(options, served.depot, log);
  const asked = stopAsked();
  const loop = createLoop({
    site,
    policy: served.policy,
    seed: 1,
    clock: createSystemClock(),
    bus,
    link: server,
    journal,
    solve,
    log,
    autoTurn: true,
  });
  bus.subscribe(subjectOf(site.id, 'out.>'), ({ subject, data }) => {
    const line = outboundLine(subject.slice(subjectOf(site.id, '').length), new TextDecoder().decode(data));
    if (line !== undefined) complain(`${new Date().toISOString()} ${line}`);
  });
  sayWhatIsInUse(served, server, [
    [
      'bus',
      options.nats ??
        `in this process only${options.events === true ? ', events from standard input' : '; give --nats or --events'}`,
    ],
    ['journal', journalText],
  ]);
  loop.start();
  if (served.tariff !== undefined) {
    const event = {
      kind: 'tariff',
      tariff: served.tariff,
      ...(billingState === undefined ? {} : { billingState }),
    };
    bus.publish(subjectOf(site.id, 'in.tariff'), new TextEncoder().encode(JSON.stringify(event)));
  }
  const endEvents = options.events === true ? readEvents(bus, site.id) : undefined;
  complain('ready');
  const signal = await asked;
  complain(`${signal}: stopping; chargers go on with their profiles until their leases end`);
  endEvents?.();
  await loop.stop();
  await server.close();
  await bus.close();
  journal.close();
  complain('stopped');
}
