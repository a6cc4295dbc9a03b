/** Checks on everything that becomes a header field: refused with the field's name, never silently mended. */
import { AddressError, CONTROL, MAX_NAME_LENGTH, parseAddress } from "./address.ts";
import { UNSUBSCRIBE_PLACEHOLDER } from "./digest.ts";

/** Input that no message is built from; `field` is the path in the input, such as `attachments[0].filename`. */
export class ComposeError extends Error {
  readonly field: string;
  readonly reason: string;

  constructor(field: string, reason: string) {
    super(`${field}: ${reason}`);
    this.name = "ComposeError";
    this.field = field;
    this.reason = reason;
  }
}

const MAX_SUBJECT_LENGTH = 998;
const MAX_FILENAME_LENGTH = 255;
const MAX_REFERENCES = 200;
/** Code units of markdown or HTML; what is longer belongs in an attachment. */
const MAX_BODY_LENGTH = 500_000;
/** Elements in given HTML: the sanitizer's time grows with the square of how many are open at once. */
const MAX_ELEMENTS = 10_000;
const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const CONTENT_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:; ?${TOKEN}=(?:${TOKEN}|"[ !#-\\[\\]-~]*"))*$`,
);
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
// dot-atom or anything printable without specials on both sides of one @; wider than we write, as others' ids are.
const MESSAGE_ID = /^<[!-;=?A-Z[-~]+@[!-;=?A-Z[-~]+>$/;
/** Fields that have an input of their own, that transport adds, or that only signing may write. */
const RESERVED =
  /^(?:from|sender|to|cc|bcc|reply-to|subject|date|message-id|in-reply-to|references|mime-version|content-.*|list-unsubscribe.*|auto-submitted|x-ai-generated|x-multimail-.*|dkim-.*|domainkey-.*|arc-.*|authentication-results|received.*|return-path|delivered-to|resent-.*|dkim2-.*)$/;

/** Refuses controls, bidirectional overrides, broken surrogates and our placeholder in text bound for a header. */
export function checkFieldText(field: string, text: string): void {
  if (CONTROL.test(text))
    throw new ComposeError(field, "it contains a line break or another control character");
  if (!text.isWellFormed()) throw new ComposeError(field, "it contains half a surrogate pair");
  if (text.includes(UNSUBSCRIBE_PLACEHOLDER))
    throw new ComposeError(field, "it contains the reserved unsubscribe placeholder");
}

/**
 * Body text with LF line ends (they become CRLF in the message).
 * Controls other than tab and line ends are refused: they would reach terminals and scanners.
 */
export function checkBodyText(field: string, text: string): string {
  if (text.length > MAX_BODY_LENGTH)
    throw new ComposeError(field, `it is longer than ${MAX_BODY_LENGTH} characters`);
  const lines = text.replace(/\r\n?/g, "\n");
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(lines))
    throw new ComposeError(field, "it contains a control character");
  if (!lines.isWellFormed()) throw new ComposeError(field, "it contains half a surrogate pair");
  if (lines.includes(UNSUBSCRIBE_PLACEHOLDER))
    throw new ComposeError(field, "it contains the reserved unsubscribe placeholder");
  return lines;
}

/** HTML given in place of the rendered markdown. */
export function checkHtml(html: string): string {
  const checked = checkBodyText("html", html);
  if ((checked.match(/<[a-z]/gi)?.length ?? 0) > MAX_ELEMENTS)
    throw new ComposeError("html", `it has more than ${MAX_ELEMENTS} elements`);
  return checked;
}

function checkName(field: string, name: string): void {
  checkFieldText(field, name);
  if (name.length > MAX_NAME_LENGTH)
    throw new ComposeError(field, `it is longer than ${MAX_NAME_LENGTH} characters`);
  // Readers decode encoded words even inside quotes, so the recipient would see another name than the approver.
  if (name.includes("=?"))
    throw new ComposeError(field, 'it contains "=?", which readers take for encoded text');
}

/** True for what can stand as a display name; kept for later, anything else would refuse every message that it stands in. */
export function canBeName(name: string): boolean {
  try {
    checkName("name", name);
    return true;
  } catch {
    return false;
  }
}

/** A display name and address ready for MailComposer. */
export function checkMailbox(
  field: string,
  mailbox: { name: string | null; address: string },
): { name: string; address: string } {
  const name = mailbox.name ?? "";
  checkName(`${field}.name`, name);
  try {
    return { name: name.trim(), address: parseAddress(mailbox.address).address };
  } catch (error) {
    if (error instanceof AddressError) throw new ComposeError(`${field}.address`, error.reason);
    throw error;
  }
}

export function checkSubject(subject: string): string {
  checkFieldText("subject", subject);
  if (subject.length > MAX_SUBJECT_LENGTH)
    throw new ComposeError("subject", `it is longer than ${MAX_SUBJECT_LENGTH} characters`);
  return subject;
}

/** One Message-ID in angle brackets. [RFC 5322 §3.6.4] */
export function checkMessageId(field: string, id: string): string {
  checkFieldText(field, id);
  if (id.length > 900 || !MESSAGE_ID.test(id))
    throw new ComposeError(field, "it is no message id of the form <left@right>");
  return id;
}

export function checkReferences(ids: readonly string[]): string[] {
  if (ids.length > MAX_REFERENCES)
    throw new ComposeError("references", `it has more than ${MAX_REFERENCES} entries`);
  return ids.map((id, i) => checkMessageId(`references[${i}]`, id));
}

const CONTENT_ID = /^[A-Za-z0-9_.+$=~!#%&'*?^`{|}/-]{1,120}(?:@[A-Za-z0-9_.-]{1,120})?$/;

