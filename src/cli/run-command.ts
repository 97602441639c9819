/** `run`: a scenario from its folder to tables, `result.json` and `report.html`. @module */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createConsoleLog } from '#adapters/log-console';
import { startSolverThread } from '#adapters/solver-thread';
import { runScenarioNight } from '#adapters/night-runner';
import { tariffDocument, tariffIds } from '#adapters/tariff-catalogue';
import { placeFaults, readDocument, type TextDocument } from '#adapters/yaml-document';
import type { Fault } from '#domain/fault';
import { policyOf } from '#engine/policy';
import { floorsOfSite } from '#engine/start';
import { suggestFields } from '#operations/suggest';
import { tariffOf } from '#operations/tariff-of';
import type { NightProgress } from '#sim/night';
import type { NightResult } from '#sim/night-result';
import { scenarioOf, type Scenario } from '#sim/scenario';
import { scenarioSchema } from '#sim/scenario-document';
import { clockText, numberText, timeAxis } from '#whatif/report/axis';
import { reportOf } from '#whatif/report/report';
import { checkExpected, expectedOf, expectedSchema, type Expected } from '#whatif/expected';
import { judge, type Judgement } from '#whatif/judgement';
import { openBus } from './bus-of.ts';
import { nightTables } from './night-tables.ts';
import { createProgress } from './progress.ts';
import { readSource, readText } from './source.ts';
import { complain, emit, exitCodes, InputFaults, isTerminal, paint } from './terminal.ts';
import { version } from './version.ts';

/** Options of `run`. */
export interface RunOptions {
  readonly nats?: string;
  readonly memory?: boolean;
  readonly out?: string;
  readonly seed?: number;
  readonly json?: boolean;
}

/** A document of a file. @throws InputFaults */
function documentAt(file: string): TextDocument {
  const read = readDocument(readText(file), file);
  if (!read.ok) throw new InputFaults(read.problem);
  return read.value;
}

/** The scenario file of a path that names it or its folder. */
function scenarioFile(path: string): string {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  return isFolder ? join(path, 'scenario.yaml') : path;
}

/** A scenario from its document, with another seed where one is given. @throws InputFaults */
function scenarioIn(document: TextDocument, seed: number | undefined): Scenario {
  const read = scenarioOf(document.value);
  if (!read.ok) throw new InputFaults(placeFaults(suggestFields(read.problem, scenarioSchema), document));
  return seed === undefined ? read.value : { ...read.value, seed };
}

/** What can be wrong with a scenario beyond its form: its policy and its floors. @throws InputFaults */
function checkFloors(scenario: Scenario, document: TextDocument): void {
  const policy = policyOf(scenario.policy);
  if (!policy.ok) throw new InputFaults(placeFaults(policy.problem, document));
  const floors = floorsOfSite(scenario.site, policy.value);
  if (floors.ok) return;
  const { kind, message } = floors.problem;
  throw new InputFaults(placeFaults([{ path: 'circuits', rule: kind, fix: message }], document));
}

function expectedAt(folder: string): Expected | undefined {
  const file = join(folder, 'expected.yaml');
  if (!existsSync(file)) return undefined;
  const document = documentAt(file);
  const expected = expectedOf(document.value);
  if (!expected.ok)
    throw new InputFaults(placeFaults(suggestFields(expected.problem, expectedSchema), document));
  return expected.value;
}

function progressText(progress: NightProgress, scenario: Scenario): string {
  const axis = timeAxis(
    { timeZone: scenario.site.timeZone, startS: scenario.startS, endS: scenario.endS },
    0,
    1,
  );
  return `${clockText(axis, progress.nowS)}  site ${numberText(progress.siteW / 1000)} kW, ${progress.connected} connected, ${progress.charging} charging, engine ${progress.engine}, ${progress.violations === 0 ? 'no limit crossed' : `${progress.violations} LIMITS CROSSED`}`;
}

