/** Webhook subscriptions: made, changed, rotated, tested and taken away. What tells a new place of mail is a person's to allow. */
import { createHash, timingSafeEqual } from "node:crypto";
import { type Actor, mayUseMailbox, principal } from "../core/actor.ts";
import { testEvent } from "../core/event-types.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { deleteDue } from "../store/due.ts";
import { getMailbox, updateMailbox } from "../store/mailboxes.ts";
import { appendRecords } from "../store/records.ts";
import { hastenDeliveries } from "../store/webhook-deliveries.ts";
import { insertDeliveries, wakeWebhooks } from "../store/webhook-queue.ts";
import {
  type WebhookChange as RowChange,
  type WebhookRow,
  countWebhooks,
  deleteWebhook,
  getWebhook,
  insertWebhook,
  listWebhooks,
  updateWebhook,
} from "../store/webhooks.ts";
import { targetFault } from "../web/target.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { makeEntry, makeEvent } from "./record.ts";
import { passSensitive } from "./sensitive.ts";
import { newSecret, openSecret, sealSecret, shownSecret } from "./webhook-signature.ts";

export type { WebhookRow } from "../store/webhooks.ts";

/** Subscriptions of an operator: each event is compared with all of them. */
export const maxWebhooks = 100;

/** How long the secret before signs too after a rotation, in milliseconds. */
export const secretOverlap = 24 * 3_600_000;

/** A subscription as it is asked for. */
export type WantedWebhook = {
  url: string;
  /** In the spelling in which they are to be told. */
  events: readonly string[];
  mailbox_id: string | null;
  description: string | null;
  ordered: boolean;
  /** The caller's own; one is made where it is null. */
  secret: string | null;
};

/** Throws `validation_failed` for a URL that would never be called. */
export function assertTarget(
  context: Pick<EngineContext, "webhooks">,
  url: string,
  field: string,
): void {
  const fault = targetFault(url, context.webhooks.targets);
  if (fault !== null)
    throw new Refusal("validation_failed", `${field}: ${fault}.`, {
      field,
      hint: "Webhooks are called at public https addresses; whoever runs the instance can allow others with MULTIMAIL_PRIVATE_WEBHOOKS.",
    });
}

/**
 * Makes a subscription; the secret is in the answer and nowhere else. Sensitive for keys. Throws `validation_failed`, `not_found`,
 * `scope_required`, `quota_exceeded`, `test_key`, and what {@link passSensitive} throws.
 */
export async function createWebhook(
  context: EngineContext,
  actor: Actor,
  wanted: WantedWebhook,
): Promise<{ row: WebhookRow; signing_secret: string }> {
  assertTarget(context, wanted.url, "url");
  const made = await context.database.transaction(actor.operator_id, async (tx) => {
    const mailbox_id = boundTo(actor, wanted.mailbox_id);
    const place = await placeOf(tx, actor, mailbox_id);
    if (actor.test) throw liveThing("A test key makes no webhooks: nothing of it leaves.");
    if ((await countWebhooks(tx)) >= maxWebhooks)
      throw new Refusal("quota_exceeded", `At most ${maxWebhooks} webhooks stand at a time.`, {
        hint: "Delete one that is not needed any more.",
      });
    const { change } = await passSensitive(context, tx, actor, {
      summary: `Create a webhook: ${sentence(wanted.events, place, wanted.url)}.`,
      message: "Only an owner or admin can create webhooks.",
      field: "url",
    });
    const { secret, row } = newRow(context, tx.operator_id, actor, { ...wanted, mailbox_id });
    await insertWebhook(tx, row);
    await record(context, tx, actor, "webhook.created", row, { ...told(row), ...change });
    return { row: await reread(tx, row.webhook_id), signing_secret: shownSecret(secret) };
  });
  context.wake.sequence();
  return made;
}

