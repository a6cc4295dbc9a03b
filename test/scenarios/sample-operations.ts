/** A few operations with real handlers: what the tests of HTTP and CLI call. */
import { z } from "zod";
import { bytes, json, operation, type Operation } from "../../src/contract/operation.ts";
import type { Actor } from "../../src/core/actor.ts";
import { Refusal } from "../../src/core/refusal.ts";

/** What reached a handler, newest last. */
export type Seen = {
  name: string;
  input: unknown;
  idempotency_key: string | undefined;
  actor: string;
};

/** What the handlers are given. */
export type Context = { seen: Seen[]; release: Promise<void> };

const make = operation<Context>();
const common = { tag: "Sample", description: "A sample.", refusals: [], tool: true } as const;

const note = (
  context: Context & { actor: Actor; meta: { idempotency_key?: string } },
  name: string,
  input: unknown,
) => {
  context.seen.push({
    name,
    input,
    idempotency_key: context.meta.idempotency_key,
    actor: context.actor.credential_id,
  });
};

const row = z.object({ id: z.string(), subject: z.string(), from: z.string(), status: z.string() });

/** Rows as an outside sender may have shaped them: the second subject tries to drive the reader's terminal. */
export const rows = [
  { id: "01J0000000000000000000000A", subject: "Hello", from: "ann@example.com", status: "sent" },
  {
    id: "01J0000000000000000000000B",
    subject: "\u001b]0;owned\u0007\u001b[2Jgone \u202eevil",
    from: "bob@example.com",
    status: "queued",
  },
];

const send = make({
  ...common,
  name: "send_email",
  summary: "Send an email",
  method: "POST",
  path: "/v1/mailboxes/{mailbox_id}/send",
  effect: "send",
  access: "send",
  status: 202,
  also: { 200: "Already sent" },
  max_body: 2 * 1024 * 1024,
  cli: { command: "send" },
  input: z.strictObject({
    mailbox_id: z.string(),
    to: z.array(z.string()).min(1).describe("Recipients"),
    subject: z.string(),
    markdown: z.string().describe("The text in Markdown"),
    urgent: z.boolean().optional(),
    priority: z.int().min(1).max(5).default(3).describe("1 is highest"),
    metadata: z.record(z.string(), z.string()).optional(),
    idempotency_key: z.string().optional(),
  }),
  output: z.object({ id: z.string(), status: z.string() }),
  async handle(context, input) {
    note(context, "send_email", input);
    if (input.subject === "conflict")
      throw new Refusal("mode_forbids_send", "This mailbox only reads.", {
        hint: "Ask for an upgrade.",
        field: "mailbox_id",
      });
    if (input.subject === "slow down")
      throw new Refusal("rate_limited", "Too many.", { retry_after: 1.2 });
    if (input.subject === "bug") throw new Error("secret detail", { cause: new Error("deep") });
    if (input.subject === "wait") await context.release;
    if (input.subject === "again")
      return json(200, { id: "01J0000000000000000000000A", status: "already_sent" });
    return { id: "01J0000000000000000000000A", status: "queued" };
  },
});

const inbox = make({
  ...common,
  name: "check_inbox",
  summary: "List mail",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails",
  effect: "read",
  access: "read",
  status: 200,
  cli: { command: "inbox" },
  input: z.strictObject({
    mailbox_id: z.string(),
    limit: z.int().min(1).max(100).default(20).describe("How many"),
    unread: z.boolean().optional(),
    status: z.array(z.enum(["sent", "queued"])).optional(),
    tag: z.array(z.string()).optional(),
    q: z.string().optional(),
  }),
  output: z.object({ emails: z.array(row), next_cursor: z.string().nullable() }),
  async handle(context, input) {
    note(context, "check_inbox", input);
    return {
      emails: input.q === "nothing" ? [] : rows,
      next_cursor: input.q === "nothing" ? null : "abc",
    };
  },
});

