/** Mailboxes: making and changing them, with the rule that raising a mode needs a person. */
import { isDeepStrictEqual } from "node:util";
import type { Actor } from "../core/actor.ts";
import { readMode } from "../core/oversight/mode.ts";
import { Refusal } from "../core/refusal.ts";
import { AddressError, parseAddress } from "../mail/address.ts";
import { type Tx, isUniqueViolation } from "../store/database.ts";
import {
  type MailboxRow,
  countMailboxes,
  getLivingMailbox,
  getMailbox,
  insertMailbox,
  updateMailbox,
} from "../store/mailboxes.ts";
import { holdVerifiedDomain } from "../store/domains.ts";
import { holdOperator, listDomains } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import { type KeptCopies, copiesLoosened, readCopies } from "./auto-copies.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import {
  type MailboxChange,
  type NewMailbox,
  limitsLoosened,
  loosened,
  passLoosening,
  raised,
  shown,
  takesCodes,
} from "./mailbox-loosening.ts";
import { type MailboxUrls, keepUrls, urlsLoosened } from "./mailbox-webhooks.ts";
import { readApprovers } from "./named-approvers.ts";
import { makeEntry, makeEvent } from "./record.ts";

export type { MailboxChange, NewMailbox } from "./mailbox-loosening.ts";

/** What a mailbox is unless somebody says otherwise; anything looser needs a person. Times in seconds. */
export const usualMailbox = {
  oversight_mode: "gated_send",
  approvals_required: 1,
  expiry_seconds: 7 * 24 * 3600,
  undo_seconds: 10,
  ai_disclosure: true,
} as const;

const noCopies = { auto_cc: [], auto_bcc: [] };
const noUrls = { webhook_url: null, oversight_webhook_url: null };

/** Makes a mailbox. Throws `test_key`, `validation_failed`, `unknown_domain`, `address_taken` or `mode_raise_needs_person`. */
export async function createMailbox(
  context: EngineContext,
  actor: Actor,
  wanted: NewMailbox,
): Promise<MailboxRow> {
  if (actor.test) throw liveThing("A test key makes no mailboxes.");
  if (actor.mailbox_ids !== null)
    throw new Refusal("scope_required", "A key that is bound to mailboxes cannot create others.");
  return context.database
    .transaction(actor.operator_id, async (tx) => {
      await refuseOverQuota(context, tx);
      const domains = await listDomains(tx);
      const address = readAddress(wanted.address, domains);
      // Held until the mailbox is there, so that the domain cannot be deleted in between.
      if (!(await holdVerifiedDomain(tx, address.slice(address.lastIndexOf("@") + 1))))
        throw new Refusal("unknown_domain", "The domain was deleted just now.");
      const copies = readCopies(address, wanted);
      const { change } = await passLoosening(context, tx, actor, {
        what: `Create the mailbox ${address}`,
        from: usualMailbox,
        change: { ...wanted, ...copies },
        loosened: [
          ...raised(usualMailbox.oversight_mode, wanted.oversight_mode),
          ...loosened(usualMailbox, wanted),
          ...(await takesCodes(tx, address, context.now())),
          ...urlsLoosened(context, noUrls, wanted),
          ...copiesLoosened(noCopies, copies),
        ],
      });
      const now = context.now();
      const id = context.new_id();
      await insertMailbox(tx, {
        mailbox_id: id,
        address,
        display_name: wanted.display_name,
        mode: wanted.oversight_mode,
        approvals_required: wanted.approvals_required,
        expiry_seconds: wanted.expiry_seconds,
        undo_seconds: wanted.undo_seconds,
        ai_disclosure: wanted.ai_disclosure,
        webhook_url: wanted.webhook_url ?? null,
        oversight_webhook_url: wanted.oversight_webhook_url ?? null,
        ...copies,
        created_at: now,
        updated_at: now,
      });
      const about = { resource: id, mailbox_id: id };
      const entry = makeEntry(context, "mailbox.created", actor, about, {
        address,
        mode: wanted.oversight_mode,
        approvals_required: wanted.approvals_required,
        ...change,
      });
      await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
      await keepUrls(context, tx, actor, id, wanted);
      const made = await getMailbox(tx, id);
      if (!made) throw new Error("a mailbox vanished in its own transaction");
      return made;
    })
    .then((made) => {
      context.wake.sequence();
      return made;
    })
    .catch(refuseTaken);
}

/** `address_taken` where that is what the database said. */
function refuseTaken(error: unknown): never {
  if (!isUniqueViolation(error, "mailbox_address_key")) throw error;
  throw new Refusal("address_taken", "This address is taken.", {
    field: "address",
    hint: "Choose another; the address of a deleted mailbox is not given out again.",
  });
}

/** Throws `quota_exceeded` where the operator has as many mailboxes as the instance lets it have. Its row is held, so that two do not both take the last. */
export async function refuseOverQuota(context: EngineContext, tx: Tx): Promise<void> {
  const { mailboxes: quota } = context.limits;
  if (quota === null) return;
  await holdOperator(tx);
  const used = await countMailboxes(tx);
  if (used >= quota)
    throw new Refusal("quota_exceeded", `The operator has ${used} of ${quota} mailboxes.`, {
      hint: "Delete one that is not needed, or ask whoever runs the instance for more.",
    });
}

