/**
 * One accepted connection of one station: frames in and out, the bounds of `csms-limits.ts`, and what is answered
 * without the engine. Source: OCPP-J 1.6 section 4, OCPP 2.0.1 part 4 section 4.
 * @module
 */
import { createHash } from 'node:crypto';
import { WebSocket, type RawData } from 'ws';
import type { LinkEvent, LinkMessage } from '#domain/event';
import type { OcppVersion } from '#domain/site';
import { encodeFrame, parseFrame, type Frame, type FrameFault } from '#ocpp/frame';
import { checkRequest } from '#ocpp/message';
import type { Log } from '#ports/log';
import { createAllowance, type Allowance } from './allowance.ts';
import type { CsmsCounters } from './csms-counters.ts';
import type { CsmsLimits } from './csms-limits.ts';
import type { Timers } from './timers.ts';
import type { TrafficEnd } from './traffic.ts';

/** What a connection is made of. */
export interface ConnectionParts {
  readonly stationId: string;
  readonly version: OcppVersion;
  readonly socket: WebSocket;
  readonly limits: CsmsLimits;
  readonly timers: Timers;
  readonly counters: CsmsCounters;
  readonly log: Log;
  readonly end: TrafficEnd | undefined;
  readonly receive: (event: LinkEvent) => void;
}

/** Close codes. Source: RFC 6455 7.4.1. */
const notText = 1003;
const policyViolation = 1008;

/** Longest reason of a close in characters; the frame has room for 123 bytes. */
const reasonLengthMax = 100;

/** Fields that nobody knows are named in the log once each, up to this many per connection. */
const strippedNamesMax = 32;

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data as Buffer).toString('utf8');
}

/** Tells one CALL from another without keeping it: a text may have 64 KiB. */
function fingerprintOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64');
}

/** One connection, from the accepted upgrade to its end. Takes over an open socket. */
export class StationConnection {
  readonly #parts: ConnectionParts;
  readonly #allowance: Allowance;
  /** CALLs of the station that wait for our answer: id and fingerprint. */
  readonly #pending = new Map<string, string>();
  /** The last CALLs that were answered: fingerprint and answer. */
  readonly #answered = new Map<string, { readonly call: string; readonly answer: string }>();
  /** Ids of our CALLs that wait for the station's answer. */
  readonly #outstanding = new Set<string>();
  readonly #strippedNames = new Set<string>();
  #badFramesInRow = 0;
  #isDetached = false;
  #lastHeardMs: number;
  #stopResume = (): void => {};
  #stopPing = (): void => {};

  constructor(parts: ConnectionParts) {
    const { socket, limits, timers, end } = parts;
    this.#parts = parts;
    this.#allowance = createAllowance(limits.framesBurst, limits.framesPerS, timers.nowMs());
    this.#lastHeardMs = timers.nowMs();
    const heard = (): void => {
      this.#lastHeardMs = timers.nowMs();
    };
    socket.on('message', (data, isBinary) => {
      heard();
      this.#onMessage(data, isBinary);
      end?.handled();
    });
    socket.on('pong', heard);
    socket.on('ping', heard);
    this.#armPing();
  }

