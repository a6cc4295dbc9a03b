/** Members, invitations, sessions and passkeys in zod: never their secrets. */
import { z } from "zod";
import { roles } from "../core/actor.ts";
import { id, time } from "./resources.ts";

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
