/** Members, invitations, sessions and passkeys as REST shows them: never their secrets. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { roles } from "../../core/actor.ts";
import type { Engine } from "../../engine/engine.ts";

/** What a person may do in their operator. */
export const role = z
  .enum(roles)
  .describe(
    "owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports",
  );

/** A person's name: shown to others, and in mail to them. */
export const personName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, "must be one line of text");

/** A member without what they sign in with. */
export const person = z.object({
  id,
  name: z.string(),
  email: z.string(),
  role,
  created_at: time,
});

/** A member. */
export const member = person.extend({
  sign_in_passkeys: z.int().describe("Passkeys that they sign in with"),
  decision_passkeys: z.int().describe("Passkeys that they decide with"),
});

/** An invitation that was not accepted yet. */
export const invitation = z.object({
  id,
  email: z.string(),
  name: z.string(),
  role,
  invited_by: id.describe("The member who sent it"),
  created_at: time,
  expires_at: time,
  revoked_at: time.nullable(),
});

/** How somebody proved who they are. */
const method = z.enum(["link", "code", "passkey", "invitation"]);

/** A living session. */
export const session = z.object({
  id,
  person_id: id,
  current: z.boolean().describe("True for the one that asks"),
  method: method.describe("How it began"),
  verified_by: method.describe("How the person last proved who they are"),
  verified_at: time,
  user_agent: z.string().nullable(),
  created_at: time,
  last_seen_at: time,
  expires_at: time,
});

/** A passkey that a person signs in with. */
export const passkey = z.object({
  id,
  name: z.string(),
  backed_up: z.boolean().describe("True where it is kept by the maker of the device, too"),
  created_at: time,
  last_used_at: time.nullable(),
  revoked_at: time.nullable(),
});

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
