/** The word that somebody probably meant. @module */

/** Fewest insertions, deletions, replacements and swaps of neighbours between two words. Source: optimal string alignment. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(
        (rows[i - 1]?.[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (rows[i - 1]?.[j - 1] ?? 0) + same,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/** Longest word that is compared. */
const wordMax = 64;

/**
 * The candidate nearest to a word, regardless of case; undefined where none is near (more than a third of the letters
 * differ, at least 2 may). A candidate that the word begins, or that begins the word, counts as near.
 */
export function nearestOf(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > wordMax) return undefined;
  const asked = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 0.5;
  for (const candidate of candidates) {
    const name = candidate.toLowerCase();
    const isStart = asked.length >= 3 && (name.startsWith(asked) || asked.startsWith(name));
    const distance = isStart ? Math.min(1.5, editDistance(asked, name)) : editDistance(asked, name);
    if (distance < bestDistance && distance < Math.max(asked.length, name.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
