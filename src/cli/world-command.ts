/** `world`: seeded worlds until one breaks a rule, and then its story. @module */
import { existsSync } from 'node:fs';
import { JournalError, openJournalFile } from '#adapters/journal-file';
import { mayWriteState, readWorldsState, writeWorldsState, type WorldsState } from '#adapters/world-state';
import { playChoice } from '#adapters/world-player';
import { runWorlds } from '#adapters/world-runner';
import type { Fault } from '#domain/fault';
import { worldPlanOf } from '#sim/seeded/draw-world';
import type { WorldOutcome } from '#sim/seeded/play-world';
import { shrink } from '#sim/seeded/shrink';
import { storyOf } from '#sim/seeded/story';
import { createTrace } from '#sim/seeded/trace';
import { switchNames, type SwitchName, type WorldChoice } from '#sim/seeded/world-plan';
import { createProgress } from './progress.ts';
import { stopAsked } from './stop.ts';
import { complain, emit, exitCodes, InputFaults, isTerminal, paint } from './terminal.ts';
import { version } from './version.ts';

/** Options of `world`. */
export interface WorldOptions {
  readonly seeds: number;
  /** Hours of a depot to be played, instead of a number of seeds. */
  readonly depotHours?: number;
  readonly from: number;
  readonly connectors: number;
  readonly hours: number;
  readonly threads?: number;
  readonly faults?: string;
  readonly drop?: string;
  readonly solver: string;
  /** File in which the run stands, and goes on from. */
  readonly state?: string;
  /** File for the journal of the one world that is played. */
  readonly journal?: string;
  readonly json?: boolean;
}

const solvers = ['sample', 'greedy', 'shipped'] as const;

function listOf(text: string | undefined): readonly string[] {
  return text?.split(',') ?? [];
}

function faultOf(path: string, value: string, fix: string): Fault {
  return { path, value: JSON.stringify(value), rule: 'unknown-value', fix };
}

/** @throws InputFaults */
function choiceOf(options: WorldOptions): Omit<WorldChoice, 'seed'> {
  const faults: Fault[] = [];
  const allowed = listOf(options.faults).flatMap((name): readonly SwitchName[] => {
    const found = switchNames.find((known) => known === name);
    if (found === undefined && name !== 'none') {
      faults.push(faultOf('--faults', name, `Name some of ${switchNames.join(', ')}, or none.`));
    }
    return found === undefined ? [] : [found];
  });
  const dropped = listOf(options.drop).map((text) => {
    if (!/^\d{1,6}$/.test(text)) faults.push(faultOf('--drop', text, 'Give places in the list of events.'));
    return Number(text);
  });
  if (faults.length > 0) throw new InputFaults(faults);
  const { connectors, hours } = options;
  return {
    connectors,
    hours,
    ...(options.faults === undefined ? {} : { allowed }),
    ...(dropped.length === 0 ? {} : { dropped }),
  };
}

/** @throws InputFaults */
function solverOf(options: WorldOptions): (typeof solvers)[number] {
  const found = solvers.find((name) => name === options.solver);
  if (found === undefined) {
    throw new InputFaults([faultOf('--solver', options.solver, `Name one of ${solvers.join(', ')}.`)]);
  }
  return found;
}

/** The command that plays a choice again. */
export function replayCommand(choice: WorldChoice, solver: string): string {
  const parts = [
    `voltherd world --seeds 1 --from ${choice.seed} --connectors ${choice.connectors} --hours ${choice.hours}`,
    ...(choice.allowed === undefined ? [] : [`--faults ${choice.allowed.join(',') || 'none'}`]),
    ...(choice.dropped === undefined || choice.dropped.length === 0
      ? []
      : [`--drop ${choice.dropped.join(',')}`]),
    ...(solver === 'sample' ? [] : [`--solver ${solver}`]),
  ];
  return parts.join(' ');
}

