/** Changing an API key: its name and narrower rights at once, wider ones as a key of that width would be made. */
import { type Actor, type Scope, mayUseMailbox, scopes as allScopes } from "../core/actor.ts";
import { assertNarrower, assertScopesCompatible } from "../core/credential.ts";
import { Refusal } from "../core/refusal.ts";
import { type ApiKeyRow, getApiKey, holdApiKey, updateApiKey } from "../store/credentials.ts";
import type { Tx } from "../store/database.ts";
import { getMailboxes } from "../store/mailboxes.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { assertSamePerson, liveThing } from "./credentials.ts";
import { makeEntry } from "./record.ts";
import { passSensitive } from "./sensitive.ts";

/** What is to be another; absent members stay as they are. */
export type KeyChange = {
  name?: string | undefined;
  scopes?: readonly Scope[] | undefined;
  mailbox_ids?: readonly string[] | null | undefined;
  /** ISO 8601 in UTC, or null for none. */
  expires_at?: string | null | undefined;
};

type Rights = { scopes: Scope[]; mailbox_ids: string[] | null; expires_at: string | null };

/**
 * Changes a key; what it may do holds from the commit on, on every node. Throws `not_found` for keys that are revoked or beyond
 * the caller's mailboxes, `scopes_exclude_each_other`, `key_not_narrower`, `test_key`, and for a wider key what
 * {@link passSensitive} throws.
 */
export async function changeApiKey(
  context: EngineContext,
  actor: Actor,
  keyId: string,
  change: KeyChange,
): Promise<ApiKeyRow> {
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    const before = await holdApiKey(tx, keyId);
    const reachable =
      actor.mailbox_ids === null ||
      before?.mailbox_ids?.every((id) => mayUseMailbox(actor, id)) === true;
    // What a person agreed to with a client is revoked, never changed.
    const isGrant = before?.prefix.startsWith("mm_oat_") === true;
    if (!before || !reachable || isGrant || before.revoked_at !== null)
      throw new Refusal("not_found", "There is no such key, or it was revoked.", {
        field: "key_id",
      });
    if (actor.test && !before.test) throw liveThing("A test key changes test keys only.");
    const had = rightsOf(before);
    const has = wanted(context, had, change);
    await assertMailboxes(tx, has.mailbox_ids);
    assertScopesCompatible(has.scopes);
    const name = change.name ?? before.name;
    const changed = name !== before.name || JSON.stringify(had) !== JSON.stringify(has);
    if (!changed) return before;
    const passed = isWider(had, has)
      ? await passWidening(context, tx, actor, before, has)
      : { change: {} };
    await updateApiKey(tx, keyId, {
      name,
      scopes: has.scopes,
      mailbox_ids: has.mailbox_ids,
      expires_at: has.expires_at === null ? null : new Date(has.expires_at),
    });
    const entry = makeEntry(
      context,
      "api_key.changed",
      actor,
      { resource: keyId },
      { ...has, renamed: name !== before.name, ...passed.change },
    );
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return (await getApiKey(tx, keyId)) ?? before;
  });
  context.wake.sequence();
  return row;
}

function rightsOf(row: ApiKeyRow): Rights {
  return {
    scopes: allScopes.filter((scope) => row.scopes.includes(scope)),
    mailbox_ids: row.mailbox_ids,
    expires_at: row.expires_at?.toISOString() ?? null,
  };
}

function wanted(context: EngineContext, had: Rights, change: KeyChange): Rights {
  const { scopes, mailbox_ids, expires_at } = change;
  if (expires_at !== undefined && expires_at !== null && new Date(expires_at) <= context.now())
    throw new Refusal("validation_failed", "expires_at: lies in the past.", {
      field: "expires_at",
      hint: "To end a key now, revoke it.",
    });
  return {
    scopes: scopes ? allScopes.filter((scope) => scopes.includes(scope)) : had.scopes,
    mailbox_ids: mailbox_ids === undefined ? had.mailbox_ids : mailbox_ids && [...mailbox_ids],
    expires_at: expires_at === undefined ? had.expires_at : expires_at,
  };
}

function isWider(had: Rights, has: Rights): boolean {
  const { mailbox_ids: bound } = had;
  return (
    has.scopes.some((scope) => !had.scopes.includes(scope)) ||
    (bound !== null && (has.mailbox_ids?.some((id) => !bound.includes(id)) ?? true)) ||
    (had.expires_at !== null && (has.expires_at === null || has.expires_at > had.expires_at))
  );
}

/** A key that becomes wider is as good as a new one: the same rules say who may make it. */
async function passWidening(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  key: ApiKeyRow,
  has: Rights,
): Promise<{ change: { change?: string } }> {
  const maker = actor.kind === "person" ? null : await getApiKey(tx, actor.credential_id);
  assertNarrower(actor, maker?.expires_at?.toISOString() ?? null, { ...has, test: key.test });
  assertSamePerson(actor, has.scopes, key.person_id);
  const where =
    has.mailbox_ids === null ? "every mailbox" : `the mailboxes ${has.mailbox_ids.join(", ")}`;
  const end = has.expires_at === null ? "without end" : `until ${has.expires_at}`;
  return passSensitive(context, tx, actor, {
    summary: `Widen the ${key.test ? "test" : "live"} key ${key.key_id} ("${key.name}"), which has the scopes ${key.scopes.join(", ")}, to the scopes ${has.scopes.join(", ")} for ${where}, ${end}.`,
    message: "Only an owner or admin can widen keys.",
  });
}

async function assertMailboxes(tx: Tx, ids: readonly string[] | null): Promise<void> {
  if (ids !== null && (await getMailboxes(tx, ids)).length < new Set(ids).size)
    throw new Refusal("not_found", "mailbox_ids: one of them does not exist.", {
      field: "mailbox_ids",
    });
}