function readAddress(text: string, domains: readonly string[]): string {
  const [first] = domains;
  if (first === undefined)
    throw new Refusal("unknown_domain", "The operator has no verified domain.");
  const full = text.includes("@") ? text : `${text}@${first}`;
  try {
    const { address, domain } = parseAddress(full.toLowerCase());
    if (!domains.includes(domain))
      throw new Refusal("unknown_domain", `${domain} is not a verified domain of this operator.`, {
        field: "address",
        hint: `Verified domains: ${domains.join(", ")}.`,
      });
    // What stands behind a plus is no part of a mailbox's name: mail to it goes to the mailbox before the plus.
    if (address.includes("+"))
      throw new Refusal("validation_failed", "address: a mailbox's name has no plus.", {
        field: "address",
        hint: "Mail to name+anything comes to the mailbox name.",
      });
    return address;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new Refusal("validation_failed", `address: ${error.reason}`, { field: "address" });
  }
}

/** Changes a mailbox. Tightening is free; raising the mode, and loosening what else protects, needs a person. */
export async function changeMailbox(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
  change: MailboxChange,
): Promise<MailboxRow> {
  const changed = await context.database.transaction(actor.operator_id, async (tx) => {
    const before = await getLivingMailbox(tx, mailboxId, true);
    if (!before)
      throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
    if (actor.test) throw liveThing("A test key changes no mailboxes: they serve live mail too.");
    const from = readMode(before.mode);
    const mode = change.oversight_mode ?? from;
    const copies = readCopies(before.address, change);
    const named = await readApprovers(tx, before, change.approver_ids);
    const { change: letThrough } = await passLoosening(context, tx, actor, {
      what: `Change the mailbox ${before.address}`,
      from: { ...shown(before), approver_ids: named.words.from },
      change: { ...change, ...copies, approver_ids: named.words.to },
      loosened: [
        ...raised(from, mode),
        ...loosened(before, change),
        ...limitsLoosened(before, change, context.daily_quota),
        ...named.loosened,
        ...urlsLoosened(context, before, change),
        ...copiesLoosened(before, copies),
      ],
    });
    const { approver_ids } = named;
    const wanted = changedColumns(context.now(), before, { ...change, approver_ids });
    const urls = changedUrls(before, change);
    const copied = changedCopies(before, copies);
    if (wanted.length === 0 && Object.keys({ ...urls, ...copied }).length === 0) return before;
    const changes = Object.fromEntries(wanted);
    await updateMailbox(tx, mailboxId, {
      ...changes,
      ...urls,
      ...copied,
      ...(change.scan_policy ? { scan_policy: JSON.stringify(change.scan_policy) } : {}),
      updated_at: context.now(),
    });
    await keepUrls(context, tx, actor, mailboxId, urls);
    const about = { resource: mailboxId, mailbox_id: mailboxId };
    const entry = makeEntry(context, "mailbox.changed", actor, about, {
      changes,
      from: Object.fromEntries(wanted.map(([key]) => [key, before[key as keyof MailboxRow]])),
      // Paths of URLs may be secrets: the webhooks' own entries name their hosts.
      ...(Object.keys(urls).length === 0 ? {} : { urls: Object.keys(urls) }),
      // Addresses are somebody's: the log says only how many there are now.
      ...Object.fromEntries(Object.entries(copied).map(([field, all]) => [field, all.length])),
      ...letThrough,
    });
    const where = { mailbox_id: mailboxId, message_id: null, thread_id: null };
    const event = makeEvent(context, "mailbox.mode_changed", where, { from, to: mode });
    await appendRecords(tx, {
      entries: [entry.row],
      openings: [],
      events: mode === from ? [] : [event],
    });
    const after = await getMailbox(tx, mailboxId);
    if (!after) throw new Error("a mailbox vanished while it was locked");
    return after;
  });
  context.wake.sequence();
  return changed;
}

/** Columns that become others, beside those of URLs and copies. */
function changedColumns(now: Date, before: MailboxRow, change: MailboxChange): [string, unknown][] {
  return Object.entries({
    display_name: change.display_name,
    mode: change.oversight_mode,
    approvals_required: change.approvals_required,
    expiry_seconds: change.expiry_seconds,
    undo_seconds: change.undo_seconds,
    ai_disclosure: change.ai_disclosure,
    daily_quota: change.daily_quota,
    approver_ids: change.approver_ids,
    ...limitsOf(now, before, change),
  }).filter(
    ([key, value]) =>
      value !== undefined && !isDeepStrictEqual(value, before[key as keyof MailboxRow]),
  );
}

/** URLs that become others. */
function changedUrls(before: MailboxRow, change: MailboxChange): MailboxUrls {
  const { webhook_url, oversight_webhook_url } = change;
  return Object.fromEntries(
    Object.entries({ webhook_url, oversight_webhook_url }).filter(
      ([field, url]) => url !== undefined && url !== before[field as keyof MailboxUrls],
    ),
  );
}

/** Copies that go to others than before. */
function changedCopies(before: MailboxRow, copies: KeptCopies): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(copies).filter(
      ([field, all]) => !isDeepStrictEqual(all, before[field as keyof KeptCopies]),
    ),
  );
}

/** The columns behind passkeys, warm-up, pause and scan policy. */
function limitsOf(now: Date, before: MailboxRow, change: MailboxChange): Partial<MailboxRow> {
  const { passkey_required, warm_up, paused, scan_policy } = change;
  return {
    ...(passkey_required === undefined ? {} : { passkey_required }),
    ...(warm_up === undefined
      ? {}
      : { warm_up_started_at: warm_up ? (before.warm_up_started_at ?? now) : null }),
    ...(paused === undefined
      ? {}
      : {
          paused_at: paused ? (before.paused_at ?? now) : null,
          paused_reason: paused ? (before.paused_reason ?? "paused by hand") : null,
        }),
    ...(scan_policy === undefined ? {} : { scan_policy }),
  };
}