interface Tally {
  worlds: number;
  playedS: number;
  records: number;
  crashes: number;
  framesSent: number;
  framesLost: number;
  met: number;
  visits: number;
}

function tallyUp(tally: Tally, outcome: WorldOutcome): void {
  tally.worlds++;
  tally.playedS += outcome.playedS;
  tally.records += outcome.records;
  tally.crashes += outcome.crashes;
  tally.framesSent += outcome.frames.sent;
  tally.framesLost += outcome.frames.lost;
  tally.met += outcome.met;
  tally.visits += outcome.visits;
}

/** Processor seconds of this process, its worker threads included. */
function processorS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function summaryText(tally: Tally, failed: number, spentS: number): string {
  const hours = tally.playedS / 3600;
  return [
    `${tally.worlds} worlds, ${Math.round(hours)} depot-hours in ${spentS.toFixed(1)} s: ` +
      `${(tally.worlds / spentS).toFixed(2)} worlds/s, ${(hours / spentS).toFixed(1)} depot-hours/s, ` +
      `${(hours / processorS()).toFixed(1)} per processor second`,
    `${tally.records} journal records, ${tally.crashes} crashes, ${tally.framesSent} frames of which ${tally.framesLost} lost, ` +
      `${tally.met} of ${tally.visits} visits full`,
    failed === 0 ? paint('no rule broken', 'green') : paint(`${failed} worlds broke a rule`, 'red'),
  ].join('\n');
}

/** The smallest world that breaks the same rule, told. */
async function explain(
  choice: WorldChoice,
  outcome: WorldOutcome,
  solver: (typeof solvers)[number],
): Promise<string> {
  const rule = outcome.breach?.rule;
  if (rule === undefined) return '';
  const trial = async (smaller: WorldChoice): Promise<typeof rule | undefined> =>
    (await playChoice(smaller, { solver })).breach?.rule;
  const small = await shrink(choice, rule, trial);
  const again = await playChoice(small, { solver });
  const lines = storyOf(worldPlanOf(small), again.breach ?? outcome.breach);
  return `${[
    paint(`seed ${choice.seed} breaks ${rule}`, 'red'),
    ...lines.map((line) => `  ${line}`),
    `again: ${replayCommand(small, solver)}`,
  ].join('\n')}\n`;
}

/** Most failures that are shrunk and told. */
const toldMax = 3;
/** Most outcomes that are kept for JSON. */
const keptMax = 20_000;
/** Worlds after which the state of a run is written. */
const stateEvery = 10;

/** A run over many seeds as it goes on. */
interface Run {
  readonly choice: Omit<WorldChoice, 'seed'>;
  readonly solver: (typeof solvers)[number];
  readonly from: number;
  readonly count: number;
  readonly tally: Tally;
  readonly broken: WorldsState['broken'][number][];
  readonly outcomes: WorldOutcome[];
  /** Seeds of this process that are done, and the seconds that they were played. */
  readonly done: Map<number, number>;
  /** The state that it went on from. */
  readonly before: WorldsState | undefined;
}

const emptyTally = (): Tally => ({
  worlds: 0,
  playedS: 0,
  records: 0,
  crashes: 0,
  framesSent: 0,
  framesLost: 0,
  met: 0,
  visits: 0,
});

/** The state that a file holds, for the same worlds. @throws InputFaults */
function stateBefore(options: WorldOptions, choice: string): WorldsState | undefined {
  const { state: file } = options;
  if (file === undefined) return undefined;
  const refuse = (fix: string): InputFaults => new InputFaults([faultOf('--state', file, fix)]);
  let before: WorldsState | undefined;
  try {
    before = readWorldsState(file);
  } catch {
    throw refuse('Name a file that an earlier run has written, or one that is not there yet.');
  }
  // A run of hours must not find out at its first write that nothing can be written there.
  if (!mayWriteState(file)) throw refuse('Name a file in a folder that is there and may be written to.');
  if (before !== undefined && (before.choice !== choice || before.from !== options.from))
    throw refuse('The run in this file plays other worlds: give its options, or name another file.');
  return before;
}

