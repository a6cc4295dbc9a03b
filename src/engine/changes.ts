/** Changes that keys asked for: asking people by mail and in the dashboard, their grant or refusal, and the code that stands for it. */
import { createHmac } from "node:crypto";
import type { Approvals } from "../contract/dispatch.ts";
import type { Actor, Ask } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import {
  type ChangeRow,
  changesSince,
  getChange,
  holdChange,
  insertChange,
  lockChanges,
  openChanges,
  settleChange,
} from "../store/change-requests.ts";
import { getApiKeys } from "../store/credentials.ts";
import type { Tx } from "../store/database.ts";
import { holdLivingCodes } from "../store/one-time-codes.ts";
import { appendRecords } from "../store/records.ts";
import { mailCode, overseerAddress, quoted } from "./code-mail.ts";
import type { EngineContext } from "./context.ts";
import { codeTries, issueCode, redeemCode } from "./one-time-code.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { type EntryAuthor, makeEntry } from "./record.ts";
import { changeOf, summaryOf } from "./sensitive.ts";
import { assertFresh } from "./sign-in.ts";

const hour = 3_600_000;
/** A change waits for a person, and a grant for its use, this long in all. */
const changeLife = 24 * hour;
/** Changes that one key may ask for in an hour; the same call asked again is the same change. */
const perHour = 20;
const purpose = "change";

/** The dispatcher's way to ask people, bound to one context. */
export function approvalsOf(context: EngineContext): Approvals {
  return {
    redeem: (actor, ask, code) => redeemChange(context, actor, ask, code),
    open: (actor, ask, summary) => openChange(context, actor, ask, summary),
  };
}

/**
 * Asks people to let a call through, once: the same call asked again names the same change and mails nothing. Throws
 * `rate_limited`. What a test key asks for is never mailed; a member may still grant it.
 */
async function openChange(
  context: EngineContext,
  actor: Actor,
  ask: Ask,
  summary: string,
): ReturnType<Approvals["open"]> {
  const of = changeOf(actor, ask);
  const { row, mailed } = await context.database.transaction(actor.operator_id, async (tx) => {
    await lockChanges(tx, actor.credential_id);
    const known = await holdChange(tx, of, context.now());
    // The same words may mean more by now, since what they change has changed.
    if (known && known.summary !== summaryOf(summary)) {
      await settleChange(tx, known.change_id, { refused_by: "changed" });
      await note(context, tx, "change.refused", actor, known, { by: "changed" });
    } else if (known) {
      const codes = await livingCodes(context, tx, known.change_id);
      return { row: known, mailed: codes > 0 };
    }
    await assertNotFlooded(context, tx, actor);
    const made = {
      change_id: context.new_id(),
      ...of,
      summary: summaryOf(summary),
      created_at: context.now(),
      expires_at: new Date(context.now().getTime() + changeLife),
    };
    await insertChange(tx, made);
    const to = actor.test ? null : await overseerAddress(tx);
    if (to !== null) await mailChange(context, tx, actor, made, to);
    await note(context, tx, "change.requested", actor, made, { by: to === null ? [] : ["mail"] });
    return { row: made, mailed: to !== null };
  });
  context.wake.sequence();
  context.wake.service_mail();
  return {
    status: "approval_required",
    change_id: row.change_id,
    hint: mailed
      ? "A one-time code was mailed to the oversight address: make this call again with it as approval_code. Or a member grants the change in the dashboard: then make this call again as it is."
      : "A member can grant the change in the dashboard; then make this call again as it is.",
    expires_at: row.expires_at.toISOString(),
  };
}

async function assertNotFlooded(context: EngineContext, tx: Tx, actor: Actor): Promise<void> {
  const now = context.now().getTime();
  const recent = await changesSince(tx, actor.credential_id, new Date(now - hour));
  const [oldest] = recent;
  if (oldest && recent.length >= perHour)
    throw new Refusal(
      "rate_limited",
      "This key asked people for too many changes within an hour.",
      {
        retry_after: Math.max(1, Math.ceil((oldest.getTime() + hour - now) / 1000)),
      },
    );
}

async function mailChange(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  change: Pick<ChangeRow, "change_id" | "summary" | "operation">,
  to: string,
): Promise<void> {
  const [key] = await getApiKeys(tx, [actor.credential_id]);
  const code = await issueCode(context, tx, {
    purpose,
    subject: change.change_id,
    data: {},
    life_ms: changeLife,
    per_hour: 1,
  });
  await mailCode(context, tx, {
    to,
    code,
    subject: `An API key asks for a change: ${change.operation}`,
    paragraphs: [
      `The API key "${quoted(key?.name ?? "", 100)}" (${actor.credential_id}) asks for this, which needs a person:`,
      change.summary,
      `A member can also grant or refuse it after signing in: ${context.public_url}/changes (change ${change.change_id}).`,
    ],
  });
}

