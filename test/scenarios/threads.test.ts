/** Threads: what received mail joins, what lists show to whom, and who may write where. */
import { promise } from "../promises.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { touchThreads } from "../../src/store/threads.ts";
import { type Arrived, type Arriving, arrive } from "./arriving.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let first: { id: string; address: string };
let second: { id: string; address: string };

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  await signIn(running);
  keys = await ownerKeys(node);
  first = { id: running.known.mailbox_id, address: running.known.mailbox_address };
  second = await newMailbox("second");
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
});

async function newMailbox(name: string): Promise<{ id: string; address: string }> {
  return (await running.call(running.known.admin_key, "/v1/mailboxes", { address: name })).body;
}

const comes = (more?: Arriving, mailbox = first): Promise<Arrived> => arrive(node, mailbox, more);

const send = (message: Record<string, unknown>, key?: string): Promise<Answer> =>
  running.send(message, key);

const at = (mailboxId: string, threadId?: string): string =>
  `/v1/mailboxes/${mailboxId}/threads${threadId === undefined ? "" : `/${encodeURIComponent(threadId)}`}`;

const get = (path: string, key = running.known.agent_key): Promise<Answer> =>
  running.call(key, path);

const setOwner = (threadId: string, owner: string | null, key: string): Promise<Answer> =>
  running.call(key, `${at(first.id, threadId)}/owner`, { owner }, { method: "PUT" });

const answers = (messageId: string): Arriving => ({ headers: { "In-Reply-To": messageId } });

describe("received mail joins", () => {
  test("the thread of the message of ours that it answers, with the caller's own id", async () => {
    const { body } = await send({ thread_id: "zd-12345" });
    const got = await comes(answers(body.message_id));
    expect(got).toMatchObject({ thread_id: "zd-12345", stranger: false });
  });

  test("the thread of received mail that it refers to", async () => {
    const asked = await comes();
    const again = await comes({ headers: { References: `<x@y> ${asked.rfc_message_id}` } });
    expect(again).toMatchObject({ thread_id: asked.id, stranger: false });
  });

  test("by the reply address where the mail system dropped all references", async () => {
    const { body } = await send({ thread_id: "by-token" });
    const read = await get(`/v1/mailboxes/${first.id}/emails/${body.id}`);
    const [address = ""] = read.body.reply_to;
    expect((await comes({ to: address })).thread_id).toBe("by-token");
    const forged = address.replace(/.@/, (end: string) => (end === "0@" ? "1@" : "0@"));
    const other = await comes({ to: forged });
    expect(other.thread_id).toBe(other.id);
  });

  test(promise("thread.not-by-subject"), async () => {
    const { body } = await send({ subject: "A question" });
    const got = await comes({ headers: { Subject: "Re: A question" } });
    expect(got.thread_id).toBe(got.id);
    expect(got.thread_id).not.toBe(body.thread_id);
  });

  test("nothing of another mailbox, whatever it refers to", async () => {
    const { body } = await send({ thread_id: "of-the-first" });
    const asked = await comes();
    for (const reference of [body.message_id, asked.rfc_message_id]) {
      const got = await comes(answers(reference), second);
      expect(got.thread_id).toBe(got.id);
    }
  });

  test("a thread that never knew its sender, and says so, as often as it comes", async () => {
    const { body } = await send({ thread_id: "with-ada", to: ["ada@example.com"] });
    const stranger = { ...answers(body.message_id) };
    stranger.headers = { ...stranger.headers, From: "Mallory <mallory@evil.example>" };
    expect(await comes(stranger)).toMatchObject({ thread_id: "with-ada", stranger: true });
    expect(await comes(stranger)).toMatchObject({ thread_id: "with-ada", stranger: true });
    const known = { headers: { ...answers(body.message_id).headers, From: "ADA@example.com" } };
    expect(await comes(known)).toMatchObject({ thread_id: "with-ada", stranger: false });
  });
});

