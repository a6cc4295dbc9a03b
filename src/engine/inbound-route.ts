/** Whom an envelope recipient of ours means: a mailbox, the copy that bounced, or a role of a domain. */
import { AddressError, parseAddress } from "../mail/address.ts";
import { batcher } from "../store/batcher.ts";
import type { Database } from "../store/database.ts";
import {
  type FoundMailbox,
  findDomainOwner,
  findMailboxes,
  findMessageOperator,
  hasCopy,
} from "../store/inbound.ts";
import { bounceLabel, type CopyOf, readReplyAddress, readReturnPath } from "./addresses.ts";
import { unsubscribeLocalPart } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { serviceAddress } from "./service-mail.ts";

/** Local parts that every verified domain has, beside its mailboxes (RFC 2142; reports by RFC 7489 and 8460). */
export const roleLocalParts = [
  unsubscribeLocalPart,
  "postmaster",
  "abuse",
  "fbl",
  "dmarc-reports",
  "tls-reports",
] as const;

/** One of {@link roleLocalParts}. */
export type RoleLocalPart = (typeof roleLocalParts)[number];

/** Where mail to an address goes. */
export type InboundRoute =
  | {
      to: "mailbox";
      operator_id: string;
      mailbox_id: string;
      /** The mailbox's address, without what stood behind a plus. */
      address: string;
      /** The message that a genuine reply address answers. */
      reply_token: string | null;
    }
  | { to: "return_path"; operator_id: string; copy: CopyOf }
  /** An answer to a notice about a message that waits. */
  | { to: "decision"; operator_id: string; message_id: string }
  | {
      to: "role";
      operator_id: string;
      role: RoleLocalPart;
      domain: string;
      /** Takes what is for a person to read; null where the domain has no mailbox. */
      mailbox_id: string | null;
    };

type LookUp = (address: string) => Promise<FoundMailbox | null>;

const lookUps = new WeakMap<Database, LookUp>();

/** Finds mailboxes; look-ups that fall together share a statement. Nothing is remembered. */
function lookUpOf(database: Database): LookUp {
  const known = lookUps.get(database);
  if (known) return known;
  const made: LookUp = batcher<string, FoundMailbox | null>({
    max_items: 100,
    max_in_flight: 2,
    async serve(addresses) {
      const found = await findMailboxes(database, addresses);
      return addresses.map((address) => found.get(address) ?? null);
    },
  });
  lookUps.set(database, made);
  return made;
}

/** The route of an envelope recipient; null where nobody of ours is meant. */
export async function routeOf(
  context: Pick<EngineContext, "database" | "unsubscribe_key" | "mail" | "instance_domain">,
  address: string,
): Promise<InboundRoute | null> {
  let domain: string;
  let local: string;
  try {
    // RFC 5321 section 4.5.1: postmaster is there without a domain too.
    const bare = address.toLowerCase() === "postmaster";
    const parsed = parseAddress(bare ? `postmaster@${context.mail.server_name}` : address);
    domain = parsed.domain.toLowerCase();
    local = parsed.address.slice(0, parsed.address.lastIndexOf("@"));
  } catch (error) {
    if (error instanceof AddressError) return null;
    throw error;
  }
  if (domain.startsWith(bounceLabel)) return returnPathRoute(context, address);
  const { mailbox, message_id } = readReplyAddress(context.unsubscribe_key, `${local}@${domain}`);
  if (message_id !== null && mailbox === serviceAddress(context)) {
    const operatorId = await findMessageOperator(context.database, message_id);
    return operatorId === null ? null : { to: "decision", operator_id: operatorId, message_id };
  }
  const found = await lookUpOf(context.database)(mailbox);
  const role = roleLocalParts.find((one) => one === local.toLowerCase());
  if (role) {
    // Our host's name is often one below the domain that it takes mail for.
    const domains = address.includes("@") ? [domain] : [domain, domain.replace(/^[^.]+\./, "")];
    for (const one of domains) {
      const owner = await findDomainOwner(context.database, one);
      if (!owner) continue;
      // A mailbox of that name reads what is for a person. Whoever asks us to stop is heard all the same.
      const own = found?.operator_id === owner.operator_id ? { mailbox_id: found.mailbox_id } : {};
      return { to: "role", ...owner, ...own, role, domain: one };
    }
  }
  return found && { to: "mailbox", ...found, address: mailbox, reply_token: message_id };
}

/** Whether an address takes mail, in SMTP's words: 550 5.1.1 where nobody of ours is meant. */
export async function inboundRecipient(
  context: Pick<EngineContext, "database" | "unsubscribe_key" | "mail" | "instance_domain">,
  address: string,
): Promise<{ ok: true } | { ok: false; code: 550; enhanced: string; text: string }> {
  if (await routeOf(context, address)) return { ok: true };
  return { ok: false, code: 550, enhanced: "5.1.1", text: "no such mailbox here" };
}

async function returnPathRoute(
  context: Pick<EngineContext, "database" | "unsubscribe_key">,
  address: string,
): Promise<InboundRoute | null> {
  const copy = readReturnPath(context.unsubscribe_key, address);
  if (!copy) return null;
  // The domain is not part of the token: it must be one of the operator's, and the copy must exist.
  const owner = await findDomainOwner(
    context.database,
    address.slice(address.lastIndexOf("@") + 1 + bounceLabel.length).toLowerCase(),
  );
  if (owner?.operator_id !== copy.operator_id) return null;
  const exists = await context.database.as(copy.operator_id, (tx) =>
    hasCopy(tx, copy.message_id, copy.position),
  );
  return exists ? { to: "return_path", operator_id: copy.operator_id, copy } : null;
}
