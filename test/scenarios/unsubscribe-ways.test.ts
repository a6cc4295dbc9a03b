/** Four ways to unsubscribe while a thousand messages wait: after the answer not one of them leaves. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { type Copy, type SentOut, sentOut } from "./sent-out.ts";

/** Messages that wait for the one address. */
const waiting = 1000;

let out: SentOut;
/** Recipients as the sink was told of them: a copy that is on the wire has begun. */
const begun: string[] = [];

beforeAll(async () => {
  out = await sentOut({
    answer_rcpt(address) {
      begun.push(address);
      return undefined;
    },
  });
});
afterAll(() => out?.stop());

const operatorOf = (stopped: boolean): Promise<void> =>
  out.node.asOwner(`UPDATE operator SET stopped_at = ${stopped ? "now()" : "NULL"}`);

/** Sends one message, and queues a thousand more to the same person. They leave as soon as `release` is called. */
async function besieged(to: string): Promise<{ copy: Copy; release(): Promise<void> }> {
  const [copy] = await out.send(to, { subject: `First to ${to}` });
  if (!copy) throw new Error("nothing left");
  await operatorOf(true);
  for (let i = 0; i < waiting; i += 50)
    await Promise.all(
      Array.from({ length: 50 }, async (_, k) => {
        const { status } = await out.running.send({ to: [to], subject: `Number ${i + k}` });
        if (status !== 202) throw new Error(`answered ${status}`);
      }),
    );
  return {
    copy,
    async release() {
      await operatorOf(false);
      // Only what nobody works on: a claim that is taken over is tried twice.
      await out.node.asOwner(
        "UPDATE due SET due_at = now() WHERE kind = 'deliver' AND node IS NULL",
      );
    },
  };
}

const open = async (): Promise<number> => {
  const [row] = await out.node.as((tx) =>
    tx.named<{ count: number }>(
      "open_messages",
      "SELECT count(*)::int AS count FROM message WHERE direction = 'outbound' AND status IN ('queued', 'sending', 'scheduled')",
      [],
    ),
  );
  return row?.count ?? -1;
};

const unsubscribeUrl = (copy: Copy): string =>
  `${out.running.known.url}/v1/unsubscribe/${copy.token}`;

/** Mail is taken before it is read, so that its answer says nothing of the wish: it holds a second after it was written down. */
async function opened(): Promise<void> {
  await out.opened();
  const written = performance.now();
  await expect.poll(() => performance.now() - written, { timeout: 5000 }).toBeGreaterThan(1000);
}

/** Each way; it resolves from when on nothing may begin. */
const ways: Record<string, (copy: Copy) => Promise<void>> = {
  async "one click of the mail program"(copy) {
    const header = copy.data.replaceAll(/\r\n[ \t]/g, " ");
    expect(header).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
    const response = await fetch(unsubscribeUrl(copy), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "List-Unsubscribe=One-Click",
    });
    expect(response.status).toBe(200);
  },
  async "the page behind the link, whose showing changes nothing"(copy) {
    for (const method of ["GET", "HEAD", "GET"])
      expect((await fetch(unsubscribeUrl(copy), { method })).status).toBe(200);
    expect(await out.suppressed(copy.to)).toBe(false);
    const page = await fetch(unsubscribeUrl(copy));
    expect(await page.text()).toContain('<form method="post">');
    expect((await fetch(unsubscribeUrl(copy), { method: "POST" })).status).toBe(200);
  },
  async "mail to the address in List-Unsubscribe"(copy) {
    const header = copy.data.replaceAll(/\r\n[ \t]/g, " ");
    const mailto = new URL(/<(mailto:[^>]+)>/.exec(header)?.[1] ?? "");
    const data = `From: ${copy.to}\r\nSubject: ${mailto.searchParams.get("subject")}\r\n\r\n\r\n`;
    expect(await out.mail.raw(copy.to, decodeURIComponent(mailto.pathname), data)).toMatch(/^250 /);
    await opened();
  },
  async "an answer that asks for it"(copy) {
    const data = [
      `From: ${copy.to}`,
      "Subject: Re: First",
      `In-Reply-To: ${copy.message_id}`,
      "",
      "Hi,",
      "please unsubscribe me from this list.",
      "Thanks",
      "",
    ].join("\r\n");
    const to = out.running.known.mailbox_address;
    expect(await out.mail.raw(copy.to, to, data)).toMatch(/^250 /);
    await opened();
  },
};

