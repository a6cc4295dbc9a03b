/** What kind of mail arrived: a person's, or a bounce, a complaint, an automatic answer, a report of a mail system. */
import { autoReplyReason, headerOf, isList } from "./auto-reply-marks.ts";
import type { AutoReplyReason, Envelope } from "./auto-reply-marks.ts";
import type { ParsedMail } from "./parsed-mail.ts";
import { readComplaint, returnedPart } from "./report-arf.ts";
import type { Complaint } from "./report-arf.ts";
import {
  bounceRecipient,
  dsnRecipients,
  messageIdIn,
  returnedHeaders,
  valueOf,
} from "./report-dsn.ts";
import type { BounceRecipient, Field } from "./report-dsn.ts";
import { looksLikeBounce, prosaicBounce } from "./report-shapes.ts";

/** A report on deliveries, delays (`delayed`) and successes (`delivered`) included. It is believed only with our token. */
export interface Bounce {
  kind: "bounce";
  /** 1 to 200. */
  recipients: BounceRecipient[];
  /** With angle brackets. */
  original_message_id: string | null;
  /** The header of our message as it came back; empty where it did not. */
  returned_headers: Field[];
}

export type MailKind =
  /** To be read. `list`: from a list or bulk sender, so never answered by a machine; `may_auto_answer` stays the judge. */
  | { kind: "mail"; list: boolean }
  | Bounce
  | Complaint
  | { kind: "auto_reply"; reason: AutoReplyReason }
  /** `attachment` is an index into the attachments, for `readTlsReport` and `readDmarcReport`. */
  | { kind: "tls_report" | "dmarc_report"; attachment: number };

/**
 * Says what a message is. RFC 3464 and 6522, 5965, 3834, 8460 and 7489 first, then the shapes of systems that follow
 * none. Prose counts only where a server sent it (null sender, or a daemon's From): a person who quotes a bounce writes
 * mail. Never throws, and claims nothing about who sent it: forged reports are told by the token of the return path.
 */
export function classifyMail(mail: ParsedMail, envelope: Envelope): MailKind {
  return (
    aggregate(mail) ??
    readComplaint(mail) ??
    bounce(mail, envelope) ??
    automatic(mail, envelope) ?? { kind: "mail", list: isList(mail) }
  );
}

function automatic(mail: ParsedMail, envelope: Envelope): MailKind | null {
  const reason = autoReplyReason(mail, envelope);
  return reason === null ? null : { kind: "auto_reply", reason };
}

const TLS_PART = /^application\/(?:tlsrpt\+(?:gzip|json)|json|gzip|x-gzip)$/;
const DMARC_PART =
  /^(?:application\/(?:zip|x-zip|x-zip-compressed|gzip|x-gzip|xml|octet-stream)|text\/xml)$/;
/** receiver!policy-domain!begin!end[!unique].xml[.gz] (RFC 7489 §7.2.1.1). */
const DMARC_NAME =
  /^[^!\s]{1,255}![^!\s]{1,255}!\d{1,14}!\d{1,14}(?:![^!\s]{1,100})?\.(?:xml|zip|xml\.gz|xml\.zip|gz)$/i;

function aggregate(mail: ParsedMail): MailKind | null {
  const type = headerOf(mail, "content-type");
  const tls =
    /report-type\s?=\s?"?tlsrpt/i.test(type) ||
    headerOf(mail, "tls-report-domain") !== "" ||
    mail.attachments.some((part) => part.content_type.startsWith("application/tlsrpt+"));
  if (tls) {
    const attachment = mail.attachments.findIndex((part) => TLS_PART.test(part.content_type));
    if (attachment !== -1) return { kind: "tls_report", attachment };
  }
  const subject = /^\s*(?:\[[^\]]{0,60}\]\s?)?report[ -]domain:/i.test(mail.subject);
  const attachment = mail.attachments.findIndex(
    (part) => DMARC_PART.test(part.content_type) && (subject || DMARC_NAME.test(part.filename)),
  );
  // A person passes a report on as an answer or a forward, and says something with it.
  if (attachment === -1 || /^(?:re|aw|fwd?|wg|tr|rv):/i.test(mail.subject)) return null;
  return { kind: "dmarc_report", attachment };
}

const DAEMON =
  /^(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|daemon|maildaemon|mail[-_.]?delivery|microsoftexchange[0-9a-f]{16,40}|mdaemon|bounces?|mail-system|mailsystem)$/i;

const TRANSIT = /^(?:re|fw|fwd|aw|wg|tr|rv|sv|vs):/i;

function bounce(mail: ParsedMail, envelope: Envelope): Bounce | null {
  const local = (mail.from[0]?.address ?? "").split("@")[0] ?? "";
  const server = envelope.from === "" || envelope.from === "<>" || DAEMON.test(local);
  const report = /^multipart\/report\b/i.test(headerOf(mail, "content-type"));
  const status = mail.attachments.filter((part) =>
    /^message\/(?:delivery-status|global-delivery-status)$/.test(part.content_type),
  );
  if (status.length > 0 && (report || server)) return fromStatus(mail, envelope, status);
  const failed = mail.headers
    .filter((header) => header.name === "x-failed-recipients")
    .flatMap((header) => header.value.slice(0, 4000).split(","))
    .map((address) => address.trim())
    .filter((address) => address.includes("@"));
  if (!server || (envelope.from === "" && TRANSIT.test(mail.subject) && failed.length === 0))
    return null;
  if (failed.length === 0 && !looksLikeBounce(mail.subject, mail.text)) return null;
  // An absence note may say that mail "was not delivered"; a server has no holidays.
  if (failed.length === 0 && !DAEMON.test(local) && autoReplyReason(mail, envelope) !== null)
    return null;
  return returned(mail, prosaicBounce(mail.subject, mail.text, failed, envelope.to));
}

function fromStatus(
  mail: ParsedMail,
  envelope: Envelope,
  parts: ParsedMail["attachments"],
): Bounce {
  const recipients = parts
    .slice(0, 4)
    .flatMap((part) => dsnRecipients(part.content))
    .slice(0, 200);
  const prose = prosaicBounce(mail.subject, mail.text, [], envelope.to);
  if (recipients.length === 0) return returned(mail, prose);
  // Some servers put the remote's words into the prose only.
  const [only, ...others] = recipients;
  const spoken = prose.recipients[0];
  const completed =
    only &&
    others.length === 0 &&
    only.diagnostic === null &&
    only.verdict !== null &&
    spoken?.diagnostic
      ? [bounceRecipient({ ...only, diagnostic: spoken.diagnostic })]
      : recipients;
  return returned(mail, { recipients: completed, original_message_id: prose.original_message_id });
}

function returned(mail: ParsedMail, said: ReturnType<typeof prosaicBounce>): Bounce {
  const part = returnedPart(mail);
  const headers = part ? returnedHeaders(part.content) : [];
  return {
    kind: "bounce",
    recipients: said.recipients,
    original_message_id:
      messageIdIn(valueOf(headers, "message-id")) ??
      said.original_message_id ??
      mail.in_reply_to ??
      mail.references.at(-1) ??
      null,
    returned_headers: headers,
  };
}
