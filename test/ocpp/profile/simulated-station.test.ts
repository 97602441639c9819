import { describe, expect, test } from 'vitest';
import { prngOf, type Prng } from '#domain/prng';
import { limitOf } from '#ocpp/composite';
import type { ChargingProfile, InstalledProfile } from '#ocpp/profile';
import { wireOfProfile } from '#ocpp/wire-profile';
import { compositeOf, heldProfileOf } from '#sim/own-composite';
import { after, t0, versions } from './builders.ts';

/** Sets that are compared; 100,000 take half a minute. */
const sets = Number(process.env['COMPOSITE_SETS'] ?? 3000);
const hardware = 32;
const spanS = 100_000;

const purposes = [
  'ChargingStationMaxProfile',
  'TxDefaultProfile',
  'TxDefaultProfile',
  'TxProfile',
  'ChargingStationExternalConstraints',
] as const;

/** Profiles of one purpose and EVSE have stack levels of their own: what equals do is nobody's rule. */
function installedOf(random: Prng, old: boolean): readonly InstalledProfile[] {
  const taken = new Set<string>();
  return Array.from({ length: random.integer(0, 8) }, (_, i): InstalledProfile[] => {
    const purpose = purposes[random.integer(0, old ? 3 : 4)] ?? 'TxProfile';
    const evseId = purpose === 'TxDefaultProfile' ? random.integer(0, 1) : purpose === 'TxProfile' ? 1 : 0;
    const stackLevel = random.integer(0, 4);
    const place = old ? `${evseId} ${purpose} ${stackLevel}` : `${purpose} ${stackLevel}`;
    if (taken.has(place)) return [];
    taken.add(place);
    return [{ evseId, profile: profileOf(random, i + 1, purpose, stackLevel) }];
  }).flat();
}

function profileOf(
  random: Prng,
  id: number,
  purpose: ChargingProfile['purpose'],
  stackLevel: number,
): ChargingProfile {
  const kind = (['Absolute', 'Recurring', 'Relative'] as const)[random.integer(0, 2)] ?? 'Absolute';
  const some = (share: number): boolean => random.next() < share;
  const starts = [0, ...Array.from({ length: random.integer(0, 4) }, () => random.integer(1, spanS))];
  return {
    id,
    stackLevel,
    purpose,
    kind,
    ...(kind === 'Recurring' ? { recurrency: some(0.7) ? ('Daily' as const) : ('Weekly' as const) } : {}),
    ...(some(0.2) ? { validFrom: after(t0, random.integer(-spanS, spanS)) } : {}),
    ...(some(0.2) ? { validTo: after(t0, random.integer(-spanS, spanS)) } : {}),
    ...(purpose === 'TxProfile' && some(0.6) ? { transactionId: some(0.7) ? '1' : '2' } : {}),
    schedules: [
      {
        id,
        ...(kind === 'Relative' ? {} : { startAt: after(t0, random.integer(-2 * spanS, spanS)) }),
        ...(some(0.5) ? { durationS: random.integer(1, spanS) } : {}),
        unit: some(0.7) ? 'A' : 'W',
        periods: [...new Set(starts)]
          .toSorted((a, b) => a - b)
          .map((startS) => ({
            startS,
            limit: random.integer(0, 400) / 10,
            ...(some(0.4) ? { numberPhases: random.integer(1, 3) } : {}),
          })),
      },
    ],
  };
}

describe('the simulated station works its limits out for itself', () => {
  test.each(versions)('and agrees with the composite in %s', (version) => {
    for (let seed = 1; seed <= Math.ceil(sets / 3); seed++) {
      const random = prngOf(seed * 31 + version.length);
      const installed = installedOf(random, version === '1.6');
      const running = random.next() < 0.7;
      const startedAt = after(t0, -random.integer(0, spanS));
      const unit = random.next() < 0.8 ? 'A' : 'W';
      const most = unit === 'A' ? hardware : hardware * 690;
      const durationS = random.integer(1, 2 * spanS);
      const limit = limitOf({
        version,
        installed,
        transactions: running ? [{ evseId: 1, id: '1', startedAt }] : [],
        evseId: 1,
        from: t0,
        until: after(t0, durationS),
        electrical: { voltage: 230, phases: 3 },
        unit,
        unlimited: most,
      });
      const ours: (readonly [number, number])[] = [];
      for (const [i, s] of limit.startS.entries()) {
        const level = Math.min(limit.value[i]!, most);
        if (ours.at(-1)?.[1] !== level) ours.push([s - t0, level]);
      }
      const held = installed.map(({ evseId, profile }) => {
        const read = heldProfileOf(version, evseId, wireOfProfile(version, profile));
        if (read === undefined) throw new Error(`seed ${seed}: a profile is not read`);
        return read;
      });
      const theirs = compositeOf(
        {
          version,
          held,
          evseId: 1,
          ...(running ? { transaction: { id: '1', startedS: startedAt } } : {}),
          assumedStartS: t0,
          unit,
          voltage: 230,
          phases: 3,
          hardware: most,
        },
        t0,
        durationS,
      ).map(({ startS, limit }) => [startS, limit] as const);
      expect(rounded(ours), `seed ${seed}`).toEqual(rounded(theirs));
    }
  });
});

/** W and A differ in the last digits by the order of multiplication; pieces that were told apart by them are one. */
function rounded(pieces: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const out: (readonly [number, number])[] = [];
  for (const [s, level] of pieces) {
    const tidy = Math.round(level * 1e6) / 1e6;
    if (out.at(-1)?.[1] !== tidy) out.push([s, tidy]);
  }
  return out;
}
