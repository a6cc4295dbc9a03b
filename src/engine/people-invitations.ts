/** Invitations: a link that is mailed once, works a week, and makes whoever opens it a member. */
import type { Admission } from "../contract/sign-in.ts";
import type { Actor, Role } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { isOwnMailbox } from "../store/change-requests.ts";
import { type Tx, isUniqueViolation } from "../store/database.ts";
import {
  type InvitationRow,
  acceptInvitation as useInvitation,
  countInvitationsSince,
  getInvitation,
  insertInvitation,
  listInvitations,
  operatorOfInvitation,
  revokeInvitations,
} from "../store/invitations.ts";
import { getOperator } from "../store/operators.ts";
import { findPersonByEmail, holdPerson, insertPerson, lockPeople } from "../store/people.ts";
import { appendRecords } from "../store/records.ts";
import { readMailbox } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { type Page, type PageRequest, paged, readCursor } from "./paging.ts";
import { changePeople } from "./people.ts";
import { assertMayTouch, assertUnbound } from "./person-rules.ts";
import { makeEntry } from "./record.ts";
import { queueServiceMail } from "./service-mail.ts";
import { beginSession } from "./sessions.ts";
import { hashToken, newToken } from "./tokens.ts";

const hour = 3_600_000;
const life = 7 * 24 * hour;
/** More in an hour would be mail to strangers in our name. */
const perHour = 50;

/** Somebody to be invited. */
export type NewMember = { email: string; name: string; role: Role };

/** The invitations that can still be accepted, by id. Throws `scope_required` for keys bound to mailboxes. */
export async function findInvitations(
  context: EngineContext,
  actor: Actor,
  page: PageRequest,
): Promise<Page<InvitationRow>> {
  assertUnbound(actor);
  const rows = await context.database.as(actor.operator_id, (tx) =>
    listInvitations(tx, {
      now: context.now(),
      after_id: readCursor(page.cursor),
      limit: page.limit + 1,
    }),
  );
  return paged(rows, page.limit, (row) => row.invitation_id);
}

/**
 * Mails an invitation; one that the address has already is void then. Throws `validation_failed`, `already_exists` for a member's
 * address, `role_required`, `rate_limited`.
 */
export async function inviteMember(
  context: EngineContext,
  actor: Actor,
  wanted: NewMember,
): Promise<InvitationRow> {
  const email = readMailbox(wanted.email, "email").address;
  return changePeople(context, actor, async (tx, self) => {
    assertMayTouch(self.role, [wanted.role]);
    if (await findPersonByEmail(tx, email))
      throw new Refusal("already_exists", "Somebody with this address is a member already.", {
        field: "email",
      });
    if (await isOwnMailbox(tx, email))
      throw new Refusal("validation_failed", "email: is a mailbox here, where agents read.", {
        field: "email",
        hint: "Codes and links that decide are mailed to members: give an address that only the person reads.",
      });
    const now = context.now();
    if ((await countInvitationsSince(tx, new Date(now.getTime() - hour))) >= perHour)
      throw new Refusal("rate_limited", `${perHour} people were invited within the hour.`, {
        retry_after: 3600,
      });
    await revokeWithEntries(context, tx, actor, { email });
    const { token, hash } = newToken("mm_invite_", context.random);
    const id = context.new_id();
    await insertInvitation(tx, {
      invitation_id: id,
      email,
      name: wanted.name,
      role: wanted.role,
      token_hash: hash,
      invited_by: `person:${self.person_id}`,
      created_at: now,
      expires_at: new Date(now.getTime() + life),
    });
    const entry = makeEntry(
      context,
      "person.invited",
      actor,
      { resource: id },
      {
        role: wanted.role,
      },
    );
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    await mailInvitation(context, tx, { email, by: self.name, role: wanted.role, token });
    const row = await getInvitation(tx, id);
    if (!row) throw new Error("an invitation vanished in its own transaction");
    return row;
  });
}

