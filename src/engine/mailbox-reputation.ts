/** What anybody who has mail from a mailbox may ask about it, by the hash of its address: how it fares, without figures. */
import { reputationRule, stopReason } from "../core/sending-limits.ts";
import { Refusal } from "../core/refusal.ts";
import { findByHash } from "../store/mailbox-hash.ts";
import { countsSince, dayOf } from "../store/mailbox-days.ts";
import { getMailbox } from "../store/mailboxes.ts";
import { getOperator, listProvenDomains } from "../store/operators.ts";
import { domainOf } from "./addresses.ts";
import type { EngineContext } from "./context.ts";

/** `new`: too little was sent to say; `paused`: it stopped, or was stopped, because too much came back. */
export const standings = ["new", "good", "fair", "poor", "paused"] as const;

/** One of {@link standings}. */
export type Standing = (typeof standings)[number];

/** Shares of what was sent are said in steps, so that nobody learns figures by asking often. */
export type MailboxReputation = {
  operator: { id: string; name: string; verified: boolean };
  standing: Standing;
  oversight: string;
  since: Date;
};

const day = 86_400_000;

/** Days that the standing is taken over. */
export const standingDays = 30;

/**
 * The reputation of the mailbox whose address, in lower case, has this SHA-256 (hex). Throws `not_found` also for what is deleted:
 * whoever has no mail from it learns nothing, not even whether it is here.
 */
export async function reputationOf(
  context: EngineContext,
  hash: string,
): Promise<MailboxReputation> {
  const found = await findByHash(context.database, hash);
  const seen =
    found &&
    (await context.database.as(found.operator_id, async (tx) => {
      const now = context.now();
      const since = dayOf(new Date(now.getTime() - (standingDays - 1) * day));
      const mailbox = await getMailbox(tx, found.mailbox_id);
      const operator = await getOperator(tx);
      const proven = await listProvenDomains(tx);
      const counts = await countsSince(tx, since, found.mailbox_id);
      return mailbox && operator && { mailbox, operator, proven, counts };
    }));
  if (!seen)
    throw new Refusal("not_found", "There is no mailbox of this hash here.", {
      field: "hash",
      hint: "It is the SHA-256 of the address in lower case, in hex.",
    });
  const { mailbox, operator, proven, counts } = seen;
  return {
    operator: {
      id: operator.operator_id,
      name: operator.name,
      verified: proven.includes(domainOf(mailbox.address)),
    },
    standing: mailbox.paused_at === null ? standingOf(counts) : "paused",
    oversight: mailbox.mode,
    // By the month: the day would tell more than it has to.
    since: new Date(
      Date.UTC(mailbox.created_at.getUTCFullYear(), mailbox.created_at.getUTCMonth()),
    ),
  };
}

/** The standing of counts: `poor` is what stops a mailbox, `fair` half of it. */
export function standingOf(counts: {
  handed: number;
  bounced: number;
  complained: number;
}): Exclude<Standing, "paused"> {
  if (counts.handed < reputationRule.at_least) return "new";
  if (stopReason(counts) !== null) return "poor";
  const doubled = { ...counts, bounced: 2 * counts.bounced, complained: 2 * counts.complained };
  return stopReason(doubled) === null ? "good" : "fair";
}
