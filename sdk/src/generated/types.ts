/** What travels, as types: generated from openapi.json by `npm run generate`, not written by hand. */

/** The version of the contract that these types were made from. */
export const contractVersion = "0.1.0";

export type ApiKey = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  /** First characters of the key, to recognise it */
  prefix: string;
  scopes: Array<"read" | "send" | "admin" | "oversight" | "audit">;
  mailbox_ids: string[] | null;
  test: boolean;
  person_id: string | null;
  /** ISO 8601 time */
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
};

export type AuditEntry = {
  /** 26-character id, sorts by time */
  id: string;
  index: number | null;
  /** ISO 8601 time */
  at: string;
  type: string;
  actor: {
    kind: string;
    id: string;
  };
  resource: string | null;
  mailbox_id: string | null;
  thread_id: string | null;
  /** Hex SHA-256 of the leaf, RFC 6962 */
  leaf_hash: string;
  data: Record<string, unknown>;
};

export type Decision = {
  decision: "approve" | "reject" | "revise";
  /** The person's name, or the credential's */
  by: string;
  class: "A" | "B" | "C";
  reason: string | null;
  digest: string;
  /** ISO 8601 time */
  at: string;
  /** When it stopped counting: pulled back, or the text was edited; else null */
  voided_at: string | null;
};

export type Email = {
  /** 26-character id, sorts by time */
  id: string;
  /** 26-character id, sorts by time */
  mailbox_id: string;
  direction: "outbound" | "inbound";
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
  thread_id: string;
  /** Message-ID header, RFC 5322 */
  message_id: string;
  from: string;
  from_address: string;
  to: string[];
  to_addresses: string[];
  cc: string[];
  bcc: string[];
  subject: string;
  kind: "mail" | "auto_reply" | "bounce" | "complaint" | "report";
  /** The sender's name as recipients see it */
  from_name: string | null;
  /** In-Reply-To header, RFC 5322 */
  in_reply_to: string | null;
  /** Id of the email here that this one answers */
  reply_of: string | null;
  /** What somebody said about received mail, whatever screening found */
  user_label: string | null;
  has_attachments: boolean;
  size_bytes: number;
  tags: Record<string, string>;
  test: boolean;
  /** The mailbox's mode when the message was submitted */
  oversight_mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
  approvals_required: number;
  /** True where only approvals by passkey (class A) count */
  passkey_required: boolean;
  /** Distinct approvals of the current content */
  approvals: number;
  /** SHA-256 of the content and the envelope: what a decision names */
  digest: string;
  /** Why the message is in this status */
  reason: string | null;
  send_at: string | null;
  expires_at: string | null;
  /** When a recipient called it spam */
  complained_at: string | null;
  /** When a recipient unsubscribed by it */
  unsubscribed_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  received_at: string;
  /** ISO 8601 time */
  updated_at: string;
  /** Where answers go, from the message itself; empty: to the mailbox */
  reply_to: string[];
  markdown: string;
  text_body: string;
  /** Of received mail: what its writer wrote now, without quotation and signature. Null for sent mail */
  new_text: string | null;
  /** True where text_body or the HTML shown is not the whole of the message */
  truncated: boolean;
  attachments: Array<{
    filename: string;
    content_type: string;
    size_bytes: number;
    /** Meant to stand inside the HTML, such as a logo */
    inline?: boolean | undefined;
    content_id?: string | null | undefined;
  }>;
  /** Of received mail: what SPF, DKIM, DMARC and ARC said */
  authentication: Record<string, unknown> | null;
  /** What screening found in received mail, or the scan in outgoing mail */
  screening: Record<string, unknown> | null;
  recipients: Recipient[];
  decisions: Decision[];
  metadata: Record<string, string>;
  author: {
    kind: string;
    id: string;
  };
  /** When what it said was erased; the log says why */
  erased_at: string | null;
};

export type EmailSummary = {
  /** 26-character id, sorts by time */
  id: string;
  /** 26-character id, sorts by time */
  mailbox_id: string;
  direction: "outbound" | "inbound";
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
  thread_id: string;
  /** Message-ID header, RFC 5322 */
  message_id: string;
  from: string;
  from_address: string;
  to: string[];
  to_addresses: string[];
  cc: string[];
  bcc: string[];
  subject: string;
  kind: "mail" | "auto_reply" | "bounce" | "complaint" | "report";
  /** The sender's name; in lists of received mail only */
  from_name: string | null;
  /** In-Reply-To header, RFC 5322 */
  in_reply_to: string | null;
  /** Id of the email here that this one answers */
  reply_of: string | null;
  /** What somebody said about received mail, whatever screening found */
  user_label: string | null;
  has_attachments: boolean;
  size_bytes: number;
  tags: Record<string, string>;
  test: boolean;
  /** The mailbox's mode when the message was submitted */
  oversight_mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
  approvals_required: number;
  /** True where only approvals by passkey (class A) count */
  passkey_required: boolean;
  /** Distinct approvals of the current content */
  approvals: number;
  /** SHA-256 of the content and the envelope: what a decision names */
  digest: string;
  /** Why the message is in this status */
  reason: string | null;
  send_at: string | null;
  expires_at: string | null;
  /** When a recipient called it spam */
  complained_at: string | null;
  /** When a recipient unsubscribed by it */
  unsubscribed_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  received_at: string;
  /** ISO 8601 time */
  updated_at: string;
};

export type Mailbox = {
  /** 26-character id, sorts by time */
  id: string;
  address: string;
  display_name: string | null;
  /** Oversight mode, in ascending order of autonomy */
  oversight_mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
  approvals_required: number;
  /** True where only decisions by passkey (class A) approve */
  passkey_required: boolean;
  /** Members who are asked first about what waits; null: everybody who may decide */
  approver_ids: string[] | null;
  /** Seconds after which pending mail expires */
  expiry_seconds: number;
  /** Seconds a message approved in the dashboard waits before it leaves */
  undo_seconds: number;
  ai_disclosure: boolean;
  /** Messages a day; null: the instance's limit */
  daily_quota: number | null;
  warm_up: boolean;
  /** True where it sends nothing until a person resumes it */
  paused: boolean;
  paused_at: string | null;
  paused_reason: string | null;
  scan_policy: Record<string, string>;
  webhook_url: string | null;
  oversight_webhook_url: string | null;
  /** Who gets a visible copy of everything it writes */
  auto_cc: string[];
  /** Who gets a hidden copy of everything it writes */
  auto_bcc: string[];
  deleted_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
};

export type Receipt = {
  /** ISO 8601 time */
  at: string;
  host: string | null;
  /** IP address of the server */
  address: string | null;
  code: number | null;
  /** RFC 3463 */
  enhanced_status_code: string | null;
  reply: string;
  tls: {
    version: string;
    cipher: string;
    /** The certificate chains to a trusted root and names the host */
    authorized: boolean;
    /** What the destination demands of TLS, in direct delivery */
    policy?: "none" | "mta-sts" | "dane" | undefined;
    /** The certificate fits that policy */
    verified?: boolean | undefined;
  } | null;
  outcome: "accepted" | "temporary" | "permanent" | "unknown";
  /** Hosts tried in vain before, a handshake that failed */
  note?: string | undefined;
};

export type Recipient = {
  address: string;
  name: string | null;
  /** `copy` is the oversight address of a monitored mailbox */
  kind: "to" | "cc" | "bcc" | "copy";
  status: "pending" | "deferred" | "sent" | "delivered" | "bounced" | "failed" | "suppressed";
  attempts: number;
  receipt: Receipt | null;
};

export type ApprovalRequired = {
  status: "approval_required";
  /** The change that waits for a person */
  change_id: string;
  /** How it goes on */
  hint: string;
  /** ISO 8601 time after which the change must be asked for anew */
  expires_at: string;
};

/** Why the call was refused. */
export type ErrorBody = {
  /** One sentence for a person. */
  error: string;
  /** One of a closed list, for programs. */
  code: "validation_failed" | "invalid_json" | "invalid_idempotency_key" | "invalid_cursor" | "payload_too_large" | "unsupported_media_type" | "method_not_allowed" | "unauthenticated" | "scope_required" | "role_required" | "fresh_sign_in_required" | "invalid_passkey" | "passkeys_unavailable" | "csrf_failed" | "invalid_link" | "invalid_code" | "invalid_proof" | "sign_up_closed" | "self_approval" | "key_not_narrower" | "test_key" | "scopes_exclude_each_other" | "not_found" | "address_taken" | "unknown_domain" | "domain_taken" | "domain_not_verified" | "domain_in_use" | "already_exists" | "last_owner" | "thread_locked" | "duplicate_reply" | "not_inbound" | "idempotency_conflict" | "mode_forbids_send" | "mode_raise_needs_person" | "not_pending" | "stale_digest" | "already_decided" | "passkey_required" | "needs_sign_in" | "not_cancellable" | "not_scheduled" | "not_editable" | "not_queued" | "not_sending" | "not_in_scan" | "recipient_suppressed" | "content_blocked" | "not_resendable" | "operator_stopped" | "quota_exceeded" | "digest_mismatch" | "legal_hold" | "content_erased" | "rate_limited" | "unavailable" | "internal";
  /** Also in X-Request-Id. */
  request_id: string;
  /** How to mend it. */
  hint?: string | undefined;
  /** The input field at fault, as the caller spelled it. */
  field?: string | undefined;
};

/** Codes of refusals that this version knows; a newer server may have more. */
export type ErrorCode = ErrorBody["code"];

/** Input of `getJwks`. */
export type GetJwksInput = Record<string, never>;

/** Answer of `getJwks`. */
export type GetJwksOutput = {
  keys: Array<{
    kid: string;
    kty: string;
  }>;
};

/** Input of `getSigningKey`. */
export type GetSigningKeyInput = Record<string, never>;

/** Answer of `getSigningKey`. */
export type GetSigningKeyOutput = {
  kid: string;
};

/** Input of `getAuthorizationServer`. */
export type GetAuthorizationServerInput = Record<string, never>;

/** Answer of `getAuthorizationServer`. */
export type GetAuthorizationServerOutput = {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  registration_endpoint: string;
  revocation_endpoint: string;
  scopes_supported: Array<"read" | "send" | "admin" | "oversight" | "audit" | "draft">;
};

/** Input of `getProtectedResource`. */
export type GetProtectedResourceInput = Record<string, never>;

/** Answer of `getProtectedResource`. */
export type GetProtectedResourceOutput = {
  resource: string;
  resource_name: string;
  authorization_servers: string[];
  bearer_methods_supported: string[];
  scopes_supported: Array<"read" | "send" | "admin" | "oversight" | "audit" | "draft">;
};

/** Input of `getMcpResource`. */
export type GetMcpResourceInput = Record<string, never>;

/** Answer of `getMcpResource`. */
export type GetMcpResourceOutput = {
  resource: string;
  resource_name: string;
  authorization_servers: string[];
  bearer_methods_supported: string[];
  scopes_supported: Array<"read" | "send" | "admin" | "oversight" | "audit" | "draft">;
};

/** Input of `getReputation`. */
export type GetReputationInput = {
  /** Hex SHA-256 of the mailbox's address in lower case */
  hash: string;
};

/** Answer of `getReputation`. */
export type GetReputationOutput = {
  hash: string;
  operator: {
    /** 26-character id, sorts by time */
    id: string;
    name: string;
    /** True where the mailbox's domain is proven to be theirs */
    verified: boolean;
  };
  /**
   * new: too little was sent to say; poor: too much bounces or is complained about; paused: it was
   * stopped
   */
  standing: "new" | "good" | "fair" | "poor" | "paused";
  /** Oversight mode, in ascending order of autonomy */
  oversight: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
  /** The month in which the mailbox was made */
  since: string;
};

/** Input of `registerAgent`. */
export type RegisterAgentInput = {
  /** Address of the person who oversees; a code is mailed there. Agents must not read it */
  oversight_email: string;
  /** What the person who is asked knows the agent by: letters, digits, spaces and _ ' ( ) - */
  agent_name: string;
  /** read and send; no agent decides or administers */
  scopes?: Array<"read" | "send"> | undefined;
  /** Name of its mailbox, before the @; made from agent_name if absent */
  mailbox_local_part?: string | undefined;
};

/** Answer of `registerAgent`. */
export type RegisterAgentOutput = {
  status: "code_mailed";
  /** Goes with the code to /agent/auth/confirm */
  registration_id: string;
  /** ISO 8601 time */
  expires_at: string;
  hint: string;
};

/** Input of `confirmAgent`. */
export type ConfirmAgentInput = {
  /** 26-character id, sorts by time */
  registration_id: string;
  /** The code that was mailed to the oversight address; case and hyphens do not matter */
  code: string;
};

/** Answer of `confirmAgent`. */
export type ConfirmAgentOutput = {
  /** 26-character id, sorts by time */
  account_id: string;
  /** The secret: shown once */
  api_key: string;
  /** 26-character id, sorts by time */
  key_id: string;
  scopes: Array<"read" | "send">;
  /** 26-character id, sorts by time */
  mailbox_id: string;
  mailbox_address: string;
  oversight_mode: "gated_send";
};

/** Input of `getCheckpoint`. */
export type GetCheckpointInput = Record<string, never>;

/** Input of `getTile`. */
export type GetTileInput = {
  /** Such as 0/x001/067 or entries/000.p/17 */
  tile_path: string;
};

/** Input of `getLogCheckpoint`. */
export type GetLogCheckpointInput = {
  /** 26-character id, sorts by time */
  operator_id: string;
};

/** Input of `getLogTile`. */
export type GetLogTileInput = {
  /** 26-character id, sorts by time */
  operator_id: string;
  /** Such as 0/x001/067 or entries/000.p/17 */
  tile_path: string;
};

/** Input of `health`. */
export type HealthInput = Record<string, never>;

/** Answer of `health`. */
export type HealthOutput = {
  status: "ok";
  version: string;
};

/** Input of `ready`. */
export type ReadyInput = Record<string, never>;

/** Answer of `ready`. */
export type ReadyOutput = {
  status: "ready";
};

/** Input of `getAccount`. */
export type GetAccountInput = Record<string, never>;

/** Answer of `getAccount`. */
export type GetAccountOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  slug: string;
  postal_address: string;
  oversight_address: string | null;
  domains: string[];
  /** When the operator's kill switch was pulled */
  stopped_at: string | null;
  stopped_reason: string | null;
  /** ISO 8601 time */
  created_at: string;
  credential: {
    kind: string;
    id: string;
    scopes: Array<"read" | "send" | "admin" | "oversight" | "audit" | "draft">;
    mailbox_ids: string[] | null;
    test: boolean;
  };
};

/** Input of `updateAccount`. */
export type UpdateAccountInput = {
  name?: string | undefined;
  /** Stands in the footer of every message; one line */
  postal_address?: string | undefined;
  /** Where codes and notices go; null for nowhere */
  oversight_address?: string | null | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `updateAccount`. */
export type UpdateAccountOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  postal_address: string;
  oversight_address: string | null;
} | ApprovalRequired;

/** Input of `deleteAccount`. */
export type DeleteAccountInput = {
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `deleteAccount`. */
export type DeleteAccountOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  status: "deleted";
  deleted: true;
  /** ISO 8601 time */
  closed_at: string;
} | ApprovalRequired;

/** Input of `getNotifications`. */
export type GetNotificationsInput = Record<string, never>;

/** Answer of `getNotifications`. */
export type GetNotificationsOutput = {
  /**
   * each: a mail for each message; digest: one for all that came together; none: only escalations are
   * mailed
   */
  mail: "each" | "digest" | "none";
  /** How long the notices of a digest are gathered */
  digest_minutes: number;
  quiet: {
    /** Local time, such as 22:00 */
    from: string;
    /** Local time, such as 07:00; before `from` it lies on the next day */
    to: string;
    /** IANA name, such as Europe/Berlin */
    time_zone: string;
  } | null;
  /** Host of the chat's webhook; its address is not shown */
  chat_webhook_host: string | null;
};