describe("a list of threads", () => {
  test("shows each thread once, the one with the newest message first, page by page", async () => {
    const box = await newMailbox("pages");
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.push((await comes({ headers: { Subject: `S${i}` } }, box)).id);
    const [oldest = ""] = made;
    await comes({ headers: { "In-Reply-To": await rfcOf(box, oldest), Subject: "Re: S0" } }, box);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await get(`${at(box.id)}?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`);
      expect(page.status).toBe(200);
      seen.push(...page.body.threads.map((one: { id: string }) => one.id));
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual([oldest, ...made.slice(1).reverse()]);
    const { body } = await get(at(box.id, oldest));
    expect(body).toMatchObject({ subject: "S0", message_count: 2, unanswered: true });
    expect(body.emails.map((one: { subject: string }) => one.subject)).toEqual(["S0", "Re: S0"]);
    expect(body.emails[0].new_text).toBe("Hello.");
  });

  test("tells the unanswered ones: an answer that was stopped is none", async () => {
    const box = await newMailbox("unanswered");
    const agent = running.known.agent_key;
    const waiting = await comes({}, box);
    const stopped = await comes({}, box);
    const answered = await comes({}, box);
    const machine = await comes({ kind: "auto_reply" }, box);
    const reply = (id: string): Promise<Answer> =>
      running.call(agent, `/v1/mailboxes/${box.id}/reply/${id}`, { markdown: "Yes." });
    await running.decide((await reply(stopped.id)).body.id, "reject", { reason: "no" });
    expect((await reply(answered.id)).status).toBe(202);
    const ids = async (query: string): Promise<string[]> =>
      (await get(`${at(box.id)}?${query}`)).body.threads.map((one: { id: string }) => one.id);
    expect((await ids("unanswered=true")).toSorted()).toEqual([waiting.id, stopped.id].toSorted());
    expect((await ids("unanswered=false")).toSorted()).toEqual(
      [answered.id, machine.id].toSorted(),
    );
    await comes(answers(answered.rfc_message_id), box);
    expect(await ids("unanswered=true")).toContain(answered.id);
  });

  test("neither shows nor counts what is held, refused or quarantined, but to overseers", async () => {
    const box = await newMailbox("held");
    const open = await comes({ headers: { Subject: "Open" } }, box);
    const later = await comes({}, box);
    const hidden: string[] = [];
    for (const status of ["pending_inbound_approval", "rejected", "spam_quarantined"]) {
      const one = { ...answers(open.rfc_message_id), status };
      hidden.push((await comes(one, box)).id);
      hidden.push((await comes({ status }, box)).id);
    }
    const agent = await get(at(box.id));
    expect(agent.body.threads.map((one: { id: string }) => one.id)).toEqual([later.id, open.id]);
    expect(agent.body.threads[1]).toMatchObject({ message_count: 1, last_email_id: open.id });
    const thread = await get(at(box.id, open.id));
    expect(JSON.stringify([agent.body, thread.body])).not.toMatch(hidden.join("|"));
    for (const id of hidden) expect((await get(at(box.id, id))).status).toBe(404);
    const overseer = await get(at(box.id, open.id), running.known.oversight_key);
    expect(overseer.body).toMatchObject({ message_count: 4 });
    expect(overseer.body.emails).toHaveLength(4);
    const all = await get(at(box.id), running.known.oversight_key);
    expect(all.body.threads).toHaveLength(5);
  });

  test("names threads as callers did, whatever characters are in the name", async () => {
    for (const threadId of [
      "a/b/c",
      "https://desk.example/t?id=1#x",
      "50%25",
      "..a",
      "~'\"<>&+;",
    ]) {
      const { body } = await send({ thread_id: threadId });
      const thread = await get(at(first.id, threadId));
      expect(thread.body, threadId).toMatchObject({ id: threadId, last_email_id: body.id });
      expect((await setOwner(threadId, "agent", running.known.agent_key)).body.owner).toBe("agent");
    }
  });

  test("is the same in whatever order its messages are told, and however often", async () => {
    const rows = ["c", "a", "b"].map((name, i) => ({
      mailbox_id: first.id,
      thread_id: "projected",
      subject: `S${name}`,
      message_id: node.context.new_id(),
      direction: i === 1 ? ("inbound" as const) : ("outbound" as const),
      created_at: new Date(Date.UTC(2026, 0, 1 + i)),
    }));
    const seen = new Set<string>();
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2, 1, 0],
    ]) {
      await node.asOwner("DELETE FROM thread WHERE thread_id = 'projected'");
      for (const i of order)
        await node.as((tx) => touchThreads(tx, rows[i] === undefined ? [] : [rows[i]]));
      seen.add(await projected());
    }
    await node.asOwner("DELETE FROM thread WHERE thread_id = 'projected'");
    await node.as((tx) => touchThreads(tx, [...rows, ...rows]));
    seen.add(await projected());
    expect([...seen]).toEqual([
      JSON.stringify(["Sc", rows[2]?.message_id, rows[1]?.message_id, rows[0]?.created_at]),
    ]);
  });
});

