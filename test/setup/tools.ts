/**
 * Real programs that tests need, found or fetched without root and without touching the system: an environment variable
 * first, then the usual places, then a private cache filled from the system's package archive.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/voltherd-tools', import.meta.url));

function found(candidates: readonly (string | undefined)[]): string | undefined {
  return candidates.find((candidate) => candidate !== undefined && candidate !== '' && existsSync(candidate));
}

function onPath(name: string): readonly string[] {
  return (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, name));
}

/** Unpacks a Debian package into the cache, with package lists of its own, so that neither root nor `apt-get update` is needed. */
function fetchDebianPackage(name: string): void {
  const work = join(cacheFolder, `${name}-${process.pid}`);
  const lists = join(work, 'lists');
  const archives = join(work, 'archives');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(archives, 'archives', 'partial'), { recursive: true });
  const options = [
    '-q',
    '-o',
    `Dir::State::lists=${lists}`,
    '-o',
    `Dir::Cache=${archives}`,
    '-o',
    'Debug::NoLocking=1',
  ];
  execFileSync('apt-get', [...options, 'update'], { cwd: work, stdio: 'pipe' });
  execFileSync('apt-get', [...options, 'download', name], { cwd: work, stdio: 'pipe' });
  const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
  if (archive === undefined) throw new Error(`the package archive gave no ${name}`);
  execFileSync('dpkg-deb', ['-x', join(work, archive), join(work, 'root')], { stdio: 'pipe' });
  const target = join(cacheFolder, name);
  if (!existsSync(target)) renameSync(join(work, 'root'), target);
  rmSync(work, { recursive: true, force: true });
}

/** Path of a nats-server. @throws with the way out where there is none and none can be fetched. */
export function natsServerPath(): string {
  const look = (): string | undefined =>
    found([
      process.env['NATS_SERVER'],
      ...onPath('nats-server'),
      '/usr/sbin/nats-server',
      '/opt/homebrew/bin/nats-server',
      '/usr/local/bin/nats-server',
      join(cacheFolder, 'nats-server', 'usr', 'sbin', 'nats-server'),
    ]);
  const here = look();
  if (here !== undefined) return here;
  try {
    fetchDebianPackage('nats-server');
  } catch (cause) {
    throw new Error(
      'no nats-server: set NATS_SERVER to its path, or install it (macOS: brew install nats-server; Debian: apt-get install nats-server)',
      { cause },
    );
  }
  const fetched = look();
  if (fetched === undefined) throw new Error('the nats-server package holds no nats-server');
  return fetched;
}
