/** The public face of the package. @module */
export type { Site, Station, Evse, Circuit } from '#domain/site';