/** Places of events are those of one seed, and in its list. @throws InputFaults */
function assertPlaces({ dropped, ...choice }: WorldChoice, count: number): void {
  if (dropped === undefined) return;
  const refuse = (value: string, fix: string): InputFaults =>
    new InputFaults([faultOf('--drop', value, fix)]);
  if (count !== 1) throw refuse(dropped.join(','), 'Places are those of one world: give --seeds 1.');
  const { length } = worldPlanOf(choice).events;
  const beyond = dropped.find((place) => place >= length);
  if (beyond === undefined) return;
  const places = length === 0 ? 'none, this world has no events' : `0 to ${length - 1}`;
  throw refuse(String(beyond), `Give places in the list of events: ${places}.`);
}

/** @throws InputFaults */
function runOf(options: WorldOptions): Run {
  const choice = choiceOf(options);
  const solver = solverOf(options);
  const text = JSON.stringify({ ...choice, solver });
  const before = stateBefore(options, text);
  const all =
    options.depotHours === undefined ? options.seeds : Math.ceil(options.depotHours / options.hours);
  const from = before?.next ?? options.from;
  assertPlaces({ ...choice, seed: options.from }, all);
  return {
    choice,
    solver,
    from,
    count: Math.max(0, options.from + all - from),
    tally: emptyTally(),
    broken: [...(before?.broken ?? [])],
    outcomes: [],
    done: new Map(),
    before,
  };
}

/** Where a run stands: the seeds before the first that is not done. */
function stateOf(run: Run, options: WorldOptions): WorldsState {
  let { from: next } = run;
  let playedS = run.before?.playedS ?? 0;
  // Seeds behind the first that is missing are played again by the run that goes on from here, and count then.
  for (let s = run.done.get(next); s !== undefined; s = run.done.get(next)) {
    playedS += s;
    next++;
  }
  return {
    choice: JSON.stringify({ ...run.choice, solver: run.solver }),
    from: options.from,
    next,
    worlds: next - options.from,
    playedS,
    broken: run.broken.filter(({ seed }) => seed < next),
  };
}

function keepState(run: Run, options: WorldOptions): void {
  if (options.state !== undefined) writeWorldsState(options.state, stateOf(run, options));
}

function take(run: Run, outcome: WorldOutcome, options: WorldOptions): void {
  const { seed, breach } = outcome;
  tallyUp(run.tally, outcome);
  run.done.set(seed, outcome.playedS);
  if (run.outcomes.length < keptMax) run.outcomes.push(outcome);
  if (breach !== undefined) run.broken.push({ seed, rule: breach.rule, text: breach.text });
  if (run.done.size % stateEvery === 0) keepState(run, options);
}

/** What a trace depends on beside its options: it is the same again only where these are. */
const playedBy = { version, node: process.versions.node, timeZones: process.versions['tz'] ?? 'unknown' };

/** One name for the traces of all worlds in the order of their seeds. */
function traceOf(outcomes: readonly WorldOutcome[]): string {
  const trace = createTrace();
  for (const { seed, hash } of outcomes.toSorted((a, b) => a.seed - b.seed)) trace.add(`${seed} ${hash}`);
  return trace.hash();
}

/** Plays the one world of a run here and writes its journal. @throws InputFaults */
async function playWithJournal(run: Run, options: WorldOptions, file: string): Promise<void> {
  const refuse = (fix: string): InputFaults => new InputFaults([faultOf('--journal', file, fix)]);
  if (run.count !== 1) throw refuse('A journal is of one world: give --seeds 1.');
  if (file === '' || existsSync(file)) throw refuse('Name a file that is not there yet.');
  const onJournal = (records: readonly unknown[]): void => {
    try {
      const journal = openJournalFile({ path: file, durability: 'process' });
      for (const record of records) journal.append(record);
      journal.close();
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      throw refuse(`It cannot be written (${error.trouble.kind}).`);
    }
  };
  const choice = { ...run.choice, seed: run.from };
  take(run, await playChoice(choice, { solver: run.solver, onJournal }), options);
}

