/** `world`: seeded worlds until one breaks a rule, and then its story. @module */
import { playChoice } from '#adapters/world-player';
import { runWorlds } from '#adapters/world-runner';
import type { Fault } from '#domain/fault';
import { worldPlanOf } from '#sim/seeded/draw-world';
import type { WorldOutcome } from '#sim/seeded/play-world';
import { shrink } from '#sim/seeded/shrink';
import { storyOf } from '#sim/seeded/story';
import { switchNames, type SwitchName, type WorldChoice } from '#sim/seeded/world-plan';
import { createProgress } from './progress.ts';
import { emit, exitCodes, InputFaults, isTerminal, paint } from './terminal.ts';

/** Options of `world`. */
export interface WorldOptions {
  readonly seeds: number;
  readonly from: number;
  readonly connectors: number;
  readonly hours: number;
  readonly threads?: number;
  readonly faults?: string;
  readonly drop?: string;
  readonly solver: string;
  readonly json?: boolean;
}

const solvers = ['sample', 'greedy', 'shipped'] as const;

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter((part) => part !== '');
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

function summaryText(tally: Tally, failed: number, spentS: number): string {
  const hours = tally.playedS / 3600;
  return [
    `${tally.worlds} worlds, ${Math.round(hours)} depot-hours in ${spentS.toFixed(1)} s: ` +
      `${(tally.worlds / spentS).toFixed(2)} worlds/s, ${Math.round((hours / spentS) * 60)} depot-hours a minute`,
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

/** Plays worlds; the exit code tells whether a rule was broken. @throws InputFaults */
export async function runWorldCommand(options: WorldOptions): Promise<void> {
  const choice = choiceOf(options);
  const solver = solverOf(options);
  const tally: Tally = {
    worlds: 0,
    playedS: 0,
    records: 0,
    crashes: 0,
    framesSent: 0,
    framesLost: 0,
    met: 0,
    visits: 0,
  };
  const outcomes: WorldOutcome[] = [];
  const progress = createProgress();
  const beganMs = performance.now();
  const spentS = (): number => Math.max(0.001, (performance.now() - beganMs) / 1000);
  await runWorlds({
    from: options.from,
    count: options.seeds,
    choice,
    solver,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    onOutcome: (outcome, done) => {
      tallyUp(tally, outcome);
      outcomes.push(outcome);
      const hours = tally.playedS / 3600;
      const broken = outcomes.filter(({ breach }) => breach !== undefined).length;
      progress.tell(
        done / options.seeds,
        `${done} of ${options.seeds} worlds, ${(tally.worlds / spentS()).toFixed(2)} worlds/s, ` +
          `${Math.round((hours / spentS()) * 60)} depot-hours a minute, ${broken} broken`,
      );
    },
  });
  progress.end();
  const wallS = spentS();
  const failed = outcomes.filter(({ breach }) => breach !== undefined).sort((a, b) => a.seed - b.seed);
  if (options.json === true) {
    const hours = tally.playedS / 3600;
    const worlds = outcomes.sort((a, b) => a.seed - b.seed);
    const result = { ...tally, depotHours: hours, wallS, broken: failed.length, outcomes: worlds };
    await emit(`${JSON.stringify(result, null, isTerminal ? 2 : 0)}\n`);
  } else {
    if (options.seeds === 1 && outcomes[0] !== undefined) await emit(`trace ${outcomes[0].hash}\n`);
    for (const outcome of failed.slice(0, toldMax)) {
      await emit(await explain({ ...choice, seed: outcome.seed }, outcome, solver));
    }
    for (const { seed, breach } of failed.slice(toldMax)) {
      await emit(`seed ${seed} breaks ${breach?.rule ?? ''}: ${breach?.text ?? ''}\n`);
    }
    await emit(`${summaryText(tally, failed.length, wallS)}\n`);
  }
  if (failed.length > 0) process.exitCode = exitCodes.expectation;
}