  send(message: LinkMessage): void {
    const { counters, limits } = this.#parts;
    const { messageId } = message;
    if (message.kind === 'call') {
      this.#outstanding.add(messageId);
      const [oldest] = this.#outstanding;
      if (this.#outstanding.size > limits.callsOutstandingMax && oldest !== undefined)
        this.#outstanding.delete(oldest);
      this.#writeFrame({
        kind: 'call',
        messageId,
        action: message.action,
        payload: message.payload as object,
      });
      return;
    }
    const call = this.#pending.get(messageId);
    if (call === undefined) {
      counters.lostAnswers++;
      return;
    }
    this.#pending.delete(messageId);
    const frame: Frame =
      message.kind === 'result'
        ? { kind: 'result', messageId, payload: message.payload as object }
        : { kind: 'error', messageId, code: message.code, description: message.description };
    this.#answer(call, frame);
  }

  /** Closes with a close frame. */
  close(code: number, reason: string): void {
    const { socket, end } = this.#parts;
    end?.closing();
    this.#stopResume();
    // A socket that is not read would not hear the peer's goodbye.
    socket.resume();
    socket.close(code, reason.slice(0, reasonLengthMax));
  }

  /** Cuts at once. */
  terminate(): void {
    this.#parts.end?.closing();
    this.#parts.socket.terminate();
  }

  /** Pings; exactly one of the two is called, within `probeMs`. */
  probe(onAlive: () => void, onDead: () => void): void {
    const { socket, timers, limits } = this.#parts;
    const settle = (verdict: () => void): void => {
      stop();
      socket.off('pong', alive);
      socket.off('close', dead);
      verdict();
    };
    const alive = (): void => settle(onAlive);
    const dead = (): void => settle(onDead);
    const stop = timers.after(limits.probeMs, dead);
    socket.on('pong', alive);
    socket.on('close', dead);
    if (socket.readyState === WebSocket.OPEN) socket.ping();
    else dead();
  }

  /** Stops the timers and every report. */
  detach(): void {
    this.#isDetached = true;
    this.#stopPing();
    this.#stopResume();
  }

  #write(text: string): void {
    const { socket, counters, end, limits, log, stationId } = this.#parts;
    if (socket.readyState !== WebSocket.OPEN) return;
    counters.framesSent++;
    end?.sent();
    socket.send(text);
    if (socket.bufferedAmount <= limits.unreadBytesMax) return;
    log.warn('station does not read; connection cut', { stationId, unreadBytes: socket.bufferedAmount });
    this.terminate();
  }

  #writeFrame(frame: Frame): void {
    this.#write(encodeFrame(frame, this.#parts.version));
  }

  /** Answers a CALL and remembers the answer. */
  #answer(call: string, frame: Frame): void {
    const text = encodeFrame(frame, this.#parts.version);
    this.#answered.delete(frame.messageId);
    this.#answered.set(frame.messageId, { call, answer: text });
    const [oldest] = this.#answered.keys();
    if (this.#answered.size > this.#parts.limits.answersKept && oldest !== undefined)
      this.#answered.delete(oldest);
    this.#write(text);
  }

  /** Answers a CALL that the engine never sees. */
  #refuse(messageId: string, call: string, code: string, description: string): void {
    this.#parts.counters.refusedCalls++;
    this.#answer(call, { kind: 'error', messageId, code, description });
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    const { socket, counters, version } = this.#parts;
    if (this.#isDetached || socket.readyState !== WebSocket.OPEN) return;
    counters.framesReceived++;
    if (!this.#isWithinRate()) return;
    if (isBinary) {
      counters.badFrames++;
      this.close(notText, 'text only');
      return;
    }
    const text = textOf(data);
    const frame = parseFrame(text, version);
    if (frame.kind === 'fault') {
      this.#onFault(frame);
      return;
    }
    this.#badFramesInRow = 0;
    this.#onFrame(frame, text);
  }

  /** False where the connection is being closed for it. */
  #isWithinRate(): boolean {
    const { socket, counters, limits, log, stationId, timers } = this.#parts;
    const left = this.#allowance.take(timers.nowMs());
    if (left >= 0) return true;
    if (-left > limits.framesDebtMax) {
      log.warn('station sends without end; connection closed', { stationId });
      this.close(policyViolation, 'too many messages');
      return false;
    }
    if (!socket.isPaused) {
      counters.throttled++;
      socket.pause();
    }
    this.#stopResume();
    this.#stopResume = timers.after(this.#allowance.debtMs(), () => socket.resume());
    return true;
  }

  #onFault(fault: FrameFault): void {
    const { counters, limits, log, stationId } = this.#parts;
    counters.badFrames++;
    this.#badFramesInRow++;
    log.warn('bad frame', { stationId, rule: fault.rule });
    if (fault.reply !== undefined) this.#writeFrame(fault.reply);
    if (this.#badFramesInRow >= limits.badFramesMax) this.close(policyViolation, 'too many bad frames');
  }

  #onFrame(frame: Frame, text: string): void {
    const { counters, log, stationId, receive } = this.#parts;
    switch (frame.kind) {
      case 'call':
        this.#onCall(frame, fingerprintOf(text));
        return;
      case 'result':
      case 'error': {
        const { kind, messageId } = frame;
        if (!this.#outstanding.delete(messageId)) counters.unmatchedAnswers++;
        else if (kind === 'result') receive({ kind, stationId, messageId, payload: frame.payload });
        else receive({ kind, stationId, messageId, code: frame.code, description: frame.description });
        return;
      }
      case 'result-error':
        counters.unmatchedAnswers++;
        log.warn('station refused an answer', { stationId, code: frame.code });
        return;
      case 'send':
        // 2.1 sends only event streams this way, and none was opened.
        counters.refusedCalls++;
        return;
    }
  }

  #onCall(frame: Extract<Frame, { kind: 'call' }>, call: string): void {
    const { counters, limits, receive, stationId, version } = this.#parts;
    const { messageId, action } = frame;
    if (this.#isRepeated(messageId, call)) {
      counters.repeatedCalls++;
      return;
    }
    if (this.#pending.size >= limits.callsPendingMax) {
      this.#refuse(messageId, call, 'ProtocolError', 'too many calls without an answer');
      return;
    }
    const checked = checkRequest(version, 'station', action, frame.payload);
    if (!checked.ok) {
      this.#refuse(messageId, call, checked.problem.code, checked.problem.description);
      return;
    }
    if (checked.value.stripped.length > 0) this.#noteStripped(action, checked.value.stripped);
    this.#pending.set(messageId, call);
    receive({ kind: 'call', stationId, messageId, action, payload: checked.value.payload });
  }

  /** True for a CALL with an id that waits or was just answered; a repeated CALL gets its first answer again. */
  #isRepeated(messageId: string, call: string): boolean {
    // While the first one waits an error would be taken for its answer.
    if (this.#pending.has(messageId)) return true;
    const past = this.#answered.get(messageId);
    if (past === undefined) return false;
    if (past.call === call) {
      this.#write(past.answer);
      return true;
    }
    const { log, stationId } = this.#parts;
    log.warn('message id used for two messages', { stationId });
    const description = 'message id was used before';
    this.#writeFrame({ kind: 'error', messageId, code: 'ProtocolError', description });
    return true;
  }

  #noteStripped(action: string, names: readonly string[]): void {
    const { counters, log, stationId } = this.#parts;
    counters.strippedFrames++;
    const fresh = names.map((name) => `${action}.${name}`).filter((name) => !this.#strippedNames.has(name));
    if (fresh.length === 0 || this.#strippedNames.size >= strippedNamesMax) return;
    for (const name of fresh) this.#strippedNames.add(name);
    log.warn('fields that the standard does not know', { stationId, fields: fresh });
  }

  #armPing(): void {
    const { limits, log, socket, stationId, timers } = this.#parts;
    this.#stopPing = timers.after(limits.pingIntervalMs, () => {
      if (timers.nowMs() - this.#lastHeardMs >= 2 * limits.pingIntervalMs) {
        log.warn('station is silent; connection cut', { stationId });
        this.terminate();
        return;
      }
      if (socket.readyState === WebSocket.OPEN) socket.ping();
      this.#armPing();
    });
  }
}
