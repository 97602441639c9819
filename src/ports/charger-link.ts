/** The way to the chargers: frames out, link events in. @module */
import type { LinkEvent, LinkMessage } from '#domain/event';

/** All stations of one site. Sending to a station that is not connected does nothing: the engine counts on loss anyway. */
export interface ChargerLink {
  send(message: LinkMessage): void;
  /** Closes the station's connection. */
  drop(stationId: string, reason: string): void;
  /** Sets the one receiver of events. */
  onEvent(receive: (event: LinkEvent) => void): void;
  close(): Promise<void>;
}
