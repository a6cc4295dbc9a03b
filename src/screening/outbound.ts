/** Scanning a message before it is sent: secrets, personal numbers, deceiving links, dangerous attachments. */
import {
  attachmentDangers,
  type AttachmentDanger,
  type AttachmentView,
  extensions,
} from "./attachment-risk.ts";
import { protect, type Protected } from "./domains.ts";
import { readHtml } from "./html-reading.ts";
import { linkFindings, type LinkRule } from "./links.ts";
import { textFindings, type TextFinding } from "./outbound-text.ts";
import { quoted } from "./text-fold.ts";

/** What happens to a message with a finding: it is only marked, waits for a person, or never leaves. */
export type ScanAction = "mark" | "hold" | "block";

/** Families of findings, each with an action of its own in a policy. */
export type ScanFamily =
  | TextFinding["family"]
  | LinkRule
  | `attachment_${AttachmentDanger}`
  | "key_file"
  | "unscanned";

/** The action for each family. */
export type ScanPolicy = Record<ScanFamily, ScanAction>;

/**
 * What most operators want. Blocked is what nobody mails on purpose; held is what a person can judge; marked is what
 * business mail is full of (IBANs stand in each invoice). What could not be read is held, never passed.
 */
export const usualPolicy: ScanPolicy = {
  own_keys: "block",
  private_keys: "block",
  secrets: "hold",
  url_passwords: "hold",
  high_entropy: "hold",
  cards: "hold",
  bank_accounts: "mark",
  national_ids: "hold",
  hidden_text: "hold",
  link_mismatch: "hold",
  link_look_alike: "hold",
  link_userinfo: "hold",
  link_ip: "mark",
  link_scheme: "hold",
  link_punycode: "mark",
  attachment_disguised: "block",
  attachment_executable: "hold",
  attachment_macro: "hold",
  attachment_active_markup: "mark",
  attachment_archive_encrypted: "hold",
  attachment_archive_unreadable: "hold",
  attachment_archive_other: "mark",
  key_file: "hold",
  unscanned: "hold",
};

/** A message as it is about to be approved or sent. */
export interface OutboundInput {
  subject: string;
  markdown: string;
  html: string | null;
  text: string;
  recipients: readonly string[];
  attachments: readonly AttachmentView[];
}

/** One finding. `detail` never holds the secret itself. */
export interface ScanFinding {
  rule: ScanFamily;
  action: ScanAction;
  /** `subject`, `markdown`, `html`, `text` or `attachments[2]`. */
  field: string;
  detail: string;
}

/** `block` if a finding blocks, else `review` if one holds, else `pass`. */
export interface Scan {
  verdict: "pass" | "review" | "block";
  findings: ScanFinding[];
}

const TEXT_CHARS = 4_000_000;
const ATTACHED_BYTES = 8 * 1024 * 1024;
const LINKS = 500;
const FINDINGS = 100;
const textual =
  /^text\/|^application\/(?:.{0,60}\+)?(?:json|xml|yaml|x-yaml|javascript|sql|x-sh|x-pem-file|toml)$|^message\//;
const textNames = new Set(
  "txt csv tsv md json jsonl xml yaml yml env ini cfg conf toml log sql pem key crt asc html htm svg ics eml sh py js ts properties tf tfvars".split(
    " ",
  ),
);
const keyFiles = new Set("p12 pfx jks keystore kdbx ppk pgpass ovpn mobileconfig".split(" "));

/**
 * Scans one message. Never throws: what fails, or is too long to be read (4,000,000 characters of each text, 8 MiB of
 * text attachments, 500 links), is a finding `unscanned`. Time is linear; 2 KB of plain text take some microseconds.
 */
export function scanOutbound(input: OutboundInput, policy: ScanPolicy): Scan {
  const findings: ScanFinding[] = [];
  const seen = new Set<string>();
  const add = (field: string, rule: ScanFamily, detail: string) => {
    const key = `${rule}\n${detail}`;
    if (seen.has(key)) return;
    seen.add(key);
    // The list is cut, never its worst entry.
    if (findings.length < FINDINGS || policy[rule] !== "mark")
      findings.push({ rule, action: policy[rule], field, detail });
  };
  try {
    bodies(input, add);
    attached(input.attachments, add);
  } catch (error) {
    add(
      "message",
      "unscanned",
      `scanning failed (${error instanceof Error ? error.name : "unknown"})`,
    );
  }
  const has = (action: ScanAction) => findings.some((one) => one.action === action);
  return { verdict: has("block") ? "block" : has("hold") ? "review" : "pass", findings };
}