/** Input of `updateNotifications`. */
export type UpdateNotificationsInput = {
  /**
   * each: a mail for each message; digest: one for all that came together; none: only escalations are
   * mailed
   */
  mail?: "each" | "digest" | "none" | undefined;
  /** How long the notices of a digest are gathered */
  digest_minutes?: number | undefined;
  quiet?: {
    /** Local time, such as 22:00 */
    from: string;
    /** Local time, such as 07:00; before `from` it lies on the next day */
    to: string;
    /** IANA name, such as Europe/Berlin */
    time_zone: string;
  } | null | undefined;
  chat_webhook_url?: string | null | undefined;
};

/** Answer of `updateNotifications`. */
export type UpdateNotificationsOutput = {
  /**
   * each: a mail for each message; digest: one for all that came together; none: only escalations are
   * mailed
   */
  mail: "each" | "digest" | "none";
  /** How long the notices of a digest are gathered */
  digest_minutes: number;
  quiet: {
    /** Local time, such as 22:00 */
    from: string;
    /** Local time, such as 07:00; before `from` it lies on the next day */
    to: string;
    /** IANA name, such as Europe/Berlin */
    time_zone: string;
  } | null;
  /** Host of the chat's webhook; its address is not shown */
  chat_webhook_host: string | null;
};

