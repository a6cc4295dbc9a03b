/** OAuth grants: a person lets a program in, sees what they let in, and ends it. */
import type { Consent } from "../contract/oauth.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { delegable } from "../oauth/access.ts";
import { insertApiKey, revokeApiKey } from "../store/credentials.ts";
import type { Tx } from "../store/database.ts";
import { getMailboxes } from "../store/mailboxes.ts";
import {
  type GrantView,
  deleteTokens,
  holdGrant,
  insertGrant,
  listGrants,
  livingGrantsOf,
  noteClientUsed,
} from "../store/oauth.ts";
import { type PersonRow, holdPerson } from "../store/people.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { assertFresh, assertPerson } from "./person-rules.ts";
import { type EntryAuthor, makeEntry } from "./record.ts";
import { newToken } from "./tokens.ts";

/** A code is exchanged at once, or by somebody who read it off a page. */
const codeLife = 5 * 60_000;
/** However much it is used, a grant ends: who still wants it says so again. */
const grantLife = 365 * 24 * 3_600_000;

/** Grants whose tokens nobody can have; they are keys by everything but the secret. */
const grantPrefix = "mm_oat_";

/**
 * Keeps a grant and answers the code for it. The person must have proved who they are a moment ago (`fresh_sign_in_required`), and
 * their role must give what is asked (`role_required`). What a program writes is the program's; what it decides is the person's.
 */
export async function consent(
  context: EngineContext,
  actor: Actor,
  given: Consent,
): Promise<string> {
  const personId = assertPerson(actor);
  assertFresh(context.now(), actor);
  const scopes = [...new Set(given.scopes)];
  if (scopes.includes("oversight") && (scopes.includes("send") || scopes.includes("draft")))
    throw new Refusal("scopes_exclude_each_other", "No program both writes mail and decides.", {
      field: "scopes",
    });
  const code = newToken("mm_oac_", context.random);
  await context.database.transaction(actor.operator_id, async (tx) => {
    const person = await holdPerson(tx, personId);
    if (!person) throw new Refusal("role_required", "You are not a member any more.");
    if (scopes.length === 0 || delegable(person.role, scopes).length < scopes.length)
      throw new Refusal("role_required", "Your role cannot give this access.", { field: "level" });
    await assertMailboxes(tx, given.mailbox_ids);
    const id = context.new_id();
    await writeGrant(
      context,
      tx,
      { ...given, scopes },
      { id, person, actor, code_hash: code.hash },
    );
    const data = {
      client_id: given.client.client_id,
      scopes,
      mailbox_ids: given.mailbox_ids,
      audience: given.resource,
    };
    const entry = makeEntry(context, "oauth.granted", actor, { resource: id }, data);
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  });
  context.wake.sequence();
  return code.token;
}

async function assertMailboxes(tx: Tx, ids: readonly string[] | null): Promise<void> {
  if (ids === null) return;
  const wanted = new Set(ids);
  if (wanted.size === 0)
    throw new Refusal("validation_failed", "mailboxes: choose at least one.", {
      field: "mailboxes",
    });
  if ((await getMailboxes(tx, [...wanted])).length < wanted.size)
    throw new Refusal("not_found", "mailboxes: one of them does not exist.", {
      field: "mailboxes",
    });
}

async function writeGrant(
  context: EngineContext,
  tx: Tx,
  given: Consent,
  by: { id: string; person: PersonRow; actor: Actor; code_hash: Buffer },
): Promise<void> {
  const now = context.now();
  const { client } = given;
  await insertApiKey(tx, {
    key_id: by.id,
    name: client.client_name.slice(0, 100),
    // Of a secret that is thrown away: nobody comes in by the key itself.
    token_hash: newToken(grantPrefix, context.random).hash,
    prefix: grantPrefix,
    scopes: [...given.scopes],
    mailbox_ids: given.mailbox_ids === null ? null : [...new Set(given.mailbox_ids)],
    test: false,
    person_id: given.scopes.includes("oversight") ? by.person.person_id : null,
    created_by: by.actor.credential_id,
    created_at: now,
    expires_at: new Date(now.getTime() + grantLife),
    revoked_at: null,
    last_used_at: null,
  });
  await insertGrant(tx, {
    grant_id: by.id,
    person_id: by.person.person_id,
    client_id: client.client_id,
    client_name: client.client_name,
    redirect_uri: given.redirect_uri,
    resource: given.resource,
    code_hash: by.code_hash,
    code_challenge: given.code_challenge,
    code_expires_at: new Date(now.getTime() + codeLife),
    code_used_at: null,
    begun_at: null,
  });
  await noteClientUsed(tx, client.client_id, now);
}

