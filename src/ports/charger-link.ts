/** The way to the chargers: frames out, link events in. @module */
import type { LinkEvent } from '#domain/event';

/** A message of ours to a station. */
export type LinkMessage =
  | {
      readonly kind: 'call';
      readonly stationId: string;
      readonly messageId: string;
      readonly action: string;
      readonly payload: unknown;
    }
  | {
      readonly kind: 'result';
      readonly stationId: string;
      readonly messageId: string;
      readonly payload: unknown;
    }
  | {
      readonly kind: 'error';
      readonly stationId: string;
      readonly messageId: string;
      readonly code: string;
      readonly description: string;
    };

/** All stations of one site. Sending to a station that is not connected does nothing: the engine counts on loss anyway. */
export interface ChargerLink {
  send(message: LinkMessage): void;
  /** Closes the station's connection. */
  drop(stationId: string, reason: string): void;
  /** Sets the one receiver of events. */
  onEvent(receive: (event: LinkEvent) => void): void;
  close(): Promise<void>;
}
