/** Delivering to webhooks: what is to be sent now, and what came of it, written with the webhook's own standing. */
import { failingSince, nextTry, readRetryAfter, restAfter } from "../core/webhook-retry.ts";
import type { Tx } from "../store/database.ts";
import { getOperator } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import {
  type DueDelivery,
  type SettledDelivery,
  type WebhookClaim,
  dropWebhookDue,
  dueDeliveries,
  holdWebhook,
  releaseWebhook,
  settleDeliveries,
} from "../store/webhook-queue.ts";
import { type WebhookRow, getWebhook, updateWebhook } from "../store/webhooks.ts";
import type { GuardedAnswer } from "../web/guarded-agent.ts";
import type { EngineContext } from "./context.ts";
import { makeEntry, worker } from "./record.ts";
import { webhookBodies } from "./webhook-body.ts";
import { tellOfPause } from "./webhook-notice.ts";
import { openSecret, signatureHeaders } from "./webhook-signature.ts";

/** Deliveries that are taken at once. */
const batch = 100;

/** How long a claim holds, in milliseconds: longer than the longest round of the worker. */
export const webhookLease = 90_000;

/** Bytes of an answer that are kept, and of its head. */
export const maxKeptAnswer = 4096;
const maxKeptHead = 4096;

/** One delivery, ready to go. */
export type WebhookSending = {
  delivery: DueDelivery;
  url: string;
  headers: Record<string, string>;
  body: Buffer;
};

/** What a claim stands for now. */
export type WebhookWork = { ordered: boolean; sendings: WebhookSending[] };

/** What came of one delivery. `at` is when it began. */
export type WebhookResult = {
  sending: WebhookSending;
  answer: GuardedAnswer;
  at: Date;
  duration_ms: number;
};

/** A webhook's secrets, the newest first. */
export function secretsOf(context: EngineContext, row: WebhookRow, now: Date): string[] {
  const { key } = context.webhooks;
  const old = row.old_secret !== null && row.old_until !== null && row.old_until > now;
  return [row.sealed_secret, ...(old && row.old_secret ? [row.old_secret] : [])].map((sealed) =>
    openSecret(key, row, sealed),
  );
}

/**
 * What is due of a claimed webhook; the claim holds from now on for {@link webhookLease}. Null where the claim was overtaken, or there
 * is nothing to do: the webhook is gone or paused.
 */
export async function takeWebhook(
  context: EngineContext,
  operatorId: string,
  claim: WebhookClaim,
): Promise<WebhookWork | null> {
  const now = context.now();
  return context.database.transaction(operatorId, async (tx) => {
    const until = new Date(now.getTime() + webhookLease);
    if (!(await holdWebhook(tx, claim, until))) return null;
    const row = await getWebhook(tx, claim.message_id);
    const operator = await getOperator(tx);
    // Whoever gave up their account is told of nothing any more.
    if (!row || row.paused_at !== null || !operator || operator.closed_at !== null) {
      await dropWebhookDue(tx, claim);
      return null;
    }
    const { ordered } = row;
    // Of a target that answers nobody one delivery is tried, to see whether it does again.
    const resting = restAfter(row.failures, context.webhooks.schedule) > 0;
    const due = await dueDeliveries(tx, row.webhook_id, {
      ordered,
      now,
      limit: resting ? 1 : batch,
    });
    const bodies = await webhookBodies(tx, due);
    const secrets = secretsOf(context, row, now);
    const sendings = due.map((delivery, i): WebhookSending => {
      const body = bodies[i] ?? Buffer.alloc(0);
      const headers = requestHeaders(secrets, delivery, context.now(), body);
      return { delivery, url: row.url, headers, body };
    });
    return { ordered, sendings };
  });
}

/** The head of a request. */
export function requestHeaders(
  secrets: readonly string[],
  delivery: Pick<DueDelivery, "event_id" | "event_type">,
  now: Date,
  body: Buffer,
): Record<string, string> {
  return {
    "content-type": "application/json",
    "user-agent": "MultiMail-Webhooks/1",
    ...signatureHeaders(secrets, delivery.event_id, now, body),
    "x-multimail-event": delivery.event_type,
  };
}

/** Writes what came of deliveries; false where the claim was overtaken meanwhile: then nothing is written and all is tried again. */
export async function settleWebhook(
  context: EngineContext,
  operatorId: string,
  claim: WebhookClaim,
  results: readonly WebhookResult[],
): Promise<boolean> {
  const paused = await context.database.transaction(operatorId, async (tx) => {
    const now = context.now();
    const until = new Date(now.getTime() + webhookLease);
    if (!(await holdWebhook(tx, claim, until))) return null;
    const row = await getWebhook(tx, claim.message_id, true);
    if (!row) return false;
    await settleDeliveries(
      tx,
      results.map((result) => settled(context, result)),
    );
    return standing(context, tx, row, results);
  });
  if (paused === true) {
    context.wake.service_mail();
    context.wake.sequence();
  }
  return paused !== null;
}

