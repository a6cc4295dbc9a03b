/** Screening of a received message with what the engine knows: its sender, its operator, and another scanner's word. */
import type { Authentication } from "../mail/authenticate.ts";
import { screenInbound } from "../screening/inbound.ts";
import { type Screening, screenSafely, unscreened } from "../screening/screening.ts";
import { listContactAddresses } from "../store/contacts.ts";
import type { Tx } from "../store/database.ts";
import { getOperator, listDomains } from "../store/operators.ts";
import type { Opened } from "./open-mail.ts";

/** The verdict, a sentence for people, and what is kept beside the message. */
export type Screened = { verdict: Screening["verdict"]; words: string; stored: Screening };

/** Milliseconds that screening may take. */
const patience = 5000;

/** Screens what was opened. `known`: the mailbox has written into this thread before. */
export async function screenReceived(
  tx: Tx,
  opened: Opened,
  { known }: { known: boolean },
): Promise<Screened> {
  const { authentication } = opened;
  // What nobody could open up, nobody has screened.
  const stored = authentication
    ? await screened(tx, opened, authentication, known)
    : unscreened(new DOMException("", "NotReadableError"));
  const [worst] = stored.reasons;
  return {
    verdict: stored.verdict,
    words: worst ? `screening: ${worst.rule}: ${worst.detail}`.slice(0, 500) : "screening",
    stored,
  };
}

type Known = {
  own_domains: readonly string[];
  contacts: readonly string[];
  operator_name: string;
};

const known = new WeakMap<Tx, Promise<Known>>();

/** What an operator's messages are screened with; read once in a transaction that brings many. */
function knownOf(tx: Tx): Promise<Known> {
  const reading = known.get(tx) ?? readKnown(tx);
  known.set(tx, reading);
  return reading;
}

async function readKnown(tx: Tx): Promise<Known> {
  const [operator, own_domains, contacts] = await Promise.all([
    getOperator(tx),
    listDomains(tx),
    listContactAddresses(tx, 500),
  ]);
  return { own_domains, contacts, operator_name: operator?.name ?? "" };
}

async function screened(
  tx: Tx,
  { row, parsed, opinion, from }: Opened,
  authentication: Authentication,
  correspondent: boolean,
): Promise<Screening> {
  const of = await knownOf(tx);
  return screenSafely(async () => {
    const screening = screenInbound({
      mail: parsed,
      raw_size: row.raw.length,
      authentication: {
        spf: authentication.spf,
        dkim: [...authentication.dkim],
        dmarc: authentication.dmarc,
      },
      envelope: { from: row.envelope_from, to: row.envelope_to },
      known: {
        ...of,
        correspondent: correspondent || of.contacts.includes(from.address.toLowerCase()),
      },
    });
    if (opinion === null) return screening;
    const { mergeOpinion } = await import("../screening/second-opinion.ts");
    return mergeOpinion(screening, opinion);
  }, patience);
}
