/** The engine's calls about what comes due: undo windows, schedules and expiry, and mail of the service. */
import type { Claim } from "../store/due.ts";
import type { EngineContext } from "./context.ts";
import { type NoticeKind, tellDue } from "./notices.ts";
import { type ServiceResult, recordServiceMail, takeServiceMail } from "./service-sending.ts";
import { timeOut } from "./timers.ts";

/** These calls, bound to one context. */
export function dueCalls(context: EngineContext) {
  return {
    timeOut: (kind: "release" | "expire", operatorId: string, claims: readonly Claim[]) =>
      timeOut(context, kind, operatorId, claims),
    tellDue: (kind: NoticeKind, operatorId: string, claims: readonly Claim[]) =>
      tellDue(context, kind, operatorId, claims),
    takeServiceMail: (operatorId: string, claim: Claim) =>
      takeServiceMail(context, operatorId, claim),
    recordServiceMail: (operatorId: string, claim: Claim, result: ServiceResult) =>
      recordServiceMail(context, operatorId, claim, result),
  };
}