/** The seeds that were played; a run that was stopped may have left some out in between. */
function seedsText({ from, done }: Run): string {
  let last = from;
  for (const seed of done.keys()) last = Math.max(last, seed);
  return `${from} to ${last}${done.size < last - from + 1 ? `, ${done.size} of them` : ''}`;
}

async function tell(run: Run, wallS: number): Promise<void> {
  const { choice, solver, outcomes, broken, tally } = run;
  const first = outcomes[0];
  if (run.count === 1 && first !== undefined) await emit(`trace ${first.hash}\n`);
  else if (outcomes.length > 0) await emit(`seeds ${seedsText(run)}, trace ${traceOf(outcomes)}\n`);
  await emit(
    `played by voltherd ${playedBy.version} on Node ${playedBy.node}, time zones ${playedBy.timeZones}\n`,
  );
  const failed = broken.toSorted((a, b) => a.seed - b.seed);
  for (const { seed, rule, text } of failed.slice(toldMax))
    await emit(`seed ${seed} breaks ${rule}: ${text}\n`);
  for (const { seed } of failed.slice(0, toldMax)) {
    const outcome = await playChoice({ ...choice, seed }, { solver });
    await emit(await explain({ ...choice, seed }, outcome, solver));
  }
  await emit(`${summaryText(tally, broken.length, wallS)}\n`);
  if (run.before !== undefined) {
    const hours = (run.before.playedS + tally.playedS) / 3600;
    await emit(
      `${run.before.worlds + tally.worlds} worlds, ${Math.round(hours)} depot-hours with the runs before\n`,
    );
  }
}

/** Plays worlds; the exit code tells whether a rule was broken. @throws InputFaults */
export async function runWorldCommand(options: WorldOptions): Promise<void> {
  const run = runOf(options);
  const { choice, solver, tally, outcomes, broken } = run;
  const progress = createProgress();
  const beganMs = performance.now();
  const spentS = (): number => Math.max(0.001, (performance.now() - beganMs) / 1000);
  const rates = (done: number): string => {
    const hours = tally.playedS / 3600 / spentS();
    return (
      `${done} of ${run.count} worlds, ${(tally.worlds / spentS()).toFixed(2)} worlds/s, ` +
      `${hours.toFixed(1)} depot-hours/s, ${broken.length} broken`
    );
  };
  let stoppedBy: string | undefined;
  if (options.journal !== undefined) await playWithJournal(run, options, options.journal);
  else if (run.count > 0) {
    void stopAsked().then((signal) => {
      stoppedBy = signal;
      complain(`${signal}: stopping after the worlds in progress; once more ends at once`);
    });
    await runWorlds({
      from: run.from,
      count: run.count,
      choice,
      solver,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      onOutcome: (outcome, done) => {
        take(run, outcome, options);
        progress.tell(done / run.count, rates(done));
      },
      isEnough: () => stoppedBy !== undefined,
    });
    keepState(run, options);
  }
  progress.end();
  const wallS = spentS();
  if (options.json === true) {
    const worlds = outcomes.toSorted((a, b) => a.seed - b.seed);
    const depotHours = tally.playedS / 3600;
    const result = {
      ...playedBy,
      ...tally,
      depotHours,
      wallS,
      broken: broken.length,
      trace: traceOf(worlds),
      outcomes: worlds,
    };
    await emit(`${JSON.stringify(result, null, isTerminal ? 2 : 0)}\n`);
  } else await tell(run, wallS);
  if (broken.length > 0) process.exitCode = exitCodes.expectation;
  else if (stoppedBy !== undefined) process.exitCode = exitCodes.ours;
}
