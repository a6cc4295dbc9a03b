/** Publishing: gives committed events their positions, one after the other, and queues what webhooks are to be told. */
import { spellingFor, testEvent } from "../core/event-types.ts";
import type { Tx } from "../store/database.ts";
import {
  type UnpublishedEvent,
  lockEventHead,
  operatorsWithEvents,
  placeEvents,
  unpublishedEvents,
} from "../store/events.ts";
import { type NewDelivery, insertDeliveries, wakeWebhooks } from "../store/webhook-queue.ts";
import { type Subscriber, listSubscribers } from "../store/webhooks.ts";
import type { EngineContext } from "./context.ts";
import { createOperatorRounds } from "./operator-rounds.ts";

/** Events published in one transaction at most. */
const batch = 500;

/** Makes what publishes everything that waits, of every operator, and answers how many events were published. */
export function createPublishEvents(context: EngineContext): () => Promise<number> {
  const eachOperator = createOperatorRounds(context, "publish_events");
  return async () => {
    let published = 0;
    await eachOperator(await operatorsWithEvents(context.database), async (operatorId) => {
      for (;;) {
        const count = await context.database.transaction(operatorId, (tx) => publish(context, tx));
        published += count;
        if (count < batch) break;
      }
    });
    return published;
  };
}

/** One batch. The row lock on the head makes sure that one publisher works at a time, on whatever node. */
async function publish(context: EngineContext, tx: Tx): Promise<number> {
  const head = await lockEventHead(tx);
  const events = await unpublishedEvents(tx, batch);
  if (events.length === 0) return 0;
  await placeEvents(
    tx,
    head,
    events.map((event) => event.event_id),
  );
  const subscribers = await listSubscribers(tx, [
    ...new Set(events.flatMap(({ mailbox_id }) => mailbox_id ?? [])),
  ]);
  const deliveries = events.flatMap((event, i) =>
    deliveriesOf(context, event, head + i + 1, subscribers),
  );
  const now = context.now();
  await insertDeliveries(tx, deliveries, now);
  const told = new Set(deliveries.map((one) => one.webhook_id));
  const awake = subscribers.filter((one) => one.paused_at === null && told.has(one.webhook_id));
  await wakeWebhooks(
    tx,
    awake.map((one) => one.webhook_id),
    now,
  );
  return events.length;
}

/**
 * Whether a subscription is for overseers: the one that a mailbox has for them, and what a person let name `message.held` itself.
 * A mailbox's own URL is its agents', and a family or `*` says nothing of whom it is for.
 */
function isToldOfWithheld({ origin, events }: Subscriber): boolean {
  return origin === "oversight" || (origin === "api" && events.includes("message.held"));
}

/** Nothing of a test key reaches a socket: its events are in the log, and no webhook is told of them. */
function deliveriesOf(
  context: EngineContext,
  event: UnpublishedEvent,
  position: number,
  subscribers: readonly Subscriber[],
): NewDelivery[] {
  // A test is queued for its webhook when it is asked for.
  if (event.test || event.type === testEvent) return [];
  return subscribers.flatMap((subscriber) => {
    if (subscriber.mailbox_id !== null && subscriber.mailbox_id !== event.mailbox_id) return [];
    if (event.withheld && !isToldOfWithheld(subscriber)) return [];
    const spelling = spellingFor(subscriber.events, event.type);
    if (spelling === null) return [];
    return {
      delivery_id: context.new_id(),
      webhook_id: subscriber.webhook_id,
      event_id: event.event_id,
      event_type: spelling,
      position,
      mailbox_id: event.mailbox_id,
      thread_id: event.thread_id,
    };
  });
}