const read = make({
  ...common,
  name: "read_email",
  summary: "Read one email",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/{email_id}",
  effect: "read",
  access: "read",
  status: 200,
  cli: { command: "read", positional: ["email_id"] },
  input: z.strictObject({ mailbox_id: z.string(), email_id: z.string() }),
  output: row.extend({
    markdown: z.string(),
    recipients: z.array(z.object({ address: z.string(), status: z.string() })),
  }),
  async handle(context, input) {
    note(context, "read_email", input);
    return {
      ...rows[1]!,
      id: input.email_id,
      markdown: "First line\nsecond \u001b[31mline",
      recipients: [{ address: "ann@example.com", status: "sent" }],
    };
  },
});

const latest = make({
  ...common,
  name: "read_latest",
  summary: "Read the newest email",
  method: "GET",
  path: "/v1/mailboxes/{mailbox_id}/emails/latest",
  effect: "read",
  access: "read",
  status: 200,
  input: z.strictObject({ mailbox_id: z.string() }),
  output: z.object({ latest: z.boolean() }),
  handle: async () => ({ latest: true }),
});

const raw = make({
  ...common,
  name: "get_file",
  summary: "Download a file",
  method: "GET",
  path: "/v1/files/{name*}",
  effect: "read",
  access: "public",
  status: 200,
  input: z.strictObject({ name: z.string(), kept: z.boolean().optional() }),
  output: { content_type: "application/octet-stream" },
  handle: async (_context, input) =>
    bytes("text/html\r\nX-Evil: 1", Buffer.from(`bytes of ${input.name}`), {
      filename: input.name,
      ...(input.kept === undefined ? {} : { immutable: input.kept }),
    }),
});

const decide = {
  ...make({
    ...common,
    name: "decide_email",
    summary: "Decide on a pending email",
    method: "POST",
    path: "/v1/oversight/decide",
    effect: "decide",
    access: "oversight",
    status: 200,
    input: z.strictObject({
      email_id: z.string(),
      decision: z.enum(["approve", "reject"]),
      reason: z.string().optional(),
    }),
    output: z.object({ email_id: z.string(), decision: z.string() }),
    async handle(context, input) {
      note(context, "decide_email", input);
      return { email_id: input.email_id, decision: input.decision };
    },
  }),
  cli_presets: [
    {
      command: "approve",
      summary: "Approve a pending email",
      positional: ["email_id"],
      preset: { decision: "approve" },
    },
    {
      command: "reject",
      summary: "Reject a pending email",
      positional: ["email_id"],
      preset: { decision: "reject" },
    },
  ],
};

const remove = make({
  ...common,
  name: "delete_mailbox",
  summary: "Delete a mailbox",
  method: "DELETE",
  path: "/v1/mailboxes/{mailbox_id}",
  effect: "destroy",
  access: "admin",
  status: 200,
  input: z.strictObject({ mailbox_id: z.string(), code: z.string().optional() }),
  output: z.object({ deleted: z.boolean() }),
  async handle(context, input) {
    note(context, "delete_mailbox", input);
    return { deleted: true };
  },
});

const hook = make({
  ...common,
  name: "create_webhook",
  summary: "Create a webhook",
  method: "POST",
  path: "/v1/webhooks",
  effect: "write",
  access: "admin",
  status: 201,
  cli: { command: "webhooks create", positional: ["url"] },
  input: z.strictObject({ url: z.string(), events: z.array(z.string()).optional() }),
  output: z.object({ url: z.string() }),
  async handle(context, input) {
    note(context, "create_webhook", input);
    return { url: input.url };
  },
});

const proof = make({
  ...common,
  name: "get_proof",
  summary: "Get the evidence",
  method: "GET",
  path: "/v1/emails/{email_id}/proof",
  effect: "read",
  access: "read",
  status: 200,
  cli: { command: "proof", positional: ["email_id"], json: true },
  input: z.strictObject({ email_id: z.string() }),
  output: z.object({ format: z.string() }),
  handle: async () => ({ format: "bundle/v1" }),
});

const health = make({
  ...common,
  name: "health",
  summary: "Is it alive",
  method: "GET",
  path: "/health",
  effect: "read",
  access: "public",
  status: 200,
  tool: false,
  input: z.strictObject({}),
  output: z.object({ ok: z.boolean() }),
  handle: async () => ({ ok: true }),
});

/** All of them. */
export const operations: Operation<Context>[] = [
  send,
  inbox,
  read,
  latest,
  raw,
  decide,
  remove,
  hook,
  proof,
  health,
];