/** Input of `listApiKeys`. */
export type ListApiKeysInput = {
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listApiKeys`. */
export type ListApiKeysOutput = {
  api_keys: ApiKey[];
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `createApiKey`. */
export type CreateApiKeyInput = {
  name: string;
  scopes?: Array<"read" | "send" | "admin" | "oversight" | "audit"> | undefined;
  /** Bind it to these mailboxes; null for all */
  mailbox_ids?: string[] | null | undefined;
  /** A test key does everything except that mail never leaves */
  test?: boolean | undefined;
  /** The person who answers for it */
  person_id?: string | null | undefined;
  expires_at?: string | null | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `createApiKey`. */
export type CreateApiKeyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  /** First characters of the key, to recognise it */
  prefix: string;
  scopes: Array<"read" | "send" | "admin" | "oversight" | "audit">;
  mailbox_ids: string[] | null;
  test: boolean;
  person_id: string | null;
  /** ISO 8601 time */
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
  /** The secret: shown once */
  key: string;
  /** The same secret, by the name existing clients read */
  api_key: string;
} | ApprovalRequired;

/** Input of `updateApiKey`. */
export type UpdateApiKeyInput = {
  /** 26-character id, sorts by time */
  key_id: string;
  name?: string | undefined;
  scopes?: Array<"read" | "send" | "admin" | "oversight" | "audit"> | undefined;
  /** Bind it to these mailboxes; null for all */
  mailbox_ids?: string[] | null | undefined;
  expires_at?: string | null | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `updateApiKey`. */
export type UpdateApiKeyOutput = ApiKey | ApprovalRequired;

/** Input of `revokeApiKey`. */
export type RevokeApiKeyInput = {
  /** 26-character id, sorts by time */
  key_id: string;
};

/** Answer of `revokeApiKey`. */
export type RevokeApiKeyOutput = ApiKey;

/** Input of `showApproval`. */
export type ShowApprovalInput = {
  token: string;
};

/** Answer of `showApproval`. */
export type ShowApprovalOutput = {
  email: Email;
  person: {
    /** 26-character id, sorts by time */
    id: string;
    name: string;
  };
  /** False where this person has nothing to decide here any more, or it was edited */
  open: boolean;
  /** Why one has to sign in to approve it; null where the link will do */
  sign_in: string | null;
  page_token: string;
};

/** Input of `decideByLink`. */
export type DecideByLinkInput = {
  token: string;
  page_token: string;
  decision: "approve" | "reject" | "revise";
  reason?: string | undefined;
};

/** Answer of `decideByLink`. */
export type DecideByLinkOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
  decision: "approve" | "reject" | "revise";
  approvals: number;
  approvals_required: number;
  leaves_at: string | null;
};

/** Input of `openAttachmentLink`. */
export type OpenAttachmentLinkInput = {
  token: string;
};

/** Input of `getAuditLog`. */
export type GetAuditLogInput = {
  /** Such as message.decided */
  type?: string | undefined;
  /** The same as type */
  action?: string | undefined;
  /** Id of the credential or person */
  actor?: string | undefined;
  /** Id of the message, mailbox or key */
  resource?: string | undefined;
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  thread_id?: string | undefined;
  /** ISO 8601 time */
  date_after?: string | undefined;
  /** ISO 8601 time */
  date_before?: string | undefined;
  /** The same as date_after */
  from?: string | undefined;
  /** The same as date_before */
  to?: string | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `getAuditLog`. */
export type GetAuditLogOutput = {
  entries: AuditEntry[];
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `exportAuditLog`. */
export type ExportAuditLogInput = {
  /** jsonl, csv, or bundle (a tar archive) */
  format?: "jsonl" | "csv" | "bundle" | undefined;
  /** Such as message.decided */
  type?: string | undefined;
  /** The same as type */
  action?: string | undefined;
  /** Id of the credential or person */
  actor?: string | undefined;
  /** Id of the message, mailbox or key */
  resource?: string | undefined;
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  thread_id?: string | undefined;
  /** ISO 8601 time */
  date_after?: string | undefined;
  /** ISO 8601 time */
  date_before?: string | undefined;
  /** The same as date_after */
  from?: string | undefined;
  /** The same as date_before */
  to?: string | undefined;
};

/** Input of `getEntryProof`. */
export type GetEntryProofInput = {
  /** Index of the entry, from 0 */
  index: number;
};

/** Input of `listChanges`. */
export type ListChangesInput = {
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listChanges`. */
export type ListChangesOutput = {
  changes: Array<{
    /** 26-character id, sorts by time */
    id: string;
    operation: string;
    /** What would be done */
    summary: string;
    /** Id of the key */
    requested_by: string;
    key_name: string | null;
    /** ISO 8601 time */
    created_at: string;
    /** ISO 8601 time */
    expires_at: string;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `decideChange`. */
export type DecideChangeInput = {
  /** 26-character id, sorts by time */
  change_id: string;
  decision: "grant" | "refuse";
};

/** Answer of `decideChange`. */
export type DecideChangeOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "granted" | "refused";
};

/** Input of `searchContacts`. */
export type SearchContactsInput = {
  /** Part of the address or the name */
  q?: string | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `searchContacts`. */
export type SearchContactsOutput = {
  contacts: Array<{
    /** 26-character id, sorts by time */
    id: string;
    email: string;
    name: string | null;
    metadata: Record<string, string>;
    /** ISO 8601 time */
    created_at: string;
    /** ISO 8601 time */
    updated_at: string;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `addContact`. */
export type AddContactInput = {
  /** name@example.com or Name <name@example.com> */
  email: string;
  name?: string | undefined;
  metadata?: Record<string, string> | undefined;
};

/** Answer of `addContact`. */
export type AddContactOutput = {
  /** 26-character id, sorts by time */
  id: string;
  email: string;
  name: string | null;
  metadata: Record<string, string>;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
};

/** Input of `getContact`. */
export type GetContactInput = {
  /** 26-character id, sorts by time */
  contact_id: string;
};

/** Answer of `getContact`. */
export type GetContactOutput = {
  /** 26-character id, sorts by time */
  id: string;
  email: string;
  name: string | null;
  metadata: Record<string, string>;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
};

/** Input of `updateContact`. */
export type UpdateContactInput = {
  /** 26-character id, sorts by time */
  contact_id: string;
  name?: string | null | undefined;
  metadata?: Record<string, string> | undefined;
};

/** Answer of `updateContact`. */
export type UpdateContactOutput = {
  /** 26-character id, sorts by time */
  id: string;
  email: string;
  name: string | null;
  metadata: Record<string, string>;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
};

/** Input of `deleteContact`. */
export type DeleteContactInput = {
  /** 26-character id, sorts by time */
  contact_id: string;
};

/** Answer of `deleteContact`. */
export type DeleteContactOutput = {
  /** 26-character id, sorts by time */
  id: string;
  email: string;
  name: string | null;
  metadata: Record<string, string>;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
};

/** Input of `listDestinations`. */
export type ListDestinationsInput = {
  /** What stands behind the @, such as example.com */
  domain?: string | undefined;
  limit?: number | undefined;
};

/** Answer of `listDestinations`. */
export type ListDestinationsOutput = {
  destinations: Array<{
    domain: string;
    /** Copies that wait, one a recipient */
    waiting: number;
    /** Since when the oldest of them is tried or could be */
    oldest_at: string | null;
    /** When the next of them is due */
    next_attempt_at: string | null;
    /** What was heard last for one of them */
    last_reply: string | null;
    last_host: string | null;
    last_at: string | null;
    paused: boolean;
    paused_at: string | null;
    /** `person:` or `api_key:` and the id */
    paused_by: string | null;
    paused_reason: string | null;
    /** Addresses that the answering node does not dial until then: they did not answer */
    avoided: Array<{
      address: string;
      /** ISO 8601 time */
      until: string;
    }>;
  }>;
};

/** Input of `checkRoute`. */
export type CheckRouteInput = {
  address: string;
};

/** Answer of `checkRoute`. */
export type CheckRouteOutput = {
  address: string;
  domain: string;
  suppressed: boolean;
  paused_at: string | null;
  delivery: "direct" | "relay" | "capture";
  /** try: a server would be asked; wait: nothing can be tried now; refuse: nothing ever can */
  outcome: "try" | "wait" | "refuse";
  problem: {
    enhanced_status_code: string;
    text: string;
  } | null;
  /** DNSSEC vouches for the MX records */
  authenticated: boolean;
  mta_sts: {
    mode: "enforce" | "testing" | "none" | null;
    failure: string | null;
  };
  hosts: Array<{
    host: string;
    addresses: Array<{
      address: string;
      avoided_until: string | null;
    }>;
    policy: "none" | "mta-sts" | "dane";
    tls: "required" | "opportunistic";
    /** Whether the certificate must fit */
    verified: boolean;
    /** Why it would be passed over */
    problem: string | null;
  }>;
  /** The relay that takes all mail, or what cannot be reached */
  relay: string | null;
};

/** Input of `flushDestination`. */
export type FlushDestinationInput = {
  /** What stands behind the @, such as example.com */
  domain: string;
};

/** Answer of `flushDestination`. */
export type FlushDestinationOutput = {
  domain: string;
  /** Copies that wait, one a recipient */
  waiting: number;
  /** Since when the oldest of them is tried or could be */
  oldest_at: string | null;
  /** When the next of them is due */
  next_attempt_at: string | null;
  /** What was heard last for one of them */
  last_reply: string | null;
  last_host: string | null;
  last_at: string | null;
  paused: boolean;
  paused_at: string | null;
  /** `person:` or `api_key:` and the id */
  paused_by: string | null;
  paused_reason: string | null;
  /** Addresses that the answering node does not dial until then: they did not answer */
  avoided: Array<{
    address: string;
    /** ISO 8601 time */
    until: string;
  }>;
  /** Messages that were made due */
  flushed: number;
};

/** Input of `pauseDestination`. */
export type PauseDestinationInput = {
  /** What stands behind the @, such as example.com */
  domain: string;
  /** For the people who will look into it */
  reason?: string | undefined;
};

/** Answer of `pauseDestination`. */
export type PauseDestinationOutput = {
  domain: string;
  /** Copies that wait, one a recipient */
  waiting: number;
  /** Since when the oldest of them is tried or could be */
  oldest_at: string | null;
  /** When the next of them is due */
  next_attempt_at: string | null;
  /** What was heard last for one of them */
  last_reply: string | null;
  last_host: string | null;
  last_at: string | null;
  paused: boolean;
  paused_at: string | null;
  /** `person:` or `api_key:` and the id */
  paused_by: string | null;
  paused_reason: string | null;
  /** Addresses that the answering node does not dial until then: they did not answer */
  avoided: Array<{
    address: string;
    /** ISO 8601 time */
    until: string;
  }>;
};

/** Input of `resumeDestination`. */
export type ResumeDestinationInput = {
  /** What stands behind the @, such as example.com */
  domain: string;
};

/** Answer of `resumeDestination`. */
export type ResumeDestinationOutput = {
  domain: string;
  /** Copies that wait, one a recipient */
  waiting: number;
  /** Since when the oldest of them is tried or could be */
  oldest_at: string | null;
  /** When the next of them is due */
  next_attempt_at: string | null;
  /** What was heard last for one of them */
  last_reply: string | null;
  last_host: string | null;
  last_at: string | null;
  paused: boolean;
  paused_at: string | null;
  /** `person:` or `api_key:` and the id */
  paused_by: string | null;
  paused_reason: string | null;
  /** Addresses that the answering node does not dial until then: they did not answer */
  avoided: Array<{
    address: string;
    /** ISO 8601 time */
    until: string;
  }>;
};

/** Input of `getDirectoryHead`. */
export type GetDirectoryHeadInput = Record<string, never>;

/** Answer of `getDirectoryHead`. */
export type GetDirectoryHeadOutput = {
  /** The public key: ssh-ed25519 AAAA… */
  key: string | null;
  /** The text to sign, byte by byte */
  statement: string;
  /** How to sign it */
  sign_with: string;
  /** Over this very statement; null while it is not signed */
  signature: string | null;
  /** Living passkeys in the directory */
  passkeys: number;
};

/** Input of `postDirectorySignature`. */
export type PostDirectorySignatureInput = {
  /** What was signed, to name what changed */
  statement?: string | undefined;
  signature: string;
};

/** Answer of `postDirectorySignature`. */
export type PostDirectorySignatureOutput = {
  /** The public key: ssh-ed25519 AAAA… */
  key: string | null;
  /** The text to sign, byte by byte */
  statement: string;
  /** How to sign it */
  sign_with: string;
  /** Over this very statement; null while it is not signed */
  signature: string | null;
  /** Living passkeys in the directory */
  passkeys: number;
};

/** Input of `putDirectoryKey`. */
export type PutDirectoryKeyInput = {
  public_key: string | null;
};

/** Answer of `putDirectoryKey`. */
export type PutDirectoryKeyOutput = {
  /** The public key: ssh-ed25519 AAAA… */
  key: string | null;
  /** The text to sign, byte by byte */
  statement: string;
  /** How to sign it */
  sign_with: string;
  /** Over this very statement; null while it is not signed */
  signature: string | null;
  /** Living passkeys in the directory */
  passkeys: number;
};

/** Input of `listDomains`. */
export type ListDomainsInput = {
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listDomains`. */
export type ListDomainsOutput = {
  domains: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** In A-labels, as DNS has it */
    domain: string;
    /** As people read it */
    unicode: string;
    /**
     * pending: DNS has not shown that it is yours. failing: it is, but required records are gone or wrong
     * now; mail still leaves
     */
    status: "pending" | "verified" | "failing";
    /** The instance's own: no verification, no deletion */
    instance: boolean;
    mta_sts: "none" | "testing" | "enforce";
    verified_at: string | null;
    checked_at: string | null;
    /** ISO 8601 time */
    created_at: string;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `createDomain`. */
export type CreateDomainInput = {
  /** example.com; letters of other scripts are taken as A-labels */
  domain: string;
};

/** Answer of `createDomain`. */
export type CreateDomainOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** In A-labels, as DNS has it */
  domain: string;
  /** As people read it */
  unicode: string;
  /**
   * pending: DNS has not shown that it is yours. failing: it is, but required records are gone or wrong
   * now; mail still leaves
   */
  status: "pending" | "verified" | "failing";
  /** The instance's own: no verification, no deletion */
  instance: boolean;
  mta_sts: "none" | "testing" | "enforce";
  verified_at: string | null;
  checked_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  records: Array<{
    type: "TXT" | "MX" | "CNAME" | "A" | "AAAA";
    name: string;
    /** Whole; providers cut TXT into strings of 255 octets themselves */
    value: string;
    /** Of MX records */
    priority?: number | undefined;
    /** Seconds */
    ttl: number;
    purpose: string;
    required: boolean;
    note: string;
    /** To be copied into a zone file */
    zone_line: string;
    /** Of the last check; unknown: DNS did not answer; null: not checked yet */
    status: "ok" | "missing" | "wrong" | "not_required" | "unknown" | null;
    /** What is wrong, in words */
    message: string | null;
  }>;
  /** Keys that will sign, sign, and signed mail that is still under way */
  dkim: Array<{
    selector: string;
    algorithm: "rsa2048" | "ed25519";
    status: "pending" | "active" | "retired";
    /** ISO 8601 time */
    created_at: string;
    /** Until when the record of a retired key must stay */
    keep_until: string | null;
  }>;
};

/** Input of `getDomain`. */
export type GetDomainInput = {
  /** 26-character id, sorts by time */
  domain_id: string;
};

/** Answer of `getDomain`. */
export type GetDomainOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** In A-labels, as DNS has it */
  domain: string;
  /** As people read it */
  unicode: string;
  /**
   * pending: DNS has not shown that it is yours. failing: it is, but required records are gone or wrong
   * now; mail still leaves
   */
  status: "pending" | "verified" | "failing";
  /** The instance's own: no verification, no deletion */
  instance: boolean;
  mta_sts: "none" | "testing" | "enforce";
  verified_at: string | null;
  checked_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  records: Array<{
    type: "TXT" | "MX" | "CNAME" | "A" | "AAAA";
    name: string;
    /** Whole; providers cut TXT into strings of 255 octets themselves */
    value: string;
    /** Of MX records */
    priority?: number | undefined;
    /** Seconds */
    ttl: number;
    purpose: string;
    required: boolean;
    note: string;
    /** To be copied into a zone file */
    zone_line: string;
    /** Of the last check; unknown: DNS did not answer; null: not checked yet */
    status: "ok" | "missing" | "wrong" | "not_required" | "unknown" | null;
    /** What is wrong, in words */
    message: string | null;
  }>;
  /** Keys that will sign, sign, and signed mail that is still under way */
  dkim: Array<{
    selector: string;
    algorithm: "rsa2048" | "ed25519";
    status: "pending" | "active" | "retired";
    /** ISO 8601 time */
    created_at: string;
    /** Until when the record of a retired key must stay */
    keep_until: string | null;
  }>;
};

/** Input of `updateDomain`. */
export type UpdateDomainInput = {
  /** 26-character id, sorts by time */
  domain_id: string;
  mta_sts: "none" | "testing" | "enforce";
};

/** Answer of `updateDomain`. */
export type UpdateDomainOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** In A-labels, as DNS has it */
  domain: string;
  /** As people read it */
  unicode: string;
  /**
   * pending: DNS has not shown that it is yours. failing: it is, but required records are gone or wrong
   * now; mail still leaves
   */
  status: "pending" | "verified" | "failing";
  /** The instance's own: no verification, no deletion */
  instance: boolean;
  mta_sts: "none" | "testing" | "enforce";
  verified_at: string | null;
  checked_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  records: Array<{
    type: "TXT" | "MX" | "CNAME" | "A" | "AAAA";
    name: string;
    /** Whole; providers cut TXT into strings of 255 octets themselves */
    value: string;
    /** Of MX records */
    priority?: number | undefined;
    /** Seconds */
    ttl: number;
    purpose: string;
    required: boolean;
    note: string;
    /** To be copied into a zone file */
    zone_line: string;
    /** Of the last check; unknown: DNS did not answer; null: not checked yet */
    status: "ok" | "missing" | "wrong" | "not_required" | "unknown" | null;
    /** What is wrong, in words */
    message: string | null;
  }>;
  /** Keys that will sign, sign, and signed mail that is still under way */
  dkim: Array<{
    selector: string;
    algorithm: "rsa2048" | "ed25519";
    status: "pending" | "active" | "retired";
    /** ISO 8601 time */
    created_at: string;
    /** Until when the record of a retired key must stay */
    keep_until: string | null;
  }>;
};

/** Input of `deleteDomain`. */
export type DeleteDomainInput = {
  /** 26-character id, sorts by time */
  domain_id: string;
};

/** Answer of `deleteDomain`. */
export type DeleteDomainOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** In A-labels, as DNS has it */
  domain: string;
  /** As people read it */
  unicode: string;
  /**
   * pending: DNS has not shown that it is yours. failing: it is, but required records are gone or wrong
   * now; mail still leaves
   */
  status: "pending" | "verified" | "failing";
  /** The instance's own: no verification, no deletion */
  instance: boolean;
  mta_sts: "none" | "testing" | "enforce";
  verified_at: string | null;
  checked_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  records: Array<{
    type: "TXT" | "MX" | "CNAME" | "A" | "AAAA";
    name: string;
    /** Whole; providers cut TXT into strings of 255 octets themselves */
    value: string;
    /** Of MX records */
    priority?: number | undefined;
    /** Seconds */
    ttl: number;
    purpose: string;
    required: boolean;
    note: string;
    /** To be copied into a zone file */
    zone_line: string;
    /** Of the last check; unknown: DNS did not answer; null: not checked yet */
    status: "ok" | "missing" | "wrong" | "not_required" | "unknown" | null;
    /** What is wrong, in words */
    message: string | null;
  }>;
  /** Keys that will sign, sign, and signed mail that is still under way */
  dkim: Array<{
    selector: string;
    algorithm: "rsa2048" | "ed25519";
    status: "pending" | "active" | "retired";
    /** ISO 8601 time */
    created_at: string;
    /** Until when the record of a retired key must stay */
    keep_until: string | null;
  }>;
};

/** Input of `getDomainReports`. */
export type GetDomainReportsInput = {
  /** 26-character id, sorts by time */
  domain_id: string;
};

/** Answer of `getDomainReports`. */
export type GetDomainReportsOutput = {
  domain: string;
  /** ISO 8601 time */
  since: string;
  dmarc: {
    reports: number;
    /** Whose sender nobody vouched for: they may be made up */
    unauthenticated_reports: number;
    organisations: string[];
    messages: number;
    passed: number;
    failed: number;
    dkim_aligned: number;
    spf_aligned: number;
    sources: Array<{
      source_ip: string;
      header_from: string;
      messages: number;
      passed: number;
      failed: number;
      dkim_aligned: number;
      spf_aligned: number;
    }>;
  };
  tls: {
    reports: number;
    /** Whose sender nobody vouched for: they may be made up */
    unauthenticated_reports: number;
    organisations: string[];
    successful_sessions: number;
    failed_sessions: number;
    failures: Array<{
      /** RFC 8460 section 4.3 */
      result_type: string;
      sessions: number;
    }>;
  };
};

/** Input of `rotateDkim`. */
export type RotateDkimInput = {
  /** 26-character id, sorts by time */
  domain_id: string;
};

/** Answer of `rotateDkim`. */
export type RotateDkimOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** In A-labels, as DNS has it */
  domain: string;
  /** As people read it */
  unicode: string;
  /**
   * pending: DNS has not shown that it is yours. failing: it is, but required records are gone or wrong
   * now; mail still leaves
   */
  status: "pending" | "verified" | "failing";
  /** The instance's own: no verification, no deletion */
  instance: boolean;
  mta_sts: "none" | "testing" | "enforce";
  verified_at: string | null;
  checked_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  records: Array<{
    type: "TXT" | "MX" | "CNAME" | "A" | "AAAA";
    name: string;
    /** Whole; providers cut TXT into strings of 255 octets themselves */
    value: string;
    /** Of MX records */
    priority?: number | undefined;
    /** Seconds */
    ttl: number;
    purpose: string;
    required: boolean;
    note: string;
    /** To be copied into a zone file */
    zone_line: string;
    /** Of the last check; unknown: DNS did not answer; null: not checked yet */
    status: "ok" | "missing" | "wrong" | "not_required" | "unknown" | null;
    /** What is wrong, in words */
    message: string | null;
  }>;
  /** Keys that will sign, sign, and signed mail that is still under way */
  dkim: Array<{
    selector: string;
    algorithm: "rsa2048" | "ed25519";
    status: "pending" | "active" | "retired";
    /** ISO 8601 time */
    created_at: string;
    /** Until when the record of a retired key must stay */
    keep_until: string | null;
  }>;
};

/** Input of `verifyDomain`. */
export type VerifyDomainInput = {
  /** 26-character id, sorts by time */
  domain_id: string;
};

/** Answer of `verifyDomain`. */
export type VerifyDomainOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** In A-labels, as DNS has it */
  domain: string;
  /** As people read it */
  unicode: string;
  /**
   * pending: DNS has not shown that it is yours. failing: it is, but required records are gone or wrong
   * now; mail still leaves
   */
  status: "pending" | "verified" | "failing";
  /** The instance's own: no verification, no deletion */
  instance: boolean;
  mta_sts: "none" | "testing" | "enforce";
  verified_at: string | null;
  checked_at: string | null;
  /** ISO 8601 time */
  created_at: string;
  records: Array<{
    type: "TXT" | "MX" | "CNAME" | "A" | "AAAA";
    name: string;
    /** Whole; providers cut TXT into strings of 255 octets themselves */
    value: string;
    /** Of MX records */
    priority?: number | undefined;
    /** Seconds */
    ttl: number;
    purpose: string;
    required: boolean;
    note: string;
    /** To be copied into a zone file */
    zone_line: string;
    /** Of the last check; unknown: DNS did not answer; null: not checked yet */
    status: "ok" | "missing" | "wrong" | "not_required" | "unknown" | null;
    /** What is wrong, in words */
    message: string | null;
  }>;
  /** Keys that will sign, sign, and signed mail that is still under way */
  dkim: Array<{
    selector: string;
    algorithm: "rsa2048" | "ed25519";
    status: "pending" | "active" | "retired";
    /** ISO 8601 time */
    created_at: string;
    /** Until when the record of a retired key must stay */
    keep_until: string | null;
  }>;
};

/** Input of `getDomainZone`. */
export type GetDomainZoneInput = {
  /** 26-character id, sorts by time */
  domain_id: string;
};

/** Input of `listSpam`. */
export type ListSpamInput = {
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  /** Absent: flagged and quarantined */
  status?: "spam_flagged" | "spam_quarantined" | "pending_inbound_approval" | "rejected" | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listSpam`. */
export type ListSpamOutput = {
  emails: EmailSummary[];
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `notSpam`. */
export type NotSpamInput = {
  /** 26-character id, sorts by time */
  email_id: string;
  /** Kept beside the message */
  reason?: string | undefined;
};

/** Answer of `notSpam`. */
export type NotSpamOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "rejected" | "spam_flagged" | "spam_quarantined";
  user_label: string | null;
};

/** Input of `quarantineEmail`. */
export type QuarantineEmailInput = {
  /** 26-character id, sorts by time */
  email_id: string;
  /** Kept beside the message */
  reason?: string | undefined;
};

/** Answer of `quarantineEmail`. */
export type QuarantineEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "rejected" | "spam_flagged" | "spam_quarantined";
  user_label: string | null;
};

/** Input of `refuseEmail`. */
export type RefuseEmailInput = {
  /** 26-character id, sorts by time */
  email_id: string;
  /** Kept beside the message */
  reason?: string | undefined;
};

/** Answer of `refuseEmail`. */
export type RefuseEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "rejected" | "spam_flagged" | "spam_quarantined";
  user_label: string | null;
};

/** Input of `releaseEmail`. */
export type ReleaseEmailInput = {
  /** 26-character id, sorts by time */
  email_id: string;
  /** Kept beside the message */
  reason?: string | undefined;
};

/** Answer of `releaseEmail`. */
export type ReleaseEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "rejected" | "spam_flagged" | "spam_quarantined";
  user_label: string | null;
};

/** Input of `reportSpam`. */
export type ReportSpamInput = {
  /** 26-character id, sorts by time */
  email_id: string;
  /** Kept beside the message */
  reason?: string | undefined;
};

/** Answer of `reportSpam`. */
export type ReportSpamOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "rejected" | "spam_flagged" | "spam_quarantined";
  user_label: string | null;
};

/** Input of `listEvents`. */
export type ListEventsInput = {
  /** Only these: names or families such as message.*, with commas */
  type?: string | undefined;
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  thread_id?: string | undefined;
  /** Of one email */
  email_id?: string | undefined;
  /** From then on, where no cursor is given */
  since?: string | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listEvents`. */
export type ListEventsOutput = {
  events: Array<{
    /** 26-character id, sorts by time */
    id: string;
    type: string;
    /** The same as type */
    event: string;
    /** Reading goes on behind this event from here */
    cursor: string;
    /** ISO 8601 time */
    timestamp: string;
    mailbox_id: string | null;
    email_id: string | null;
    thread_id: string | null;
    data: Record<string, unknown>;
  }>;
  /** Where to go on, also when there is no more yet */
  cursor: string;
  next_cursor: string | null;
};

/** Input of `streamEvents`. */
export type StreamEventsInput = {
  /** Only these: names or families such as message.*, with commas */
  type?: string | undefined;
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  thread_id?: string | undefined;
  /** Of one email */
  email_id?: string | undefined;
  /** From then on, where no cursor is given */
  since?: string | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
  /** Seconds after which the stream ends */
  timeout_seconds?: number | undefined;
};

/** Input of `exportOperator`. */
export type ExportOperatorInput = Record<string, never>;

/** Input of `listGrants`. */
export type ListGrantsInput = {
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
  /** 26-character id, sorts by time */
  person_id?: string | undefined;
};

/** Answer of `listGrants`. */
export type ListGrantsOutput = {
  grants: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** What the program is known by: an id, or the URL of its metadata */
    client_id: string;
    /** What the program calls itself */
    client_name: string;
    /** Where the browser was sent: host, or scheme of a program */
    redirect_to: string;
    scopes: Array<"read" | "send" | "admin" | "oversight" | "audit" | "draft">;
    /** Null: every mailbox */
    mailbox_ids: string[] | null;
    /** What its tokens are for (RFC 8707) */
    resource: string;
    /** Who granted it */
    person_id: string;
    person_name: string;
    /** ISO 8601 time */
    created_at: string;
    expires_at: string | null;
    last_used_at: string | null;
    revoked_at: string | null;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `revokeGrant`. */
export type RevokeGrantInput = {
  /** 26-character id, sorts by time */
  grant_id: string;
};

/** Answer of `revokeGrant`. */
export type RevokeGrantOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** What the program is known by: an id, or the URL of its metadata */
  client_id: string;
  /** What the program calls itself */
  client_name: string;
  /** Where the browser was sent: host, or scheme of a program */
  redirect_to: string;
  scopes: Array<"read" | "send" | "admin" | "oversight" | "audit" | "draft">;
  /** Null: every mailbox */
  mailbox_ids: string[] | null;
  /** What its tokens are for (RFC 8707) */
  resource: string;
  /** Who granted it */
  person_id: string;
  person_name: string;
  /** ISO 8601 time */
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
};

/** Input of `listLegalHolds`. */
export type ListLegalHoldsInput = {
  /** True for released ones too */
  released?: boolean | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listLegalHolds`. */
export type ListLegalHoldsOutput = {
  legal_holds: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** What it covers; operator is everything */
    scope: "operator" | "mailbox" | "thread" | "email" | "address";
    mailbox_id: string | null;
    thread_id: string | null;
    email_id: string | null;
    address: string | null;
    reason: string;
    created_by: string;
    /** ISO 8601 time */
    created_at: string;
    released_by: string | null;
    released_at: string | null;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `createLegalHold`. */
export type CreateLegalHoldInput = {
  /** Why; it stays with the hold */
  reason: string;
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  /** With mailbox_id */
  thread_id?: string | undefined;
  /** 26-character id, sorts by time */
  email_id?: string | undefined;
  address?: string | undefined;
};

/** Answer of `createLegalHold`. */
export type CreateLegalHoldOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** What it covers; operator is everything */
  scope: "operator" | "mailbox" | "thread" | "email" | "address";
  mailbox_id: string | null;
  thread_id: string | null;
  email_id: string | null;
  address: string | null;
  reason: string;
  created_by: string;
  /** ISO 8601 time */
  created_at: string;
  released_by: string | null;
  released_at: string | null;
};

/** Input of `releaseLegalHold`. */
export type ReleaseLegalHoldInput = {
  /** 26-character id, sorts by time */
  hold_id: string;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `releaseLegalHold`. */
export type ReleaseLegalHoldOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** What it covers; operator is everything */
  scope: "operator" | "mailbox" | "thread" | "email" | "address";
  mailbox_id: string | null;
  thread_id: string | null;
  email_id: string | null;
  address: string | null;
  reason: string;
  created_by: string;
  /** ISO 8601 time */
  created_at: string;
  released_by: string | null;
  released_at: string | null;
} | ApprovalRequired;

/** Input of `listMailboxes`. */
export type ListMailboxesInput = {
  /** Part of the address */
  address?: string | undefined;
  /** Oversight mode, in ascending order of autonomy */
  oversight_mode?: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous" | undefined;
  /** Those that were deleted, instead of the others; needs the scope audit */
  deleted?: boolean | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
  /** Skips so many; a cursor is cheaper */
  offset?: number | undefined;
};

/** Answer of `listMailboxes`. */
export type ListMailboxesOutput = {
  mailboxes: Mailbox[];
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `createMailbox`. */
export type CreateMailboxInput = {
  /** Full address, or only the part before the @ */
  address?: string | undefined;
  /** The same as address */
  address_local?: string | undefined;
  /** The same as address */
  address_local_part?: string | undefined;
  /** Name in the From header */
  display_name?: string | null | undefined;
  /** Oversight mode, in ascending order of autonomy */
  oversight_mode?: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous" | undefined;
  /** Distinct people who must approve */
  approvals_required?: number | undefined;
  /** Seconds after which pending mail expires; 7 days by default */
  expiry_seconds?: number | undefined;
  /** Seconds a message approved in the dashboard waits before it leaves; 10 by default */
  undo_seconds?: number | undefined;
  /** One visible line saying that an AI agent wrote it */
  ai_disclosure?: boolean | undefined;
  /**
   * Told of what happens in the mailbox, as by a webhook; null for nowhere. Its secret: rotate_webhook
   * of the webhook in list_webhooks
   */
  webhook_url?: string | null | undefined;
  /** The same for what waits for people and what they decide */
  oversight_webhook_url?: string | null | undefined;
  /**
   * Addresses that get a copy of everything the mailbox writes, seen by all; null for none. Adding one
   * needs a person
   */
  auto_cc?: string | string[] | null | undefined;
  /** The same, seen by nobody else */
  auto_bcc?: string | string[] | null | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `createMailbox`. */
export type CreateMailboxOutput = Mailbox | ApprovalRequired;

/** Input of `getMailbox`. */
export type GetMailboxInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
};

/** Answer of `getMailbox`. */
export type GetMailboxOutput = Mailbox;

/** Input of `updateMailbox`. */
export type UpdateMailboxInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Name in the From header */
  display_name?: string | null | undefined;
  /** Oversight mode, in ascending order of autonomy */
  oversight_mode?: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous" | undefined;
  /** Distinct people who must approve */
  approvals_required?: number | undefined;
  /** Seconds after which pending mail expires; 7 days by default */
  expiry_seconds?: number | undefined;
  /** Seconds a message approved in the dashboard waits before it leaves; 10 by default */
  undo_seconds?: number | undefined;
  /** One visible line saying that an AI agent wrote it */
  ai_disclosure?: boolean | undefined;
  /**
   * Told of what happens in the mailbox, as by a webhook; null for nowhere. Its secret: rotate_webhook
   * of the webhook in list_webhooks
   */
  webhook_url?: string | null | undefined;
  /** The same for what waits for people and what they decide */
  oversight_webhook_url?: string | null | undefined;
  /**
   * Addresses that get a copy of everything the mailbox writes, seen by all; null for none. Adding one
   * needs a person
   */
  auto_cc?: string | string[] | null | undefined;
  /** The same, seen by nobody else */
  auto_bcc?: string | string[] | null | undefined;
  /** Only approvals by passkey (class A) count, also for mail that waits already */
  passkey_required?: boolean | undefined;
  /**
   * Members who are asked first about what waits; the others when four fifths of its time are over. null
   * for everybody who may decide, and so it is where none of those named is left
   */
  approver_ids?: string[] | null | undefined;
  /** Messages a day (UTC); null takes the instance's limit. What is over it waits */
  daily_quota?: number | null | undefined;
  /** Starts a warm-up: 50 messages on the first day, then more each day */
  warm_up?: boolean | undefined;
  /** A paused mailbox sends nothing and its mail waits; false resumes it */
  paused?: boolean | undefined;
  /** What the outbound scan does by family of findings; others are as usual */
  scan_policy?: Record<string, "mark" | "hold" | "block"> | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `updateMailbox`. */
export type UpdateMailboxOutput = Mailbox | ApprovalRequired;

/** Input of `deleteMailbox`. */
export type DeleteMailboxInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
};

/** Answer of `deleteMailbox`. */
export type DeleteMailboxOutput = {
  /** 26-character id, sorts by time */
  id: string;
  address: string;
  status: "deleted";
  deleted: true;
  /** ISO 8601 time */
  deleted_at: string;
  /** Messages that were waiting and are cancelled now */
  cancelled: number;
};

/** Input of `listAllowlist`. */
export type ListAllowlistInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listAllowlist`. */
export type ListAllowlistOutput = {
  entries: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** 26-character id, sorts by time */
    mailbox_id: string;
    /** An address, or *@domain */
    pattern: string;
    /** The person who added it, or `code` for a mailed one */
    confirmed_by: string;
    /** ISO 8601 time */
    created_at: string;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `addAllowlistEntry`. */
export type AddAllowlistEntryInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** An address, or *@example.com */
  pattern: string;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `addAllowlistEntry`. */
export type AddAllowlistEntryOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** An address, or *@domain */
  pattern: string;
  /** The person who added it, or `code` for a mailed one */
  confirmed_by: string;
  /** ISO 8601 time */
  created_at: string;
} | ApprovalRequired;

/** Input of `removeAllowlistEntry`. */
export type RemoveAllowlistEntryInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  entry_id: string;
};

/** Answer of `removeAllowlistEntry`. */
export type RemoveAllowlistEntryOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** An address, or *@domain */
  pattern: string;
  /** The person who added it, or `code` for a mailed one */
  confirmed_by: string;
  /** ISO 8601 time */
  created_at: string;
};

/** Input of `configureMailbox`. */
export type ConfigureMailboxInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Oversight mode, in ascending order of autonomy */
  oversight_mode?: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous" | undefined;
  /** From now on only approvals by passkey (class A) count */
  passkey_required?: true | undefined;
};

/** Answer of `configureMailbox`. */
export type ConfigureMailboxOutput = Mailbox;

/** Input of `listDrafts`. */
export type ListDraftsInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listDrafts`. */
export type ListDraftsOutput = {
  drafts: EmailSummary[];
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `createDraft`. */
export type CreateDraftInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  to?: string | string[] | undefined;
  cc?: string | string[] | undefined;
  bcc?: string | string[] | undefined;
  /** Where answers go instead of the mailbox */
  reply_to?: string | undefined;
  subject?: string | undefined;
  /** The body in markdown */
  markdown?: string | undefined;
  attachments?: Array<{
    filename?: string | undefined;
    /** The same as filename */
    name?: string | undefined;
    content_type?: string | undefined;
    /** The bytes in base64 */
    content?: string | undefined;
    /** The same as content */
    content_base64?: string | undefined;
    /** Of a picture: ![what it shows](cid:that-id) in the markdown shows it there */
    content_id?: string | undefined;
  }> | undefined;
  /** Your own id of the conversation; it comes back on everything in the thread */
  thread_id?: string | undefined;
  tags?: Record<string, string> | undefined;
  metadata?: Record<string, string> | undefined;
  /** The email that this answers: recipients, subject and thread are made as by reply_email */
  reply_of?: string | undefined;
  /** With reply_of: to everybody of To and Cc */
  reply_all?: boolean | undefined;
  /** When it is to leave: ISO 8601 with offset, at most a year ahead */
  send_at?: string | undefined;
  /**
   * gate_first (usual): people decide as soon as it is written, and it leaves at send_at;
   * schedule_first: it waits until send_at, then people are asked
   */
  gate_timing?: "gate_first" | "schedule_first" | undefined;
};

/** Answer of `createDraft`. */
export type CreateDraftOutput = Email;

/** Input of `getDraft`. */
export type GetDraftInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  draft_id: string;
};

/** Answer of `getDraft`. */
export type GetDraftOutput = Email;

/** Input of `updateDraft`. */
export type UpdateDraftInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  draft_id: string;
  to?: string | string[] | undefined;
  cc?: string | string[] | undefined;
  bcc?: string | string[] | undefined;
  subject?: string | undefined;
  /** The body in markdown */
  markdown?: string | undefined;
  attachments?: Array<{
    filename?: string | undefined;
    /** The same as filename */
    name?: string | undefined;
    content_type?: string | undefined;
    /** The bytes in base64 */
    content?: string | undefined;
    /** The same as content */
    content_base64?: string | undefined;
    /** Of a picture: ![what it shows](cid:that-id) in the markdown shows it there */
    content_id?: string | undefined;
  }> | undefined;
  send_at?: string | null | undefined;
  /** The digest of the content you read: refused with stale_digest if it changed since */
  digest?: string | undefined;
};

/** Answer of `updateDraft`. */
export type UpdateDraftOutput = Email;

/** Input of `deleteDraft`. */
export type DeleteDraftInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  draft_id: string;
};

