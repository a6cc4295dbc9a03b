/** Copies that a mailbox adds to everything it writes: `auto_cc`, which all recipients see, and `auto_bcc`. */
import { Refusal } from "../core/refusal.ts";
import { type MailboxRow, suppressionKey } from "../store/mailboxes.ts";
import { type Envelope, maxRecipients, readMailbox } from "./composition.ts";
import type { Surroundings } from "./judging.ts";
import type { Loosened } from "./mailbox-loosening.ts";

/** The fields of a mailbox: addresses. */
export type AutoCopies = Partial<Record<(typeof fields)[number], readonly string[] | undefined>>;

/** Those that are given, as they are kept. */
export type KeptCopies = { [F in (typeof fields)[number]]?: string[] };

/** Most addresses of one field. */
export const maxCopies = 10;

const fields = ["auto_cc", "auto_bcc"] as const;

/**
 * Reads the addresses of a change strictly, as they are kept: in lower case, each once, without names. Throws `validation_failed`
 * naming the field, also for the mailbox's own address.
 */
export function readCopies(own: string, change: AutoCopies): KeptCopies {
  const read: KeptCopies = {};
  for (const field of fields) {
    const texts = change[field];
    if (texts === undefined) continue;
    const addresses = texts.map((text, i) => {
      const address = readMailbox(text, `${field}[${i}]`).address.toLowerCase();
      if (address === own.toLowerCase())
        throw new Refusal("validation_failed", `${field}[${i}]: is the mailbox itself.`, { field });
      return address;
    });
    read[field] = [...new Set(addresses)];
  }
  return read;
}

/** What of a change needs a person: somebody more who is told what the mailbox writes. */
export function copiesLoosened(
  before: Pick<MailboxRow, "auto_cc" | "auto_bcc">,
  change: AutoCopies,
): Loosened[] {
  const known = new Set([...before.auto_cc, ...before.auto_bcc]);
  return fields.flatMap((field): Loosened[] =>
    change[field]?.some((address) => !known.has(address)) === true
      ? [[field, "Adding who gets copies needs a person."]]
      : [],
  );
}

/** A message's recipients with the mailbox's copies, and what is known of all of them. */
export type Copied = { envelope: Envelope; around: Surroundings };

/**
 * Adds the copies to whom its author wrote to. They pass the mailbox's gate as any recipient does. Who is suppressed is left out,
 * since the author did not name them. Throws `validation_failed` where there are too many recipients then.
 */
export async function withCopies(
  written: Envelope,
  look: (envelope: Envelope) => Promise<Surroundings>,
): Promise<Copied> {
  const around = await look(written);
  const there = new Set(written.map(({ address }) => address.toLowerCase()));
  const copies: Envelope = [];
  for (const field of fields)
    for (const address of around.mailbox[field]) {
      if (there.has(address)) continue;
      there.add(address);
      copies.push({ kind: field === "auto_cc" ? "cc" : "bcc", address, name: null, field: "to" });
    }
  if (copies.length === 0 || written.length === 0) return { envelope: written, around };
  const wider = await look([...written, ...copies]);
  const { suppressed, mailbox } = wider;
  const living = copies.filter(({ address }) =>
    ["", mailbox.mailbox_id].every((where) => !suppressed.has(suppressionKey(where, address))),
  );
  const envelope = [...written, ...living];
  if (envelope.length > maxRecipients)
    throw new Refusal(
      "validation_failed",
      `With the mailbox's copies these are ${envelope.length} recipients; at most ${maxRecipients} are allowed.`,
      { field: "to", hint: "Send several messages." },
    );
  return { envelope, around: wider };
}
