/** Digests, quiet hours and chats: when people are told who have chosen how. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openTransport } from "../../src/mail/smtp-client.ts";
import { startServiceMail } from "../../src/workers/service-mail.ts";
import { promise } from "../promises.ts";
import { startSink } from "../sink/smtp-sink.ts";
import { type Telling, everybody, life, minute, openTelling, toOf } from "./telling.ts";

let telling: Telling;
beforeAll(async () => {
  telling = await openTelling();
});
afterAll(() => telling.world.close());
beforeEach(() => telling.reset());

describe("digests and quiet hours", () => {
  test("a digest of three comes as one mail when its time is over, without what was decided meanwhile", async () => {
    await telling.onlyP1();
    await telling.choose("p1", { mail: "digest", digest_minutes: 30 });
    const owner = telling.world.deciders[1];
    if (!owner) throw new Error("no decider");
    const ids = [];
    for (let n = 0; n < 4; n++) {
      ids.push((await telling.submit({ subject: `Number ${n}` })).id);
      expect(await telling.tick()).toEqual([]);
      telling.world.clock.now += minute;
    }
    await telling.decide(owner, ids[1] ?? "", "reject");
    telling.world.clock.now += 26 * minute - 1;
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now += 1;
    const [mail, ...more] = await telling.tick();
    expect(more).toEqual([]);
    expect(mail?.subject).toBe("3 messages wait for you");
    expect(mail?.text.match(/Subject: Number \d/g)).toEqual([
      "Subject: Number 0",
      "Subject: Number 2",
      "Subject: Number 3",
    ]);
  });

  test(promise("notice.quiet-hours"), async () => {
    await telling.onlyP1();
    await telling.choose("p1", {
      quiet: { from: "22:00", to: "07:00", time_zone: "Europe/Berlin" },
    });
    // 31 March 2030: 02:00 becomes 03:00 in Berlin.
    telling.world.clock.now = Date.UTC(2030, 2, 30, 21, 30);
    await telling.submit({ subject: "Late" });
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now = Date.UTC(2030, 2, 31, 4, 59, 59);
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now = Date.UTC(2030, 2, 31, 5);
    expect((await telling.tick()).map(({ subject }) => subject)).toEqual([
      "Waiting for you: Late (to ada@example.com)",
    ]);
    await telling.submit({ subject: "By day" });
    expect(await telling.tick()).toHaveLength(1);
  });

  test("a digest that would fall into quiet hours comes in the morning too", async () => {
    await telling.onlyP1();
    await telling.choose("p1", {
      mail: "digest",
      digest_minutes: 60,
      quiet: { from: "22:00", to: "07:00", time_zone: "UTC" },
    });
    telling.world.clock.now = Date.UTC(2030, 0, 2, 21, 30);
    await telling.submit();
    await telling.tick();
    telling.world.clock.now = Date.UTC(2030, 0, 2, 22, 30);
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now = Date.UTC(2030, 0, 3, 7);
    expect(await telling.tick()).toHaveLength(1);
  });

  test("an escalation waits for no morning and no digest, and comes to those who want no mail too", async () => {
    await telling.onlyP1();
    const quiet = { from: "00:00", to: "23:59", time_zone: "UTC" };
    await telling.choose("p1", { mail: "none" });
    await telling.choose("p2", { mail: "none", quiet });
    await telling.choose("p3", { mail: "digest", digest_minutes: 1440, quiet });
    await telling.submit();
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now += life * 0.8;
    expect(toOf(await telling.tick())).toEqual(everybody.filter((one) => !one.startsWith("p1")));
  });

  test("preferences that cannot be read count as none: their person is told", async () => {
    await telling.onlyP1();
    await telling.choose("p1", {
      mail: "sometimes",
      quiet: { from: "25:00" },
      chat_webhook_url: "ftp://x",
    });
    await telling.submit();
    expect(toOf(await telling.tick())).toEqual(["p1@people.example"]);
  });
});

describe("chats", () => {
  const url = "https://chat.example/hook/secret";

  test("a chat is posted what waits, with links to look, to approve and to reject", async () => {
    await telling.onlyP1();
    await telling.choose("p1", { mail: "none", chat_webhook_url: url });
    const { id } = await telling.submit({
      subject: "Pay <!channel> @all [now](https://evil.example)",
    });
    const [post, ...more] = await telling.tick();
    expect(more).toEqual([]);
    expect(post?.to).toBe(url);
    const document = JSON.parse(post?.text ?? "{}");
    expect(document.message).toMatchObject({
      id,
      subject: "Pay <!channel> @all [now](https://evil.example)",
      recipients: [{ kind: "to", address: "ada@example.com" }],
    });
    expect(document.text).not.toMatch(/[<>@[\]]/);
    expect(document.buttons.map((one: { label: string }) => one.label)).toEqual([
      "Review",
      "Approve",
      "Reject",
    ]);
    for (const { url: link } of document.buttons)
      expect(link).toMatch(/^https:\/\/mail\.operator\.example\/(?:messages|approve)\//);
  });

  test("a chat that its person has taken back is posted nothing any more", async () => {
    await telling.onlyP1();
    await telling.choose("p1", { mail: "none", chat_webhook_url: url });
    await telling.submit();
    await telling.tell();
    await telling.choose("p1", { mail: "none" });
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now += life / 2;
    expect(await telling.tick()).toEqual([]);
  });

  test("a webhook that is slow holds up no mail", async () => {
    const sink = await startSink();
    await telling.name(["p1", "p2"]);
    await telling.choose("p1", { mail: "none", chat_webhook_url: url });
    await telling.submit();
    await telling.submit();
    await telling.tell();
    let answer: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => (answer = resolve));
    const posted: string[] = [];
    const now = (): Date => new Date(telling.world.clock.now);
    const transport = openTransport({
      host: sink.host,
      port: sink.port,
      tls: "none",
      verify_certificate: false,
      ehlo_name: "mail.operator.example",
      now,
    });
    const worker = startServiceMail({
      engine: telling.world.engine,
      queue: telling.world.queue,
      transport,
      node: "here",
      now,
      log: { error: () => undefined },
      async post(to) {
        posted.push(to);
        await hanging;
        return { outcome: "accepted", reply: "status 200" };
      },
    });
    await sink.until(() => sink.messages.length === 2);
    await expect.poll(() => posted, { timeout: 20_000 }).toEqual([url, url]);
    await telling.submit({ subject: "While the chat hangs" });
    await telling.tell();
    worker.wake();
    await sink.until(() => sink.messages.length === 3);
    answer();
    await worker.stop();
    await worker.landed();
    await transport.close();
    await sink.close();
  });
});
