/** Response headers: what every answer carries for safety, and `Content-Disposition` for any filename. */

/** The headers of every API answer; `public_url` with https adds HSTS (RFC 6797). */
export function securityHeaders(public_url: string): Readonly<Record<string, string>> {
  return {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    ...(public_url.startsWith("https:") ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

/**
 * Policy for answers that are data. `sandbox` matters for bytes that came with mail: an HTML attachment that
 * is opened at our origin can neither run script nor read anything.
 */
export const dataPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox";

/** Policy for the HTML pages that public operations answer with: their forms work, and go to us alone. */
export const formPolicy =
  "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * `Content-Disposition: attachment` for a filename from anywhere (RFC 6266 section 4, RFC 8187): an ASCII fallback and
 * the exact name in UTF-8. Path separators and control characters become `_`, so that no client writes elsewhere.
 */
export function attachment(filename: string): string {
  const name =
    [...filename.toWellFormed().replace(/[\p{Cc}\p{Cf}/\\]/gu, "_")]
      .slice(0, 200)
      .join("")
      .trim() || "download";
  const safe = /^\.+$/.test(name) ? "download" : name;
  const ascii = safe.replace(/[^\x20-\x7e]/g, "_").replace(/["%]/g, "_");
  const exact = encodeURIComponent(safe).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${exact}`;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const mediaType = new RegExp(
  `^${token}/${token}(?:[ \\t]*;[ \\t]*${token}=(?:${token}|"[^"\\\\\\x00-\\x1f\\x7f-\\uffff]*"))*$`,
);

/** The media type when it is one (RFC 9110 section 8.3.1), else `application/octet-stream`: the value may come from mail. */
export function safeMediaType(value: string): string {
  return value.length <= 200 && mediaType.test(value) ? value : "application/octet-stream";
}
