/** A node that publishes and delivers for tests: its own schedule in milliseconds, events made by hand. */
import { openGuardedAgent } from "../../src/web/guarded-agent.ts";
import type { WebhookSchedule } from "../../src/core/webhook-retry.ts";
import { makeEvent } from "../../src/engine/record.ts";
import type { EventRow } from "../../src/store/records.ts";
import { appendRecords } from "../../src/store/records.ts";
import type { Worker } from "../../src/workers/loop.ts";
import { startWebhooks } from "../../src/workers/webhooks.ts";
import { ownerOf } from "./authorisation-grants.ts";
import { domainsWithoutDns } from "./mail-reading.ts";
import type { SecondNode } from "./second-node.ts";

/** Days made milliseconds. */
export const quickSchedule: WebhookSchedule = {
  delays: [10, 20, 40, 80, 160],
  give_up_after: 600_000,
  pause_after: 600_000,
  unknown_after: 600_000,
  longest_wait: 100,
  longest_rest: 50,
};

/** Sets when deliveries of this node are tried. */
export function useSchedule(node: SecondNode, schedule: Partial<WebhookSchedule> = {}): void {
  node.context.webhooks = {
    ...node.context.webhooks,
    schedule: { ...quickSchedule, ...schedule },
  };
}

/** Starts the delivering worker; `name` tells nodes apart. */
export function startDelivering(
  node: SecondNode,
  options: { name?: string; allow_private?: boolean; call_timeout_ms?: number } = {},
): Worker & { errors: string[] } {
  const errors: string[] = [];
  const { allow_private = true, name = "webhook-node", call_timeout_ms } = options;
  const worker = startWebhooks({
    engine: node.engine,
    queue: node.queue,
    agent: openGuardedAgent({
      resolver: domainsWithoutDns(node.context.now).resolver,
      allow_private,
      allow_http: true,
    }),
    node: name,
    now: node.context.now,
    log: { error: (fields) => errors.push(JSON.stringify(fields)) },
    poll_ms: 10,
    ...(call_timeout_ms === undefined ? {} : { call_timeout_ms }),
  });
  return { ...worker, errors };
}

/** Writes events as the engine does, and publishes them. */
export async function happen(
  node: SecondNode,
  events: readonly Partial<EventRow>[],
): Promise<string[]> {
  const rows = events.map((event) => ({
    ...makeEvent(node.context, "message.sent", {
      mailbox_id: null,
      message_id: null,
      thread_id: null,
    }),
    ...event,
  }));
  for (let i = 0; i < rows.length; i += 1000)
    await node.as((tx) =>
      appendRecords(tx, { entries: [], openings: [], events: rows.slice(i, i + 1000) }),
    );
  await node.engine.publishEvents();
  return rows.map((row) => row.event_id);
}

/** A webhook of the first operator. */
export async function subscribe(
  node: SecondNode,
  url: string,
  wanted: { events?: string[]; ordered?: boolean; mailbox_id?: string } = {},
): Promise<string> {
  const { row } = await node.engine.createWebhook(ownerOf(node, node.operator_id), {
    url,
    events: wanted.events ?? ["message.sent"],
    mailbox_id: wanted.mailbox_id ?? null,
    description: null,
    ordered: wanted.ordered ?? false,
    secret: null,
  });
  return row.webhook_id;
}

/** How many deliveries of a webhook are in each status. */
export async function tally(node: SecondNode, webhookId: string): Promise<Record<string, number>> {
  const rows = await node.as((tx) =>
    tx.named<{ status: string; n: number }>(
      "tally",
      "SELECT status, count(*)::int AS n FROM webhook_delivery WHERE operator_id = $1 AND webhook_id = $2 GROUP BY status",
      [tx.operator_id, webhookId],
    ),
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.n]));
}
