/** Sensitive changes: a person does them with a fresh sign-in; a key does them once a person has let exactly that call through. */
import { createHash } from "node:crypto";
import { encodeCanonical } from "../audit/encoding.ts";
import type { Actor, Ask } from "../core/actor.ts";
import { Refusal, type RefusalCode } from "../core/refusal.ts";
import { ApprovalNeeded } from "../core/sensitive.ts";
import { type ChangeOf, holdChange, settleChange } from "../store/change-requests.ts";
import type { Tx } from "../store/database.ts";
import { appendRecords } from "../store/records.ts";
import { quoted } from "./code-mail.ts";
import type { EngineContext } from "./context.ts";
import { makeEntry } from "./record.ts";
import { assertFresh } from "./sign-in.ts";

/** What is to be let through. */
export type SensitiveChange = {
  /** One sentence for the person who is asked: what would be done. */
  summary: string;
  /** The refusal where the actor is the wrong one: its sentence, and the field at fault. */
  message: string;
  field?: string;
  /** What a key is told that has no way to ask; `role_required` unless given. */
  code?: RefusalCode;
  hint?: string;
};

/** Who let a change through: `person:<id>`, or `code`. `change` is for the entry of what was done: the id of the change, where it was one. */
export type LetThrough = { by: string; change: { change?: string } };

/** Whoever agrees to a change must have been shown all of it: what takes more characters to say is not asked by a key. */
export const maxSummary = 4000;

/** A summary as it is stored and shown. */
export function summaryOf(text: string): string {
  return quoted(text, maxSummary);
}

/** How a call is known again: SHA-256 over the canonical JSON (RFC 8785) of its input. */
export function changeOf(actor: Pick<Actor, "credential_id">, ask: Ask): ChangeOf {
  return {
    requested_by: actor.credential_id,
    operation: ask.operation,
    input_hash: createHash("sha256").update(encodeCanonical(ask.input, "input")).digest(),
  };
}

/**
 * To be called in the transaction that makes a sensitive change, once everything else has been checked and before it is
 * written. A person must be owner or admin with a fresh sign-in (`role_required`, `fresh_sign_in_required`). For a key the
 * grant for its call is used up, once, with an entry `change.used`; where there is none it throws {@link ApprovalNeeded},
 * which the dispatcher turns into 202 for operations that are `sensitive`. Answers who let it through.
 */
export async function passSensitive(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  change: SensitiveChange,
): Promise<LetThrough> {
  const { field, hint } = change;
  const detail = {
    ...(field === undefined ? {} : { field }),
    ...(hint === undefined ? {} : { hint }),
  };
  if (actor.kind === "person") {
    if (actor.role !== "owner" && actor.role !== "admin")
      throw new Refusal("role_required", change.message, detail);
    assertFresh(context.now(), actor);
    return { by: `person:${actor.person_id ?? ""}`, change: {} };
  }
  if (quoted(change.summary, Infinity).length > maxSummary)
    throw new Refusal("validation_failed", "This is too much for a person to agree to by mail.", {
      ...(field === undefined ? {} : { field }),
      hint: "Ask for less at a time, or a member does it in the dashboard after signing in.",
    });
  const found = actor.asks && (await holdChange(tx, changeOf(actor, actor.asks), context.now()));
  // What a person let through is what they read: had they been told otherwise today, they are asked again.
  if (!found || found.granted_at === null || found.summary !== summaryOf(change.summary))
    throw new ApprovalNeeded(
      change.summary,
      change.code ?? "role_required",
      change.message,
      detail,
      found !== undefined && found !== null && found.granted_at !== null,
    );
  await settleChange(tx, found.change_id, { used_at: context.now() });
  const entry = makeEntry(
    context,
    "change.used",
    actor,
    { resource: found.change_id },
    { operation: found.operation, granted_by: found.granted_by },
  );
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  return { by: found.granted_by ?? "", change: { change: found.change_id } };
}