async function projected(): Promise<string> {
  const [row] = await node.as((tx) =>
    tx.named<Record<string, unknown>>(
      "projected",
      "SELECT * FROM thread WHERE operator_id = $1 AND thread_id = 'projected'",
      [tx.operator_id],
    ),
  );
  return JSON.stringify([
    row?.["subject"],
    row?.["last_message_id"],
    row?.["last_inbound_id"],
    row?.["created_at"],
  ]);
}

async function rfcOf(box: { id: string }, id: string): Promise<string> {
  return (await get(`/v1/mailboxes/${box.id}/emails/${id}`)).body.message_id;
}

describe("a thread that somebody has to themselves", () => {
  test("refuses agents while it is a person's, until a person or an overseer releases it", async () => {
    const { agent_key: agent, oversight_key: overseer } = running.known;
    const asked = await comes();
    expect((await setOwner(asked.id, "human", agent)).body).toMatchObject({ owner: "human" });
    const reply = (): Promise<Answer> =>
      running.call(agent, `/v1/mailboxes/${first.id}/reply/${asked.id}`, { markdown: "Hi." });
    expect((await reply()).body.code).toBe("thread_locked");
    expect((await send({ thread_id: asked.id })).body.code).toBe("thread_locked");
    for (const owner of [null, "agent"])
      expect((await setOwner(asked.id, owner, agent)).body.code).toBe("thread_locked");
    expect((await setOwner(asked.id, null, overseer)).body).toMatchObject({
      owner: null,
      owner_by: null,
    });
    expect((await reply()).status).toBe(202);
  });

  test("refuses other agents while it is an agent's, and is that agent's to give back", async () => {
    const mine = await keys.make(["read", "send"]);
    const other = await keys.make(["read", "send"]);
    const { id } = await comes();
    expect((await setOwner(id, "agent", mine.secret)).body.owner_by).toBe(`key:${mine.id}`);
    expect((await send({ thread_id: id }, other.secret)).body.code).toBe("thread_locked");
    expect((await send({ thread_id: id }, mine.secret)).status).toBe(202);
    for (const owner of [null, "agent", "human"])
      expect((await setOwner(id, owner, other.secret)).body.code).toBe("thread_locked");
    expect((await setOwner(id, null, mine.secret)).body.owner).toBeNull();
    expect((await send({ thread_id: id }, other.secret)).status).toBe(202);
  });

  test("is filtered for, and every change of hands stands in the log", async () => {
    const box = await newMailbox("owners");
    const { id } = await comes({}, box);
    const free = await comes({}, box);
    const path = `${at(box.id, id)}/owner`;
    await running.call(running.known.agent_key, path, { owner: "human" }, { method: "PUT" });
    const owned = await get(`${at(box.id)}?owner=human`);
    expect(owned.body.threads.map((one: { id: string }) => one.id)).toEqual([id]);
    const none = await get(`${at(box.id)}?owner=none`);
    expect(none.body.threads.map((one: { id: string }) => one.id)).toEqual([free.id]);
    const log = await get(`/v1/audit-log?mailbox_id=${box.id}`, running.known.admin_key);
    expect(log.body.entries[0]).toMatchObject({
      type: "thread.owner_changed",
      thread_id: id,
      data: { owner: "human", from: null },
    });
  });

  test("needs a key that writes or oversees, and a thread", async () => {
    const { id } = await comes();
    const reader = await keys.make(["read"]);
    const test = await keys.make(["read", "send"], { test: true });
    expect((await setOwner(id, "human", reader.secret)).body.code).toBe("scope_required");
    expect((await setOwner(id, "human", test.secret)).body.code).toBe("test_key");
    expect((await setOwner("nowhere", "human", running.known.agent_key)).status).toBe(404);
  });

  test("taken while agents write in it, refuses from then on", async () => {
    const { id } = await comes();
    const results = await Promise.all([
      ...Array.from({ length: 8 }, () => send({ thread_id: id })),
      setOwner(id, "human", running.known.agent_key),
    ]);
    expect(
      results.map((one) => one.status).every((status) => [200, 202, 409].includes(status)),
    ).toBe(true);
    expect((await send({ thread_id: id })).status).toBe(409);
  });
});
