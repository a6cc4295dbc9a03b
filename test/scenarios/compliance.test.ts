/** Legal holds, retention and exports: what stays, what goes by age, and what may be taken along. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import { approved } from "./approvals.ts";
import { countRows, erasureIs, freshOwner, linesOf } from "./compliance-people.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { mailIn } from "./mail-in.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let owner: Actor;
let people = 0;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  keys = await ownerKeys(node);
  owner = await freshOwner(node);
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

const somebody = (): string => `subject${++people}@example.com`;
const admin = (path: string, body?: unknown, more?: { method: string }): Promise<Answer> =>
  running.call(running.known.admin_key, path, body, more);
const email = (id: string): Promise<Answer> =>
  admin(`/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`);
const received = (from: string): Promise<string> =>
  keepReceived(node, running.known.mailbox_id, { from, subject: "Kept", text: "Kept words" });
const erase = (address: string) => node.engine.requestErasure(owner, { address, reference: null });
/** Makes mail older, as its owner could with the disk in hand. */
const age = (id: string, days: number): Promise<void> =>
  node.asOwner(
    `ALTER TABLE message DISABLE TRIGGER USER; UPDATE message SET created_at = now() - interval '${days} days' WHERE message_id = '${id}'; ALTER TABLE message ENABLE TRIGGER USER`,
  );

describe("legal holds", () => {
  test("while one covers any of it, a person is not erased; once it is released, they are", async () => {
    const eve = somebody();
    const id = await received(eve);
    const thread_id = (await email(id)).body.thread_id;
    const places: object[] = [
      { address: eve.toUpperCase() },
      { mailbox_id: running.known.mailbox_id },
      { mailbox_id: running.known.mailbox_id, thread_id },
      { email_id: id },
      {},
    ];
    for (const place of places) {
      const hold = await admin("/v1/legal-holds", { reason: "A case", ...place });
      expect(hold.status).toBe(201);
      await expect(erase(eve)).rejects.toMatchObject({ code: "legal_hold" });
      expect((await admin("/v1/legal-holds")).body.legal_holds).toHaveLength(1);
      await node.engine.endHold(owner, hold.body.id);
    }
    expect((await admin("/v1/legal-holds")).body.legal_holds).toEqual([]);
    expect((await admin("/v1/legal-holds?released=true")).body.legal_holds).toHaveLength(5);
    await erasureIs(running, (await erase(eve)).erasure_id, "settling");
    expect((await email(id)).body.erased_at).not.toBeNull();
  });

  test("one that is placed while an erasure is under way stops it, and its release lets it go on", async () => {
    const eve = somebody();
    const kept = await received(eve);
    // Due in an hour: the hold is there first.
    const { erasure_id } = await node.database.transaction(node.operator_id, async () => {
      const row = await erase(eve);
      return row;
    });
    await admin("/v1/legal-holds", { reason: "Too late?", email_id: kept });
    const first = await erasureIs(running, erasure_id, "held", "settling");
    const { body } = await email(kept);
    // Whichever was first: never erased under a hold, never held once erased.
    expect(first.status).toBe(body.erased_at === null ? "held" : "settling");
    const [hold] = (await admin("/v1/legal-holds")).body.legal_holds;
    await node.engine.endHold(owner, hold.id);
    await erasureIs(running, erasure_id, "settling");
    expect((await email(kept)).body.erased_at).not.toBeNull();
  });

  test("the database itself refuses to erase what is held, or without a leaf", async () => {
    const id = await received(somebody());
    const update = `UPDATE message SET erased_at = now(), subject = '', attachments = '[]', tags = '{}', metadata = '{}' WHERE message_id = '${id}'`;
    const attempt = (): Promise<unknown> => node.as((tx) => tx.named("erase_one", update, []));
    await expect(attempt()).rejects.toThrow(/not in the log/);
    const hold = await admin("/v1/legal-holds", { reason: "A case", email_id: id });
    await expect(attempt()).rejects.toThrow(/legal hold/);
    await node.engine.endHold(owner, hold.body.id);
    const content = `UPDATE message_content SET mime = '', markdown = '', body_text = '', new_text = '' WHERE message_id = '${id}'`;
    await expect(node.as((tx) => tx.named("empty_one", content, []))).rejects.toThrow(/is fixed/);
  });

  test("a key releases none without a person, and names one thing at a time", async () => {
    const { body } = await admin("/v1/legal-holds", { reason: "A case", address: somebody() });
    const key = (await keys.make(["read", "admin"])).secret;
    const asked = await running.call(key, `/v1/legal-holds/${body.id}`, undefined, {
      method: "DELETE",
    });
    expect(asked.status).toBe(202);
    await node.engine.endHold(owner, body.id);
    await expect(node.engine.endHold(owner, body.id)).rejects.toMatchObject({ code: "not_found" });
    const two = { reason: "x", address: "a@example.com", mailbox_id: running.known.mailbox_id };
    expect((await admin("/v1/legal-holds", two)).body.code).toBe("validation_failed");
    const none = { reason: "x", email_id: "01M7Z53NT9EAPS9TXCTCWPBBGB" };
    expect((await admin("/v1/legal-holds", none)).status).toBe(404);
  });
});

