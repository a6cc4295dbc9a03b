/** Changing a key: what it loses it loses at once, and what it gains a person has agreed to. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { approved } from "./approvals.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  keys = await ownerKeys(node);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const patch = (id: string, body: object, key = running.known.admin_key): Promise<Answer> =>
  running.call(key, `/v1/api-keys/${id}`, body, { method: "PATCH" });
const status = async (key: string, path: string): Promise<number> =>
  (await running.call(key, path)).status;

test("a name changes, and nothing else with it", async () => {
  const { id, secret } = await keys.make(["read", "send"]);
  const changed = await patch(id, { name: "Another name" });
  expect(changed.status).toBe(200);
  expect(changed.body).toMatchObject({ id, name: "Another name", scopes: ["read", "send"] });
  expect(JSON.stringify(changed.body)).not.toContain(secret.slice(20));
  expect(await status(secret, "/v1/account")).toBe(200);
});

test("what is taken from a key it has no more at its next call", async () => {
  const { id, secret } = await keys.make(["read", "send", "audit"]);
  expect(await status(secret, "/v1/audit-log")).toBe(200);
  expect((await patch(id, { scopes: ["read"] })).status).toBe(200);
  expect(await status(secret, "/v1/audit-log")).toBe(403);
  const other = (await running.call(running.known.admin_key, "/v1/mailboxes", { address: "kc" }))
    .body.id;
  await patch(id, { mailbox_ids: [other] });
  expect(await status(secret, `/v1/mailboxes/${running.known.mailbox_id}`)).toBe(404);
  await patch(id, { expires_at: new Date(Date.now() + 1000).toISOString() });
  await node.asOwner(`UPDATE api_key SET expires_at = now() WHERE key_id = '${id}'`);
  expect(await status(secret, "/v1/account")).toBe(401);
});

test("a key that is to be wider waits for a person, each way of being wider", async () => {
  const end = new Date(Date.now() + 3_600_000).toISOString();
  for (const wider of [
    { scopes: ["read", "audit"] },
    { mailbox_ids: null },
    { expires_at: null },
    { expires_at: new Date(Date.now() + 7_200_000).toISOString() },
  ]) {
    const { id } = await keys.make(["read"], {
      mailbox_ids: [running.known.mailbox_id],
      expires_at: end,
    });
    const asked = await patch(id, wider);
    expect(asked.status, JSON.stringify(wider)).toBe(202);
    const { body } = await running.call(running.known.admin_key, "/v1/api-keys?limit=100");
    expect(body.api_keys.find((one: { id: string }) => one.id === id)).toMatchObject({
      scopes: ["read"],
      mailbox_ids: [running.known.mailbox_id],
      expires_at: end,
    });
  }
});

test("with the mailed code it is wider, and the log says by whom", async () => {
  const { id, secret } = await keys.make(["read"]);
  const path = `/v1/api-keys/${id}`;
  const admin = running.known.admin_key;
  const done = await approved(
    running,
    admin,
    path,
    { scopes: ["read", "audit"] },
    { method: "PATCH" },
  );
  expect(done.body).toMatchObject({ id, scopes: ["read", "audit"] });
  expect(await status(secret, "/v1/audit-log")).toBe(200);
  const { body } = await running.call(admin, `/v1/audit-log?resource=${id}`);
  expect(body.entries[0]).toMatchObject({ type: "api_key.changed" });
  expect(body.entries[0].data).toMatchObject({ scopes: ["read", "audit"] });
});

test("no key gives what it has not, none holds send with oversight, and none widens itself", async () => {
  const { id } = await keys.make(["read"]);
  const code = async (answer: Promise<Answer>): Promise<string> => (await answer).body.code;
  expect(await code(patch(id, { scopes: ["read", "oversight"] }))).toBe("key_not_narrower");
  expect(await code(patch(id, { scopes: ["send", "oversight"] }))).toBe(
    "scopes_exclude_each_other",
  );
  const admin = await keys.make(["read", "admin"]);
  expect(await code(patch(admin.id, { scopes: ["read", "admin", "audit"] }, admin.secret))).toBe(
    "key_not_narrower",
  );
  expect(await code(patch(id, { scopes: [] }))).toBe("validation_failed");
  expect(await code(patch(id, { expires_at: "2001-01-01T00:00:00Z" }))).toBe("validation_failed");
  expect(await code(patch(id, { mailbox_ids: ["0".repeat(26)] }))).toBe("not_found");
});

test("revoked keys, keys beyond the caller's mailboxes and live keys of a test key are not changed", async () => {
  const { id } = await keys.make(["read"]);
  const bound = await keys.make(["admin"], { mailbox_ids: [running.known.mailbox_id] });
  const byTest = await keys.make(["admin"], { test: true });
  expect((await patch(id, { name: "X" }, bound.secret)).status).toBe(404);
  expect((await patch(id, { name: "X" }, byTest.secret)).status).toBe(403);
  expect((await patch(id, { name: "X" }, running.known.agent_key)).status).toBe(403);
  await running.call(running.known.admin_key, `/v1/api-keys/${id}`, undefined, {
    method: "DELETE",
  });
  expect((await patch(id, { name: "X" })).status).toBe(404);
});
