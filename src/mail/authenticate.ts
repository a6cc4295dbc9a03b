/** Who a received message really comes from: SPF, DKIM, DMARC, ARC and iprev, by records from a given resolver. */
import type { ARCChainEntry, ARCData, ARCResult, DKIMVerifyResult, DMARCResult } from "mailauth";

import { boundedResolver } from "./authentication-dns.ts";
import { readMessage } from "./headers.ts";
import { checkIprev } from "./iprev.ts";
import type { IprevReport } from "./iprev.ts";
import { MAX_MESSAGE, MAX_SIGNATURES, reportSignature } from "./verify.ts";
import type { DkimSignatureReport, Resolver } from "./verify.ts";

export interface AuthenticatedSession {
  /** IP address of the client. */
  readonly remote_address: string;
  /** As said in EHLO; hostile. */
  readonly helo: string;
  /** Envelope sender; '' is the null sender. */
  readonly from: string;
  /** Our name. */
  readonly mta: string;
}

export interface AuthenticateOptions {
  readonly now: Date;
  /** Milliseconds for all DNS together, and as many again for what DMARC asks; what is not answered by then is temperror. Default 20,000. */
  readonly time_ms?: number;
  /** DNS questions for one message; SPF has its own limit of RFC 7208 within it. Default 150. */
  readonly max_lookups?: number;
  /** Domains (`d=` of ARC-Seal) whose word about a message is taken where DMARC fails. Default none. */
  readonly trusted_sealers?: readonly string[];
}

type Result = "pass" | "fail" | "temperror" | "permerror" | "none";

export interface SpfReport {
  readonly result: Result | "softfail" | "neutral";
  /** The domain checked; '' if there is none. */
  readonly domain: string;
  /** Which of the client's claims was checked (RFC 7208 §2.3, §2.4). */
  readonly identity: "mailfrom" | "helo";
}

export type DmarcPolicy = "none" | "quarantine" | "reject";

export interface DmarcReport {
  /** `permerror`: not exactly one From field with one domain, so DMARC has nothing to say (RFC 9989 §5.3.1). */
  readonly result: Result;
  /** Domain of the From field; '' where there is not one. */
  readonly domain: string;
  /** What the record asks for this domain; null without a record. */
  readonly policy: DmarcPolicy | null;
  /** What follows: `none` unless the result is `fail` and no trusted sealer vouched for the message. */
  readonly disposition: DmarcPolicy;
  /** A trusted sealer saw DMARC pass before it changed the message. */
  readonly overridden_by_arc: boolean;
  readonly alignment: {
    readonly spf: { readonly aligned: boolean; readonly mode: "relaxed" | "strict" };
    readonly dkim: { readonly aligned: boolean; readonly mode: "relaxed" | "strict" };
  };
  readonly reason: string | null;
}

export interface ArcReport {
  /** The state of the whole chain, as found by us (RFC 8617 §5.2). */
  readonly cv: "pass" | "fail";
  /** Sets in the chain; 0 where it cannot be told. */
  readonly instance: number;
  /** `d=` of the last ARC-Seal; '' where it cannot be told. */
  readonly sealer: string;
  /** The chain passes and its last sealer is one of ours to trust. */
  readonly trusted: boolean;
  /** What the last sealer says it found of DMARC; null if it says nothing. */
  readonly dmarc: string | null;
}

/** Plain JSON, to be stored with the message. */
export interface Authentication {
  readonly spf: SpfReport;
  /** One per DKIM-Signature field, in their order; `aligned` by the mode of the DMARC record. */
  readonly dkim: readonly DkimSignatureReport[];
  /** For the From that is shown. Null in older results, where the message could not be read in one way only. */
  readonly dmarc: DmarcReport | null;
  /** Null where the message has no ARC set. */
  readonly arc: ArcReport | null;
  readonly iprev: IprevReport;
}

/**
 * Authenticates a message as received. Never throws for what the message, the session or DNS bring, and ends within
 * twice `time_ms` and the time to hash the message. Do it before any header field is taken away or added.
 */
