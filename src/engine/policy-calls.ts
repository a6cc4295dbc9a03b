/** The engine's calls about standing policies. */
import type { Actor } from "../core/actor.ts";
import type { EngineContext } from "./context.ts";
import type { PageRequest } from "./paging.ts";
import {
  type NewPolicy,
  type PolicyChange,
  changePolicy,
  createPolicy,
  findPolicies,
  revokePolicy,
} from "./policies.ts";
import { replayPolicy } from "./policy-replay.ts";

/** These calls, bound to one context. */
export function policyCalls(context: EngineContext) {
  return {
    findPolicies: (
      actor: Actor,
      filter: { mailbox_id?: string | undefined; ended: boolean },
      page: PageRequest,
    ) => findPolicies(context, actor, filter, page),
    createPolicy: (actor: Actor, wanted: NewPolicy) => createPolicy(context, actor, wanted),
    changePolicy: (actor: Actor, policyId: string, change: PolicyChange) =>
      changePolicy(context, actor, policyId, change),
    revokePolicy: (actor: Actor, policyId: string) => revokePolicy(context, actor, policyId),
    replayPolicy: (actor: Actor, wanted: Omit<NewPolicy, "name" | "expires_at">) =>
      replayPolicy(context, actor, wanted),
  };
}
