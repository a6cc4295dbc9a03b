/** Members of an operator: their roles, their removal, and a way back in for whoever lost theirs. */
import { type Actor, type Role, roleScopes } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { revokeKeysOf } from "../store/credentials.ts";
import type { Tx } from "../store/database.ts";
import { revokeInvitations } from "../store/invitations.ts";
import { getOperator } from "../store/operators.ts";
import {
  type MemberRow,
  type PersonRow,
  countOwners,
  holdPerson,
  listPeople,
  lockPeople,
  updatePerson,
} from "../store/people.ts";
import { appendRecords } from "../store/records.ts";
import { voidSignInLinks } from "../store/sessions.ts";
import { revokeAllPasskeys } from "../store/sign-in-passkeys.ts";
import type { EngineContext } from "./context.ts";
import { endGrantsOf } from "./oauth-grants.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import {
  assertFresh,
  assertManages,
  assertMayTouch,
  assertPerson,
  assertUnbound,
} from "./person-rules.ts";
import { makeEntry } from "./record.ts";
import { queueServiceMail } from "./service-mail.ts";
import { endAndRecord } from "./sessions.ts";
import { insertLink } from "./sign-in-link.ts";

/** A link that an owner sends works for an hour, once. */
const recoveryLife = 60 * 60_000;

/** Scopes of keys that a role must cover for keys in the person's name to live on. */
const governing = ["admin", "oversight", "audit"] as const;

/** The members, by id. Throws `scope_required` for keys bound to mailboxes. */
export async function findMembers(
  context: EngineContext,
  actor: Actor,
  page: PageRequest,
): Promise<Page<MemberRow>> {
  assertUnbound(actor);
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listPeople(tx, { after_id: readCursor(page.cursor), limit: page.limit + 1 }),
  );
  return paged(rows, page.limit, (row) => row.person_id);
}

/**
 * Changes who is a member: for people who manage members and proved who they are a moment ago. Such changes go one after the other,
 * and the one who asks is looked at again inside: whoever was removed or demoted a moment before changes nothing any more.
 */
export async function changePeople<T>(
  context: EngineContext,
  actor: Actor,
  work: (tx: Tx, self: PersonRow) => Promise<T>,
): Promise<T> {
  const selfId = assertPerson(actor);
  if (actor.role !== null) assertManages(actor.role);
  assertFresh(context.now(), actor);
  const done = await context.database.transaction(actor.operator_id, async (tx) => {
    await lockPeople(tx);
    const self = await holdPerson(tx, selfId);
    if (!self) throw new Refusal("role_required", "You are not a member any more.");
    assertManages(self.role);
    return work(tx, self);
  });
  context.wake.sequence();
  context.wake.service_mail();
  return done;
}

/** Changes a member's name or role. Throws `not_found`, `role_required`, `last_owner`. */
export function changeMember(
  context: EngineContext,
  actor: Actor,
  personId: string,
  change: { name?: string; role?: Role },
): Promise<PersonRow> {
  return changePeople(context, actor, async (tx, self) => {
    const before = await memberOf(tx, personId);
    const role = change.role ?? before.role;
    assertMayTouch(self.role, [before.role, role]);
    if (before.role === "owner" && role !== "owner") await assertNotLast(tx);
    const name = change.name ?? before.name;
    if (name === before.name && role === before.role) return before;
    const after = await updatePerson(tx, personId, { name, role });
    if (!after) throw new Error("a person vanished while they were held");
    const about = { resource: personId };
    const data = {
      renamed: name !== before.name,
      ...(role === before.role ? {} : { role: { from: before.role, to: role } }),
    };
    await write(tx, [makeEntry(context, "person.changed", actor, about, data)]);
    if (role !== before.role) {
      const lost = governing.filter((scope) => !roleScopes[role].includes(scope));
      await endGrantsOf(context, tx, actor, { person_id: personId, role });
      await endKeys(context, tx, actor, personId, lost);
      await tell(
        context,
        tx,
        after,
        "Your role has changed",
        `You are now ${role}, and were ${before.role}.`,
      );
    }
    return after;
  });
}

/**
 * Removes a member: their sessions, links, passkeys, keys and the invitations they sent end in the same moment. What they decided
 * stays. Throws `not_found`, `role_required`, `last_owner`.
 */