/** Makes an invitation worthless. Revoking twice is no error; throws `not_found` for what was accepted or is unknown. */
export function revokeInvitation(
  context: EngineContext,
  actor: Actor,
  invitationId: string,
): Promise<InvitationRow> {
  return changePeople(context, actor, async (tx, self) => {
    const row = await getInvitation(tx, invitationId);
    if (!row || row.accepted_at !== null)
      throw new Refusal("not_found", "There is no such invitation.", { field: "invitation_id" });
    assertMayTouch(self.role, [row.role]);
    await revokeWithEntries(context, tx, actor, { invitation_id: invitationId });
    return (await getInvitation(tx, invitationId)) ?? row;
  });
}

/**
 * Makes a member of whoever has the link, and begins their session. Null for a link that is unknown, used, revoked or expired, whose
 * sender may not invite any more, or whose address is a member's by now: whoever holds it learns no difference.
 */
export async function acceptInvitation(
  context: EngineContext,
  token: string,
  user_agent: string | null,
): Promise<Admission | null> {
  const tokenHash = hashToken(token);
  const operatorId = await operatorOfInvitation(context.database, tokenHash);
  if (operatorId === null) return null;
  try {
    return await context.database.transaction(operatorId, async (tx) => {
      await lockPeople(tx);
      const personId = context.new_id();
      const now = context.now();
      const accepted = { token_hash: tokenHash, person_id: personId, now };
      const invitation = await useInvitation(tx, accepted);
      if (!invitation) return null;
      if (!(await mayStillInvite(tx, invitation))) throw new NotAccepted();
      // Made since: whoever reads that mailbox would read this person's codes.
      if (await isOwnMailbox(tx, invitation.email)) throw new NotAccepted();
      const { name, email, role } = invitation;
      await insertPerson(tx, { person_id: personId, name, email, role, created_at: now });
      const author = { kind: "person", credential_id: personId, person_id: personId } as const;
      const entry = makeEntry(
        context,
        "person.joined",
        author,
        { resource: personId },
        {
          role,
          invitation_id: invitation.invitation_id,
          invited_by: invitation.invited_by,
        },
      );
      await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
      return beginSession(context, tx, { person_id: personId, by: "invitation", user_agent });
    });
  } catch (error) {
    if (error instanceof NotAccepted || isUniqueViolation(error, "person_by_email")) return null;
    throw error;
  }
}

/** Undoes the use of the invitation with everything else of its transaction. */
class NotAccepted extends Error {}

/** Whoever invited could do so still. */
async function mayStillInvite(tx: Tx, invitation: InvitationRow): Promise<boolean> {
  const inviter = await holdPerson(tx, invitation.invited_by.replace(/^person:/, ""));
  if (inviter?.role === "owner") return true;
  return inviter?.role === "admin" && invitation.role !== "owner";
}

async function revokeWithEntries(
  context: EngineContext,
  tx: Tx,
  actor: Actor,
  which: { invitation_id: string } | { email: string },
): Promise<void> {
  const revoked = await revokeInvitations(tx, which, context.now());
  const entries = revoked.map(
    (id) => makeEntry(context, "invitation.revoked", actor, { resource: id }, {}).row,
  );
  await appendRecords(tx, { entries, openings: [], events: [] });
}

async function mailInvitation(
  context: EngineContext,
  tx: Tx,
  invitation: { email: string; by: string; role: Role; token: string },
): Promise<void> {
  const operator = (await getOperator(tx))?.name ?? "";
  await queueServiceMail(context, tx, {
    kind: "invitation",
    to: invitation.email,
    subject: "You are invited to MultiMail",
    text: `${invitation.by} invites you to ${operator}, as ${invitation.role}. There, people read what AI agents want to send, and decide whether it leaves.

Join within seven days by this link. It works once, and is for you alone:

${context.public_url}/join?token=${invitation.token}

If you do not know what this is about, ignore this mail.
`,
  });
}
