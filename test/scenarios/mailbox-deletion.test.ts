/** Deleting a mailbox: nothing leaves or comes in any more, nobody gets its address, and what was there can be read. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ownerKeys } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let counter = 0;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const admin = (path: string, body?: unknown, method?: string): Promise<Answer> =>
  running.call(running.known.admin_key, path, body, method === undefined ? {} : { method });

async function made(): Promise<{ id: string; address: string }> {
  const { body } = await admin("/v1/mailboxes", { address: `gone-${counter++}` });
  return body;
}

const send = (mailboxId: string, more: object = {}): Promise<Answer> =>
  running.call(running.known.agent_key, `/v1/mailboxes/${mailboxId}/send`, {
    to: "ada@example.com",
    subject: "Before the end",
    markdown: "Text.",
    ...more,
  });

const email = async (mailboxId: string, id: string): Promise<Answer["body"]> =>
  (await running.call(running.known.agent_key, `/v1/mailboxes/${mailboxId}/emails/${id}`)).body;

const del = (mailboxId: string): Promise<Answer> =>
  admin(`/v1/mailboxes/${mailboxId}`, undefined, "DELETE");

const entries = async (resource: string): Promise<string[]> =>
  (await admin(`/v1/audit-log?resource=${resource}&limit=100`)).body.entries.map(
    (one: { type: string }) => one.type,
  );

test("what waits in a deleted mailbox is cancelled, whatever it waits for, and stays readable", async () => {
  const box = await made();
  const pending = (await send(box.id)).body.id;
  const later = (
    await send(box.id, {
      send_at: new Date(Date.now() + 3_600_000).toISOString(),
      gate_timing: "schedule_first",
    })
  ).body.id;
  const received = await keepReceived(node, box.id);
  const gone = await del(box.id);
  expect(gone.status).toBe(200);
  expect(gone.body).toMatchObject({
    id: box.id,
    address: box.address,
    status: "deleted",
    cancelled: 2,
  });
  for (const id of [pending, later]) {
    expect(await email(box.id, id)).toMatchObject({
      status: "cancelled",
      reason: "the mailbox was deleted",
    });
    expect(await entries(id)).toContain("message.cancelled");
  }
  expect(await email(box.id, received)).toMatchObject({ id: received, direction: "inbound" });
  expect(await entries(box.id)).toContain("mailbox.deleted");
  expect((await running.decide(pending, "approve")).status).toBe(409);
  const path = `/v1/mailboxes/${box.id}/emails/${pending}/schedule`;
  const edited = await running.call(
    running.known.agent_key,
    path,
    { subject: "Again" },
    {
      method: "PATCH",
    },
  );
  expect(edited).toMatchObject({ status: 404, body: { code: "not_found" } });
});

test("a deleted mailbox sends nothing, takes nothing and changes no more", async () => {
  const box = await made();
  await del(box.id);
  expect((await send(box.id)).status).toBe(404);
  expect((await send(box.id)).body.code).toBe("not_found");
  expect(await node.engine.inboundRecipient(box.address)).toMatchObject({ ok: false, code: 550 });
  const path = `/v1/mailboxes/${box.id}`;
  for (const [where, body, method] of [
    [path, { display_name: "X" }, "PATCH"],
    [`${path}/configure`, { oversight_mode: "gated_all" }, "PATCH"],
    [`${path}/allowlist`, { pattern: "a@example.com" }, "POST"],
    [`${path}/request-upgrade`, { target_mode: "autonomous" }, "POST"],
  ] as const)
    expect((await admin(where, body, method)).status, where).toBe(404);
});

test("its address is given to nobody again, not even to its operator", async () => {
  const box = await made();
  await del(box.id);
  const again = await admin("/v1/mailboxes", { address: box.address });
  expect(again.status).toBe(409);
  expect(again.body).toMatchObject({ code: "address_taken", field: "address" });
  expect(again.body.hint).toContain("deleted");
});

test("lists leave it out; auditors find it", async () => {
  const box = await made();
  await del(box.id);
  const ids = (answer: Answer): string[] =>
    answer.body.mailboxes.map((one: { id: string }) => one.id);
  expect(ids(await admin("/v1/mailboxes?limit=100"))).not.toContain(box.id);
  expect(ids(await admin("/v1/mailboxes?limit=100&deleted=true"))).toContain(box.id);
  const agent = running.known.agent_key;
  expect((await running.call(agent, `/v1/mailboxes/${box.id}`)).status).toBe(404);
  expect((await running.call(agent, "/v1/mailboxes?deleted=true")).status).toBe(403);
  expect((await admin(`/v1/mailboxes/${box.id}`)).body.deleted_at).toMatch(/^20/);
});

test("mailboxes are found by a part of the address and by mode, page by page without a gap", async () => {
  await admin("/v1/mailboxes", { address: "found-a" });
  await admin("/v1/mailboxes", { address: "found-b", oversight_mode: "gated_all" });
  await admin("/v1/mailboxes", { address: "found-c" });
  const addresses = (answer: Answer): string[] =>
    answer.body.mailboxes.map((one: { address: string }) => one.address.split("@")[0]);
  expect(addresses(await admin("/v1/mailboxes?address=FOUND-"))).toEqual([
    "found-a",
    "found-b",
    "found-c",
  ]);
  expect(addresses(await admin("/v1/mailboxes?address=found_a"))).toEqual([]);
  expect(addresses(await admin("/v1/mailboxes?address=found-&oversight_mode=gated_all"))).toEqual([
    "found-b",
  ]);
  const first = await admin("/v1/mailboxes?address=found-&limit=2");
  const second = await admin(
    `/v1/mailboxes?address=found-&limit=2&cursor=${first.body.next_cursor}`,
  );
  expect([...addresses(first), ...addresses(second)]).toEqual(["found-a", "found-b", "found-c"]);
  expect(addresses(await admin("/v1/mailboxes?address=found-&offset=1&limit=1"))).toEqual([
    "found-b",
  ]);
});

test("a deletion that ended half way is finished by asking again, and nothing left meanwhile", async () => {
  const box = await made();
  const pending = (await send(box.id)).body.id;
  // As a crash after the first commit leaves it.
  await node.asOwner(
    `UPDATE mailbox SET deleted_at = now(), mode = 'read_only' WHERE mailbox_id = '${box.id}'`,
  );
  await running.decide(pending, "approve");
  await expect
    .poll(async () => (await email(box.id, pending)).status, { timeout: 20_000 })
    .toBe("blocked");
  const other = (await made()).id;
  const left = (await send(other)).body.id;
  await node.asOwner(
    `UPDATE mailbox SET deleted_at = now(), mode = 'read_only' WHERE mailbox_id = '${other}'`,
  );
  expect((await del(other)).body).toMatchObject({ status: "deleted", cancelled: 1 });
  expect((await email(other, left)).status).toBe("cancelled");
  expect((await del(other)).body.cancelled).toBe(0);
});

test("submissions that race with the deletion are refused or cancelled: none waits afterwards", async () => {
  const box = await made();
  const sends = Array.from({ length: 30 }, () => send(box.id));
  const gone = await del(box.id);
  expect(gone.status).toBe(200);
  const answers = await Promise.all(sends);
  for (const { status } of answers) expect([202, 403, 404]).toContain(status);
  for (const { status, body } of answers)
    if (status === 202)
      expect(["cancelled", "blocked"], body.id).toContain((await email(box.id, body.id)).status);
});

test("deletion waits for submissions that began before it and are not committed yet", async () => {
  const box = await made();
  let isDone = false;
  const gone = await node.database.transaction(node.operator_id, async (tx) => {
    // A transaction that writes, as a submission's does.
    await tx.named("t", "SELECT pg_current_xact_id()", []);
    const deletion = del(box.id).then((answer) => {
      isDone = true;
      return answer;
    });
    await expect
      .poll(async () => (await admin(`/v1/mailboxes/${box.id}`)).body.deleted_at)
      .not.toBeNull();
    for (let n = 0; n < 10; n++) await admin("/v1/account");
    expect(isDone).toBe(false);
    return { deletion };
  });
  expect((await gone.deletion).status).toBe(200);
});

test("keys for tests and keys of other mailboxes delete none", async () => {
  const box = await made();
  const keys = await ownerKeys(node);
  const scopes = ["read", "send", "admin"] as const;
  const byTest = (await keys.make(scopes, { test: true })).secret;
  const bound = (await keys.make(scopes, { mailbox_ids: [running.known.mailbox_id] })).secret;
  const path = `/v1/mailboxes/${box.id}`;
  expect((await running.call(byTest, path, undefined, { method: "DELETE" })).status).toBe(403);
  expect((await running.call(bound, path, undefined, { method: "DELETE" })).status).toBe(404);
  expect((await running.call(running.known.agent_key, path)).status).toBe(200);
});
