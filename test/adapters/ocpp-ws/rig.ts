/** A charger server with witnesses, for tests: what it reported, what it logged, and time that stands still. */
import { WebSocket, type ClientOptions } from 'ws';
import { createCsmsServer, type CsmsServer, type CsmsServerOptions } from '#adapters/ocpp-ws/csms-server';
import type { Timers } from '#adapters/ocpp-ws/timers';
import type { LinkEvent } from '#domain/event';

/** Time that passes by `advance` only. */
export interface HeldTimers extends Timers {
  advance(ms: number): void;
}

/** Held time, from 0. */
export function holdTimers(): HeldTimers {
  let nowMs = 0;
  let alarms: { readonly atMs: number; readonly ring: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    after(ms, ring) {
      const alarm = { atMs: nowMs + ms, ring };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((other) => other !== alarm);
      };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const due = alarms.filter((alarm) => alarm.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        alarms = alarms.filter((other) => other !== due);
        nowMs = Math.max(nowMs, due.atMs);
        due.ring();
      }
      nowMs = endMs;
    },
  };
}

/** A server, what it told its owner, and ways to wait for it. */
export interface Rig {
  readonly server: CsmsServer;
  readonly timers: HeldTimers;
  readonly events: LinkEvent[];
  readonly warnings: { readonly message: string; readonly facts: unknown }[];
  /** Resolves when `holds` is true; it is looked at after every event of the server and every turn of the event loop. */
  until(holds: () => boolean): Promise<void>;
  /** A raw client with the right credentials unless told otherwise. */
  connect(id: string, protocol: string | string[], options?: ClientOptions): WebSocket;
  close(): Promise<void>;
}

/** Password of every station of a rig. */
export const password = 'sixteen-bytes-or-more';

/** The header that logs a station in. */
export function authorization(id: string, secret: string = password): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

/** A rig of stations whose id starts with the version's letters: `A...` 1.6, `B...` 2.0.1, `C...` 2.1, `D...` 1.6 and 2.0.1. */
export async function createRig(options: Partial<CsmsServerOptions> = {}): Promise<Rig> {
  const timers = holdTimers();
  const events: LinkEvent[] = [];
  const warnings: { message: string; facts: unknown }[] = [];
  const versions = { A: ['1.6'], B: ['2.0.1'], C: ['2.1'], D: ['1.6', '2.0.1'] } as const;
  const server = await createCsmsServer({
    timers,
    stations: (id) => {
      const known = versions[id[0] as keyof typeof versions];
      return known === undefined || id.startsWith('A0') ? undefined : { versions: known, password };
    },
    log: { info: () => {}, warn: (message, facts) => void warnings.push({ message, facts }) },
    ...options,
  });
  server.onEvent((event) => void events.push(event));
  const clients = new Set<WebSocket>();
  return {
    server,
    timers,
    events,
    warnings,
    async until(holds) {
      while (!holds()) await new Promise((resolve) => setImmediate(resolve));
    },
    connect(id, protocol, clientOptions = {}) {
      const client = new WebSocket(`${server.url}/${id}`, protocol, {
        headers: { Authorization: authorization(id) },
        ...clientOptions,
      });
      clients.add(client);
      client.on('error', () => {});
      return client;
    },
    async close() {
      for (const client of clients) client.terminate();
      await server.crash();
    },
  };
}
