/** Builds the MIME message that is frozen, digested and decided on: once, without Date or signatures. */
import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import { encodeWord } from "nodemailer/lib/mime-funcs";
import { composeBody } from "./compose-body.ts";
import { pictureId } from "./compose-markdown.ts";
import {
  checkBodyText,
  checkContentIds,
  checkContentType,
  checkExtraHeaders,
  checkFeedbackId,
  checkFieldText,
  checkFilename,
  checkHtml,
  checkMailbox,
  checkMessageId,
  checkReferences,
  checkSubject,
  checkUnsubscribe,
  ComposeError,
} from "./compose-fields.ts";
import { serialize } from "./compose-serialize.ts";
import { countPlaceholders, UNSUBSCRIBE_PLACEHOLDER } from "./digest.ts";
import { findBareLineEnd, readMessage } from "./headers.ts";
import { MAX_ELEMENTS, MAX_SHOWN } from "./read.ts";

export { ComposeError } from "./compose-fields.ts";
export { UNSUBSCRIBE_PLACEHOLDER, UNSUBSCRIBE_TOKEN_LENGTH } from "./digest.ts";

export interface ComposeAddress {
  name: string | null;
  address: string;
}

export interface ComposeAttachment {
  filename: string;
  content_type: string;
  content: Buffer;
  /** Of a picture: without angle brackets. Where the HTML names it as `cid:`, the picture stands there. */
  content_id?: string | undefined;
}

/** Blind copies are not in it: they belong to the envelope and never to the message. */
export interface ComposeInput {
  from: ComposeAddress;
  to: readonly ComposeAddress[];
  cc: readonly ComposeAddress[];
  reply_to?: ComposeAddress;
  subject: string;
  markdown: string;
  /** Replaces the rendered markdown in the HTML part; the text part is always the markdown's. */
  html?: string;
  attachments: readonly ComposeAttachment[];
  /** `<left@right>`, ours. */
  message_id: string;
  in_reply_to?: string;
  references?: readonly string[];
  /** `Feedback-ID`, by which mailbox providers group complaints: up to four parts with colons between, the sender's last. */
  feedback_id?: string;
  /** `url` holds the placeholder exactly once; `mailto` is a mailto URI or a bare address. */
  unsubscribe: { url: string; mailto?: string };
  postal_address: string;
  /** One visible line, or null where the operator turned it off. */
  ai_disclosure: string | null;
  /** True where no person approved: adds `Auto-Submitted: auto-generated`. [RFC 3834 §5] */
  auto_generated: boolean;
  /** With `auto_generated`, true where it answers somebody's message: `Auto-Submitted: auto-replied`. [RFC 3834 §5] */
  auto_replied?: boolean;
  /** Default true: adds `X-AI-Generated: true`. False is for mail of the service itself. */
  ai_generated?: boolean;
  headers?: Readonly<Record<string, string>>;
}

const MAX_LINE = 998;
/** Octets of a frozen message: 25 MiB of attachments in base64, and both parts. */
const MAX_MIME = 40 * 1024 * 1024;
const crlf = (text: string): string => text.replace(/\n/g, "\r\n");

/**
 * Encoded words where the text is not plain, looks like an encoded word, or has no place to fold.
 * MailComposer passes text through that already looks encoded; here text is always just text.
 */
export function encodeText(text: string): string {
  const plain =
    !/[^\x20-\x7e]/.test(text) &&
    !text.includes("=?") &&
    !/\S{70}/.test(text) &&
    text === text.trim();
  if (plain) return text;
  const foreign = text.match(/[^\x20-\x7e]/g)?.length ?? 0;
  return encodeWord(text, foreign * 3 > text.length ? "B" : "Q", 52);
}

/** A field value that MailComposer shall write as it is, folded at white space. */
export function ready(
  key: string,
  value: string,
): { key: string; value: { prepared: true; foldLines: true; value: string } } {
  return { key, value: { prepared: true, foldLines: true, value } };
}

/** A message/* part may not be encoded, so it must be fit to travel as it is. [RFC 2046 §5.2.1] */
function checkEmbeddedMessage(field: string, content: Buffer): void {
  const text = content.toString("latin1");
  if (
    /[^\t\r\n\x20-\x7e]/.test(text) ||
    /\r(?!\n)/.test(text) ||
    /[^\n]{998}/.test(text) ||
    countPlaceholders(content) > 0
  ) {
    throw new ComposeError(
      field,
      "a message attached as such must be 7-bit text; attach it as application/octet-stream",
    );
  }
}