/** Answer of `deleteDraft`. */
export type DeleteDraftOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
};

/** Input of `sendDraft`. */
export type SendDraftInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  draft_id: string;
  /** The same key and content within 24 hours is the same message */
  idempotency_key?: string | undefined;
};

/** Answer of `sendDraft`. */
export type SendDraftOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: string;
  thread_id: string;
  message_id: string;
  /** SHA-256 of the content and the envelope as they are now */
  digest: string;
  reason: string | null;
  send_at: string | null;
  idempotent?: boolean | undefined;
};

/** Input of `checkInbox`. */
export type CheckInboxInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  status?: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined" | undefined;
  direction?: "outbound" | "inbound" | undefined;
  kind?: "mail" | "auto_reply" | "bounce" | "complaint" | "report" | undefined;
  /** Part of the sender's address */
  sender?: string | undefined;
  subject_contains?: string | undefined;
  /**
   * Words in subject, names, addresses, attachment names and body; "a phrase", -without, or. The last
   * word may be a beginning
   */
  q?: string | undefined;
  thread_id?: string | undefined;
  /** A tag's key, or key:value for one value of it */
  tag?: string | undefined;
  /** ISO 8601 time */
  date_after?: string | undefined;
  /** ISO 8601 time */
  date_before?: string | undefined;
  has_attachments?: boolean | undefined;
  /** Only messages after this id */
  since_id?: string | undefined;
  /** Rows to skip; a cursor is faster */
  offset?: number | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `checkInbox`. */
export type CheckInboxOutput = {
  emails: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** 26-character id, sorts by time */
    mailbox_id: string;
    direction: "outbound" | "inbound";
    status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
    thread_id: string;
    /** Message-ID header, RFC 5322 */
    message_id: string;
    from: string;
    from_address: string;
    to: string[];
    to_addresses: string[];
    cc: string[];
    bcc: string[];
    subject: string;
    kind: "mail" | "auto_reply" | "bounce" | "complaint" | "report";
    /** The sender's name; in lists of received mail only */
    from_name: string | null;
    /** In-Reply-To header, RFC 5322 */
    in_reply_to: string | null;
    /** Id of the email here that this one answers */
    reply_of: string | null;
    /** What somebody said about received mail, whatever screening found */
    user_label: string | null;
    has_attachments: boolean;
    size_bytes: number;
    tags: Record<string, string>;
    test: boolean;
    /** The mailbox's mode when the message was submitted */
    oversight_mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
    approvals_required: number;
    /** True where only approvals by passkey (class A) count */
    passkey_required: boolean;
    /** Distinct approvals of the current content */
    approvals: number;
    /** SHA-256 of the content and the envelope: what a decision names */
    digest: string;
    /** Why the message is in this status */
    reason: string | null;
    send_at: string | null;
    expires_at: string | null;
    /** When a recipient called it spam */
    complained_at: string | null;
    /** When a recipient unsubscribed by it */
    unsubscribed_at: string | null;
    /** ISO 8601 time */
    created_at: string;
    /** ISO 8601 time */
    received_at: string;
    /** ISO 8601 time */
    updated_at: string;
    /** With q: parts of the body, plain text, what was found between ⟦ and ⟧ */
    highlights?: string[] | undefined;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `readEmail`. */
export type ReadEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  /** Leave unread mail unread */
  peek?: boolean | undefined;
};

/** Answer of `readEmail`. */
export type ReadEmailOutput = Email;

/** Input of `markEmail`. */
export type MarkEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  status: "unread" | "read" | "archived" | "deleted";
};

/** Answer of `markEmail`. */
export type MarkEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
};

/** Input of `downloadAttachment`. */
export type DownloadAttachmentInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  /** As the email's `attachments` names it */
  filename: string;
  /** Place in `attachments`, where two have the same name */
  index?: number | undefined;
};

/** Input of `getAttachmentUrl`. */
export type GetAttachmentUrlInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  /** As the email's `attachments` names it */
  filename: string;
  /** Place in `attachments`, where two have the same name */
  index?: number | undefined;
  /** Seconds */
  expires_in?: number | undefined;
};

/** Answer of `getAttachmentUrl`. */
export type GetAttachmentUrlOutput = {
  url: string;
  filename: string;
  content_type: string;
  size_bytes: number;
  /** Seconds */
  expires_in: number;
};

/** Input of `cancelMessage`. */
export type CancelMessageInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
};

/** Answer of `cancelMessage`. */
export type CancelMessageOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
};

/** Input of `getProof`. */
export type GetProofInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
};

/** Answer of `getProof`. */
export type GetProofOutput = {
  format: "multimail-bundle/v1";
};

/** Input of `getRawEmail`. */
export type GetRawEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
};

/** Input of `resendEmail`. */
export type ResendEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  idempotency_key?: string | undefined;
};

/** Answer of `resendEmail`. */
export type ResendEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /**
   * pending_send_approval: a person decides first; scheduled: it leaves at send_at; queued: it leaves
   * now; blocked: it will not leave, see reason
   */
  status: string;
  thread_id: string;
  message_id: string;
  /** Why it is held or blocked, where there is a reason to tell */
  reason?: string | undefined;
  /** ISO 8601 time */
  send_at?: string | undefined;
  idempotent?: boolean | undefined;
};

/** Input of `editScheduledEmail`. */
export type EditScheduledEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  /** When it is to leave: ISO 8601 with offset, at most a year ahead */
  send_at?: string | undefined;
  to?: string | string[] | undefined;
  cc?: string | string[] | undefined;
  bcc?: string | string[] | undefined;
  subject?: string | undefined;
  /** The body in markdown */
  markdown?: string | undefined;
  attachments?: Array<{
    filename?: string | undefined;
    /** The same as filename */
    name?: string | undefined;
    content_type?: string | undefined;
    /** The bytes in base64 */
    content?: string | undefined;
    /** The same as content */
    content_base64?: string | undefined;
    /** Of a picture: ![what it shows](cid:that-id) in the markdown shows it there */
    content_id?: string | undefined;
  }> | undefined;
  /** The digest of the content you read: refused with stale_digest if it changed since */
  digest?: string | undefined;
};

/** Answer of `editScheduledEmail`. */
export type EditScheduledEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
  thread_id: string;
  message_id: string;
  /** SHA-256 of the content and the envelope as they are now */
  digest: string;
  reason: string | null;
  send_at: string | null;
};

/** Input of `getTags`. */
export type GetTagsInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
};

/** Answer of `getTags`. */
export type GetTagsOutput = {
  /** 26-character id, sorts by time */
  id: string;
  tags: Record<string, string>;
};

/** Input of `tagEmail`. */
export type TagEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  tags: Record<string, string>;
};

/** Answer of `tagEmail`. */
export type TagEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  tags: Record<string, string>;
};

/** Input of `setTags`. */
export type SetTagsInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  tags: Record<string, string>;
};