async function playNight(
  scenario: Scenario,
  tariff: unknown,
  journalPath: string,
  options: RunOptions,
): Promise<NightResult> {
  const log = createConsoleLog((line) => {
    if (process.env['VOLTHERD_TRACE'] !== undefined) complain(line);
  });
  const bus = options.nats === undefined ? undefined : await openBus(options.nats, 'voltherd-run', log);
  const solver = startSolverThread();
  const progress = createProgress();
  const spanS = scenario.endS - scenario.startS;
  try {
    const outcome = await runScenarioNight({
      scenario,
      transport: options.memory === true ? 'memory' : 'sockets',
      ...(bus === undefined ? {} : { bus }),
      journalPath,
      tariff,
      log,
      solve: solver.solve,
      onProgress: (now) => progress.tell((now.nowS - scenario.startS) / spanS, progressText(now, scenario)),
    });
    if (!outcome.ok) throw new InputFaults(outcome.problem);
    return outcome.value;
  } finally {
    progress.end();
    await solver.close();
    await bus?.close();
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function writeResults(folder: string, night: NightResult, judgement: Judgement): string {
  const { comparison, tariff, tariffName } = judgement;
  const report = join(folder, 'report.html');
  writeFileSync(report, reportOf({ night, comparison, tariff, tariffName, version, sha256 }));
  const result = {
    version,
    asExpected: night.asExpected,
    expectations: night.expectations,
    comparison,
    night,
  };
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result)}\n`);
  return report;
}

/** The night with the expectations of `expected.yaml` joined to those of the scenario. */
function withExpected(night: NightResult, judgement: Judgement, expected: Expected | undefined): NightResult {
  if (expected === undefined) return night;
  const expectations = [...night.expectations, ...checkExpected(expected, night, judgement.comparison)];
  return { ...night, expectations, asExpected: expectations.every((check) => check.met) };
}

function made(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (error) {
    const fault: Fault = {
      path: '--out',
      value: JSON.stringify(folder),
      rule: 'no-folder',
      fix: `give a folder that can be made: ${error instanceof Error ? error.message : String(error)}`,
    };
    throw new InputFaults([fault]);
  }
}

/** A scenario's document and what is expected of it: of a folder or file, or of standard input where none is named. */
async function givenAt(
  path: string | undefined,
): Promise<{ readonly document: TextDocument; readonly expectedIn?: string }> {
  if (path === undefined || path === '-') return { document: await readSource(path) };
  const file = scenarioFile(path);
  return { document: documentAt(file), expectedIn: resolve(file, '..') };
}

/** Runs a scenario; the exit code tells whether everything expected came. @throws InputFaults */
export async function runScenario(path: string | undefined, options: RunOptions): Promise<void> {
  const { document, expectedIn } = await givenAt(path);
  const scenario = scenarioIn(document, options.seed);
  checkFloors(scenario, document);
  const expected = expectedIn === undefined ? undefined : expectedAt(expectedIn);
  const found = tariffOf(scenario, { tariffDocument, tariffIds });
  if (!found.ok) throw new InputFaults(placeFaults(found.problem, document));
  const tariff = found.value;
  // The tariff is tried before the night, so that a wrong one costs no minutes.
  const judged = judge(scenario, tariff);
  if (!judged.ok) throw new InputFaults(placeFaults(judged.problem, document));
  const folder = made(options.out ?? join('out', scenario.id));
  const played = await playNight(scenario, tariff, join(folder, 'journal.jsonl'), options);
  const judgement = judged.value(played);
  const night = withExpected(played, judgement, expected);
  const report = writeResults(folder, night, judgement);
  if (options.json === true) {
    const { comparison } = judgement;
    const { samples: _, ...rest } = night;
    const result = { version, asExpected: night.asExpected, report, comparison, night: rest };
    await emit(`${JSON.stringify(result, null, isTerminal ? 2 : 0)}\n`);
  } else {
    await emit(
      `${nightTables(night, judgement.comparison)}\n${paint('report', 'bold')}  ${resolve(report)}\n`,
    );
  }
  if (!night.asExpected) process.exitCode = exitCodes.expectation;
}
