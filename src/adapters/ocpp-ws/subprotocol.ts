/** Names of the OCPP versions on the wire. Source: OCPP-J 1.6 3.1.2, OCPP 2.0.1 part 4 3.1.2. @module */
import type { OcppVersion } from '#domain/site';

/** The versions, the one to prefer first. */
const versions: readonly OcppVersion[] = ['2.1', '2.0.1', '1.6'];

/** The WebSocket subprotocol of a version. */
export function subprotocolOf(version: OcppVersion): string {
  return `ocpp${version}`;
}

/** The highest version that is both offered and enabled. */
export function versionOffered(
  offered: Iterable<string>,
  enabled: readonly OcppVersion[],
): OcppVersion | undefined {
  const names = new Set(offered);
  return versions.find((version) => enabled.includes(version) && names.has(subprotocolOf(version)));
}
