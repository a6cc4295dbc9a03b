/** Screening of a received message: rules with scores and reasons, and a verdict that fails to review. */
import { protect } from "./domains.ts";
import { readHtml } from "./html-reading.ts";
import { attachmentRules } from "./inbound-attachments.ts";
import { contentRules } from "./inbound-content.ts";
import { headerRules } from "./inbound-headers.ts";
import { injectionRules } from "./inbound-injection.ts";
import { linkRules } from "./inbound-links.ts";
import type { Findings, InboundInput, Subject } from "./inbound-subject.ts";
import { conclude, REVIEW_AT, type Screening, type ScreeningReason } from "./screening.ts";

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
