/** Deciding by answering a notice: `approve A7X-29K`, believed only from the person's own address with an aligned DMARC pass. */
import { idPattern } from "../core/id.ts";
import { Refusal } from "../core/refusal.ts";
import { isOwnMailbox } from "../store/change-requests.ts";
import { findPersonByEmail } from "../store/people.ts";
import { replyAddress } from "./addresses.ts";
import type { EngineContext } from "./context.ts";
import type { Actor } from "../core/actor.ts";
import type { Decided, DecisionRequest } from "./decide.ts";
import { assertMailIsAll, decidingPerson } from "./decide-by-link.ts";
import { findCode, issueCode } from "./one-time-code.ts";
import type { Opened } from "./open-mail.ts";
import { queueServiceMail, serviceAddress } from "./service-mail.ts";
import type { Tx } from "../store/database.ts";

const purpose = "decide_by_reply";

/** Notices of one message to one person within an hour, at most: told, edited, reminded. */
const perHour = 20;

/** The engine's way to decide. */
export type Decide = (actor: Actor, requests: readonly DecisionRequest[]) => Promise<Decided[]>;

/** What a notice needs, so that it can be answered: a code of this person for this content, and where answers go. */
export async function replyCode(
  context: EngineContext,
  tx: Tx,
  wanted: { message_id: string; digest: string; person_id: string; expires_at: Date },
): Promise<{ code: string; reply_to: string | null }> {
  const code = await issueCode(context, tx, {
    purpose,
    subject: `${wanted.message_id}:${wanted.person_id}`,
    data: { digest: wanted.digest },
    life_ms: Math.max(0, wanted.expires_at.getTime() - context.now().getTime()),
    per_hour: perHour,
  });
  const reply_to = replyAddress(
    context.unsubscribe_key,
    serviceAddress(context),
    wanted.message_id,
  );
  return { code, reply_to };
}

/** What somebody wrote: a decision, its code, and for sending back the words behind it. */
export type WrittenDecision = {
  decision: DecisionRequest["decision"];
  code: string;
  reason: string | undefined;
};

/** Reads the first line that says anything; null where it is no decision with a code. Looks at its first characters only. */
export function readDecision(text: string): WrittenDecision | null {
  const head = text.slice(0, 4000).trimStart();
  const end = head.indexOf("\n");
  const line = (end < 0 ? head : head.slice(0, end)).trim();
  const found =
    /^["'*_]{0,3}(approve|reject|revise)d?["'*_]{0,3}[ :,-]{1,3}([A-Z0-9]{3}-?[A-Z0-9]{3})(?![A-Z0-9])/i.exec(
      line,
    );
  const [whole, verb, code] = found ?? [];
  if (whole === undefined || verb === undefined || code === undefined) return null;
  const decision = verb.toLowerCase() as WrittenDecision["decision"];
  const rest = `${line.slice(whole.length)}${end < 0 ? "" : head.slice(end)}`.trim();
  return { decision, code, reason: rest === "" ? undefined : rest.slice(0, 2000) };
}

/**
 * Decides by an answer to a notice. Whoever is not the person, has no aligned DMARC pass or no code decides nothing and is not
 * answered; the person is told by mail what became of their answer. Never throws for what the mail says.
 */
export async function decideByReply(
  context: EngineContext,
  decide: Decide,
  operatorId: string,
  messageId: string,
  opened: Opened,
): Promise<void> {
  const refused = (why: string): void =>
    context.log.warn({ message_id: messageId, why }, "an answer to a notice decides nothing");
  if (!idPattern.test(messageId)) return refused("no message");
  if (opened.parsed.from.length !== 1) return refused("not exactly one author");
  if (opened.authentication?.dmarc?.result !== "pass") return refused("no aligned DMARC pass");
  if (opened.kind.kind !== "mail") return refused("written by a machine");
  const written = readDecision(opened.parsed.new_text);
  const person = await context.database.as(operatorId, async (tx) =>
    // What comes from a mailbox here may be an agent's, whoever has its address.
    (await isOwnMailbox(tx, opened.from.address))
      ? null
      : findPersonByEmail(tx, opened.from.address),
  );
  const deciding = person && (await decidingPerson(context, operatorId, person.person_id, "reply"));
  if (!person || !deciding) return refused("nobody who decides");
  if (!written) {
    await tell(context, operatorId, person.email, messageId, unreadable);
    return;
  }
  const code = await context.database.transaction(operatorId, (tx) =>
    findCode(context, tx, {
      purpose,
      subject: `${messageId}:${person.person_id}`,
      code: written.code,
    }),
  );
  if (!code) {
    await tell(context, operatorId, person.email, messageId, wrongCode);
    return refused("wrong code");
  }
  const words = await decided(context, decide, deciding.actor, {
    email_id: messageId,
    decision: written.decision,
    digest: String(code.data["digest"]),
    reason: written.reason,
    // Used up with the decision: what is refused may be answered again by the same code.
    proof: { class: "C", via: "reply", code_ids: code.code_ids },
  });
  await tell(context, operatorId, person.email, messageId, words);
}

async function decided(
  context: EngineContext,
  decide: Decide,
  actor: Actor,
  request: DecisionRequest,
): Promise<string> {
  try {
    if (request.decision === "approve")
      await assertMailIsAll(context, actor.operator_id, request.email_id);
    const [done] = await decide(actor, [request]);
    return `Your decision (${request.decision}) was taken. The message is now ${done?.status.replaceAll("_", " ") ?? "decided"}.`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `Your decision was not taken: ${error.message} ${error.detail.hint ?? ""}`.trim();
  }
}

const unreadable =
  "Your answer was not understood, and nothing was decided. Its first line must be the word approve, reject or revise and the code of the notice.";
const wrongCode =
  "The code in your answer is not valid (any more), and nothing was decided. Take the code of the newest notice, or sign in.";

function tell(
  context: EngineContext,
  operatorId: string,
  to: string,
  messageId: string,
  words: string,
): Promise<void> {
  return context.database.transaction(operatorId, (tx) =>
    queueServiceMail(context, tx, {
      kind: "decision",
      to,
      subject: "Your decision by mail",
      text: `${words}\n\n${context.public_url}/messages/${messageId}\n`,
    }),
  );
}
