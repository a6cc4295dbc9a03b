/** The machine-readable parts of reports: field groups (RFC 3464 §2.1), returned headers, and diagnostics as verdicts. */
import { deliveryVerdict } from "./delivery-verdict.ts";
import type { DeliveryVerdict } from "./delivery-verdict.ts";

export type BounceAction = "failed" | "delayed" | "delivered" | "relayed" | "expanded";

/** What a report says of one recipient. All strings come from outside. */
export interface BounceRecipient {
  /** As we wrote it where the report says so (Original-Recipient), else as the last server knew it; null where nobody says. */
  address: string | null;
  action: BounceAction;
  /** RFC 3463, such as `5.1.1`. */
  status: string | null;
  diagnostic: string | null;
  remote_host: string | null;
  /** Null for what was delivered. A delay never suppresses; a failure is never retried, for the reporting server gave up. */
  verdict: DeliveryVerdict | null;
}

export interface Field {
  /** Lower case. */
  name: string;
  value: string;
}

const MAX_REPORT_BYTES = 262_144;
const MAX_FIELDS = 4_000;
const MAX_VALUE = 4_000;
export const MAX_RECIPIENTS = 200;

/**
 * Reads groups of header-like fields, as in message/delivery-status and message/feedback-report: unfolded, groups
 * parted by empty lines. CRLF and LF. Reads at most 256 KiB; lines that are no field are passed over. Never throws.
 */
export function fieldGroups(bytes: Buffer): Field[][] {
  const lines = bytes.subarray(0, MAX_REPORT_BYTES).toString("utf8").split("\n");
  const groups: Field[][] = [];
  let group: Field[] = [];
  let count = 0;
  for (const raw of lines) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line.trim() === "") {
      if (group.length > 0) groups.push(group);
      group = [];
    } else if (/^[ \t]/.test(line)) {
      const last = group.at(-1);
      if (last && last.value.length < MAX_VALUE)
        last.value = `${last.value} ${line.trim()}`.slice(0, MAX_VALUE);
    } else {
      const colon = line.indexOf(":");
      if (colon < 1 || colon > 100 || (count += 1) > MAX_FIELDS) continue;
      const name = line.slice(0, colon).trim().toLowerCase();
      group.push({ name, value: line.slice(colon + 1, colon + 1 + MAX_VALUE).trim() });
    }
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

export const valueOf = (fields: readonly Field[], name: string): string | null =>
  fields.find((field) => field.name === name)?.value || null;

/** `rfc822; bob@example.net` → the address; xtext (RFC 3461 §4) of Original-Recipient decoded; null where it holds none. */
function typedAddress(value: string | null): string | null {
  if (value === null) return null;
  const bare = value
    .replace(/^[\w-]{1,30}\s?;/, "")
    .trim()
    .replace(/^<(.*)>$/, "$1");
  return readableAddress(bare);
}

/** The address in a string that should be one; null where it is none we would write to. */
export function readableAddress(text: string): string | null {
  const found =
    /[^\s<>"'(),:;[\]（）：，。；、“”《》「」]{1,256}@[^\s<>"'(),:;（）：，。；、“”《》「」]{1,255}/.exec(
      text.slice(0, 1000),
    )?.[0];
  return found?.replace(/[.]+$/, "") ?? null;
}

const decodeXtext = (text: string): string =>
  text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

const ACTIONS: ReadonlySet<string> = new Set([
  "failed",
  "delayed",
  "delivered",
  "relayed",
  "expanded",
]);

