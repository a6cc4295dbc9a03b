/** What the rules for received mail are given, and what each gives back. */
import type { ParsedMail } from "../mail/parsed-mail.ts";
import type { Protected } from "./domains.ts";
import type { HtmlReading } from "./html-reading.ts";
import type { ScreeningReason } from "./screening.ts";

/** What SPF, DKIM and DMARC said; results in the words of RFC 8601, such as `pass` and `fail`. */
export interface AuthenticationView {
  spf?: { result: string; domain?: string | null } | null;
  dkim?: { result: string; domain: string; aligned: boolean }[];
  /** `overridden_by_arc`: a forwarder that is trusted saw it pass; a seal of anybody else says nothing. */
  dmarc?: { result: string; policy?: string | null; overridden_by_arc?: boolean } | null;
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
