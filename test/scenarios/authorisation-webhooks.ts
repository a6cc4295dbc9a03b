/** What the authorisation matrix asks of webhooks and events: a webhook and a delivery of an operator, and input for each operation. */
import { ownerOf } from "./authorisation-grants.ts";
import type { SecondNode } from "./second-node.ts";

/** Whose mailbox it is about. */
type Place = { operator_id: string; mailbox_id: string };

const webhooks = new Map<string, string>();

/** A webhook of the mailbox, to where nobody is called; always the same one unless it is to be `fresh`. */
async function aWebhook(
  node: SecondNode,
  { operator_id, mailbox_id }: { operator_id: string; mailbox_id: string },
  fresh = false,
): Promise<string> {
  const known = webhooks.get(operator_id);
  if (known !== undefined && !fresh) return known;
  const { row } = await node.engine.createWebhook(ownerOf(node, operator_id), {
    url: "https://127.0.0.1:9/hook",
    events: ["message.unsubscribed"],
    mailbox_id,
    description: null,
    ordered: false,
    secret: null,
  });
  if (!fresh) webhooks.set(operator_id, row.webhook_id);
  return row.webhook_id;
}

const deliveries = new Map<string, string>();

/** A delivery of that webhook. */
async function aDelivery(
  node: SecondNode,
  place: { operator_id: string; mailbox_id: string },
): Promise<string> {
  const known = deliveries.get(place.operator_id);
  if (known !== undefined) return known;
  const webhookId = await aWebhook(node, place);
  const owner = ownerOf(node, place.operator_id);
  const { delivery_id } = await node.engine.testWebhook(owner, webhookId);
  deliveries.set(place.operator_id, delivery_id);
  return delivery_id;
}

let counter = 0;

/** Rows of the matrix. */
export function webhookInputs(
  node: () => SecondNode,
): Record<string, (place: Place, fresh: boolean) => Promise<object> | object> {
  return {
    wait_for_email: ({ mailbox_id }) => ({ mailbox_id, timeout_seconds: 0 }),
    list_events: ({ mailbox_id }) => ({ mailbox_id }),
    stream_events: ({ mailbox_id }) => ({ mailbox_id, timeout_seconds: 0 }),
    list_webhooks: ({ mailbox_id }) => ({ mailbox_id }),
    create_webhook: ({ mailbox_id }) => ({ mailbox_id, url: "https://hook.example.com/" }),
    get_webhook: async (place) => ({ webhook_id: await aWebhook(node(), place) }),
    update_webhook: async (place) => ({
      webhook_id: await aWebhook(node(), place),
      description: `Text ${counter++}`,
    }),
    delete_webhook: async (place, fresh) => ({ webhook_id: await aWebhook(node(), place, fresh) }),
    rotate_webhook: async (place) => ({ webhook_id: await aWebhook(node(), place) }),
    test_webhook: async (place) => ({ webhook_id: await aWebhook(node(), place) }),
    redeliver_webhook: async (place) => ({ webhook_id: await aWebhook(node(), place) }),
    list_webhook_deliveries: async (place) => ({ webhook_id: await aWebhook(node(), place) }),
    get_webhook_delivery: async (place) => ({ delivery_id: await aDelivery(node(), place) }),
    redeliver_webhook_delivery: async (place) => ({ delivery_id: await aDelivery(node(), place) }),
  };
}
