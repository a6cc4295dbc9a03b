/** The operator's own data: who changes it, and that the address which codes go to is not moved behind people's backs. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { mailTo, mailedCode } from "./approvals.ts";
import { ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let cookie: string;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  cookie = await signIn(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const change = (body: object, key = running.known.admin_key): Promise<Answer> =>
  running.call(key, "/v1/account", body, { method: "PATCH" });
const account = async (): Promise<Answer["body"]> =>
  (await running.call(running.known.admin_key, "/v1/account")).body;

test("a key changes name and postal address, and asks for another oversight address", async () => {
  const before = await account();
  const named = await change({ name: "Another Name", postal_address: "Street 2" });
  expect(named.body).toMatchObject({ name: "Another Name", postal_address: "Street 2" });
  const wish = { oversight_address: "elsewhere@example.com" };
  const asked = await change(wish);
  expect(asked.status).toBe(202);
  expect((await account()).oversight_address).toBe(before.oversight_address);
  // The code goes to the address as it is, not as it is to be.
  const approval_code = await mailedCode(running, asked.body.change_id);
  expect(await mailTo(running, "elsewhere@example.com")).toEqual([]);
  const done = await change({ ...wish, approval_code });
  expect(done.body.oversight_address).toBe("elsewhere@example.com");
  for (const end = Date.now() + 10_000; ;) {
    const told = (await mailTo(running, before.oversight_address)).at(-1) ?? "";
    if (told.includes("The oversight address was changed")) break;
    if (Date.now() > end) throw new Error("the old address was not told");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(
    (
      await postForm(running, cookie, "/operator", "/operator", {
        oversight_address: before.oversight_address,
        was_oversight_address: "elsewhere@example.com",
      })
    ).status,
  ).toBe(303);
  expect((await account()).oversight_address).toBe(before.oversight_address);
});

test("bound keys, test keys and keys without admin change nothing, and what is no address is none", async () => {
  const before = await account();
  const keys = await ownerKeys(node);
  const { secret: bound } = await keys.make(["admin"], { mailbox_ids: [running.known.mailbox_id] });
  expect((await change({ name: "x" }, bound)).body.code).toBe("scope_required");
  const { secret: tester } = await keys.make(["admin"], { test: true });
  expect((await change({ name: "x" }, tester)).body.code).toBe("test_key");
  expect((await change({ name: "x" }, running.known.agent_key)).body.code).toBe("scope_required");
  for (const oversight_address of [
    "nobody",
    "a@b@example.com",
    "a@example.com\r\nBcc: x@example.com",
  ])
    expect((await change({ oversight_address })).body).toMatchObject({
      code: "validation_failed",
      field: "oversight_address",
    });
  for (const name of ["", "two\nlines"]) expect((await change({ name })).status).toBe(400);
  expect(await account()).toEqual(before);
});

test("the page says what is stored and keeps what was typed where it is refused", async () => {
  const page = await (await fetch(`${running.known.url}/operator`, { headers: { cookie } })).text();
  expect(page).toContain((await account()).postal_address);
  const refused = await postForm(running, cookie, "/operator", "/operator", {
    oversight_address: "nowhere at all",
    was_oversight_address: "",
  });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain("nowhere at all");
});

test("the log holds neither address", async () => {
  const rows = await node.as((tx) =>
    tx.named<{ body: Buffer }>(
      "changed_entries",
      "SELECT body FROM log_entry WHERE type = 'operator.changed'",
      [],
    ),
  );
  expect(rows.length).toBeGreaterThanOrEqual(3);
  const text = rows.map(({ body }) => body.toString()).join();
  expect(text).not.toContain("elsewhere@example.com");
  expect(text).not.toContain((await account()).oversight_address);
});
