/** A dispatcher with its ledger, driven one fact at a time; tests read what leaves. */
import type { Site } from '#domain/site';
import { epochS, seconds, type EpochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { onAnswer, onLink, onReported, onRestarted } from '#dispatch/answers';
import { dispatchTurn } from '#dispatch/dispatch';
import { dispatchOf, withReadBack, withRequest, type DispatchPolicy } from '#dispatch/dispatch-state';
import type { AnswerOutcome, OutgoingCall, TurnOutcome, Wanted } from '#dispatch/turn';
import type { SiteLimits } from '#safety/circuit-limits';
import { learn, ledgerOf } from '#safety/ledger';
import { limitsOf } from '../safety/depot.ts';

export const policy: DispatchPolicy = {
  callTimeoutS: seconds(30),
  retryS: seconds(20),
  retryMaxS: seconds(100),
  writesPerDayMax: 100,
};

export class Bench {
  readonly site: Site;
  limits: SiteLimits;
  ledger;
  dispatch;
  now: EpochS = epochS(1000);
  wanted: Record<string, Wanted[string]> = {};
  ranks: Readonly<Record<string, number>> = {};
  last: TurnOutcome | undefined;

  constructor(of: Site, over: Partial<DispatchPolicy> = {}) {
    this.site = of;
    this.limits = limitsOf(of);
    this.ledger = ledgerOf(of, epochS(0));
    this.dispatch = dispatchOf(of, 5, { ...policy, ...over });
  }

  private view() {
    return { site: this.site, ledger: this.ledger, dispatch: this.dispatch, now: this.now };
  }

  private take(next: Pick<AnswerOutcome, 'ledger' | 'dispatch'>): void {
    this.ledger = next.ledger;
    this.dispatch = next.dispatch;
  }

  /** The station is connected, and holds just this; its transaction `tx` runs on every EVSE named. */
  holds(stationId: string, installed: readonly InstalledProfile[], evses: readonly number[] = [1]): this {
    const at = epochS(0);
    for (const evseId of evses) {
      const transaction = { evseId, id: 'tx', startedAt: at };
      this.ledger = learn(this.site, this.ledger, {
        kind: 'transaction-started',
        stationId,
        at,
        transaction,
      });
    }
    this.ledger = learn(this.site, this.ledger, { kind: 'read-back', stationId, at, installed, link: 1 });
    this.link(stationId, true);
    const one = this.dispatch.stations.get(stationId)!;
    this.dispatch = {
      ...this.dispatch,
      stations: this.dispatch.stations.with(stationId, { ...one, unread: [] }),
    };
    return this;
  }

  link(stationId: string, up: boolean): this {
    this.take(onLink(this.view(), { stationId, up }));
    return this;
  }

  wants(stationId: string, floors: readonly InstalledProfile[], ...plans: InstalledProfile[]): this {
    this.wanted = { ...this.wanted, [stationId]: { floors, plans } };
    return this;
  }

  /** One turn; returns what leaves as `station: what`. */
  turn(): readonly string[] {
    const rankOf = (id: string): number => this.ranks[id] ?? Infinity;
    this.last = dispatchTurn({ ...this.view(), limits: this.limits, wanted: this.wanted, rankOf });
    this.take(this.last);
    return this.last.calls.map((call) => `${call.stationId}: ${nameOf(call.command)}`);
  }

  callTo(stationId: string): OutgoingCall {
    const call = this.last?.calls.find((one) => one.stationId === stationId);
    if (call === undefined) throw new Error(`no call to ${stationId}`);
    return call;
  }

  answer(stationId: string, answer: CommandAnswer = { kind: 'accepted' }, messageId?: string): AnswerOutcome {
    const id = messageId ?? this.dispatch.stations.get(stationId)!.pending?.messageId ?? '';
    const outcome = onAnswer(this.view(), { stationId, messageId: id, answer });
    this.take(outcome);
    return outcome;
  }

  report(
    stationId: string,
    requestId: number,
    profiles: readonly InstalledProfile[],
    more = false,
  ): AnswerOutcome {
    const outcome = onReported(this.view(), { stationId, requestId, more, profiles });
    this.take(outcome);
    return outcome;
  }

  restart(): this {
    this.take(onRestarted(this.view()));
    return this;
  }

  readBack(stationId: string): this {
    this.dispatch = withReadBack(this.site, this.dispatch, stationId);
    return this;
  }

  request(stationId: string, command: StationCommand): this {
    this.dispatch = withRequest(this.dispatch, stationId, command);
    return this;
  }

  at(s: number): this {
    this.now = epochS(s);
    return this;
  }
}

export function nameOf(command: StationCommand): string {
  if (command.kind !== 'set-profile') return command.kind;
  const limits = command.profile.schedules[0]?.periods.map(({ limit }) => limit).join(',');
  return `${command.profile.purpose} ${limits}`;
}