/** A row that is not stored yet, with its secret in the open. */
export function newRow(
  context: EngineContext,
  operatorId: string,
  actor: Actor,
  wanted: WantedWebhook & { origin?: WebhookRow["origin"] },
) {
  const secret = wanted.secret ?? newSecret(context.random);
  const webhook_id = context.new_id();
  const where = { operator_id: operatorId, webhook_id };
  const row = {
    webhook_id,
    origin: wanted.origin ?? ("api" as const),
    mailbox_id: wanted.mailbox_id,
    url: wanted.url,
    description: wanted.description,
    events: [...new Set(wanted.events)],
    ordered: wanted.ordered,
    sealed_secret: sealSecret(context.webhooks.key, where, secret, context.random),
    created_by: principal(actor),
    created_at: context.now(),
  };
  return { secret, row };
}

/** What a person reads who lets a webhook be made. */
function sentence(events: readonly string[], place: string | null, url: string): string {
  return `tell ${url} of ${events.join(", ")} of ${place ?? "every mailbox"}, with the text of messages`;
}

/** What may be changed; what is left out stays. */
export type WebhookChange = {
  url?: string | undefined;
  events?: readonly string[] | undefined;
  mailbox_id?: string | null | undefined;
  description?: string | null | undefined;
  ordered?: boolean | undefined;
  paused?: boolean | undefined;
};

/**
 * Changes a subscription. Another URL, other events and another mailbox are as sensitive as a new one. Pausing keeps what happens for
 * later; resuming sends it. Throws as {@link createWebhook}, and `not_editable` for what belongs to a mailbox's own URL.
 */
export async function changeWebhook(
  context: EngineContext,
  actor: Actor,
  webhookId: string,
  change: WebhookChange,
): Promise<WebhookRow> {
  const changed = await context.database.transaction(actor.operator_id, async (tx) => {
    const row = await held(tx, actor, webhookId);
    const now = context.now();
    const wanted = differences(row, change);
    if (wanted.url !== undefined) assertTarget(context, wanted.url, "url");
    const redirects = "url" in wanted || "events" in wanted || "mailbox_id" in wanted;
    if (redirects && row.origin !== "api")
      throw new Refusal("not_editable", "This webhook is the URL of a mailbox.", {
        hint: "Change webhook_url or oversight_webhook_url of the mailbox with update_mailbox.",
      });
    const after = { ...row, ...wanted };
    const place = await placeOf(tx, actor, after.mailbox_id);
    const silences = row.origin === "oversight" && change.paused === true && row.paused_at === null;
    const passed = redirects
      ? await passSensitive(context, tx, actor, {
          summary: `Change the webhook ${webhookId} (${row.url}): ${sentence(after.events, place, after.url)}.`,
          message: "Only an owner or admin can change where webhooks go.",
          field: "url",
        })
      : silences
        ? await passSilence(context, tx, actor, row, "Pause")
        : null;
    const moved = pausing(row, change.paused, principal(actor), now);
    if (Object.keys(wanted).length === 0 && Object.keys(moved).length === 0) return row;
    await updateWebhook(tx, webhookId, { ...wanted, ...moved, updated_at: now });
    if (row.paused_at !== null && change.paused === false) {
      await hastenDeliveries(tx, webhookId, now);
      await wakeWebhooks(tx, [webhookId], now);
    }
    await record(context, tx, actor, "webhook.changed", after, {
      ...told(after),
      ...("paused_at" in moved ? { paused: moved.paused_at !== null } : {}),
      ...passed?.change,
    });
    return reread(tx, webhookId);
  });
  context.wake.sequence();
  return changed;
}

function differences(row: WebhookRow, change: WebhookChange): RowChange {
  const { url, mailbox_id, description, ordered } = change;
  const events = change.events && [...new Set(change.events)];
  return {
    ...(url === undefined || url === row.url ? {} : { url }),
    ...(events === undefined || events.join() === row.events.join() ? {} : { events }),
    ...(mailbox_id === undefined || mailbox_id === row.mailbox_id ? {} : { mailbox_id }),
    ...(description === undefined || description === row.description ? {} : { description }),
    ...(ordered === undefined || ordered === row.ordered ? {} : { ordered }),
  };
}

