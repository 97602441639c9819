/**
 * The bus over a NATS server. The four client settings below were measured: with them a client is back 0.2 s after a
 * killed server restarts and leaves a hung one within about 4 s; with the defaults it hangs for minutes.
 * @module
 */
import { connect, ErrorCode, Events, type NatsConnection, NatsError } from 'nats';
import { invariant } from '#domain/invariant';
import { utf8Of } from '#engine/utf8';
import type { Bus } from '#ports/bus';
import type { Log } from '#ports/log';
import { NoAnswerError } from '../bus-memory.ts';
import { messageBytesMax, offlineBytesMax } from '../bus-limits.ts';
import { isPublishable } from '../subject-pattern.ts';

/** Where and as whom to connect. */
export interface NatsOptions {
  /** `nats://host:port`, several separated by commas. */
  readonly url: string;
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly log: Log;
}

/** The server cannot be reached or refuses us. */
export class BusUnavailableError extends Error {
  constructor(url: string, cause: unknown) {
    super(`no NATS server at ${url}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'BusUnavailableError';
  }
}

const unanswered: ReadonlyMap<string, 'nobody listens' | 'time is up'> = new Map([
  [ErrorCode.NoResponders, 'nobody listens'],
  [ErrorCode.Timeout, 'time is up'],
]);

/** Follows the connection and says on the log when it is lost and back. */
async function watch(
  connection: NatsConnection,
  link: { up: boolean; readonly onBack: Set<() => void> },
  log: Log,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === Events.Disconnect) {
      link.up = false;
      log.warn('bus lost', { server: connection.getServer() });
    } else if (status.type === Events.Reconnect) {
      link.up = true;
      log.info('bus back', { server: connection.getServer() });
      for (const listener of link.onBack) listener();
    }
  }
}

/** A bus over NATS, reconnecting for ever. @throws BusUnavailableError where the first connection fails. */
export async function connectNats(options: NatsOptions): Promise<Bus> {
  let connection: NatsConnection;
  try {
    connection = await connect({
      servers: options.url.split(','),
      name: options.name,
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(options.password === undefined ? {} : { pass: options.password }),
      reconnectTimeWait: 50,
      maxReconnectAttempts: -1,
      pingInterval: 1000,
      maxPingOut: 2,
      timeout: 1000,
    });
  } catch (cause) {
    throw new BusUnavailableError(options.url, cause);
  }
  const link = { up: true, onBack: new Set<() => void>() };
  let offlineBytes = 0;
  let dropped = 0;
  // The client never ends this stream, not even when closed: nobody may wait for it.
  void watch(connection, link, options.log);

  return {
    publish: (subject, message) => {
      const data =
        message instanceof Uint8Array
          ? message
          : utf8Of(typeof message === 'string' ? message : message.text);
      invariant(isPublishable(subject), 'a subject has plain tokens', { subject });
      invariant(data.byteLength <= messageBytesMax, 'a message fits', { bytes: data.byteLength });
      if (link.up) offlineBytes = 0;
      else offlineBytes += data.byteLength;
      if (offlineBytes > offlineBytesMax) {
        dropped++;
        if (dropped === 1 || dropped % 1000 === 0)
          options.log.warn('bus away, messages dropped', { dropped });
        return;
      }
      connection.publish(subject, data);
    },
    subscribe: (pattern, onMessage) => {
      const subscription = connection.subscribe(pattern, {
        callback: (error, message) => {
          if (error !== null) {
            options.log.warn('subscription refused', { pattern, reason: error.message });
            return;
          }
          const reply = message.reply;
          onMessage({
            subject: message.subject,
            data: message.data,
            ...(reply === undefined || reply === '' ? {} : { respond: (data) => void message.respond(data) }),
          });
        },
      });
      return { unsubscribe: () => subscription.unsubscribe() };
    },
    request: async (subject, data, timeoutS) => {
      try {
        return (await connection.request(subject, data, { timeout: timeoutS * 1000 })).data;
      } catch (cause) {
        const reason = cause instanceof NatsError ? unanswered.get(cause.code) : undefined;
        if (reason !== undefined) throw new NoAnswerError(subject, reason);
        throw cause;
      }
    },
    // The server answers a ping after it has sent us all that it routed before, and callbacks run as bytes are read.
    flush: () => connection.flush(),
    onBack: (listener) => {
      link.onBack.add(listener);
      return { unsubscribe: () => link.onBack.delete(listener) };
    },
    close: () => connection.drain(),
  };
}