/** Answer of `setTags`. */
export type SetTagsOutput = {
  /** 26-character id, sorts by time */
  id: string;
  tags: Record<string, string>;
};

/** Input of `deleteTag`. */
export type DeleteTagInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  key: string;
};

/** Answer of `deleteTag`. */
export type DeleteTagOutput = {
  /** 26-character id, sorts by time */
  id: string;
  tags: Record<string, string>;
};

/** Input of `getTranscripts`. */
export type GetTranscriptsInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
};

/** Answer of `getTranscripts`. */
export type GetTranscriptsOutput = {
  transcripts: Array<{
    attempt: number;
    recipient: string;
    /** ISO 8601 time */
    at: string;
    transcript: string;
  }>;
};

/** Input of `verifyEmail`. */
export type VerifyEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
};

/** Answer of `verifyEmail`. */
export type VerifyEmailOutput = {
  /** 26-character id, sorts by time */
  email_id: string;
  /** As the message says; DMARC tells whether its domain stands behind it */
  from_address: string;
  identity: {
    verdict: "none" | "valid" | "valid_modified" | "valid_not_for_you" | "expired" | "revoked" | "invalid" | "unknown_key";
    reason: string;
    /** Who answers for the sender; null unless the signature is good */
    operator: {
      name: string;
      id: string;
      verified: boolean;
    } | null;
    agent: string | null;
    ai_generated: boolean | null;
    /** The mode under which it was sent */
    oversight: string | null;
    /** The decision of a person that it was sent by; null where there was none */
    approval: {
      class: string;
      log: string;
    } | null;
  };
  /** What SPF, DKIM, DMARC and ARC said */
  authentication: Record<string, unknown> | null;
};

/** Input of `getEmailVersions`. */
export type GetEmailVersionsInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
};

/** Answer of `getEmailVersions`. */
export type GetEmailVersionsOutput = {
  versions: Array<{
    version: number;
    digest: string;
    subject: string;
    markdown: string;
    to: string[];
    cc: string[];
    bcc: string[];
    /** `person:<id>` or `key:<id>` */
    written_by: string;
    replaced_by: string | null;
    replaced_at: string | null;
    /** Why it was replaced, by whoever did it */
    reason: string | null;
    diff: {
      subject: {
        from: string;
        to: string;
      } | null;
      /** Each as `to: name@example.com` */
      recipients: {
        added: string[];
        removed: string[];
      };
      attachments: {
        added: string[];
        removed: string[];
      };
      /** Runs of lines in order; null where the text stayed as it was */
      body: Array<{
        op: "equal" | "delete" | "insert";
        text: string;
      }> | null;
    } | null;
  }>;
  /** From what was proposed to what stands now */
  diff: {
    subject: {
      from: string;
      to: string;
    } | null;
    /** Each as `to: name@example.com` */
    recipients: {
      added: string[];
      removed: string[];
    };
    attachments: {
      added: string[];
      removed: string[];
    };
    /** Runs of lines in order; null where the text stayed as it was */
    body: Array<{
      op: "equal" | "delete" | "insert";
      text: string;
    }> | null;
  } | null;
};

/** Input of `waitForDecision`. */
export type WaitForDecisionInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** 26-character id, sorts by time */
  email_id: string;
  /** Seconds to wait at most; 0 answers at once */
  timeout_seconds?: number | undefined;
};

/** Answer of `waitForDecision`. */
export type WaitForDecisionOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
  /** False while it still waits for a decision */
  decided: boolean;
  /** The last decision on it */
  decision: Decision | null;
  approvals: number;
  approvals_required: number;
  digest: string;
  /** Why it is in this status */
  reason: string | null;
  /** True where it was changed after it was submitted */
  edited: boolean;
  /** From what was submitted to what stands now */
  diff: {
    subject: {
      from: string;
      to: string;
    } | null;
    /** Each as `to: name@example.com` */
    recipients: {
      added: string[];
      removed: string[];
    };
    attachments: {
      added: string[];
      removed: string[];
    };
    /** Runs of lines in order; null where the text stayed as it was */
    body: Array<{
      op: "equal" | "delete" | "insert";
      text: string;
    }> | null;
  } | null;
};

/** Input of `replyEmail`. */
export type ReplyEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** The email that is answered */
  email_id: string;
  /** The body in markdown */
  markdown: string;
  reply_all?: boolean | undefined;
  /** Further recipients */
  cc?: string | string[] | undefined;
  bcc?: string | string[] | undefined;
  /** Usually Re: and the email's subject */
  subject?: string | undefined;
  attachments?: Array<{
    filename?: string | undefined;
    /** The same as filename */
    name?: string | undefined;
    content_type?: string | undefined;
    /** The bytes in base64 */
    content?: string | undefined;
    /** The same as content */
    content_base64?: string | undefined;
    /** Of a picture: ![what it shows](cid:that-id) in the markdown shows it there */
    content_id?: string | undefined;
  }> | undefined;
  tags?: Record<string, string> | undefined;
  metadata?: Record<string, string> | undefined;
  /** The same key and content within 24 hours is the same message */
  idempotency_key?: string | undefined;
  /** When it is to leave: ISO 8601 with offset, at most a year ahead */
  send_at?: string | undefined;
  /**
   * gate_first (usual): people decide as soon as it is written, and it leaves at send_at;
   * schedule_first: it waits until send_at, then people are asked
   */
  gate_timing?: "gate_first" | "schedule_first" | undefined;
  /**
   * Seconds after the first attempt beyond which delivery is given up (60 to 432000, usually 5 days):
   * for codes and links that are of no use later
   */
  expires_in_seconds?: number | undefined;
};

/** Answer of `replyEmail`. */
export type ReplyEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /**
   * pending_send_approval: a person decides first; scheduled: it leaves at send_at; queued: it leaves
   * now; blocked: it will not leave, see reason
   */
  status: string;
  thread_id: string;
  message_id: string;
  /** Why it is held or blocked, where there is a reason to tell */
  reason?: string | undefined;
  /** ISO 8601 time */
  send_at?: string | undefined;
  idempotent?: boolean | undefined;
};

/** Input of `requestUpgrade`. */
export type RequestUpgradeInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** The mode that is wanted, freer than the present one */
  target_mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
};

/** Answer of `requestUpgrade`. */
export type RequestUpgradeOutput = {
  status: "upgrade_requested";
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** The mode now, which stays until the code is used */
  mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
  /** Oversight mode, in ascending order of autonomy */
  target_mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
  /** When the code ends */
  expires_at: string;
  hint: string;
};

/** Input of `scheduleEmail`. */
export type ScheduleEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Recipients: name@example.com or Name <name@example.com> */
  to: string | string[];
  cc?: string | string[] | undefined;
  bcc?: string | string[] | undefined;
  /** Where answers go instead of the mailbox */
  reply_to?: string | undefined;
  subject: string;
  /** The body in markdown */
  markdown: string;
  attachments?: Array<{
    filename?: string | undefined;
    /** The same as filename */
    name?: string | undefined;
    content_type?: string | undefined;
    /** The bytes in base64 */
    content?: string | undefined;
    /** The same as content */
    content_base64?: string | undefined;
    /** Of a picture: ![what it shows](cid:that-id) in the markdown shows it there */
    content_id?: string | undefined;
  }> | undefined;
  /** Your own id of the conversation; it comes back on everything in the thread */
  thread_id?: string | undefined;
  tags?: Record<string, string> | undefined;
  metadata?: Record<string, string> | undefined;
  /** The same key and content within 24 hours is the same message */
  idempotency_key?: string | undefined;
  /** When it is to leave: ISO 8601 with offset, at most a year ahead */
  send_at: string;
  /**
   * gate_first (usual): people decide as soon as it is written, and it leaves at send_at;
   * schedule_first: it waits until send_at, then people are asked
   */
  gate_timing?: "gate_first" | "schedule_first" | undefined;
  /**
   * Seconds after the first attempt beyond which delivery is given up (60 to 432000, usually 5 days):
   * for codes and links that are of no use later
   */
  expires_in_seconds?: number | undefined;
};

/** Answer of `scheduleEmail`. */
export type ScheduleEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /**
   * pending_send_approval: a person decides first; scheduled: it leaves at send_at; queued: it leaves
   * now; blocked: it will not leave, see reason
   */
  status: string;
  thread_id: string;
  message_id: string;
  /** Why it is held or blocked, where there is a reason to tell */
  reason?: string | undefined;
  /** ISO 8601 time */
  send_at?: string | undefined;
  idempotent?: boolean | undefined;
};

/** Input of `sendEmail`. */
export type SendEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Recipients: name@example.com or Name <name@example.com> */
  to: string | string[];
  cc?: string | string[] | undefined;
  bcc?: string | string[] | undefined;
  /** Where answers go instead of the mailbox */
  reply_to?: string | undefined;
  subject: string;
  /** The body in markdown */
  markdown: string;
  attachments?: Array<{
    filename?: string | undefined;
    /** The same as filename */
    name?: string | undefined;
    content_type?: string | undefined;
    /** The bytes in base64 */
    content?: string | undefined;
    /** The same as content */
    content_base64?: string | undefined;
    /** Of a picture: ![what it shows](cid:that-id) in the markdown shows it there */
    content_id?: string | undefined;
  }> | undefined;
  /** Your own id of the conversation; it comes back on everything in the thread */
  thread_id?: string | undefined;
  tags?: Record<string, string> | undefined;
  metadata?: Record<string, string> | undefined;
  /** The same key and content within 24 hours is the same message */
  idempotency_key?: string | undefined;
  /** When it is to leave: ISO 8601 with offset, at most a year ahead */
  send_at?: string | undefined;
  /**
   * gate_first (usual): people decide as soon as it is written, and it leaves at send_at;
   * schedule_first: it waits until send_at, then people are asked
   */
  gate_timing?: "gate_first" | "schedule_first" | undefined;
  /**
   * Seconds after the first attempt beyond which delivery is given up (60 to 432000, usually 5 days):
   * for codes and links that are of no use later
   */
  expires_in_seconds?: number | undefined;
};

/** Answer of `sendEmail`. */
export type SendEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /**
   * pending_send_approval: a person decides first; scheduled: it leaves at send_at; queued: it leaves
   * now; blocked: it will not leave, see reason
   */
  status: string;
  thread_id: string;
  message_id: string;
  /** Why it is held or blocked, where there is a reason to tell */
  reason?: string | undefined;
  /** ISO 8601 time */
  send_at?: string | undefined;
  idempotent?: boolean | undefined;
};

