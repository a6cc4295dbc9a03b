/** The engine's calls about what comes due, undo windows, schedules and expiry, and about who is told of it. */
import type { Actor } from "../core/actor.ts";
import type { Claim } from "../store/due.ts";
import type { EngineContext } from "./context.ts";
import { type NoticeKind, tellDue } from "./notices.ts";
import { type NoticeChange, changeNoticeSettings, noticeSettings } from "./notice-settings.ts";
import { type ServiceResult, recordServiceMail, takeServiceMail } from "./service-sending.ts";
import { timeOut } from "./timers.ts";

/** These calls, bound to one context. */
export function dueCalls(context: EngineContext) {
  return {
    timeOut: (kind: "release" | "expire", operatorId: string, claims: readonly Claim[]) =>
      timeOut(context, kind, operatorId, claims),
    tellDue: (kind: NoticeKind, operatorId: string, claims: readonly Claim[]) =>
      tellDue(context, kind, operatorId, claims),
    noticeSettings: (actor: Actor) => noticeSettings(context, actor),
    changeNoticeSettings: (actor: Actor, change: NoticeChange) =>
      changeNoticeSettings(context, actor, change),
    takeServiceMail: (operatorId: string, claim: Claim) =>
      takeServiceMail(context, operatorId, claim),
    recordServiceMail: (operatorId: string, claim: Claim, result: ServiceResult) =>
      recordServiceMail(context, operatorId, claim, result),
  };
}
