/** Builds messages for screening tests in the shape that parsing makes. */
import type { ParsedAttachment, ParsedMail } from "../mail/parsed-mail.ts";
import { readHtml } from "./html-reading.ts";
import type { InboundInput } from "./inbound-subject.ts";

/** A message in short: what is left out is as ordinary mail has it. */
export interface Sample {
  name: string;
  from?: string;
  from_name?: string;
  subject?: string;
  text?: string;
  html?: string;
  quoted?: string;
  reply_to?: string;
  auth?: "pass" | "none" | "fail" | "fail-reject";
  correspondent?: boolean;
  attachments?: {
    filename: string;
    content_type?: string;
    content?: Buffer | string;
    inline?: boolean;
  }[];
  mail?: Partial<ParsedMail>;
}

/** The screening input of a sample, for the operator Nordwind at nordwind.example.com's real-looking domain. */
export function inputOf(sample: Sample): InboundInput {
  const from = {
    name: sample.from_name ?? "",
    address: sample.from ?? "mara@lindqvist-partner.se",
  };
  const html = sample.html ?? null;
  const text = sample.text ?? (html === null ? "" : readHtml(html).shown);
  const reply = sample.reply_to === undefined ? [] : [{ name: "", address: sample.reply_to }];
  const auth = sample.auth ?? "pass";
  const domain = from.address.split("@")[1] ?? "";
  const mail: ParsedMail = {
    from: [from],
    sender: null,
    to: [{ name: "", address: "agent@nordwind.io" }],
    cc: [],
    reply_to: reply,
    subject: sample.subject ?? "",
    date: "2026-03-02T10:00:00.000Z",
    message_id: "<a1@mail.example>",
    in_reply_to: null,
    references: [],
    headers: ["from", "to", "subject", "date", "message-id"].map((name) => ({ name, value: "" })),
    text: sample.quoted === undefined ? text : `${text}\n\n${sample.quoted}`,
    html,
    markdown: text,
    new_text: text,
    quoted_text: sample.quoted ?? "",
    signature: "",
    attachments: (sample.attachments ?? []).map(attachment),
    calendars: [],
    truncated: false,
    ...sample.mail,
  };
  return {
    mail,
    raw_size: 4000,
    authentication: {
      spf: { result: auth === "pass" ? "pass" : auth === "none" ? "none" : "fail", domain },
      dkim: auth === "pass" ? [{ result: "pass", domain, aligned: true }] : [],
      dmarc: {
        result: auth.startsWith("fail") ? "fail" : auth,
        policy: auth === "fail-reject" ? "reject" : "none",
      },
    },
    envelope: { from: from.address, to: ["agent@nordwind.io"] },
    known: {
      correspondent: sample.correspondent ?? false,
      own_domains: ["nordwind.io"],
      contacts: ["mara@lindqvist-partner.se", "orders@contoso-supplies.com", "jo@gmail.com"],
      operator_name: "Nordwind",
    },
  };
}

function attachment(given: NonNullable<Sample["attachments"]>[number]): ParsedAttachment {
  const content = Buffer.isBuffer(given.content)
    ? given.content
    : Buffer.from(given.content ?? "%PDF-1.7 …");
  return {
    filename: given.filename,
    content_type: given.content_type ?? "application/octet-stream",
    size_bytes: content.length,
    inline: given.inline ?? false,
    content_id: null,
    content,
  };
}
