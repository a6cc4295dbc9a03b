/** Deciding by a mailed link or a button in a chat: opening it shows, only the page's own form decides (class C). */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type Actor, holds, roleScopes } from "../core/actor.ts";
import { hasApproved } from "../core/oversight/machine.ts";
import { Refusal } from "../core/refusal.ts";
import { givenHtml } from "../mail/compose-body.ts";
import { readFrozenParts } from "../mail/frozen-parts.ts";
import { type LoadedMessage, loadMarkdowns, loadMessages, loadMime } from "../store/messages.ts";
import { getOperator } from "../store/operators.ts";
import { getPeople } from "../store/people.ts";
import type { Decided, DecisionRequest } from "./decide.ts";
import { type DecisionLink, readDecisionLink } from "./decision-link.ts";
import { replyAddress } from "./addresses.ts";
import type { EngineContext } from "./context.ts";
import { standingApprovals } from "./machine-row.ts";
import { maxAttachments, maxBody, maxRecipients } from "./notice-text.ts";
import { type MessageDetail, messageReaders } from "./read-messages.ts";

/** How long a page that was opened may be used, in seconds. */
const pageLife = 3600;

/** What an opened link shows. */
export type Approval = {
  message: MessageDetail;
  person: { id: string; name: string };
  /** False once the message waits for no decision of this person any more, or is another than they were told of. */
  open: boolean;
  /** Why this person has to sign in to approve: what a link shows is not all of it, or not strong enough; null where it will do. */
  sign_in: string | null;
  /** Must come back with the decision; made anew each time the page is shown. */
  page_token: string;
};

/** A decision by link. */
export type LinkDecision = Pick<DecisionRequest, "decision" | "reason"> & {
  token: string;
  page_token: string;
};

/** Shows what a link is about. Changes nothing. Throws `invalid_link` for one that is not ours, has died, or whose person may no longer decide. */
export async function showApproval(context: EngineContext, token: string): Promise<Approval> {
  const { link, actor, name } = await open(context, token);
  const message = await messageReaders(context)
    .message(actor, link.message_id)
    .catch((error: unknown) => {
      if (error instanceof Refusal && error.code === "not_found") throw dead();
      throw error;
    });
  const { row, decisions } = message;
  const own = `person:${link.person_id}`;
  return {
    message,
    person: { id: link.person_id, name },
    open:
      row.status === "pending_approval" &&
      row.digest === link.digest &&
      !row.authors.includes(own) &&
      !hasApproved({ approvals: standingApprovals({ decisions }), passkey: row.passkey }, own),
    sign_in: beyondText(await loadWritten(context, link.operator_id, link.message_id)),
    page_token: pageToken(context, token, Math.floor(context.now().getTime() / 1000)),
  };
}

/**
 * Decides for the person of a link, on the content that they were told of. Throws `invalid_link`, `csrf_failed` without the token
 * of a page that was shown within the hour, and whatever a decision is refused with.
 */
export async function decideByLink(
  context: EngineContext,
  decide: (actor: Actor, requests: readonly DecisionRequest[]) => Promise<Decided[]>,
  { token, page_token, decision, reason }: LinkDecision,
): Promise<Decided> {
  const { link, actor } = await open(context, token);
  assertPageToken(context, token, page_token);
  if (decision === "approve")
    assertShown(beyondText(await loadWritten(context, link.operator_id, link.message_id)));
  const [decided] = await decide(actor, [
    {
      email_id: link.message_id,
      decision,
      digest: link.digest,
      reason,
      proof: { class: "C", via: link.via },
    },
  ]);
  if (!decided) throw new Error("a decision by link has no answer");
  return decided;
}

/** Throws `needs_sign_in` where what a notice shows by mail is not all of what would be sent. */
export async function assertMailIsAll(
  context: EngineContext,
  operatorId: string,
  messageId: string,
): Promise<void> {
  const written = await loadWritten(context, operatorId, messageId);
  assertShown(beyondText(written));
  assertShown(beyondNotice(context, written));
}

function assertShown(why: string | null): void {
  if (why !== null)
    throw new Refusal("needs_sign_in", why, {
      hint: "Sign in and approve it there. Rejecting or sending back works from here.",
    });
}

/** A message with its parts as they are frozen. */
type Written = {
  message: LoadedMessage;
  markdown: string;
  parts: Awaited<ReturnType<typeof readFrozenParts>>;
};

