/** The HTTP status of each refusal code: a total table, so that a new code cannot be forgotten. */
import type { RefusalCode } from "../core/refusal.ts";

/** Status by code (RFC 9110 section 15; 429 is RFC 6585). */
export const refusalStatus: Readonly<Record<RefusalCode, number>> = {
  validation_failed: 400,
  invalid_json: 400,
  invalid_idempotency_key: 400,
  invalid_cursor: 400,
  payload_too_large: 413,
  unsupported_media_type: 415,
  method_not_allowed: 405,

  unauthenticated: 401,
  scope_required: 403,
  role_required: 403,
  fresh_sign_in_required: 403,
  csrf_failed: 403,
  invalid_link: 410,
  self_approval: 403,
  key_not_narrower: 403,
  test_key: 403,
  scopes_exclude_each_other: 400,

  not_found: 404,
  address_taken: 409,
  unknown_domain: 400,
  idempotency_conflict: 409,

  mode_forbids_send: 403,
  mode_raise_needs_person: 403,
  not_pending: 409,
  stale_digest: 409,
  already_decided: 409,
  not_cancellable: 409,
  not_scheduled: 409,
  not_editable: 409,
  not_queued: 409,
  not_sending: 409,
  not_in_scan: 409,
  recipient_suppressed: 422,
  operator_stopped: 403,
  quota_exceeded: 429,
  digest_mismatch: 409,

  rate_limited: 429,
  unavailable: 503,
  internal: 500,
};
