/** How a simulated station connects, boots, is cut off and restarts. @module */
import {
  beginTransaction,
  endTransaction,
  postStatus,
  watchHeartbeat,
  watchSamples,
} from './station-sessions.ts';
import { ownNow, type StationCore } from './station-core.ts';
import { refresh, targetOf, watchEdges } from './station-limits.ts';
import type { StationSocket } from './socket.ts';
import { numberAt, textAt } from './wire-reading.ts';

/** Pause before BootNotification is sent again where it was not accepted. */
const bootRetryS = 30;

/** Starts an attempt to connect where none is under way. */
export function connect(core: StationCore, socket: StationSocket): void {
  if (!core.powered || core.link !== 'off') return;
  core.link = 'connecting';
  socket.connect();
}

/** Sends BootNotification before all else, until it is accepted. */
function boot(core: StationCore): void {
  const reason = core.bootReason;
  if (reason === undefined) return;
  const again = (): void => core.timers.set('boot', bootRetryS, () => boot(core));
  core.outbox.postFirst({
    build: () => core.dialect.boot(reason),
    keep: 'no',
    onAnswer: (answer) => {
      if (textAt(answer, 'status') !== 'Accepted') {
        again();
        return;
      }
      core.bootReason = undefined;
      const interval = numberAt(answer, 'interval');
      if (interval !== undefined && interval > 0) core.settings.heartbeatIntervalS = interval;
      watchHeartbeat(core);
      core.outbox.hold('free');
    },
    onLost: () => {
      if (core.link === 'open') again();
    },
  });
}

/** The connection stands: what waited goes out, then the statuses. */
export function onOpened(core: StationCore): void {
  core.link = 'open';
  core.attempts = 0;
  core.offlineSinceS = undefined;
  core.parts.onNote?.('connected', {});
  if (core.bootReason !== undefined) {
    core.outbox.hold('held');
    boot(core);
  }
  core.outbox.opened();
  for (const outlet of core.outlets) postStatus(core, outlet);
  refresh(core);
}

/** The connection is gone or could not be made: the station works on and tries again, later each time. */
export function onClosed(core: StationCore, socket: StationSocket): void {
  if (core.link === 'off') return;
  const { behaviour, prng, onNote } = core.parts;
  core.link = 'off';
  core.offlineSinceS ??= ownNow(core);
  core.outbox.closed();
  onNote?.('disconnected', {});
  if (!core.powered) return;
  const [first, longest] = behaviour.reconnectS;
  const wait = Math.min(longest, first * 2 ** Math.min(core.attempts, 16));
  core.attempts++;
  const early = prng.integer(0, Math.floor(wait / 3));
  core.timers.set('connect', Math.max(1, wait - early), () => connect(core, socket));
  refresh(core);
}

/** Power is gone: no connection, no draw; transactions end and will be reported. */
export function powerDown(core: StationCore, socket: StationSocket): void {
  const wasConnected = core.link !== 'off';
  core.powered = false;
  core.link = 'off';
  core.offlineSinceS ??= ownNow(core);
  core.outbox.closed();
  if (wasConnected) socket.close();
  for (const outlet of core.outlets) endTransaction(core, outlet, 'ResetCommand', 'Reboot');
  core.timers.stopAll();
}

/** Power is back: a plugged vehicle charges on in a new transaction, with or without a connection. */
export function powerUp(core: StationCore, socket: StationSocket): void {
  core.powered = true;
  for (const outlet of core.outlets) {
    outlet.followed = targetOf(core, outlet);
    beginTransaction(core, outlet);
  }
  watchSamples(core);
  watchEdges(core);
  connect(core, socket);
}
