/** Suppression: by hand, by the people written to, for a time; and nothing leaves to them once that was answered. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unsubscribeToken } from "../../src/engine/unsubscribe-token.ts";
import { suppressRecipient } from "../../src/engine/suppression.ts";
import { loadMessages } from "../../src/store/messages.ts";
import { keyOf } from "./owner-keys.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let box: string;
let second: string;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  box = running.known.mailbox_id;
  second = (await running.call(running.known.admin_key, "/v1/mailboxes", { address: "second" }))
    .body.id;
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

let counter = 0;
const someone = (): string => `someone${++counter}@example.com`;

const add = (wanted: object, key = running.known.agent_key): Promise<Answer> =>
  running.call(key, "/v1/suppression", wanted);
const check = (address: string, more = ""): Promise<Answer> =>
  running.call(running.known.agent_key, `/v1/suppression/${encodeURIComponent(address)}${more}`);
const remove = (address: string, more = "", key = running.known.admin_key): Promise<Answer> =>
  running.call(key, `/v1/suppression/${encodeURIComponent(address)}${more}`, undefined, {
    method: "DELETE",
  });

async function events(
  type: string,
): Promise<{ thread_id: string | null; message_id: string | null; data: object }[]> {
  return node.as((tx) =>
    tx.named(
      "events",
      "SELECT thread_id, message_id, data FROM event WHERE operator_id = $1 AND type = $2 ORDER BY event_id",
      [tx.operator_id, type],
    ),
  );
}

describe("an address suppressed by hand", () => {
  test("is not written to, whatever its case, until it is removed", async () => {
    const address = someone();
    const added = await add({ address: address.toUpperCase(), note: "asked by phone" });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({
      address,
      mailbox_id: null,
      reason: "manual",
      note: "asked by phone",
      expires_at: null,
    });
    expect((await add({ address })).status).toBe(200);
    expect((await check(address.toUpperCase())).body).toMatchObject({ address, suppressed: true });
    expect((await running.send({ to: [`"A" <${address.toUpperCase()}>`] })).body.code).toBe(
      "recipient_suppressed",
    );
    expect((await remove(address, "", running.known.agent_key)).status).toBe(403);
    expect((await remove(address)).body.removed).toMatchObject([{ address }]);
    expect((await remove(address)).status).toBe(404);
    expect((await check(address)).body).toEqual({ address, suppressed: false, suppressions: [] });
    expect((await running.send({ to: [address] })).status).toBe(202);
  });

  test("for one mailbox may be written to from another", async () => {
    const address = someone();
    await add({ address, mailbox_id: box });
    expect((await check(address, `?mailbox_id=${box}`)).body.suppressed).toBe(true);
    expect((await check(address, `?mailbox_id=${second}`)).body.suppressed).toBe(false);
    expect((await running.send({ to: [address] })).status).toBe(422);
    const message = { to: [address], subject: "x", markdown: "x" };
    const path = `/v1/mailboxes/${second}/send`;
    expect((await running.call(running.known.agent_key, path, message)).status).toBe(202);
  });

  test("for a time is written to after it, and nothing makes what stands end sooner", async () => {
    const address = someone();
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    expect((await add({ address, expires_at: soon })).body.expires_at).toBe(soon);
    expect((await running.send({ to: [address] })).status).toBe(422);
    const end = `UPDATE suppression SET expires_at = now() - interval '1 second' WHERE address = '${address}'`;
    await node.asOwner(end);
    expect((await check(address)).body.suppressed).toBe(false);
    expect((await running.send({ to: [address] })).status).toBe(202);
    expect((await remove(address)).status).toBe(404);
    expect((await add({ address })).status).toBe(201);
    expect((await add({ address, expires_at: soon })).body.expires_at).toBeNull();
    expect((await add({ address: someone(), expires_at: "2020-01-01T00:00:00Z" })).status).toBe(
      400,
    );
  });

  test("is no address at all where it is malformed", async () => {
    for (const address of ["x", "a@b@c", "a b@c.example", "a@-x", "@x.example"])
      expect((await add({ address: address.padEnd(3, "x") })).status, address).toBe(400);
  });

  test("is in the log with its address and note sealed, and told of as an event", async () => {
    const address = someone();
    const note = `because of ${address}`;
    await add({ address, note });
    await remove(address);
    const log = await running.call(
      running.known.admin_key,
      "/v1/audit-log?type=suppression.removed",
    );
    expect(log.body.entries[0]).toMatchObject({
      type: "suppression.removed",
      data: { reason: "manual", address: expect.any(String) },
    });
    expect(JSON.stringify(log.body)).not.toContain(address);
    expect((await events("suppression.removed")).at(-1)).toMatchObject({
      data: { reason: "manual", scope: "operator" },
    });
  });
});

describe("the list", () => {
  test("is filtered and paged, and complete", async () => {
    const names = ["pa", "pb", "pc", "pd"].map((name) => `${name}@paged.example`);
    for (const address of names) await add({ address, mailbox_id: second });
    await add({ address: names[0], mailbox_id: box });
    const read = async (query: string): Promise<Answer["body"]> =>
      (await running.call(running.known.agent_key, `/v1/suppression?${query}`)).body;
    const found: string[] = [];
    for (let cursor = ""; ;) {
      const page = await read(`q=P&limit=2${cursor && `&cursor=${cursor}`}`);
      found.push(...page.suppressions.map((one: { address: string }) => one.address));
      cursor = page.next_cursor;
      if (cursor === null) break;
    }
    expect(found).toEqual([names[0], ...names]);
    expect((await read(`mailbox_id=${second}`)).suppressions).toHaveLength(4);
    expect((await read("q=p%25")).suppressions).toEqual([]);
    expect((await read("q=p&reason=bounced")).suppressions).toEqual([]);
    const bad = await running.call(running.known.agent_key, "/v1/suppression?cursor=eA");
    expect(bad.body.code).toBe("invalid_cursor");
  });

  test("goes out as CSV and comes in again, line by line", async () => {
    const csv = [
      "Email,Reason,note,mailbox_id,expires_at",
      "one@import.example,HardBounce,,,",
      '"Two@Import.example",SpamComplaint,"said ""no""\nand meant it",,',
      "not an address,,,,",
      "",
      "one@import.example,manual,,,",
      `three@import.example,unsubscribe,=1+1,${box},`,
      "four@import.example,whatever,,,",
      "five@import.example,,,01AAAAAAAAAAAAAAAAAAAAAAAA,",
      "six@import.example,,,,2020-01-01",
    ].join("\r\n");
    const path = "/v1/suppression/import";
    const { body } = await running.call(running.known.admin_key, path, { csv });
    expect(body).toMatchObject({ rows: 8, added: 3, unchanged: 1, failed: 4 });
    expect(body.errors.map(({ line }: { line: number }) => line)).toEqual([5, 9, 10, 11]);
    const text = (await running.call(running.known.admin_key, "/v1/suppression/export")).body;
    const lines = text.split("\r\n");
    expect(lines[0]).toBe("address,mailbox_id,reason,note,created_by,created_at,expires_at");
    expect(text).toContain("one@import.example,,bounced,,key:");
    expect(text).toContain('two@import.example,,complained,"said ""no""\nand meant it",');
    expect(text).toContain(`three@import.example,${box},unsubscribed,'=1+1,`);
    const again = await running.call(running.known.admin_key, path, { csv: text });
    expect(again.body).toMatchObject({ added: 0, failed: 0 });
    const rows = [{ email: "seven@import.example" }, { address: "eight@" }];
    const more = await running.call(running.known.admin_key, path, { suppressions: rows });
    expect(more.body).toMatchObject({ rows: 2, added: 1, failed: 1, errors: [{ line: 2 }] });
    expect((await running.call(running.known.agent_key, path, { csv: "a@b.example" })).status).toBe(
      403,
    );
  });

  test("takes 50,000 rows at once and no more", async () => {
    const csv = (rows: number): string =>
      Array.from({ length: rows }, (_, i) => `n${i}@many.example`).join("\n");
    const path = "/v1/suppression/import";
    const { body } = await running.call(running.known.admin_key, path, { csv: csv(50_000) });
    expect(body).toMatchObject({ rows: 50_000, added: 50_000, failed: 0 });
    const more = await running.call(running.known.admin_key, path, { csv: csv(50_001) });
    expect(more.status).toBe(400);
  });

  test("shows a bound key what holds for its mailbox and for all, and takes nothing else from it", async () => {
    const secret = await keyOf(node, ["admin"], { mailbox_ids: [second] });
    const [everywhere, mine, others] = [someone(), someone(), someone()];
    await add({ address: everywhere });
    await add({ address: mine, mailbox_id: second });
    await add({ address: others, mailbox_id: box });
    const seen = await running.call(secret, `/v1/suppression?q=someone&limit=100`);
    const addresses = seen.body.suppressions.map((one: { address: string }) => one.address);
    expect(addresses).toContain(everywhere);
    expect(addresses).toContain(mine);
    expect(addresses).not.toContain(others);
    expect((await remove(everywhere, "", secret)).status).toBe(404);
    expect((await remove(others, "", secret)).status).toBe(404);
    expect((await remove(mine, "", secret)).status).toBe(200);
    const path = "/v1/suppression/import";
    const rows = [{ address: someone() }, { address: someone(), mailbox_id: box }];
    const imported = await running.call(secret, path, { suppressions: rows });
    expect(imported.body).toMatchObject({ added: 0, failed: 2 });
  });
});

describe("what recipients ask for", () => {
  /** A message that has been tried once, and its recipient's token. */
  async function tried(thread = `t-${++counter}`): Promise<{
    id: string;
    address: string;
    thread: string;
    link: string;
  }> {
    const address = someone();
    const { body } = await running.send({ to: [address], thread_id: thread });
    await node.asOwner(`UPDATE recipient SET attempts = 1 WHERE message_id = '${body.id}'`);
    const token = unsubscribeToken(node.context.unsubscribe_key, {
      operator_id: node.operator_id,
      message_id: body.id,
      position: 0,
    });
    return { id: body.id, address, thread, link: `/v1/unsubscribe/${token}` };
  }

  const oneClick = { headers: { "content-type": "application/x-www-form-urlencoded" } };

  test("is done by the button and by one click, not by looking; once, with mark, log, events and thread", async () => {
    const { id, address, thread, link } = await tried();
    const page = await running.call(null, link);
    expect(page.status).toBe(200);
    expect(page.body).toContain('<form method="post">');
    await fetch(`${running.known.url}${link}`, { method: "HEAD" });
    expect((await check(address)).body.suppressed).toBe(false);
    for (const body of ["List-Unsubscribe=One-Click", "", "List-Unsubscribe=One-Click"])
      expect((await running.call(null, link, body, oneClick)).status).toBe(200);
    expect((await check(address)).body.suppressions).toMatchObject([
      { address, mailbox_id: box, reason: "unsubscribed", message_id: id },
    ]);
    const about = { thread_id: thread, message_id: id };
    for (const type of ["message.unsubscribed", "suppression.added"])
      expect((await events(type)).filter((one) => one.message_id === id)).toMatchObject([about]);
    const read = await running.call(running.known.agent_key, `/v1/mailboxes/${box}/emails/${id}`);
    expect(read.body.unsubscribed_at).not.toBeNull();
    const log = await running.call(
      running.known.admin_key,
      `/v1/audit-log?resource=${id}&type=message.unsubscribed`,
    );
    expect(log.body.entries).toHaveLength(1);
  });

  test("is undone only with a reason that stands in the log", async () => {
    const { address, link } = await tried();
    await running.call(null, link, "", oneClick);
    expect((await remove(address)).body).toMatchObject({
      code: "validation_failed",
      field: "note",
    });
    expect((await remove(address, "?note=%20")).status).toBe(400);
    const removed = await remove(address, "?note=asked+to+hear+from+us+again");
    expect(removed.body.removed).toMatchObject([{ reason: "unsubscribed" }]);
    expect((await events("suppression.removed")).at(-1)?.thread_id).not.toBeNull();
  });

  test("weighs by its gravest: a complaint stands over what was there, and is not lightened", async () => {
    const { id, address, thread } = await tried();
    await add({ address, expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    const complain = async (): Promise<boolean> => {
      return node.database.transaction(node.operator_id, async (tx) => {
        const [message] = await loadMessages(tx, [id], true);
        if (!message) throw new Error("no message");
        const feedback = { reason: "complained", message: message.row, address } as const;
        return suppressRecipient(node.context, tx, { ...feedback, scope: "operator" });
      });
    };
    expect(await complain()).toBe(true);
    expect(await complain()).toBe(false);
    expect((await check(address)).body.suppressions).toMatchObject([
      { reason: "complained", mailbox_id: null, expires_at: null },
    ]);
    expect((await events("message.complained")).at(-1)).toMatchObject({ thread_id: thread });
    await add({ address, note: "by hand" });
    expect((await check(address)).body.suppressions).toMatchObject([{ reason: "complained" }]);
  });
});