async function livingCodes(context: EngineContext, tx: Tx, changeId: string): Promise<number> {
  const of = { purpose, subject: changeId };
  return (await holdLivingCodes(tx, of, context.now(), codeTries)).length;
}

/** Takes the code for a call. After the last wrong try the change is refused: a new one has to be asked for. */
async function redeemChange(
  context: EngineContext,
  actor: Actor,
  ask: Ask,
  code: string,
): Promise<void> {
  const good = await context.database.transaction(actor.operator_id, async (tx) => {
    const change = await holdChange(tx, changeOf(actor, ask), context.now());
    if (!change) return false;
    if (change.granted_at !== null) return true;
    const before = await livingCodes(context, tx, change.change_id);
    const found = await redeemCode(context, tx, { purpose, subject: change.change_id, code });
    if (found) {
      const granted = { granted_by: "code", granted_at: context.now() };
      await settleChange(tx, change.change_id, granted);
      await note(context, tx, "change.granted", actor, change, { by: "code" });
    } else if (before > 0 && (await livingCodes(context, tx, change.change_id)) === 0) {
      await settleChange(tx, change.change_id, { refused_by: "wrong_codes" });
      await note(context, tx, "change.refused", actor, change, { by: "wrong_codes" });
    }
    return found !== null;
  });
  context.wake.sequence();
  if (!good)
    throw new Refusal("invalid_code", "This code lets nothing through here.", {
      field: "approval_code",
      hint: "It belongs to one call: the same operation, the same input, the same key. Make the call without a code to ask for one.",
    });
}

/** Changes that wait for a person, newest first: all for people, its own for a key. */
export async function findChanges(
  context: EngineContext,
  actor: Actor,
  page: PageRequest,
): Promise<Page<ChangeRow & { key_name: string | null }>> {
  return context.database.as(actor.operator_id, async (tx) => {
    const rows = await openChanges(tx, {
      requested_by: actor.kind === "person" ? null : actor.credential_id,
      now: context.now(),
      before_id: readCursor(page.cursor),
      limit: page.limit + 1,
    });
    const keys = await getApiKeys(tx, [...new Set(rows.map((row) => row.requested_by))]);
    const names = new Map(keys.map((key) => [key.key_id, key.name]));
    const named = rows.map((row) => ({ ...row, key_name: names.get(row.requested_by) ?? null }));
    return paged(named, page.limit, (row) => row.change_id);
  });
}

/**
 * Grants or refuses a change as a person: an owner or admin, to grant with a fresh sign-in. Throws `role_required`,
 * `fresh_sign_in_required`, `not_found`, or `not_pending` where it is settled or has ended.
 */
export async function decideChange(
  context: EngineContext,
  actor: Actor,
  changeId: string,
  decision: "grant" | "refuse",
): Promise<ChangeRow> {
  if (actor.kind !== "person" || (actor.role !== "owner" && actor.role !== "admin"))
    throw new Refusal("role_required", "Only an owner or admin who is signed in decides on this.");
  if (decision === "grant") assertFresh(context.now(), actor);
  const by = `person:${actor.person_id ?? ""}`;
  const settled = await context.database.transaction(actor.operator_id, async (tx) => {
    const change = await getChange(tx, changeId);
    if (!change) throw new Refusal("not_found", "There is no such change.", { field: "change_id" });
    const open =
      change.granted_at === null && change.refused_by === null && change.used_at === null;
    if (!open || change.expires_at <= context.now())
      throw new Refusal("not_pending", "This change does not wait for a person any more.");
    const granted = decision === "grant";
    await settleChange(
      tx,
      changeId,
      granted ? { granted_by: by, granted_at: context.now() } : { refused_by: by },
    );
    const type = granted ? "change.granted" : "change.refused";
    await note(context, tx, type, actor, change, { by: "person" });
    return (await getChange(tx, changeId)) ?? change;
  });
  context.wake.sequence();
  return settled;
}

/** The entry names operation and input by hash: what was asked for may speak of people. */
async function note(
  context: EngineContext,
  tx: Tx,
  type: string,
  author: EntryAuthor,
  change: Pick<ChangeRow, "change_id" | "operation" | "input_hash" | "requested_by">,
  data: Record<string, unknown>,
): Promise<void> {
  const entry = makeEntry(
    context,
    type,
    author,
    { resource: change.change_id },
    {
      operation: change.operation,
      // Keyed: the input may be little more than an address, which a plain hash would let anybody guess.
      input_hmac: createHmac("sha256", context.code_key).update(change.input_hash).digest("hex"),
      requested_by: change.requested_by,
      ...data,
    },
  );
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
}