export async function authenticateMessage(
  raw: Buffer,
  session: AuthenticatedSession,
  resolver: Resolver,
  options: AuthenticateOptions,
): Promise<Authentication> {
  const { shownAuthors } = await import("./parse.ts");
  const bounded = boundedResolver(resolver, options);
  const { addresses, fields } = shownAuthors(raw);
  const author: Author = { headerFrom: addresses, fromFields: fields, resolver: bounded.policy };
  try {
    // The record is asked for before anything that the sender may answer slowly; its answers are kept for the judgement below.
    const [, spf, iprev, signed] = await Promise.all([
      askPolicy(author),
      checkSpf(session, bounded.resolve),
      checkIprev(session.remote_address, bounded.resolve),
      checkSignatures(raw, bounded.resolve, options.now),
    ]);
    const arc =
      signed.found &&
      (await checkArc(signed.found, bounded.resolve, options.trusted_sealers ?? []));
    const { dmarc, dkim } = await checkDmarc(spf, signed.dkim, arc, author);
    return { spf, dkim, dmarc, arc, iprev };
  } finally {
    bounded.end();
  }
}

/** SPF of the envelope sender, or of the HELO name where that is null (RFC 7208 §2.4). */
async function checkSpf(session: AuthenticatedSession, resolver: Resolver): Promise<SpfReport> {
  const identity = session.from === "" ? "helo" : "mailfrom";
  const claimed = session.from === "" ? session.helo : session.from;
  const domain = claimed.slice(claimed.lastIndexOf("@") + 1).toLowerCase();
  try {
    const { spf } = await import("mailauth/lib/spf/index.js");
    const { status, domain: checked } = await spf({
      sender: session.from,
      ip: session.remote_address,
      helo: session.helo,
      mta: session.mta,
      resolver,
      strict: true,
    });
    return { result: status.result as SpfReport["result"], domain: checked, identity };
  } catch {
    return { result: "temperror", domain, identity };
  }
}

/** Whose policy counts, and who is asked for it. */
interface Author {
  readonly headerFrom: string[];
  readonly fromFields: number;
  readonly resolver: Resolver;
}

/** Asks for what the author's domain says of its mail, whatever passes later. */
async function askPolicy(author: Author): Promise<void> {
  try {
    const { evaluateDmarc } = await import("mailauth/lib/dmarc/index.js");
    await evaluateDmarc({ ...author, spfDomains: [], dkimDomains: [], strict: true });
  } catch {
    // Asked again, and judged, once it is known what passes.
  }
}

interface Signed {
  /** What ARC needs; null where nothing is proved by the header. */
  readonly found: DKIMVerifyResult | null;
  readonly dkim: DkimSignatureReport[];
}

/** DKIM, and what ARC needs of the header; nothing where the message cannot be read in one way only. */
async function checkSignatures(raw: Buffer, resolver: Resolver, now: Date): Promise<Signed> {
  if (raw.length > MAX_MESSAGE) return { found: null, dkim: [] };
  try {
    const { fields } = readMessage(raw);
    const signatures = fields.filter(({ key }) => key === "dkim-signature");
    const surplus = signatures.slice(MAX_SIGNATURES);
    const { dkimVerify } = await import("mailauth/lib/dkim/verify.js");
    const found = await dkimVerify(
      surplus.length === 0
        ? raw
        : without(
            raw,
            surplus.map(({ line }) => line),
          ),
      { resolver, curTime: now, strict: true, minBitLength: 1024 },
    );
    // Of an unsigned message the verifier reports one signature that is not there.
    const dkim = found.results
      .slice(0, signatures.length)
      .map((result, i) => reportSignature(result, signatures[i]?.value.toString("latin1") ?? ""));
    return { found, dkim };
  } catch {
    // A header we refuse to read, or one that the verifier stumbles over: either way nothing is proved.
    return { found: null, dkim: [] };
  }
}

/** `raw` without these stretches of it, which are views into it, in order. */
function without(raw: Buffer, stretches: readonly Buffer[]): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (const stretch of stretches) {
    const at = stretch.byteOffset - raw.byteOffset;
    kept.push(raw.subarray(from, at));
    from = at + stretch.length;
  }
  return Buffer.concat([...kept, raw.subarray(from)]);
}

