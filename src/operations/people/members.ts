/** `list_members`, `update_member`, `remove_member`, `recover_member`: who is a member, and as what. */
import { z } from "zod";
import { member, person, personName, role } from "../../contract/people.ts";
import { id, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { memberOf, personOf } from "./views.ts";

export const listMembers = operation({
  name: "list_members",
  tag: "people",
  summary: "List members",
  description: "Lists the people of the operator with their roles.",
  method: "GET",
  path: "/v1/members",
  effect: "read",
  access: "admin",
  input: z.strictObject(page),
  output: z.object({ members: z.array(member), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "scope_required"],
  tool: false,
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findMembers(actor, input);
    return { members: rows.map(memberOf), next_cursor };
  },
});

export const updateMember = operation({
  name: "update_member",
  tag: "people",
  summary: "Change a member's role or name",
  description:
    "For a signed-in owner or admin with a fresh sign-in. Only owners make, change or remove owners, and the last owner stays one. Keys in the person's name that hold what their new role does not are revoked.",
  method: "PATCH",
  path: "/v1/members/{person_id}",
  effect: "write",
  access: "admin",
  input: z.strictObject({ person_id: id, role: role.optional(), name: personName.optional() }),
  output: person,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "role_required",
    "fresh_sign_in_required",
    "last_owner",
  ],
  tool: false,
  async handle({ engine, actor }, { person_id, ...change }) {
    const wanted = {
      ...(change.role === undefined ? {} : { role: change.role }),
      ...(change.name === undefined ? {} : { name: change.name }),
    };
    return personOf(await engine.changeMember(actor, person_id, wanted));
  },
});

export const removeMember = operation({
  name: "remove_member",
  tag: "people",
  summary: "Remove a member",
  description:
    "Ends the person's sessions, passkeys, keys and open invitations at once; what they decided stays. For a signed-in owner or admin with a fresh sign-in. The last owner stays.",
  method: "DELETE",
  path: "/v1/members/{person_id}",
  effect: "destroy",
  access: "admin",
  input: z.strictObject({ person_id: id }),
  output: person,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "role_required",
    "fresh_sign_in_required",
    "last_owner",
  ],
  tool: false,
  async handle({ engine, actor }, input) {
    return personOf(await engine.removeMember(actor, input.person_id));
  },
});

export const recoverMember = operation({
  name: "recover_member",
  tag: "people",
  summary: "Let a member in again",
  description:
    "Mails the member a link that signs them in once, within an hour. With revoke_passkeys their passkeys and sessions end: for who lost a device. For a signed-in owner with a fresh sign-in.",
  method: "POST",
  path: "/v1/members/{person_id}/recover",
  effect: "write",
  access: "admin",
  input: z.strictObject({ person_id: id, revoke_passkeys: z.boolean().default(true) }),
  output: person,
  status: 202,
  refusals: ["validation_failed", "not_found", "role_required", "fresh_sign_in_required"],
  tool: false,
  async handle({ engine, actor }, { person_id, ...how }) {
    return personOf(await engine.recoverMember(actor, person_id, how));
  },
});
