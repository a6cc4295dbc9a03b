/** What the standing policies are told of a message, and what they answer: at submission, at an edit, at hand-off and in a replay. */
import { parse } from "tldts";
import type { PolicyFacts } from "../core/policy-match.ts";
import { type PolicyDecision, decide } from "../core/policy.ts";
import type { Verdict } from "../core/oversight/types.ts";
import type { Tx } from "../store/database.ts";
import {
  type Correspondent,
  type PolicyRow,
  correspondentKey,
  loadKnown,
  noMessageYet,
  policiesOf,
} from "../store/policies.ts";

/** What rules said of a message. */
export type Ruling = PolicyDecision<PolicyRow>;

/** A message as its rules see it. `screening`: what the scan left, as stored. */
export type Asked = {
  /** What leaves, unless it says otherwise. */
  direction?: "inbound";
  mailbox_id: string;
  /** Absent for one that is not stored yet. */
  message_id?: string;
  /** Those the author wrote to; of received mail, its sender. */
  addresses: readonly string[];
  attachments: number;
  tags: Readonly<Record<string, string>>;
  screening: Readonly<Record<string, unknown>> | null;
};

/** The rules of some mailboxes, and who of their correspondents is known; null where no rule wants to know. */
export type Rules = { policies: readonly PolicyRow[]; known: ReadonlySet<string> | null };

/** What the scan notes of the content for the rules, inside `screening`. */
export type ContentFacts = { has_link: boolean; size_bytes: number };

/** Whatever most mail programs make a link of, in text or HTML, beside names of hosts. It may see one too many. */
const linkLike =
  /:\/\/|\bwww\.|\]\(|\]:|<(?:a|area)[\s/]|<[a-z][a-z0-9+.-]{1,30}:|[a-z0-9]\.[a-z]{2,24}\//i;

/** Notes of the content what rules ask of it. Octets are those of the text and the attachments as they were given. */
export function contentFacts(text: {
  subject: string;
  markdown: string;
  html?: string | undefined;
  attachments: readonly { content: Buffer }[];
}): ContentFacts {
  const { subject, markdown, html = "" } = text;
  const size = [subject, markdown, html].reduce((sum, one) => sum + Buffer.byteLength(one), 0);
  return {
    has_link: hasLink([subject, markdown, html]),
    size_bytes: text.attachments.reduce((sum, { content }) => sum + content.length, size),
  };
}

/** True where some of the texts holds what mail programs make a link of. */
export function hasLink(texts: readonly string[]): boolean {
  return texts.map(unescaped).some((one) => linkLike.test(one) || namesHost(one));
}

/** True where the text names a host under a public suffix, as in `see example.com`: many mail programs make a link of that. */
function namesHost(text: string): boolean {
  for (const [word] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}@._\u3002-]*/gu)) {
    if (!/[.\u3002]/.test(word) || word.includes("@")) continue;
    let end = word.length;
    while (end > 0 && "._-\u3002".includes(word.charAt(end - 1))) end -= 1;
    const host = word.slice(Math.max(0, end - 253), end).replaceAll("\u3002", ".");
    const { domain, isIcann } = parse(host.toLowerCase(), { validateHostname: false });
    if (isIcann === true && domain !== null) return true;
  }
  return false;
}

/** Character references of HTML read, as far as links are written with them. */
function unescaped(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7}|x[0-9a-f]{1,6})|(colon|sol|period|quest|num|lsqb|rsqb|lpar));?/gi,
    (whole, number: string | undefined, name: string | undefined) => {
      if (number === undefined) return named[name?.toLowerCase() ?? ""] ?? whole;
      const point = Number(
        number.startsWith("x") || number.startsWith("X") ? `0${number}` : number,
      );
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
}

const named: Readonly<Record<string, string>> = {
  colon: ":",
  sol: "/",
  period: ".",
  quest: "?",
  num: "#",
  lsqb: "[",
  rsqb: "]",
  lpar: "(",
};

/** Looks up who is known, where some rule asks for it. */
export async function rulesFor(
  tx: Tx,
  policies: readonly PolicyRow[],
  messages: readonly Pick<Asked, "mailbox_id" | "message_id" | "addresses">[],
): Promise<Rules> {
  if (!policies.some(({ match }) => "recipient_known" in match)) return { policies, known: null };
  const correspondents = new Map(
    messages.flatMap((message) =>
      message.addresses.map((address) => {
        const one = correspondentOf(message, address);
        return [correspondentKey(one), one] as const;
      }),
    ),
  );
  return { policies, known: await loadKnown(tx, [...correspondents.values()]) };
}

function correspondentOf(
  { mailbox_id, message_id }: Pick<Asked, "mailbox_id" | "message_id">,
  address: string,
): Correspondent {
  return { mailbox_id, address, before_id: message_id ?? noMessageYet };
}

/** What the rules of its mailbox say of a message at a moment. */
export function ruleOn(rules: Rules, asked: Asked, at: Date): Ruling {
  const policies = policiesOf(rules.policies, asked.mailbox_id);
  return policies.length === 0 ? unruled : decide(policies, factsOf(rules, asked, at));
}

/** What holds where there is no rule. */
export const unruled: Ruling = {
  policy: null,
  verdict: "pass",
  allowlisted: false,
  required: 1,
  passkey: false,
};

/** The message in the rules' own terms. What its row does not say is not known. */
export function factsOf({ known }: Rules, asked: Asked, at: Date): PolicyFacts {
  const { verdict, findings, content } = asked.screening ?? {};
  const families = Array.isArray(findings)
    ? findings.map((one: unknown) => String((one as { rule?: unknown } | null)?.rule))
    : asked.direction === "inbound"
      ? []
      : null;
  const { has_link: link, size_bytes: size } = (content ?? {}) as Partial<ContentFacts>;
  return {
    direction: asked.direction ?? "outbound",
    recipients: asked.addresses.map((address) => ({
      address,
      known: known && known.has(correspondentKey(correspondentOf(asked, address))),
    })),
    has_attachment: asked.attachments > 0,
    has_link: typeof link === "boolean" ? link : null,
    size_bytes: typeof size === "number" ? size : null,
    tags: asked.tags,
    // Spam is more than something to look at, and nothing that is blocked.
    screening: {
      verdict: verdicts.find((one) => one === verdict) ?? (verdict === "spam" ? "review" : null),
      families,
    },
    at,
  };
}

const verdicts: readonly Verdict[] = ["pass", "review", "block"];

/** Why a message waits or ends, in words; null where the rules ask for nothing. */
export function rulingReason({ policy, verdict, required, passkey }: Ruling): string | null {
  if (policy === null || verdict === "pass") return null;
  const name = `the rule '${policy.name}'`;
  if (verdict === "block") return `blocked by ${name}`;
  const demands = [
    required > 1 ? `${required} approvals` : null,
    passkey ? "approval by passkey" : null,
  ].filter((one) => one !== null);
  return demands.length === 0 ? `held by ${name}` : `held by ${name}: ${demands.join(" and ")}`;
}

/** The graver of what the scan and the rules say. */
export function graver(a: Verdict, b: Verdict): Verdict {
  return verdicts.indexOf(a) >= verdicts.indexOf(b) ? a : b;
}