/** Ends a grant in the caller's transaction, with its tokens and an entry; false where it had ended. */
export async function endGrant(
  context: EngineContext,
  tx: Tx,
  grantId: string,
  ended: { type: "oauth.revoked" | "oauth.reuse_detected"; author: EntryAuthor; data?: object },
): Promise<boolean> {
  const revoked = await revokeApiKey(tx, grantId, context.now());
  // The refresh tokens stay until they expire where one was copied: whoever comes with another copy is noticed.
  if (revoked && ended.type === "oauth.revoked") await deleteTokens(tx, { grant_id: grantId });
  if (!revoked && ended.type === "oauth.revoked") return false;
  const about = { resource: grantId };
  const entry = makeEntry(context, ended.type, ended.author, about, { ...ended.data });
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  return revoked;
}

/** Ends the grants of a person: all, or those that the role they have now cannot give. */
export async function endGrantsOf(
  context: EngineContext,
  tx: Tx,
  author: EntryAuthor,
  who: { person_id: string; role: PersonRow["role"] | null },
): Promise<void> {
  const { person_id, role } = who;
  for (const { grant_id, scopes } of await livingGrantsOf(tx, person_id))
    if (role === null || delegable(role, scopes).length < scopes.length)
      await endGrant(context, tx, grant_id, { type: "oauth.revoked", author, data: { person_id } });
}

/**
 * Who may see and end grants: a person their own, an owner or admin everybody's, and so a key with `admin` that is bound to no mailbox.
 * A test key ends nothing of live ones. Throws `role_required`.
 */
function reach(actor: Actor): { all: boolean; own: string | null } {
  if (actor.kind === "person")
    return { all: actor.role === "owner" || actor.role === "admin", own: actor.person_id };
  if (!actor.scopes.includes("admin") || actor.mailbox_ids !== null)
    throw new Refusal("role_required", "Grants are seen by people, and by keys with admin.", {
      hint: "A member sees theirs on the account page.",
    });
  return { all: true, own: null };
}

/** The living grants, by id: of whom the actor may see, or of one person of them. */
export async function findGrants(
  context: EngineContext,
  actor: Actor,
  page: PageRequest & { person_id?: string | undefined },
): Promise<Page<GrantView>> {
  const { all, own } = reach(actor);
  if (!all && page.person_id !== undefined && page.person_id !== own)
    throw new Refusal("role_required", "Only an owner or admin sees the grants of others.");
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listGrants(tx, {
      person_id: page.person_id ?? (all ? null : own),
      now: context.now(),
      after_id: readCursor(page.cursor),
      limit: page.limit + 1,
    }),
  );
  return paged(rows, page.limit, (row) => row.grant_id);
}

/** Ends a grant at once, on every node. Ending it again is no error; what is not the actor's to see is `not_found`. */
export async function revokeGrant(
  context: EngineContext,
  actor: Actor,
  grantId: string,
): Promise<GrantView> {
  const { all, own } = reach(actor);
  if (actor.test) throw new Refusal("test_key", "A test key ends no grant.");
  const ended = await context.database.transaction(actor.operator_id, async (tx) => {
    const row = await holdGrant(tx, grantId);
    if (!row || (!all && row.person_id !== own))
      throw new Refusal("not_found", "There is no such grant.", { field: "grant_id" });
    await endGrant(context, tx, grantId, { type: "oauth.revoked", author: actor });
    return (await holdGrant(tx, grantId)) ?? row;
  });
  context.wake.sequence();
  return ended;
}
