/** The delivery log of webhooks as people read it, and having things delivered again. */
import { type Actor, mayUseMailbox } from "../core/actor.ts";
import { ownSpelling, spellingFor, eventNames } from "../core/event-types.ts";
import { seesWithheld } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import { appendRecords } from "../store/records.ts";
import {
  type AttemptRow,
  type DeliveryRow,
  type DeliveryWall,
  getDelivery,
  lastAttempts,
  listAttempts,
  listDeliveries,
  redeliver,
} from "../store/webhook-deliveries.ts";
import { getDueDelivery, wakeWebhooks } from "../store/webhook-queue.ts";
import { getWebhook } from "../store/webhooks.ts";
import type { EngineContext } from "./context.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { makeEntry } from "./record.ts";
import { webhookBodies } from "./webhook-body.ts";
import { held } from "./webhooks.ts";

export type { AttemptRow, DeliveryRow } from "../store/webhook-deliveries.ts";

/** Deliveries that one call queues again at most. */
export const maxRedelivered = 10_000;

/** Attempts that one delivery is shown with. */
const maxAttempts = 50;

/** Characters of a request's body that are shown. */
const maxShownBody = 64 * 1024;

/** A delivery with its last try. */
export type DeliveryView = DeliveryRow & { last: AttemptRow | null };

/** Which deliveries. */
export type DeliveryRequest = {
  webhook_id?: string | undefined;
  status?: DeliveryRow["status"] | undefined;
  /** A type, in either spelling, or a family such as `message.*`. */
  event?: string | undefined;
};

/** Who does not see withheld mail does not see that somebody was told of it. */
function wallOf(actor: Actor): DeliveryWall {
  return { mailbox_ids: actor.mailbox_ids, withheld: seesWithheld(actor) };
}

/** A page of deliveries that the actor may see, newest first. Throws `not_found` for a webhook that is not there. */
export function findDeliveries(
  context: EngineContext,
  actor: Actor,
  request: DeliveryRequest,
  page: PageRequest,
): Promise<Page<DeliveryView>> {
  const before_id = readCursor(page.cursor);
  return context.database.as(actor.operator_id, async (tx) => {
    if (request.webhook_id !== undefined) {
      const row = await getWebhook(tx, request.webhook_id);
      if (
        !row ||
        (row.mailbox_id === null
          ? actor.mailbox_ids !== null
          : !mayUseMailbox(actor, row.mailbox_id))
      )
        throw new Refusal("not_found", "There is no such webhook.", { field: "webhook_id" });
    }
    const rows = await listDeliveries(
      tx,
      {
        ...wallOf(actor),
        webhook_id: request.webhook_id ?? null,
        status: request.status ?? null,
        types: typesNamed(request.event),
      },
      { before_id, limit: page.limit + 1 },
    );
    const found = paged(rows, page.limit, (row) => row.delivery_id);
    const last = await lastAttempts(
      tx,
      found.rows.map((row) => row.delivery_id),
    );
    return {
      ...found,
      rows: found.rows.map((row) => ({ ...row, last: last.get(row.delivery_id) ?? null })),
    };
  });
}

/** All spellings in which what is named may have been told; null for all. */
function typesNamed(name: string | undefined): string[] | null {
  if (name === undefined || name === "*") return null;
  const own = ownSpelling(name);
  return [...eventNames, own, name].filter(
    (one) =>
      one === name || ownSpelling(one) === own || spellingFor([name], ownSpelling(one)) !== null,
  );
}

/** A delivery whole: all tries, and the body as it is sent now. */
export type DeliveryDetail = DeliveryView & {
  tries: AttemptRow[];
  body: string;
  body_truncated: boolean;
};

/** One delivery; throws `not_found`. */
export function oneDelivery(
  context: EngineContext,
  actor: Actor,
  deliveryId: string,
): Promise<DeliveryDetail> {
  return context.database.as(actor.operator_id, async (tx) => {
    const row = await getDelivery(tx, wallOf(actor), deliveryId);
    const due = row && (await getDueDelivery(tx, deliveryId));
    if (!row || !due) throw notThere();
    const tries = await listAttempts(tx, deliveryId, maxAttempts);
    const [bytes] = await webhookBodies(tx, [due]);
    const body = bytes?.toString() ?? "";
    return {
      ...row,
      last: tries.at(-1) ?? null,
      tries,
      body: body.slice(0, maxShownBody).toWellFormed(),
      body_truncated: body.length > maxShownBody,
    };
  });
}

function notThere(): Refusal {
  return new Refusal("not_found", "There is no such delivery.", {
    field: "delivery_id",
    hint: "Deliveries are kept for 30 days.",
  });
}

/** Has one delivery made again, whatever came of it; one that waits is tried at once. Throws `not_found`, `test_key`. */
export async function redeliverOne(
  context: EngineContext,
  actor: Actor,
  deliveryId: string,
): Promise<DeliveryView> {
  const row = await context.database.as(actor.operator_id, (tx) =>
    getDelivery(tx, wallOf(actor), deliveryId),
  );
  if (!row) throw notThere();
  await again(context, actor, row.webhook_id, { delivery_id: deliveryId });
  const after = await oneDelivery(context, actor, deliveryId);
  return after;
}

/** Which deliveries of a webhook are made again. */
export type RedeliveryRequest = {
  status: "dead" | "delivered" | "all";
  event?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
};

/** Has a range of deliveries made again, oldest first, at most {@link maxRedelivered}. Throws `not_found`, `test_key`. */
export function redeliverRange(
  context: EngineContext,
  actor: Actor,
  webhookId: string,
  request: RedeliveryRequest,
): Promise<number> {
  return again(context, actor, webhookId, request);
}

async function again(
  context: EngineContext,
  actor: Actor,
  webhookId: string,
  request: Partial<RedeliveryRequest> & { delivery_id?: string },
): Promise<number> {
  const count = await context.database.transaction(actor.operator_id, async (tx) => {
    const webhook = await held(tx, actor, webhookId);
    const now = context.now();
    const { status = "all", delivery_id } = request;
    const queued = await redeliver(
      tx,
      {
        webhook_id: webhookId,
        ...wallOf(actor),
        delivery_id: delivery_id ?? null,
        // Of a range, what waits is left to wait; a single one that waits is tried at once.
        statuses:
          status !== "all"
            ? [status]
            : ["delivered", "dead", ...(delivery_id === undefined ? [] : (["pending"] as const))],
        types: typesNamed(request.event),
        since: request.since ?? null,
        until: request.until ?? null,
        limit: maxRedelivered,
      },
      now,
    );
    if (queued === 0) return 0;
    if (webhook.paused_at === null) await wakeWebhooks(tx, [webhookId], now);
    const about = { resource: webhookId, mailbox_id: webhook.mailbox_id };
    const data = { count: queued, status, ...(delivery_id === undefined ? {} : { delivery_id }) };
    const entry = makeEntry(context, "webhook.redelivered", actor, about, data);
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return queued;
  });
  context.wake.sequence();
  return count;
}
