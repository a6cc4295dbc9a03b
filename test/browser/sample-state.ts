/** What the sample instance behind the pages holds: its clock, its mailbox, and a message to begin with. */
import type { z } from "zod";
import type {
  email as emailResource,
  mailbox as mailboxResource,
} from "../../src/contract/resources.ts";
import type { SessionView } from "../../src/contract/sign-in.ts";
import type { Role } from "../../src/core/actor.ts";
import { idMaker } from "../../src/core/id.ts";
import type { Refusal } from "../../src/core/refusal.ts";
import type { CaughtSummary, ReadMessage, Verification } from "../../src/http/pages/options.ts";

/** A message of the sample. */
export type Email = z.output<typeof emailResource>;
/** A mailbox of the sample. */
export type Mailbox = z.output<typeof mailboxResource>;

/** The sample's clock stands still. */
export const now = Date.UTC(2026, 10, 21, 9, 0);
/** So many hours before. */
export const ago = (hours: number) => new Date(now - hours * 3_600_000).toISOString();
/** Ids of the sample, in order. */
export const newId = (() => {
  let clock = now;
  return idMaker(
    () => clock++,
    (length) => new Uint8Array(length).fill(7),
  );
})();

/** What a test may read and change. */
export type State = {
  emails: Email[];
  mailbox: Mailbox;
  caught: Map<string, { eml: Buffer; meta: CaughtSummary }>;
  /** Session tokens that are alive. */
  sessions: Map<string, SessionView>;
  /** Link tokens not used yet. */
  links: Set<string>;
  /** Every call of an operation, with its effect and input; `redeem` and `end` are there too. */
  calls: { name: string; effect: string; input: unknown }[];
  /** Thrown by the next decision or change of a mailbox. */
  refuse: Refusal | Error | null;
  /** What the reader of raw mail answers, or throws. */
  read: ReadMessage | Error;
  verification: Verification;
  logged: string[];
  /** Makes a session and gives its token. */
  signIn(role?: Role): string;
  addEmail(more?: Partial<Email>): Email;
};

/** The mailbox as it is at first. */
export function sampleMailbox(): Mailbox {
  return {
    id: newId(),
    address: "support@agents.example",
    display_name: "Support agent",
    oversight_mode: "gated_send",
    passkey_required: false,
    approver_ids: null,
    approvals_required: 1,
    expiry_seconds: 604_800,
    undo_seconds: 10,
    ai_disclosure: true,
    daily_quota: null,
    warm_up: false,
    paused: false,
    paused_at: null,
    paused_reason: null,
    scan_policy: {},
    webhook_url: null,
    oversight_webhook_url: null,
    auto_cc: [],
    auto_bcc: [],
    deleted_at: null,
    created_at: ago(200),
    updated_at: ago(200),
  };
}

/** A message that waits for a decision. */
export function sampleEmail(mailbox_id: string): Email {
  const to = ["ada@customer.example"];
  const created_at = ago(3);
  return {
    id: newId(),
    mailbox_id,
    direction: "outbound",
    status: "pending_send_approval",
    thread_id: "zd-12345",
    message_id: "<01abc@agents.example>",
    from: "Support agent <support@agents.example>",
    from_address: "support@agents.example",
    to,
    to_addresses: to,
    cc: [],
    bcc: [],
    subject: "Your refund is on its way",
    has_attachments: false,
    size_bytes: 2345,
    tags: {},
    test: false,
    oversight_mode: "gated_send",
    passkey_required: false,
    approvals_required: 1,
    approvals: 0,
    digest: "3f1c9a7be2d04c558a6f0e9d7b21c4438e5a90f1d2c7b6a4e8f3091c5d7a2b6e",
    reason: null,
    send_at: null,
    expires_at: new Date(now + 6 * 86_400_000).toISOString(),
    created_at,
    received_at: created_at,
    updated_at: created_at,
    from_name: "Support agent",
    kind: "mail",
    in_reply_to: null,
    reply_of: null,
    user_label: null,
    complained_at: null,
    unsubscribed_at: null,
    new_text: null,
    authentication: null,
    screening: null,
    reply_to: [],
    truncated: false,
    markdown: "Hello",
    text_body:
      "Dear Ada,\n\nyour refund of 40 euros left us this morning. It reaches your account within three working days.\n\nKind regards\nThe support agent\n",
    attachments: [],
    recipients: [
      {
        address: "ada@customer.example",
        name: "Ada Lovelace",
        kind: "to",
        status: "pending",
        attempts: 0,
        receipt: null,
      },
    ],
    decisions: [],
    metadata: {},
    author: { kind: "api_key", id: newId() },
    erased_at: null,
  };
}
