/** Retention: how long mail must be kept, and the age at which it is erased. */
import { type Actor, principal } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import {
  type RetainedKind,
  type RetentionRule,
  type RetentionRules,
  retainedKinds,
} from "../core/compliance.ts";
import type { Tx } from "../store/database.ts";
import { retryErasures } from "../store/erasures.ts";
import { heldAmong } from "../store/legal-holds.ts";
import { loadMessages } from "../store/messages.ts";
import { holdOperator, shareOperator } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import {
  type AgedMessage,
  type RetentionRow,
  agedMessages,
  insertRetention,
  operatorsWithRetention,
  retentionVersions,
} from "../store/retention.ts";
import { assertWholeOperator } from "./compliance-rules.ts";
import type { EngineContext } from "./context.ts";
import { eraseLoaded, isErasable } from "./erase-messages.ts";
import type { OperatorRounds } from "./operator-rounds.ts";
import { makeEntry } from "./record.ts";
import { passSensitive } from "./sensitive.ts";

const day = 86_400_000;

/** Nothing must be kept, and nothing goes by age. */
export const noRetention: RetentionRules = {
  outbound: { keep_days: 0, delete_after_days: null },
  inbound: { keep_days: 0, delete_after_days: null },
  spam: { keep_days: 0, delete_after_days: null },
};

/** The rules as they stand. */
export type Retention = {
  rules: RetentionRules;
  version: number;
  updated_by: string | null;
  updated_at: Date | null;
};

/** The rules that stand. Throws `scope_required`, `test_key`. */
export async function readRetention(context: EngineContext, actor: Actor): Promise<Retention> {
  assertWholeOperator(actor);
  return standing(await context.database.as(actor.operator_id, retentionVersions));
}

function standing(versions: readonly RetentionRow[]): Retention {
  const [newest] = versions;
  return {
    rules: newest?.rules ?? noRetention,
    version: newest?.version ?? 0,
    updated_by: newest?.created_by ?? null,
    updated_at: newest?.created_at ?? null,
  };
}

/**
 * Replaces the rules of the kinds that are given. A person needs a fresh sign-in; for a key it is a sensitive change. What had to be
 * kept while the old rules stood is still kept as long: {@link keptUntil}. Throws `validation_failed`, `scope_required`,
 * `test_key`, and what {@link passSensitive} throws.
 */
export async function changeRetention(
  context: EngineContext,
  actor: Actor,
  change: Partial<RetentionRules>,
): Promise<Retention> {
  assertWholeOperator(actor);
  const after = await context.database.transaction(actor.operator_id, async (tx) => {
    await holdOperator(tx);
    const before = standing(await retentionVersions(tx));
    const rules = { ...before.rules, ...change };
    for (const kind of retainedKinds) assertRule(kind, rules[kind]);
    const moved = retainedKinds.flatMap((kind) => movesOf(kind, before.rules[kind], rules[kind]));
    if (moved.length === 0) return before;
    const { change: passed } = await passSensitive(context, tx, actor, {
      summary: `Change how long mail is kept: ${moved.map(({ words }) => words).join("; ")}.`,
      message: "Only an owner or admin can change how long mail is kept.",
    });
    const version = before.version + 1;
    const at = context.now();
    await insertRetention(tx, { version, rules, created_by: principal(actor), created_at: at });
    await retryErasures(tx, "retained", at);
    const entry = makeEntry(
      context,
      "retention.changed",
      actor,
      { resource: tx.operator_id },
      {
        version,
        rules,
        loosens: moved.filter(({ loosens }) => loosens).map(({ what }) => what),
        tightens: moved.filter(({ loosens }) => !loosens).map(({ what }) => what),
        ...passed,
      },
    );
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return { rules, version, updated_by: principal(actor), updated_at: at };
  });
  context.wake.sequence();
  return after;
}

function assertRule(kind: RetainedKind, rule: RetentionRule): void {
  if (rule.delete_after_days !== null && rule.delete_after_days < rule.keep_days)
    throw new Refusal(
      "validation_failed",
      `${kind}: mail that must be kept for ${rule.keep_days} days is not erased after ${rule.delete_after_days}.`,
      { field: `${kind}.delete_after_days` },
    );
}

