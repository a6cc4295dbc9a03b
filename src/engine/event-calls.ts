/** The engine's calls about events and webhooks. */
import type { Actor } from "../core/actor.ts";
import { firstIdAt } from "../core/id.ts";
import { listOperators } from "../store/operators.ts";
import { eventBounds, pruneEvents } from "../store/events.ts";
import type { WebhookClaim } from "../store/webhook-queue.ts";
import type { EngineContext } from "./context.ts";
import { type EventRequest, createEventStreams, readEventLog } from "./event-log.ts";
import { createEventWatch } from "./event-watch.ts";
import { createMailWait } from "./mail-wait.ts";
import type { PageRequest } from "./paging.ts";
import { createOperatorRounds } from "./operator-rounds.ts";
import { createPublishEvents } from "./publish-events.ts";
import {
  type WebhookResult,
  letWebhookGo,
  settleWebhook,
  takeWebhook,
} from "./webhook-delivering.ts";
import {
  type DeliveryRequest,
  type RedeliveryRequest,
  findDeliveries,
  oneDelivery,
  redeliverOne,
  redeliverRange,
} from "./webhook-log.ts";
import {
  type WantedWebhook,
  type WebhookChange,
  changeWebhook,
  createWebhook,
  findWebhooks,
  oneWebhook,
  removeWebhook,
  rotateWebhook,
  testWebhook,
} from "./webhooks.ts";

/** Events deleted in one transaction. */
const pruneBatch = 2000;

/** These calls, bound to one context. */
export function eventCalls(context: EngineContext) {
  const watch = createEventWatch(context);
  const sweepOfEach = createOperatorRounds(context, "sweep_events");
  return {
    createWebhook: (actor: Actor, wanted: WantedWebhook) => createWebhook(context, actor, wanted),
    changeWebhook: (actor: Actor, webhookId: string, change: WebhookChange) =>
      changeWebhook(context, actor, webhookId, change),
    removeWebhook: (actor: Actor, webhookId: string) => removeWebhook(context, actor, webhookId),
    rotateWebhook: (actor: Actor, webhookId: string, secret: string | null) =>
      rotateWebhook(context, actor, webhookId, secret),
    testWebhook: (actor: Actor, webhookId: string) => testWebhook(context, actor, webhookId),
    findWebhooks: (actor: Actor, mailboxId: string | undefined, page: PageRequest) =>
      findWebhooks(context, actor, mailboxId, page),
    oneWebhook: (actor: Actor, webhookId: string) => oneWebhook(context, actor, webhookId),
    findDeliveries: (actor: Actor, request: DeliveryRequest, page: PageRequest) =>
      findDeliveries(context, actor, request, page),
    oneDelivery: (actor: Actor, deliveryId: string) => oneDelivery(context, actor, deliveryId),
    redeliverOne: (actor: Actor, deliveryId: string) => redeliverOne(context, actor, deliveryId),
    redeliverRange: (actor: Actor, webhookId: string, request: RedeliveryRequest) =>
      redeliverRange(context, actor, webhookId, request),
    readEventLog: (actor: Actor, request: EventRequest, limit: number) =>
      readEventLog(context, actor, request, limit),
    streamEvents: createEventStreams(context, watch),
    waitForMail: createMailWait(context, watch),
    /** Ends streams, and calls that wait for mail: the instance stops. */
    closeEvents: watch.close,
    publishEvents: createPublishEvents(context),
    takeWebhook: (operatorId: string, claim: WebhookClaim) =>
      takeWebhook(context, operatorId, claim),
    settleWebhook: (operatorId: string, claim: WebhookClaim, results: readonly WebhookResult[]) =>
      settleWebhook(context, operatorId, claim, results),
    letWebhookGo: (operatorId: string, claim: WebhookClaim) =>
      letWebhookGo(context, operatorId, claim),
    /** Deletes events that were made before a time, with their deliveries, a bounded number of each operator. Returns how many. */
    sweepEvents: async (before: Date): Promise<number> => {
      let gone = 0;
      const operators = await listOperators(context.database);
      const ids = operators.map(({ operator_id }) => operator_id);
      await sweepOfEach(ids, async (operatorId) => {
        gone += await context.database.transaction(operatorId, async (tx) => {
          if ((await eventBounds(tx)).position === 0) return 0;
          return pruneEvents(tx, firstIdAt(before.getTime()), pruneBatch);
        });
      });
      return gone;
    },
  };
}
