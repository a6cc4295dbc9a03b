/** Screening of a received message: rules with scores and reasons, and a verdict that fails to review. */
import type { ParsedMail } from "../mail/parsed-mail.ts";
import { protect, type Protected } from "./domains.ts";
import { type HtmlReading, readHtml } from "./html-reading.ts";
import { attachmentRules } from "./inbound-attachments.ts";
import { contentRules } from "./inbound-content.ts";
import { headerRules } from "./inbound-headers.ts";
import { injectionRules } from "./inbound-injection.ts";
import { linkRules } from "./inbound-links.ts";
import { conclude, REVIEW_AT, type Screening, type ScreeningReason } from "./screening.ts";

/** What SPF, DKIM, DMARC and ARC said; results in the words of RFC 8601, such as `pass` and `fail`. */
export interface AuthenticationView {
  spf?: { result: string; domain?: string | null } | null;
  dkim?: { result: string; domain: string; aligned: boolean }[];
  dmarc?: { result: string; policy?: string | null } | null;
  arc?: { result: string } | null;
}

/** What screening looks at. `raw_size` in bytes; `contacts` are addresses or domains this mailbox has written to. */
export interface InboundInput {
  mail: ParsedMail;
  raw_size: number;
  authentication: AuthenticationView;
  envelope: { from: string; to: readonly string[] };
  known: {
    /** The mailbox has written to the author's address before. */
    correspondent: boolean;
    own_domains: readonly string[];
    contacts: readonly string[];
    operator_name: string;
  };
}

/** The message made ready for the rules. */
export interface Subject extends InboundInput {
  html: HtmlReading | null;
  protected: Protected;
  dmarc_pass: boolean;
}

/** What a rule family found. */
export interface Findings {
  reasons: ScreeningReason[];
  injection: boolean;
  /** Something was too long to be read whole: review. */
  capped: boolean;
}

const families: readonly ((subject: Subject) => Findings)[] = [
  headerRules,
  injectionRules,
  contentRules,
  linkRules,
  attachmentRules,
];

/**
 * Screens one message. Never throws: a rule family that fails counts as a reason for review. Time is linear in the
 * message and bounded by the limits of each reader; what a limit cut is marked and goes to review.
 */
export function screenInbound(input: InboundInput): Screening {
  const reasons: ScreeningReason[] = [];
  let injection = false;
  let capped = input.mail.truncated;
  let failed = false;
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (failed) return;
      failed = true;
      const name = error instanceof Error ? error.name : "unknown error";
      reasons.push({
        rule: "screening_failed",
        score: REVIEW_AT,
        detail: `a rule failed (${name})`,
      });
    }
  };
  const subject: Subject = {
    ...input,
    html: null,
    protected: { own: [], contacts: [], known: new Set() },
    dmarc_pass: input.authentication.dmarc?.result === "pass",
  };
  attempt(() => {
    subject.protected = protect(input.known.own_domains, input.known.contacts);
  });
  attempt(() => {
    if (input.mail.html !== null) subject.html = readHtml(input.mail.html);
    capped ||= subject.html?.capped ?? false;
  });
  for (const family of families)
    attempt(() => {
      const found = family(subject);
      reasons.push(...found.reasons);
      injection ||= found.injection;
      capped ||= found.capped;
    });
  if (capped)
    reasons.push({
      rule: "capped",
      score: 0,
      detail: "longer than what is read; the rest was not screened",
    });
  // Trust softens small things only; it must not carry an attack from a hijacked mailbox past a person.
  const doubt = reasons.reduce((sum, one) => sum + one.score, 0);
  if (input.known.correspondent && subject.dmarc_pass && doubt > 0 && doubt < 2 + REVIEW_AT)
    reasons.push({
      rule: "known_correspondent",
      score: -Math.min(2, doubt),
      detail: "written to before, and authenticated",
    });
  return conclude(reasons, injection, capped || failed ? "review" : "pass");
}