/** Lets a claim go: it comes due with the next delivery, or after a rest where the target answers nobody. */
export async function letWebhookGo(
  context: EngineContext,
  operatorId: string,
  claim: WebhookClaim,
): Promise<void> {
  await context.database.transaction(operatorId, async (tx) => {
    const now = context.now();
    // Held first: whoever resumes the webhook meanwhile is waited for, or waits and then finds the row gone and makes another.
    if (!(await holdWebhook(tx, claim, new Date(now.getTime() + webhookLease)))) return;
    const row = await getWebhook(tx, claim.message_id);
    if (!row || row.paused_at !== null) return dropWebhookDue(tx, claim);
    const rest = restAfter(row.failures, context.webhooks.schedule);
    const not_before = new Date(now.getTime() + rest);
    return releaseWebhook(tx, claim, { ordered: row.ordered, not_before });
  });
}

function succeeded({ answer }: WebhookResult): boolean {
  return answer.kind === "answered" && answer.status >= 200 && answer.status < 300;
}

function isGone({ answer }: WebhookResult): boolean {
  return answer.kind === "answered" && answer.status === 410;
}

/** One try as it is kept, with when it is tried again. */
function settled(context: EngineContext, result: WebhookResult): SettledDelivery {
  const { sending, answer, at, duration_ms } = result;
  const { delivery } = sending;
  const now = context.now();
  const tries = delivery.tries + 1;
  const first = delivery.first_try_at ?? at;
  const answered = answer.kind === "answered" ? answer : null;
  const next =
    succeeded(result) || isGone(result)
      ? null
      : nextTry(
          {
            tries,
            first_try_at: first.getTime(),
            now: now.getTime(),
            chance: (context.random(1)[0] ?? 0) / 256,
            retry_after: readRetryAfter(answered?.headers["retry-after"], now.getTime()),
          },
          context.webhooks.schedule,
        );
  return {
    delivery_id: delivery.delivery_id,
    status: succeeded(result) ? "delivered" : next === null ? "dead" : "pending",
    attempt: delivery.attempts + 1,
    tries,
    first_try_at: first,
    due_at: next === null ? now : new Date(next),
    at,
    duration_ms: Math.min(duration_ms, 1_000_000),
    url: sending.url,
    request_headers: sending.headers,
    response_status: answered?.status ?? null,
    response_headers: answered && keptHead(answered.headers),
    response_body: answered && keptText(answered.body),
    error: answer.kind === "answered" ? null : answer.reason.slice(0, 500),
  };
}

/** Text that the database keeps: whole characters, no NUL. */
function keptText(bytes: Buffer): string {
  const text = new TextDecoder().decode(bytes.subarray(0, maxKeptAnswer), { stream: true });
  return text.replaceAll("\0", "\u{FFFD}").toWellFormed();
}

function keptHead(headers: Record<string, string>): Record<string, string> {
  let left = maxKeptHead;
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    left -= name.length + value.length;
    if (left < 0) break;
    kept[name] = value.replaceAll("\0", "").toWellFormed();
  }
  return kept;
}

/** How it goes with the webhook: what it told us may pause it. Answers whether it was paused now. */
async function standing(
  context: EngineContext,
  tx: Tx,
  row: WebhookRow,
  results: readonly WebhookResult[],
): Promise<boolean> {
  if (results.length === 0) return false;
  const now = context.now();
  const lastSuccess = results.findLastIndex(succeeded);
  const trailing = results.length - 1 - lastSuccess;
  const anySuccess = lastSuccess >= 0;
  const failures = Math.min(anySuccess ? trailing : row.failures + trailing, 1_000_000);
  const known = {
    since: anySuccess ? null : row.failing_since,
    last_failure_at: row.last_failure_at,
  };
  const since = failures === 0 ? null : failingSince(known, now, context.webhooks.schedule);
  const change = {
    failures,
    failing_since: since,
    ...(anySuccess ? { last_success_at: now } : {}),
    ...(results.every(succeeded) ? {} : { last_failure_at: now }),
  };
  const reason = results.some(isGone)
    ? "the target answered 410 Gone"
    : since !== null && now.getTime() - since.getTime() >= context.webhooks.schedule.pause_after
      ? `nothing got through since ${since.toISOString()}`
      : null;
  if (reason === null || row.paused_at !== null) {
    await updateWebhook(tx, row.webhook_id, change);
    return false;
  }
  await updateWebhook(tx, row.webhook_id, {
    ...change,
    paused_at: now,
    paused_by: "system",
    paused_reason: reason,
    updated_at: now,
  });
  const about = { resource: row.webhook_id, mailbox_id: row.mailbox_id };
  const entry = makeEntry(context, "webhook.paused", worker, about, { reason });
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  await tellOfPause(context, tx, row, reason);
  return true;
}
