/** The operations of the sample instance behind the pages: what pages call, in memory. */
import { z } from "zod";
import { bytes, operation } from "../../src/contract/operation.ts";
import {
  email as emailResource,
  id as idSchema,
  mailbox as mailboxResource,
  mode,
} from "../../src/contract/resources.ts";
import { type InboundStatus, inboundStatuses, maySee } from "../../src/core/inbound-status.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { mailboxLimits } from "../../src/operations/mailboxes/settings.ts";
import { type Email, type State, ago } from "./sample-state.ts";

const define = operation<{ sample: State }>();
const usual = {
  tag: "sample",
  description: "Sample.",
  status: 200,
  refusals: [],
  tool: true,
} as const;
const listOutput = z.object({
  emails: z.array(emailResource),
  pending: z.array(emailResource),
  next_cursor: z.string().nullable(),
});

/** A page of a list; the cursor is the place to go on from. */
function slice<T>(all: readonly T[], limit: number, cursor: string | undefined) {
  const from = Number(cursor ?? 0);
  if (!Number.isInteger(from))
    throw new Refusal("invalid_cursor", "This cursor is not one of ours.");
  return {
    rows: all.slice(from, from + limit),
    next_cursor: from + limit < all.length ? String(from + limit) : null,
  };
}

function find(sample: State, id: string): Email {
  const email = sample.emails.find((one) => one.id === id);
  if (!email) throw new Refusal("not_found", "There is no such message.");
  return email;
}

function refuseOnce(sample: State): void {
  const { refuse } = sample;
  sample.refuse = null;
  if (refuse) throw refuse;
}

const listInput = { limit: z.int().default(20), cursor: z.string().optional() };

/** What `maySee` asks about. */
function seen(email: Email) {
  return { ...email, mode: email.oversight_mode };
}

/** What becomes of received mail by each of these. */
const cares = {
  release: ["release_email", "unread"],
  refuse: ["refuse_email", "rejected"],
  quarantine: ["quarantine_email", "spam_quarantined"],
  not_spam: ["not_spam", "unread"],
} as const satisfies Record<string, [string, InboundStatus]>;

function care(what: keyof typeof cares) {
  const [name, status] = cares[what];
  return define({
    ...usual,
    name,
    summary: what,
    method: "POST",
    path: `/v1/emails/{email_id}/${what}`,
    effect: "decide",
    access: "oversight",
    input: z.strictObject({ email_id: idSchema, reason: z.string().max(1000).optional() }),
    output: z.object({ id: z.string(), status: z.string() }),
    async handle({ sample }, { email_id, reason }) {
      refuseOnce(sample);
      const email = find(sample, email_id);
      if (email.direction !== "inbound") throw new Refusal("not_inbound", "It was written here.");
      if (email.status === "rejected") throw new Refusal("not_pending", "The message is rejected.");
      Object.assign(email, { status, reason: reason ?? null });
      return { id: email.id, status };
    },
  });
}

