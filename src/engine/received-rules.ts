/** Standing policies about received mail: rules that hold it for a person, whatever the mailbox's mode. */
import { directionOf } from "../core/policy-match.ts";
import type { Tx } from "../store/database.ts";
import { type PolicyRow, livingPolicies, policiesOf } from "../store/policies.ts";
import type { EngineContext } from "./context.ts";
import type { Opened } from "./open-mail.ts";
import {
  type ContentFacts,
  type Ruling,
  hasLink,
  ruleOn,
  rulesFor,
  unruled,
} from "./policy-facts.ts";
import type { Screened } from "./screen-received.ts";

const rules = new WeakMap<Tx, Promise<PolicyRow[]>>();

/** The operator's rules about received mail; read once in a transaction that brings many. */
function rulesOf(tx: Tx): Promise<PolicyRow[]> {
  const reading =
    rules.get(tx) ??
    livingPolicies(tx).then((rows) =>
      rows.filter(({ match }) => directionOf(match) !== "outbound"),
    );
  rules.set(tx, reading);
  return reading;
}

/** What the rules say of a message that is brought to a mailbox, and what is noted of its content for them. */
export async function ruleOnReceived(
  context: Pick<EngineContext, "now">,
  tx: Tx,
  opened: Opened,
  of: { mailbox_id: string; message_id: string; screened: Screened },
): Promise<{ content: { content?: ContentFacts }; ruling: Ruling }> {
  const { parsed, from } = opened;
  // What could not be opened up is not known to have no link.
  const content = opened.authentication
    ? {
        content: {
          has_link: hasLink([parsed.subject, parsed.markdown, parsed.text]),
          size_bytes: opened.stored.length,
        },
      }
    : {};
  const { mailbox_id, message_id, screened } = of;
  const policies = policiesOf(await rulesOf(tx), mailbox_id);
  if (policies.length === 0) return { content, ruling: unruled };
  const asked = {
    direction: "inbound",
    mailbox_id,
    message_id,
    addresses: [from.address],
    attachments: parsed.attachments.length,
    tags: {},
    screening: { ...screened.stored, ...content },
  } as const;
  return { content, ruling: ruleOn(await rulesFor(tx, policies, [asked]), asked, context.now()) };
}