/** What a change of one rule does. To keep less surely, or to keep longer than before, loosens. */
function movesOf(
  kind: RetainedKind,
  before: RetentionRule,
  after: RetentionRule,
): { what: string; words: string; loosens: boolean }[] {
  const moves = [];
  const age = (days: number | null): string => (days === null ? "never" : `after ${days} days`);
  if (after.keep_days !== before.keep_days)
    moves.push({
      what: `${kind}.keep_days`,
      words: `${kind} must be kept for ${after.keep_days} days instead of ${before.keep_days}`,
      loosens: after.keep_days < before.keep_days,
    });
  if (after.delete_after_days !== before.delete_after_days)
    moves.push({
      what: `${kind}.delete_after_days`,
      words: `${kind} is erased ${age(after.delete_after_days)} instead of ${age(before.delete_after_days)}`,
      loosens: (after.delete_after_days ?? Infinity) > (before.delete_after_days ?? Infinity),
    });
  return moves;
}

/** The kind whose rules hold for a message. */
export function kindOf({
  direction,
  status,
}: Pick<AgedMessage, "direction" | "status">): RetainedKind {
  if (direction === "outbound") return "outbound";
  return status === "spam_flagged" || status === "spam_quarantined" ? "spam" : "inbound";
}

/** What a message's kinds are told by. */
type Kept = Pick<AgedMessage, "direction" | "status" | "user_label" | "screening">;

/**
 * Until when a message must be kept, by every version of the rules that stood while it was there: the time only grows. What has
 * been both spam and ordinary mail is kept as long as either kind asks for, so that no call cuts its time short.
 */
export function keptUntil(
  versions: readonly Pick<RetentionRow, "rules" | "created_at">[],
  message: Kept & Pick<AgedMessage, "created_at">,
): Date {
  const kinds = kindsOf(message);
  let days = 0;
  for (const { rules, created_at } of versions) {
    days = Math.max(days, ...kinds.map((kind) => rules[kind].keep_days));
    // Older versions were replaced before the message was made.
    if (created_at <= message.created_at) break;
  }
  return new Date(message.created_at.getTime() + days * day);
}

/**
 * Every kind that a message may have been of. It moves where somebody says what it is, which labels it, or releases what screening
 * set aside, which its verdict tells.
 */
function kindsOf(message: Kept): RetainedKind[] {
  const kind = kindOf(message);
  if (kind === "outbound") return [kind];
  const suspect = ["spam", "review"].includes(String(message.screening?.["verdict"]));
  const moved = message.user_label !== null || (kind === "inbound" && suspect);
  return moved ? ["inbound", "spam"] : [kind];
}

/** Messages looked at in one transaction. */
const batch = 100;

/** Where a process goes on looking, by operator; all over again when it has come to the end. */
export type RetentionCursors = Map<string, string>;

/**
 * Erases a batch of mail that is past its age, of each operator whose rules say so. What is under a hold stays, and what is not at
 * its end yet. Answers whether there may be more.
 */
export async function applyRetention(
  context: EngineContext,
  cursors: RetentionCursors,
  eachOperator: OperatorRounds,
): Promise<boolean> {
  let more = false;
  await eachOperator(await operatorsWithRetention(context.database), async (operatorId) => {
    const last = await context.database.transaction(operatorId, (tx) =>
      eraseAged(context, tx, cursors.get(operatorId) ?? ""),
    );
    if (last === null) cursors.delete(operatorId);
    else cursors.set(operatorId, last);
    more ||= last !== null;
  });
  if (more) context.wake.sequence();
  return more;
}

async function eraseAged(context: EngineContext, tx: Tx, afterId: string): Promise<string | null> {
  await shareOperator(tx);
  const versions = await retentionVersions(tx);
  const { rules } = standing(versions);
  const now = context.now().getTime();
  const ages = retainedKinds.flatMap((kind) => rules[kind].delete_after_days ?? []);
  if (ages.length === 0) return null;
  const before = new Date(now - Math.min(...ages) * day);
  const found = await agedMessages(tx, { before, after_id: afterId, limit: batch });
  const due = found.filter((message) => {
    const days = rules[kindOf(message)].delete_after_days;
    return (
      days !== null &&
      message.created_at.getTime() + days * day <= now &&
      keptUntil(versions, message).getTime() <= now &&
      isErasable(message)
    );
  });
  const ids = due.map((message) => message.message_id);
  const held = await heldAmong(tx, ids);
  const loaded = await loadMessages(
    tx,
    ids.filter((id) => !held.has(id)),
    true,
  );
  const erasing = { because: "retention", erasure_id: null, subject: null } as const;
  await eraseLoaded(
    context,
    tx,
    loaded.filter(({ row }) => isErasable(row) && row.erased_at === null),
    erasing,
  );
  return found.length < batch ? null : (found.at(-1)?.message_id ?? null);
}