/** Input of `listThreads`. */
export type ListThreadsInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Whether the last mail received waits for an answer */
  unanswered?: boolean | undefined;
  owner?: "agent" | "human" | "none" | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listThreads`. */
export type ListThreadsOutput = {
  threads: Array<{
    id: string;
    /** The same as id */
    thread_id: string;
    /** 26-character id, sorts by time */
    mailbox_id: string;
    /** Of the first email */
    subject: string;
    /** True where the last mail received is newer than anything sent, or about to be */
    unanswered: boolean;
    /** Who has it to themselves: human keeps all agents out, agent all but one */
    owner: "agent" | "human" | null;
    owner_by: string | null;
    owner_at: string | null;
    message_count: number;
    /** 26-character id, sorts by time */
    last_email_id: string;
    last_from: string;
    last_direction: "outbound" | "inbound";
    last_inbound_id: string | null;
    /** ISO 8601 time */
    created_at: string;
    /** When the last email came or was written */
    updated_at: string;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `getThread`. */
export type GetThreadInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Id of the conversation, percent-encoded in a path */
  thread_id: string;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `getThread`. */
export type GetThreadOutput = {
  id: string;
  /** The same as id */
  thread_id: string;
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Of the first email */
  subject: string;
  /** True where the last mail received is newer than anything sent, or about to be */
  unanswered: boolean;
  /** Who has it to themselves: human keeps all agents out, agent all but one */
  owner: "agent" | "human" | null;
  owner_by: string | null;
  owner_at: string | null;
  message_count: number;
  /** 26-character id, sorts by time */
  last_email_id: string;
  last_from: string;
  last_direction: "outbound" | "inbound";
  last_inbound_id: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** When the last email came or was written */
  updated_at: string;
  emails: Email[];
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `setThreadOwner`. */
export type SetThreadOwnerInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Id of the conversation, percent-encoded in a path */
  thread_id: string;
  owner: "agent" | "human" | null;
};

/** Answer of `setThreadOwner`. */
export type SetThreadOwnerOutput = {
  id: string;
  /** The same as id */
  thread_id: string;
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Of the first email */
  subject: string;
  /** True where the last mail received is newer than anything sent, or about to be */
  unanswered: boolean;
  /** Who has it to themselves: human keeps all agents out, agent all but one */
  owner: "agent" | "human" | null;
  owner_by: string | null;
  owner_at: string | null;
  message_count: number;
  /** 26-character id, sorts by time */
  last_email_id: string;
  last_from: string;
  last_direction: "outbound" | "inbound";
  last_inbound_id: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** When the last email came or was written */
  updated_at: string;
};

/** Input of `applyUpgrade`. */
export type ApplyUpgradeInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Such as A7X-29K; case and hyphen do not matter */
  code: string;
};

/** Answer of `applyUpgrade`. */
export type ApplyUpgradeOutput = {
  status: "upgraded";
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Oversight mode, in ascending order of autonomy */
  mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
};

/** Input of `waitForEmail`. */
export type WaitForEmailInput = {
  /** 26-character id, sorts by time */
  mailbox_id: string;
  /** Part of the sender's address */
  sender?: string | undefined;
  subject_contains?: string | undefined;
  thread_id?: string | undefined;
  /** An email of the mailbox: what comes after it counts */
  since_id?: string | undefined;
  /** From the last answer */
  cursor?: string | undefined;
  /** Seconds to wait at most; 0 answers at once */
  timeout_seconds?: number | undefined;
};

/** Answer of `waitForEmail`. */
export type WaitForEmailOutput = {
  received: boolean;
  /** The first of emails */
  email: EmailSummary | null;
  /** At most 10 */
  emails: EmailSummary[];
  /** For the next call */
  cursor: string;
};

/** Input of `listMembers`. */
export type ListMembersInput = {
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listMembers`. */
export type ListMembersOutput = {
  members: Array<{
    /** 26-character id, sorts by time */
    id: string;
    name: string;
    email: string;
    /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
    role: "owner" | "admin" | "approver" | "auditor";
    /** ISO 8601 time */
    created_at: string;
    /** Passkeys that they sign in with */
    sign_in_passkeys: number;
    /** Passkeys that they decide with */
    decision_passkeys: number;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `listInvitations`. */
export type ListInvitationsInput = {
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listInvitations`. */
export type ListInvitationsOutput = {
  invitations: Array<{
    /** 26-character id, sorts by time */
    id: string;
    email: string;
    name: string;
    /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
    role: "owner" | "admin" | "approver" | "auditor";
    /** The member who sent it */
    invited_by: string;
    /** ISO 8601 time */
    created_at: string;
    /** ISO 8601 time */
    expires_at: string;
    revoked_at: string | null;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `inviteMember`. */
export type InviteMemberInput = {
  email: string;
  name: string;
  /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
  role: "owner" | "admin" | "approver" | "auditor";
};

/** Answer of `inviteMember`. */
export type InviteMemberOutput = {
  /** 26-character id, sorts by time */
  id: string;
  email: string;
  name: string;
  /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
  role: "owner" | "admin" | "approver" | "auditor";
  /** The member who sent it */
  invited_by: string;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  expires_at: string;
  revoked_at: string | null;
};

/** Input of `revokeInvitation`. */
export type RevokeInvitationInput = {
  /** 26-character id, sorts by time */
  invitation_id: string;
};

/** Answer of `revokeInvitation`. */
export type RevokeInvitationOutput = {
  /** 26-character id, sorts by time */
  id: string;
  email: string;
  name: string;
  /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
  role: "owner" | "admin" | "approver" | "auditor";
  /** The member who sent it */
  invited_by: string;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  expires_at: string;
  revoked_at: string | null;
};

/** Input of `updateMember`. */
export type UpdateMemberInput = {
  /** 26-character id, sorts by time */
  person_id: string;
  /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
  role?: "owner" | "admin" | "approver" | "auditor" | undefined;
  name?: string | undefined;
};

/** Answer of `updateMember`. */
export type UpdateMemberOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  email: string;
  /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
  role: "owner" | "admin" | "approver" | "auditor";
  /** ISO 8601 time */
  created_at: string;
};

/** Input of `removeMember`. */
export type RemoveMemberInput = {
  /** 26-character id, sorts by time */
  person_id: string;
};

/** Answer of `removeMember`. */
export type RemoveMemberOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  email: string;
  /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
  role: "owner" | "admin" | "approver" | "auditor";
  /** ISO 8601 time */
  created_at: string;
};

/** Input of `recoverMember`. */
export type RecoverMemberInput = {
  /** 26-character id, sorts by time */
  person_id: string;
  revoke_passkeys?: boolean | undefined;
};

/** Answer of `recoverMember`. */
export type RecoverMemberOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  email: string;
  /** owner: everything; admin: everything but owners; approver: decides; auditor: reads and exports */
  role: "owner" | "admin" | "approver" | "auditor";
  /** ISO 8601 time */
  created_at: string;
};

/** Input of `openapi`. */
export type OpenapiInput = Record<string, never>;

/** Answer of `openapi`. */
export type OpenapiOutput = {
  openapi: string;
};

/** Input of `createDecisionChallenge`. */
export type CreateDecisionChallengeInput = {
  decisions: Array<{
    /** 26-character id, sorts by time */
    email_id: string;
    decision: "approve" | "reject" | "revise";
    digest: string;
  }>;
};

/** Answer of `createDecisionChallenge`. */
export type CreateDecisionChallengeOutput = {
  prompts: Array<{
    /** 26-character id, sorts by time */
    email_id: string;
    decision: "approve" | "reject" | "revise";
    digest: string;
    /** The in-toto statement's RFC 8785 bytes, base64url */
    statement: string;
    /** What opens the statement's commitments, to be compared with what is shown */
    openings: Array<{
      field: string;
      c: string;
      r: string;
      data: string;
    }>;
    /**
     * For navigator.credentials.get(). The challenge is to be computed from the statement: SHA-256 over
     * its DSSE pre-authentication encoding
     */
    options: {
      timeout: number;
      rpId: string;
      allowCredentials: Array<{
        type: "public-key";
        id: string;
        transports: string[];
      }>;
      userVerification: "required";
    };
    /** ISO 8601 time */
    expires_at: string;
  }>;
};

/** Input of `decideEmail`. */
export type DecideEmailInput = {
  /** 26-character id, sorts by time */
  email_id?: string | undefined;
  decision?: "approve" | "reject" | "revise" | undefined;
  /** The same as decision, by the name existing clients send */
  action?: "approve" | "reject" | "revise" | undefined;
  /** The digest that was seen; needed once a message has been edited */
  digest?: string | undefined;
  reason?: string | undefined;
  /**
   * What the person's passkey answered to the prompt of create_decision_challenge: the decision is of
   * class A then
   */
  assertion?: {
    id: string;
    client_data_json: string;
    authenticator_data: string;
    signature: string;
  } | undefined;
  decisions?: Array<{
    /** 26-character id, sorts by time */
    email_id: string;
    decision?: "approve" | "reject" | "revise" | undefined;
    /** The same as decision, by the name existing clients send */
    action?: "approve" | "reject" | "revise" | undefined;
    /** The digest that was seen; needed once a message has been edited */
    digest?: string | undefined;
    reason?: string | undefined;
    /**
     * What the person's passkey answered to the prompt of create_decision_challenge: the decision is of
     * class A then
     */
    assertion?: {
      id: string;
      client_data_json: string;
      authenticator_data: string;
      signature: string;
    } | undefined;
  }> | undefined;
};

/** Answer of `decideEmail`. */
export type DecideEmailOutput = {
  /** 26-character id, sorts by time */
  id?: string | undefined;
  status?: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined" | undefined;
  decision?: "approve" | "reject" | "revise" | undefined;
  approvals?: number | undefined;
  approvals_required?: number | undefined;
  /** When a message approved by a signed-in person leaves; until then it can be cancelled */
  leaves_at?: string | null | undefined;
  decisions: Array<{
    /** 26-character id, sorts by time */
    id: string;
    status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
    decision: "approve" | "reject" | "revise";
    approvals: number;
    approvals_required: number;
    /** When a message approved by a signed-in person leaves; until then it can be cancelled */
    leaves_at: string | null;
  }>;
};

/** Input of `listPending`. */
export type ListPendingInput = {
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listPending`. */
export type ListPendingOutput = {
  emails: EmailSummary[];
  /** The same list, by the name existing clients read */
  pending: EmailSummary[];
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `editPendingEmail`. */
export type EditPendingEmailInput = {
  /** 26-character id, sorts by time */
  email_id: string;
  /** The digest of the content you read: refused with stale_digest if it changed */
  digest: string;
  to?: string | string[] | undefined;
  cc?: string | string[] | undefined;
  bcc?: string | string[] | undefined;
  subject?: string | undefined;
  /** The body in markdown */
  markdown?: string | undefined;
  attachments?: Array<{
    filename?: string | undefined;
    /** The same as filename */
    name?: string | undefined;
    content_type?: string | undefined;
    /** The bytes in base64 */
    content?: string | undefined;
    /** The same as content */
    content_base64?: string | undefined;
    /** Of a picture: ![what it shows](cid:that-id) in the markdown shows it there */
    content_id?: string | undefined;
  }> | undefined;
  /** Why, for whoever wrote it */
  reason?: string | undefined;
};

/** Answer of `editPendingEmail`. */
export type EditPendingEmailOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
  thread_id: string;
  message_id: string;
  /** SHA-256 of the content and the envelope as they are now */
  digest: string;
  reason: string | null;
  send_at: string | null;
};

/** Input of `resumeSending`. */
export type ResumeSendingInput = {
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `resumeSending`. */
export type ResumeSendingOutput = {
  status: "stopped" | "running";
  stopped_at: string | null;
  /** `person:` or `api_key:` and the id */
  stopped_by: string | null;
  reason: string | null;
} | ApprovalRequired;

/** Input of `stopSending`. */
export type StopSendingInput = {
  /** For the people who will look into it */
  reason?: string | undefined;
};

/** Answer of `stopSending`. */
export type StopSendingOutput = {
  status: "stopped" | "running";
  stopped_at: string | null;
  /** `person:` or `api_key:` and the id */
  stopped_by: string | null;
  reason: string | null;
};

/** Input of `undoDecision`. */
export type UndoDecisionInput = {
  /** 26-character id, sorts by time */
  email_id: string;
};

/** Answer of `undoDecision`. */
export type UndoDecisionOutput = {
  /** 26-character id, sorts by time */
  id: string;
  status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
  expires_at: string | null;
};

/** Input of `listDecisionPasskeys`. */
export type ListDecisionPasskeysInput = {
  own?: boolean | undefined;
  all?: boolean | undefined;
};

/** Answer of `listDecisionPasskeys`. */
export type ListDecisionPasskeysOutput = {
  passkeys: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** 26-character id, sorts by time */
    person_id: string;
    person_name: string;
    name: string;
    /** COSE: -7 ES256, -8 EdDSA, -257 RS256 */
    algorithm: number;
    /** True where it is kept by the maker of the device, too */
    backed_up: boolean;
    /** Where its enrolment stands in the log; null until it is placed */
    log_index: number | null;
    /** ISO 8601 time */
    created_at: string;
    last_used_at: string | null;
    revoked_at: string | null;
  }>;
};

/** Input of `enrolDecisionPasskey`. */
export type EnrolDecisionPasskeyInput = {
  name: string;
  /** What navigator.credentials.create() answered; bytes in base64url. */
  response: {
    id: string;
    client_data_json: string;
    attestation_object: string;
    transports?: string[] | undefined;
  };
};

/** Answer of `enrolDecisionPasskey`. */
export type EnrolDecisionPasskeyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** 26-character id, sorts by time */
  person_id: string;
  person_name: string;
  name: string;
  /** COSE: -7 ES256, -8 EdDSA, -257 RS256 */
  algorithm: number;
  /** True where it is kept by the maker of the device, too */
  backed_up: boolean;
  /** Where its enrolment stands in the log; null until it is placed */
  log_index: number | null;
  /** ISO 8601 time */
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
};

/** Input of `createDecisionPasskeyOptions`. */
export type CreateDecisionPasskeyOptionsInput = Record<string, never>;

/** Answer of `createDecisionPasskeyOptions`. */
export type CreateDecisionPasskeyOptionsOutput = {
  rp: {
    id: string;
    name: string;
  };
  user: {
    id: string;
    name: string;
    displayName: string;
  };
  challenge: string;
  pubKeyCredParams: Array<{
    type: "public-key";
    alg: number;
  }>;
  timeout: number;
  excludeCredentials: Array<{
    type: "public-key";
    id: string;
    transports: string[];
  }>;
  authenticatorSelection: {
    residentKey: "required" | "preferred" | "discouraged";
    requireResidentKey: boolean;
    userVerification: "required";
  };
  attestation: "none";
};

/** Input of `revokeDecisionPasskey`. */
export type RevokeDecisionPasskeyInput = {
  /** 26-character id, sorts by time */
  passkey_id: string;
};

/** Answer of `revokeDecisionPasskey`. */
export type RevokeDecisionPasskeyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** 26-character id, sorts by time */
  person_id: string;
  person_name: string;
  name: string;
  /** COSE: -7 ES256, -8 EdDSA, -257 RS256 */
  algorithm: number;
  /** True where it is kept by the maker of the device, too */
  backed_up: boolean;
  /** Where its enrolment stands in the log; null until it is placed */
  log_index: number | null;
  /** ISO 8601 time */
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
};

/** Input of `listSignInPasskeys`. */
export type ListSignInPasskeysInput = Record<string, never>;

/** Answer of `listSignInPasskeys`. */
export type ListSignInPasskeysOutput = {
  passkeys: Array<{
    /** 26-character id, sorts by time */
    id: string;
    name: string;
    /** True where it is kept by the maker of the device, too */
    backed_up: boolean;
    /** ISO 8601 time */
    created_at: string;
    last_used_at: string | null;
    revoked_at: string | null;
  }>;
};

/** Input of `enrolSignInPasskey`. */
export type EnrolSignInPasskeyInput = {
  name: string;
  /** What navigator.credentials.create() answered; bytes in base64url. */
  response: {
    id: string;
    client_data_json: string;
    attestation_object: string;
    transports?: string[] | undefined;
  };
};

/** Answer of `enrolSignInPasskey`. */
export type EnrolSignInPasskeyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  /** True where it is kept by the maker of the device, too */
  backed_up: boolean;
  /** ISO 8601 time */
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
};

/** Input of `createSignInPasskeyOptions`. */
export type CreateSignInPasskeyOptionsInput = Record<string, never>;

/** Answer of `createSignInPasskeyOptions`. */
export type CreateSignInPasskeyOptionsOutput = {
  rp: {
    id: string;
    name: string;
  };
  user: {
    id: string;
    name: string;
    displayName: string;
  };
  challenge: string;
  pubKeyCredParams: Array<{
    type: "public-key";
    alg: number;
  }>;
  timeout: number;
  excludeCredentials: Array<{
    type: "public-key";
    id: string;
    transports: string[];
  }>;
  authenticatorSelection: {
    residentKey: "required" | "preferred" | "discouraged";
    requireResidentKey: boolean;
    userVerification: "required";
  };
  attestation: "none";
};

/** Input of `renameSignInPasskey`. */
export type RenameSignInPasskeyInput = {
  /** 26-character id, sorts by time */
  passkey_id: string;
  name: string;
};

/** Answer of `renameSignInPasskey`. */
export type RenameSignInPasskeyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  /** True where it is kept by the maker of the device, too */
  backed_up: boolean;
  /** ISO 8601 time */
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
};

/** Input of `revokeSignInPasskey`. */
export type RevokeSignInPasskeyInput = {
  /** 26-character id, sorts by time */
  passkey_id: string;
};

/** Answer of `revokeSignInPasskey`. */
export type RevokeSignInPasskeyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  name: string;
  /** True where it is kept by the maker of the device, too */
  backed_up: boolean;
  /** ISO 8601 time */
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
};