/** What pausing and resuming write; whoever resumes gives the target another five days. */
function pausing(row: WebhookRow, paused: boolean | undefined, by: string, now: Date): RowChange {
  if (paused === undefined || paused === (row.paused_at !== null)) return {};
  return paused
    ? { paused_at: now, paused_by: by, paused_reason: "paused by hand" }
    : {
        paused_at: null,
        paused_by: null,
        paused_reason: null,
        failing_since: null,
        failures: 0,
      };
}

/** Has a person let through that overseers of a mailbox are told no longer. */
function passSilence(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  row: WebhookRow,
  act: "Delete" | "Pause",
): ReturnType<typeof passSensitive> {
  return passSensitive(context, tx, actor, {
    summary: `${act} the oversight webhook of the mailbox ${row.mailbox_id ?? ""}: ${row.url} is no longer told of mail that waits.`,
    message: "Only an owner or admin can silence oversight.",
    ...(act === "Pause" ? { field: "paused" } : {}),
  });
}

/** Takes a subscription away with all that waits for it. Throws `not_found`, `test_key`; for a mailbox's own URL {@link passSensitive}. */
export async function removeWebhook(
  context: EngineContext,
  actor: Actor,
  webhookId: string,
): Promise<WebhookRow> {
  const gone = await context.database.transaction(actor.operator_id, async (tx) => {
    const row = await held(tx, actor, webhookId);
    const now = context.now();
    const passed =
      row.origin === "oversight" ? await passSilence(context, tx, actor, row, "Delete") : null;
    if (row.mailbox_id !== null && row.origin !== "api")
      await updateMailbox(tx, row.mailbox_id, {
        [row.origin === "mailbox" ? "webhook_url" : "oversight_webhook_url"]: null,
        updated_at: now,
      });
    await forget(context, tx, actor, row, passed?.change);
    return row;
  });
  context.wake.sequence();
  return gone;
}

/** Deletes a subscription, its deliveries and its place in the queue, with an entry. */
export async function forget(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  row: WebhookRow,
  more: object = {},
): Promise<void> {
  await deleteDue(tx, "webhook", [row.webhook_id]);
  await deleteWebhook(tx, row.webhook_id);
  await record(context, tx, actor, "webhook.deleted", row, { ...more });
}

/** Two secrets compared in the same time wherever they differ: the second may be a caller's guess. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Makes another secret. The one before signs too for {@link secretOverlap}. Throws `not_found`, `test_key`. */
export async function rotateWebhook(
  context: EngineContext,
  actor: Actor,
  webhookId: string,
  secret: string | null,
): Promise<{ row: WebhookRow; signing_secret: string }> {
  const rotated = await context.database.transaction(actor.operator_id, async (tx) => {
    const row = await held(tx, actor, webhookId);
    const fresh = secret ?? newSecret(context.random);
    const now = context.now();
    const { key } = context.webhooks;
    // The same again rotates nothing: a call that is repeated must not push the old secret out.
    if (!isSame(openSecret(key, row, row.sealed_secret), fresh)) {
      await updateWebhook(tx, webhookId, {
        sealed_secret: sealSecret(key, row, fresh, context.random),
        old_secret: row.sealed_secret,
        old_until: new Date(now.getTime() + secretOverlap),
        updated_at: now,
      });
      await record(context, tx, actor, "webhook.secret_rotated", row, {});
    }
    return { row: await reread(tx, webhookId), signing_secret: shownSecret(fresh) };
  });
  context.wake.sequence();
  return rotated;
}

/** Queues an event `webhook.test` for one subscription. Throws `not_found`, `test_key`, `not_editable` while it is paused. */
export async function testWebhook(
  context: EngineContext,
  actor: Actor,
  webhookId: string,
): Promise<{ delivery_id: string; event_id: string }> {
  const made = await context.database.transaction(actor.operator_id, async (tx) => {
    const row = await held(tx, actor, webhookId);
    if (row.paused_at !== null)
      throw new Refusal("not_editable", "The webhook is paused.", {
        hint: "Resume it first: PATCH it with paused false.",
      });
    const place = { mailbox_id: row.mailbox_id, message_id: null, thread_id: null };
    const event = makeEvent(context, testEvent, place, {
      webhook_id: webhookId,
      text: "This is a test of your webhook.",
    });
    const entry = makeEntry(
      context,
      "webhook.tested",
      actor,
      { resource: webhookId, mailbox_id: row.mailbox_id },
      {},
    );
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [event] });
    const delivery_id = context.new_id();
    const { event_id } = event;
    const { mailbox_id } = row;
    const delivery = { delivery_id, webhook_id: webhookId, event_id, event_type: testEvent };
    await insertDeliveries(
      tx,
      [{ ...delivery, position: 0, mailbox_id, thread_id: null }],
      context.now(),
    );
    await wakeWebhooks(tx, [webhookId], context.now());
    return { delivery_id, event_id };
  });
  context.wake.sequence();
  return made;
}

