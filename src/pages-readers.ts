/** What the pages read messages with: parsed for show, and verified with this instance's own keys. */
import type { PublicKeys } from "./audit/bundle-format.ts";
import type { Engine } from "./engine/engine.ts";
import type { Caught, PagesOptions } from "./http/pages/options.ts";
import type { ParsedMail } from "./mail/parsed-mail.ts";
import { readForShow, safeHtml } from "./mail/read.ts";
import { type Resolver, verifyMessage } from "./mail/verify.ts";

/** Readers for {@link PagesOptions}. `parse` opens foreign mail where it can stop nothing but itself. */
export function pagesReaders(
  engine: Engine,
  caught: Caught | null,
  operatorIds: () => Promise<readonly string[]>,
  parse: (eml: Buffer) => Promise<ParsedMail>,
): Pick<PagesOptions, "caught" | "verify" | "read_message" | "received_html"> {
  return {
    caught,
    async verify(eml) {
      const keys = await Promise.all(
        (await operatorIds()).map((operatorId) => engine.publicKeys(operatorId)),
      );
      const report = await verifyMessage(eml, {
        resolver: ownRecords(keys),
        jwks: { keys: keys[0]?.jwks.keys ?? [] },
        now: new Date(),
      });
      return {
        dkim: report.dkim.signatures.map(({ domain, selector, algorithm, result, reason }) => ({
          domain,
          selector,
          algorithm,
          result,
          ...(reason === null ? {} : { comment: reason }),
        })),
        identity: {
          verdict: report.identity.verdict,
          reason: report.identity.reason ?? "",
          ...("claims" in report.identity && report.identity.claims
            ? { claims: report.identity.claims }
            : {}),
        },
      };
    },
    async received_html(eml) {
      const { html, text, attachments, truncated } = await parse(eml);
      if (html !== null) return safeHtml(html);
      if (truncated && text === "" && attachments.length === 0)
        throw new Error("the message could not be opened");
      return null;
    },
    async read_message(eml) {
      const message = await readForShow(eml);
      return {
        subject: message.subject,
        text: message.text,
        html_safe: message.html_safe,
        attachments: message.attachments.map(({ filename, content_type, size }) => ({
          filename,
          content_type,
          size_bytes: size,
        })),
      };
    },
  };
}

/** A resolver that knows this instance's DKIM records and nothing else: caught mail never reached the DNS. */
function ownRecords(keys: readonly PublicKeys[]): Resolver {
  const records = new Map(keys.flatMap((each) => Object.entries(each.dkim)));
  return (name, type) => {
    const text = type === "TXT" ? records.get(name) : undefined;
    if (text !== undefined) return Promise.resolve([[text]]);
    return Promise.reject(
      Object.assign(new Error(`no ${type} record of ${name}`), { code: "ENOTFOUND" }),
    );
  };
}
