/** The engine's calls about erasure, export, retention, legal holds and reputation, bound to one context. */
import type { Actor } from "../core/actor.ts";
import type { RetentionRules } from "../core/compliance.ts";
import { type ExportFilter, exportBundle, exportEntries } from "./audit-export.ts";
import { eraseClosed, eraseFromClosed } from "./closed-erasure.ts";
import type { EngineContext } from "./context.ts";
import { type NewHold, endHold, findHolds, placeHold } from "./legal-holds.ts";
import { reputationOf } from "./mailbox-reputation.ts";
import { exportOperator } from "./operator-export.ts";
import { createOperatorRounds } from "./operator-rounds.ts";
import type { PageRequest } from "./paging.ts";
import {
  type RetentionCursors,
  applyRetention,
  changeRetention,
  readRetention,
} from "./retention.ts";
import { continueErasures, findErasures, readErasure, requestErasure } from "./subject-erasure.ts";
import { exportSubject } from "./subject-export.ts";

/** These calls. */
export function complianceCalls(context: EngineContext) {
  const retentionOfEach = createOperatorRounds(context, "retention");
  return {
    exportEntries: (actor: Actor, filter: ExportFilter) => exportEntries(context, actor, filter),
    exportBundle: (actor: Actor) => exportBundle(context, actor),
    exportOperator: (actor: Actor) => exportOperator(context, actor),
    exportSubject: (actor: Actor, address: string) => exportSubject(context, actor, address),
    requestErasure: (actor: Actor, wanted: { address: string; reference: string | null }) =>
      requestErasure(context, actor, wanted),
    findErasures: (actor: Actor, page: PageRequest) => findErasures(context, actor, page),
    readErasure: (actor: Actor, erasureId: string) => readErasure(context, actor, erasureId),
    eraseFromClosed: (operatorId: string, wanted: { address: string; reference: string | null }) =>
      eraseFromClosed(context, operatorId, wanted),
    eraseClosed: (operatorId: string) => eraseClosed(context, operatorId),
    continueErasures: () => continueErasures(context),
    readRetention: (actor: Actor) => readRetention(context, actor),
    changeRetention: (actor: Actor, change: Partial<RetentionRules>) =>
      changeRetention(context, actor, change),
    applyRetention: (cursors: RetentionCursors) =>
      applyRetention(context, cursors, retentionOfEach),
    placeHold: (actor: Actor, wanted: NewHold) => placeHold(context, actor, wanted),
    endHold: (actor: Actor, holdId: string) => endHold(context, actor, holdId),
    findHolds: (actor: Actor, released: boolean, page: PageRequest) =>
      findHolds(context, actor, released, page),
    reputation: (hash: string) => reputationOf(context, hash),
  };
}
