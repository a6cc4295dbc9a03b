/** Rules of who may do what a person does: being one, being fresh, and being above whom they change. */
import type { Actor, Role } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";

/** Sensitive acts want a proof of who it is that is no older than this. */
const freshLife = 15 * 60_000;

/** The person who acts in a session; throws `role_required` for keys, those of a person too: a key is no person. */
export function assertPerson(actor: Actor): string {
  if (actor.kind !== "person" || actor.person_id === null)
    throw new Refusal("role_required", "Only a person who is signed in can do this, no key.", {
      hint: "A member does it in the dashboard.",
    });
  return actor.person_id;
}

/** Throws `scope_required` for keys bound to mailboxes: members are the whole operator's. */
export function assertUnbound(actor: Actor): void {
  if (actor.mailbox_ids !== null)
    throw new Refusal("scope_required", "A key that is bound to mailboxes sees no members.");
}

/** Throws `fresh_sign_in_required` unless the person proved who they are within the last 15 minutes. */
export function assertFresh(now: Date, actor: Actor): void {
  if (actor.signed_in_at === null || now.getTime() - Date.parse(actor.signed_in_at) > freshLife)
    throw new Refusal("fresh_sign_in_required", "This needs a sign-in of the last 15 minutes.", {
      hint: "Confirm who you are, or sign in again, and repeat it.",
    });
}

/** Throws `role_required` unless the role may have members: owners and admins. */
export function assertManages(role: Role): void {
  if (role !== "owner" && role !== "admin")
    throw new Refusal("role_required", "Only an owner or admin can change who is a member.");
}

/** Throws `role_required` where somebody who is no owner would make, change or remove one. */
export function assertMayTouch(by: Role, touched: readonly Role[]): void {
  if (by !== "owner" && touched.includes("owner"))
    throw new Refusal("role_required", "Only an owner can make, change or remove owners.");
}
