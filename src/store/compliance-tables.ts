/** Tables of compliance, as TypeScript sees them: legal holds, retention, erasures. */
import type { ColumnType, Generated } from "kysely";
import type { ErasureStatus, HoldScope, RetentionRules } from "../core/compliance.ts";
import type { Json, MaybeTime, Time } from "./column-types.ts";

/** Column types of these tables, in the order of the migration. */
export type ComplianceTables = {
  legal_hold: {
    operator_id: string;
    hold_id: string;
    scope: HoldScope;
    mailbox_id: string | null;
    thread_id: string | null;
    message_id: string | null;
    address: string | null;
    reason: string;
    created_by: string;
    created_at: Time;
    released_by: string | null;
    released_at: MaybeTime;
  };
  retention: {
    operator_id: string;
    version: number;
    rules: Json<RetentionRules>;
    created_by: string;
    created_at: Time;
  };
  erasure: {
    operator_id: string;
    erasure_id: string;
    address: string | null;
    reference: string | null;
    status: ErasureStatus;
    messages: ColumnType<number, number | undefined, number>;
    openings: Generated<number>;
    remaining: Generated<number>;
    requested_by: string;
    requested_at: Time;
    next_at: MaybeTime;
    done_at: MaybeTime;
  };
};
