/** A small instance behind the pages: sample operations in memory, sign-in, caught mail; everything it holds may be hostile. */
import type { Hono } from "hono";
import { z } from "zod";
import { type Dispatcher, createDispatcher } from "../../src/contract/dispatch.ts";
import { bytes, operation } from "../../src/contract/operation.ts";
import {
  email as emailResource,
  id as idSchema,
  mailbox as mailboxResource,
  mode,
} from "../../src/contract/resources.ts";
import type { SessionView } from "../../src/contract/sign-in.ts";
import { type Role, roleScopes } from "../../src/core/actor.ts";
import { idMaker } from "../../src/core/id.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { createApp } from "../../src/http/app.ts";
import { mountPages } from "../../src/http/pages/mount-pages.ts";
import type {
  CaughtSummary,
  PagesOptions,
  ReadMessage,
  Verification,
} from "../../src/http/pages/options.ts";

type Email = z.output<typeof emailResource>;
type Mailbox = z.output<typeof mailboxResource>;

/** The sample's clock stands still. */
export const now = Date.UTC(2026, 10, 21, 9, 0);
const ago = (hours: number) => new Date(now - hours * 3_600_000).toISOString();
const newId = (() => {
  let clock = now;
  return idMaker(
    () => clock++,
    (length) => new Uint8Array(length).fill(7),
  );
})();

/** What a test may read and change. */
export type Sample = {
  app: Hono;
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

/** Makes an instance. */
export function samplePages(
  options: Partial<Pick<PagesOptions, "public_url" | "secure_cookies" | "caught">> = {},
): Sample {
  const mailbox = sampleMailbox();
  const sample: Omit<Sample, "app"> = {
    emails: [],
    mailbox,
    caught: new Map(),
    sessions: new Map(),
    links: new Set(["link-1"]),
    calls: [],
    refuse: null,
    read: {
      subject: "Hello",
      text: "Hello there",
      html_safe: "<p>Hello <b>there</b></p>",
      attachments: [],
    },
    verification: {
      dkim: [
        { domain: "agents.example", selector: "mm1", algorithm: "rsa-sha256", result: "pass" },
      ],
      identity: {
        verdict: "valid",
        reason: "signature, body and recipient match",
        claims: sampleClaims,
      },
    },
    logged: [],
    signIn(role = "owner") {
      const token = `session-${sample.sessions.size + 1}`;
      sample.sessions.set(token, sessionView(token, role));
      return token;
    },
    addEmail(more = {}) {
      const email = { ...sampleEmail(mailbox.id), ...more };
      sample.emails.push(email);
      return email;
    },
  };
  const app = createApp({
    dispatcher: recorded(createDispatcher(operations, { sample }), sample),
    authenticate: async () => null,
    new_request_id: newId,
    log: logInto(sample.logged),
    public_url: options.public_url ?? "http://localhost",
    mount: (pages) => mountPages(pages, pagesOptions(sample, options)),
  });
  return Object.assign(sample, { app });
}

type State = Omit<Sample, "app">;

function pagesOptions(sample: State, options: Partial<PagesOptions>): PagesOptions {
  return {
    dispatcher: recorded(createDispatcher(operations, { sample }), sample),
    sign_in: {
      async redeem(token) {
        sample.calls.push({ name: "redeem", effect: "write", input: token });
        if (!sample.links.delete(token))
          throw new Refusal("invalid_link", "The link was used or has expired.");
        return {
          session_token: sample.signIn(),
          expires_at: new Date(now + 86_400_000).toISOString(),
        };
      },
      session: async (token) => sample.sessions.get(token) ?? null,
      async end(token) {
        sample.calls.push({ name: "end", effect: "write", input: token });
        sample.sessions.delete(token);
      },
    },
    caught: {
      list: async ({ limit, before }) =>
        [...sample.caught.values()]
          .map(({ meta }) => meta)
          .filter((meta) => before === undefined || meta.id < before)
          .toSorted((a, b) => (a.id < b.id ? 1 : -1))
          .slice(0, limit),
      get: async (id) => sample.caught.get(id) ?? null,
    },
    verify: async () => sample.verification,
    async read_message() {
      if (sample.read instanceof Error) throw sample.read;
      return sample.read;
    },
    public_url: "http://localhost",
    secure_cookies: false,
    new_request_id: newId,
    log: logInto(sample.logged),
    now: () => now,
    ...options,
  };
}

/** Puts a caught message into the sample and gives its id. */
export function addCaught(sample: Sample, eml: string, more: Partial<CaughtSummary> = {}): string {
  const id = newId();
  const meta = {
    id,
    from: "support@agents.example",
    to: ["ada@customer.example"],
    received_at: ago(1),
    size: eml.length,
    ...more,
  };
  sample.caught.set(id, { eml: Buffer.from(eml), meta });
  return id;
}

const logInto = (lines: string[]) => {
  const write = (_fields: object, message: string) => void lines.push(message);
  return { info: write, warn: write, error: write };
};

function recorded(dispatcher: Dispatcher, sample: State): Dispatcher {
  return {
    operations: dispatcher.operations,
    call(name, actor, input, meta) {
      const effect = dispatcher.operations.find((spec) => spec.name === name)?.effect ?? "unknown";
      sample.calls.push({ name, effect, input });
      return dispatcher.call(name, actor, input, meta);
    },
  };
}

function sessionView(token: string, role: Role): SessionView {
  return {
    actor: {
      kind: "person",
      operator_id: newId(),
      credential_id: token,
      person_id: "person-1",
      role,
      scopes: roleScopes[role],
      mailbox_ids: null,
      test: false,
      signed_in_at: ago(0),
    },
    person: { id: "person-1", name: "Grace Hopper", email: "grace@operator.example" },
    csrf_token: `csrf-of-${token}`,
    expires_at: new Date(now + 86_400_000).toISOString(),
  };
}

const sampleClaims = {
  iss: "https://mail.agents.example",
  sub: "support@agents.example",
  operator: { name: "Example Ltd", id: "op", verified: true },
  agent: "key-1",
  ai_generated: true,
  oversight: "gated_send",
  approval: { log: "mail.agents.example/audit/1", stmt: "aa", leaf: 12, class: "B" },
};

function sampleMailbox(): Mailbox {
  return {
    id: newId(),
    address: "support@agents.example",
    display_name: "Support agent",
    oversight_mode: "gated_send",
    approvals_required: 1,
    expiry_seconds: 604_800,
    undo_seconds: 10,
    ai_disclosure: true,
    daily_quota: null,
    warm_up: false,
    paused: false,
    paused_reason: null,
    scan_policy: {},
    created_at: ago(200),
    updated_at: ago(200),
  };
}

function sampleEmail(mailbox_id: string): Email {
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
  };
}

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

const operations = [
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
    input: z.strictObject({ email_id: idSchema }),
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
        { decision, by: "Grace Hopper", class: "B", reason: reason ?? null, digest, at: ago(0) },
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
    }),
    output: mailboxResource,
    async handle({ sample }, { mailbox_id: _, ...changes }) {
      refuseOnce(sample);
      return Object.assign(sample.mailbox, changes);
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
      const found = sample.emails.filter((one) => status === undefined || one.status === status);
      const { rows, next_cursor } = slice(found, limit, cursor);
      return { emails: rows, pending: rows, next_cursor };
    },
  }),
];
