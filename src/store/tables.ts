/** The tables as TypeScript sees them: column types for the query builder, in the order of the migration. */
import type { ColumnType, Generated } from "kysely";
import type { AttachmentMeta, Json, MaybeTime, RecipientKind, Time } from "./column-types.ts";
import type { ComplianceTables } from "./compliance-tables.ts";
import type { DeliveryTables } from "./delivery-tables.ts";
import type { OAuthTables } from "./oauth-tables.ts";
import type { OversightTables } from "./oversight-tables.ts";
import type { SignUpTables } from "./sign-up-tables.ts";

/** Tables that are described in files of their own. */
type OtherTables = OversightTables & DeliveryTables & SignUpTables & OAuthTables & ComplianceTables;

/** Column types of every table. */
export type Tables = OtherTables & {
  operator: {
    operator_id: string;
    slug: string;
    name: string;
    postal_address: string;
    oversight_address: string | null;
    stopped_at: MaybeTime;
    stopped_by: string | null;
    stopped_reason: string | null;
    directory_key: string | null;
    created_at: Time;
    closed_at: MaybeTime;
  };
  domain: {
    operator_id: string;
    name: string;
    verified_at: MaybeTime;
    created_at: Time;
    domain_id: string;
    instance: Generated<boolean>;
    checks: ColumnType<DomainCheck[], string | undefined, string>;
    checked_at: MaybeTime;
    sts_mode: Generated<"none" | "testing" | "enforce">;
    failures: Generated<number>;
  };
  signing_key: {
    operator_id: string;
    key_id: string;
    purpose: "log" | "identity" | "dkim";
    algorithm: "ed25519" | "es256" | "rsa2048";
    domain: string | null;
    selector: string | null;
    public_key: Buffer;
    sealed_private: Buffer;
    status: "pending" | "active" | "retired" | "revoked";
    not_before: Time;
    expires_at: MaybeTime;
  };
  person: {
    operator_id: string;
    person_id: string;
    name: string;
    email: string;
    role: "owner" | "admin" | "approver" | "auditor";
    created_at: Time;
    removed_at: MaybeTime;
    notify: ColumnType<Record<string, unknown>, string | undefined, string>;
  };
  sign_in_link: {
    operator_id: string;
    token_hash: Buffer;
    person_id: string;
    created_at: Time;
    expires_at: Time;
    used_at: MaybeTime;
  };
  session: {
    operator_id: string;
    session_id: string;
    token_hash: Buffer;
    csrf_token: string;
    person_id: string;
    created_at: Time;
    last_seen_at: Time;
    expires_at: Time;
    ended_at: MaybeTime;
    method: Generated<SignInMethod>;
    user_agent: string | null;
    verified_at: MaybeTime;
    verified_by: Generated<SignInMethod>;
    previous_hash: Buffer | null;
    spent_hashes: Generated<Buffer[]>;
    rotated_at: MaybeTime;
  };
  api_key: {
    operator_id: string;
    key_id: string;
    name: string;
    token_hash: Buffer;
    prefix: string;
    scopes: string[];
    mailbox_ids: string[] | null;
    test: boolean;
    person_id: string | null;
    created_by: string;
    created_at: Time;
    expires_at: MaybeTime;
    revoked_at: MaybeTime;
    last_used_at: MaybeTime;
  };
  mailbox: {
    operator_id: string;
    mailbox_id: string;
    address: string;
    display_name: string | null;
    mode: string;
    approvals_required: number;
    expiry_seconds: number;
    undo_seconds: number;
    passkey_required: Generated<boolean>;
    ai_disclosure: boolean;
    created_at: Time;
    updated_at: Time;
    daily_quota: number | null;
    warm_up_started_at: MaybeTime;
    paused_at: MaybeTime;
    paused_reason: string | null;
    approver_ids: string[] | null;
    deleted_at: MaybeTime;
    scan_policy: ColumnType<Record<string, string>, string | undefined, string>;
    webhook_url: string | null;
    oversight_webhook_url: string | null;
    auto_cc: Generated<string[]>;
    auto_bcc: Generated<string[]>;
  };
  allowlist_entry: {
    operator_id: string;
    mailbox_id: string;
    entry_id: string;
    pattern: string;
    confirmed_by: string;
    created_at: Time;
  };
  suppression: {
    operator_id: string;
    address: string;
    mailbox_id: string;
    reason: string;
    message_id: string | null;
    created_at: Time;
    note: string | null;
    created_by: Generated<string>;
    expires_at: MaybeTime;
  };
  message: {
    operator_id: string;
    message_id: string;
    mailbox_id: string;
    direction: "outbound" | "inbound";
    status: string;
    mode: string;
    test: boolean;
    required: number;
    passkey: Generated<boolean>;
    timing: string;
    gated: boolean;
    handed: boolean;
    authors: string[];
    author_kind: string;
    author_id: string;
    digest: string;
    attempts: Generated<number>;
    first_attempt_at: MaybeTime;
    thread_id: string;
    rfc_message_id: string;
    from_address: string;
    subject: string;
    size_bytes: number;
    attachments: Json<AttachmentMeta[]>;
    tags: Json<Record<string, string>>;
    metadata: Json<Record<string, string>>;
    reason: string | null;
    send_at: MaybeTime;
    expires_at: MaybeTime;
    created_at: Time;
    updated_at: Time;
    from_name: string | null;
    kind: Generated<MailKindName>;
    in_reply_to: string | null;
    reply_of: string | null;
    authentication: Json<Record<string, unknown>> | null;
    screening: Json<Record<string, unknown>> | null;
    user_label: string | null;
    complained_at: MaybeTime;
    unsubscribed_at: MaybeTime;
    policy_id: string | null;
    give_up_seconds: number | null;
    /** When what it said was erased. */
    erased_at: MaybeTime;
  };
  message_content: {
    operator_id: string;
    message_id: string;
    mime: Buffer;
    markdown: string;
    body_text: string | null;
    new_text: string | null;
  };
  inbound: {
    operator_id: string;
    inbound_id: string;
    envelope_from: string;
    envelope_to: string[];
    raw: Buffer;
    session: Json<Record<string, unknown>>;
    attempts: Generated<number>;
    received_at: Time;
  };
  inbound_seen: {
    operator_id: string;
    mailbox_id: string;
    fingerprint: Buffer;
    message_id: string;
    received_at: Time;
  };
  thread: {
    operator_id: string;
    mailbox_id: string;
    thread_id: string;
    subject: string;
    last_message_id: string;
    last_inbound_id: string | null;
    owner: "agent" | "human" | null;
    owner_by: string | null;
    owner_at: MaybeTime;
    created_at: Time;
  };
  message_search: { operator_id: string; message_id: string; mailbox_id: string; tsv: string };
  contact: {
    operator_id: string;
    contact_id: string;
    email: string;
    name: string | null;
    metadata: Json<Record<string, string>>;
    created_at: Time;
    updated_at: Time;
  };
  aggregate_report: {
    operator_id: string;
    report_id: string;
    kind: "dmarc" | "tls";
    domain: string;
    organisation: string;
    external_id: string;
    begins_at: Time;
    ends_at: Time;
    summary: Json<Record<string, unknown>>;
    received_at: Time;
  };
  mailbox_day: {
    operator_id: string;
    mailbox_id: string;
    day: ColumnType<Date, string, string>;
    handed: Generated<number>;
    bounced: Generated<number>;
    complained: Generated<number>;
  };
  sts_policy: {
    domain: string;
    policy: Json<Record<string, unknown>>;
    fetched_at: Time;
    expires_at: Time;
  };
  recipient: {
    operator_id: string;
    message_id: string;
    position: number;
    kind: RecipientKind;
    address: string;
    name: string | null;
    status: RecipientStatus;
    attempts: Generated<number>;
    receipt: Json<Receipt> | null;
    next_attempt_at: Generated<Date | null>;
    /** Of an erased recipient: who it was, by a keyed code. */
    subject_id: string | null;
  };
  decision: {
    operator_id: string;
    decision_id: string;
    message_id: string;
    decision: "approve" | "reject" | "revise";
    digest: string;
    principal: string;
    credential_id: string;
    person_id: string | null;
    decided_by: string;
    class: "A" | "B" | "C";
    reason: string | null;
    statement: Buffer;
    envelope: Json<Record<string, unknown>>;
    entry_id: string;
    leaf_hash: Buffer;
    created_at: Time;
    voided_at: MaybeTime;
    passkey_id: string | null;
  };
  handoff: {
    operator_id: string;
    message_id: string;
    attempt: number;
    digest: string;
    entry_id: string;
    handed_at: Time;
    policy_id: string | null;
  };
  due: {
    operator_id: string;
    kind: DueKind;
    message_id: string;
    due_at: Time;
    token: Generated<string>;
    node: string | null;
  };
  idempotency: {
    operator_id: string;
    mailbox_id: string;
    key: string;
    fingerprint: string;
    message_id: string;
    created_at: Time;
  };
  event: {
    operator_id: string;
    event_id: string;
    type: string;
    mailbox_id: string | null;
    message_id: string | null;
    thread_id: string | null;
    data: Json<Record<string, unknown>>;
    at: Time;
  };
  log_entry: {
    operator_id: string;
    entry_id: string;
    type: string;
    actor_kind: string;
    actor_id: string;
    resource: string | null;
    mailbox_id: string | null;
    thread_id: string | null;
    at: Time;
    body: Buffer;
  };
  log_pending: { operator_id: string; seq: Generated<string>; entry_id: string };
  log_head: {
    operator_id: string;
    origin: string;
    size: ColumnType<string, number, number>;
    broken_at: Generated<Time | null>;
  };
  log_index: {
    operator_id: string;
    idx: ColumnType<string, number, number>;
    entry_id: string;
    leaf_hash: Buffer;
  };
  log_tile: {
    operator_id: string;
    level: number;
    n: ColumnType<string, number, number>;
    hashes: Buffer;
  };
  log_checkpoint: {
    operator_id: string;
    size: ColumnType<string, number, number>;
    note: string;
    at: Time;
  };
  subject_key: { operator_id: string; subject_id: string; wrapped: Buffer; created_at: Time };
  log_opening: { operator_id: string; entry_id: string; subject_id: string; sealed: Buffer };
};

