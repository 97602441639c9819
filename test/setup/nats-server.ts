/** A real nats-server of a test's own, on loopback and a port of its choice. @module */
import { spawn, type ChildProcess } from 'node:child_process';
import { natsServerPath } from './tools.ts';

/** A running server. */
export interface NatsServer {
  readonly url: string;
  stop(): Promise<void>;
  /** kill -9, then a new process on the same port. */
  restart(): Promise<void>;
}

async function started(port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(natsServerPath(), ['-a', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`nats-server ended with ${String(code)}: ${text}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Server is ready')) resolve();
    });
  });
  child.removeAllListeners('exit');
  const listening = /client connections on 127\.0\.0\.1:(\d+)/.exec(text);
  if (listening === null) throw new Error(`nats-server told no port: ${text}`);
  return { child, port: Number(listening[1]) };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

/** Starts a server that keeps nothing on disk. */
export async function startNatsServer(): Promise<NatsServer> {
  let server = await started(-1);
  return {
    url: `nats://127.0.0.1:${server.port}`,
    stop: () => ended(server.child, 'SIGTERM'),
    restart: async () => {
      await ended(server.child, 'SIGKILL');
      server = await started(server.port);
    },
  };
}
