/** The verbs of the command line. Parts are loaded when their verb is used, so that a short verb starts fast. @module */
import { Command, Option } from 'commander';
import { liveOperations, operations } from '#operations/catalogue';
import type { LiveOperation, Operation } from '#operations/operation';
import type { DoctorOptions } from './doctor-command.ts';
import type { OperationOptions } from './operation-command.ts';
import type { ReplayOptions } from './replay-command.ts';
import type { RunOptions } from './run-command.ts';
import type { ServeOptions } from './serve-command.ts';
import type { StationOptions } from './station-command.ts';
import { version } from './version.ts';
import type { WorldOptions } from './world-command.ts';

const introduction = `Smart charging for electric fleets: a plan true to the tariff, compiled into OCPP
charging profiles, safe under any loss of communication.`;

const closing = `
Operations read one JSON or YAML document from a file or standard input and write tables, or JSON with --json.
  voltherd bill --example | voltherd bill
  voltherd plan depot.yaml --json
  voltherd run scenarios/010-last-mile-44
Exit codes: 0 result; 1 a failure of ours; 2 a fault of the input, one line each on standard error;
3 a scenario whose expectations did not hold.`;

function wholeNumber(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : NaN;
}

/** A whole number in a range. @throws CommanderError by way of `command.error` */
function rangeOption(flags: string, description: string, range: readonly [number, number]): Option {
  return new Option(flags, `${description} (${range[0]}..${range[1]})`).argParser((text: string) => {
    const value = wholeNumber(text);
    if (value >= range[0] && value <= range[1]) return value;
    throw new RangeOptionError(flags, text, range);
  });
}

/** An option out of its range; told like other faults of the command line. */
class RangeOptionError extends Error {
  // Commander recognises this code and turns the error into its own one-line message.
  readonly code = 'commander.invalidArgument';

  constructor(flags: string, text: string, range: readonly [number, number]) {
    super(`${flags} = ${text}: give a whole number from ${range[0]} to ${range[1]}.`);
  }
}

/** The command of a name, made with its family where the name has two words. */
function commandAt(root: Command, name: string): Command {
  const [first = '', second] = name.split(' ');
  if (second === undefined) return root.command(first);
  const family = root.commands.find((command) => command.name() === first);
  return (family ?? root.command(first).description(`The ${first} operations; see ${first} --help.`)).command(
    second,
  );
}

function addOperation(root: Command, operation: Operation): void {
  commandAt(root, operation.name)
    .description(operation.summary)
    .argument('[file]', 'a JSON or YAML document; standard input where absent or -')
    .option('--json', 'write the answer as JSON')
    .option('--jsonl', 'read one JSON document per line, write one answer per line, in order')
    .option('--example', 'write a document that works, and do nothing else')
    .option('--schema', 'write the JSON Schemas of input and output, and do nothing else')
    .action(async (file: string | undefined, options: OperationOptions) => {
      const { runOperation } = await import('./operation-command.ts');
      await runOperation(operation, file, options);
    });
}

/** Binds the handler of a live operation; its summary, example and schemas are those of the catalogue. */
function bindLive(command: Command, operation: LiveOperation, handle: () => Promise<void>): void {
  command
    .description(operation.summary)
    .option('--example', 'write a document that works, and do nothing else')
    .option('--schema', 'write the JSON Schemas of input and output, and do nothing else')
    .action(async () => {
      const { shownForm } = await import('./operation-command.ts');
      if (!(await shownForm(operation, command.opts()))) await handle();
    });
}

function addRun(root: Command, operation: LiveOperation): void {
  const command = root
    .command(operation.name)
    .summary('run a scenario end to end and write report.html and result.json')
    .argument(
      '[scenario]',
      'a folder with scenario.yaml, or the file itself; standard input where absent or -',
    )
    .option('--nats <url>', 'carry the bus over this NATS server')
    .option('--memory', 'carry OCPP in memory instead of over sockets')
    .option('--out <folder>', 'where results go (default: out/<scenario id>)')
    .addOption(rangeOption('--seed <n>', 'seed instead of the one of the scenario', [0, 999_999_999]))
    .option('--json', 'write the result as JSON instead of tables');
  bindLive(command, operation, async () => {
    const { runScenario } = await import('./run-command.ts');
    await runScenario(command.args[0], command.opts<RunOptions>());
  });
}

const settingsHelp = `
Without %s, one JSON or YAML document with the settings is read from standard input; options win.`;

function addServe(root: Command, operation: LiveOperation): void {
  const command = root
    .command(operation.name)
    .summary('run the engine on the system clock with real stations')
    .option('--site <file>', 'the site: a site document or a scenario, YAML or JSON')
    .addOption(rangeOption('--ocpp-listen <port>', 'port of the OCPP endpoint', [0, 65_535]))
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--tls-cert <file>', 'certificate of the OCPP endpoint, PEM: stations connect with wss')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--tls-ca <file>', 'authority whose client certificates stations must show, PEM')
    .option('--insecure', 'let passwords travel in the clear beyond this machine')
    .option('--nats <url>', 'carry the bus over this NATS server; absent: in this process only')
    .option('--events', 'read events as JSON lines from standard input')
    .option('--journal <file>', 'keep the journal here; with records in it the engine goes on from them')
    .option('--json', 'write what happens as JSON lines on standard output')
    .addHelpText('after', settingsHelp.replace('%s', '--site and --ocpp-listen'));
  bindLive(command, operation, async () => {
    const { serve } = await import('./serve-command.ts');
    await serve(command.opts<ServeOptions>());
  });
}

