/** Modes, statuses, verdicts and refusals in the words a person reads; the tables are total where the union is ours. */
import type { z } from "zod";
import type { mailKind, recipient, wireStatus } from "../../contract/resources.ts";
import type { Mode } from "../../core/oversight/types.ts";
import type { RefusalCode } from "../../core/refusal.ts";
import type { IdentityVerdict } from "../../mail/identity-verify.ts";

/** How much a word should stand out. */
export type Tone = "good" | "bad" | "warn" | "quiet";

/** A word with its tone. */
export type Word = readonly [text: string, tone: Tone];

/** Modes by name, and what each means in one sentence. */
export const modeWords: Readonly<Record<Mode, { name: string; meaning: string }>> = {
  read_only: { name: "Read only", meaning: "The agent cannot send at all." },
  gated_all: { name: "Everything held", meaning: "Outgoing and incoming mail waits for a person." },
  gated_send: {
    name: "Sending held",
    meaning: "Outgoing mail waits for a person, unless every recipient is on the allowlist.",
  },
  monitored: {
    name: "Monitored",
    meaning: "Mail leaves at once, with a copy to the oversight address.",
  },
  autonomous: { name: "Autonomous", meaning: "Mail leaves at once." },
};

/** Statuses of a message. */
export const statusWords: Readonly<Record<z.output<typeof wireStatus>, Word>> = {
  draft: ["Sent back to the agent", "warn"],
  pending_scan: ["Being checked", "quiet"],
  pending_send_approval: ["Waiting for a decision", "warn"],
  scheduled: ["Scheduled", "quiet"],
  queued: ["Queued", "quiet"],
  sending: ["Being sent", "quiet"],
  sent: ["Sent", "good"],
  delivered: ["Delivered", "good"],
  blocked: ["Blocked", "bad"],
  rejected: ["Rejected", "bad"],
  cancelled: ["Cancelled", "quiet"],
  expired: ["Expired", "bad"],
  suppressed: ["Not sent: suppressed", "bad"],
  send_failed: ["Sending failed", "bad"],
  bounced: ["Bounced", "bad"],
  sandboxed: ["Sandboxed: test key", "quiet"],
  pending_inbound_approval: ["Held: waiting for release", "warn"],
  unread: ["Unread", "good"],
  read: ["Read", "quiet"],
  archived: ["Archived", "quiet"],
  deleted: ["Deleted", "quiet"],
  spam_flagged: ["Flagged by screening", "warn"],
  spam_quarantined: ["In quarantine", "bad"],
};

/** What received mail is, where it is no ordinary letter. */
export const kindWords: Readonly<Record<z.output<typeof mailKind>, Word>> = {
  mail: ["Mail", "quiet"],
  auto_reply: ["Automatic answer", "quiet"],
  bounce: ["Bounce", "quiet"],
  complaint: ["Complaint", "warn"],
  report: ["Report", "quiet"],
};

/** What somebody said about received mail. */
export const labelWords: Readonly<Record<string, Word>> = {
  spam: ["Called spam", "bad"],
  not_spam: ["Called no spam", "quiet"],
};

/** What became of one recipient. */
export const recipientWords: Readonly<Record<z.output<typeof recipient>["status"], Word>> = {
  pending: ["Not sent yet", "quiet"],
  deferred: ["Will be tried again", "warn"],
  sent: ["Accepted by its server", "good"],
  delivered: ["Delivered", "good"],
  bounced: ["Bounced", "bad"],
  failed: ["Failed", "bad"],
  suppressed: ["Suppressed", "bad"],
};

/** How a recipient is addressed. */
export const recipientKinds: Readonly<Record<z.output<typeof recipient>["kind"], string>> = {
  to: "To",
  cc: "Cc",
  bcc: "Bcc",
  copy: "Oversight copy",
};

/** What a decision is called when it has been made. */
export const decisionWords = {
  approve: ["Approved", "good"],
  reject: ["Rejected", "bad"],
  revise: ["Sent back", "warn"],
} as const satisfies Record<string, Word>;

/** Verdicts on the identity header. */
export const identityWords: Readonly<Record<IdentityVerdict, Word>> = {
  valid: ["Valid: signed by the sender and unchanged", "good"],
  "valid-modified": ["Signed by the sender, but changed on the way", "warn"],
  "valid-not-for-you": ["Signed by the sender, but for another recipient", "warn"],
  expired: ["The signature is too old", "warn"],
  revoked: ["The signing key was revoked", "bad"],
  invalid: ["Not valid", "bad"],
  "unknown-key": ["The signing key is not known", "bad"],
};

/** The tone of a DKIM result (RFC 8601 section 2.7.1); results we do not know count as bad. */
export function dkimTone(result: string): Tone {
  if (result === "pass") return "good";
  return ["none", "neutral", "temperror"].includes(result) ? "warn" : "bad";
}

/** Headings and advice for refusals that people meet; the refusal's own sentence stands between them. */
export const refusalWords: Readonly<
  Partial<Record<RefusalCode, { title: string; advice?: string }>>
> = {
  unauthenticated: { title: "Please sign in" },
  invalid_code: {
    title: "This code does not work",
    advice: "A code works once, for a while, and only for what it was mailed for.",
  },
  invalid_proof: {
    title: "The proof of work was not accepted",
    advice: "Send the form again: a proof works once, for 20 minutes.",
  },
  sign_up_closed: { title: "No new accounts here" },
  invalid_passkey: { title: "This passkey did not work" },
  passkeys_unavailable: { title: "Passkeys do not work at this address" },
  last_owner: { title: "Somebody must stay the owner" },
  invalid_link: {
    title: "This link no longer works",
    advice: "A link works once, and only for a while.",
  },
  csrf_failed: { title: "The form was not accepted" },
  fresh_sign_in_required: {
    title: "Please confirm who you are",
    advice: "A change like this needs a recent proof that it is you.",
  },
  role_required: { title: "Your role does not allow this" },
  scope_required: { title: "Your role does not allow this" },
  self_approval: {
    title: "Somebody else must decide",
    advice: "Whoever wrote or edited a message never decides on it. Ask a colleague.",
  },
  stale_digest: {
    title: "The message changed while you read it",
    advice: "Nothing was decided. Below is the message as it is now: read it again, then decide.",
  },
  not_pending: {
    title: "This message is not waiting for a decision any more",
    advice: "Nothing was changed by you. Below is where it stands now.",
  },
  already_decided: {
    title: "You have approved this message already",
    advice: "Your approval counts. It needs further people.",
  },
  mode_raise_needs_person: { title: "Only a person may raise a mode" },
  not_inbound: { title: "This message was written here" },
  not_found: { title: "Not found" },
  invalid_cursor: {
    title: "This page of the list is gone",
    advice: "Go back to the first page of the list.",
  },
  rate_limited: { title: "Too many requests", advice: "Wait a moment, then try again." },
  unavailable: { title: "Not available at the moment", advice: "Try again in a moment." },
  operator_stopped: { title: "Sending is stopped" },
  internal: { title: "Something went wrong on our side", advice: "Nothing was lost. Try again." },
};
