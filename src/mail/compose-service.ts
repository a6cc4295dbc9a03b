/** Builds mail of the service itself: codes, invitations and notices, which nobody decides on and nobody unsubscribes from. */
import MailComposer from "nodemailer/lib/mail-composer";
import { type ComposeAddress, ComposeError, boundary, encodeText, ready } from "./compose.ts";
import {
  checkBodyText,
  checkExtraHeaders,
  checkMailbox,
  checkMessageId,
  checkSubject,
} from "./compose-fields.ts";
import { serialize } from "./compose-serialize.ts";
import { findBareLineEnd } from "./headers.ts";

/** A mail of the service to one person. */
export interface ServiceMailInput {
  from: ComposeAddress;
  to: string;
  reply_to?: string;
  subject: string;
  /** Plain text, as it is to be read. */
  text: string;
  /** The same as HTML, ours: nothing of it is cleaned here. */
  html?: string;
  /** `<left@right>`, ours: the same for every attempt, so that a repeat is known for one. */
  message_id: string;
  date: Date;
  headers?: Readonly<Record<string, string>>;
}

const crlf = (text: string): string => text.replace(/\n/g, "\r\n");

/**
 * The whole message but for its signatures: CRLF line ends, 7-bit, quoted-printable, `Auto-Submitted: auto-generated` and a plea
 * to autoresponders (RFC 3834 section 5). Throws {@link ComposeError} for whatever cannot stand in a header or a body.
 */
export function composeService(input: ServiceMailInput): Buffer {
  const text = crlf(checkBodyText("text", input.text));
  const html = input.html === undefined ? undefined : crlf(checkBodyText("html", input.html));
  const messageId = checkMessageId("message_id", input.message_id);
  const replyTo =
    input.reply_to === undefined
      ? undefined
      : checkMailbox("reply_to", { name: null, address: input.reply_to });
  const headers = [
    // The composer reads a time of its own out of anything but text.
    { key: "Date", value: input.date.toUTCString().replace("GMT", "+0000") },
    ready("Subject", encodeText(checkSubject(input.subject))),
    ready("Auto-Submitted", "auto-generated"),
    ready("X-Auto-Response-Suppress", "All"),
    ...checkExtraHeaders(input.headers ?? {}).map(({ key, value }) =>
      ready(key, encodeText(value)),
    ),
  ];
  const built = new MailComposer({
    from: checkMailbox("from", input.from),
    to: [checkMailbox("to", { name: null, address: input.to })],
    ...(replyTo ? { replyTo } : {}),
    messageId,
    headers: headers as never,
    text,
    ...(html === undefined ? {} : { html }),
    encoding: "quoted-printable",
    newline: "windows",
    baseBoundary: boundary(messageId, [input.subject, text, html ?? ""]),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const mime = serialize(built.compile());
  // A breach is a bug: quoted-printable and encoded words leave nothing of the kind.
  if (findBareLineEnd(mime) >= 0 || /[^\t\r\n\x20-\x7e]/.test(mime.toString("latin1")))
    throw new ComposeError("message", "it would hold bytes that are not 7-bit text in CRLF lines");
  return mime;
}
