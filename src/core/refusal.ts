/** The closed union of reasons for which MultiMail says no, and the one error class that carries them. */

/** Every code a caller can meet in `{"error", "code"}`; doors map each to their own status by a total Record. */
export const refusalCodes = [
  // the request itself
  "validation_failed",
  "invalid_json",
  "invalid_idempotency_key",
  "invalid_cursor",
  "payload_too_large",
  "unsupported_media_type",
  "method_not_allowed",
  // who asks
  "unauthenticated",
  "scope_required",
  "role_required",
  "fresh_sign_in_required",
  "invalid_passkey",
  "passkeys_unavailable",
  "csrf_failed",
  "invalid_link",
  "invalid_code",
  "invalid_proof",
  "sign_up_closed",
  "self_approval",
  "key_not_narrower",
  "test_key",
  "scopes_exclude_each_other",
  // what is asked for
  "not_found",
  "address_taken",
  "unknown_domain",
  "domain_taken",
  "domain_not_verified",
  "domain_in_use",
  "already_exists",
  "last_owner",
  "thread_locked",
  "duplicate_reply",
  "not_inbound",
  "idempotency_conflict",
  // oversight
  "mode_forbids_send",
  "mode_raise_needs_person",
  "not_pending",
  "stale_digest",
  "already_decided",
  "passkey_required",
  "needs_sign_in",
  "not_cancellable",
  "not_scheduled",
  "not_editable",
  "not_queued",
  "not_sending",
  "not_in_scan",
  "recipient_suppressed",
  "content_blocked",
  "not_resendable",
  "operator_stopped",
  "quota_exceeded",
  "digest_mismatch",
  // erasure
  "legal_hold",
  "content_erased",
  // the instance
  "rate_limited",
  "unavailable",
  "internal",
] as const;

/** One of {@link refusalCodes}. */
export type RefusalCode = (typeof refusalCodes)[number];

/** What a refusal may add to its code and sentence. */
export type RefusalDetail = {
  /** The input field at fault, as the caller spelled it (`to[1]`). */
  field?: string;
  /** How to mend it, one sentence. */
  hint?: string;
  /** The scope that is missing. */
  scope?: string;
  /** A credential came, and is no good (RFC 6750 section 3.1). */
  invalid_token?: true;
  /** Seconds after which the same call may succeed. */
  retry_after?: number;
  /** The limit that was met: `quota` calls in `window` seconds, by the name of who is counted. */
  policy?: { name: "key" | "operator" | "address"; quota: number; window: number };
};

/** A "no" that the caller is meant to read. Anything else that is thrown is a bug and becomes `internal`. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly detail: RefusalDetail;

  constructor(code: RefusalCode, message: string, detail: RefusalDetail = {}) {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.detail = detail;
  }
}