/** What the last look at one record of a domain found. */
export type DomainCheck = {
  type: string;
  name: string;
  purpose: string;
  status: "ok" | "missing" | "wrong" | "not_required" | "unknown";
  message: string;
};

/** What became of one recipient. */
export type RecipientStatus =
  | "pending"
  | "deferred"
  | "sent"
  | "delivered"
  | "bounced"
  | "failed"
  | "suppressed";

/** Kinds of due rows. */
export type DueKind =
  | "deliver"
  | "release"
  | "expire"
  | "receive"
  | "index"
  | "verify_domain"
  | "remind"
  | "escalate"
  | "notify"
  | "service_mail"
  | "webhook";

/** How a person proved who they are. */
export type SignInMethod = "link" | "code" | "passkey" | "invitation";

/** What an inbound message is; see the mail room's classification. */
export type MailKindName = "mail" | "auto_reply" | "bounce" | "complaint" | "report";

/** One remote answer; see the contract's `receipt`. */
export type Receipt = {
  at: string;
  host: string | null;
  address: string | null;
  code: number | null;
  enhanced_status_code: string | null;
  reply: string;
  tls: {
    version: string;
    cipher: string;
    authorized: boolean;
    policy?: "none" | "mta-sts" | "dane";
    verified?: boolean;
  } | null;
  outcome: "accepted" | "temporary" | "permanent" | "unknown";
  note?: string;
};
