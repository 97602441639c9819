/** `doctor`: what this machine has and lacks, with a way out for each. @module */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableOf } from './table.ts';
import { emit, exitCodes, paint } from './terminal.ts';

/** One check. */
interface Check {
  readonly name: string;
  readonly state: 'good' | 'doubtful' | 'bad';
  readonly found: string;
  readonly fix?: string;
}

/** Options of `doctor`. */
export interface DoctorOptions {
  readonly nats?: string;
  readonly json?: boolean;
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const good = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'node',
    state: good ? 'good' : 'bad',
    found: process.versions.node,
    ...(good ? {} : { fix: 'install Node 20.19 or later' }),
  };
}

/** The zone rules must know that California is 7 h behind UTC in July. */
function checkTimeZones(): Check {
  const local = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hour: 'numeric',
    hourCycle: 'h23',
  }).format(new Date('2026-07-14T12:00:00Z'));
  const good = Number(local) === 5;
  return {
    name: 'time zones',
    state: good ? 'good' : 'bad',
    found: `rules of ${process.versions['tz'] ?? 'an unknown year'}`,
    ...(good ? {} : { fix: 'install a Node with full ICU data' }),
  };
}

/** The journal waits for the disk before each batch of effects. */
function checkDisk(): Check {
  const folder = mkdtempSync(join(tmpdir(), 'voltherd-doctor-'));
  try {
    const file = openSync(join(folder, 'probe'), 'w');
    const rounds = 20;
    const before = performance.now();
    for (let i = 0; i < rounds; i++) {
      writeSync(file, 'x'.repeat(512));
      fsyncSync(file);
    }
    const ms = (performance.now() - before) / rounds;
    closeSync(file);
    const good = ms < 50;
    return {
      name: 'disk',
      state: good ? 'good' : 'doubtful',
      found: `${ms.toFixed(2)} ms per durable write`,
      ...(good ? {} : { fix: 'keep the journal on a local solid-state disk' }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function checkPort(): Promise<Check> {
  const port = await new Promise<number | undefined>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
  return port === undefined
    ? { name: 'sockets', state: 'bad', found: 'no port on 127.0.0.1', fix: 'allow listening on loopback' }
    : { name: 'sockets', state: 'good', found: 'loopback listens' };
}

async function checkNats(url: string): Promise<Check> {
  const { connectNats } = await import('#adapters/nats/connect');
  const silent = { info: () => {}, warn: () => {} };
  try {
    const bus = await connectNats({ url, name: 'voltherd-doctor', log: silent });
    await bus.close();
    return { name: 'nats', state: 'good', found: `${url} answers` };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { name: 'nats', state: 'bad', found, fix: 'start a nats-server there, or leave --nats out' };
  }
}

/** Checks the machine; the exit code tells whether something is bad. */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  const checks = [checkNode(), checkTimeZones(), checkDisk(), await checkPort()];
  if (options.nats !== undefined) checks.push(await checkNats(options.nats));
  const colours = { good: 'green', doubtful: 'yellow', bad: 'red' } as const;
  await emit(
    options.json === true
      ? `${JSON.stringify({ checks })}\n`
      : tableOf(
          [{ title: 'check' }, { title: 'state' }, { title: 'found' }, { title: 'way out' }],
          checks.map((check) => [
            check.name,
            paint(check.state, colours[check.state]),
            check.found,
            check.fix ?? '',
          ]),
        ),
  );
  if (checks.some((check) => check.state === 'bad')) process.exitCode = exitCodes.ours;
}
