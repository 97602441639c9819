/** How a belief changes with what is sent and what is learnt. @module */
import { shift } from '#domain/step-function';
import { epochS, later, type EpochS } from '#domain/units';
import type { StationCommand } from '#ocpp/station-message';
import type { Belief, Candidate, OpenCommand, ReportedLimit, Stray } from './belief.ts';
import { canonicalText } from './canonical.ts';
import {
  afterBoot,
  afterCommand,
  afterTransaction,
  areSameStates,
  candidateOf,
  clearPlans,
  closed,
  floorsOnly,
  isCleared,
  isInstalled,
  isSameEntry,
  unknownCandidate,
} from './candidate.ts';
import { pastOf, type ExposureContext } from './exposure.ts';
import type { Fact } from './fact.ts';
import { isGuarded } from './ledger-policy.ts';
import { candidatesMax, endedTransactionsMax } from './limits.ts';

/** The belief about a station that nothing is known of. */
export function unknownBelief(at: EpochS): Belief {
  return {
    candidates: [unknownCandidate],
    strays: [],
    transactions: [],
    ended: [],
    notCompliant: [],
    past: {},
    changedAt: at,
  };
}

/** The belief while a command is on its way. */
export function beliefOfAdmitted(
  context: ExposureContext,
  before: Belief,
  sent: {
    readonly messageId: string;
    readonly command: StationCommand;
    readonly link: number;
    readonly at: EpochS;
  },
): Belief {
  const belief = pruned(before, sent.at);
  const { messageId, command, link } = sent;
  const open: OpenCommand = { messageId, command, link, sentAt: sent.at, without: belief.candidates };
  const start = isGuarded(context.policy, 'bothStates')
    ? belief.candidates
    : belief.candidates.map((c) => afterCommand(context.station, c, command, belief.ended));
  return changed(context, before, sent.at, {
    strays: belief.strays,
    candidates: closed(context.station, start, [command, ...commandsOf(belief)], belief.ended),
    open,
  });
}

/** The belief after a fact; the same object where the fact says nothing to it. */
export function beliefAfter(context: ExposureContext, before: Belief, fact: Fact): Belief {
  const belief = pruned(before, fact.at);
  switch (fact.kind) {
    case 'answered':
      if (belief.open?.messageId !== fact.messageId) return before;
      return answered(context, belief, belief.open, fact);
    case 'given-up':
      if (belief.open?.messageId !== fact.messageId) return before;
      return givenUp(context, belief, belief.open, fact.at);
    case 'restarted':
      if (belief.open === undefined) return before;
      if (!isGuarded(context.policy, 'writeAhead')) {
        return changed(context, belief, fact.at, { candidates: belief.open.without, open: undefined });
      }
      return givenUp(context, belief, belief.open, fact.at);
    case 'accepted-late':
      return acceptedLate(context, belief, fact);
    case 'booted':
      return overCandidates(context, belief, fact.at, (c) =>
        isGuarded(context.policy, 'reboot') ? afterBoot(context.station, c) : [c],
      );
    case 'doubted':
      return overCandidates(context, belief, fact.at, (c) => [c, floorsOnly(c)]);
    case 'transaction-started': {
      const others = belief.transactions.filter(({ id }) => id !== fact.transaction.id);
      return changed(context, belief, fact.at, { transactions: [...others, fact.transaction] });
    }
    case 'transaction-ended':
      return ended(context, belief, fact.transactionId, fact.at);
    case 'read-back': {
      const strays = straysBeyond(context, belief, fact.link);
      const open = commandsOf({ ...belief, strays });
      return changed(context, belief, fact.at, {
        strays,
        candidates: closed(context.station, [candidateOf(fact.installed)], open, belief.ended),
        open: belief.open,
      });
    }
    case 'narrowed':
      return changed(context, belief, fact.at, {
        candidates: closed(context.station, fact.candidates, commandsOf(belief), belief.ended),
        open: belief.open,
      });
    case 'not-compliant':
      if (belief.notCompliant.includes(fact.evseId)) return before;
      return changed(context, belief, fact.at, { notCompliant: [...belief.notCompliant, fact.evseId] });
    case 'cleared':
      return changed(context, belief, fact.at, {
        notCompliant: belief.notCompliant.filter((evseId) => evseId !== fact.evseId),
      });
    case 'limit-reported':
      return overCandidates(context, belief, fact.at, (c) => [withReported(c, fact)]);
    case 'strangers-gone':
      return changed(context, belief, fact.at, {
        candidates: closed(context.station, [unknownCandidate], commandsOf(belief), belief.ended),
        strangersUntilS: undefined,
      });
    case 'clock-jumped':
      return movedLater(before, fact);
    case 'forgotten':
      return changed(context, belief, fact.at, { ...unknownBelief(fact.at), open: undefined });
  }
}

