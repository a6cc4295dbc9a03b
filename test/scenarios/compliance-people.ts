/** Who asks in tests of compliance: a person with a fresh sign-in, who is asked for no code. */
import { createHash } from "node:crypto";
import { type Actor, type Role, roleScopes } from "../../src/core/actor.ts";
import { firstOwner } from "../../src/store/people.ts";
import type { Running } from "./running.ts";
import type { SecondNode } from "./second-node.ts";

/** The operator's owner, signed in this moment; with another role where it is given. */
export async function freshOwner(node: SecondNode, role: Role = "owner"): Promise<Actor> {
  return {
    kind: "person",
    operator_id: node.operator_id,
    credential_id: node.context.new_id(),
    person_id: (await node.as(firstOwner))?.person_id ?? "",
    role,
    scopes: roleScopes[role],
    mailbox_ids: null,
    test: false,
    signed_in_at: node.context.now().toISOString(),
  };
}

/** Waits until an erasure has come to one of these; at most 20 seconds. */
export async function erasureIs(
  running: Running,
  erasureId: string,
  ...statuses: string[]
): Promise<{ status: string; messages: number; openings: number; remaining: number }> {
  const end = Date.now() + 20_000;
  for (;;) {
    const { body } = await running.call(
      running.known.admin_key,
      `/v1/subjects/erasures/${erasureId}`,
    );
    if (statuses.includes(body.status)) return body;
    if (Date.now() > end) throw new Error(`the erasure stays ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** How many rows the operator's owner of the tables sees. */
export async function countRows(node: SecondNode, from: string): Promise<number> {
  const rows = await node.as((tx) =>
    tx.named<{ n: number }>(
      `count_${createHash("sha256").update(from).digest("hex").slice(0, 40)}`,
      `SELECT count(*)::int AS n FROM ${from}`,
      [],
    ),
  );
  return rows[0]?.n ?? 0;
}

/** The lines of an answer in JSON lines. */
export function linesOf(text: string): Record<string, never>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, never>);
}
