/** The event log of a running instance: pages from a cursor, the stream, waiting for mail, and who sees what of it. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { promise } from "../promises.ts";
import { type MailIn, mailIn } from "./mail-in.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let mail: MailIn;
let box: { id: string; address: string };
let held: { id: string; address: string };
const ends: (() => void)[] = [];

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  keys = await ownerKeys(node);
  mail = mailIn(running);
  box = await mailbox("waiting");
  held = await mailbox("holding");
  await running.call(
    running.known.admin_key,
    `/v1/mailboxes/${held.id}/configure`,
    { oversight_mode: "gated_all" },
    { method: "PATCH" },
  );
  // What is committed is published a moment later.
  await vi.waitFor(async () => {
    const path = "/v1/events?type=mailbox.mode_changed";
    const { body } = await running.call(running.known.admin_key, path);
    if (body.events.length === 0) throw new Error("the change of the mode is not published yet");
  });
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

async function mailbox(address: string): Promise<{ id: string; address: string }> {
  return (await running.call(running.known.admin_key, "/v1/mailboxes", { address })).body;
}

let counter = 0;

/** Lets mail come in by SMTP; its id. */
async function bring(
  to: { id: string; address: string },
  message: { from?: string; subject?: string } = {},
): Promise<string> {
  const subject = `${message.subject ?? "A question"} ${++counter}`;
  await mail.deliver({ ...message, to: to.address, subject });
  return (await mail.received(subject, running.known.oversight_key, to.id)).id;
}

type Event = {
  id: string;
  type: string;
  cursor: string;
  email_id: string | null;
  mailbox_id: string | null;
};