interface MailAttachment {
  filename: string;
  contentType: string;
  content: Buffer;
  cid?: string;
  contentDisposition?: "inline";
}

function checkAttachments(
  attachments: readonly ComposeAttachment[],
  shown: ReadonlySet<string>,
): MailAttachment[] {
  return attachments.map(({ filename, content_type, content, content_id: cid }, i) => {
    const field = `attachments[${i}]`;
    const contentType = checkContentType(`${field}.content_type`, content_type);
    if (/^message\//i.test(contentType)) checkEmbeddedMessage(`${field}.content`, content);
    return {
      filename: checkFilename(`${field}.filename`, filename),
      contentType,
      content,
      ...(cid !== undefined && shown.has(cid)
        ? { cid, contentDisposition: "inline" as const }
        : {}),
    };
  });
}

/** The text without which a body is composed where only its content matters. */
const noFooter = { postal_address: "", ai_disclosure: null, unsubscribe_url: "" };

/** Ids of the pictures that stand in HTML of ours. */
function picturesIn(html: string, known: ReadonlySet<string>): Set<string> {
  const shown = new Set<string>();
  for (const [, id = ""] of html.matchAll(/<img [^>]*?src="cid:([^"]{1,600})"/g)) {
    const name = pictureId(`cid:${id.replaceAll("&amp;", "&")}`);
    if (name !== null && known.has(name)) shown.add(name);
  }
  return shown;
}

/**
 * Attachments in the order in which they stand in the message, those that are shown in the HTML first, and the ids of these.
 * Throws {@link ComposeError} for an id that is given twice, or that is none of a picture.
 */
export function placeAttachments<A extends ComposeAttachment>(draft: {
  markdown: string;
  html?: string | undefined;
  attachments: readonly A[];
}): { attachments: A[]; shown: ReadonlySet<string> } {
  const { attachments } = draft;
  const known = checkContentIds(attachments);
  if (known.size === 0) return { attachments: [...attachments], shown: known };
  const { html } = composeBody(draft.markdown, draft.html, noFooter, known);
  const shown = picturesIn(html, known);
  const isShown = ({ content_id: id }: A): boolean => id !== undefined && shown.has(id);
  const rest = attachments.filter((one) => !isShown(one));
  return { attachments: [...attachments.filter(isShown), ...rest], shown };
}

/** Boundary of 128 bits over all content: the same input gives the same bytes, and no content can hold its own boundary. */
export function boundary(messageId: string, parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256").update(messageId);
  for (const part of parts) hash.update(`\0${part.length}\0`).update(part);
  return hash.digest("hex").slice(0, 32);
}

function headerFields(
  input: ComposeInput,
  url: string,
  mailto: string | null,
): { key: string; value: unknown }[] {
  return [
    // MailComposer adds the present as Date unless one is set, and leaves out a field that is blank.
    { key: "Date", value: " " },
    ...(input.subject === "" ? [] : [ready("Subject", encodeText(checkSubject(input.subject)))]),
    ready("List-Unsubscribe", `<${url}>${mailto === null ? "" : `, <${mailto}>`}`),
    ready("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ...(input.feedback_id === undefined
      ? []
      : [ready("Feedback-ID", checkFeedbackId(input.feedback_id))]),
    ...(input.ai_generated === false ? [] : [{ key: "X-AI-Generated", value: "true" }]),
    ...(input.auto_generated
      ? [ready("Auto-Submitted", input.auto_replied ? "auto-replied" : "auto-generated")]
      : []),
    ...checkExtraHeaders(input.headers ?? {}).map(({ key, value }) =>
      ready(key, encodeText(value)),
    ),
  ];
}

/** MailComposer writes field names in its own capitals. */
function spelling(key: string): string {
  if (key === "Feedback-Id") return "Feedback-ID";
  return key === "X-Ai-Generated" ? "X-AI-Generated" : key;
}

/** Both parts in CRLF lines; refused where an approver would see only their beginning. */
function bodyParts(
  body: { text: string; html: string },
  given: "markdown" | "html",
): { text: string; html: string } {
  const parts = { text: crlf(body.text), html: crlf(body.html) };
  for (const [field, part] of [
    ["markdown", parts.text],
    [given, parts.html],
  ] as const)
    if (part.length > MAX_SHOWN)
      throw new ComposeError(field, `it would be longer than ${MAX_SHOWN} characters in the mail`);
  if (
    parts.html.length > MAX_ELEMENTS &&
    (parts.html.match(/<[a-z]/gi)?.length ?? 0) > MAX_ELEMENTS
  )
    throw new ComposeError(given, `it would have more than ${MAX_ELEMENTS} elements in the mail`);
  return parts;
}