/** Null where there is nothing to show. */
async function loadWritten(
  context: EngineContext,
  operatorId: string,
  messageId: string,
): Promise<Written | null> {
  const [mime, markdowns, [message]] = await context.database.as(operatorId, (tx) =>
    Promise.all([
      loadMime(tx, [messageId]),
      loadMarkdowns(tx, [messageId]),
      loadMessages(tx, [messageId], false),
    ]),
  );
  const bytes = mime.get(messageId);
  const markdown = markdowns.get(messageId);
  if (!bytes || markdown === undefined || !message) return null;
  return { message, markdown, parts: await readFrozenParts(bytes) };
}

/** What the page of a link shows and a mailed notice does not: where answers go, and the ends of long lists. */
function beyondNotice(context: EngineContext, written: Written | null): string | null {
  if (!written) return "The message cannot be shown by mail.";
  const { row, recipients } = written.message;
  const { reply_to } = written.parts;
  const ours = replyAddress(context.unsubscribe_key, row.from_address, row.message_id);
  if (reply_to !== null && reply_to.address.toLowerCase() !== ours?.toLowerCase())
    return "Answers to the message would go to another address, which a notice does not show.";
  if (recipients.length > maxRecipients || row.attachments.length > maxAttachments)
    return "The message has more recipients or attachments than a notice shows.";
  return null;
}

function beyondText(written: Written | null): string | null {
  if (!written) return "The message cannot be shown here.";
  const { message, markdown, parts } = written;
  if (message.row.passkey) return "This message is approved by passkey only.";
  if (markdown.length > maxBody) return "The message is longer than what is shown here.";
  if (givenHtml(parts.html, markdown) !== null)
    return "The message has HTML of its own, which is not shown here.";
  return null;
}

async function open(
  context: EngineContext,
  token: string,
): Promise<{ link: DecisionLink; actor: Actor; name: string }> {
  const link = readDecisionLink(context, token);
  if (!link) throw dead();
  const actor = await decidingPerson(context, link.operator_id, link.person_id, link.via);
  if (!actor) throw dead();
  return { link, ...actor };
}

/** The person as who decides, signed in by nothing: null where they are no member any more, may not decide, or the operator is closed. */
export async function decidingPerson(
  context: Pick<EngineContext, "database">,
  operatorId: string,
  personId: string,
  credential: string,
): Promise<{ actor: Actor; name: string } | null> {
  const [[person], operator] = await context.database.as(operatorId, (tx) =>
    Promise.all([getPeople(tx, [personId]), getOperator(tx)]),
  );
  const scopes = person ? roleScopes[person.role] : [];
  if (operator?.closed_at !== null) return null;
  if (!person || person.removed_at !== null || !holds({ scopes }, "oversight")) return null;
  return {
    name: person.name,
    actor: {
      kind: "person",
      operator_id: operatorId,
      credential_id: credential,
      person_id: personId,
      role: person.role,
      scopes: ["read", "oversight"],
      mailbox_ids: null,
      test: false,
      signed_in_at: null,
    },
  };
}

/** Seconds, a dot, and their MAC with the link: no scanner that only opens links has one. */
function pageToken(
  context: Pick<EngineContext, "link_key">,
  token: string,
  seconds: number,
): string {
  const mac = createHmac("sha256", context.link_key).update(`page\n${seconds}\n${token}`).digest();
  return `${seconds}.${mac.toString("base64url")}`;
}

function assertPageToken(context: EngineContext, token: string, given: string): void {
  const seconds = /^\d{1,12}(?=\.)/.exec(given)?.[0];
  const age = context.now().getTime() / 1000 - Number(seconds ?? Number.NaN);
  const wanted = Buffer.from(pageToken(context, token, Number(seconds ?? 0)));
  const bytes = Buffer.from(given);
  const genuine = bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
  if (!genuine || !(age >= -1 && age <= pageLife))
    throw new Refusal(
      "csrf_failed",
      "The decision does not come from a page that was just shown.",
      {
        field: "page_token",
        hint: "Open the link again and decide there.",
      },
    );
}

function dead(): Refusal {
  return new Refusal(
    "invalid_link",
    "This link is not ours, has expired, or lets nobody decide any more.",
    {
      hint: "Sign in and look at what is pending.",
    },
  );
}
