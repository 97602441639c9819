/** `serve`: the engine on the system clock, with real stations. @module */
import { createInterface } from 'node:readline';
import { createMemoryBus } from '#adapters/bus-memory';
import { JournalError, openJournalFile } from '#adapters/journal-file';
import { journalPartsBytesMax } from '#adapters/journal-parts';
import { createConsoleLog } from '#adapters/log-console';
import { createCsmsServer, type CsmsServer, type CsmsServerOptions } from '#adapters/ocpp-ws/csms-server';
import { startSolverThread } from '#adapters/solver-thread';
import { createSystemClock } from '#adapters/system-clock';
import { tariffDocument, tariffIds } from '#adapters/tariff-catalogue';
import { placeFaults, readDocument, type TextDocument } from '#adapters/yaml-document';
import { isSubjectToken, subjectOf, subjects } from '#domain/event';
import type { Fault } from '#domain/fault';
import { restartRecordsMax } from '#engine/limits';
import { createLoop } from '#engine/loop';
import { policyOf, type Policy } from '#engine/policy';
import { floorsOfSite } from '#engine/start';
import { serveSettings, type ServeSettings } from '#operations/live';
import { depotOf, siteSchema, type Depot } from '#operations/site-document';
import { suggestFields } from '#operations/suggest';
import { tariffOf } from '#operations/tariff-of';
import type { Bus } from '#ports/bus';
import type { Journal } from '#ports/journal';
import type { Log } from '#ports/log';
import { openBus } from './bus-of.ts';
import { jsonLines, type TellEvent } from './json-lines.ts';
import { outboundLine } from './outbound-line.ts';
import { readSettings } from './settings.ts';
import { readText } from './source.ts';
import { stopAsked } from './stop.ts';
import { complain, InputFaults } from './terminal.ts';
import { version } from './version.ts';

/** Options of `serve`; what is absent comes from the document on standard input, or has a default. */
export interface ServeOptions {
  readonly site?: string;
  readonly ocppListen?: number;
  readonly host?: string;
  readonly insecure?: boolean;
  readonly nats?: string;
  readonly journal?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly events?: boolean;
  readonly json?: boolean;
}

/** A depot that may be served. */
interface Served {
  readonly depot: Depot;
  readonly policy: Policy;
  /** Absent: none is named; the flat price of the policy stands. */
  readonly tariff?: unknown;
}

/** A written site, and how its faults are placed. */
interface SiteDocument {
  readonly value: unknown;
  readonly place: (faults: readonly Fault[]) => readonly Fault[];
}

/** The document of a site: of a file, or a part of the settings. @throws InputFaults */
function siteIn(site: ServeSettings['site'], settings: TextDocument): SiteDocument {
  if (typeof site !== 'string') {
    const below = (path: string): string => (path === '' ? 'site' : `site.${path}`);
    return {
      value: site,
      place: (faults) =>
        placeFaults(
          faults.map((fault) => ({ ...fault, path: below(fault.path) })),
          settings,
        ),
    };
  }
  const read = readDocument(readText(site), site);
  if (!read.ok) throw new InputFaults(read.problem);
  return { value: read.value.value, place: (faults) => placeFaults(faults, read.value) };
}

function loaded({ value, place }: SiteDocument): Served {
  const refuse = (faults: readonly Fault[]): never => {
    throw new InputFaults(place(suggestFields(faults, siteSchema)));
  };
  const depot = depotOf(value);
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

/** What a new engine waits for: a site where nobody was before looks like one whose journal is lost. */
function firstPlansText({ lateS }: Policy): string {
  const what = 'when no call of a process that may have been here before can arrive any more';
  return `first plans after ${lateS} s, ${what} (lateS of the policy)`;
}

function openJournal(
  path: string | undefined,
  policy: Policy,
): { readonly journal: Journal; readonly text: string } {
  const first = firstPlansText(policy);
  if (path === undefined) {
    const text = `none: what is known ends with this process; give --journal; ${first}`;
    return { journal: memoryJournal(), text };
  }
  try {
    const journal = openJournalFile({ path, durability: 'disk', partsBytesMax: journalPartsBytesMax });
    const torn = journal.tornBytes === 0 ? '' : `, ${journal.tornBytes} bytes of a torn record dropped`;
    const isNew = journal.length === 0 ? `, new: ${first}` : '';
    return { journal, text: `${path}, ${journal.length} records${torn}${isNew}` };
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const fix = 'give a file that this program wrote, or a new one';
    throw new InputFaults([
      { path: '--journal', value: JSON.stringify(path), rule: error.trouble.kind, fix },
    ]);
  }
}

/** PEM texts of the files that the settings name. @throws InputFaults */
function pemOf(tls: ServeSettings['tls']): { readonly tls?: NonNullable<CsmsServerOptions['tls']> } {
  if (tls === undefined) return {};
  const authority = tls.ca === undefined ? {} : { ca: readText(tls.ca) };
  return { tls: { cert: readText(tls.cert), key: readText(tls.key), ...authority } };
}

/** What the system has against an endpoint, as a fault; undefined where it is none of the operator's. */
function endpointFault(settings: ServeSettings, error: unknown): Fault | undefined {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code.startsWith('ERR_OSSL') || code.startsWith('ERR_TLS'))
    return { path: '--tls-cert', rule: 'not-a-pair', fix: `give PEM files of one pair: ${message}` };
  const rule = new Map([
    ['EADDRINUSE', 'port-taken'],
    ['EACCES', 'port-not-allowed'],
    ['EADDRNOTAVAIL', 'no-such-address'],
  ]).get(code);
  if (rule === undefined) return undefined;
  const value = `${settings.host}:${settings.ocppListen}`;
  return { path: '--ocpp-listen', value, rule, fix: 'give another port or address' };
}

