/** `list_webhook_deliveries`, `get_webhook_delivery`, `redeliver_webhook_delivery`, `redeliver_webhook`: what was told, and telling it again. */
import { z } from "zod";
import { id, nextCursor, page, time } from "../../contract/resources.ts";
import { attempt, delivery } from "../../contract/webhooks.ts";
import { eventNames, testEvent } from "../../core/event-types.ts";
import { operation } from "../context.ts";
import { attemptOf, deliveryOf } from "./views.ts";

const event = z
  .string()
  .max(60)
  .refine((name) => name === testEvent || eventNames.has(name), "is no event")
  .optional()
  .describe("Of this event, in either spelling, or family");

export const listWebhookDeliveries = operation({
  name: "list_webhook_deliveries",
  tag: "webhooks",
  summary: "List deliveries of webhooks",
  description:
    "Lists what webhooks were told, newest first, each with its last try: request and response. status dead is what was given up after three days; it can be delivered again. Kept for 30 days.",
  method: "GET",
  path: "/v1/webhook-deliveries",
  effect: "read",
  access: "admin",
  input: z.strictObject({
    webhook_id: id.optional(),
    status: z.enum(["pending", "delivered", "dead"]).optional(),
    event,
    ...page,
  }),
  output: z.object({ deliveries: z.array(delivery), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "not_found", "invalid_cursor"],
  tool: false,
  cli: { command: "webhook-deliveries" },
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findDeliveries(actor, input, input);
    return { deliveries: rows.map(deliveryOf), next_cursor };
  },
});

export const getWebhookDelivery = operation({
  name: "get_webhook_delivery",
  tag: "webhooks",
  summary: "Get a delivery",
  description: "Shows one delivery with all its tries, and the body as it would be sent now.",
  method: "GET",
  path: "/v1/webhook-deliveries/{delivery_id}",
  effect: "read",
  access: "admin",
  input: z.strictObject({ delivery_id: id }),
  output: delivery.extend({
    request_body: z.string().describe("Its first 65536 characters"),
    request_body_truncated: z.boolean(),
    tries: z.array(attempt).describe("Oldest first, at most the last 50"),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
  async handle({ engine, actor }, input) {
    const row = await engine.oneDelivery(actor, input.delivery_id);
    return {
      ...deliveryOf(row),
      request_body: row.body,
      request_body_truncated: row.body_truncated,
      tries: row.tries.map(attemptOf),
    };
  },
});

export const redeliverWebhookDelivery = operation({
  name: "redeliver_webhook_delivery",
  tag: "webhooks",
  summary: "Deliver once more",
  description:
    "Has a delivery made again, whatever came of it, under the same webhook-id; one that waits for its next try is tried at once. While the webhook is paused it waits.",
  method: "POST",
  path: "/v1/webhook-deliveries/{delivery_id}/redeliver",
  effect: "write",
  access: "admin",
  input: z.strictObject({ delivery_id: id }),
  output: delivery,
  status: 202,
  refusals: ["validation_failed", "not_found", "test_key"],
  tool: false,
  cli: { command: "redeliver", positional: ["delivery_id"] },
  async handle({ engine, actor }, input) {
    return deliveryOf(await engine.redeliverOne(actor, input.delivery_id));
  },
});

export const redeliverWebhook = operation({
  name: "redeliver_webhook",
  tag: "webhooks",
  summary: "Deliver a range once more",
  description:
    "Has deliveries of a webhook made again, oldest first: the dead ones unless status says otherwise, of a time and of events. At most 10,000 a call; where count is as many, call again.",
  method: "POST",
  path: "/v1/webhooks/{webhook_id}/redeliver",
  effect: "write",
  access: "admin",
  input: z.strictObject({
    webhook_id: id,
    status: z.enum(["dead", "delivered", "all"]).default("dead"),
    event,
    since: time.optional().describe("Queued from then on"),
    until: time.optional().describe("Queued before then"),
  }),
  output: z.object({ count: z.int().describe("Deliveries that were queued again") }),
  status: 202,
  refusals: ["validation_failed", "not_found", "test_key"],
  tool: false,
  cli: { command: "redeliver-webhook", positional: ["webhook_id"] },
  async handle({ engine, actor }, { webhook_id, since, until, ...wanted }) {
    const count = await engine.redeliverRange(actor, webhook_id, {
      ...wanted,
      since: since === undefined ? undefined : new Date(since),
      until: until === undefined ? undefined : new Date(until),
    });
    return { count };
  },
});
