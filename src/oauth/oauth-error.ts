/** What an OAuth endpoint refuses with: a code of the RFCs, a sentence, a status. */

/** Codes of RFC 6749 sections 4.1.2.1 and 5.2, RFC 7009, RFC 7591 section 3.2.2, RFC 8707 section 2 and RFC 6585. */
export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_client"
  | "invalid_grant"
  | "unauthorized_client"
  | "unsupported_grant_type"
  | "unsupported_response_type"
  | "invalid_scope"
  | "invalid_target"
  | "access_denied"
  | "invalid_redirect_uri"
  | "invalid_client_metadata"
  | "temporarily_unavailable"
  | "server_error";

/** A "no" in OAuth's own form; `description` is ASCII without quotes, as RFC 6749 section 5.2 asks. */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode;
  readonly status: number;

  constructor(code: OAuthErrorCode, description: string, status = 400) {
    super(description);
    this.name = "OAuthError";
    this.code = code;
    this.status = status;
  }
}
