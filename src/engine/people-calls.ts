/** The engine's calls around people, bound to one context. */
import type { RegistrationResponse } from "../contract/webauthn.ts";
import type { Actor, Role } from "../core/actor.ts";
import type { EngineContext } from "./context.ts";
import type { PageRequest } from "./paging.ts";
import {
  type NewMember,
  findInvitations,
  inviteMember,
  revokeInvitation,
} from "./people-invitations.ts";
import {
  enrolPasskey,
  findPasskeys,
  passkeyOptions,
  renamePasskey,
  revokePasskey,
} from "./people-passkeys.ts";
import { changeMember, findMembers, recoverMember, removeMember } from "./people.ts";
import { findSessions, revokeOwnSessions, revokeSession } from "./sessions.ts";

/** Everything that operations and pages do with people, their passkeys and sessions. */
export function peopleCalls(context: EngineContext) {
  return {
    findMembers: (actor: Actor, page: PageRequest) => findMembers(context, actor, page),
    changeMember: (actor: Actor, personId: string, change: { name?: string; role?: Role }) =>
      changeMember(context, actor, personId, change),
    removeMember: (actor: Actor, personId: string) => removeMember(context, actor, personId),
    recoverMember: (actor: Actor, personId: string, how: { revoke_passkeys: boolean }) =>
      recoverMember(context, actor, personId, how),
    findInvitations: (actor: Actor, page: PageRequest) => findInvitations(context, actor, page),
    inviteMember: (actor: Actor, wanted: NewMember) => inviteMember(context, actor, wanted),
    revokeInvitation: (actor: Actor, invitationId: string) =>
      revokeInvitation(context, actor, invitationId),
    findSessions: (actor: Actor, page: PageRequest & { person_id?: string | undefined }) =>
      findSessions(context, actor, page),
    revokeSession: (actor: Actor, sessionId: string) => revokeSession(context, actor, sessionId),
    revokeOwnSessions: (actor: Actor, keepPresent: boolean) =>
      revokeOwnSessions(context, actor, keepPresent),
    findPasskeys: (actor: Actor) => findPasskeys(context, actor),
    passkeyOptions: (actor: Actor) => passkeyOptions(context, actor),
    enrolPasskey: (actor: Actor, wanted: { name: string; response: RegistrationResponse }) =>
      enrolPasskey(context, actor, wanted),
    renamePasskey: (actor: Actor, passkeyId: string, name: string) =>
      renamePasskey(context, actor, passkeyId, name),
    revokePasskey: (actor: Actor, passkeyId: string) => revokePasskey(context, actor, passkeyId),
  };
}
