/** What an SMTP reply or a bounce's diagnostic means for the recipient, the message and the host: by table, not by first digit. */

import { GREY, LATER, PERMANENT, TEMPORARY, UNNAMED } from "./delivery-verdict-table.ts";
import type { DeliveryVerdict, Row } from "./delivery-verdict-table.ts";

export type { DeliveryVerdict } from "./delivery-verdict-table.ts";

/**
 * Reads one refusal (SMTP reply, or the diagnostic of a bounce). `code` is the three-digit reply code, `enhanced` the
 * code of RFC 3463, either null where nobody gave it; `text` is what remains, of any length. A 4 in either number makes
 * it temporary: doubt goes towards trying again. Never throws. Meaningful for refusals only: a 2xx says nothing here.
 */
export function deliveryVerdict(reply: {
  code: number | null;
  enhanced: string | null;
  text: string;
}): DeliveryVerdict {
  // Addresses would speak with the words of the table: spam@example.com is no verdict.
  const text = reply.text
    .slice(0, 4096)
    .replace(/[^\s<>"'(]{1,320}@[^\s<>"'),;:]{1,255}/g, "address");
  const enhanced = reply.enhanced ?? IN_TEXT.exec(text)?.[1] ?? null;
  const temporary = isTemporary(reply.code, enhanced);
  const detail = /^[245]\.(\d{1,3}\.\d{1,3})$/.exec(enhanced ?? "")?.[1] ?? null;
  const found = (temporary ? TEMPORARY : PERMANENT).find((one) =>
    fits(one, reply.code, detail === "0.0" ? null : detail, text),
  );
  const { verdict, scope, suppress, retry, words } = found ?? (temporary ? LATER : UNNAMED);
  const again = retry || temporary;
  return {
    verdict,
    scope,
    suppress: suppress && !temporary,
    retry: again,
    retry_after_seconds: again ? retryAfter(text) : null,
    words,
  };
}

/** An enhanced code where qmail, Cisco and Notes write it: `(#5.1.1)`, `#5.1.0 Address rejected`. */
const IN_TEXT = /(?:^|#)([45]\.\d{1,3}\.\d{1,3})(?=[\s):;,]|$)/;

function isTemporary(code: number | null, enhanced: string | null): boolean {
  if (enhanced?.startsWith("4.")) return true;
  return code !== null && code >= 400 && code < 500;
}

function fits(one: Row, code: number | null, detail: string | null, text: string): boolean {
  if (one.unless?.test(text)) return false;
  const by_number =
    (detail !== null &&
      (one.enhanced?.some((wanted) =>
        wanted.includes(".") ? wanted === detail : detail.startsWith(`${wanted}.`),
      ) ??
        false)) ||
    (code !== null && (one.codes?.includes(code) ?? false));
  const by_text = one.text?.test(text) ?? false;
  return one.and === true ? by_number && by_text : by_number || by_text;
}

const AFTER =
  /\b(?:in|after|for|within|another|wait|least)\s{1,3}(?:about |at least |another |approximately )?(\d{1,6})\s{0,3}(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b/i;
const CLOCK = /\b(?:in|after|for) (\d{1,2}):(\d\d)(?::(\d\d))?\b/i;
const AGAIN = /\b(?:again|retry|back|later|wait|resend|reconnect|defer|delay)|gr[ea]y/i;

const GREY_DEFAULT_SECONDS = 300;
const DAY = 86_400;

/** The wait a server named: "try again in 5 minutes", "come back in 00:04:59"; greylisting without a number waits 5 minutes. */
function retryAfter(text: string): number | null {
  if (!AGAIN.test(text)) return null;
  const bounded = (seconds: number): number => Math.min(Math.max(seconds, 1), DAY);
  const named = AFTER.exec(text);
  if (named?.[1] !== undefined && named[2] !== undefined) {
    const unit = named[2][0]?.toLowerCase();
    return bounded(Number(named[1]) * (unit === "h" ? 3600 : unit === "m" ? 60 : 1));
  }
  const clock = CLOCK.exec(text);
  if (clock) {
    const [first, second] = [Number(clock[1]), Number(clock[2])];
    return bounded(
      clock[3] === undefined ? first * 60 + second : first * 3600 + second * 60 + Number(clock[3]),
    );
  }
  return GREY.test(text) ? GREY_DEFAULT_SECONDS : null;
}