export function removeMember(
  context: EngineContext,
  actor: Actor,
  personId: string,
): Promise<PersonRow> {
  return changePeople(context, actor, async (tx, self) => {
    const before = await memberOf(tx, personId);
    assertMayTouch(self.role, [before.role]);
    if (before.role === "owner") await assertNotLast(tx);
    const now = context.now();
    // First: whoever would give this person a session or a key waits here, and finds nobody.
    const removed = await updatePerson(tx, personId, { removed_at: now });
    if (!removed) throw new Error("a person vanished while they were held");
    const about = { resource: personId };
    const entry = makeEntry(context, "person.removed", actor, about, { role: before.role });
    await write(tx, [entry]);
    await endAndRecord(context, tx, actor, { person_id: personId });
    await voidSignInLinks(tx, personId, now);
    await endPasskeys(context, tx, actor, personId);
    await endGrantsOf(context, tx, actor, { person_id: personId, role: null });
    await endKeys(context, tx, actor, personId, null);
    const invitations = await revokeInvitations(tx, { invited_by: `person:${personId}` }, now);
    await write(
      tx,
      invitations.map((id) =>
        makeEntry(context, "invitation.revoked", actor, { resource: id }, {}),
      ),
    );
    return removed;
  });
}

/**
 * Mails a member a link that signs them in once, within an hour, and with `revoke_passkeys` ends every passkey and session of theirs:
 * for who lost a device. Owners only. Throws `not_found`, `role_required`.
 */
export function recoverMember(
  context: EngineContext,
  actor: Actor,
  personId: string,
  { revoke_passkeys }: { revoke_passkeys: boolean },
): Promise<PersonRow> {
  return changePeople(context, actor, async (tx, self) => {
    if (self.role !== "owner")
      throw new Refusal("role_required", "Only an owner can let a member in again.");
    const person = await memberOf(tx, personId);
    const entry = makeEntry(
      context,
      "person.recovered",
      actor,
      { resource: personId },
      {
        revoke_passkeys,
      },
    );
    await write(tx, [entry]);
    if (revoke_passkeys) {
      await endPasskeys(context, tx, actor, personId);
      await endAndRecord(context, tx, actor, { person_id: personId });
      await endGrantsOf(context, tx, actor, { person_id: personId, role: null });
    }
    await voidSignInLinks(tx, personId, context.now());
    const link = await insertLink(context, tx, personId, recoveryLife);
    const ended = revoke_passkeys
      ? "All your passkeys were revoked and your sessions ended. Enrol a new passkey on your account page.\n\n"
      : "";
    await tell(
      context,
      tx,
      person,
      "A link to sign in again",
      `An owner of your organisation sent you this link to sign in. It works once, within an hour:\n\n${link}\n\n${ended}If you did not ask for it, ask them.`,
    );
    return person;
  });
}

/** Tells a member what was done to their account. */
export async function tell(
  context: EngineContext,
  tx: Tx,
  person: Pick<PersonRow, "email">,
  subject: string,
  what: string,
): Promise<void> {
  const operator = await getOperator(tx);
  await queueServiceMail(context, tx, {
    kind: "account",
    to: person.email,
    subject,
    text: `This is about your membership of ${operator?.name ?? ""} at ${context.public_url}

${what}

If this was not you, or not meant, tell an owner of your organisation at once.
`,
  });
}

async function memberOf(tx: Tx, personId: string): Promise<PersonRow> {
  const person = await holdPerson(tx, personId);
  if (!person) throw new Refusal("not_found", "There is no such member.", { field: "person_id" });
  return person;
}

async function assertNotLast(tx: Tx): Promise<void> {
  if ((await countOwners(tx)) <= 1)
    throw new Refusal("last_owner", "The last owner can be neither removed nor demoted.", {
      hint: "Make somebody else an owner first.",
    });
}

async function endPasskeys(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  personId: string,
): Promise<void> {
  const by = { revoked_by: `person:${actor.person_id ?? ""}`, now: context.now() };
  const revoked = await revokeAllPasskeys(tx, personId, by);
  const entries = revoked.map(({ purpose, passkey_id: resource }) => {
    const type = purpose === "decision" ? "approver.revoked" : "passkey.revoked";
    return makeEntry(context, type, actor, { resource }, { member: `person:${personId}` });
  });
  await write(tx, entries);
}

/** Ends keys that stand for a person: with `scopes` those that hold one of them, else all. */
async function endKeys(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  personId: string,
  scopes: readonly string[] | null,
): Promise<void> {
  if (scopes?.length === 0) return;
  const revoked = await revokeKeysOf(tx, personId, scopes, context.now());
  const entries = revoked.map((id) =>
    makeEntry(context, "api_key.revoked", actor, { resource: id }, { person_id: personId }),
  );
  await write(tx, entries);
}

async function write(tx: Tx, made: readonly ReturnType<typeof makeEntry>[]): Promise<void> {
  await appendRecords(tx, { entries: made.map(({ row }) => row), openings: [], events: [] });
}
