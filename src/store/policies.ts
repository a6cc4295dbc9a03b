/** Standing policies: written once, shortened, moved or revoked; and what they ask of correspondence so far. */
import type { Insertable, Selectable, Updateable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import { visibleMessages } from "./message-list.ts";
import type { MessageRow, RecipientRow } from "./messages.ts";
import type { Tables } from "./tables.ts";

/** A row of `policy`. */
export type PolicyRow = Selectable<Tables["policy"]>;

/** Stands for all mailboxes in `policy.mailbox_id`. */
export const everyMailbox = "";

const living = `revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;

/**
 * The rules that stand for these mailboxes now, in their order: by the clock that the database's guard of hand-offs goes by. With
 * `hold` none of them is revoked before the transaction ends.
 */
export function loadPolicies(
  tx: Tx,
  mailboxIds: readonly string[],
  hold = false,
): Promise<PolicyRow[]> {
  return tx.named<PolicyRow>(
    hold ? "hold_policies" : "load_policies",
    `SELECT * FROM policy WHERE operator_id = $1 AND mailbox_id = ANY($2) AND ${living}
     ORDER BY position, policy_id${hold ? " FOR SHARE" : ""}`,
    [tx.operator_id, [everyMailbox, ...mailboxIds]],
  );
}

/** The rules of one mailbox among several: its own and those for all, still in their order. */
export function policiesOf(rows: readonly PolicyRow[], mailboxId: string): PolicyRow[] {
  return rows.filter(({ mailbox_id: of }) => of === everyMailbox || of === mailboxId);
}

/** Every rule of the operator that stands, in their order. */
export function livingPolicies(tx: Tx): Promise<PolicyRow[]> {
  return tx.named<PolicyRow>(
    "living_policies",
    `SELECT * FROM policy WHERE operator_id = $1 AND ${living} ORDER BY position, policy_id`,
    [tx.operator_id],
  );
}

/** Which rules a list shows. */
export type PolicyFilter = {
  /** The mailboxes named (`""` for rules for all of them), or all. */
  mailbox_ids: readonly string[] | null;
  /** With those that were revoked or have expired. */
  ended: boolean;
  limit: number;
};

/** Rules in their order; the ended ones come last, those that ended last first. */
export async function listPolicies(tx: Tx, filter: PolicyFilter): Promise<PolicyRow[]> {
  return tx.named<PolicyRow>(
    "list_policies",
    `SELECT * FROM policy WHERE operator_id = $1 AND ($2::text[] IS NULL OR mailbox_id = ANY($2)) AND ($3 OR ${living})
     ORDER BY ${living} DESC, CASE WHEN ${living} THEN position END, policy_id DESC LIMIT $4`,
    [tx.operator_id, filter.mailbox_ids, filter.ended, filter.limit],
  );
}

/** A rule by id; `lock` holds the row until the transaction ends. */
export async function getPolicy(tx: Tx, policyId: string, lock = false): Promise<PolicyRow | null> {
  const [row] = await tx.named<PolicyRow>(
    lock ? "get_policy_locked" : "get_policy",
    `SELECT * FROM policy WHERE operator_id = $1 AND policy_id = $2${lock ? " FOR UPDATE" : ""}`,
    [tx.operator_id, policyId],
  );
  return row ?? null;
}

/** Holds the operator's rules as they are until the transaction ends: whether a change loosens depends on all of them. */
export async function lockPolicies(tx: Tx): Promise<void> {
  await tx.named("lock_policies", "SELECT pg_advisory_xact_lock(hashtextextended($1, 4))", [
    `policies of ${tx.operator_id}`,
  ]);
}

/** Adds a rule; the database refuses one that allows without a person and an end. */
export async function insertPolicy(
  tx: Tx,
  policy: Omit<Insertable<Tables["policy"]>, "operator_id" | "match"> & {
    match: Record<string, unknown>;
  },
): Promise<void> {
  await tx.run(
    db.insertInto("policy").values({
      ...policy,
      match: JSON.stringify(policy.match),
      operator_id: tx.operator_id,
    }),
  );
}

/** Names, moves, shortens or revokes a rule. */
export async function updatePolicy(
  tx: Tx,
  policyId: string,
  change: Pick<
    Updateable<Tables["policy"]>,
    "name" | "position" | "expires_at" | "revoked_at" | "revoked_by" | "updated_at"
  >,
): Promise<void> {
  await tx.run(
    db
      .updateTable("policy")
      .set(change)
      .where("operator_id", "=", tx.operator_id)
      .where("policy_id", "=", policyId),
  );
}

/** Somebody whom a mailbox writes to; `before_id`: only mail that is older than this message counts. */
export type Correspondent = { mailbox_id: string; address: string; before_id: string };

/** Key of a correspondent in what {@link loadKnown} answers. */
export function correspondentKey({ mailbox_id, address, before_id }: Correspondent): string {
  return `${mailbox_id} ${before_id} ${address.toLowerCase()}`;
}

/** Sorts behind every id: all mail of a mailbox is older. */
export const noMessageYet = "~";

/**
 * Of these correspondents, those to whom the mailbox has sent mail that their server took, as {@link correspondentKey}s. That they
 * wrote to us makes nobody known: anybody can.
 */
export async function loadKnown(
  tx: Tx,
  correspondents: readonly Correspondent[],
): Promise<Set<string>> {
  if (correspondents.length === 0) return new Set();
  const rows = await tx.named<Correspondent>(
    "load_known",
    `SELECT c.mailbox_id, c.address, c.before_id
     FROM unnest($2::text[], $3::text[], $4::text[]) AS c(mailbox_id, address, before_id)
     WHERE EXISTS (SELECT 1 FROM recipient r JOIN message m ON m.operator_id = r.operator_id AND m.message_id = r.message_id
       WHERE r.operator_id = $1 AND lower(r.address) = c.address AND r.status IN ('sent', 'delivered') AND r.kind <> 'copy'
       AND r.message_id COLLATE "C" < c.before_id AND m.mailbox_id = c.mailbox_id AND m.direction = 'outbound')`,
    [
      tx.operator_id,
      correspondents.map(({ mailbox_id }) => mailbox_id),
      correspondents.map(({ address }) => address.toLowerCase()),
      correspondents.map(({ before_id }) => before_id),
    ],
  );
  return new Set(rows.map(correspondentKey));
}

/** A message as a rule is tried on it. */
export type TriedMessage = Pick<
  MessageRow,
  | "message_id"
  | "mailbox_id"
  | "direction"
  | "status"
  | "mode"
  | "from_address"
  | "subject"
  | "gated"
  | "tags"
  | "attachments"
  | "screening"
  | "created_at"
> & { recipients: Pick<RecipientRow, "kind" | "address">[] };

/** Rows among which the last messages are looked for: those of the other direction lie between them. */
const lookedAt = 20_000;

/** Which of the last messages a rule is tried on. */
export type TriedFilter = {
  /** Null for all. */
  mailbox_id: string | null;
  direction: "outbound" | "inbound";
  /** Whether withheld mail (core/inbound-status) is among them. */
  withheld: boolean;
  limit: number;
};

/** The last messages that were submitted, or received, newest first; of one mailbox, or of all. */
export async function lastMessages(
  tx: Tx,
  { mailbox_id: mailboxId, direction, withheld, limit }: TriedFilter,
): Promise<TriedMessage[]> {
  const rows = await tx.named<Omit<TriedMessage, "recipients">>(
    `last_messages${mailboxId === null ? "" : "_of"}${withheld ? "_withheld" : ""}`,
    `SELECT message_id, mailbox_id, direction, status, mode, from_address, subject, gated, tags, attachments, screening, created_at
     FROM (SELECT * FROM message WHERE operator_id = $1 ${mailboxId === null ? "AND $2::text IS NULL" : "AND mailbox_id = $2"}
       ORDER BY message_id DESC LIMIT ${lookedAt}) AS m
     WHERE direction = $4 AND status NOT IN ('draft', 'pending_scan', 'deleted')${withheld ? "" : ` AND ${visibleMessages("m")}`} ORDER BY message_id DESC LIMIT $3`,
    [tx.operator_id, mailboxId, limit, direction],
  );
  const recipients = await tx.named<Pick<RecipientRow, "message_id" | "kind" | "address">>(
    "tried_recipients",
    "SELECT message_id, kind, address FROM recipient WHERE operator_id = $1 AND message_id = ANY($2) ORDER BY message_id, position",
    [tx.operator_id, rows.map(({ message_id }) => message_id)],
  );
  const of = Map.groupBy(recipients, ({ message_id }) => message_id);
  return rows.map((row) => ({ ...row, recipients: of.get(row.message_id) ?? [] }));
}