/** Input of `listPolicies`. */
export type ListPoliciesInput = {
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  /** With those that ended */
  ended?: boolean | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listPolicies`. */
export type ListPoliciesOutput = {
  policies: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** Null for all mailboxes */
    mailbox_id: string | null;
    position: number;
    name: string;
    match: Record<string, unknown>;
    outcome: "hold" | "allow" | "block" | "quorum" | "passkey";
    required: number | null;
    /** False once it was revoked or has expired */
    active: boolean;
    /** A person, a key, or a change that a person let through */
    created_by: string;
    /** ISO 8601 time */
    created_at: string;
    /** ISO 8601 time */
    updated_at: string;
    expires_at: string | null;
    revoked_at: string | null;
    revoked_by: string | null;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `createPolicy`. */
export type CreatePolicyInput = {
  name: string;
  /** Left out for all mailboxes */
  mailbox_id?: string | undefined;
  /** All conditions that are given have to be met */
  match: {
    /**
     * Addresses, or *@domain. A rule that allows needs every recipient to be among them, any other rule
     * one
     */
    recipients?: string[] | undefined;
    /** Whether the mailbox has sent them mail before that their server took */
    recipient_known?: boolean | undefined;
    /**
     * outbound unless given. Rules about received mail hold it; recipients and recipient_known are then
     * about its sender
     */
    direction?: "outbound" | "inbound" | undefined;
    has_attachment?: boolean | undefined;
    has_link?: boolean | undefined;
    /** Of the text and the attachments together */
    size_over_bytes?: number | undefined;
    /** Each a key, or key=value. A rule that allows needs all of them, any other one */
    tags?: string[] | undefined;
    /** The outbound scan's verdict, or families of its findings */
    screening?: Array<"pass" | "review" | "own_keys" | "private_keys" | "secrets" | "url_passwords" | "high_entropy" | "cards" | "bank_accounts" | "national_ids" | "hidden_text" | "link_mismatch" | "link_look_alike" | "link_userinfo" | "link_ip" | "link_scheme" | "link_punycode" | "attachment_disguised" | "attachment_executable" | "attachment_macro" | "attachment_active_markup" | "attachment_archive_encrypted" | "attachment_archive_unreadable" | "attachment_archive_other" | "key_file" | "unscanned"> | undefined;
    time?: {
      days?: Array<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun"> | undefined;
      /** HH:MM, inclusive */
      from?: string | undefined;
      /** HH:MM, exclusive; before `from` it is on the next day */
      to?: string | undefined;
      time_zone: string;
    } | undefined;
  };
  /**
   * allow lets mail of gated_send mailboxes through as their allowlist does; it never beats the scan,
   * nor the mode gated_all
   */
  outcome: "hold" | "allow" | "block" | "quorum" | "passkey";
  /** Approvals that the outcome quorum asks for */
  required?: number | undefined;
  /** Lower is asked first; behind all others where it is left out */
  position?: number | undefined;
  /** When it ends; a rule that loosens must say so */
  expires_at?: string | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `createPolicy`. */
export type CreatePolicyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** Null for all mailboxes */
  mailbox_id: string | null;
  position: number;
  name: string;
  match: Record<string, unknown>;
  outcome: "hold" | "allow" | "block" | "quorum" | "passkey";
  required: number | null;
  /** False once it was revoked or has expired */
  active: boolean;
  /** A person, a key, or a change that a person let through */
  created_by: string;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  revoked_by: string | null;
} | ApprovalRequired;

/** Input of `replayPolicy`. */
export type ReplayPolicyInput = {
  /** Left out for all mailboxes */
  mailbox_id?: string | undefined;
  /** All conditions that are given have to be met */
  match: {
    /**
     * Addresses, or *@domain. A rule that allows needs every recipient to be among them, any other rule
     * one
     */
    recipients?: string[] | undefined;
    /** Whether the mailbox has sent them mail before that their server took */
    recipient_known?: boolean | undefined;
    /**
     * outbound unless given. Rules about received mail hold it; recipients and recipient_known are then
     * about its sender
     */
    direction?: "outbound" | "inbound" | undefined;
    has_attachment?: boolean | undefined;
    has_link?: boolean | undefined;
    /** Of the text and the attachments together */
    size_over_bytes?: number | undefined;
    /** Each a key, or key=value. A rule that allows needs all of them, any other one */
    tags?: string[] | undefined;
    /** The outbound scan's verdict, or families of its findings */
    screening?: Array<"pass" | "review" | "own_keys" | "private_keys" | "secrets" | "url_passwords" | "high_entropy" | "cards" | "bank_accounts" | "national_ids" | "hidden_text" | "link_mismatch" | "link_look_alike" | "link_userinfo" | "link_ip" | "link_scheme" | "link_punycode" | "attachment_disguised" | "attachment_executable" | "attachment_macro" | "attachment_active_markup" | "attachment_archive_encrypted" | "attachment_archive_unreadable" | "attachment_archive_other" | "key_file" | "unscanned"> | undefined;
    time?: {
      days?: Array<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun"> | undefined;
      /** HH:MM, inclusive */
      from?: string | undefined;
      /** HH:MM, exclusive; before `from` it is on the next day */
      to?: string | undefined;
      time_zone: string;
    } | undefined;
  };
  /**
   * allow lets mail of gated_send mailboxes through as their allowlist does; it never beats the scan,
   * nor the mode gated_all
   */
  outcome: "hold" | "allow" | "block" | "quorum" | "passkey";
  /** Approvals that the outcome quorum asks for */
  required?: number | undefined;
  /** Lower is asked first; behind all others where it is left out */
  position?: number | undefined;
};

/** Answer of `replayPolicy`. */
export type ReplayPolicyOutput = {
  /** Messages it was tried on: the last 200 that were submitted, or received */
  checked: number;
  /** True where there was no time for all of them */
  cut_short: boolean;
  /** Messages that it decides on */
  matched: number;
  /** Those that would wait without it and leave with it */
  let_through: number;
  /** Those that would leave without it and wait with it */
  held: number;
  /** Those that would leave or wait without it and are blocked with it */
  blocked: number;
  /** Those that it decides on, newest first */
  messages: Array<{
    /** 26-character id, sorts by time */
    email_id: string;
    /** 26-character id, sorts by time */
    mailbox_id: string;
    subject: string;
    /** ISO 8601 time */
    created_at: string;
    /** Where it is now */
    status: "draft" | "pending_scan" | "scheduled" | "queued" | "sending" | "sent" | "delivered" | "blocked" | "rejected" | "cancelled" | "expired" | "suppressed" | "send_failed" | "bounced" | "sandboxed" | "pending_send_approval" | "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "spam_flagged" | "spam_quarantined";
    /** What happened to it when it was submitted */
    happened: "through" | "held" | "blocked";
    /** What would happen today without the rule */
    without_rule: "through" | "held" | "blocked";
    with_rule: "through" | "held" | "blocked";
    /** What the rules ask for */
    approvals_required: number;
    passkey_required: boolean;
  }>;
};

/** Input of `updatePolicy`. */
export type UpdatePolicyInput = {
  /** 26-character id, sorts by time */
  policy_id: string;
  name?: string | undefined;
  /** Lower is asked first; behind all others where it is left out */
  position?: number | undefined;
  /** No later than it ends now */
  expires_at?: string | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `updatePolicy`. */
export type UpdatePolicyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** Null for all mailboxes */
  mailbox_id: string | null;
  position: number;
  name: string;
  match: Record<string, unknown>;
  outcome: "hold" | "allow" | "block" | "quorum" | "passkey";
  required: number | null;
  /** False once it was revoked or has expired */
  active: boolean;
  /** A person, a key, or a change that a person let through */
  created_by: string;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  revoked_by: string | null;
} | ApprovalRequired;

/** Input of `revokePolicy`. */
export type RevokePolicyInput = {
  /** 26-character id, sorts by time */
  policy_id: string;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `revokePolicy`. */
export type RevokePolicyOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** Null for all mailboxes */
  mailbox_id: string | null;
  position: number;
  name: string;
  match: Record<string, unknown>;
  outcome: "hold" | "allow" | "block" | "quorum" | "passkey";
  required: number | null;
  /** False once it was revoked or has expired */
  active: boolean;
  /** A person, a key, or a change that a person let through */
  created_by: string;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  revoked_by: string | null;
} | ApprovalRequired;

/** Input of `getPublicKeys`. */
export type GetPublicKeysInput = Record<string, never>;

/** Answer of `getPublicKeys`. */
export type GetPublicKeysOutput = Record<string, never>;

/** Input of `listReceived`. */
export type ListReceivedInput = {
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  /** Absent: all but deleted */
  status?: "pending_inbound_approval" | "unread" | "read" | "archived" | "deleted" | "rejected" | "spam_flagged" | "spam_quarantined" | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listReceived`. */
export type ListReceivedOutput = {
  emails: EmailSummary[];
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `getRetention`. */
export type GetRetentionInput = Record<string, never>;

/** Answer of `getRetention`. */
export type GetRetentionOutput = {
  outbound: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days: number;
    /** Days after which mail is erased; null: never by age */
    delete_after_days: number | null;
  };
  inbound: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days: number;
    /** Days after which mail is erased; null: never by age */
    delete_after_days: number | null;
  };
  spam: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days: number;
    /** Days after which mail is erased; null: never by age */
    delete_after_days: number | null;
  };
  /** 0 before anybody changed them */
  version: number;
  updated_by: string | null;
  updated_at: string | null;
};

/** Input of `putRetention`. */
export type PutRetentionInput = {
  outbound?: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days?: number | undefined;
    /** Days after which mail is erased; null: never by age */
    delete_after_days?: number | null | undefined;
  } | undefined;
  inbound?: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days?: number | undefined;
    /** Days after which mail is erased; null: never by age */
    delete_after_days?: number | null | undefined;
  } | undefined;
  /** Received mail that screening or somebody called spam */
  spam?: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days?: number | undefined;
    /** Days after which mail is erased; null: never by age */
    delete_after_days?: number | null | undefined;
  } | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `putRetention`. */
export type PutRetentionOutput = {
  outbound: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days: number;
    /** Days after which mail is erased; null: never by age */
    delete_after_days: number | null;
  };
  inbound: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days: number;
    /** Days after which mail is erased; null: never by age */
    delete_after_days: number | null;
  };
  spam: {
    /** Days that mail must be kept: nobody erases it before */
    keep_days: number;
    /** Days after which mail is erased; null: never by age */
    delete_after_days: number | null;
  };
  /** 0 before anybody changed them */
  version: number;
  updated_by: string | null;
  updated_at: string | null;
} | ApprovalRequired;

/** Input of `listSessions`. */
export type ListSessionsInput = {
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
  /** 26-character id, sorts by time */
  person_id?: string | undefined;
};