/**
 * The belief by a clock that has jumped: what was allowed counts on as long as before the jump, reactions are no nearer to
 * their end, and what is on its way may arrive for as long.
 */
function movedLater(belief: Belief, { at, byS }: { readonly at: EpochS; readonly byS: number }): Belief {
  const { past, changedAt, strays, strangersUntilS, foundAt, open } = belief;
  return {
    ...belief,
    past: Object.fromEntries(Object.entries(past).map(([id, f]) => [id, shift(f, byS)])),
    changedAt: epochS(Math.min(at, changedAt + byS)),
    strays: strays.map((stray) => ({ ...stray, untilS: later(stray.untilS, byS) })),
    ...(strangersUntilS === undefined ? {} : { strangersUntilS: later(strangersUntilS, byS) }),
    ...(foundAt === undefined ? {} : { foundAt: epochS(Math.min(at, foundAt + byS)) }),
    ...(open === undefined ? {} : { open: { ...open, sentAt: later(open.sentAt, byS) } }),
  };
}

/** Every command that may still be applied. */
function commandsOf(belief: Belief): readonly StationCommand[] {
  const strays = belief.strays.map(({ command }) => command);
  return belief.open === undefined ? strays : [belief.open.command, ...strays];
}

/**
 * The strays that are left when a later call on `link` is answered. Frames of one connection keep their order: what was
 * sent on it before has been handled by then, unless frames may come twice.
 */
function straysBeyond(context: ExposureContext, belief: Belief, link: number): readonly Stray[] {
  if (context.policy.repeatS > 0) return belief.strays;
  return belief.strays.filter((stray) => stray.link !== link);
}

/** The belief without strays that cannot arrive any more; what they may have done stays possible. */
function pruned(belief: Belief, at: EpochS): Belief {
  const strays = belief.strays.filter(({ untilS }) => at < untilS);
  return strays.length === belief.strays.length ? belief : { ...belief, strays };
}

function answered(
  context: ExposureContext,
  belief: Belief,
  open: OpenCommand,
  fact: Extract<Fact, { kind: 'answered' }>,
): Belief {
  const { station } = context;
  const older = straysBeyond(context, belief, open.link);
  const again: Stray = {
    command: open.command,
    link: -1,
    untilS: later(open.sentAt, context.policy.repeatS),
  };
  const strays = fact.at < again.untilS && fact.outcome !== 'refused' ? withStray(older, again) : older;
  const commands = strays.map(({ command }) => command);
  const { candidates } = belief;
  const applied = (): readonly Candidate[] =>
    candidates.map((c) => afterCommand(station, c, open.command, belief.ended));
  const settled = {
    accepted: applied,
    refused: isGuarded(context.policy, 'refusal') ? () => open.without : applied,
    unclear: () => candidates,
  }[fact.outcome]();
  return changed(context, belief, fact.at, {
    strays,
    candidates: closed(station, settled, commands, belief.ended),
    open: undefined,
  });
}

function acceptedLate(
  context: ExposureContext,
  belief: Belief,
  fact: Extract<Fact, { kind: 'accepted-late' }>,
): Belief {
  const strays = straysBeyond(context, belief, fact.link);
  const candidates = settledBy(context, belief, fact.command, strays);
  // What is on its way since then is the same once more: refused or not, it changes nothing.
  const open = belief.open && { ...belief.open, without: candidates };
  return changed(context, belief, fact.at, { strays, candidates, open });
}

/** The states after a command is known to be applied while `strays` may still arrive. */
function settledBy(
  context: ExposureContext,
  belief: Belief,
  command: StationCommand,
  strays: readonly Stray[],
): readonly Candidate[] {
  const { station } = context;
  return closed(
    station,
    belief.candidates.map((c) => afterCommand(station, c, command, belief.ended)),
    strays.map((stray) => stray.command),
    belief.ended,
  );
}

