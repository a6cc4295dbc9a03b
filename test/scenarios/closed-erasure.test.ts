/** What a deleted account left behind is erased by whoever runs the instance, by the command, and by nobody else. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Founded } from "../../src/engine/bootstrap.ts";
import { runErase } from "../../src/erase-command.ts";
import { firstOwner } from "../../src/store/people.ts";
import { freshOwner } from "./compliance-people.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let accounts = 0;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
});

/** The command, on the data folder of the running instance. */
async function erase(
  args: readonly string[],
  data = running.folder,
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const code = await runErase([...args, "--data", data], {
    env: {},
    stdout: { write: (text) => (said.out += String(text)) !== "" },
    stderr: { write: (text) => (said.err += String(text)) !== "" },
    stdin: (async function* () {})(),
    read_file: () => Promise.reject(new Error("reads no file")),
    write_file: () => Promise.reject(new Error("writes no file")),
    fetch: globalThis.fetch,
    now: () => new Date(),
  });
  return { code, ...said };
}

/** An account with mail from and to somebody, a contact and a suppression. */
async function account(somebody: string): Promise<Founded> {
  const made = await node.found(`gone${++accounts}`);
  const { admin_key, agent_key, operator_id, mailbox_id } = made;
  const text = "Marzipan words";
  await keepReceived(
    node,
    mailbox_id,
    { from: `Eve <${somebody}>`, subject: text, text },
    operator_id,
  );
  const sent = await running.call(agent_key, `/v1/mailboxes/${mailbox_id}/send`, {
    to: [somebody],
    subject: "Marzipan answer",
    markdown: "Marzipan",
  });
  expect(sent.status).toBe(202);
  for (const path of ["/v1/contacts", "/v1/suppression"]) {
    const body = path === "/v1/contacts" ? { email: somebody, name: "Eve" } : { address: somebody };
    expect((await running.call(admin_key, path, body)).status).toBe(201);
  }
  return made;
}

async function close(made: Founded): Promise<void> {
  const { operator_id } = made;
  const owner = await freshOwner(node);
  const person = await node.as(firstOwner, operator_id);
  await node.engine.deleteAccount({ ...owner, operator_id, person_id: person?.person_id ?? "" });
  // Its last mail, which says so, has left.
  await expect
    .poll(() => countIn(made, "service_mail WHERE sent_at IS NULL"), { timeout: 10_000 })
    .toBe(0);
}

/** How many rows of an account there are. */
async function countIn({ operator_id }: Founded, from: string): Promise<number> {
  const where = from.includes(" WHERE ") ? "AND" : "WHERE";
  const text = `SELECT count(*)::int AS n FROM ${from} ${where} operator_id = $1`;
  const name = `count_${createHash("sha256").update(text).digest("hex").slice(0, 40)}`;
  const rows = await node.as(
    (tx) => tx.named<{ n: number }>(name, text, [operator_id]),
    operator_id,
  );
  return rows[0]?.n ?? 0;
}

/** Tables whose rows of an account hold a text somewhere. */
async function tablesWith(made: Founded, text: string): Promise<string[]> {
  const tables =
    "operator person message message_content message_version recipient contact allowlist_entry suppression event service_mail message_search thread delivery_transcript log_entry erasure change_request invitation session";
  const found = [];
  for (const table of tables.split(" "))
    if ((await countIn(made, `${table} t WHERE t::text ILIKE '%${text}%'`)) > 0) found.push(table);
  return found;
}

test("everything of it that names people goes, with leaves, and the log stays; other accounts keep theirs", async () => {
  const [made, other] = [await account("eve@example.com"), await account("eve@example.com")];
  const person = await node.as(firstOwner, made.operator_id);
  expect(await tablesWith(made, "eve@example.com")).not.toEqual([]);
  const entries = await countIn(made, "log_entry");
  await close(made);
  const { code, out, err } = await erase([
    "--operator",
    made.operator_id,
    "--everything",
    "--json",
  ]);
  expect([code, err]).toEqual([0, ""]);
  expect(JSON.parse(out)).toMatchObject({ done: true, messages: 2, held: 0, waiting: 0 });
  for (const text of ["eve@example.com", "marzipan", person?.email ?? ""])
    expect(await tablesWith(made, text), text).toEqual([]);
  for (const table of ["log_opening", "subject_key", "contact", "suppression", "session"])
    expect(await countIn(made, table), table).toBe(0);
  expect(await countIn(made, "log_entry")).toBeGreaterThan(entries);
  expect(await countIn(made, "log_entry WHERE type = 'erasure'")).toBeGreaterThanOrEqual(2);
  expect(
    await countIn(made, "log_entry WHERE type = 'operator.erased' AND actor_id = 'host'"),
  ).toBe(1);
  expect(await tablesWith(other, "marzipan")).toContain("message");
  expect(await countIn(other, "contact")).toBe(1);
  // Again there is nothing left to do.
  const again = await erase(["--operator", made.operator_id, "--everything"]);
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining("0 messages") });
});

test("one person is erased from it by the worker, and asking again says how far it is", async () => {
  const made = await account("ann@example.com");
  await close(made);
  const args = ["--operator", made.operator_id, "--address", "Ann@example.com", "--json"];
  const first = JSON.parse((await erase([...args, "--reference", "DSR-1"])).out);
  expect(first).toMatchObject({ begun: true });
  const again = JSON.parse((await erase(args)).out);
  expect(again.erasure_id).toBe(first.erasure_id);
  await expect
    .poll(() => countIn(made, "message WHERE erased_at IS NOT NULL"), { timeout: 90_000 })
    .toBe(2);
  await expect.poll(() => countIn(made, "contact"), { timeout: 90_000 }).toBe(0);
});

test("what a hold covers stays, and with it the rest", async () => {
  const made = await account("bob@example.com");
  await running.call(made.admin_key, "/v1/legal-holds", {
    reason: "A case",
    address: "bob@example.com",
  });
  await close(made);
  const kept = await erase(["--operator", made.operator_id, "--everything"]);
  expect(kept).toMatchObject({ code: 1, out: expect.stringContaining("2 are under legal hold") });
  expect(await countIn(made, "message WHERE erased_at IS NOT NULL")).toBe(0);
  expect(await countIn(made, "contact")).toBe(1);
  const one = await erase(["--operator", made.operator_id, "--address", "bob@example.com"]);
  expect(one).toMatchObject({ code: 1, err: expect.stringContaining("legal hold") });
});

test("accounts that are open, or not there, and calls that do not say what, change nothing", async () => {
  const made = await account("joe@example.com");
  for (const what of [["--everything"], ["--address", "joe@example.com"]]) {
    const open = await erase(["--operator", made.operator_id, ...what]);
    expect(open).toMatchObject({ code: 1, err: expect.stringContaining("is open") });
    const none = await erase(["--operator", "01M7Z53NT9EAPS9TXCTCWPBBGB", ...what]);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining("There is no such") });
  }
  const id = ["--operator", made.operator_id];
  for (const args of [
    id,
    ["--everything"],
    [...id, "--everything", "--address", "joe@example.com"],
    [...id, "--everything", "--reference", "x"],
  ])
    expect((await erase(args)).code, args.join(" ")).toBe(2);
  expect((await erase([...id, "--everything"], `${running.folder}/nowhere`)).code).toBe(1);
  expect(await countIn(made, "message WHERE erased_at IS NOT NULL")).toBe(0);
  expect((await erase(["--help"])).out).toContain("--everything");
});