/** Answer of `listSessions`. */
export type ListSessionsOutput = {
  sessions: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** 26-character id, sorts by time */
    person_id: string;
    /** True for the one that asks */
    current: boolean;
    /** How it began */
    method: "link" | "code" | "passkey" | "invitation";
    /** How the person last proved who they are */
    verified_by: "link" | "code" | "passkey" | "invitation";
    /** ISO 8601 time */
    verified_at: string;
    user_agent: string | null;
    /** ISO 8601 time */
    created_at: string;
    /** ISO 8601 time */
    last_seen_at: string;
    /** ISO 8601 time */
    expires_at: string;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `revokeSessions`. */
export type RevokeSessionsInput = {
  keep_current?: boolean | undefined;
};

/** Answer of `revokeSessions`. */
export type RevokeSessionsOutput = {
  /** How many sessions ended */
  ended: number;
};

/** Input of `revokeSession`. */
export type RevokeSessionInput = {
  /** 26-character id, sorts by time */
  session_id: string;
};

/** Answer of `revokeSession`. */
export type RevokeSessionOutput = {
  /** 26-character id, sorts by time */
  id: string;
  ended: true;
};

/** Input of `setupMultimail`. */
export type SetupMultimailInput = Record<string, never>;

/** Answer of `setupMultimail`. */
export type SetupMultimailOutput = {
  /** True where every step is done */
  ready: boolean;
  steps: Array<{
    step: string;
    done: boolean;
    what: string;
    /** What to do, where it is not done */
    how: string | null;
  }>;
  scopes: Array<"read" | "send" | "admin" | "oversight" | "audit" | "draft">;
  /** True for a test key: nothing it sends leaves */
  test: boolean;
  /** The first hundred */
  mailboxes: Array<{
    /** 26-character id, sorts by time */
    id: string;
    address: string;
    /** Oversight mode, in ascending order of autonomy */
    oversight_mode: "read_only" | "gated_all" | "gated_send" | "monitored" | "autonomous";
    sending: string;
  }>;
  mcp_url: string;
  docs_url: string;
};

/** Input of `signUp`. */
export type SignUpInput = {
  /** Who answers for the agents: a company or a person */
  operator_name: string;
  /** Stands in the footer of every message, as the law asks of commercial mail; one line */
  postal_address: string;
  /** Address of the person who oversees; a code is mailed there. Agents must not read it */
  oversight_email: string;
  /** Name of that person; the operator's if absent */
  owner_name?: string | undefined;
  /** Name of the first mailbox, before the @ */
  mailbox_local_part?: string | undefined;
  /**
   * Base64 of the JSON {algorithm, challenge, number, salt, signature}: the challenge with the number
   * that solves it
   */
  altcha: string;
};

/** Answer of `signUp`. */
export type SignUpOutput = {
  status: "code_mailed";
  /** Goes with the code to /v1/signup/confirm */
  sign_up_id: string;
  /** ISO 8601 time */
  expires_at: string;
  hint: string;
};

/** Input of `getSignUpChallenge`. */
export type GetSignUpChallengeInput = Record<string, never>;

/** Answer of `getSignUpChallenge`. */
export type GetSignUpChallengeOutput = {
  algorithm: "SHA-256";
  challenge: string;
  maxnumber: number;
  salt: string;
  signature: string;
};

/** Input of `confirmSignUp`. */
export type ConfirmSignUpInput = {
  /** 26-character id, sorts by time */
  sign_up_id: string;
  /** The code that was mailed to the oversight address; case and hyphens do not matter */
  code: string;
};

/** Answer of `confirmSignUp`. */
export type ConfirmSignUpOutput = {
  /** 26-character id, sorts by time */
  account_id: string;
  slug: string;
  /** The secret: shown once. Holds read, send, admin and audit */
  api_key: string;
  /** 26-character id, sorts by time */
  mailbox_id: string;
  mailbox_address: string;
  oversight_mode: "gated_send";
  /** Where the owner signs in and decides */
  dashboard_url: string;
};

/** Input of `eraseSubject`. */
export type EraseSubjectInput = {
  /** The person's email address */
  address: string;
  /** Your own, such as a ticket; it stays when the address is gone */
  reference?: string | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `eraseSubject`. */
export type EraseSubjectOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /**
   * held waits for a legal hold to be released, retained for the time in which mail must be kept to end,
   * settling only for every node to forget the person's key
   */
  status: "running" | "held" | "retained" | "settling" | "done";
  reference: string | null;
  /** Messages erased so far */
  messages: number;
  /** Hidden values of the log erased so far */
  openings: number;
  /** Messages that cannot go yet */
  remaining: number;
  requested_by: string;
  /** ISO 8601 time */
  requested_at: string;
  /** When it goes on */
  next_at: string | null;
  done_at: string | null;
} | ApprovalRequired;

/** Input of `listErasures`. */
export type ListErasuresInput = {
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listErasures`. */
export type ListErasuresOutput = {
  erasures: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /**
     * held waits for a legal hold to be released, retained for the time in which mail must be kept to end,
     * settling only for every node to forget the person's key
     */
    status: "running" | "held" | "retained" | "settling" | "done";
    reference: string | null;
    /** Messages erased so far */
    messages: number;
    /** Hidden values of the log erased so far */
    openings: number;
    /** Messages that cannot go yet */
    remaining: number;
    requested_by: string;
    /** ISO 8601 time */
    requested_at: string;
    /** When it goes on */
    next_at: string | null;
    done_at: string | null;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `getErasure`. */
export type GetErasureInput = {
  /** 26-character id, sorts by time */
  erasure_id: string;
};

/** Answer of `getErasure`. */
export type GetErasureOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /**
   * held waits for a legal hold to be released, retained for the time in which mail must be kept to end,
   * settling only for every node to forget the person's key
   */
  status: "running" | "held" | "retained" | "settling" | "done";
  reference: string | null;
  /** Messages erased so far */
  messages: number;
  /** Hidden values of the log erased so far */
  openings: number;
  /** Messages that cannot go yet */
  remaining: number;
  requested_by: string;
  /** ISO 8601 time */
  requested_at: string;
  /** When it goes on */
  next_at: string | null;
  done_at: string | null;
};

/** Input of `exportSubject`. */
export type ExportSubjectInput = {
  /** The person's email address */
  address: string;
};

/** Input of `listSuppression`. */
export type ListSuppressionInput = {
  /** Only what holds for this mailbox alone */
  mailbox_id?: string | undefined;
  reason?: "manual" | "bounced" | "unsubscribed" | "complained" | undefined;
  /** Beginning of the address */
  q?: string | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listSuppression`. */
export type ListSuppressionOutput = {
  suppressions: Array<{
    address: string;
    /** The mailbox it holds for; null for all of them */
    mailbox_id: string | null;
    reason: "manual" | "bounced" | "unsubscribed" | "complained";
    /** Id of the email that it came from */
    message_id: string | null;
    note: string | null;
    created_by: string;
    /** ISO 8601 time */
    created_at: string;
    /** When it ends by itself */
    expires_at: string | null;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `addSuppression`. */
export type AddSuppressionInput = {
  address: string;
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  reason?: "manual" | undefined;
  note?: string | undefined;
  /** When it ends by itself; never, where absent */
  expires_at?: string | undefined;
};

/** Answer of `addSuppression`. */
export type AddSuppressionOutput = {
  address: string;
  /** The mailbox it holds for; null for all of them */
  mailbox_id: string | null;
  reason: "manual" | "bounced" | "unsubscribed" | "complained";
  /** Id of the email that it came from */
  message_id: string | null;
  note: string | null;
  created_by: string;
  /** ISO 8601 time */
  created_at: string;
  /** When it ends by itself */
  expires_at: string | null;
};

/** Input of `exportSuppression`. */
export type ExportSuppressionInput = Record<string, never>;

/** Input of `importSuppression`. */
export type ImportSuppressionInput = {
  csv?: string | undefined;
  suppressions?: Array<{
    address?: string | null | undefined;
    email?: string | null | undefined;
    mailbox_id?: string | null | undefined;
    reason?: string | null | undefined;
    note?: string | null | undefined;
    expires_at?: string | null | undefined;
  }> | undefined;
};

/** Answer of `importSuppression`. */
export type ImportSuppressionOutput = {
  rows: number;
  /** Suppressed anew, or more firmly than before */
  added: number;
  /** Suppressed already, or named twice */
  unchanged: number;
  failed: number;
  /** At most 1,000 */
  errors: Array<{
    line: number;
    error: string;
  }>;
};

/** Input of `checkSuppression`. */
export type CheckSuppressionInput = {
  address: string;
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
};

/** Answer of `checkSuppression`. */
export type CheckSuppressionOutput = {
  address: string;
  suppressed: boolean;
  suppressions: Array<{
    address: string;
    /** The mailbox it holds for; null for all of them */
    mailbox_id: string | null;
    reason: "manual" | "bounced" | "unsubscribed" | "complained";
    /** Id of the email that it came from */
    message_id: string | null;
    note: string | null;
    created_by: string;
    /** ISO 8601 time */
    created_at: string;
    /** When it ends by itself */
    expires_at: string | null;
  }>;
};

/** Input of `removeSuppression`. */
export type RemoveSuppressionInput = {
  address: string;
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  note?: string | undefined;
};

/** Answer of `removeSuppression`. */
export type RemoveSuppressionOutput = {
  address: string;
  removed: Array<{
    address: string;
    /** The mailbox it holds for; null for all of them */
    mailbox_id: string | null;
    reason: "manual" | "bounced" | "unsubscribed" | "complained";
    /** Id of the email that it came from */
    message_id: string | null;
    note: string | null;
    created_by: string;
    /** ISO 8601 time */
    created_at: string;
    /** When it ends by itself */
    expires_at: string | null;
  }>;
};

/** Input of `showUnsubscribe`. */
export type ShowUnsubscribeInput = {
  token: string;
};

/** Input of `unsubscribe`. */
export type UnsubscribeInput = {
  token: string;
  "List-Unsubscribe"?: string | undefined;
};

/** Input of `getUsage`. */
export type GetUsageInput = {
  /** daily adds a row for each day */
  period?: "summary" | "daily" | undefined;
  /** The same as period */
  breakdown?: "summary" | "daily" | undefined;
  /** First day; the first of the month of `to` unless given */
  from?: string | undefined;
  /** Last day, included; today unless given */
  to?: string | undefined;
  /** Of this mailbox alone */
  mailbox_id?: string | undefined;
};

/** Answer of `getUsage`. */
export type GetUsageOutput = {
  period: "summary" | "daily";
  from: string;
  to: string;
  /** Messages handed to the wire */
  sent: number;
  /** Without held and refused mail for callers without oversight */
  received: number;
  /** Decisions to approve; likewise the next two */
  approved: number;
  rejected: number;
  revised: number;
  bounced: number;
  complained: number;
  /** Messages that wait for a decision now */
  pending: number;
  /** Mailboxes there are */
  mailboxes: number;
  /** Bytes of the mail that is kept, as far as the caller sees it */
  storage_bytes: number;
  /** The busiest first, a hundred at most */
  by_mailbox: Array<{
    /** 26-character id, sorts by time */
    mailbox_id: string;
    address: string;
    pending: number;
    /** Messages handed to the wire */
    sent: number;
    /** Without held and refused mail for callers without oversight */
    received: number;
    /** Decisions to approve; likewise the next two */
    approved: number;
    rejected: number;
    revised: number;
    bounced: number;
    complained: number;
  }>;
  /** One for each day, oldest first; empty in a summary */
  daily: Array<{
    date: string;
    /** Messages handed to the wire */
    sent: number;
    /** Without held and refused mail for callers without oversight */
    received: number;
    /** Decisions to approve; likewise the next two */
    approved: number;
    rejected: number;
    revised: number;
    bounced: number;
    complained: number;
  }>;
  /** Null for credentials bound to mailboxes, and where one mailbox is asked for */
  quotas: {
    messages: {
      /** Null: any number */
      limit: number | null;
      used: number;
      resets_at: string | null;
    };
    mailboxes: {
      /** Null: any number */
      limit: number | null;
      used: number;
      resets_at: string | null;
    };
    storage_bytes: {
      /** Null: any number */
      limit: number | null;
      used: number;
      resets_at: string | null;
    };
  } | null;
};

/** Input of `listWebhookDeliveries`. */
export type ListWebhookDeliveriesInput = {
  /** 26-character id, sorts by time */
  webhook_id?: string | undefined;
  status?: "pending" | "delivered" | "dead" | undefined;
  /** Of this event, in either spelling, or family */
  event?: string | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listWebhookDeliveries`. */
export type ListWebhookDeliveriesOutput = {
  deliveries: Array<{
    /** 26-character id, sorts by time */
    id: string;
    /** 26-character id, sorts by time */
    webhook_id: string;
    /** The header webhook-id: the same in every try */
    event_id: string;
    event: string;
    type: string;
    mailbox_id: string | null;
    thread_id: string | null;
    status: "pending" | "delivered" | "dead";
    attempts: number;
    next_attempt_at: string | null;
    last_attempt: {
      attempt: number;
      /** ISO 8601 time */
      at: string;
      duration_ms: number;
      request: {
        method: "POST";
        url: string;
        headers: Record<string, string>;
      };
      response: {
        status: number;
        headers: Record<string, string>;
        /** Its first 4096 bytes */
        body: string;
      } | null;
      /** Why there is no response */
      error: string | null;
    } | null;
    /** ISO 8601 time */
    created_at: string;
    ended_at: string | null;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `getWebhookDelivery`. */
export type GetWebhookDeliveryInput = {
  /** 26-character id, sorts by time */
  delivery_id: string;
};

/** Answer of `getWebhookDelivery`. */
export type GetWebhookDeliveryOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** 26-character id, sorts by time */
  webhook_id: string;
  /** The header webhook-id: the same in every try */
  event_id: string;
  event: string;
  type: string;
  mailbox_id: string | null;
  thread_id: string | null;
  status: "pending" | "delivered" | "dead";
  attempts: number;
  next_attempt_at: string | null;
  last_attempt: {
    attempt: number;
    /** ISO 8601 time */
    at: string;
    duration_ms: number;
    request: {
      method: "POST";
      url: string;
      headers: Record<string, string>;
    };
    response: {
      status: number;
      headers: Record<string, string>;
      /** Its first 4096 bytes */
      body: string;
    } | null;
    /** Why there is no response */
    error: string | null;
  } | null;
  /** ISO 8601 time */
  created_at: string;
  ended_at: string | null;
  /** Its first 65536 characters */
  request_body: string;
  request_body_truncated: boolean;
  /** Oldest first, at most the last 50 */
  tries: Array<{
    attempt: number;
    /** ISO 8601 time */
    at: string;
    duration_ms: number;
    request: {
      method: "POST";
      url: string;
      headers: Record<string, string>;
    };
    response: {
      status: number;
      headers: Record<string, string>;
      /** Its first 4096 bytes */
      body: string;
    } | null;
    /** Why there is no response */
    error: string | null;
  }>;
};

/** Input of `redeliverWebhookDelivery`. */
export type RedeliverWebhookDeliveryInput = {
  /** 26-character id, sorts by time */
  delivery_id: string;
};

/** Answer of `redeliverWebhookDelivery`. */
export type RedeliverWebhookDeliveryOutput = {
  /** 26-character id, sorts by time */
  id: string;
  /** 26-character id, sorts by time */
  webhook_id: string;
  /** The header webhook-id: the same in every try */
  event_id: string;
  event: string;
  type: string;
  mailbox_id: string | null;
  thread_id: string | null;
  status: "pending" | "delivered" | "dead";
  attempts: number;
  next_attempt_at: string | null;
  last_attempt: {
    attempt: number;
    /** ISO 8601 time */
    at: string;
    duration_ms: number;
    request: {
      method: "POST";
      url: string;
      headers: Record<string, string>;
    };
    response: {
      status: number;
      headers: Record<string, string>;
      /** Its first 4096 bytes */
      body: string;
    } | null;
    /** Why there is no response */
    error: string | null;
  } | null;
  /** ISO 8601 time */
  created_at: string;
  ended_at: string | null;
};

/** Input of `listWebhooks`. */
export type ListWebhooksInput = {
  /** 26-character id, sorts by time */
  mailbox_id?: string | undefined;
  /** How many, 1 to 100 */
  limit?: number | undefined;
  /** Opaque; `next_cursor` of the page before */
  cursor?: string | undefined;
};

/** Answer of `listWebhooks`. */
export type ListWebhooksOutput = {
  webhooks: Array<{
    /** 26-character id, sorts by time */
    id: string;
    url: string;
    events: string[];
    /** Only events of this mailbox; null: of all */
    mailbox_id: string | null;
    /** Made by a call, or the webhook_url or oversight_webhook_url of its mailbox */
    origin: "api" | "mailbox" | "oversight";
    description: string | null;
    /** True: events of a thread come one after the other */
    ordered: boolean;
    active: boolean;
    /** True: what happens waits until it is resumed, for 30 days */
    paused: boolean;
    paused_at: string | null;
    paused_reason: string | null;
    /** Since when nothing got through */
    failing_since: string | null;
    last_success_at: string | null;
    last_failure_at: string | null;
    /** Until then the secret before signs too */
    old_secret_until: string | null;
    /** ISO 8601 time */
    created_at: string;
    /** ISO 8601 time */
    updated_at: string;
  }>;
  /** The same as webhooks */
  subscriptions: Array<{
    /** 26-character id, sorts by time */
    id: string;
    url: string;
    events: string[];
    /** Only events of this mailbox; null: of all */
    mailbox_id: string | null;
    /** Made by a call, or the webhook_url or oversight_webhook_url of its mailbox */
    origin: "api" | "mailbox" | "oversight";
    description: string | null;
    /** True: events of a thread come one after the other */
    ordered: boolean;
    active: boolean;
    /** True: what happens waits until it is resumed, for 30 days */
    paused: boolean;
    paused_at: string | null;
    paused_reason: string | null;
    /** Since when nothing got through */
    failing_since: string | null;
    last_success_at: string | null;
    last_failure_at: string | null;
    /** Until then the secret before signs too */
    old_secret_until: string | null;
    /** ISO 8601 time */
    created_at: string;
    /** ISO 8601 time */
    updated_at: string;
  }>;
  /** Give it as `cursor` for the next page; null at the end */
  next_cursor: string | null;
};

/** Input of `createWebhook`. */
export type CreateWebhookInput = {
  /** Public https address that events are posted to */
  url: string;
  events?: string[] | undefined;
  /** Only events of this mailbox */
  mailbox_id?: string | null | undefined;
  description?: string | null | undefined;
  /**
   * Events of a thread one after the other: a later one waits until the earlier got through or was given
   * up
   */
  ordered?: boolean | undefined;
  /** A secret of your own; one is made where it is left out */
  secret?: string | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `createWebhook`. */
export type CreateWebhookOutput = {
  /** 26-character id, sorts by time */
  id: string;
  url: string;
  events: string[];
  /** Only events of this mailbox; null: of all */
  mailbox_id: string | null;
  /** Made by a call, or the webhook_url or oversight_webhook_url of its mailbox */
  origin: "api" | "mailbox" | "oversight";
  description: string | null;
  /** True: events of a thread come one after the other */
  ordered: boolean;
  active: boolean;
  /** True: what happens waits until it is resumed, for 30 days */
  paused: boolean;
  paused_at: string | null;
  paused_reason: string | null;
  /** Since when nothing got through */
  failing_since: string | null;
  last_success_at: string | null;
  last_failure_at: string | null;
  /** Until then the secret before signs too */
  old_secret_until: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
  /** whsec_… as libraries of Standard Webhooks take it: shown once */
  signing_secret: string;
} | ApprovalRequired;

/** Input of `getWebhook`. */
export type GetWebhookInput = {
  /** 26-character id, sorts by time */
  webhook_id: string;
};

/** Answer of `getWebhook`. */
export type GetWebhookOutput = {
  /** 26-character id, sorts by time */
  id: string;
  url: string;
  events: string[];
  /** Only events of this mailbox; null: of all */
  mailbox_id: string | null;
  /** Made by a call, or the webhook_url or oversight_webhook_url of its mailbox */
  origin: "api" | "mailbox" | "oversight";
  description: string | null;
  /** True: events of a thread come one after the other */
  ordered: boolean;
  active: boolean;
  /** True: what happens waits until it is resumed, for 30 days */
  paused: boolean;
  paused_at: string | null;
  paused_reason: string | null;
  /** Since when nothing got through */
  failing_since: string | null;
  last_success_at: string | null;
  last_failure_at: string | null;
  /** Until then the secret before signs too */
  old_secret_until: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
};

/** Input of `updateWebhook`. */
export type UpdateWebhookInput = {
  /** 26-character id, sorts by time */
  webhook_id: string;
  /** Public https address that events are posted to */
  url?: string | undefined;
  events?: string[] | undefined;
  mailbox_id?: string | null | undefined;
  description?: string | null | undefined;
  /**
   * Events of a thread one after the other: a later one waits until the earlier got through or was given
   * up
   */
  ordered?: boolean | undefined;
  paused?: boolean | undefined;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `updateWebhook`. */
export type UpdateWebhookOutput = {
  /** 26-character id, sorts by time */
  id: string;
  url: string;
  events: string[];
  /** Only events of this mailbox; null: of all */
  mailbox_id: string | null;
  /** Made by a call, or the webhook_url or oversight_webhook_url of its mailbox */
  origin: "api" | "mailbox" | "oversight";
  description: string | null;
  /** True: events of a thread come one after the other */
  ordered: boolean;
  active: boolean;
  /** True: what happens waits until it is resumed, for 30 days */
  paused: boolean;
  paused_at: string | null;
  paused_reason: string | null;
  /** Since when nothing got through */
  failing_since: string | null;
  last_success_at: string | null;
  last_failure_at: string | null;
  /** Until then the secret before signs too */
  old_secret_until: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
} | ApprovalRequired;

/** Input of `deleteWebhook`. */
export type DeleteWebhookInput = {
  /** 26-character id, sorts by time */
  webhook_id: string;
  /** The code that was mailed to the oversight address when this very call was made before */
  approval_code?: string | undefined;
};

/** Answer of `deleteWebhook`. */
export type DeleteWebhookOutput = {
  /** 26-character id, sorts by time */
  id: string;
  url: string;
  events: string[];
  /** Only events of this mailbox; null: of all */
  mailbox_id: string | null;
  /** Made by a call, or the webhook_url or oversight_webhook_url of its mailbox */
  origin: "api" | "mailbox" | "oversight";
  description: string | null;
  /** True: events of a thread come one after the other */
  ordered: boolean;
  active: boolean;
  /** True: what happens waits until it is resumed, for 30 days */
  paused: boolean;
  paused_at: string | null;
  paused_reason: string | null;
  /** Since when nothing got through */
  failing_since: string | null;
  last_success_at: string | null;
  last_failure_at: string | null;
  /** Until then the secret before signs too */
  old_secret_until: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
} | ApprovalRequired;

/** Input of `redeliverWebhook`. */
export type RedeliverWebhookInput = {
  /** 26-character id, sorts by time */
  webhook_id: string;
  status?: "dead" | "delivered" | "all" | undefined;
  /** Of this event, in either spelling, or family */
  event?: string | undefined;
  /** Queued from then on */
  since?: string | undefined;
  /** Queued before then */
  until?: string | undefined;
};

/** Answer of `redeliverWebhook`. */
export type RedeliverWebhookOutput = {
  /** Deliveries that were queued again */
  count: number;
};

/** Input of `rotateWebhook`. */
export type RotateWebhookInput = {
  /** 26-character id, sorts by time */
  webhook_id: string;
  /** A secret of your own; one is made where it is left out */
  secret?: string | undefined;
};

/** Answer of `rotateWebhook`. */
export type RotateWebhookOutput = {
  /** 26-character id, sorts by time */
  id: string;
  url: string;
  events: string[];
  /** Only events of this mailbox; null: of all */
  mailbox_id: string | null;
  /** Made by a call, or the webhook_url or oversight_webhook_url of its mailbox */
  origin: "api" | "mailbox" | "oversight";
  description: string | null;
  /** True: events of a thread come one after the other */
  ordered: boolean;
  active: boolean;
  /** True: what happens waits until it is resumed, for 30 days */
  paused: boolean;
  paused_at: string | null;
  paused_reason: string | null;
  /** Since when nothing got through */
  failing_since: string | null;
  last_success_at: string | null;
  last_failure_at: string | null;
  /** Until then the secret before signs too */
  old_secret_until: string | null;
  /** ISO 8601 time */
  created_at: string;
  /** ISO 8601 time */
  updated_at: string;
  /** whsec_… as libraries of Standard Webhooks take it: shown once */
  signing_secret: string;
};

/** Input of `testWebhook`. */
export type TestWebhookInput = {
  /** 26-character id, sorts by time */
  webhook_id: string;
};

/** Answer of `testWebhook`. */
export type TestWebhookOutput = {
  /** 26-character id, sorts by time */
  delivery_id: string;
  /** 26-character id, sorts by time */
  event_id: string;
  status: "pending";
};
