/** API keys: who is behind one, making narrower ones, revoking. */
import type { Authenticate } from "../contract/sign-in.ts";
import { type Actor, type Scope, scopes as allScopes, mayUseMailbox } from "../core/actor.ts";
import { assertNarrower } from "../core/credential.ts";
import { Refusal } from "../core/refusal.ts";
import { batcher } from "../store/batcher.ts";
import {
  type ApiKeyRow,
  findApiKeys,
  getApiKey,
  insertApiKey,
  revokeApiKey,
  touchApiKeys,
} from "../store/credentials.ts";
import { getMailboxes } from "../store/mailboxes.ts";
import { type FoundToken, findAccessTokens } from "../store/oauth.ts";
import { holdPerson } from "../store/people.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { actorOfToken, isAccessToken } from "./oauth-tokens.ts";
import { makeEntry } from "./record.ts";
import { passSensitive } from "./sensitive.ts";
import { hashToken, newToken } from "./tokens.ts";

const keyForm = /^mm_(live|test)_[A-Za-z0-9_-]{43}$/;

/** The actor of a stored key. */
function actorOf(row: ApiKeyRow): Actor {
  return {
    kind: "api_key",
    operator_id: row.operator_id,
    credential_id: row.key_id,
    person_id: row.person_id,
    role: null,
    scopes: allScopes.filter((scope) => row.scopes.includes(scope)),
    mailbox_ids: row.mailbox_ids,
    test: row.test,
    signed_in_at: null,
  };
}

/**
 * Finds who is behind a key; null when it is malformed, unknown, revoked or expired. The database is asked
 * every time, so a revoked key stops at once on every node; concurrent look-ups share one statement.
 */
export function createAuthenticate(context: EngineContext): Authenticate {
  const touched = new Map<string, number>();
  const find = batcher<Buffer, ApiKeyRow | null>({
    max_items: 256,
    max_in_flight: 2,
    async serve(hashes) {
      const rows = await findApiKeys(context.database, hashes);
      const byHash = new Map(rows.map((row) => [row.token_hash.toString("hex"), row]));
      return hashes.map((hash) => byHash.get(hash.toString("hex")) ?? null);
    },
  });
  const findToken = batcher<Buffer, FoundToken | null>({
    max_items: 256,
    max_in_flight: 2,
    async serve(hashes) {
      const rows = await findAccessTokens(context.database, hashes);
      const byHash = new Map(rows.map((row) => [row.found_hash.toString("hex"), row]));
      return hashes.map((hash) => byHash.get(hash.toString("hex")) ?? null);
    },
  });
  const touch = (keyId: string, now: Date): void => {
    if ((touched.get(keyId) ?? 0) >= now.getTime() - 60_000) return;
    touched.set(keyId, now.getTime());
    touchApiKeys(context.database, [keyId], now).catch((error: unknown) =>
      context.log.warn({ error: String(error) }, "last use of a key was not noted"),
    );
  };
  return async (credential, door) => {
    const now = context.now();
    if (door !== undefined && isAccessToken(credential)) {
      const at = { audience: door, public_url: context.public_url };
      const actor = actorOfToken(await findToken(hashToken(credential)), now, at);
      if (actor) touch(actor.credential_id, now);
      return actor;
    }
    if (!keyForm.test(credential)) return null;
    const row = await find(hashToken(credential));
    if (!row || row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= now))
      return null;
    touch(row.key_id, now);
    return actorOf(row);
  };
}

/** What a key is asked to be. */
export type NewApiKey = {
  name: string;
  scopes: readonly Scope[];
  mailbox_ids: readonly string[] | null;
  test: boolean;
  person_id: string | null;
  expires_at: string | null;
};

/**
 * Who wrote and who decided are told apart by the person behind a key. So a key makes keys of its own person only: it
 * could otherwise put mail into somebody's name, who then may not decide on it. And a key of nobody makes none that
 * decide: one party could otherwise be several approvers, or author and approver.
 */
export function assertSamePerson(
  maker: Actor,
  scopes: readonly Scope[],
  personId: string | null,
): void {
  if (maker.kind !== "api_key") return;
  const hint = "A member can create such a key in the dashboard.";
  if (maker.person_id === null && scopes.includes("oversight"))
    throw new Refusal(
      "key_not_narrower",
      "This key stands for no person and cannot create keys that decide.",
      {
        field: "scopes",
        hint,
      },
    );
  if (personId !== maker.person_id)
    throw new Refusal(
      "key_not_narrower",
      maker.person_id === null
        ? "This key stands for no person and cannot create keys that do."
        : "This key stands for a person and creates keys of that person only.",
      { field: "person_id", hint },
    );
}

