/** Erasure against what goes on meanwhile: sending, exporting, a second node, a crash in the middle. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyBundle } from "../../src/audit/bundle.ts";
import type { Actor } from "../../src/core/actor.ts";
import { getErasure } from "../../src/store/erasures.ts";
import { countRows, erasureIs, freshOwner, linesOf } from "./compliance-people.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let owner: Actor;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  owner = await freshOwner(node);
  await node.asOwner("UPDATE mailbox SET mode = 'autonomous', daily_quota = 1000000");
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

async function placed(): Promise<void> {
  await expect.poll(() => countRows(node, "log_pending"), { timeout: 20_000 }).toBe(0);
}

test("mail that is being sent while its recipient is erased is cancelled or sent whole, then erased, and each story verifies", async () => {
  const address = "racing@example.com";
  const sends = Array.from({ length: 30 }, () => running.send({ to: [address] }));
  await sends[4];
  const { erasure_id } = await node.engine.requestErasure(owner, { address, reference: null });
  const answers = await Promise.all(sends);
  const before = (await node.as((tx) => getErasure(tx, erasure_id)))?.requested_at ?? new Date(0);
  await erasureIs(running, erasure_id, "settling");
  await placed();
  for (const { body } of answers) {
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${body.id}`;
    const email = await running.settled(body.id, "cancelled", "delivered");
    const early = new Date(email.created_at) <= before;
    // Erased whole, or, where it began later, not touched.
    expect(email.erased_at !== null).toBe(early);
    expect(email.to).toEqual([early ? "erased@erased.invalid" : address]);
    const proof = await running.call(running.known.admin_key, `${path}/proof`);
    const report = await verifyBundle(proof.body, { pinned: proof.body.keys, now: new Date() });
    expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(report.verdict).toBe(early ? "erased" : "valid");
  }
}, 60_000);

test("an export that runs while a person is erased comes to its end, each message whole or erased", async () => {
  const address = "exported@example.com";
  for (let i = 0; i < 40; i++)
    await keepReceived(node, running.known.mailbox_id, {
      from: address,
      subject: "Both",
      text: "Both words",
    });
  const { admin_key } = running.known;
  const [subject, all, asked] = await Promise.all([
    running.call(admin_key, "/v1/subjects/export", { address }),
    running.call(admin_key, "/v1/export"),
    node.engine.requestErasure(owner, { address, reference: null }),
  ]);
  await erasureIs(running, asked.erasure_id, "settling");
  for (const { body } of [subject, all])
    expect(linesOf(body).at(-1)).toMatchObject({ type: "end" });
  for (const line of linesOf(subject.body).filter(({ type }) => type === "message")) {
    const one = line as unknown as { subject: string; mime_base64: string };
    const words = Buffer.from(one.mime_base64, "base64").toString().includes("Both words");
    // Row and bytes are read one after the other: bytes never outlive what the row says of them by more than this.
    if (one.subject === "") expect(words).toBe(false);
  }
  const after = linesOf((await running.call(admin_key, "/v1/subjects/export", { address })).body);
  expect(after.filter(({ type }) => type === "message")).toEqual([]);
}, 60_000);

test("two nodes that carry on the same erasure erase each message once", async () => {
  const address = "twice@example.com";
  const ids = [];
  for (let i = 0; i < 20; i++)
    ids.push(await keepReceived(node, running.known.mailbox_id, { from: address }));
  const { erasure_id } = await node.engine.requestErasure(owner, { address, reference: null });
  await Promise.all([1, 2, 3].map(() => node.engine.continueErasures()));
  expect((await erasureIs(running, erasure_id, "settling")).messages).toBe(20);
  for (const id of ids)
    expect(await countRows(node, `log_entry WHERE type = 'erasure' AND resource = '${id}'`)).toBe(
      1,
    );
}, 60_000);

test("a stop in the middle loses nothing: the row goes on where it was", async () => {
  const address = "stopped@example.com";
  for (let i = 0; i < 120; i++)
    await keepReceived(node, running.known.mailbox_id, {
      from: address,
      subject: "Stop",
      text: "x",
    });
  // The second batch fails, as a crash would end it; the first one stands.
  await node.asOwner(`
    CREATE SEQUENCE erased_so_far; GRANT USAGE ON SEQUENCE erased_so_far TO multimail_app;
    CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('public.erased_so_far') = 70 THEN RAISE EXCEPTION 'broken'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER breaks BEFORE UPDATE ON message FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION breaks()`);
  const { erasure_id } = await node.engine.requestErasure(owner, { address, reference: null });
  const gone =
    "message WHERE erased_at IS NOT NULL AND subject = '' AND from_address = 'erased@erased.invalid'";
  const earlier = await countRows(node, gone);
  await expect.poll(() => countRows(node, gone), { timeout: 10_000 }).toBe(earlier + 50);
  await running.stop(true);
  await node.close();
  running = await run({}, running.folder);
  node = await secondNode(running);
  await node.asOwner(`UPDATE erasure SET next_at = now() WHERE erasure_id = '${erasure_id}'`);
  expect((await erasureIs(running, erasure_id, "settling")).messages).toBe(120);
  expect(await countRows(node, "message WHERE from_address = 'stopped@example.com'")).toBe(0);
  expect(
    await countRows(
      node,
      `(SELECT resource FROM log_entry WHERE type = 'erasure' GROUP BY resource HAVING count(*) > 1) twice`,
    ),
  ).toBe(0);
}, 60_000);
