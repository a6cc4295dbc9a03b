/** The race of unsubscribing with hand-off: a thousand messages are queued, and after the answer none is handed off. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { suppressRecipient } from "../../src/engine/suppression.ts";
import { unsubscribeToken } from "../../src/engine/unsubscribe-token.ts";
import type { Tx } from "../../src/store/database.ts";
import { insertHandoffs, loadMessages } from "../../src/store/messages.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
const address = "tired@example.com";
const queued = 1000;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  await node.asOwner("UPDATE mailbox SET mode = 'autonomous', daily_quota = 1000000");
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

/** A message that is queued, and its recipient's unsubscribe token. */
async function queuedMessage(
  to = `patient${++patients}@example.com`,
): Promise<{ id: string; digest: string; token: string }> {
  await node.asOwner("UPDATE operator SET stopped_at = now()");
  const { body } = await running.send({ to: [to] });
  // Held back by the worker, which then looks at it again half a minute later.
  await until(
    async () => (await count(`due WHERE message_id = '${body.id}' AND node = '(stopped)'`)) === 1,
  );
  await node.asOwner(
    `UPDATE recipient SET attempts = 1 WHERE message_id = '${body.id}'; UPDATE operator SET stopped_at = NULL`,
  );
  const target = { operator_id: node.operator_id, message_id: body.id, position: 0 };
  const [row] = await node.as((tx) => loadMessages(tx, [body.id], false));
  return {
    id: body.id,
    digest: row?.row.digest ?? "",
    token: unsubscribeToken(node.context.unsubscribe_key, target),
  };
}
let patients = 0;

/** Says that the test is over, and takes its transaction back. */
class TakenBack extends Error {}

function handOff(tx: Tx, message: { id: string; digest: string }): Promise<void> {
  const { id: message_id, digest } = message;
  const handoff = { message_id, attempt: 1, digest, entry_id: "none", policy_id: null };
  return insertHandoffs(tx, [handoff], new Date());
}

const waiting = async (): Promise<boolean> => (await count("pg_locks WHERE NOT granted")) > 0;

test("unsubscribing is not answered while a hand-off that did not see it is under way", async () => {
  // Another message to the same person: what is asked about the one holds for the other.
  const message = await queuedMessage("twice@example.com");
  const { token } = await queuedMessage("twice@example.com");
  const order: string[] = [];
  let answered: Promise<unknown> = Promise.resolve();
  const begun = node.database.transaction(node.operator_id, async (tx) => {
    await handOff(tx, message);
    answered = node.engine.unsubscribe(token).then(() => order.push("answered"));
    await until(async () => order.length > 0 || (await waiting()));
    order.push("hand-off ends");
    throw new TakenBack();
  });
  await expect(begun).rejects.toThrow(TakenBack);
  await answered;
  expect(order).toEqual(["hand-off ends", "answered"]);
});

test("a hand-off that begins while somebody unsubscribes waits, and is refused", async () => {
  const message = await queuedMessage();
  const [loaded] = await node.as((tx) => loadMessages(tx, [message.id], false));
  const to = loaded?.recipients[0]?.address ?? "";
  let refused: Promise<unknown> = Promise.resolve();
  await node.database.transaction(node.operator_id, async (tx) => {
    const row = loaded?.row;
    if (!row) throw new Error("no message");
    const feedback = { reason: "bounced", message: row, address: to } as const;
    await suppressRecipient(node.context, tx, { ...feedback, scope: "operator" });
    let ended = false;
    refused = node.database
      .transaction(node.operator_id, (other) => handOff(other, message))
      .catch((error: unknown) => error)
      .finally(() => (ended = true));
    await until(async () => ended || (await waiting()));
    expect(ended).toBe(false);
  });
  expect(String(await refused)).toMatch(/a recipient is suppressed/);
});

let counts = 0;

async function count(what: string): Promise<number> {
  const [row] = await node.as((tx) =>
    tx.named<{ n: number }>(`count_${counts++}`, `SELECT count(*)::int AS n FROM ${what}`, []),
  );
  return row?.n ?? -1;
}

/** Looks until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("of a thousand queued messages not one is handed off after unsubscribing was answered", async () => {
  const first = await running.send({ to: [address] });
  await running.settled(first.body.id, "sent", "delivered");
  await node.asOwner("UPDATE operator SET stopped_at = now()");
  for (let sent = 0; sent < queued; sent += 50)
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const { status, body } = await running.send({ to: [address] });
        expect(status, JSON.stringify(body)).toBe(202);
      }),
    );
  const token = unsubscribeToken(node.context.unsubscribe_key, {
    operator_id: node.operator_id,
    message_id: first.body.id,
    position: 0,
  });
  // One after the other: hand-offs lock in the other order, and both at once would be a deadlock.
  await node.asOwner("UPDATE operator SET stopped_at = NULL");
  await node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver'");
  await until(async () => (await count("handoff")) > 1);
  const answer = await running.call(null, `/v1/unsubscribe/${token}`, "", {
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  const handed = await count("handoff");
  expect(answer.status).toBe(200);
  await until(async () => (await count("message WHERE status IN ('queued', 'sending')")) === 0);
  expect(await count("handoff")).toBe(handed);
  // The race was one: some had left by then, and some had not.
  expect(handed).toBeLessThan(queued);
  const [ended] = await node.as((tx) =>
    tx.named<{ n: number }>(
      "suppressed",
      "SELECT count(*)::int AS n FROM recipient WHERE address = $1 AND status = 'suppressed'",
      [address],
    ),
  );
  // All that was not handed off, and of what was, the copies that were not on the wire yet.
  expect(ended?.n).toBeGreaterThanOrEqual(queued + 1 - handed);
  expect(ended?.n).toBeLessThanOrEqual(queued);
});