/** What a test key is told that would change something of live keys. */
export function liveThing(message: string): Refusal {
  return new Refusal("test_key", message, { hint: "Use a live key for this." });
}

/** What a person is asked who lets a key make another. */
function summaryOf(wanted: NewApiKey, personId: string | null): string {
  const { name, scopes, mailbox_ids, test, expires_at } = wanted;
  const where = mailbox_ids === null ? "every mailbox" : `the mailboxes ${mailbox_ids.join(", ")}`;
  const person = personId === null ? "" : ` It would stand for the person ${personId}.`;
  const end = expires_at === null ? "without end" : `until ${expires_at}`;
  return `Create a ${test ? "test" : "live"} key with the scopes ${scopes.join(", ")} for ${where}, ${end}.${person} It would be called "${name}".`;
}

/** Makes a key; the secret is in the answer and nowhere else. For a key it is a sensitive change. */
export async function createApiKey(
  context: EngineContext,
  actor: Actor,
  wanted: NewApiKey,
): Promise<{ row: ApiKeyRow; secret: string }> {
  const personId = wanted.person_id ?? (actor.kind === "api_key" ? actor.person_id : null);
  const made = await context.database.transaction(actor.operator_id, async (tx) => {
    const maker = actor.kind === "api_key" ? await getApiKey(tx, actor.credential_id) : null;
    assertNarrower(actor, maker?.expires_at?.toISOString() ?? null, wanted);
    assertSamePerson(actor, wanted.scopes, personId);
    if (wanted.expires_at !== null && new Date(wanted.expires_at) <= context.now())
      throw new Refusal("validation_failed", "expires_at: lies in the past.", {
        field: "expires_at",
      });
    if (wanted.mailbox_ids !== null) {
      const found = await getMailboxes(tx, [...wanted.mailbox_ids]);
      if (found.length < new Set(wanted.mailbox_ids).size)
        throw new Refusal("not_found", "mailbox_ids: one of them does not exist.", {
          field: "mailbox_ids",
        });
    }
    if (personId !== null && (await holdPerson(tx, personId)) === null)
      throw new Refusal("not_found", "person_id: there is no such person.", { field: "person_id" });
    const { change } = await passSensitive(context, tx, actor, {
      summary: summaryOf(wanted, personId),
      message: "Only an owner or admin can create keys.",
    });
    const id = context.new_id();
    const { token, hash, shown } = newToken(wanted.test ? "mm_test_" : "mm_live_", context.random);
    await insertApiKey(tx, {
      key_id: id,
      name: wanted.name,
      token_hash: hash,
      prefix: shown,
      scopes: [...wanted.scopes],
      mailbox_ids: wanted.mailbox_ids === null ? null : [...wanted.mailbox_ids],
      test: wanted.test,
      person_id: personId,
      created_by: actor.credential_id,
      created_at: context.now(),
      expires_at: wanted.expires_at,
      revoked_at: null,
      last_used_at: null,
    });
    const entry = makeEntry(
      context,
      "api_key.created",
      actor,
      { resource: id },
      {
        scopes: [...wanted.scopes],
        mailbox_ids: wanted.mailbox_ids,
        test: wanted.test,
        person_id: personId,
        expires_at: wanted.expires_at,
        ...change,
      },
    );
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    const row = await getApiKey(tx, id);
    if (!row) throw new Error("a key vanished in its own transaction");
    return { row, secret: token };
  });
  context.wake.sequence();
  return made;
}

/** Revokes a key at once. Revoking twice is no error; an unknown key is `not_found`. */
export async function revoke(
  context: EngineContext,
  actor: Actor,
  keyId: string,
): Promise<ApiKeyRow> {
  const revoked = await context.database.transaction(actor.operator_id, async (tx) => {
    const row = await getApiKey(tx, keyId);
    // A key that is bound to mailboxes ends only keys that are bound within them.
    const reachable =
      actor.mailbox_ids === null ||
      row?.mailbox_ids?.every((id) => mayUseMailbox(actor, id)) === true;
    if (!row || !reachable)
      throw new Refusal("not_found", "There is no such key.", { field: "key_id" });
    if (actor.test && !row.test) throw liveThing("A test key ends test keys only.");
    if (await revokeApiKey(tx, keyId, context.now()))
      await appendRecords(tx, {
        entries: [makeEntry(context, "api_key.revoked", actor, { resource: keyId }, {}).row],
        openings: [],
        events: [],
      });
    return (await getApiKey(tx, keyId)) ?? row;
  });
  context.wake.sequence();
  return revoked;
}
