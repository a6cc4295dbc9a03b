/** The engine's calls around newcomers, bound to one context. */
import { hostOperator, operatorIds, pruneSignUps } from "../store/sign-ups.ts";
import { type AgentWish, confirmAgent, requestAgent } from "./agent-registration.ts";
import type { EngineContext } from "./context.ts";
import { proofChallenge } from "./proof-of-work.ts";
import { type NewAccount, confirmSignUp, requestSignUp } from "./sign-up.ts";
import { signUpKept } from "./sign-up-limits.ts";

/** Everything that operations and workers do with sign-ups and agents that register themselves. */
export function signUpCalls(context: EngineContext) {
  return {
    proofChallenge: () => proofChallenge(context),
    requestSignUp: (wanted: NewAccount & { altcha: string }) => requestSignUp(context, wanted),
    confirmSignUp: (given: { sign_up_id: string; code: string }) => confirmSignUp(context, given),
    requestAgent: (wish: AgentWish) => requestAgent(context, wish),
    confirmAgent: (given: { registration_id: string; code: string }) =>
      confirmAgent(context, given),
    pruneSignUps: (now: Date) =>
      pruneSignUps(context.database, new Date(now.getTime() - signUpKept), now),
    hostOperator: () => hostOperator(context.database),
    /** Every operator's id, oldest first. */
    operatorIds: (limit = 10_000) => operatorIds(context.database, limit),
  };
}
