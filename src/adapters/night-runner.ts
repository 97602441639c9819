/** A night on this machine: scenario, sockets or memory, bus, journal file and the shipped engine put together. @module */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import { jsonOf } from '#engine/json';
import { createLoop, type LoopParts } from '#engine/loop';
import { policyOf } from '#engine/policy';
import type { Bus } from '#ports/bus';
import type { Journal } from '#ports/journal';
import type { Log } from '#ports/log';
import { runNight, type NightJournal, type NightProgress } from '#sim/night';
import type { JournalSummary, NightResult } from '#sim/night-result';
import type { Scenario } from '#sim/scenario';
import type { Transport } from '#sim/transport';
import { createMemoryTransport } from '#sim/transport-memory';
import { solve } from '#solver/solve';
import { createMemoryBus } from './bus-memory.ts';
import { openJournalFile } from './journal-file.ts';
import { createSocketTransport } from './ocpp-ws/socket-transport.ts';

/** How a night is run. */
export interface NightRunOptions {
  readonly scenario: Scenario;
  readonly transport: 'memory' | 'sockets';
  /** Absent: the bus of this process, which is closed at the end. */
  readonly bus?: Bus;
  /** Absent: the journal stays in memory. A file that exists is replaced. */
  readonly journalPath?: string;
  /** The tariff document where the scenario only names it. */
  readonly tariff?: unknown;
  readonly log: Log;
  readonly onProgress?: (progress: NightProgress) => void;
  /** Absent: the default solver. */
  readonly solve?: LoopParts['solve'];
}

/** Counts and fingerprints everything that is appended, over all processes of the engine. */
function fingerprinted(open: () => Journal, path: string | undefined): NightJournal {
  const hash = createHash('sha256');
  let records = 0;
  let bytes = 0;
  return {
    open: () => {
      const journal = open();
      return {
        append: (record) => {
          const text = `${jsonOf(record)}\n`;
          hash.update(text, 'utf8');
          records++;
          bytes += Buffer.byteLength(text, 'utf8');
          journal.append(record);
        },
        read: () => journal.read(),
        compact: (snapshot) => journal.compact(snapshot),
        close: () => journal.close(),
      };
    },
    summary: (): JournalSummary => ({
      records,
      bytes,
      sha256: hash.copy().digest('hex'),
      ...(path === undefined ? {} : { path }),
    }),
  };
}

/** A journal that ends with this process. */
function memoryJournal(): () => Journal {
  let texts: string[] = [];
  return () => ({
    append: (record) => void texts.push(jsonOf(record)),
    read: () => texts.map((text): unknown => JSON.parse(text)),
    compact: (snapshot) => {
      texts = [JSON.stringify(snapshot)];
    },
    close: () => undefined,
  });
}

/** The journal of a run on a virtual clock: it must outlive the engine's process, not a power cut. */
function journalAt(path: string | undefined): NightJournal {
  if (path === undefined) return fingerprinted(memoryJournal(), undefined);
  rmSync(path, { force: true });
  return fingerprinted(() => openJournalFile({ path, durability: 'process' }), path);
}

/** Plays a scenario to its end; faults are those of its policy. */
export async function runScenarioNight(
  options: NightRunOptions,
): Promise<Result<NightResult, readonly Fault[]>> {
  const { scenario, log } = options;
  const policy = policyOf(scenario.policy);
  if (!policy.ok) return fail(policy.problem);
  const transport: Transport =
    options.transport === 'memory'
      ? createMemoryTransport(scenario.site)
      : createSocketTransport(scenario.site, log);
  const bus = options.bus ?? createMemoryBus();
  const night = await runNight({
    scenario,
    transport,
    bus,
    journal: journalAt(options.journalPath),
    policy: policy.value,
    solve: options.solve ?? solve,
    createLoop,
    log,
    wallClockMs: () => performance.now(),
    ...(options.tariff === undefined ? {} : { tariff: options.tariff }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  if (options.bus === undefined) await bus.close();
  return ok(night);
}
