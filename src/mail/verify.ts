/** What a message proves about itself: every DKIM signature on its own, and the identity header. */
import type { JSONWebKeySet } from "jose";
import type { DKIMResult } from "mailauth";
import { findBareLineEnd, MessageSyntaxError, readMessage, withCrlf } from "./headers.ts";
import type { Message } from "./headers.ts";
import { verifyIdentity } from "./identity-verify.ts";
import type { IdentityResult } from "./identity-verify.ts";

/** Answers a DNS question as `node:dns/promises` `resolve(name, type)` does: TXT records as lists of strings. */
export type Resolver = (name: string, type: string) => Promise<string[][] | string[]>;

/** RFC 8601 §2.7.1, as far as DKIM uses it. */
export type DkimSignatureResult =
  | "pass"
  | "fail"
  | "neutral"
  | "policy"
  | "temperror"
  | "permerror";

/** One DKIM-Signature field. `aligned` is for relaxed alignment with the From domain; `oversigned` for From named twice. */
export interface DkimSignatureReport {
  domain: string;
  selector: string;
  algorithm: string;
  result: DkimSignatureResult;
  reason: string | null;
  aligned: boolean;
  oversigned: boolean;
}

/**
 * `verdict`: `pass` when all signatures pass, `partial` when some do, `none` when there are none.
 * A receiver is content with one; a page that shows what is proved must not be.
 */
export interface DkimReport {
  verdict: "pass" | "partial" | "fail" | "none";
  reason: string | null;
  signatures: DkimSignatureReport[];
}

export interface MessageReport {
  dkim: DkimReport;
  identity: IdentityResult;
}

/** Each may cost a DNS question and a signature check. */
export const MAX_SIGNATURES = 16;
/** Bytes; over it nothing is hashed. */
export const MAX_MESSAGE = 64 * 1024 * 1024;

const RESULTS: ReadonlySet<string> = new Set([
  "pass",
  "fail",
  "neutral",
  "policy",
  "temperror",
  "permerror",
]);

function namesFromTwice(tagList: string): boolean {
  const h = /(?:^|;)[ \t\r\n]*h[ \t\r\n]*=([^;]*)/.exec(tagList)?.[1] ?? "";
  return h.split(":").filter((name) => name.trim().toLowerCase() === "from").length > 1;
}

function failed(reason: string): DkimReport {
  return { verdict: "fail", reason, signatures: [] };
}

function overall(signatures: readonly DkimSignatureReport[]): DkimReport["verdict"] {
  const passed = signatures.filter(({ result }) => result === "pass").length;
  if (signatures.length === 0) return "none";
  if (passed === signatures.length) return "pass";
  return passed > 0 ? "partial" : "fail";
}

/** What mailauth (in its strict mode) found of one signature whose field has the value `tag_list`. */
export function reportSignature(result: DKIMResult, tag_list: string): DkimSignatureReport {
  const { status } = result;
  // `l=` lets anyone append to the body below a signature that still passes.
  const uncovered = status.result === "pass" && (status.underSized ?? 0) > 0;
  const verdict = RESULTS.has(status.result) ? (status.result as DkimSignatureResult) : "neutral";
  const comment = typeof status.comment === "string" ? status.comment : null;
  return {
    domain: result.signingDomain ?? "",
    selector: result.selector ?? "",
    algorithm: result.algo ?? "",
    result: uncovered ? "policy" : verdict,
    reason: uncovered ? "the signature does not cover the whole body" : comment,
    aligned: Boolean(status.aligned),
    oversigned: namesFromTwice(tag_list),
  };
}

async function reportDkim(
  bytes: Buffer,
  message: Message,
  resolver: Resolver,
  now: Date,
): Promise<DkimReport> {
  const fields = message.fields.filter(({ key }) => key === "dkim-signature");
  if (fields.length === 0)
    return { verdict: "none", reason: "the message is not signed", signatures: [] };
  if (fields.length > MAX_SIGNATURES)
    return failed(`the message has more than ${MAX_SIGNATURES} signatures`);
  if (message.fields.filter(({ key }) => key === "from").length !== 1)
    return failed("the message has not exactly one From field");
  // Loaded when it is first needed: most processes send mail and never verify any, and it is large.
  const { dkimVerify } = await import("mailauth/lib/dkim/verify.js");
  const { results } = await dkimVerify(bytes, {
    resolver,
    curTime: now,
    strict: true,
    minBitLength: 1024,
  });
  const signatures = results.map((result, i) =>
    reportSignature(result, fields[i]?.value.toString("latin1") ?? ""),
  );
  return { verdict: overall(signatures), reason: null, signatures };
}

/**
 * Verifies a message as received (CRLF or bare LF line ends): each DKIM signature by keys from `resolver`, and the
 * identity header by the sender's key set. `recipient` is the address the copy was delivered to, where known.
 * Whatever is wrong with the message is a verdict; it throws only for faults of our own.
 */
export async function verifyMessage(
  eml: Buffer,
  options: { resolver: Resolver; jwks: JSONWebKeySet; recipient?: string; now: Date },
): Promise<MessageReport> {
  const tooLarge = eml.length > MAX_MESSAGE;
  try {
    if (tooLarge) throw new MessageSyntaxError("the message is too large", MAX_MESSAGE);
    const bytes = withCrlf(eml);
    const bare = findBareLineEnd(bytes);
    // Readers disagree about a bare CR, so nothing that holds one is called proved.
    if (bare >= 0) throw new MessageSyntaxError("the message holds a bare CR", bare);
    const { recipient, jwks, now } = options;
    return {
      dkim: await reportDkim(bytes, readMessage(bytes), options.resolver, now),
      identity: await verifyIdentity(
        bytes,
        jwks,
        recipient === undefined ? { now } : { recipient, now },
      ),
    };
  } catch (error) {
    if (!(error instanceof MessageSyntaxError)) throw error;
    return { dkim: failed(error.message), identity: { verdict: "invalid", reason: error.message } };
  }
}
