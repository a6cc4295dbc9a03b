/** The engine's calls around passkeys for decisions, bound to one context. */
import type { RegistrationResponse } from "../contract/webauthn.ts";
import type { Actor } from "../core/actor.ts";
import type { EngineContext } from "./context.ts";
import { type PasskeyWish, promptForDecisions } from "./decision-prompt.ts";
import { postDirectorySignature, putDirectoryKey, readDirectoryHead } from "./directory-head.ts";
import {
  decisionPasskeyOptions,
  enrolDecisionPasskey,
  findDecisionPasskeys,
  revokeFromDirectory,
} from "./directory.ts";

/** Everything that operations and pages do with them. */
export function directoryCalls(context: EngineContext) {
  return {
    promptForDecisions: (actor: Actor, wishes: readonly PasskeyWish[]) =>
      promptForDecisions(context, actor, wishes),
    findDecisionPasskeys: (actor: Actor, filter: { own: boolean; all: boolean }) =>
      findDecisionPasskeys(context, actor, filter),
    decisionPasskeyOptions: (actor: Actor) => decisionPasskeyOptions(context, actor),
    enrolDecisionPasskey: (
      actor: Actor,
      wanted: { name: string; response: RegistrationResponse },
    ) => enrolDecisionPasskey(context, actor, wanted),
    revokeFromDirectory: (actor: Actor, passkeyId: string) =>
      revokeFromDirectory(context, actor, passkeyId),
    putDirectoryKey: (actor: Actor, key: string | null) => putDirectoryKey(context, actor, key),
    readDirectoryHead: (actor: Actor) => readDirectoryHead(context, actor),
    postDirectorySignature: (
      actor: Actor,
      signed: { statement?: string | undefined; signature: string },
    ) => postDirectorySignature(context, actor, signed),
  };
}
