/** Rows of compliance, as an operator's people would have made them: holds, erasures, and the hash of a mailbox's address. */
import { createHash } from "node:crypto";
import { insertErasure } from "../../src/store/erasures.ts";
import { insertHold } from "../../src/store/legal-holds.ts";
import { listMailboxes } from "../../src/store/mailboxes.ts";
import type { SecondNode } from "./second-node.ts";

type Of = { operator_id: string };

/** A legal hold on an address that nobody has. */
export async function aHold(node: SecondNode, { operator_id }: Of): Promise<string> {
  const hold_id = node.context.new_id();
  await node.as(
    (tx) =>
      insertHold(tx, {
        hold_id,
        scope: "address",
        mailbox_id: null,
        thread_id: null,
        message_id: null,
        address: `${hold_id.toLowerCase()}@held.example`,
        reason: "A case",
        created_by: "person:somebody",
        created_at: new Date(),
      }),
    operator_id,
  );
  return hold_id;
}

/** An erasure that begins in a year. */
export async function anErasure(node: SecondNode, { operator_id }: Of): Promise<string> {
  const erasure_id = node.context.new_id();
  await node.as(
    (tx) =>
      insertErasure(tx, {
        erasure_id,
        address: `${erasure_id.toLowerCase()}@erased.example`,
        reference: null,
        status: "running",
        requested_by: "person:somebody",
        requested_at: new Date(),
        next_at: new Date(Date.now() + 31_536_000_000),
      }),
    operator_id,
  );
  return erasure_id;
}

/** What anybody asks about the operator's first mailbox by. */
export async function addressHash(node: SecondNode, operatorId: string): Promise<string> {
  const [mailbox] = await node.as(
    (tx) => listMailboxes(tx, { ids: null, limit: 1, deleted: false }),
    operatorId,
  );
  return hashOf(mailbox?.address ?? "");
}

/** Hex SHA-256 of an address in lower case. */
export function hashOf(address: string): string {
  return createHash("sha256").update(address.toLowerCase()).digest("hex");
}