/** The operations that pages call, over what the sample holds. */
export const sampleOperations = [
  define({
    ...usual,
    name: "list_pending",
    summary: "Pending",
    method: "GET",
    path: "/v1/oversight/pending",
    effect: "read",
    access: "oversight",
    input: z.strictObject(listInput),
    output: listOutput,
    async handle({ sample }, { limit, cursor }) {
      const pending = sample.emails.filter((one) => one.status === "pending_send_approval");
      const { rows, next_cursor } = slice(pending, limit, cursor);
      return { emails: rows, pending: rows, next_cursor };
    },
  }),
  define({
    ...usual,
    name: "read_email",
    summary: "Read",
    method: "GET",
    path: "/v1/emails/{email_id}",
    effect: "read",
    access: "read",
    input: z.strictObject({ email_id: idSchema, peek: z.boolean().optional() }),
    output: emailResource,
    handle: async ({ sample }, { email_id }) => find(sample, email_id),
  }),
  define({
    ...usual,
    name: "get_raw_email",
    summary: "Raw",
    method: "GET",
    path: "/v1/emails/{email_id}/raw",
    effect: "read",
    access: "read",
    input: z.strictObject({ email_id: idSchema }),
    output: { content_type: "message/rfc822" },
    async handle({ sample }, { email_id }) {
      const email = find(sample, email_id);
      return bytes(
        "message/rfc822",
        Buffer.from(`Subject: ${email.subject}\r\n\r\n${email.text_body}`),
      );
    },
  }),
  define({
    ...usual,
    name: "get_proof",
    summary: "Proof",
    method: "GET",
    path: "/v1/emails/{email_id}/proof",
    effect: "read",
    access: "audit",
    input: z.strictObject({ email_id: idSchema }),
    output: z.object({ email_id: z.string() }),
    handle: async ({ sample }, { email_id }) => ({ email_id: find(sample, email_id).id }),
  }),
  define({
    ...usual,
    name: "edit_pending_email",
    summary: "Edit",
    method: "POST",
    path: "/v1/emails/{email_id}/edit",
    effect: "decide",
    access: "oversight",
    input: z.strictObject({
      email_id: idSchema,
      digest: z.string(),
      subject: z.string().optional(),
      markdown: z.string().optional(),
      reason: z.string().optional(),
    }),
    output: emailResource,
    async handle({ sample }, { email_id, digest, ...wanted }) {
      const email = find(sample, email_id);
      if (email.digest !== digest)
        throw new Refusal("stale_digest", "The edit names other content.");
      const { subject = email.subject, markdown = email.markdown } = wanted;
      return Object.assign(email, { subject, markdown, digest: "e".repeat(64) });
    },
  }),
  define({
    ...usual,
    name: "decide_email",
    summary: "Decide",
    method: "POST",
    path: "/v1/oversight/decide",
    effect: "decide",
    access: "oversight",
    input: z.strictObject({
      email_id: idSchema,
      decision: z.enum(["approve", "reject", "revise"]),
      digest: z.string(),
      reason: z.string().optional(),
    }),
    output: z.object({ id: z.string(), status: z.string() }),
    async handle({ sample }, { email_id, decision, digest, reason }) {
      refuseOnce(sample);
      const email = find(sample, email_id);
      if (email.status !== "pending_send_approval")
        throw new Refusal("not_pending", "The message is not pending.");
      if (email.digest !== digest)
        throw new Refusal("stale_digest", "The decision names other content.");
      email.status = { approve: "scheduled", reject: "rejected", revise: "draft" }[
        decision
      ] as Email["status"];
      email.decisions = [
        {
          decision,
          by: "Grace Hopper",
          class: "B",
          reason: reason ?? null,
          digest,
          at: ago(0),
          voided_at: null,
        },
      ];
      return { id: email.id, status: email.status };
    },
  }),
  define({
    ...usual,
    name: "list_mailboxes",
    summary: "Mailboxes",
    method: "GET",
    path: "/v1/mailboxes",
    effect: "read",
    access: "read",
    input: z.strictObject(listInput),
    output: z.object({ mailboxes: z.array(mailboxResource), next_cursor: z.string().nullable() }),
    handle: async ({ sample }) => ({ mailboxes: [sample.mailbox], next_cursor: null }),
  }),
  define({
    ...usual,
    name: "get_mailbox",
    summary: "Mailbox",
    method: "GET",
    path: "/v1/mailboxes/{mailbox_id}",
    effect: "read",
    access: "read",
    input: z.strictObject({ mailbox_id: idSchema }),
    output: mailboxResource,
    async handle({ sample }, { mailbox_id }) {
      if (mailbox_id !== sample.mailbox.id)
        throw new Refusal("not_found", "There is no such mailbox.");
      return sample.mailbox;
    },
  }),
  define({
    ...usual,
    name: "update_mailbox",
    summary: "Update",
    method: "PATCH",
    path: "/v1/mailboxes/{mailbox_id}",
    effect: "write",
    access: "admin",
    input: z.strictObject({
      mailbox_id: idSchema,
      oversight_mode: mode.optional(),
      approvals_required: z.int().min(1).max(5).optional(),
      expiry_seconds: z.int().min(60).optional(),
      undo_seconds: z.int().min(0).optional(),
      ai_disclosure: z.boolean().optional(),
      ...mailboxLimits,
    }),
    output: mailboxResource,
    async handle({ sample }, { mailbox_id: _, paused, ...changes }) {
      refuseOnce(sample);
      const pause = { paused, paused_at: paused ? ago(0) : null, paused_reason: null };
      return Object.assign(sample.mailbox, changes, paused === undefined ? {} : pause);
    },
  }),
  define({
    ...usual,
    name: "check_inbox",
    summary: "Emails",
    method: "GET",
    path: "/v1/mailboxes/{mailbox_id}/emails",
    effect: "read",
    access: "read",
    input: z.strictObject({
      mailbox_id: idSchema,
      direction: z.enum(["outbound", "inbound"]),
      status: z.string().optional(),
      ...listInput,
    }),
    output: listOutput,
    async handle({ sample }, { limit, cursor, status }) {
      const found = sample.emails
        .filter((one) => one.direction === "outbound")
        .filter((one) => status === undefined || one.status === status);
      const { rows, next_cursor } = slice(found, limit, cursor);
      return { emails: rows, pending: rows, next_cursor };
    },
  }),
  define({
    ...usual,
    name: "list_received",
    summary: "Received",
    method: "GET",
    path: "/v1/received",
    effect: "read",
    access: "read",
    input: z.strictObject({
      mailbox_id: idSchema.optional(),
      status: z.enum(inboundStatuses).optional(),
      ...listInput,
    }),
    output: listOutput,
    async handle({ sample, actor }, { limit, cursor, status }) {
      const found = sample.emails
        .filter((one) => one.direction === "inbound" && maySee(actor, seen(one)))
        .filter((one) => (status === undefined ? one.status !== "deleted" : one.status === status))
        .toReversed();
      const { rows, next_cursor } = slice(found, limit, cursor);
      return { emails: rows, pending: rows, next_cursor };
    },
  }),
  define({
    ...usual,
    name: "get_thread",
    summary: "Thread",
    method: "GET",
    path: "/v1/mailboxes/{mailbox_id}/threads/{thread_id}",
    effect: "read",
    access: "read",
    input: z.strictObject({ mailbox_id: idSchema, thread_id: z.string(), ...listInput }),
    output: z.object({ message_count: z.int(), emails: z.array(emailResource) }),
    async handle({ sample }, { thread_id }) {
      const emails = sample.emails.filter((one) => one.thread_id === thread_id);
      return { message_count: emails.length, emails };
    },
  }),
  define({
    ...usual,
    name: "download_attachment",
    summary: "Attachment",
    method: "GET",
    path: "/v1/emails/{email_id}/attachments/{filename}",
    effect: "read",
    access: "read",
    input: z.strictObject({ email_id: idSchema, filename: z.string(), index: z.int() }),
    output: { content_type: "application/octet-stream" },
    async handle({ sample }, { email_id, filename }) {
      const email = find(sample, email_id);
      return bytes("text/html", Buffer.from(`<script>of ${email.id}</script>`), { filename });
    },
  }),
  ...(["release", "refuse", "quarantine", "not_spam"] as const).map(care),
];
