/** `rotate_webhook`, `test_webhook`: the secret of a webhook, and a first event to see it work. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { webhookOf } from "./views.ts";
import { ownSecret, withSecret } from "./webhooks.ts";

export const rotateWebhook = operation({
  name: "rotate_webhook",
  tag: "webhooks",
  summary: "Change a webhook's secret",
  description:
    "Makes another secret, which is in the answer and never shown again. For 24 hours each delivery carries two signatures in webhook-signature, by the new secret and by the one before; X-MultiMail-Signature is by the new one from now on.",
  method: "POST",
  path: "/v1/webhooks/{webhook_id}/rotate",
  effect: "write",
  access: "admin",
  input: z.strictObject({ webhook_id: id, secret: ownSecret }),
  output: withSecret,
  status: 200,
  refusals: ["validation_failed", "not_found", "test_key"],
  tool: false,
  cli: { command: "rotate-webhook", positional: ["webhook_id"] },
  async handle({ engine, actor, now }, input) {
    const { row, signing_secret } = await engine.rotateWebhook(
      actor,
      input.webhook_id,
      input.secret ?? null,
    );
    return { ...webhookOf(row, now()), signing_secret };
  },
});

export const testWebhook = operation({
  name: "test_webhook",
  tag: "webhooks",
  summary: "Send a test event",
  description:
    "Queues an event webhook.test for the webhook, signed and tried like any other. What came of it is in the delivery.",
  method: "POST",
  path: "/v1/webhooks/{webhook_id}/test",
  effect: "write",
  access: "admin",
  input: z.strictObject({ webhook_id: id }),
  output: z.object({ delivery_id: id, event_id: id, status: z.literal("pending") }),
  status: 202,
  refusals: ["validation_failed", "not_found", "not_editable", "test_key"],
  tool: false,
  cli: { command: "test-webhook", positional: ["webhook_id"] },
  async handle({ engine, actor }, input) {
    return { ...(await engine.testWebhook(actor, input.webhook_id)), status: "pending" as const };
  },
});
