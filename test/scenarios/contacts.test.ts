/** Contacts: found, added once, forgotten, and in the log without their names. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ownerOf } from "./authorisation-grants.ts";
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
  await node?.close();
  await running?.stop();
});

const call = (path: string, body?: unknown, method?: string, key?: string): Promise<Answer> =>
  running.call(
    key ?? running.known.agent_key,
    `/v1/contacts${path}`,
    body,
    method === undefined ? {} : { method },
  );
const found = async (q: string): Promise<string[]> =>
  (await call(`?q=${encodeURIComponent(q)}`)).body.contacts.map(
    (one: { email: string }) => one.email,
  );

test("a contact is added once, whatever the case of its address, and added again it is the same", async () => {
  const made = await call("", { email: "Grace@Example.com", name: "Grace", metadata: { a: "1" } });
  expect(made).toMatchObject({
    status: 201,
    body: { email: "grace@example.com", name: "Grace", metadata: { a: "1" } },
  });
  const again = await call("", { email: "grace@example.COM" });
  expect(again).toMatchObject({ status: 200, body: made.body });
  const changed = await call("", { email: "Admiral <grace@example.com>", metadata: {} });
  expect(changed).toMatchObject({
    status: 200,
    body: { id: made.body.id, name: "Admiral", metadata: {} },
  });
});

test("twenty callers who add one address at once make one contact", async () => {
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, i) => call("", { email: "one@example.com", name: `N${i}` })),
  );
  expect(new Set(all.map((one) => one.body.id)).size).toBe(1);
  expect(all.filter((one) => one.status === 201)).toHaveLength(1);
  expect(all.filter((one) => one.status === 200)).toHaveLength(19);
});

test("contacts are found by a part of address or name, page by page, and signs are only signs", async () => {
  for (const [email, name] of [
    ["zoe@north.example", "Zoë 100%"],
    ["yan@north.example", "Yan"],
    ["under_score@south.example", "U"],
  ])
    await call("", { email, name });
  expect(await found("NORTH")).toEqual(["yan@north.example", "zoe@north.example"]);
  expect(await found("zoë")).toEqual(["zoe@north.example"]);
  expect(await found("100%")).toEqual(["zoe@north.example"]);
  expect(await found("r_s")).toEqual(["under_score@south.example"]);
  expect(await found("'; DROP TABLE contact --")).toEqual([]);
  const first = await call("?q=north&limit=1");
  expect(first.body.contacts).toHaveLength(1);
  const next = await call(`?q=north&limit=1&cursor=${first.body.next_cursor}`);
  expect(next.body.contacts[0].email).toBe("zoe@north.example");
  expect(next.body.next_cursor).toBeNull();
});

test("a deleted contact is gone, and its address can be added anew", async () => {
  const { body } = await call("", { email: "gone@example.com" });
  expect((await call(`/${body.id}`, undefined, "DELETE")).body).toMatchObject({ id: body.id });
  expect(await found("gone@")).toEqual([]);
  expect((await call(`/${body.id}`, undefined, "DELETE")).status).toBe(404);
  expect((await call("", { email: "gone@example.com" })).status).toBe(201);
});

test("twenty that are deleted at once are deleted, though nobody remembers their people's keys", async () => {
  const owner = ownerOf(node, node.operator_id);
  // Made on another node: the one that is called has to find or make each key in the transaction that deletes.
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      node.engine.addContact(owner, { email: `many${i}@example.com` }),
    ),
  );
  const gone = await Promise.all(
    made.map(({ contact }) => call(`/${contact.contact_id}`, undefined, "DELETE")),
  );
  expect(gone.map(({ status }) => status)).toEqual(made.map(() => 200));
});

test("what is no address is refused by name", async () => {
  for (const email of ["nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: x@y.example"])
    expect((await call("", { email })).body).toMatchObject({ code: "validation_failed" });
});

test("keys that are bound to mailboxes see no contacts, and test keys change none", async () => {
  const bound = await keys.make(["read", "send"], { mailbox_ids: [running.known.mailbox_id] });
  expect((await call("", undefined, undefined, bound.secret)).body.code).toBe("scope_required");
  expect((await call("", { email: "x@y.example" }, "POST", bound.secret)).status).toBe(403);
  const trial = await keys.make(["read", "send"], { test: true });
  expect((await call("", { email: "x@y.example" }, "POST", trial.secret)).body.code).toBe(
    "test_key",
  );
});

test("a contact is read and changed by its id, and what is not given stays", async () => {
  const { body } = await call("", {
    email: "change@example.com",
    name: "Before",
    metadata: { team: "a" },
  });
  const path = `/${body.id}`;
  const named = await call(path, { name: "After" }, "PATCH");
  expect(named.body).toMatchObject({ name: "After", metadata: { team: "a" } });
  const cleared = await call(path, { name: null, metadata: {} }, "PATCH");
  expect(cleared.body).toMatchObject({ email: "change@example.com", name: null, metadata: {} });
  expect((await call(path)).body).toEqual(cleared.body);
  expect((await call(path, { email: "x@example.com" }, "PATCH")).body.field).toBe("email");
  expect((await call(`/${"0".repeat(26)}`, { name: "X" }, "PATCH")).status).toBe(404);
  const trial = await keys.make(["read", "send"], { test: true });
  expect((await call(path, { name: "X" }, "PATCH", trial.secret)).body.code).toBe("test_key");
});

test("another operator's contacts are not there", async () => {
  const other = await node.found("other");
  const { body } = await call("", { email: "ours@example.com" });
  const theirs = await call("?q=ours", undefined, undefined, other.agent_key);
  expect(theirs.body.contacts).toEqual([]);
  expect((await call(`/${body.id}`, undefined, "DELETE", other.agent_key)).status).toBe(404);
});

test("the log says that a contact changed, and not whose it is", async () => {
  const { body } = await call("", { email: "secret@person.example", name: "Secret Person" });
  await call(`/${body.id}`, undefined, "DELETE");
  const log = await running.call(running.known.admin_key, "/v1/audit-log?limit=100");
  const entries = log.body.entries.filter((one: { resource: string }) => one.resource === body.id);
  expect(entries.map((one: { type: string }) => one.type)).toEqual([
    "contact.deleted",
    "contact.added",
  ]);
  expect(JSON.stringify(log.body)).not.toMatch(/secret@person|Secret Person/);
});