describe("retention", () => {
  test("mail past its age is erased, with a leaf that says why; younger, unended and held mail stays", async () => {
    const mail = mailIn(running);
    await mail.deliver({ subject: "By SMTP" });
    const bySmtp = async (): Promise<string | undefined> =>
      (await mail.inbox()).find(({ subject }) => subject === "By SMTP")?.id;
    await expect.poll(bySmtp, { timeout: 10_000 }).toBeDefined();
    const old = await bySmtp();
    const [young, held, spam] = await Promise.all([1, 2, 3].map(() => received(somebody())));
    if (!old || !young || !held || !spam) throw new Error("no mail");
    await node.asOwner(`UPDATE message SET status = 'spam_flagged' WHERE message_id = '${spam}'`);
    const waiting = (await running.send({ to: [somebody()] })).body.id;
    for (const id of [old, held, spam, waiting]) await age(id, 40);
    const hold = await admin("/v1/legal-holds", { reason: "A case", email_id: held });
    await node.engine.changeRetention(owner, {
      inbound: { keep_days: 0, delete_after_days: 30 },
      outbound: { keep_days: 0, delete_after_days: 30 },
      spam: { keep_days: 0, delete_after_days: 60 },
    });
    const cursors = new Map<string, string>();
    await expect.poll(() => countRows(node, "log_pending"), { timeout: 20_000 }).toBe(0);
    while (await node.engine.applyRetention(cursors));
    expect((await email(old)).body.erased_at).not.toBeNull();
    for (const id of [young, held, spam, waiting])
      expect((await email(id)).body.erased_at, id).toBeNull();
    const { body } = await admin(`/v1/audit-log?type=erasure&resource=${old}`);
    expect(body.entries).toHaveLength(1);
    expect(body.entries[0].data).toMatchObject({ because: "retention", erasure: null });
    expect(body.entries[0].data.erased[0].fields.toSorted()).toEqual(["body", "from", "subject"]);
    await node.engine.endHold(owner, hold.body.id);
    await running.call(
      running.known.admin_key,
      `/v1/mailboxes/${running.known.mailbox_id}/emails/${waiting}/cancel`,
      {},
    );
  });

  test("what must be kept is erased only when its time ends, however the rules change meanwhile", async () => {
    const rules = { keep_days: 100, delete_after_days: null };
    await node.engine.changeRetention(owner, { inbound: rules });
    const eve = somebody();
    const id = await received(eve);
    const { erasure_id } = await erase(eve);
    const waiting = await erasureIs(running, erasure_id, "retained");
    expect(waiting.remaining).toBe(1);
    await node.engine.changeRetention(owner, {
      inbound: { keep_days: 0, delete_after_days: null },
    });
    await expect
      .poll(async () => (await admin(`/v1/subjects/erasures/${erasure_id}`)).body.next_at, {
        timeout: 10_000,
      })
      .toMatch(/^2027/);
    expect((await email(id)).body.erased_at).toBeNull();
    await age(id, 101);
    await node.asOwner(`UPDATE erasure SET next_at = now() WHERE erasure_id = '${erasure_id}'`);
    await erasureIs(running, erasure_id, "settling");
    expect((await email(id)).body.erased_at).not.toBeNull();
  });

  test("an agent that reports mail as spam does not cut short the time it must be kept", async () => {
    const id = await received(somebody());
    await node.engine.changeRetention(owner, {
      inbound: { keep_days: 3650, delete_after_days: null },
      spam: { keep_days: 0, delete_after_days: 30 },
    });
    await age(id, 60);
    const report = `/v1/emails/${id}/report-spam`;
    expect((await running.call(running.known.agent_key, report, {})).status).toBe(200);
    await expect.poll(() => countRows(node, "log_pending"), { timeout: 20_000 }).toBe(0);
    const cursors = new Map<string, string>();
    while (await node.engine.applyRetention(cursors));
    expect((await email(id)).body).toMatchObject({ status: "spam_quarantined", erased_at: null });
    await node.engine.changeRetention(owner, {
      inbound: { keep_days: 0, delete_after_days: null },
      spam: { keep_days: 0, delete_after_days: null },
    });
  });

  test("a change says in the log what it loosens and tightens; by a key it needs a person", async () => {
    const key = (await keys.make(["read", "admin"])).secret;
    const put = { outbound: { keep_days: 10, delete_after_days: 400 } };
    const done = await approved(running, key, "/v1/retention", put, { method: "PUT" });
    expect(done.body).toMatchObject({ outbound: put.outbound });
    const { body } = await admin("/v1/audit-log?type=retention.changed&limit=1");
    expect(body.entries[0].data).toMatchObject({
      tightens: ["outbound.keep_days"],
      loosens: ["outbound.delete_after_days"],
    });
    expect((await admin("/v1/retention")).body.version).toBe(done.body.version);
    const wrong = { spam: { keep_days: 10, delete_after_days: 5 } };
    expect((await admin("/v1/retention", wrong, { method: "PUT" })).body).toMatchObject({
      code: "validation_failed",
      field: "spam.delete_after_days",
    });
  });
});

