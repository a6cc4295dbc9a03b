/** Tells people that a webhook was paused: a mail to the oversight address, and to the owners and admins. */
import { ComposeError } from "../mail/compose.ts";
import type { Tx } from "../store/database.ts";
import { listDeciders } from "../store/notices.ts";
import { getOperator } from "../store/operators.ts";
import type { WebhookRow } from "../store/webhooks.ts";
import type { EngineContext } from "./context.ts";
import { queueServiceMail } from "./service-mail.ts";

/** Queues the mails, in the transaction that pauses. An address that cannot be written to keeps nobody else from being told. */
export async function tellOfPause(
  context: EngineContext,
  tx: Tx,
  webhook: Pick<WebhookRow, "webhook_id" | "url" | "origin">,
  reason: string,
): Promise<void> {
  const operator = await getOperator(tx);
  const people = (await listDeciders(tx)).filter(
    ({ role }) => role === "owner" || role === "admin",
  );
  const addresses = new Map(
    [operator?.oversight_address, ...people.map(({ email }) => email)].flatMap((address) =>
      address ? [[address.toLowerCase(), address] as const] : [],
    ),
  );
  const host = URL.parse(webhook.url)?.host ?? "";
  const text = [
    `MultiMail no longer tells ${host} of events: ${reason}.`,
    "",
    `The webhook ${webhook.webhook_id} is paused. What happens from now on waits for it, for 30 days.`,
    "",
    "When the target works again, resume it:",
    "",
    `  PATCH ${context.public_url}/v1/webhooks/${webhook.webhook_id} {"paused": false}`,
    "",
    "Deliveries that were given up can be made again:",
    "",
    `  POST ${context.public_url}/v1/webhooks/${webhook.webhook_id}/redeliver {"status": "dead"}`,
    "",
  ].join("\n");
  for (const to of addresses.values())
    try {
      const subject = `Webhook to ${host} paused`;
      await queueServiceMail(context, tx, { kind: "webhook_paused", to, subject, text });
    } catch (error) {
      if (!(error instanceof ComposeError)) throw error;
      context.log.warn({ error: error.message }, "people could not be told of a paused webhook");
    }
}
