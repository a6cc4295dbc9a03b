/** Members, invitations, sessions and passkeys as REST shows them: never their secrets. */
import type { z } from "zod";
import type { invitation, member, passkey, person, session } from "../../contract/people.ts";
import type { Engine } from "../../engine/engine.ts";

type Rows<K extends keyof Engine> = Engine[K] extends (...args: never) => Promise<infer R>
  ? R
  : never;
type PersonRow = Rows<"changeMember">;

/** A person as a resource. */
export function personOf(row: PersonRow): z.input<typeof person> {
  const { person_id, name, email, role: its } = row;
  return { id: person_id, name, email, role: its, created_at: row.created_at.toISOString() };
}

/** A member as a resource. */
export function memberOf(row: Rows<"findMembers">["rows"][number]): z.input<typeof member> {
  const { sign_in_passkeys, decision_passkeys } = row;
  return { ...personOf(row), sign_in_passkeys, decision_passkeys };
}

/** An invitation as a resource. */
export function invitationOf(row: Rows<"inviteMember">): z.input<typeof invitation> {
  return {
    id: row.invitation_id,
    email: row.email,
    name: row.name,
    role: row.role,
    invited_by: row.invited_by.replace(/^person:/, ""),
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}

/** A session as a resource, seen from the session `present`. */
export function sessionOf(
  row: Rows<"findSessions">["rows"][number],
  present: string,
): z.input<typeof session> {
  return {
    id: row.session_id,
    person_id: row.person_id,
    current: row.session_id === present,
    method: row.method,
    verified_by: row.verified_by,
    verified_at: (row.verified_at ?? row.created_at).toISOString(),
    user_agent: row.user_agent,
    created_at: row.created_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  };
}

/** A sign-in passkey as a resource. */
export function passkeyOf(row: Rows<"renamePasskey">): z.input<typeof passkey> {
  return {
    id: row.passkey_id,
    name: row.name,
    backed_up: row.backed_up,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}
