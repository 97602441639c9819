/** Subject patterns as NATS has them: `*` is one token, a closing `>` is one or more. Source: NATS subject-based messaging. @module */

/** True where a subject falls under a pattern. */
export function matchesSubject(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (const [i, want] of wanted.entries()) {
    if (want === '>' && i === wanted.length - 1) return tokens.length > i;
    if (i >= tokens.length || (want !== '*' && want !== tokens[i])) return false;
  }
  return tokens.length === wanted.length;
}

/** True for a subject that may be published to: tokens without blanks, wildcards or emptiness. */
export function isPublishable(subject: string): boolean {
  return /^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject);
}
