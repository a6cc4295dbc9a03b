/** The engine's calls around autonomy, bound to one context: raising modes, sensitive changes, allowlists, the kill switch. */
import type { Actor } from "../core/actor.ts";
import type { Mode } from "../core/oversight/types.ts";
import type { AllowlistRow } from "../store/allowlist.ts";
import type { ChangeRow } from "../store/change-requests.ts";
import { type AccountChange, changeAccount } from "./account.ts";
import { addAllowlistEntry, findAllowlist, removeAllowlistEntry } from "./allowlist.ts";
import { approvalsOf, decideChange, findChanges } from "./changes.ts";
import { createClearance } from "./clearance.ts";
import type { EngineContext } from "./context.ts";
import { aliasIn } from "./erased-people.ts";
import { resumeOperator, stopOperator } from "./kill-switch.ts";
import type { PageRequest } from "./paging.ts";
import type { Outgoing } from "./signing.ts";
import { applyUpgrade, requestUpgrade } from "./upgrade.ts";

/** Everything that operations, pages and workers do with them. */
export function ladderCalls(context: EngineContext) {
  const clearance = createClearance(context);
  return {
    /** The dispatcher's way to ask people. */
    approvals: approvalsOf(context),
    findChanges: (actor: Actor, page: PageRequest) => findChanges(context, actor, page),
    decideChange: (
      actor: Actor,
      changeId: string,
      decision: "grant" | "refuse",
    ): Promise<ChangeRow> => decideChange(context, actor, changeId, decision),
    requestUpgrade: (actor: Actor, mailboxId: string, target: Mode) =>
      requestUpgrade(context, actor, mailboxId, target),
    applyUpgrade: (actor: Actor, mailboxId: string, code: string) =>
      applyUpgrade(context, actor, mailboxId, code),
    findAllowlist: (actor: Actor, mailboxId: string, page: PageRequest) =>
      findAllowlist(context, actor, mailboxId, page),
    addAllowlistEntry: (actor: Actor, mailboxId: string, pattern: string): Promise<AllowlistRow> =>
      addAllowlistEntry(context, actor, mailboxId, pattern),
    removeAllowlistEntry: (
      actor: Actor,
      mailboxId: string,
      entryId: string,
    ): Promise<AllowlistRow> => removeAllowlistEntry(context, actor, mailboxId, entryId),
    changeAccount: (actor: Actor, change: AccountChange) => changeAccount(context, actor, change),
    stopOperator: (actor: Actor, reason: string | null) => stopOperator(context, actor, reason),
    resumeOperator: (actor: Actor) => resumeOperator(context, actor),
    /**
     * Asked at the last moment before the wire: false where the operator is stopped, the recipient was suppressed after the
     * hand-off, or a later attempt has overtaken this one; then the copy stays here. Rejects where it cannot be known.
     */
    mayBegin: (outgoing: Outgoing, recipient: { address: string }): Promise<boolean> =>
      clearance.mayBegin({
        operator_id: outgoing.operator_id,
        message_id: outgoing.message_id,
        mailbox_id: outgoing.mailbox_id,
        token: outgoing.token,
        address: recipient.address,
        alias: aliasIn(context, outgoing)(recipient.address),
      }),
  };
}
