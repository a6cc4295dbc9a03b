/** Raising a mailbox's mode with a code: a key asks, the oversight address gets the code, and whoever brings it has the mode raised. */
import type { Actor } from "../core/actor.ts";
import { autonomy, raises, readMode } from "../core/oversight/mode.ts";
import { type Mode, modes } from "../core/oversight/types.ts";
import { Refusal } from "../core/refusal.ts";
import { getApiKeys } from "../store/credentials.ts";
import type { Tx } from "../store/database.ts";
import { type MailboxRow, getLivingMailbox, updateMailbox } from "../store/mailboxes.ts";
import { appendRecords } from "../store/records.ts";
import { mailCode, overseerAddress, quoted } from "./code-mail.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { issueCode, redeemCode } from "./one-time-code.ts";
import { entryActor, makeEntry, makeEvent } from "./record.ts";

const purpose = "upgrade";
/** How long a code for a freer mode works, in milliseconds. */
const codeLife = 24 * 3_600_000;
/** Codes that a mailbox sees in an hour, whoever asks. */
const perHour = 3;

/** What was asked for; `expires_at` is ISO 8601. */
export type UpgradeRequested = { mode: Mode; target_mode: Mode; expires_at: string };

/**
 * Mails a code for a freer mode to the oversight address. Throws `not_found`, `test_key`, `validation_failed` where the mode
 * is not freer, `rate_limited`, and `mode_raise_needs_person` where there is nobody to mail to.
 */
export async function requestUpgrade(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
  target: Mode,
): Promise<UpgradeRequested> {
  const asked = await context.database.transaction(actor.operator_id, async (tx) => {
    const mailbox = await existing(tx, actor, mailboxId);
    const from = readMode(mailbox.mode);
    if (!raises(from, target))
      throw new Refusal(
        "validation_failed",
        `The mailbox is in mode ${from}, which is no stricter.`,
        {
          field: "target_mode",
          hint: "configure_mailbox puts a mailbox under a stricter mode at once.",
        },
      );
    const to = await overseerAddress(tx);
    if (to === null)
      throw new Refusal(
        "mode_raise_needs_person",
        "There is no oversight address to mail a code to.",
        {
          hint: "An owner or admin can raise the mode on the mailbox's page after signing in. An address that is a mailbox here counts as none: agents read it.",
        },
      );
    const code = await issueCode(context, tx, {
      purpose,
      subject: mailboxId,
      data: { from, to: target, requested_by: entryActor(actor) },
      life_ms: codeLife,
      per_hour: perHour,
    });
    const who = await nameOf(tx, actor);
    await mailCode(context, tx, {
      to,
      code,
      subject: `${mailbox.address} asks for more autonomy: ${target}`,
      paragraphs: [
        `${who} asks that the mailbox ${mailbox.address} leaves the mode ${from} for ${target}.`,
        `${from}: ${meaning[from]}\n${target}: ${meaning[target]}`,
        `An owner or admin can also change the mode after signing in: ${context.public_url}/mailboxes/${mailboxId}`,
      ],
    });
    const about = { resource: mailboxId, mailbox_id: mailboxId };
    const entry = makeEntry(context, "mailbox.upgrade_requested", actor, about, {
      from,
      to: target,
    });
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return { mode: from, target_mode: target };
  });
  context.wake.sequence();
  context.wake.service_mail();
  return { ...asked, expires_at: new Date(context.now().getTime() + codeLife).toISOString() };
}

const meaning: Readonly<Record<Mode, string>> = {
  read_only: "the agent cannot send at all.",
  gated_all: "outgoing and incoming mail waits for a person.",
  gated_send: "outgoing mail waits for a person, unless every recipient is on the allowlist.",
  monitored: "mail leaves at once, with a copy to the oversight address.",
  autonomous: "mail leaves at once; nobody looks first.",
};

/** Who asks, in words for the mail. */
async function nameOf(tx: Tx, actor: Actor): Promise<string> {
  if (actor.kind === "person") return "A member";
  const [key] = await getApiKeys(tx, [actor.credential_id]);
  return `The API key "${quoted(key?.name ?? "", 100)}" (${actor.credential_id})`;
}

async function existing(tx: Tx, actor: Actor, mailboxId: string): Promise<MailboxRow> {
  const mailbox = await getLivingMailbox(tx, mailboxId, true);
  if (!mailbox)
    throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
  if (actor.test) throw liveThing("A test key changes no mailboxes: they serve live mail too.");
  return mailbox;
}

type Redeemed = { mode: Mode } | "wrong" | "overtaken";

/**
 * Raises the mode to what the code was mailed for. Throws `not_found`, `test_key`, `invalid_code`, and
 * `mode_raise_needs_person` where the mailbox was lowered since, or has as much autonomy already: the code is used up then.
 */
export async function applyUpgrade(
  context: EngineContext,
  actor: Actor,
  mailboxId: string,
  code: string,
): Promise<{ mode: Mode }> {
  // Refused after the commit: a wrong try must stay counted.
  const result = await context.database.transaction(actor.operator_id, async (tx) => {
    const now = readMode((await existing(tx, actor, mailboxId)).mode);
    const found = await redeemCode(context, tx, { purpose, subject: mailboxId, code });
    if (!found) return "wrong";
    return raiseTo(context, tx, actor, mailboxId, now, found.data);
  });
  context.wake.sequence();
  if (result === "wrong")
    throw new Refusal("invalid_code", "This code does not raise the mode of this mailbox.", {
      field: "code",
      hint: "A code works once, for 24 hours, for the mailbox it was asked for, and dies after five wrong tries.",
    });
  if (result === "overtaken")
    throw new Refusal(
      "mode_raise_needs_person",
      "The mode was changed since the code was asked for.",
      {
        field: "code",
        hint: "Ask again with request_upgrade if more autonomy is still wanted.",
      },
    );
  return result;
}

/** What was agreed to was a step from one mode to another: whoever lowered the mailbox meanwhile had a reason. */
async function raiseTo(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  mailboxId: string,
  now: Mode,
  data: Record<string, unknown>,
): Promise<Redeemed> {
  const target = modes.find((mode) => mode === data["to"]);
  const from = modes.find((mode) => mode === data["from"]);
  if (!target || !from || !raises(now, target) || autonomy(now) < autonomy(from))
    return "overtaken";
  await updateMailbox(tx, mailboxId, { mode: target, updated_at: context.now() });
  const about = { resource: mailboxId, mailbox_id: mailboxId };
  const entry = makeEntry(context, "mailbox.mode_changed", actor, about, {
    from: now,
    to: target,
    requested_by: data["requested_by"],
    approved_by: "code",
  });
  const event = makeEvent(
    context,
    "mailbox.mode_changed",
    { mailbox_id: mailboxId, message_id: null, thread_id: null },
    { from: now, to: target, requested_by: data["requested_by"], approved_by: "code" },
  );
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [event] });
  return { mode: target };
}
