/**
 * Who may connect: path, identity, password, and how often. It answers by a verdict; the socket is the server's.
 * Source: OCPP-J 1.6 section 3 and 6, OCPP 2.0.1 part 4 section 3 and part 2 A00 (security profiles).
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isSubjectToken } from '#domain/event';
import type { OcppVersion } from '#domain/site';
import { createAllowance, type Allowance } from './allowance.ts';
import type { CsmsLimits } from './csms-limits.ts';
import type { Timers } from './timers.ts';

/** What a known identity may do. */
export interface StationAccess {
  readonly versions: readonly OcppVersion[];
  /** Absent: no password is asked for, on loopback only. */
  readonly password?: string;
}

/** Let in, or turned away with an HTTP status. */
export type GateVerdict =
  | { readonly kind: 'welcome'; readonly stationId: string; readonly access: StationAccess }
  | { readonly kind: 'refused'; readonly status: 400 | 401 | 404 | 429; readonly reason: string };

/** The gate of one server. */
export interface Gate {
  /** False where this address connects too often. */
  admits(address: string): boolean;
  judge(request: IncomingMessage): GateVerdict;
}

/** What a gate is made of. */
export interface GateParts {
  /** Path before the identity, without a trailing slash; undefined: whatever stands before the last `/`. */
  readonly path: string | undefined;
  readonly stations: (id: string) => StationAccess | undefined;
  readonly limits: CsmsLimits;
  readonly timers: Timers;
}

/** Longest wait after refused log-ins. */
const backOffMsMax = 64_000;

/** True for 127.0.0.0/8 and ::1, also as IPv6-mapped IPv4. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || /^127(?:\.\d{1,3}){3}$/.test(plain);
}

function isSameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(left), digest(right));
}

/** `user:password` of a Basic authorization, empty for none. */
function credentialsOf(request: IncomingMessage): string {
  const match = /^Basic ([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(request.headers.authorization ?? '');
  return match === null ? '' : Buffer.from(match[1] ?? '', 'base64').toString('utf8');
}

/** A map that forgets its oldest entry above a size. */
function remember<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}

/** A gate that has seen nobody. */
export function createGate(parts: GateParts): Gate {
  const { path, stations, limits, timers } = parts;
  const arrivals = new Map<string, Allowance>();
  const failures = new Map<string, { count: number; untilMs: number }>();

  const isKnown = (access: StationAccess | undefined, id: string, request: IncomingMessage): boolean => {
    const given = credentialsOf(request);
    const address = request.socket.remoteAddress ?? '';
    const isOpen = access !== undefined && access.password === undefined && isLoopback(address);
    // Compared for unknown identities too, so that time does not tell them from wrong passwords.
    const isRight = isSameText(given, `${id}:${access?.password ?? ''}`);
    return isOpen || (isRight && access?.password !== undefined);
  };

  return {
    admits(address) {
      const nowMs = timers.nowMs();
      const allowance =
        arrivals.get(address) ?? createAllowance(limits.connectionsBurst, limits.connectionsPerS, nowMs);
      remember(arrivals, address, allowance, limits.peersKept);
      return allowance.take(nowMs) >= 0;
    },
    judge(request) {
      const url = request.url ?? '';
      const prefix = path ?? url.slice(0, Math.max(0, url.lastIndexOf('/')));
      if (!url.startsWith(`${prefix}/`)) return { kind: 'refused', status: 404, reason: 'path' };
      const id = url.slice(prefix.length + 1);
      if (!isSubjectToken(id)) return { kind: 'refused', status: 400, reason: 'identity' };
      const nowMs = timers.nowMs();
      const key = `${request.socket.remoteAddress ?? ''} ${id}`;
      const failed = failures.get(key);
      if (failed !== undefined && failed.untilMs > nowMs)
        return { kind: 'refused', status: 429, reason: 'back-off' };
      const access = stations(id);
      if (access !== undefined && isKnown(access, id, request)) {
        failures.delete(key);
        return { kind: 'welcome', stationId: id, access };
      }
      if (access === undefined) isKnown(undefined, id, request);
      const count = (failed?.count ?? 0) + 1;
      const beyond = count - limits.loginFailuresFree;
      const waitMs = beyond < 0 ? 0 : Math.min(backOffMsMax, 1000 * 2 ** beyond);
      remember(failures, key, { count, untilMs: nowMs + waitMs }, limits.peersKept);
      return { kind: 'refused', status: 401, reason: 'credentials' };
    },
  };
}
