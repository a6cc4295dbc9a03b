/** Proof that a form came from one of our own pages: where the browser says it came from, and the session's token. */
import { createHash, timingSafeEqual } from "node:crypto";
import { Refusal } from "../../core/refusal.ts";

/** What the browser says of where a request came from; `unknown` is a client that is no current browser. */
export type Provenance = "same" | "other" | "unknown";

/**
 * Reads `Sec-Fetch-Site` (W3C Fetch Metadata), else `Origin` (RFC 6454), which must be the public one or that of the
 * host asked. Pages cannot set either. `Origin: null` is somebody hiding and counts as `other`.
 */
export function provenance(request: Request, public_url: string): Provenance {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" ? "same" : "other";
  const origin = request.headers.get("origin");
  if (origin === null) return "unknown";
  const own = [new URL(public_url).origin, new URL(request.url).origin];
  return own.includes(origin) ? "same" : "other";
}

/** Throws `csrf_failed` unless the form carries the session's token; the comparison takes the same time for every wrong one. */
export function assertFormToken(expected: string, given: string | null): void {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (given === null || !timingSafeEqual(digest(expected), digest(given))) throw foreignForm();
}

/** The refusal of a form that another site sent, or that belongs to another session. */
export function foreignForm(): Refusal {
  return new Refusal("csrf_failed", "This form was not sent from a page of your present session.", {
    hint: "Open the page again and send the form from there.",
  });
}