async function checkArc(
  found: DKIMVerifyResult,
  resolver: Resolver,
  trusted: readonly string[],
): Promise<ArcReport | null> {
  if (found.arc === undefined) return null;
  const last: ARCChainEntry | undefined = found.arc.lastEntry;
  let checked: ARCResult;
  try {
    const { arc } = await import("mailauth/lib/arc/index.js");
    checked = await arc(found.arc as ARCData, { resolver, strict: true });
  } catch {
    checked = { i: last?.i ?? false, status: { result: "fail" } };
  }
  if (checked.status.result === "none") return null;
  const seal: unknown = last?.["arc-seal"]?.parsed?.["d"]?.value;
  const sealer = typeof seal === "string" ? seal.toLowerCase() : "";
  const cv = checked.status.result === "pass" ? "pass" : "fail";
  const said: unknown = checked.authenticationResults?.["dmarc"]?.result;
  return {
    cv,
    instance: typeof checked.i === "number" ? checked.i : 0,
    sealer,
    trusted: cv === "pass" && trusted.some((domain) => domain.toLowerCase() === sealer),
    dmarc: typeof said === "string" ? said.toLowerCase() : null,
  };
}

/** DMARC by what passed, and each signature's alignment by its record. */
async function checkDmarc(
  spf: SpfReport,
  dkim: DkimSignatureReport[],
  arc: ArcReport | null,
  of: Author,
): Promise<{ dmarc: DmarcReport; dkim: DkimSignatureReport[] }> {
  const author = (of.headerFrom[0] ?? "").split("@").pop()?.toLowerCase() ?? "";
  try {
    const { evaluateDmarc } = await import("mailauth/lib/dmarc/index.js");
    const { response, dkimAligned, reason } = await evaluateDmarc({
      ...of,
      spfDomains: spf.result === "pass" ? [spf.domain] : [],
      dkimDomains: dkim
        .filter(({ result }) => result === "pass")
        .map(({ domain }, id) => ({ id: String(id), domain })),
      strict: true,
    });
    if (response === false || response.alignment === undefined) {
      const result = response === false ? "permerror" : (response.status.result as Result);
      return {
        dmarc: noDmarc(
          result,
          response === false ? "" : author,
          reason ?? NO_RESULT[result] ?? null,
        ),
        // With no author there is nothing to be aligned with.
        dkim: response === false ? dkim.map((one) => ({ ...one, aligned: false })) : dkim,
      };
    }
    const strict = response.alignment.dkim.strict;
    return {
      dmarc: reportDmarc(response, author, arc),
      dkim: dkim.map((one) => {
        const domain = one.domain.toLowerCase();
        if (one.result === "pass") return { ...one, aligned: dkimAligned?.has(domain) === true };
        return { ...one, aligned: one.aligned && (!strict || domain === author) };
      }),
    };
  } catch {
    return { dmarc: noDmarc("temperror", author, "DMARC could not be looked up"), dkim };
  }
}

const NO_RESULT: Readonly<Partial<Record<Result, string>>> = {
  none: "no DMARC record",
  temperror: "DMARC could not be looked up",
  permerror: "not exactly one author domain",
};

function noDmarc(result: Result, domain: string, reason: string | null): DmarcReport {
  const relaxed = { aligned: false, mode: "relaxed" } as const;
  return {
    result,
    domain,
    policy: null,
    disposition: "none",
    overridden_by_arc: false,
    alignment: { spf: relaxed, dkim: relaxed },
    reason,
  };
}

function reportDmarc(found: DMARCResult, author: string, arc: ArcReport | null): DmarcReport {
  const result = found.status.result as Result;
  const policy = (["none", "quarantine", "reject"] as const).find((one) => one === found.policy);
  const failed = result === "fail";
  const overridden = failed && arc !== null && arc.trusted && arc.dmarc === "pass";
  const { spf, dkim } = found.alignment;
  return {
    result,
    domain: found.status.header?.from ?? author,
    policy: policy ?? null,
    disposition: failed && !overridden ? (policy ?? "none") : "none",
    overridden_by_arc: overridden,
    alignment: {
      spf: { aligned: spf.result !== undefined, mode: spf.strict ? "strict" : "relaxed" },
      dkim: { aligned: dkim.result !== undefined, mode: dkim.strict ? "strict" : "relaxed" },
    },
    reason: null,
  };
}