/** A page of subscriptions that the actor may see; those behind mailboxes' own URLs too. */
export async function findWebhooks(
  context: EngineContext,
  actor: Actor,
  mailboxId: string | undefined,
  page: PageRequest,
): Promise<Page<WebhookRow>> {
  const after_id = readCursor(page.cursor);
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listWebhooks(tx, {
      mailbox_ids: mailboxId === undefined ? actor.mailbox_ids : [mailboxId],
      after_id,
      limit: page.limit + 1,
    }),
  );
  return paged(rows, page.limit, (row) => row.webhook_id);
}

/** One subscription; throws `not_found`. */
export async function oneWebhook(
  context: EngineContext,
  actor: Actor,
  webhookId: string,
): Promise<WebhookRow> {
  const row = await context.database.as(actor.operator_id, (tx) => getWebhook(tx, webhookId));
  return visible(actor, row);
}

function visible(actor: Actor, row: WebhookRow | null): WebhookRow {
  const seen =
    row &&
    (actor.mailbox_ids === null ||
      (row.mailbox_id !== null && mayUseMailbox(actor, row.mailbox_id)));
  if (!seen) throw new Refusal("not_found", "There is no such webhook.", { field: "webhook_id" });
  return row;
}

/** A subscription about to be changed: locked, and the actor's to change. */
export async function held(tx: Tx, actor: Actor, webhookId: string): Promise<WebhookRow> {
  const row = visible(actor, await getWebhook(tx, webhookId, true));
  if (actor.test) throw liveThing("A test key changes no webhooks: they tell of live mail.");
  return row;
}

/** A key that is bound to one mailbox means that one; bound to several it must say which. */
function boundTo(actor: Actor, mailboxId: string | null): string | null {
  if (mailboxId !== null || actor.mailbox_ids === null) return mailboxId;
  const [only, ...others] = actor.mailbox_ids;
  return others.length === 0 ? (only ?? null) : null;
}

/** The address of the mailbox that is told of; null for all, which a key bound to some may not ask for. */
async function placeOf(tx: Tx, actor: Actor, mailboxId: string | null): Promise<string | null> {
  if (mailboxId === null) {
    if (actor.mailbox_ids === null) return null;
    throw new Refusal("scope_required", "A key bound to mailboxes makes webhooks for those only.", {
      hint: "Name one of its mailboxes in mailbox_id.",
    });
  }
  const mailbox = await getMailbox(tx, mailboxId);
  if (!mailbox || !mayUseMailbox(actor, mailboxId))
    throw new Refusal("not_found", "There is no such mailbox.", { field: "mailbox_id" });
  return mailbox.address;
}

async function reread(tx: Tx, webhookId: string): Promise<WebhookRow> {
  const row = await getWebhook(tx, webhookId);
  if (!row) throw new Error("a webhook vanished in its own transaction");
  return row;
}

/** What the log says of it: the path of a URL may be a secret, its host is not. */
export function told(row: Pick<WebhookRow, "url" | "events" | "mailbox_id" | "ordered">) {
  return { host: URL.parse(row.url)?.host ?? "", events: row.events, ordered: row.ordered };
}

async function record(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  type: string,
  row: Pick<WebhookRow, "webhook_id" | "mailbox_id">,
  data: Record<string, unknown>,
): Promise<void> {
  const about = { resource: row.webhook_id, mailbox_id: row.mailbox_id };
  const entry = makeEntry(context, type, actor, about, data);
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
}
