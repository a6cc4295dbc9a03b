/** Sending what the service itself writes: what may go still, signed; and what came of it. */
import { nextAttempt } from "../core/retry.ts";
import { signDkim } from "../mail/dkim.ts";
import type { RecipientOutcome } from "../mail/smtp-result.ts";
import { type Claim, deleteDue, putDue, standingTokens } from "../store/due.ts";
import { findDomainOwner } from "../store/inbound.ts";
import {
  type ServiceMailRow,
  getWaitingMail,
  isChatTarget,
  isServiceRecipient,
  updateServiceMail,
} from "../store/service-mail.ts";
import type { EngineContext } from "./context.ts";

const hour = 3_600_000;

/** After a day nobody needs a code or a notice any more. */
const giveUpAfter = 24 * hour;

/** What goes out now: a signed message for an address, or a JSON document for a webhook. */
export type ServiceSending = {
  channel: "mail" | "chat";
  to: string;
  data: Buffer;
  attempts: number;
  created_at: Date;
};

/**
 * What came of one attempt. `not_tried`: our own stop, or a destination whose queue is full; it costs no attempt, and is due again
 * after so many milliseconds.
 */
export type ServiceResult =
  | { outcome: RecipientOutcome; reply: string }
  | { outcome: "not_tried"; reply: string; again_after: number };

/**
 * What a claim stands for, ready to go. Null where there is nothing to send any more: it has gone, its recipient is nobody of the
 * operator's by now, or the message that it is about waits for nobody; then it is out of the queue.
 */
export async function takeServiceMail(
  context: EngineContext,
  operatorId: string,
  claim: Claim,
): Promise<ServiceSending | null> {
  const row = await context.database.transaction(operatorId, async (tx) => {
    const waiting = await getWaitingMail(tx, claim.message_id);
    if (!waiting) {
      await deleteDue(tx, "service_mail", [claim.message_id]);
      return null;
    }
    const { to_address, channel } = waiting;
    const known =
      channel === "chat"
        ? await isChatTarget(tx, to_address)
        : await isServiceRecipient(tx, to_address, context.now());
    if (known && awaited(waiting)) return waiting;
    await updateServiceMail(tx, waiting.mail_id, {
      attempts: waiting.attempts,
      reply: known ? "not sent: decided already" : "not sent: nobody of the operator's any more",
      sent_at: null,
      failed_at: context.now(),
    });
    await deleteDue(tx, "service_mail", [claim.message_id]);
    return null;
  });
  if (!row) return null;
  const { channel, to_address, mime, attempts, created_at } = row;
  const data = channel === "mail" ? await signed(context, mime) : mime;
  return { channel, to: to_address, data, attempts, created_at };
}

/** False once nobody is waited for. */
function awaited(
  row: Pick<ServiceMailRow, "message_id"> & { message_status: string | null },
): boolean {
  return (
    row.message_id === null ||
    row.message_status === "pending_approval" ||
    row.message_status === "pending_inbound_approval"
  );
}

/** With the instance's own signatures; without any where its domain has no keys, as on a machine that keeps its mail. */
async function signed(context: EngineContext, mime: Buffer): Promise<Buffer> {
  const owner = await findDomainOwner(context.database, context.instance_domain);
  if (!owner) return mime;
  const keys = await context.keyring.dkimOf(owner.operator_id, context.instance_domain);
  return Buffer.concat([await signDkim(mime, keys, context.now()), mime]);
}

/** Records an attempt: gone, given up (with a line in the service's log), or due again by the retry schedule, for a day. */
export async function recordServiceMail(
  context: EngineContext,
  operatorId: string,
  claim: Claim,
  result: ServiceResult,
): Promise<void> {
  const { outcome } = result;
  const reply = result.reply.slice(0, 1000);
  await context.database.transaction(operatorId, async (tx) => {
    const tokens = await standingTokens(tx, "service_mail", [claim.message_id]);
    const row = await getWaitingMail(tx, claim.message_id);
    // Overtaken: whoever has it now records it.
    if (!row || tokens.get(claim.message_id) !== claim.token) return;
    const now = context.now();
    const attempts = row.attempts + (outcome === "not_tried" ? 0 : 1);
    const next = nextTime(context, row.created_at, attempts, result);
    const failed = outcome !== "accepted" && next === null;
    await updateServiceMail(tx, row.mail_id, {
      attempts,
      reply,
      sent_at: outcome === "accepted" ? now : null,
      failed_at: failed ? now : null,
    });
    if (next === null) await deleteDue(tx, "service_mail", [row.mail_id]);
    else await putDue(tx, "service_mail", [{ message_id: row.mail_id, at: new Date(next) }]);
    if (failed)
      context.log.warn(
        { mail_id: row.mail_id, kind: row.kind, channel: row.channel, attempts, reply },
        "mail of the service could not be delivered",
      );
  });
}

/** When it is sent again, in milliseconds since the epoch; null where it has gone, or is given up. */
function nextTime(
  context: EngineContext,
  created: Date,
  attempts: number,
  result: ServiceResult,
): number | null {
  const now = context.now().getTime();
  if (result.outcome === "accepted" || result.outcome === "permanent") return null;
  if (result.outcome === "not_tried") {
    const again = now + result.again_after;
    return again <= created.getTime() + giveUpAfter ? again : null;
  }
  return nextAttempt({
    attempts,
    first_attempt_at: created.getTime(),
    now,
    chance: (context.random(1)[0] ?? 0) / 256,
    give_up_after: giveUpAfter,
  });
}
