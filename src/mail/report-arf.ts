/** Complaints: feedback reports (RFC 5965), and the shapes of providers that do not use it. */
import { headerOf } from "./auto-reply-marks.ts";
import type { ParsedAttachment, ParsedMail } from "./parsed-mail.ts";
import {
  fieldGroups,
  messageIdIn,
  readableAddress,
  returnedHeaders,
  valueOf,
} from "./report-dsn.ts";

/** Somebody at the receiving side reported a message of ours. All strings come from outside. */
export interface Complaint {
  kind: "complaint";
  /** Lower case: `abuse`, `fraud`, `virus`, `not-spam`, `opt-out`, `auth-failure`, `other` … */
  feedback_type: string;
  /** False for reports that are no wish for silence: not-spam, auth-failure, virus. */
  suppress: boolean;
  /** Null where the provider hides who complained; the token of our return path still tells. */
  original_recipient: string | null;
  original_message_id: string | null;
  original_mail_from: string | null;
  source_ip: string | null;
  /** As written by the reporter. */
  arrival_date: string | null;
  reported_domain: string | null;
  user_agent: string | null;
}

const HARMLESS: ReadonlySet<string> = new Set(["not-spam", "auth-failure", "dmarc", "virus"]);

/** The part that holds our message, or its headers. */
export function returnedPart(mail: Pick<ParsedMail, "attachments">): ParsedAttachment | undefined {
  return mail.attachments.find((part) =>
    /^(?:message\/(?:rfc822|global|global-headers)|text\/rfc822-headers)$/.test(part.content_type),
  );
}

/** The complaint that a message carries, or null. */
export function readComplaint(mail: ParsedMail): Complaint | null {
  const part = mail.attachments.find((one) => one.content_type === "message/feedback-report");
  const report = /^multipart\/report\b/i.test(headerOf(mail, "content-type"));
  // A person who passes a feedback report on sends no multipart/report.
  if (part && report) return feedbackReport(part.content, mail);
  return hotmail(mail) ?? xarf(mail);
}

function feedbackReport(bytes: Buffer, mail: ParsedMail): Complaint {
  const fields = fieldGroups(bytes).flat();
  const type = /^[a-z-]{1,40}/.exec((valueOf(fields, "feedback-type") ?? "").toLowerCase())?.[0];
  return complaint(mail, {
    feedback_type: type ?? "other",
    original_recipient: readableAddress(
      valueOf(fields, "original-rcpt-to") ?? valueOf(fields, "removal-recipient") ?? "",
    ),
    original_mail_from: readableAddress(valueOf(fields, "original-mail-from") ?? ""),
    source_ip: ipIn(valueOf(fields, "source-ip") ?? valueOf(fields, "source") ?? ""),
    arrival_date: valueOf(fields, "arrival-date") ?? valueOf(fields, "received-date"),
    reported_domain: valueOf(fields, "reported-domain"),
    user_agent: valueOf(fields, "user-agent"),
  });
}

type Said = Partial<Omit<Complaint, "kind" | "suppress">> & { feedback_type: string };

function complaint(mail: ParsedMail, said: Said): Complaint {
  const part = returnedPart(mail);
  const headers = part ? returnedHeaders(part.content) : [];
  const hidden =
    valueOf(headers, "x-hmxmroriginalrecipient") ??
    valueOf(headers, "x-original-to") ??
    valueOf(headers, "delivered-to");
  return {
    kind: "complaint",
    suppress: !HARMLESS.has(said.feedback_type),
    original_message_id: messageIdIn(valueOf(headers, "message-id")),
    original_mail_from: null,
    source_ip: null,
    arrival_date: null,
    reported_domain: null,
    user_agent: null,
    ...said,
    original_recipient: said.original_recipient ?? readableAddress(hidden ?? ""),
  };
}

/** Junk Mail Reporting Program: our message as it came, the recipient in a field of its own. */
function hotmail(mail: ParsedMail): Complaint | null {
  const from = mail.from[0]?.address.toLowerCase() ?? "";
  if (!/@(?:hotmail|outlook|microsoft)\.com$/.test(from) || !returnedPart(mail)) return null;
  if (!/^complaint about message from\b/i.test(mail.subject)) return null;
  return complaint(mail, {
    feedback_type: "abuse",
    source_ip: ipIn(mail.subject),
    user_agent: "JMRP",
  });
}

/** X-ARF (Abusix and others): a header says so, and a part of YAML or JSON says the rest. */
function xarf(mail: ParsedMail): Complaint | null {
  const flag = headerOf(mail, "x-xarf") || headerOf(mail, "x-arf");
  if (flag === "") return null;
  const part = mail.attachments.find((one) => /^report\.(?:txt|json|ya?ml)$/i.test(one.filename));
  const text = part?.content.subarray(0, 65_536).toString("utf8") ?? mail.text.slice(0, 65_536);
  const said = (name: string): string | null =>
    new RegExp(`^[ \\t{]{0,8}"?${name}"?[ \\t]{0,4}:[ \\t]{0,4}"?([^"\\n]{1,500})`, "im")
      .exec(text)?.[1]
      ?.trim() ?? null;
  if (
    !/spam|abuse|messaging|fraud|phish/i.test(
      `${said("Report-Type")} ${said("Category")} ${said("ReportType")} ${said("ReportClass")}`,
    )
  )
    return null;
  return complaint(mail, {
    feedback_type: "abuse",
    source_ip: ipIn(said("Source") ?? said("SourceIp") ?? ""),
    arrival_date: said("Date"),
    user_agent: said("User-Agent"),
  });
}

function ipIn(text: string): string | null {
  const found =
    /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w.:])/i;
  return found.exec(text.slice(0, 500))?.[0] ?? null;
}
