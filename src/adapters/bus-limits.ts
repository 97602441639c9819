/** Bounds of the buses. @module */

/** Largest message, bytes: the default `max_payload` of nats-server. */
export const messageBytesMax = 1_048_576;
/** Messages that wait for delivery in process before a publisher is refused. */
export const queuedMessagesMax = 65_536;
/** Bytes kept for sending while the server is away; what comes on top is dropped and counted. */
export const offlineBytesMax = 8_388_608;
/** Subjects for which a bus in memory keeps in mind who hears them. */
export const knownSubjectsMax = 1000;