async function listening(settings: ServeSettings, depot: Depot, log: Log): Promise<CsmsServer> {
  const byId = new Map(depot.site.stations.map((station) => [station.id, station]));
  try {
    return await createCsmsServer({
      host: settings.host,
      port: settings.ocppListen,
      ...pemOf(settings.tls),
      // Foreign stations come with the path that their maker likes.
      isAnyPath: true,
      isInsecure: settings.insecure,
      stations: (id) => {
        const station = byId.get(id);
        if (station === undefined) return undefined;
        const password = station.password === undefined ? {} : { password: station.password };
        return { versions: [station.version], ...password };
      },
      log,
    });
  } catch (error) {
    const fault = endpointFault(settings, error);
    if (fault === undefined) throw error;
    throw new InputFaults([fault]);
  }
}

function checkHost({ host, insecure, tls }: ServeSettings): void {
  const isLoopback = /^(127\.|::1$|localhost$)/.test(host);
  if (isLoopback || insecure || tls !== undefined) return;
  const fix =
    'stay on 127.0.0.1, give --tls-cert and --tls-key, or add --insecure to let passwords travel in the clear';
  throw new InputFaults([{ path: '--host', value: host, rule: 'not-encrypted', fix }]);
}

/** The options that were given, under the names of the settings. */
function givenIn(options: ServeOptions): Readonly<Record<string, unknown>> {
  const { tlsCert: cert, tlsKey: key, tlsCa: ca, events: _, json: __, ...rest } = options;
  const tls = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
  const authority = ca === undefined ? {} : { ca };
  const isTls = cert !== undefined || key !== undefined || ca !== undefined;
  return { ...rest, tls: isTls ? { ...tls, ...authority } : undefined };
}

/** Standard input holds settings or events, not both. @throws InputFaults */
function checkInput(options: ServeOptions): void {
  if (options.events !== true || (options.site !== undefined && options.ocppListen !== undefined)) return;
  const fix =
    'standard input holds the settings; give --site and --ocpp-listen as options, or events over --nats';
  throw new InputFaults([{ path: '--events', rule: 'input-taken', fix }]);
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

/** Tells what the engine publishes: lines for people, or JSON lines. */
function watch(bus: Bus, siteId: string, tell: TellEvent | undefined): void {
  bus.subscribe(subjectOf(siteId, 'out.>'), ({ subject, data }) => {
    const tail = subject.slice(subjectOf(siteId, '').length);
    const text = new TextDecoder().decode(data);
    if (tell !== undefined) {
      if (tail !== subjects.command) tell(tail.slice('out.'.length), { payload: JSON.parse(text) });
      return;
    }
    const line = outboundLine(tail, text);
    if (line !== undefined) complain(`${new Date().toISOString()} ${line}`);
  });
}

function publishTariff(bus: Bus, { depot, tariff }: Served): void {
  if (tariff === undefined) return;
  const { site, billingState } = depot;
  const event = { kind: 'tariff', tariff, ...(billingState === undefined ? {} : { billingState }) };
  bus.publish(subjectOf(site.id, 'in.tariff'), new TextEncoder().encode(JSON.stringify(event)));
}

function busText(settings: ServeSettings, isEvents: boolean): string {
  if (settings.nats !== undefined) return settings.nats;
  return `in this process only${isEvents ? ', events from standard input' : '; give --nats or --events'}`;
}

/** The endpoint, then the journal, so that a file is made only when all else is good. @throws InputFaults */
async function opened(
  settings: ServeSettings,
  { depot, policy }: Served,
  bus: Bus,
  log: Log,
): Promise<{ readonly server: CsmsServer; readonly journal: Journal; readonly journalText: string }> {
  let server: CsmsServer | undefined;
  try {
    server = await listening(settings, depot, log);
    const { journal, text: journalText } = openJournal(settings.journal, policy);
    return { server, journal, journalText };
  } catch (error) {
    await server?.close();
    await bus.close();
    throw error;
  }
}

/** Serves until it is asked to stop. @throws InputFaults */
export async function serve(options: ServeOptions): Promise<void> {
  checkInput(options);
  const { settings, document } = await readSettings(serveSettings, givenIn(options), ['site', 'ocppListen']);
  checkHost(settings);
  const served = loaded(siteIn(settings.site, document));
  const { site } = served.depot;
  const log = createConsoleLog();
  const bus = settings.nats === undefined ? createMemoryBus() : await openBus(settings.nats, 'voltherd', log);
  const { server, journal, journalText } = await opened(settings, served, bus, log);
  const asked = stopAsked();
  const solver = startSolverThread();
  const tell = options.json === true ? jsonLines() : undefined;
  const loop = createLoop({
    site,
    policy: served.policy,
    seed: 1,
    clock: createSystemClock(),
    bus,
    link: server,
    journal,
    solve: solver.solve,
    log,
    autoTurn: true,
    journalRecordsMax: restartRecordsMax,
  });
  watch(bus, site.id, tell);
  sayWhatIsInUse(served, server, [
    ['bus', busText(settings, options.events === true)],
    ['journal', journalText],
  ]);
  tell?.('ready', { site: site.id, url: server.url, port: server.port });
  loop.start();
  publishTariff(bus, served);
  const endEvents = options.events === true ? readEvents(bus, site.id) : undefined;
  complain('ready');
  const signal = await asked;
  complain(`${signal}: stopping; chargers go on with their profiles until their leases end`);
  endEvents?.();
  await loop.stop();
  await solver.close();
  await server.close();
  await bus.close();
  journal.close();
  tell?.('stopped', { signal });
  complain('stopped');
}