function addStation(root: Command, operation: LiveOperation): void {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  const command = root
    .command(operation.name)
    .summary('run one simulated station against any central system')
    .option('--id <id>', 'identity of the station')
    .option('--url <url>', 'ws:// or wss:// address; the identity is added as last part of the path')
    .addOption(
      new Option('--ocpp <version>', 'version that it speaks (default: 1.6)').choices([
        '1.6',
        '2.0.1',
        '2.1',
      ]),
    )
    .option('--password <text>', 'password of OCPP security profile 1 or 2')
    .addOption(new Option('--current <kind>', 'AC or DC (default: AC)').choices(['AC', 'DC']))
    .addOption(new Option('--phases <n>', 'of an AC station (default: 3)').choices(['1', '3']))
    .addOption(rangeOption('--max-a <n>', 'most current per phase of an AC station', [6, 500]))
    .addOption(rangeOption('--max-kw <n>', 'most power of an EVSE of a DC station', [1, 2000]))
    .addOption(rangeOption('--evses <n>', 'number of EVSEs, default 1', [1, 16]))
    .option(
      '--persona <name>',
      'a way in which it is wrong, e.g. ignores-limit; may be repeated',
      collect,
      [],
    )
    .addOption(rangeOption('--sample-s <n>', 'seconds between meter samples, default 15', [1, 3600]))
    .addOption(rangeOption('--energy-kwh <n>', 'what the vehicle at EVSE 1 takes, default 20', [1, 2000]))
    .addOption(
      rangeOption('--plug-after-s <n>', 'seconds until the vehicle is plugged in, default 2', [0, 86_400]),
    )
    .addOption(rangeOption('--leave-after-s <n>', 'seconds until it leaves; absent: it stays', [1, 604_800]))
    .option('--no-vehicle', 'nobody comes')
    .addOption(rangeOption('--seed <n>', 'seed of its habits, default 1', [0, 999_999_999]))
    .option('--frames', 'show whole frames')
    .option('--json', 'write what happens as JSON lines on standard output')
    .addHelpText('after', settingsHelp.replace('%s', '--id and --url'));
  bindLive(command, operation, async () => {
    const { simulateStation } = await import('./station-command.ts');
    await simulateStation(command.opts<StationOptions>());
  });
}

function addWorld(root: Command): void {
  root
    .command('world')
    .description(
      'Plays seeded depot nights with every kind of fault and holds them to the rules; a failure is told as its shortest story.',
    )
    .addOption(rangeOption('--seeds <n>', 'number of worlds', [1, 99_999_999]).default(20))
    .addOption(
      rangeOption('--depot-hours <n>', 'hours of a depot to play, instead of --seeds', [1, 999_999_999]),
    )
    .option('--state <file>', 'keep in this file where the run stands, and go on from there')
    .option('--journal <file>', 'write the journal of the engine of one world, for replay; proves its replay')
    .addOption(rangeOption('--from <seed>', 'first seed', [0, 999_999_999]).default(1))
    .addOption(rangeOption('--connectors <n>', 'size of each depot', [1, 500]).default(44))
    .addOption(rangeOption('--hours <n>', 'length of each night', [3, 168]).default(24))
    .addOption(rangeOption('--threads <n>', 'worker threads; absent: one per core', [1, 256]))
    .option('--faults <list>', 'switches that may be on, by name; none for calm nights; absent: all')
    .option('--drop <list>', 'events to leave out, by their place in the list of the seed')
    .option('--solver <name>', 'sample (one seed in 20 with the shipped solver), greedy or shipped', 'sample')
    .option('--json', 'write the outcomes as JSON')
    .action(async (options: WorldOptions) => {
      const { runWorldCommand } = await import('./world-command.ts');
      await runWorldCommand(options);
    });
}

function addTools(root: Command): void {
  root
    .command('replay')
    .description('Replays a journal offline and writes what the engine did; same journal, same bytes.')
    .argument('<journal>', 'a journal that run or serve has written')
    .option('--since <instant>', 'leave out the parts that end before it, as 2026-11-01T18:00:00Z')
    .option('--json', 'write each input with its effects as one JSON line')
    .action(async (journal: string, options: ReplayOptions) => {
      const { replayJournal } = await import('./replay-command.ts');
      await replayJournal(journal, options);
    });
  root
    .command('doctor')
    .description(
      'Checks this machine: Node, solver, clock, time zones, disk, ports, NATS, with a fix line each.',
    )
    .option('--nats <url>', 'also try this NATS server')
    .option('--json', 'write the checks as JSON')
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('./doctor-command.ts');
      await runDoctor(options);
    });
}

/** The whole command line. */
export function programOf(): Command {
  const root = new Command('voltherd')
    .description(introduction)
    .version(version, '-v, --version')
    .addHelpText('after', closing)
    .showHelpAfterError('(voltherd --help lists what there is)')
    .exitOverride();
  root.commandsGroup('Runs:');
  const [run, serve, station] = liveOperations;
  addRun(root, run);
  addServe(root, serve);
  addStation(root, station);
  root.commandsGroup('Checks:');
  addWorld(root);
  addTools(root);
  root.commandsGroup('Operations (JSON or YAML in, tables or JSON out):');
  for (const operation of operations) addOperation(root, operation);
  return root;
}
