/**
 * Which requirements a profile would break if it were sent to a station. The text of each is ours; the name is the
 * standard's. What stations are known to take although the standard says otherwise, or to refuse although it does not,
 * is advice and refuses nothing.
 * Source: OCPP 1.6 3.13, 5.16, 7.8-7.14, 9.4; 2.0.1 and 2.1 part 2 K01, K04, K28.
 * @module
 */
import type { Finding, RuleBook, Subject } from './profile-rule.ts';
import { advice16, rules16 } from './validate-profile-16.ts';
import { advice21, rules21 } from './validate-profile-21.ts';
import { advice201, rules201, rules2x } from './validate-profile-2x.ts';

/** A requirement that does not hold. */
interface Violation extends Finding {
  readonly requirement: string;
}

/** What a station should answer, and why. */
export interface ProfileVerdict {
  readonly accepted: boolean;
  readonly violations: readonly Violation[];
  readonly advice: readonly Violation[];
}

/** The verdict on one profile. */
export function validateProfile(subject: Subject): ProfileVerdict {
  const violations = violationsOf(rulesOf(subject), subject);
  return {
    accepted: violations.length === 0,
    violations,
    advice: [...violationsOf(adviceOf(subject), subject), ...neverValid(subject)],
  };
}

function rulesOf({ version }: Subject): RuleBook {
  switch (version) {
    case '1.6':
      return rules16;
    case '2.0.1':
      return { ...rules2x, ...rules201 };
    case '2.1':
      return { ...rules2x, ...rules21 };
  }
}

function adviceOf({ version }: Subject): RuleBook {
  switch (version) {
    case '1.6':
      return advice16;
    case '2.0.1':
      return advice201;
    case '2.1':
      return advice21;
  }
}

function violationsOf(book: RuleBook, subject: Subject): readonly Violation[] {
  return Object.entries(book).flatMap(([requirement, rule]) =>
    rule(subject).map((found) => ({ requirement, ...found })),
  );
}

/** A profile that is never in force is no breach, but hardly meant. */
function neverValid({ profile, now }: Subject): readonly Violation[] {
  const { validFrom = -Infinity, validTo = Infinity } = profile;
  if (validTo > validFrom && validTo > now) return [];
  const message = validTo <= validFrom ? 'It ends before it begins.' : 'It has ended already.';
  return [{ requirement: 'validTo', path: 'profile.validTo', message }];
}
