/** `invite_member`, `list_invitations`, `revoke_invitation`: mailed links that make members. */
import { z } from "zod";
import { invitation, personName, role } from "../../contract/people.ts";
import { id, nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { invitationOf } from "./views.ts";

export const inviteMember = operation({
  name: "invite_member",
  tag: "people",
  summary: "Invite a member",
  description:
    "Mails a link that makes its reader a member, once, within seven days. For a signed-in owner or admin with a fresh sign-in; only owners invite owners. An earlier invitation of the address is void then.",
  method: "POST",
  path: "/v1/members/invitations",
  effect: "write",
  access: "admin",
  input: z.strictObject({ email: z.string().min(3).max(320), name: personName, role }),
  output: invitation,
  status: 201,
  refusals: [
    "validation_failed",
    "role_required",
    "fresh_sign_in_required",
    "already_exists",
    "rate_limited",
  ],
  tool: false,
  async handle({ engine, actor }, input) {
    return invitationOf(await engine.inviteMember(actor, input));
  },
});

export const listInvitations = operation({
  name: "list_invitations",
  tag: "people",
  summary: "List invitations",
  description: "Lists the invitations that can still be accepted.",
  method: "GET",
  path: "/v1/members/invitations",
  effect: "read",
  access: "admin",
  input: z.strictObject(page),
  output: z.object({ invitations: z.array(invitation), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "scope_required"],
  tool: false,
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findInvitations(actor, input);
    return { invitations: rows.map(invitationOf), next_cursor };
  },
});

export const revokeInvitation = operation({
  name: "revoke_invitation",
  tag: "people",
  summary: "Revoke an invitation",
  description:
    "Makes a mailed invitation worthless. Revoking it again changes nothing. For a signed-in owner or admin with a fresh sign-in.",
  method: "DELETE",
  path: "/v1/members/invitations/{invitation_id}",
  effect: "destroy",
  access: "admin",
  input: z.strictObject({ invitation_id: id }),
  output: invitation,
  status: 200,
  refusals: ["validation_failed", "not_found", "role_required", "fresh_sign_in_required"],
  tool: false,
  async handle({ engine, actor }, input) {
    return invitationOf(await engine.revokeInvitation(actor, input.invitation_id));
  },
});
