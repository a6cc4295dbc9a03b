/** Claims of deliveries in the database: shares of operators, claims that are held for longer, and copies that were overtaken. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Claim } from "../../src/engine/queue.ts";
import { copiesInTheClear } from "../../src/store/clearance.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let other: string;

/** Far ahead, so that the instance's own worker finds nothing due. */
const start = Date.UTC(2090, 0, 1);
const hour = 3_600_000;
const at = (hours: number): Date => new Date(start + hours * hour);

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  other = (await node.found("other")).operator_id;
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

/** Rows that come due, a second apart from the hour on. */
const put = (operatorId: string, name: string, count: number, hours: number): Promise<void> =>
  node.asOwner(
    `INSERT INTO due (operator_id, kind, message_id, due_at) SELECT '${operatorId}', 'deliver', '${name}' || i,
     '${at(hours).toISOString()}'::timestamptz + i * interval '1 second' FROM generate_series(1, ${count}) i`,
  );

const clear = (): Promise<void> => node.asOwner("DELETE FROM due WHERE due_at > '2089-01-01'");

const claim = (hours: number, held: [string, number][], others: number): Promise<Claim[]> =>
  node.queue.claimDeliveries({
    now: at(hours),
    lease_until: at(hours + 1),
    node: "there",
    limit: 50,
    shares: { held: new Map(held), others },
  });

const countOf = (claims: readonly Claim[]): number[] =>
  [node.operator_id, other].map(
    (id) => claims.filter(({ operator_id }) => operator_id === id).length,
  );

test("an operator whose share is used up leaves the claim to others, however long its own mail has waited", async () => {
  await put(node.operator_id, "flood", 500, 0);
  await put(other, "few", 3, 1);
  // Where everybody may have all of it, who waits longest is first.
  expect(countOf(await claim(2, [], 50))).toEqual([50, 0]);
  expect(countOf(await claim(2, [[node.operator_id, 10]], 75))).toEqual([10, 3]);
  expect(countOf(await claim(2, [[node.operator_id, 0]], 75))).toEqual([0, 0]);
  await clear();
});

test("of two floods each gets what it may, and no row is claimed twice", async () => {
  await put(node.operator_id, "one", 200, 0);
  await put(other, "two", 200, 0);
  const claims = [
    ...(await claim(1, [[node.operator_id, 20]], 20)),
    ...(await claim(1, [[node.operator_id, 20]], 20)),
  ];
  expect(countOf(claims)).toEqual([40, 40]);
  expect(new Set(claims.map(({ message_id }) => message_id)).size).toBe(80);
  await clear();
});

test("a claim that is held for longer comes due then, and one that was overtaken is left to who has it", async () => {
  await put(other, "held", 2, 0);
  const first = await claim(1, [], 50);
  expect(first).toHaveLength(2);
  const [kept, lost] = first;
  if (!kept || !lost) throw new Error("nothing was claimed");
  await node.queue.later("deliver", other, [lost], at(2));
  await node.queue.renew("deliver", first, { node: "there", lease_until: at(5) });
  expect((await claim(4, [], 50)).map(({ message_id }) => message_id)).toEqual([lost.message_id]);
  expect((await claim(6, [], 50)).map(({ message_id }) => message_id)).toContain(kept.message_id);
  await clear();
});

test("a copy whose claim was overtaken may not begin, nor one to a suppressed address; the others may", async () => {
  await put(other, "copy", 1, 0);
  const [before] = await claim(1, [], 50);
  const [after] = await claim(3, [], 50);
  if (!before || !after) throw new Error("nothing was claimed");
  const copy = { ...after, mailbox_id: "m", address: "Somebody@example.com", alias: "" };
  const copies = [copy, { ...copy, token: before.token }, { ...copy, message_id: "none" }];
  expect(await copiesInTheClear(node.database, copies)).toEqual(new Set([0]));
  const suppress = (mailbox: string, end: string): Promise<void> =>
    node.asOwner(
      `INSERT INTO suppression (operator_id, address, mailbox_id, reason, created_by, created_at, expires_at)
       VALUES ('${other}', 'somebody@example.com', '${mailbox}', 'manual', 'test', now(), now() + interval '${end}')`,
    );
  await suppress("another", "1 hour");
  await suppress("m", "-1 hour");
  expect(await copiesInTheClear(node.database, copies)).toEqual(new Set([0]));
  await suppress("", "1 hour");
  expect(await copiesInTheClear(node.database, copies)).toEqual(new Set());
  await clear();
});
