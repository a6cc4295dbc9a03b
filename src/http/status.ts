/** The HTTP status of each refusal code: a total table, so that a new code cannot be forgotten. */
import type { Refusal, RefusalCode } from "../core/refusal.ts";

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
  invalid_passkey: 403,
  passkeys_unavailable: 409,
  csrf_failed: 403,
  invalid_link: 410,
  invalid_code: 403,
  invalid_proof: 403,
  sign_up_closed: 403,
  self_approval: 403,
  key_not_narrower: 403,
  test_key: 403,
  scopes_exclude_each_other: 400,

  not_found: 404,
  address_taken: 409,
  unknown_domain: 400,
  domain_taken: 409,
  domain_not_verified: 403,
  domain_in_use: 409,
  already_exists: 409,
  last_owner: 409,
  thread_locked: 409,
  duplicate_reply: 409,
  not_inbound: 409,
  idempotency_conflict: 409,

  mode_forbids_send: 403,
  mode_raise_needs_person: 403,
  not_pending: 409,
  stale_digest: 409,
  already_decided: 409,
  passkey_required: 403,
  needs_sign_in: 403,
  not_cancellable: 409,
  not_scheduled: 409,
  not_editable: 409,
  not_queued: 409,
  not_sending: 409,
  not_in_scan: 409,
  recipient_suppressed: 422,
  content_blocked: 422,
  not_resendable: 409,
  operator_stopped: 403,
  quota_exceeded: 429,
  digest_mismatch: 409,

  legal_hold: 409,
  content_erased: 410,

  rate_limited: 429,
  unavailable: 503,
  internal: 500,
};

/** Seconds after which it is worth to ask again where only people can make room: a quota that time does not mend. */
const untilPeopleActed = 86_400;

/** What `Retry-After` says of a refusal, in whole seconds; null where there is none. A 429 always has one (product contract, section 8). */
export function retryAfterOf({ code, detail }: Pick<Refusal, "code" | "detail">): number | null {
  const seconds =
    detail.retry_after ?? (refusalStatus[code] === 429 ? untilPeopleActed : undefined);
  return seconds === undefined ? null : Math.max(0, Math.ceil(seconds));
}
