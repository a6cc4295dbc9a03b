/** Tables of people, their credentials and codes, policies, versions and mail of the service, as TypeScript sees them. */
import type { ColumnType, Generated } from "kysely";
import type { AttachmentMeta, Json, MaybeTime, RecipientKind, Time } from "./column-types.ts";

/** Column types of these tables, in the order of the migration. */
export type OversightTables = {
  invitation: {
    operator_id: string;
    invitation_id: string;
    email: string;
    name: string;
    role: "owner" | "admin" | "approver" | "auditor";
    token_hash: Buffer;
    invited_by: string;
    created_at: Time;
    expires_at: Time;
    accepted_at: MaybeTime;
    revoked_at: MaybeTime;
    person_id: string | null;
  };
  passkey: {
    operator_id: string;
    passkey_id: string;
    person_id: string;
    purpose: "sign_in" | "decision";
    credential_id: Buffer;
    public_key: Buffer;
    algorithm: number;
    name: string;
    transports: Generated<string[]>;
    backed_up: boolean;
    sign_count: ColumnType<string, number, number>;
    entry_id: string | null;
    leaf_hash: Buffer | null;
    created_at: Time;
    last_used_at: MaybeTime;
    revoked_at: MaybeTime;
    revoked_by: string | null;
  };
  directory_head: {
    operator_id: string;
    head_id: string;
    statement: string;
    signature: string;
    created_at: Time;
  };
  webauthn_challenge: {
    operator_id: string;
    challenge: Buffer;
    purpose: "enrol_sign_in" | "enrol_decision" | "sign_in" | "step_up" | "decide";
    person_id: string | null;
    session_id: string | null;
    data: Json<Record<string, unknown>>;
    created_at: Time;
    expires_at: Time;
  };
  one_time_code: {
    operator_id: string;
    code_id: string;
    purpose: string;
    subject: string;
    code_hash: Buffer;
    data: Json<Record<string, unknown>>;
    tries: Generated<number>;
    created_at: Time;
    expires_at: Time;
    used_at: MaybeTime;
  };
  change_request: {
    operator_id: string;
    change_id: string;
    operation: string;
    input_hash: Buffer;
    summary: string;
    requested_by: string;
    created_at: Time;
    expires_at: Time;
    granted_by: string | null;
    granted_at: MaybeTime;
    refused_by: string | null;
    used_at: MaybeTime;
  };
  policy: {
    operator_id: string;
    policy_id: string;
    mailbox_id: string;
    position: number;
    name: string;
    match: Json<Record<string, unknown>>;
    outcome: "hold" | "allow" | "block" | "quorum" | "passkey";
    required: number | null;
    created_by: string;
    created_at: Time;
    updated_at: Time;
    expires_at: MaybeTime;
    revoked_at: MaybeTime;
    revoked_by: string | null;
  };
  message_version: {
    operator_id: string;
    message_id: string;
    version: number;
    digest: string;
    subject: string;
    markdown: string;
    mime: Buffer;
    recipients: Json<{ kind: RecipientKind; address: string; name: string | null }[]>;
    attachments: Json<AttachmentMeta[]>;
    written_by: string;
    replaced_by: string;
    reason: string | null;
    created_at: Time;
  };
  service_mail: {
    operator_id: string;
    mail_id: string;
    channel: ColumnType<"mail" | "chat", "mail" | "chat" | undefined, never>;
    kind: string;
    to_address: string;
    message_id: string | null;
    mime: Buffer | null;
    attempts: Generated<number>;
    created_at: Time;
    sent_at: MaybeTime;
    failed_at: MaybeTime;
    last_reply: string | null;
  };
  waiting_notice: {
    operator_id: string;
    person_id: string;
    message_id: string;
    about: "pending" | "reminder" | "escalation";
    mail: boolean;
    chat: boolean;
    created_at: Time;
  };
};