describe("with a thousand messages waiting", () => {
  test.each(Object.keys(ways))(
    `${promise("unsubscribe.four-ways")}: %s`,
    { timeout: 120_000 },
    async (name) => {
      const address = `${name.replaceAll(/\W/g, "-").slice(0, 40)}@example.net`;
      const { copy, release } = await besieged(address);
      // They are on their way out at the very moment.
      await release();
      await ways[name]?.(copy);
      const left = begun.filter((one) => one === address).length;
      expect(await out.suppressed(address)).toBe(true);
      await expect.poll(open, { timeout: 60_000, interval: 100 }).toBe(0);
      // What had begun before came to its end; nothing began after.
      expect(begun.filter((one) => one === address)).toHaveLength(left);
      const events = await out.events(copy.id);
      expect(events.filter(({ type }) => type === "message.unsubscribed")).toMatchObject([
        { thread_id: copy.thread_id },
      ]);
      expect((await out.read(copy.id)).unsubscribed_at).not.toBeNull();
      expect((await out.running.send({ to: [address] })).status).toBe(422);
    },
  );

  test("with the queue held back, none has left at all", { timeout: 120_000 }, async () => {
    const address = "patient@example.net";
    const { copy, release } = await besieged(address);
    expect((await fetch(unsubscribeUrl(copy), { method: "POST" })).status).toBe(200);
    await release();
    await expect.poll(open, { timeout: 60_000, interval: 100 }).toBe(0);
    expect(out.sink.messages.filter(({ to }) => to.includes(address))).toHaveLength(1);
  });
});

describe("a wish to stop is not lost to what is added on the way", () => {
  const additions: Record<string, [query: string, init: RequestInit]> = {
    "parameters of a link tracker, one of them twice": ["?utm_source=x&utm_source=y&token=z", {}],
    "broken percent-encoding": ["?q=%zz", {}],
    "further form fields": [
      "",
      { body: new URLSearchParams({ "List-Unsubscribe": "One-Click", token: "z", submit: "Yes" }) },
    ],
    "a field longer than any": [
      "",
      { body: new URLSearchParams({ "List-Unsubscribe": "x".repeat(2_000_000) }) },
    ],
    "a body of no known type": ["?a", { body: "List-Unsubscribe=One-Click" }],
    "a body that is no JSON": ["", { body: "{", headers: { "content-type": "application/json" } }],
    "a credential of somebody else": ["", { headers: { authorization: "Bearer mm_live_x" } }],
  };
  test.each(Object.keys(additions))("%s", async (name) => {
    const [query, init] = additions[name] ?? ["", {}];
    const [copy] = await out.send(`${name.replaceAll(/\W/g, "-")}@example.net`);
    if (!copy) throw new Error("nothing left");
    const url = unsubscribeUrl(copy) + query;
    expect((await fetch(url)).status).toBe(200);
    expect(await out.suppressed(copy.to)).toBe(false);
    const answer = await fetch(url, { method: "POST", ...init });
    expect([answer.status, await out.suppressed(copy.to)]).toEqual([200, true]);
  });
});

describe("an answer that asks to stop", () => {
  /** Answers as somebody, and waits. */
  async function answer(from: string, text: string, more: string[] = []): Promise<void> {
    const to = out.running.known.mailbox_address;
    const data = [`From: ${from}`, "Subject: Re: x", ...more, "", text, ""].join("\r\n");
    expect(await out.mail.raw(from, to, data)).toMatch(/^250 /);
    await out.opened();
  }

  test("counts also where it answers the writer's own earlier answer", async () => {
    const [copy] = await out.send("follows-up@example.net");
    if (!copy) throw new Error("nothing left");
    const first = [`In-Reply-To: ${copy.message_id}`, "Message-ID: <first-answer@example.net>"];
    await answer(copy.to, "What is this about?", first);
    expect(await out.suppressed(copy.to)).toBe(false);
    await answer(copy.to, "Please unsubscribe me.", ["In-Reply-To: <first-answer@example.net>"]);
    expect(await out.suppressed(copy.to)).toBe(true);
  });

  test("counts from another address of the only person written to, and for nobody where there are several", async () => {
    const [alone] = await out.send("alias-of@example.net");
    const [one, two] = await out.send(["several-a@example.net", "several-b@example.net"]);
    if (!alone || !one || !two) throw new Error("nothing left");
    await answer("real@example.net", "unsubscribe", [`In-Reply-To: ${alone.message_id}`]);
    await answer("else@example.net", "unsubscribe", [`In-Reply-To: ${one.message_id}`]);
    expect(await out.suppressed(alone.to)).toBe(true);
    expect(await out.suppressed(one.to)).toBe(false);
    expect(await out.suppressed(two.to)).toBe(false);
  });

  test("suppresses nobody when a stranger asks in no thread, or when it asks for something else", async () => {
    const [copy] = await out.send("stays@example.net");
    if (!copy) throw new Error("nothing left");
    await answer(copy.to, "please unsubscribe me");
    await answer(copy.to, "How did you unsubscribe the other customers?", [
      `In-Reply-To: ${copy.message_id}`,
    ]);
    expect(await out.suppressed(copy.to)).toBe(false);
  });
});