type Add = (field: string, rule: ScanFamily, detail: string) => void;

function texts(field: string, text: string, add: Add): void {
  if (text.length > TEXT_CHARS) add(field, "unscanned", `longer than ${TEXT_CHARS} characters`);
  for (const one of textFindings(text.slice(0, TEXT_CHARS))) add(field, one.family, one.detail);
}

function bodies(input: OutboundInput, add: Add): void {
  const links: { field: string; href: string; text: string }[] = [];
  texts("subject", input.subject, add);
  texts("markdown", input.markdown, add);
  markdownLinks(input.markdown, "markdown", links);
  if (input.text !== input.markdown) {
    texts("text", input.text, add);
    markdownLinks(input.text, "text", links);
  }
  if (input.html !== null) {
    const html = readHtml(input.html);
    if (html.capped) add("html", "unscanned", "longer or deeper than what is read");
    texts("html", input.html, add);
    // Tags can split a secret, entities can spell it.
    texts("html", `${html.shown}\n${html.hidden}`, add);
    for (const link of html.links) links.push({ field: "html", ...link });
  }
  if (links.length > LINKS) add("html", "unscanned", `more than ${LINKS} links`);
  let against: Protected | null = null;
  const read = new Set<string>();
  for (const { field, href, text } of links.slice(0, LINKS)) {
    const key = `${href}\n${text}`;
    if (read.has(key)) continue;
    read.add(key);
    against ??= protect([], input.recipients);
    for (const one of linkFindings(href, text, against)) add(field, one.rule, one.detail);
  }
}

/** Links of markdown, `[text](target)` and bare ones. */
function markdownLinks(
  markdown: string,
  field: string,
  links: { field: string; href: string; text: string }[],
): void {
  if (!markdown.includes(":") && !markdown.includes("](")) return;
  const inline = /\]\(\s{0,3}<?([^\s)<>]{1,2000})/g;
  for (const match of markdown.matchAll(inline)) {
    const from = Math.max(0, match.index - 300);
    const before = markdown.slice(from, match.index);
    const open = before.lastIndexOf("[");
    links.push({ field, href: match[1] ?? "", text: open < 0 ? "" : before.slice(open + 1) });
    if (links.length > LINKS) return;
  }
  if (!markdown.includes("://")) return;
  for (const [url] of markdown.matchAll(/https?:\/\/[^\s<>"'`)\]]{1,2000}/gi)) {
    links.push({ field, href: url, text: "" });
    if (links.length > LINKS) return;
  }
}

function attached(attachments: readonly AttachmentView[], add: Add): void {
  let budget = ATTACHED_BYTES;
  for (const [i, one] of attachments.entries()) {
    const field = `attachments[${i}]`;
    for (const { danger, detail } of attachmentDangers(one))
      add(field, `attachment_${danger}`, detail);
    const [last = ""] = extensions(one.filename);
    const name = quoted(one.filename, 60);
    if (keyFiles.has(last) || /^id_(?:rsa|dsa|ecdsa|ed25519)$/.test(one.filename))
      add(field, "key_file", `${name} is a key or password file`);
    texts(field, one.filename, add);
    if (!isText(one, last)) continue;
    if (one.content.length > budget) add(field, "unscanned", `${name} was not read whole`);
    for (const finding of textFindings(decode(one.content.subarray(0, budget))))
      add(field, finding.family, `${finding.detail} in ${name}`);
    budget = Math.max(0, budget - one.content.length);
  }
}

function isText({ content, content_type }: AttachmentView, extension: string): boolean {
  if (textual.test(content_type.toLowerCase().slice(0, 100)) || textNames.has(extension))
    return true;
  const head = content.subarray(0, 1024);
  return (
    isUtf16(head) || (head.length > 0 && !head.some((byte) => byte < 9 || (byte > 13 && byte < 32)))
  );
}

function isUtf16(head: Buffer): boolean {
  return (
    head.length >= 2 &&
    ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
  );
}

function decode(content: Buffer): string {
  if (!isUtf16(content)) return content.toString("utf8");
  const even = Buffer.from(content.subarray(0, content.length & ~1));
  return (content[0] === 0xfe ? even.swap16() : even).toString("utf16le");
}
