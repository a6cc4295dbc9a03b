/** What a person does with a message: decide on it, look at its HTML, take its raw form or its evidence away. */
import { z } from "zod";
import { email as emailResource } from "../../contract/resources.ts";
import { Refusal } from "../../core/refusal.ts";
import { typed } from "./form.ts";
import { download, mailFrame } from "./mail-frame.ts";
import { safeHtml } from "./html-part.ts";
import { assertionOf, reasonLimit } from "./decision-form.ts";
import { messagePage } from "./message-page.ts";
import { nextPending } from "./pending-page.ts";
import { asRefusal } from "./refusal-page.ts";
import { seeOther } from "./sign-in-pages.ts";
import { type MemberVisit, call, callBytes, dispatch } from "./visit.ts";

const decisions = z.enum(["approve", "reject", "revise"]);
const decided = z.object({ id: z.string(), status: z.string() });

/**
 * Decides, then shows the next message that waits. A refusal shows the message as it is now, with the refusal above it and
 * the reason still in the form.
 */
export async function decide(
  visit: MemberVisit,
  id: string,
  form: URLSearchParams,
): Promise<Response> {
  const reason = typed(form, "reason");
  try {
    await call(visit, "decide_email", decisionOf(id, form, reason), decided);
  } catch (error) {
    const refusal = asRefusal(error, visit);
    if (refusal.code === "unauthenticated" || refusal.code === "not_found") throw refusal;
    return messagePage(visit, id, { refusal, reason });
  }
  const next = await nextAfter(visit, id);
  return seeOther(`${next === null ? "/pending" : `/messages/${next}`}?decided=${id}`);
}

/** The input of `decide_email`; throws `validation_failed`. */
function decisionOf(id: string, form: URLSearchParams, reason: string): object {
  const decision = decisions.safeParse(form.get("decision"));
  if (!decision.success)
    throw new Refusal("validation_failed", "Choose one of the three buttons.", {
      field: "decision",
    });
  const digest = form.get("digest") ?? "";
  if (digest === "")
    throw new Refusal("validation_failed", "The form does not say which content it is about.", {
      field: "digest",
    });
  if (reason.length > reasonLimit)
    throw new Refusal("validation_failed", `The reason is longer than ${reasonLimit} characters.`, {
      field: "reason",
    });
  if (decision.data === "revise" && reason === "")
    throw new Refusal(
      "validation_failed",
      "Write what the agent should change, then send it back.",
      { field: "reason" },
    );
  return {
    email_id: id,
    decision: decision.data,
    digest,
    ...(reason === "" ? {} : { reason }),
    ...assertionOf(form),
  };
}

/** The decision is made by now: that the queue cannot be read may not look like a failure of it. */
async function nextAfter(visit: MemberVisit, id: string): Promise<string | null> {
  try {
    return await nextPending(visit, id);
  } catch (error) {
    asRefusal(error, visit);
    return null;
  }
}

/** The message's HTML for the frame; throws `not_found` where it has none. */
export async function messageHtml(visit: MemberVisit, id: string): Promise<Response> {
  const input = { email_id: id, peek: true };
  const { body: email } = await call(visit, "read_email", input, emailResource);
  const html = await safeHtml(visit, email);
  if (html === null) throw new Refusal("not_found", "This message has no HTML.");
  return mailFrame(html);
}

/** The raw message as a file. */
export async function messageRaw(visit: MemberVisit, id: string): Promise<Response> {
  const eml = await callBytes(visit, "get_raw_email", { email_id: id });
  return download(eml, "message/rfc822", `${id}.eml`);
}

/** The message's evidence as a file, as `get_proof` gives it. */
export async function messageProof(visit: MemberVisit, id: string): Promise<Response> {
  const reply = await dispatch(visit, "get_proof", { email_id: id });
  if (reply.kind === "bytes")
    return download(reply.body, "application/octet-stream", `multimail-proof-${id}`);
  const text = `${JSON.stringify(reply.body, null, 2)}\n`;
  return download(Buffer.from(text), "application/json", `multimail-proof-${id}.json`);
}

/** One attachment as a file, by its place in the message. Without its type, so that nothing opens it here. */
export async function messageAttachment(
  visit: MemberVisit,
  id: string,
  place: string | undefined,
): Promise<Response> {
  const index = /^\d{1,3}$/.test(place ?? "") ? Number(place) : -1;
  const input = { email_id: id, peek: true };
  const { body: email } = await call(visit, "read_email", input, emailResource);
  const filename = email.attachments[index]?.filename;
  if (filename === undefined) throw new Refusal("not_found", "There is no such attachment.");
  const bytes = await callBytes(visit, "download_attachment", { email_id: id, filename, index });
  return download(bytes, "application/octet-stream", filename);
}