/** The recipients of a message/delivery-status part (RFC 3464 §2.3), at most 200. */
export function dsnRecipients(bytes: Buffer): BounceRecipient[] {
  const recipients: BounceRecipient[] = [];
  for (const group of fieldGroups(bytes)) {
    const final = valueOf(group, "final-recipient");
    const original = valueOf(group, "original-recipient");
    if (final === null && original === null && valueOf(group, "action") === null) continue;
    if (recipients.length === MAX_RECIPIENTS) break;
    const status = /[245]\.\d{1,3}\.\d{1,3}/.exec(valueOf(group, "status") ?? "")?.[0] ?? null;
    const word = /^[a-z]+/.exec((valueOf(group, "action") ?? "").toLowerCase())?.[0] ?? "";
    const remote = (valueOf(group, "remote-mta") ?? "").replace(/^[\w-]{1,30}\s?;/, "").trim();
    recipients.push(
      bounceRecipient({
        address:
          typedAddress(original === null ? null : decodeXtext(original)) ?? typedAddress(final),
        action: ACTIONS.has(word) ? (word as BounceAction) : actionOf(status),
        status,
        diagnostic:
          valueOf(group, "diagnostic-code")
            ?.replace(/^[\w-]{1,40}\s?;\s?/, "")
            .trim() || null,
        remote_host: remote.slice(0, 255) || null,
      }),
    );
  }
  return recipients;
}

function actionOf(status: string | null): BounceAction {
  if (status?.startsWith("2.")) return "delivered";
  return status?.startsWith("4.") ? "delayed" : "failed";
}

/** Completes what a report says of a recipient with the verdict on it. */
export function bounceRecipient(said: Omit<BounceRecipient, "verdict">): BounceRecipient {
  if (said.action !== "failed" && said.action !== "delayed") return { ...said, verdict: null };
  const reply = replyIn(said.diagnostic ?? "");
  const verdict = deliveryVerdict({
    ...reply,
    enhanced: reply.enhanced ?? meaningful(said.status),
  });
  return {
    ...said,
    status: said.status ?? reply.enhanced,
    verdict:
      said.action === "failed"
        ? { ...verdict, retry: false, retry_after_seconds: null }
        : {
            ...verdict,
            verdict: /^(?:hard|policy)$/.test(verdict.verdict) ? "temporary" : verdict.verdict,
            suppress: false,
            retry: true,
          },
  };
}

const meaningful = (status: string | null): string | null => (status === "5.0.0" ? null : status);

/**
 * The reply inside a diagnostic: `host mx[192.0.2.1] said: 550 5.1.1 unknown (in reply to RCPT TO)`. A code counts at the
 * beginning of a line or behind the words that introduce one, so that ports, waits and addresses are none.
 */
export function replyIn(diagnostic: string): {
  code: number | null;
  enhanced: string | null;
  text: string;
} {
  const text = diagnostic.slice(0, MAX_VALUE);
  const found =
    /(?:^|\n|said:|reason:|error:|returned:|response was:|respond(?:ed|s)(?: with)?:|code ?:|server:|state \d{1,3}\)\.?)[ \t"'<]{0,4}([245]\d\d)[ \t-]{0,3}(?:[^\S\n]{0,2}#?([245]\.\d{1,3}\.\d{1,3})(?![.\d]))?(?=[\s:;,."'<(-]|$)/i.exec(
      text,
    );
  const enhanced =
    found?.[2] ?? /(?:^|[\s(#<:])([245]\.\d{1,3}\.\d{1,3})(?=[\s):;,>]|$)/.exec(text)?.[1] ?? null;
  return {
    code: found?.[1] === undefined ? null : Number(found[1]),
    enhanced: enhanced === "5.0.0" ? null : enhanced,
    text: found ? text.slice(found.index + found[0].length).trim() : text,
  };
}

/** The header fields of a returned message (message/rfc822, text/rfc822-headers), at most 200. */
export function returnedHeaders(bytes: Buffer): Field[] {
  return (fieldGroups(bytes.subarray(0, 65_536))[0] ?? []).slice(0, 200);
}

/** A Message-ID with its angle brackets, or null. */
export function messageIdIn(text: string | null): string | null {
  return /<[^<>\s]{1,900}>/.exec(text ?? "")?.[0] ?? null;
}