describe("exports", () => {
  test("everything of the operator and nothing of another, without secrets, ended by a line with counts", async () => {
    const other = await node.found(`taken${++people}`);
    await keepReceived(node, other.mailbox_id, { from: "theirs@example.com" }, other.operator_id);
    const id = await received(somebody());
    const answer = await admin("/v1/export");
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = linesOf(answer.body);
    expect(lines[0]).toMatchObject({ type: "export", format: "multimail-export/1" });
    const last = lines.at(-1) as unknown as { type: string; counts: Record<string, number> };
    expect(last.type).toBe("end");
    for (const [table, count] of Object.entries(last.counts)) {
      expect(
        lines.filter(({ type }) => type === table),
        table,
      ).toHaveLength(count);
      const rows = await countRows(node, table);
      expect(count, table).toBeLessThanOrEqual(rows);
      if (["message", "message_content", "mailbox", "api_key"].includes(table))
        expect(count).toBe(rows);
    }
    const mine = lines.find(
      (line) =>
        line["type"] === "message_content" &&
        (line["data"] as unknown as Record<string, string>)["message_id"] === id,
    );
    const { mime_base64 = "" } = (mine?.["data"] ?? {}) as unknown as Record<string, string>;
    expect(Buffer.from(mime_base64, "base64").toString()).toContain("Kept words");
    for (const secret of [other.operator_id, "theirs@example.com", "token_hash", "sealed", "csrf"])
      expect(answer.body).not.toContain(secret);
    const hashes = await node.as((tx) =>
      tx.named<{ h: string }>("hashes", "SELECT encode(token_hash, 'hex') AS h FROM api_key", []),
    );
    for (const { h } of hashes) expect(answer.body).not.toContain(h);
    expect((await admin("/v1/audit-log?type=operator.exported")).body.entries).toHaveLength(1);
  });

  test("of URLs that are called the host alone is taken along: the rest is often the password", async () => {
    const url = "https://chat.example.com/services/PASS/WORD";
    await node.asOwner(
      `UPDATE person SET notify = notify || '{"chat_webhook_url": "${url}"}' WHERE operator_id = '${node.operator_id}'`,
    );
    await node.asOwner(
      `UPDATE mailbox SET webhook_url = '${url}', oversight_webhook_url = '${url}' WHERE operator_id = '${node.operator_id}'`,
    );
    await node.engine.createWebhook(owner, {
      url: "https://127.0.0.1:9/PASS/WORD",
      events: ["*"],
      mailbox_id: null,
      description: null,
      ordered: false,
      secret: null,
    });
    const { body } = await admin("/v1/export");
    expect(body).not.toMatch(/PASS|WORD/);
    const data = (type: string): unknown[] =>
      linesOf(body).flatMap((line) => (line["type"] === type ? [line["data"]] : []));
    const host = "chat.example.com";
    const told = { notify: expect.objectContaining({ chat_webhook_host: host }) };
    expect(data("person")).toContainEqual(expect.objectContaining(told));
    const hosts = { webhook_host: host, oversight_webhook_host: host };
    expect(data("mailbox")).toContainEqual(expect.objectContaining(hosts));
    expect(data("webhook")).toContainEqual(expect.objectContaining({ url_host: "127.0.0.1:9" }));
  });

  test("auditors export, approvers do not, and a key for the log alone does not", async () => {
    const auditor = await freshOwner(node, "auditor");
    const lines = await node.engine.exportOperator(auditor);
    expect((await lines.next()).value).toContain('"type":"export"');
    await lines.return(undefined);
    await expect(
      node.engine.exportOperator(await freshOwner(node, "approver")),
    ).rejects.toMatchObject({ code: "scope_required" });
    const key = (await keys.make(["audit"])).secret;
    expect((await running.call(key, "/v1/export")).status).toBe(403);
  });

  test("a person's data are theirs alone: other recipients are not named", async () => {
    const eve = somebody();
    const sent = await running.send({ to: [eve], bcc: ["hidden@example.com"], subject: "To both" });
    await running.decide(sent.body.id, "approve");
    await running.settled(sent.body.id, "delivered");
    await admin("/v1/contacts", { email: eve, name: "Eve" });
    const { body } = await admin("/v1/subjects/export", { address: eve.toUpperCase() });
    const lines = linesOf(body);
    expect(lines.map(({ type }) => type)).toContain("contact");
    const message = lines.find(({ type }) => type === "message");
    expect(message).toMatchObject({ id: sent.body.id, subject: "To both", direction: "outbound" });
    expect(lines.some(({ type, data }) => type === "opening" && data === `to:${eve}`)).toBe(true);
    expect(body).not.toContain("hidden@example.com");
    expect(lines.at(-1)).toMatchObject({ type: "end", counts: { messages: 1 } });
  });
});
