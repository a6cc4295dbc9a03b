/** Unsubscribing from mail that was erased: the person is not written to again, though nobody knows any more who it was. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import { unsubscribeToken } from "../../src/engine/unsubscribe-token.ts";
import { copiesInTheClear } from "../../src/store/clearance.ts";
import { erasedAlias } from "../../src/store/erasing.ts";
import { countRows, erasureIs, freshOwner } from "./compliance-people.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let owner: Actor;
let people = 0;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  owner = await freshOwner(node);
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
});

const somebody = (): string => `Reader${++people}@Example.com`;
const admin = (path: string, method = "GET"): Promise<Answer> =>
  running.call(running.known.admin_key, path, undefined, { method });
const standing = async (address: string): Promise<Answer["body"]> =>
  (await admin(`/v1/suppression/${encodeURIComponent(address)}`)).body;

async function delivered(to: string[]): Promise<string> {
  const { body } = await running.send({ to });
  await running.decide(body.id, "approve");
  await running.settled(body.id, "delivered");
  return body.id;
}

async function erased(address: string): Promise<void> {
  const { erasure_id } = await node.engine.requestErasure(owner, { address, reference: null });
  await erasureIs(running, erasure_id, "settling", "done");
}

/** What the link of a recipient answers to a mail program's one click, or to a person who opens it. */
function pressed(messageId: string, position = 0, method = "POST"): Promise<Answer> {
  const token = unsubscribeToken(node.context.unsubscribe_key, {
    operator_id: node.operator_id,
    message_id: messageId,
    position,
  });
  return running.call(null, `/v1/unsubscribe/${token}`, undefined, { method });
}

test("by the link of a message that was erased with its recipient, they are suppressed, and nobody else is", async () => {
  const [eve, bob] = [somebody(), somebody()];
  const sent = await delivered([bob, eve]);
  await erased(eve);
  const page = await pressed(sent, 1, "GET");
  expect(page.status).toBe(200);
  expect(await standing(eve)).toMatchObject({ suppressed: false });
  const answer = await pressed(sent, 1);
  expect(answer.status).toBe(200);
  expect(page.body + answer.body).not.toMatch(/erased|[0-9a-f]{64}/);
  const again = await running.send({ to: [bob, eve.toUpperCase()] });
  expect(again.body).toMatchObject({ code: "recipient_suppressed" });
  expect((await running.send({ to: [bob] })).status).toBe(202);
  const { suppressions } = await standing(eve);
  expect(suppressions).toMatchObject([{ reason: "unsubscribed", message_id: sent }]);
  // The list knows them by the code only.
  expect((await admin("/v1/suppression")).body.suppressions.map(addressOf)).toEqual([
    erasedAlias(node.context.subjects.idOf(node.operator_id, eve)),
  ]);
  // A person who hears from them may take it back, by their address.
  const path = `/v1/suppression/${encodeURIComponent(eve)}`;
  expect((await admin(path, "DELETE")).body.field).toBe("note");
  expect((await admin(`${path}?note=They+wrote+to+us`, "DELETE")).status).toBe(200);
  expect((await running.send({ to: [eve] })).status).toBe(202);
});

const addressOf = ({ address }: { address: string }): string => address;

test("after mail was erased by its age too, and what waits for them meanwhile does not leave", async () => {
  const eve = somebody();
  const sent = await delivered([eve]);
  await node.asOwner(
    `ALTER TABLE message DISABLE TRIGGER USER; UPDATE message SET created_at = now() - interval '40 days' WHERE message_id = '${sent}'; ALTER TABLE message ENABLE TRIGGER USER`,
  );
  await node.engine.changeRetention(owner, { outbound: { keep_days: 0, delete_after_days: 30 } });
  await expect.poll(() => countRows(node, "log_pending"), { timeout: 10_000 }).toBe(0);
  const cursors = new Map<string, string>();
  while (await node.engine.applyRetention(cursors));
  expect(
    await countRows(node, `message WHERE message_id = '${sent}' AND erased_at IS NOT NULL`),
  ).toBe(1);
  const waiting = (await running.send({ to: [eve] })).body.id;
  const copy = {
    operator_id: node.operator_id,
    message_id: waiting,
    mailbox_id: running.known.mailbox_id,
    token: "7",
    address: eve,
    alias: erasedAlias(node.context.subjects.idOf(node.operator_id, eve)),
  };
  await node.asOwner(
    `INSERT INTO due (operator_id, kind, message_id, due_at, token) VALUES ('${node.operator_id}', 'deliver', '${waiting}', now() + interval '1 year', 7)`,
  );
  expect([...(await copiesInTheClear(node.database, [copy]))]).toEqual([0]);
  expect((await pressed(sent)).status).toBe(200);
  expect([...(await copiesInTheClear(node.database, [copy]))]).toEqual([]);
  await node.asOwner(`DELETE FROM due WHERE kind = 'deliver' AND message_id = '${waiting}'`);
  await running.decide(waiting, "approve");
  await running.settled(waiting, "suppressed");
});

test("where nothing tells who it was, the answer is no success", async () => {
  const eve = somebody();
  const sent = await delivered([eve]);
  await erased(eve);
  // As mail is that was erased before the code was kept.
  await node.asOwner(
    `ALTER TABLE recipient DISABLE TRIGGER USER; UPDATE recipient SET subject_id = NULL WHERE message_id = '${sent}'; ALTER TABLE recipient ENABLE TRIGGER USER`,
  );
  for (const method of ["GET", "POST"])
    expect(await pressed(sent, 0, method)).toMatchObject({
      status: 410,
      body: { code: "content_erased" },
    });
});

test("the database keeps the code to recipients as they are erased", async () => {
  const eve = somebody();
  const sent = await delivered([eve]);
  const code = (id: string): Promise<unknown> =>
    node.as((tx) =>
      tx.named("code", "UPDATE recipient SET subject_id = $2 WHERE message_id = $1", [
        sent,
        id.repeat(64),
      ]),
    );
  await expect(code("a")).rejects.toThrow(/are fixed/);
  await erased(eve);
  await expect(code("b")).rejects.toThrow(/are fixed/);
});
