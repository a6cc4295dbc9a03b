/** The outbound scan as submission, drafts and edits ask it: a verdict that always comes, and what was found. */
import type { Verdict } from "../core/oversight/types.ts";
import { renderMarkdown } from "../mail/compose-markdown.ts";
import {
  type Scan,
  type ScanAction,
  type ScanFamily,
  type ScanPolicy,
  scanOutbound,
  usualPolicy,
} from "../screening/outbound.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import type { Envelope, Text } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { contentFacts } from "./policy-facts.ts";

/** The families of findings, each with an action of its own. */
export const scanFamilies = Object.keys(usualPolicy) as ScanFamily[];

/** What a scan came to. `screening` is stored with the message and shown to whoever decides. */
export type Scanned = {
  verdict: Verdict;
  /** Why it does not simply pass, for people; null where it does. */
  reason: string | null;
  /** How many files are attached. */
  attachments: number;
  screening: Record<string, unknown>;
};

/** How many findings a reason names; the others are in `screening`. */
const maxNamed = 3;

const graver: Readonly<Record<ScanAction, number>> = { mark: 0, hold: 1, block: 2 };

/** Scans what is about to be sent, under the mailbox's policy. A scan that fails is no pass: a person looks. */
export function scanOutgoing(
  context: Pick<EngineContext, "log">,
  text: Text,
  envelope: Envelope,
  mailbox: Pick<MailboxRow, "mailbox_id" | "scan_policy">,
): Scanned {
  const content = contentFacts(text);
  try {
    const recipients = envelope.map(({ address }) => address);
    const html = text.html ?? rendered(text.markdown);
    const input = { ...text, html, text: text.markdown, recipients };
    const scanned = told(scanOutbound(input, policyOf(mailbox.scan_policy)));
    return {
      ...scanned,
      attachments: text.attachments.length,
      screening: { ...scanned.screening, content },
    };
  } catch (error) {
    const name = error instanceof Error ? error.name : "unknown error";
    context.log.error({ mailbox_id: mailbox.mailbox_id, error: name }, "the outbound scan failed");
    return {
      verdict: "review",
      reason: "the outbound scan failed",
      attachments: text.attachments.length,
      // Nobody knows what it would have found: a rule that asks for findings is not answered.
      screening: { verdict: "review", content },
    };
  }
}

/** Links that markdown defines elsewhere than where they stand are seen in its HTML. What cannot be rendered is refused by composing. */
function rendered(markdown: string): string | null {
  if (!/[[<]/.test(markdown)) return null;
  try {
    return renderMarkdown(markdown);
  } catch {
    return null;
  }
}

/** The usual policy with the mailbox's own actions. An action that nobody knows holds. */
function policyOf(own: Readonly<Record<string, string>>): ScanPolicy {
  const policy = { ...usualPolicy };
  for (const family of scanFamilies) {
    const wanted = Object.hasOwn(own, family) ? own[family] : undefined;
    if (wanted === undefined) continue;
    policy[family] = wanted === "mark" || wanted === "block" ? wanted : "hold";
  }
  return policy;
}

function told({ verdict, findings }: Scan): Omit<Scanned, "attachments"> {
  const grave = findings
    .filter(({ action }) => action !== "mark")
    .toSorted((a, b) => graver[b.action] - graver[a.action]);
  const named = grave.slice(0, maxNamed).map(({ field, detail }) => `${detail} (${field})`);
  const more = grave.length > maxNamed ? `, and ${grave.length - maxNamed} more` : "";
  return {
    verdict,
    reason: grave.length === 0 ? null : `the outbound scan found: ${named.join("; ")}${more}`,
    screening: { verdict, findings },
  };
}