/** Whether the acceptance of `command`, sent at `at` on `link`, would tell anything that is not known. */
export function wouldSettle(
  context: ExposureContext,
  belief: Belief,
  command: StationCommand,
  sent: { readonly at: EpochS; readonly link: number },
): boolean {
  const strays = straysBeyond(context, pruned(belief, sent.at), sent.link);
  if (strays.length === 0 && command.kind === 'set-profile') {
    const { evseId, profile } = command;
    return !isInstalled(belief, { evseId, profile });
  }
  const after = settledBy(context, belief, command, strays);
  // What is held possible only because of a stray goes with the stray: the same floor sent in turns with another would
  // trade one such state for the next without end.
  if (command.kind === 'set-profile' && mayBeInstalled(belief, command))
    return after.length < belief.candidates.length;
  return !areSameStates(after, belief.candidates);
}

/** Whether any state that is held possible has the profile of a command. */
function mayBeInstalled(
  belief: Belief,
  { evseId, profile }: Extract<StationCommand, { kind: 'set-profile' }>,
): boolean {
  return belief.candidates.some(({ installed }) =>
    installed.some((entry) => isSameEntry(entry, { evseId, profile })),
  );
}

function givenUp(context: ExposureContext, belief: Belief, open: OpenCommand, at: EpochS): Belief {
  if (!isGuarded(context.policy, 'strays')) {
    return changed(context, belief, at, { candidates: open.without, open: undefined });
  }
  const stray: Stray = {
    command: open.command,
    link: open.link,
    untilS: later(open.sentAt, context.policy.lateS),
  };
  return changed(context, belief, at, { strays: withStray(belief.strays, stray), open: undefined });
}

/** One more stray; the same command on the same link counts once, for the longer time. */
function withStray(strays: readonly Stray[], stray: Stray): readonly Stray[] {
  const text = canonicalText(stray.command);
  const isSame = (one: Stray): boolean => one.link === stray.link && canonicalText(one.command) === text;
  const untilS = strays
    .filter(isSame)
    .reduce((last, one) => (one.untilS > last ? one.untilS : last), stray.untilS);
  return [...strays.filter((one) => !isSame(one)), { ...stray, untilS }];
}

/** An unknown state with what its station says that it allows; while plans may be there that says nothing of the next vehicle. */
function withReported(
  candidate: Candidate,
  { evseId, reported }: { readonly evseId: number; readonly reported: ReportedLimit },
): Candidate {
  if (candidate.known || !isCleared(candidate, clearPlans)) return candidate;
  return { ...candidate, reported: { ...candidate.reported, [String(evseId)]: reported } };
}

function overCandidates(
  context: ExposureContext,
  belief: Belief,
  at: EpochS,
  next: (candidate: Candidate) => readonly Candidate[],
): Belief {
  const { station } = context;
  const candidates = closed(station, belief.candidates.flatMap(next), commandsOf(belief), belief.ended);
  const open = belief.open && {
    ...belief.open,
    without: closed(
      station,
      belief.open.without.flatMap(next),
      belief.strays.map(({ command }) => command),
      belief.ended,
    ),
  };
  return changed(context, belief, at, { candidates, open });
}

function ended(context: ExposureContext, belief: Belief, transactionId: string, at: EpochS): Belief {
  const known = [...belief.ended.filter((id) => id !== transactionId), transactionId];
  return overCandidates(
    context,
    {
      ...belief,
      ended: known.slice(-endedTransactionsMax),
      transactions: belief.transactions.filter(({ id }) => id !== transactionId),
    },
    at,
    (candidate) => [afterTransaction(candidate, transactionId)],
  );
}

/** The belief with a change at `at`; its limits until then go into the past. */
function changed(context: ExposureContext, before: Belief, at: EpochS, change: Partial<Belief>): Belief {
  const changedAt = at > before.changedAt ? at : before.changedAt;
  const next: { [K in keyof Required<Belief>]: Belief[K] } = {
    candidates: change.candidates ?? before.candidates,
    open: 'open' in change ? change.open : before.open,
    strays: change.strays ?? before.strays,
    strangersUntilS: 'strangersUntilS' in change ? change.strangersUntilS : before.strangersUntilS,
    foundAt: before.foundAt,
    transactions: change.transactions ?? before.transactions,
    ended: change.ended ?? before.ended,
    notCompliant: change.notCompliant ?? before.notCompliant,
    past: pastOf(context, before, changedAt),
    changedAt,
  };
  if (next.candidates.length > candidatesMax) return { ...next, candidates: [unknownCandidate] };
  // Whatever it holds, a call that nobody knows of may change it still.
  const isKnown = next.candidates.every(({ known }) => known);
  if (isKnown && next.strangersUntilS !== undefined)
    return { ...next, candidates: [unknownCandidate, ...next.candidates] };
  const isFound = isKnown && before.candidates.some(({ known }) => !known);
  return isFound ? { ...next, foundAt: changedAt } : next;
}
