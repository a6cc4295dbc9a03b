/** What an operator used: counts by day and by mailbox, and what is left of its quotas. */
import type { Actor } from "../core/actor.ts";
import { firstIdAt } from "../core/id.ts";
import { seesWithheld } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import {
  countSubmitted,
  decidedByDay,
  handedByDay,
  pendingNow,
  receivedByDay,
  storedBytes,
  usageMailboxes,
} from "../store/usage.ts";
import type { EngineContext } from "./context.ts";
import { monthOf } from "./quota.ts";

/** What is counted. `sent` is what was handed to the wire; `approved` and the like are decisions. */
export type Counts = {
  sent: number;
  received: number;
  approved: number;
  rejected: number;
  revised: number;
  bounced: number;
  complained: number;
};

/** A quota; null is any number. */
export type QuotaUse = { limit: number | null; used: number; resets_at: Date | null };

/** Usage from one day to another, both included (UTC). */
export type Usage = {
  from: string;
  to: string;
  total: Counts;
  /** Messages that wait for a decision now. Of withheld mail nothing is counted for callers without oversight. */
  pending: number;
  mailboxes: number;
  storage_bytes: number;
  by_day: ({ date: string } & Counts)[];
  /** Those in which something happened, the busiest first, a hundred at most. */
  by_mailbox: ({ mailbox_id: string; address: string; pending: number } & Counts)[];
  /** Null for credentials that are bound to mailboxes. */
  quotas: Record<"messages" | "mailboxes" | "storage_bytes", QuotaUse> | null;
};

const dayMs = 86_400_000;

/** Longest span, in days. */
const maxDays = 366;

/** Mailboxes that are listed. */
const maxMailboxes = 100;

/** Reads usage; without days it is of the month so far. Throws `validation_failed`, and `not_found` for a foreign mailbox. */
export async function readUsage(
  context: EngineContext,
  actor: Actor,
  wanted: { from?: string | undefined; to?: string | undefined; mailbox_id?: string | undefined },
): Promise<Usage> {
  const now = context.now();
  const { from, dates, firsts } = spanOf(now, wanted);
  const to = dates.at(-1) ?? from;
  const { mailbox_id } = wanted;
  return context.database.snapshot(actor.operator_id, async (tx) => {
    const ids = mailbox_id === undefined ? actor.mailbox_ids : [mailbox_id];
    const mailboxes = await usageMailboxes(tx, ids);
    if (mailbox_id !== undefined && mailboxes.length === 0)
      throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
    const table = new Table(dates, mailboxes);
    const all = mailboxes.map((one) => one.mailbox_id);
    for (const row of await handedByDay(tx, { from, to, mailbox_ids: all })) {
      const { mailbox_id: at, date, handed, bounced, complained } = row;
      table.add(at, dates.indexOf(date), { sent: handed, bounced, complained });
    }
    const withheld = seesWithheld(actor);
    for (const row of await receivedByDay(tx, all, firsts, withheld))
      table.add(row.mailbox_id, row.day, { received: row.count });
    for (const row of await decidedByDay(tx, all, firsts))
      table.add(row.mailbox_id, row.day, { [words[row.decision]]: row.count });
    for (const row of await pendingNow(tx, all)) table.wait(row.mailbox_id, row.count);
    const living = mailboxes.filter((one) => !one.deleted).length;
    const bytes = await storedBytes(tx, ids, withheld);
    return {
      from,
      to,
      ...table.answer(),
      mailboxes: living,
      storage_bytes: bytes,
      quotas: ids === null ? await quotas(context, tx, { living, bytes, now }) : null,
    };
  });
}

const words = { approve: "approved", reject: "rejected", revise: "revised" } as const;

async function quotas(
  { limits }: Pick<EngineContext, "limits">,
  tx: Tx,
  { living, bytes, now }: { living: number; bytes: number; now: Date },
): Promise<NonNullable<Usage["quotas"]>> {
  const { begins, ends } = monthOf(now);
  const used = await countSubmitted(tx, firstIdAt(begins.getTime()));
  return {
    messages: { limit: limits.monthly_messages, used, resets_at: ends },
    mailboxes: { limit: limits.mailboxes, used: living, resets_at: null },
    storage_bytes: { limit: limits.storage_bytes, used: bytes, resets_at: null },
  };
}

/** The days asked for, and the least ids of each and of the day after. */
function spanOf(
  now: Date,
  wanted: { from?: string | undefined; to?: string | undefined },
): { from: string; dates: string[]; firsts: string[] } {
  const today = dateOf(now.getTime());
  const to = wanted.to ?? today;
  const from = wanted.from ?? `${to.slice(0, 8)}01`;
  const [first, last] = [midnight("from", from), midnight("to", to)];
  const days = (last - first) / dayMs + 1;
  if (days < 1) throw new Refusal("validation_failed", "from: lies after to.", { field: "from" });
  if (days > maxDays)
    throw new Refusal("validation_failed", `from: lies more than ${maxDays} days before to.`, {
      field: "from",
    });
  const starts = Array.from({ length: days + 1 }, (_, i) => first + i * dayMs);
  return {
    from,
    dates: starts.slice(0, -1).map(dateOf),
    firsts: starts.map(firstIdAt),
  };
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function midnight(field: string, date: string): number {
  const time = Date.parse(`${date}T00:00:00Z`);
  // Dates that do not exist, such as 30 February, must not become others.
  if (Number.isNaN(time) || dateOf(time) !== date || time < 0)
    throw new Refusal("validation_failed", `${field}: is no day such as 2026-11-21.`, { field });
  return time;
}

function none(): Counts {
  return { sent: 0, received: 0, approved: 0, rejected: 0, revised: 0, bounced: 0, complained: 0 };
}

function addTo(counts: Counts, more: Partial<Counts>): void {
  for (const [name, count] of Object.entries(more)) counts[name as keyof Counts] += count;
}

/** Sums as they come together. */
class Table {
  readonly #total = none();
  readonly #days: ({ date: string } & Counts)[];
  readonly #mailboxes: Map<string, Usage["by_mailbox"][number]>;

  constructor(
    dates: readonly string[],
    mailboxes: readonly { mailbox_id: string; address: string }[],
  ) {
    this.#days = dates.map((date) => ({ date, ...none() }));
    this.#mailboxes = new Map(
      mailboxes.map(({ mailbox_id, address }) => [
        mailbox_id,
        { mailbox_id, address, pending: 0, ...none() },
      ]),
    );
  }

  add(mailboxId: string, day: number, more: Partial<Counts>): void {
    addTo(this.#total, more);
    const [date, mailbox] = [this.#days[day], this.#mailboxes.get(mailboxId)];
    if (date) addTo(date, more);
    if (mailbox) addTo(mailbox, more);
  }

  wait(mailboxId: string, count: number): void {
    const mailbox = this.#mailboxes.get(mailboxId);
    if (mailbox) mailbox.pending = count;
  }

  answer(): Pick<Usage, "total" | "pending" | "by_day" | "by_mailbox"> {
    const busy = (one: Usage["by_mailbox"][number]): number =>
      one.sent + one.received + one.pending + one.approved + one.rejected + one.revised;
    const mailboxes = [...this.#mailboxes.values()];
    return {
      total: this.#total,
      pending: mailboxes.reduce((sum, { pending }) => sum + pending, 0),
      by_day: this.#days,
      by_mailbox: mailboxes
        .filter((one) => busy(one) > 0)
        .toSorted((a, b) => busy(b) - busy(a))
        .slice(0, maxMailboxes),
    };
  }
}