/** What must hold of every message we freeze; a breach is a bug or an attack on the composer. */
function checkBuilt(mime: Buffer, placeholders: number, given: "markdown" | "html"): void {
  if (mime.length > MAX_MIME)
    throw new ComposeError("message", `it would be larger than ${MAX_MIME} octets`);
  const bare = findBareLineEnd(mime);
  if (bare >= 0) throw new ComposeError("message", "it would hold a bare CR or LF");
  let lineStart = 0;
  for (let lf = mime.indexOf(0x0a); lf >= 0; lf = mime.indexOf(0x0a, lineStart)) {
    if (lf - 1 - lineStart > MAX_LINE)
      throw new ComposeError("message", `it would hold a line over ${MAX_LINE} octets`);
    lineStart = lf + 1;
  }
  if (/[^\t\r\n\x20-\x7e]/.test(mime.toString("latin1")))
    throw new ComposeError("message", "it would hold bytes that are not 7-bit text");
  const keys = readMessage(mime).fields.map((field) => field.key);
  if (keys.includes("date") || keys.includes("bcc") || new Set(keys).size !== keys.length) {
    throw new ComposeError(
      "message",
      "it would hold a header field twice, or one that must not be there",
    );
  }
  // One too many is a link of the author's that would carry each recipient's token to somebody else.
  const found = countPlaceholders(mime);
  if (found < placeholders)
    throw new ComposeError("message", "the unsubscribe placeholder would not be found again");
  if (found > placeholders)
    throw new ComposeError(given, "it contains the reserved unsubscribe placeholder");
}

/**
 * Builds the frozen message: CRLF line ends, 7-bit, text and HTML parts in quoted-printable with the footer in both,
 * RFC 8058 one-click unsubscribe with {@link UNSUBSCRIBE_PLACEHOLDER} where the token goes, no Date, no Bcc.
 * The same input gives the same bytes. Throws {@link ComposeError} naming the field for whatever it will not send.
 */
export async function compose(input: ComposeInput): Promise<Buffer> {
  const from = checkMailbox("from", input.from);
  const to = input.to.map((mailbox, i) => checkMailbox(`to[${i}]`, mailbox));
  const cc = input.cc.map((mailbox, i) => checkMailbox(`cc[${i}]`, mailbox));
  const replyTo = input.reply_to ? checkMailbox("reply_to", input.reply_to) : undefined;
  const messageId = checkMessageId("message_id", input.message_id);
  const { url, mailto } = checkUnsubscribe(input.unsubscribe);
  checkBodyText("markdown", input.markdown);
  if (input.html !== undefined) checkHtml(input.html);
  const placed = placeAttachments(input);
  const attachments = checkAttachments(placed.attachments, placed.shown);
  if (input.ai_disclosure !== null) checkFieldText("ai_disclosure", input.ai_disclosure);
  const given = input.html === undefined ? "markdown" : "html";
  const body = composeBody(
    checkBodyText("markdown", input.markdown),
    input.html === undefined ? undefined : checkHtml(input.html),
    {
      postal_address: checkBodyText("postal_address", input.postal_address).trim(),
      ai_disclosure: input.ai_disclosure,
      unsubscribe_url: url,
    },
    placed.shown,
  );
  const { text, html } = bodyParts(body, given);
  const built = new MailComposer({
    from,
    to,
    cc,
    ...(replyTo ? { replyTo } : {}),
    messageId,
    ...(input.in_reply_to === undefined
      ? {}
      : { inReplyTo: checkMessageId("in_reply_to", input.in_reply_to) }),
    ...(input.references?.length ? { references: checkReferences(input.references) } : {}),
    headers: headerFields(input, url, mailto) as never,
    text,
    html,
    attachments,
    encoding: "quoted-printable",
    newline: "windows",
    baseBoundary: boundary(messageId, [
      input.subject,
      text,
      html,
      ...attachments.flatMap((a) => [
        a.filename,
        a.contentType,
        a.content,
        ...(a.cid ? [a.cid] : []),
      ]),
    ]),
    normalizeHeaderKey: spelling,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const mime = serialize(built.compile());
  // Once each in the text, the HTML and List-Unsubscribe, and wherever the address for unsubscribing by mail has it.
  const inMailto = (mailto ?? "").split(UNSUBSCRIBE_PLACEHOLDER).length - 1;
  checkBuilt(mime, 3 + inMailto, given);
  return mime;
}