async function events(query = "", key = running.known.admin_key): Promise<Answer["body"]> {
  const answer = await running.call(key, `/v1/events${query}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** The end of the log as the key sees it. */
async function end(key = running.known.admin_key): Promise<string> {
  let page = await events("?limit=100", key);
  while (page.next_cursor !== null) page = await events(`?limit=100&cursor=${page.cursor}`, key);
  return page.cursor;
}

/** Reads from a cursor until something fits. */
async function readUntil(cursor: string, fits: (event: Event) => boolean, key?: string) {
  const seen: Event[] = [];
  let at = cursor;
  await expect
    .poll(
      async () => {
        const page = await events(`?cursor=${at}`, key);
        seen.push(...page.events);
        at = page.cursor;
        return seen.some(fits);
      },
      { timeout: 10_000 },
    )
    .toBe(true);
  return seen;
}

/** An open stream. */
async function follow(query = "", key = running.known.admin_key, lastId?: string) {
  const abort = new AbortController();
  ends.push(() => abort.abort());
  const response = await fetch(`${running.known.url}/v1/events/stream${query}`, {
    headers: {
      authorization: `Bearer ${key}`,
      ...(lastId === undefined ? {} : { "last-event-id": lastId }),
    },
    signal: abort.signal,
  });
  const seen: Event[] = [];
  let over = false;
  let raw = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      raw += decoder.decode(chunk as Uint8Array, { stream: true });
      for (;;) {
        const at = raw.indexOf("\n\n");
        if (at < 0) break;
        const data = /^data: (.*)$/m.exec(raw.slice(0, at))?.[1];
        raw = raw.slice(at + 2);
        if (data !== undefined) seen.push(JSON.parse(data) as Event);
      }
    }
    over = true;
  })().catch(() => {
    over = true;
  });
  return {
    response,
    seen,
    isOver: () => over,
    abort: () => abort.abort(),
    reading,
    async until(fits: (event: Event) => boolean): Promise<void> {
      await expect.poll(() => seen.some(fits), { timeout: 10_000 }).toBe(true);
    },
  };
}

const of =
  (emailId: string, type: string) =>
  (event: Event): boolean =>
    event.email_id === emailId && event.type === type;

describe("the log", () => {
  test("is read from a cursor, and what happens later stands behind it", async () => {
    const from = await end();
    expect((await events(`?cursor=${from}`)).events).toEqual([]);
    const sent = await running.send({ thread_id: "log-1" });
    const seen = await readUntil(from, of(sent.body.id, "oversight.pending"));
    const one = seen.find(of(sent.body.id, "oversight.pending"));
    expect(one).toMatchObject({
      type: "oversight.pending",
      mailbox_id: running.known.mailbox_id,
      thread_id: "log-1",
    });
    // From the event's own cursor it is not seen again.
    const behind = await events(`?cursor=${one?.cursor}`);
    expect(behind.events.some((event: Event) => event.id === one?.id)).toBe(false);
  });

  test("is filtered by type in either spelling, mailbox, thread, email and time", async () => {
    const from = await end();
    const sent = await running.send({ thread_id: "log-2" });
    await running.decide(sent.body.id, "reject");
    await readUntil(from, of(sent.body.id, "oversight.rejected"));
    const types = async (query: string): Promise<string[]> =>
      (await events(`?cursor=${from}&${query}`)).events.map((event: Event) => event.type);
    expect(await types("type=oversight.rejected")).toEqual(["oversight.rejected"]);
    expect(await types("type=email.pending_approval")).toEqual(["email.pending_approval"]);
    expect(await types("type=oversight.*")).toEqual(["oversight.pending", "oversight.rejected"]);
    expect(await types("thread_id=log-2")).toHaveLength(2);
    expect(await types("thread_id=log-none")).toEqual([]);
    expect(await types(`email_id=${sent.body.id}`)).toHaveLength(2);
    expect(await types(`mailbox_id=${box.id}`)).toEqual([]);
    const since = await events(`?since=${new Date(Date.now() + 60_000).toISOString()}`);
    expect(since.events).toEqual([]);
    const bad = await running.call(running.known.admin_key, "/v1/events?type=message.nonsense");
    expect(bad.status).toBe(400);
    const cursor = await running.call(running.known.admin_key, "/v1/events?cursor=nonsense");
    expect(cursor.body.code).toBe("invalid_cursor");
  });

  test("shows a key bound to a mailbox what happens there, and nothing else", async () => {
    const bound = (await keys.make(["read"], { mailbox_ids: [box.id] })).secret;
    const from = await end(bound);
    await running.send();
    const there = await running.call(running.known.agent_key, `/v1/mailboxes/${box.id}/send`, {
      to: ["ada@example.com"],
      subject: "x",
      markdown: "x",
    });
    const seen = await readUntil(from, of(there.body.id, "oversight.pending"), bound);
    expect(new Set(seen.map((event) => event.mailbox_id))).toEqual(new Set([box.id]));
    const other = `/v1/events?mailbox_id=${running.known.mailbox_id}`;
    expect((await running.call(bound, other)).status).toBe(404);
    const stream = `/v1/events/stream?timeout_seconds=0&mailbox_id=${running.known.mailbox_id}`;
    expect((await running.call(bound, stream)).status).toBe(404);
  });

  test("does not tell agents that mail is held from them", async () => {
    const overseer = running.known.oversight_key;
    const from = await end(overseer);
    const id = await bring(held);
    await readUntil(from, of(id, "message.held"), overseer);
    const agents = await events(`?cursor=${from}`, running.known.agent_key);
    expect(JSON.stringify(agents)).not.toContain(id);
    const admins = await events(`?cursor=${from}`);
    expect(JSON.stringify(admins)).not.toContain(id);
  });
});

describe("the stream", () => {
  test("tells what happens as it happens, with cursors as ids", async () => {
    const stream = await follow();
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
    expect(stream.response.headers.get("cache-control")).toBe("no-store");
    const sent = await running.send();
    await stream.until(of(sent.body.id, "oversight.pending"));
    await running.decide(sent.body.id, "approve");
    await stream.until(of(sent.body.id, "message.delivered"));
    const own = stream.seen.filter((event) => event.email_id === sent.body.id);
    expect(own.map((event) => event.type)).toEqual([
      "oversight.pending",
      "oversight.approved",
      "message.queued",
      "message.sent",
      "message.delivered",
    ]);
  });

  test(promise("events.none-missed"), async () => {
    const first = await follow();
    const before = await running.send();
    await first.until(of(before.body.id, "oversight.pending"));
    const last = first.seen.at(-1);
    first.abort();
    const missed = await running.send();
    const second = await follow("", undefined, last?.cursor);
    const after = await running.send();
    await second.until(of(after.body.id, "oversight.pending"));
    const all = [...first.seen, ...second.seen].map((event) => event.id);
    expect(new Set(all).size).toBe(all.length);
    for (const { body } of [missed, after])
      expect(second.seen.some(of(body.id, "oversight.pending"))).toBe(true);
    const byCursor = await follow(`?cursor=${last?.cursor}`);
    await byCursor.until(of(missed.body.id, "oversight.pending"));
    const bad = await follow("", undefined, "nonsense");
    expect(bad.response.status).toBe(400);
  });

  test("ends within seconds once its key is revoked", async () => {
    const key = await keys.make(["read"]);
    const stream = await follow("", key.secret);
    const sent = await running.send();
    await stream.until(of(sent.body.id, "oversight.pending"));
    await running.call(running.known.admin_key, `/v1/api-keys/${key.id}`, undefined, {
      method: "DELETE",
    });
    await expect.poll(stream.isOver, { timeout: 8000 }).toBe(true);
    const late = await running.send();
    expect(stream.seen.some((event) => event.email_id === late.body.id)).toBe(false);
  });

  test("is open ten times for one key at most, and again once one was closed", async () => {
    const key = (await keys.make(["read"])).secret;
    const streams = [];
    for (let i = 0; i < 10; i++) streams.push(await follow("", key));
    await expect
      .poll(async () => (await follow("", key)).response.status, { timeout: 5000 })
      .toBe(429);
    streams[0]?.abort();
    await expect
      .poll(async () => (await follow("?timeout_seconds=1", key)).response.status)
      .toBe(200);
  });

  test("ends in its time, after what was there", async () => {
    const from = await end();
    const sent = await running.send();
    await readUntil(from, of(sent.body.id, "oversight.pending"));
    const answer = await running.call(
      running.known.admin_key,
      `/v1/events/stream?timeout_seconds=0&cursor=${from}`,
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toMatch(/^retry: 2000\n\n/);
    expect(answer.body).toContain(sent.body.id);
  });
});

describe("waiting for mail", () => {
  const wait = (query: string, key = running.known.agent_key): Promise<Answer> =>
    running.call(key, `/v1/mailboxes/${box.id}/wait?${query}`);

  test("answers when it comes, and what is not waited for does not end it", async () => {
    const waiting = wait("timeout_seconds=20&sender=grace&subject_contains=INVOICE");
    const other = await bring(box, { from: "ada@example.com", subject: "Invoice" });
    const id = await bring(box, { from: "grace@example.com", subject: "Your invoice" });
    const { body } = await waiting;
    expect(body).toMatchObject({ received: true, email: { id } });
    expect(JSON.stringify(body)).not.toContain(other);
  });

  test("answers at once with what came between two calls", async () => {
    const first = await wait("timeout_seconds=0");
    expect(first.body).toMatchObject({ received: false, email: null, emails: [] });
    const ids = [await bring(box), await bring(box)];
    await expect
      .poll(async () => {
        const { body } = await wait(`timeout_seconds=5&cursor=${first.body.cursor}`);
        return body.emails.map((email: { id: string }) => email.id);
      })
      .toEqual(ids);
    const since = await wait(`timeout_seconds=5&since_id=${ids[0]}`);
    expect(since.body.emails.map((email: { id: string }) => email.id)).toEqual([ids[1]]);
    const none = await wait(`timeout_seconds=0&since_id=${ids[1]}`);
    expect(none.body.received).toBe(false);
  });

  test("since an email of ours means what came after it was written", async () => {
    const sent = await running.call(running.known.agent_key, `/v1/mailboxes/${box.id}/send`, {
      to: ["ada@example.com"],
      subject: "Do you agree?",
      markdown: "?",
    });
    const id = await bring(box, { subject: "Re: Do you agree?" });
    const { body } = await wait(`timeout_seconds=20&since_id=${sent.body.id}`);
    expect(body.email.id).toBe(id);
    const foreign = await running.send();
    expect((await wait(`since_id=${foreign.body.id}`)).status).toBe(404);
  });

  test("a cursor that the log never reached, or reaches back to no more, is refused as everywhere", async () => {
    const at = (position: number): string => Buffer.from(`event:${position}`).toString("base64url");
    const { body } = await wait("timeout_seconds=0");
    const head = Number(/\d+/.exec(Buffer.from(body.cursor, "base64url").toString())?.[0]);
    const refused = { status: 400, body: { code: "invalid_cursor", field: "cursor" } };
    const beyond = at(head + 1_000_000);
    expect(await wait(`timeout_seconds=0&cursor=${beyond}`)).toMatchObject(refused);
    expect((await wait("timeout_seconds=0&cursor=nonsense")).body.code).toBe("invalid_cursor");
    await node.asOwner("UPDATE event_head SET pruned = pruned + 1");
    try {
      expect(await wait(`timeout_seconds=0&cursor=${at(0)}`)).toMatchObject(refused);
    } finally {
      await node.asOwner("UPDATE event_head SET pruned = pruned - 1");
    }
    expect((await wait(`timeout_seconds=0&cursor=${body.cursor}`)).status).toBe(200);
  });

  test("held mail does not end it; its release does", async () => {
    const path = `/v1/mailboxes/${held.id}/wait?timeout_seconds=`;
    const { agent_key, oversight_key } = running.known;
    const before = await running.call(agent_key, `${path}0`);
    const id = await bring(held);
    const still = await running.call(agent_key, `${path}1&cursor=${before.body.cursor}`);
    expect(still.body.received).toBe(false);
    const waiting = running.call(agent_key, `${path}20&cursor=${still.body.cursor}`);
    await running.call(oversight_key, `/v1/emails/${id}/release`, {});
    expect((await waiting).body.email.id).toBe(id);
  });
});