/** True for an id that a picture may have: the left part of a Message-ID, or all of one, without brackets. [RFC 2392] */
export function isContentId(id: string): boolean {
  return CONTENT_ID.test(id);
}

/** The ids that attachments are given; each of a picture, and each once. */
export function checkContentIds(
  attachments: readonly { content_type: string; content_id?: string | undefined }[],
): Set<string> {
  const known = new Set<string>();
  for (const [i, { content_type, content_id: id }] of attachments.entries()) {
    if (id === undefined) continue;
    const field = `attachments[${i}].content_id`;
    if (!isContentId(id)) throw new ComposeError(field, "it is no content id");
    if (!/^image\//i.test(content_type)) throw new ComposeError(field, "it is for pictures only");
    if (known.has(id)) throw new ComposeError(field, "another attachment has it already");
    known.add(id);
  }
  return known;
}

/** Parts of letters, digits and hyphens with colons between; the last one has 5 to 15 characters. */
export function checkFeedbackId(text: string): string {
  if (!/^(?:[A-Za-z0-9-]{0,64}:){1,3}[A-Za-z0-9-]{5,15}$/.test(text))
    throw new ComposeError("feedback_id", "it is no Feedback-ID");
  return text;
}

/** A file name without any path. */
export function checkFilename(field: string, filename: string): string {
  checkFieldText(field, filename);
  if (filename === "" || filename === "." || filename === "..")
    throw new ComposeError(field, "it is no file name");
  if (/[/\\]/.test(filename)) throw new ComposeError(field, "it contains a path separator");
  if (filename.includes("=?"))
    throw new ComposeError(field, 'it contains "=?", which readers take for encoded text');
  if (filename.length > MAX_FILENAME_LENGTH)
    throw new ComposeError(field, `it is longer than ${MAX_FILENAME_LENGTH} characters`);
  return filename;
}

/** A media type with parameters; multiparts are refused, because their parts would become ours. [RFC 2045 §5.1] */
export function checkContentType(field: string, type: string): string {
  checkFieldText(field, type);
  if (type.length > 255 || !CONTENT_TYPE.test(type))
    throw new ComposeError(field, "it is no media type");
  if (/^multipart\//i.test(type))
    throw new ComposeError(field, "an attachment cannot be a multipart");
  return type;
}

/** Fields beyond those with an input of their own. */
export function checkExtraHeaders(
  headers: Readonly<Record<string, string>>,
): { key: string; value: string }[] {
  return Object.entries(headers).map(([key, value]) => {
    const field = `headers.${key.slice(0, 64)}`;
    if (!FIELD_NAME.test(key))
      throw new ComposeError("headers", "a field name is letters, digits and hyphens, at most 64");
    if (RESERVED.test(key.toLowerCase()))
      throw new ComposeError(field, "it cannot be set as an extra header");
    checkFieldText(field, value);
    if (value.length > MAX_SUBJECT_LENGTH)
      throw new ComposeError(field, `it is longer than ${MAX_SUBJECT_LENGTH} characters`);
    return { key, value };
  });
}

/** Printable ASCII without the characters that end a URI in `List-Unsubscribe`. [RFC 2369 §2] */
const LISTED_URI = /^[!#-;=?-~]+$/;

/** The unsubscribe URL (http or https, the placeholder exactly once) and the mailto URI or address, if any. */
export function checkUnsubscribe(unsubscribe: { url: string; mailto?: string | undefined }): {
  url: string;
  mailto: string | null;
} {
  const { url } = unsubscribe;
  if (
    !LISTED_URI.test(url) ||
    url.includes(",") ||
    !URL.canParse(url) ||
    !/^https?:\/\//i.test(url) ||
    url.length > 900
  ) {
    throw new ComposeError("unsubscribe.url", "it is no plain http or https URL");
  }
  if (url.split(UNSUBSCRIBE_PLACEHOLDER).length !== 2) {
    throw new ComposeError(
      "unsubscribe.url",
      "it must contain the unsubscribe placeholder exactly once",
    );
  }
  if (unsubscribe.mailto === undefined) return { url, mailto: null };
  const mailto = /^mailto:/i.test(unsubscribe.mailto)
    ? unsubscribe.mailto
    : `mailto:${unsubscribe.mailto}`;
  const address = mailto.slice("mailto:".length).split("?")[0] ?? "";
  if (!LISTED_URI.test(mailto) || mailto.includes(",") || mailto.length > 900) {
    throw new ComposeError("unsubscribe.mailto", "it is no plain mailto URI");
  }
  // The address itself may be percent-encoded and hold the placeholder in its subaddress, so only its outline is checked.
  if (!/^[^@]+@[^@]+$/.test(address))
    throw new ComposeError("unsubscribe.mailto", "it names no single address");
  return { url, mailto };
}
