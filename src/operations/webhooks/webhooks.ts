/** `list_webhooks`, `create_webhook`, `get_webhook`, `update_webhook`, `delete_webhook`: who is told of events. */
import { z } from "zod";
import { id, nextCursor, page } from "../../contract/resources.ts";
import { eventName, hookUrl, webhook } from "../../contract/webhooks.ts";
import { operation } from "../context.ts";
import { webhookOf } from "./views.ts";

const changing = [
  "validation_failed",
  "not_found",
  "scope_required",
  "role_required",
  "fresh_sign_in_required",
  "invalid_code",
  "rate_limited",
  "test_key",
] as const;

const description = z.string().max(500).nullable().optional();
const ordered = z
  .boolean()
  .optional()
  .describe(
    "Events of a thread one after the other: a later one waits until the earlier got through or was given up",
  );

/** A caller's own secret. */
export const ownSecret = z
  .string()
  .min(8)
  .max(200)
  .regex(/^[\x21-\x7e]*$/, "must be printable ASCII without spaces")
  .optional()
  .describe("A secret of your own; one is made where it is left out");

/** The answer that holds a secret. */
export const withSecret = webhook.extend({
  signing_secret: z
    .string()
    .describe("whsec_… as libraries of Standard Webhooks take it: shown once"),
});

export const listWebhooks = operation({
  name: "list_webhooks",
  tag: "webhooks",
  summary: "List webhooks",
  description:
    "Lists the webhooks, also those that are the URL of a mailbox, and how it goes with each. A key bound to mailboxes sees theirs.",
  method: "GET",
  path: "/v1/webhooks",
  effect: "read",
  access: "admin",
  input: z.strictObject({ mailbox_id: id.optional(), ...page }),
  output: z.object({
    webhooks: z.array(webhook),
    subscriptions: z.array(webhook).describe("The same as webhooks"),
    next_cursor: nextCursor,
  }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: true,
  cli: { command: "webhooks" },
  async handle({ engine, read, actor, now }, input) {
    if (input.mailbox_id !== undefined) await read.mailbox(actor, input.mailbox_id);
    const { rows, next_cursor } = await engine.findWebhooks(actor, input.mailbox_id, input);
    const webhooks = rows.map((row) => webhookOf(row, now()));
    return { webhooks, subscriptions: webhooks, next_cursor };
  },
});

export const createWebhook = operation({
  name: "create_webhook",
  tag: "webhooks",
  summary: "Create a webhook",
  description:
    "Has events posted to a URL, signed (Standard Webhooks), with the text of messages. Of held mail it is told only where events name message.held itself, and without a word of it. The secret is in the answer and is never shown again. Asked for by a key it waits for a person: the answer is 202, and the call repeated with the mailed approval_code does it.",
  method: "POST",
  path: "/v1/webhooks",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({
    url: hookUrl,
    events: z.array(eventName).min(1).max(100).default(["*"]),
    mailbox_id: id.nullable().optional().describe("Only events of this mailbox"),
    description,
    ordered,
    secret: ownSecret,
  }),
  output: withSecret,
  status: 201,
  refusals: [...changing, "quota_exceeded"],
  tool: true,
  cli: { command: "create-webhook", positional: ["url"] },
  async handle({ engine, actor, now }, input) {
    const { row, signing_secret } = await engine.createWebhook(actor, {
      url: input.url,
      events: input.events,
      mailbox_id: input.mailbox_id ?? null,
      description: input.description ?? null,
      ordered: input.ordered ?? false,
      secret: input.secret ?? null,
    });
    return { ...webhookOf(row, now()), signing_secret };
  },
});

export const getWebhook = operation({
  name: "get_webhook",
  tag: "webhooks",
  summary: "Get a webhook",
  description: "Shows one webhook and how it goes with it.",
  method: "GET",
  path: "/v1/webhooks/{webhook_id}",
  effect: "read",
  access: "admin",
  input: z.strictObject({ webhook_id: id }),
  output: webhook,
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
  async handle({ engine, actor, now }, input) {
    return webhookOf(await engine.oneWebhook(actor, input.webhook_id), now());
  },
});

export const updateWebhook = operation({
  name: "update_webhook",
  tag: "webhooks",
  summary: "Change, pause or resume a webhook",
  description:
    "Changes a webhook. While it is paused what happens waits for it, for 30 days; resuming sends it. Another URL, other events and another mailbox are as sensitive as a new webhook: asked for by a key they wait for a person (202, approval_code).",
  method: "PATCH",
  path: "/v1/webhooks/{webhook_id}",
  effect: "write",
  access: "admin",
  sensitive: true,
  input: z.strictObject({
    webhook_id: id,
    url: hookUrl.optional(),
    events: z.array(eventName).min(1).max(100).optional(),
    mailbox_id: id.nullable().optional(),
    description,
    ordered,
    paused: z.boolean().optional(),
  }),
  output: webhook,
  status: 200,
  refusals: [...changing, "not_editable"],
  tool: false,
  cli: { command: "update-webhook", positional: ["webhook_id"] },
  async handle({ engine, actor, now }, { webhook_id, ...change }) {
    return webhookOf(await engine.changeWebhook(actor, webhook_id, change), now());
  },
});

export const deleteWebhook = operation({
  name: "delete_webhook",
  tag: "webhooks",
  summary: "Delete a webhook",
  description:
    "Takes a webhook away with its deliveries; what waits for it is not sent any more. The oversight webhook of a mailbox is deleted by a person: asked for by a key it waits for one (202, approval_code).",
  method: "DELETE",
  path: "/v1/webhooks/{webhook_id}",
  effect: "destroy",
  access: "admin",
  sensitive: true,
  input: z.strictObject({ webhook_id: id }),
  output: webhook,
  status: 200,
  refusals: changing,
  tool: true,
  cli: { command: "delete-webhook", positional: ["webhook_id"] },
  async handle({ engine, actor, now }, input) {
    return webhookOf(await engine.removeWebhook(actor, input.webhook_id), now());
  },
});
