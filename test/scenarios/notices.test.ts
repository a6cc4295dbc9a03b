/** Who is told of mail that waits, when, and in which words: the real engine and database, by a clock that only the test moves. */
import PostalMime from "postal-mime";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import type { Actor } from "../../src/core/actor.ts";
import { noticeKinds } from "../../src/engine/notices.ts";
import { openTransport } from "../../src/mail/smtp-client.ts";
import { startServiceMail } from "../../src/workers/service-mail.ts";
import { draftOf } from "../simulation/engine-calls.ts";
import { type Box, type World, openWorld } from "../simulation/engine-world.ts";
import { startSink } from "../sink/smtp-sink.ts";

let world: World;
const hour = 3_600_000;
const minute = 60_000;
/** How long a message waits at most. */
const life = 7 * 24 * hour;

beforeAll(async () => {
  world = await openWorld();
  await world.sql(`UPDATE mailbox SET expiry_seconds = ${life / 1000}`);
  await world.sql("UPDATE person SET email = person_id || '@people.example' WHERE email !~ '@'");
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.sql(
    `DELETE FROM due; DELETE FROM waiting_notice; DELETE FROM service_mail;
     UPDATE person SET notify = '{}', removed_at = NULL, role = CASE WHEN role = 'owner' THEN 'owner' ELSE 'approver' END;
     UPDATE mailbox SET approver_ids = NULL`,
  );
  // Noon in Berlin, in winter.
  world.clock.now = Date.UTC(2030, 0, 2, 11);
});

const boxOf = (mode: string): Box => {
  const box = world.boxes.find((one) => one.mode === mode && one.required === 1);
  if (!box) throw new Error(`no mailbox in mode ${mode}`);
  return box;
};

/** Submits a message that waits. */
async function submit(
  more: { subject?: string; markdown?: string; box?: Box } = {},
): Promise<{ id: string }> {
  const { box = boxOf("gated_all"), ...words } = more;
  const draft = { ...draftOf(box, ["ada@example.com"]), ...words };
  const answer = await world.engine.submit(world.agent, draft);
  return { id: answer.id };
}

const claiming = () => ({
  now: new Date(world.clock.now),
  lease_until: new Date(world.clock.now + minute),
  node: "here",
  limit: 20,
});

/** Tells whoever is to be told by now, as the worker would; what they are told waits to leave. */
async function tell(): Promise<void> {
  for (let claims = 1; claims > 0;) {
    claims = 0;
    for (const kind of noticeKinds) {
      const due = await world.queue.claim(kind, claiming());
      claims += due.length;
      if (due.length > 0) await world.engine.tellDue(kind, world.operator_id, due);
    }
  }
}

/** What came due by now. Answers the mail that leaves, by recipient. */
async function tick(): Promise<{ to: string; subject: string; text: string; html: string }[]> {
  await tell();
  const gone = [];
  for (;;) {
    const due = await world.queue.claim("service_mail", claiming());
    if (due.length === 0) break;
    for (const claim of due) {
      const mail = await world.engine.takeServiceMail(world.operator_id, claim);
      if (!mail) continue;
      const result = { outcome: "accepted", reply: "250 ok" } as const;
      await world.engine.recordServiceMail(world.operator_id, claim, result);
      const read =
        mail.channel === "mail"
          ? await PostalMime.parse(mail.data)
          : { subject: "chat", text: mail.data.toString(), html: "" };
      const { subject = "", text = "", html = "" } = read;
      gone.push({ to: mail.to, subject, text, html });
    }
  }
  return gone.toSorted((a, b) => (a.to < b.to ? -1 : 1));
}

const decide = (who: Actor, id: string, decision: "approve" | "reject") =>
  world.engine.decide(who, [{ email_id: id, decision }]);

const everybody = [
  "owner@operator.example",
  "p1@people.example",
  "p2@people.example",
  "p3@people.example",
];
const toOf = (mails: { to: string }[]): string[] => mails.map(({ to }) => to);
const choose = (person: string, notify: object): Promise<void> =>
  world.sql("UPDATE person SET notify = $2 WHERE person_id = $1", [person, JSON.stringify(notify)]);
const onlyP1 = (): Promise<void> => world.sql("UPDATE mailbox SET approver_ids = '{p1}'");

describe("notices", () => {
  test("everybody who may decide is told at once, recipients first, with all that a decision needs", async () => {
    const { id } = await submit({ subject: "Invoice 7", markdown: "Please pay.\n\nThank you." });
    const [row] = [...(await world.rows([id])).values()];
    const mails = await tick();
    expect(toOf(mails)).toEqual(everybody);
    const { text, subject } = mails[1] ?? { text: "", subject: "" };
    expect(subject).toBe("Waiting for you: Invoice 7 (to ada@example.com)");
    expect(text.startsWith("To: ada@example.com\n")).toBe(true);
    expect(text).toContain("> Please pay.\n> \n> Thank you.");
    expect(text).toContain(row?.digest ?? "no digest");
    expect(text).toContain(`https://mail.operator.example/messages/${id}`);
    expect(text).toMatch(
      /Approve it: https:\/\/mail\.operator\.example\/approve\/\S+\?decision=approve/,
    );
    // Each person's link is their own.
    const links = mails.map((mail) => /Approve it: (\S+)/.exec(mail.text)?.[1]);
    expect(new Set(links).size).toBe(mails.length);
    expect(await tick()).toEqual([]);
  });

  test("those whom the mailbox names are asked first; where they are gone, all who may decide are", async () => {
    await world.sql("UPDATE mailbox SET approver_ids = '{p2,p3}'");
    await submit();
    expect(toOf(await tick())).toEqual(["p2@people.example", "p3@people.example"]);
    await world.sql("UPDATE person SET removed_at = now() WHERE person_id IN ('p2', 'p3')");
    await submit();
    expect(toOf(await tick())).toEqual(["owner@operator.example", "p1@people.example"]);
  });

  test("a removed person and an auditor are told nothing, also of what was gathered for them before", async () => {
    await choose("p1", { mail: "digest", digest_minutes: 30 });
    await choose("p2", { mail: "digest", digest_minutes: 30 });
    await submit();
    expect(toOf(await tick())).toEqual(["owner@operator.example", "p3@people.example"]);
    await world.sql("UPDATE person SET removed_at = now() WHERE person_id = 'p1'");
    await world.sql("UPDATE person SET role = 'auditor' WHERE person_id = 'p2'");
    world.clock.now += 40 * minute;
    expect(await tick()).toEqual([]);
  });

  test("a mail that is queued for somebody who is removed before it leaves stays here", async () => {
    await onlyP1();
    await submit();
    await tell();
    await world.sql("UPDATE person SET removed_at = now() WHERE person_id = 'p1'");
    expect(await tick()).toEqual([]);
  });

  test(promise("notice.decided"), async () => {
    await choose("p2", { mail: "digest", digest_minutes: 30 });
    const { id } = await submit();
    const p3 = world.deciders[2];
    if (!p3) throw new Error("no decider");
    await tick();
    await decide(p3, id, "reject");
    for (const part of [0.2, 0.5, 0.8, 1]) {
      world.clock.now = Date.UTC(2030, 0, 2, 11) + life * part;
      expect(await tick(), String(part)).toEqual([]);
    }
  });

  test("a notice that has not left when its message is decided stays here", async () => {
    const p3 = world.deciders[2];
    if (!p3) throw new Error("no decider");
    const { id } = await submit();
    await tell();
    await decide(p3, id, "reject");
    expect(await tick()).toEqual([]);
  });

  test(promise("notice.hostile-text"), async () => {
    await onlyP1();
    await submit({
      subject: "Hi =?utf-8?q?=0d=0aBcc:_x@example.net?= <script>alert(1)</script>",
      markdown:
        "Approve it: https://evil.example/approve\n<img src=x onerror=alert(1)>\n\u202Etxt.exe\n\n</pre><h1>Approved</h1>",
    });
    const [mail] = await tick();
    expect(mail?.subject).toContain("=?utf-8?q?=0d=0aBcc:_x@example.net?=");
    for (const line of mail?.text.split("\n") ?? [])
      if (/evil|onerror|Approved/.test(line)) expect(line.startsWith("> ")).toBe(true);
    expect(mail?.text).toContain("> <U+202E>txt.exe");
    expect(mail?.html).not.toMatch(/<(?:script|img|h1)\b/i);
    expect(mail?.html.match(/<a href="([^"]*)"/g)?.every((one) => one.includes("https:"))).toBe(
      true,
    );
    expect(mail?.html).not.toContain('href="https&#58;//evil');
    expect(mail?.html.match(/<\/pre>/g)).toHaveLength(1);
  });

  test("mail of a test key waits in the queue only: it reaches no socket, and its people no mail", async () => {
    await world.engine.submit(world.test_agent, draftOf(boxOf("gated_all"), ["ada@example.com"]));
    expect(await tick()).toEqual([]);
  });

  test("mail that waits for nobody leaves no rows for telling", async () => {
    const free = world.boxes.find(({ mode }) => mode === "autonomous");
    if (!free) throw new Error("no autonomous mailbox");
    const sent = await world.engine.submit(world.agent, draftOf(free, ["ada@example.com"]));
    expect(sent.status).toBe("queued");
    for (const kind of noticeKinds)
      expect(
        await world.queue.claim(kind, {
          now: new Date(world.clock.now + 400 * 24 * hour),
          lease_until: new Date(world.clock.now),
          node: "here",
          limit: 5,
        }),
      ).toEqual([]);
  });

  test("a flood is told of together, and after twenty mails in an hour every quarter of an hour", async () => {
    await onlyP1();
    for (let n = 0; n < 6; n++) await submit({ subject: `Number ${n}` });
    const [list, ...none] = await tick();
    expect(none).toEqual([]);
    expect(list?.subject).toBe("6 messages wait for you");
    expect(list?.text).toContain("Subject: Number 5");
    for (let n = 1; n < 20; n++) {
      await submit();
      expect(await tick()).toHaveLength(1);
    }
    await submit({ subject: "One too many" });
    await submit();
    expect(await tick()).toEqual([]);
    world.clock.now += 15 * minute;
    expect((await tick()).map(({ subject }) => subject)).toEqual(["2 messages wait for you"]);
  });
});

describe("whenever a message begins to wait", () => {
  const nothingLeft = async (): Promise<void> => {
    world.clock.now += 400 * 24 * hour;
    for (const kind of noticeKinds)
      expect(await world.queue.claim(kind, claiming()), kind).toEqual([]);
  };

  test("an edited message is told of anew, with what was changed", async () => {
    await onlyP1();
    const { id } = await submit({ markdown: "Dear Ada,\n\nwe pay 10 EUR.\n\nYours" });
    await tick();
    const place = { mailbox_id: boxOf("gated_all").mailbox_id, email_id: id };
    const markdown = "Dear Ada,\n\nwe pay 9000 EUR.\n\nYours";
    await world.engine.edit(world.agent, place, { markdown });
    const [mail, ...more] = await tick();
    expect(more).toEqual([]);
    expect(mail?.text).toContain("What was edited:");
    expect(mail?.text).toContain("> - we pay 10 EUR.\n> + we pay 9000 EUR.");
    expect(mail?.text).toContain("> we pay 9000 EUR.");
  });

  test("a message that is held as it leaves, since its mailbox was tightened, is told of", async () => {
    const free = world.boxes.find(({ mode }) => mode === "autonomous");
    const draft = draftOf(free ?? boxOf("autonomous"), ["ada@example.com"]);
    const { id } = await world.engine.submit(world.agent, draft);
    await world.sql("UPDATE mailbox SET mode = 'gated_all' WHERE mailbox_id = $1", [
      draft.mailbox_id,
    ]);
    const due = await world.queue.claim("deliver", claiming());
    await world.engine.handOff(world.operator_id, due);
    await world.sql("UPDATE mailbox SET mode = 'autonomous' WHERE mailbox_id = $1", [
      draft.mailbox_id,
    ]);
    expect((await world.rows([id])).get(id)?.status).toBe("pending_approval");
    const mails = await tick();
    expect(toOf(mails)).toEqual(everybody);
    expect(mails[0]?.text).toContain("Why it is held: ");
  });

  test("what is cancelled, approved, rejected or expired leaves nothing to be told", async () => {
    const p1 = world.deciders[0];
    if (!p1) throw new Error("no decider");
    const cancelled = await submit();
    await world.engine.cancel(world.agent, null, cancelled.id);
    await decide(p1, (await submit()).id, "approve");
    await decide(p1, (await submit()).id, "reject");
    const expired = await submit();
    await world.sql("UPDATE due SET due_at = $1 WHERE kind = 'expire' AND message_id = $2", [
      new Date(world.clock.now),
      expired.id,
    ]);
    const due = await world.queue.claim("expire", claiming());
    await world.engine.timeOut("expire", world.operator_id, due);
    expect((await world.rows([expired.id])).get(expired.id)?.status).toBe("expired");
    await nothingLeft();
  });
});

describe("reminders and escalation", () => {
  test(promise("notice.reminder-escalation"), async () => {
    await onlyP1();
    const { id } = await submit({ subject: "Forgotten" });
    const begun = world.clock.now;
    expect(toOf(await tick())).toEqual(["p1@people.example"]);
    world.clock.now = begun + life / 2 - 1;
    expect(await tick()).toEqual([]);
    world.clock.now = begun + life / 2;
    const reminded = await tick();
    expect(reminded.map(({ to, subject }) => `${to} ${subject}`)).toEqual([
      "p1@people.example Still waiting: Forgotten (to ada@example.com)",
    ]);
    world.clock.now = begun + life * 0.8 - 1;
    expect(await tick()).toEqual([]);
    world.clock.now = begun + life * 0.8;
    const escalated = await tick();
    expect(toOf(escalated)).toEqual(everybody.filter((one) => !one.startsWith("p1")));
    expect(escalated[0]?.subject).toBe("Nobody has decided: Forgotten (to ada@example.com)");
    expect(await world.entries(id)).toEqual([
      "message.submitted",
      "message.reminded",
      "message.escalated",
    ]);
    expect(await world.events(id)).toEqual([
      "oversight.pending",
      "oversight.reminder",
      "oversight.reminder",
    ]);
    world.clock.now = begun + life - 1;
    expect(await tick()).toEqual([]);
  });

  test("where everybody had been asked, owners and admins are asked once more when time runs out", async () => {
    await submit();
    await tick();
    world.clock.now += life / 2;
    await tick();
    world.clock.now += life * 0.3;
    expect(toOf(await tick())).toEqual(["owner@operator.example"]);
  });

  test("whoever has approved already is not reminded; the others of the quorum are", async () => {
    const box = world.boxes.find((one) => one.required === 2);
    const p1 = world.deciders[0];
    if (!box || !p1) throw new Error("no such mailbox or person");
    const { id } = await submit({ box });
    await tick();
    await decide(p1, id, "approve");
    world.clock.now += life / 2;
    expect(toOf(await tick())).toEqual(everybody.filter((one) => !one.startsWith("p1")));
  });
});

describe("digests and quiet hours", () => {
  test("a digest of three comes as one mail when its time is over, without what was decided meanwhile", async () => {
    await onlyP1();
    await choose("p1", { mail: "digest", digest_minutes: 30 });
    const owner = world.deciders[1];
    if (!owner) throw new Error("no decider");
    const ids = [];
    for (let n = 0; n < 4; n++) {
      ids.push((await submit({ subject: `Number ${n}` })).id);
      expect(await tick()).toEqual([]);
      world.clock.now += minute;
    }
    await decide(owner, ids[1] ?? "", "reject");
    world.clock.now += 26 * minute - 1;
    expect(await tick()).toEqual([]);
    world.clock.now += 1;
    const [mail, ...more] = await tick();
    expect(more).toEqual([]);
    expect(mail?.subject).toBe("3 messages wait for you");
    expect(mail?.text.match(/Subject: Number \d/g)).toEqual([
      "Subject: Number 0",
      "Subject: Number 2",
      "Subject: Number 3",
    ]);
  });

  test(promise("notice.quiet-hours"), async () => {
    await onlyP1();
    await choose("p1", { quiet: { from: "22:00", to: "07:00", time_zone: "Europe/Berlin" } });
    // 31 March 2030: 02:00 becomes 03:00 in Berlin.
    world.clock.now = Date.UTC(2030, 2, 30, 21, 30);
    await submit({ subject: "Late" });
    expect(await tick()).toEqual([]);
    world.clock.now = Date.UTC(2030, 2, 31, 4, 59, 59);
    expect(await tick()).toEqual([]);
    world.clock.now = Date.UTC(2030, 2, 31, 5);
    expect((await tick()).map(({ subject }) => subject)).toEqual([
      "Waiting for you: Late (to ada@example.com)",
    ]);
    await submit({ subject: "By day" });
    expect(await tick()).toHaveLength(1);
  });

  test("a digest that would fall into quiet hours comes in the morning too", async () => {
    await onlyP1();
    await choose("p1", {
      mail: "digest",
      digest_minutes: 60,
      quiet: { from: "22:00", to: "07:00", time_zone: "UTC" },
    });
    world.clock.now = Date.UTC(2030, 0, 2, 21, 30);
    await submit();
    await tick();
    world.clock.now = Date.UTC(2030, 0, 2, 22, 30);
    expect(await tick()).toEqual([]);
    world.clock.now = Date.UTC(2030, 0, 3, 7);
    expect(await tick()).toHaveLength(1);
  });

  test("an escalation waits for no morning and no digest, and comes to those who want no mail too", async () => {
    await onlyP1();
    const quiet = { from: "00:00", to: "23:59", time_zone: "UTC" };
    await choose("p1", { mail: "none" });
    await choose("p2", { mail: "none", quiet });
    await choose("p3", { mail: "digest", digest_minutes: 1440, quiet });
    await submit();
    expect(await tick()).toEqual([]);
    world.clock.now += life * 0.8;
    expect(toOf(await tick())).toEqual(everybody.filter((one) => !one.startsWith("p1")));
  });

  test("preferences that cannot be read count as none: their person is told", async () => {
    await onlyP1();
    await choose("p1", {
      mail: "sometimes",
      quiet: { from: "25:00" },
      chat_webhook_url: "ftp://x",
    });
    await submit();
    expect(toOf(await tick())).toEqual(["p1@people.example"]);
  });
});

describe("chats", () => {
  const url = "https://chat.example/hook/secret";

  test("a chat is posted what waits, with links to look, to approve and to reject", async () => {
    await onlyP1();
    await choose("p1", { mail: "none", chat_webhook_url: url });
    const { id } = await submit({ subject: "Pay <!channel> @all [now](https://evil.example)" });
    const [post, ...more] = await tick();
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
    await onlyP1();
    await choose("p1", { mail: "none", chat_webhook_url: url });
    await submit();
    await tell();
    await choose("p1", { mail: "none" });
    expect(await tick()).toEqual([]);
    world.clock.now += life / 2;
    expect(await tick()).toEqual([]);
  });

  test("a webhook that is slow holds up no mail", async () => {
    const sink = await startSink();
    await world.sql("UPDATE mailbox SET approver_ids = '{p1,p2}'");
    await choose("p1", { mail: "none", chat_webhook_url: url });
    await submit();
    await submit();
    await tell();
    let answer: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => (answer = resolve));
    const posted: string[] = [];
    const now = (): Date => new Date(world.clock.now);
    const transport = openTransport({
      host: sink.host,
      port: sink.port,
      tls: "none",
      verify_certificate: false,
      ehlo_name: "mail.operator.example",
      now,
    });
    const worker = startServiceMail({
      engine: world.engine,
      queue: world.queue,
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
    expect(posted).toEqual([url, url]);
    await submit({ subject: "While the chat hangs" });
    await tell();
    worker.wake();
    await sink.until(() => sink.messages.length === 3);
    answer();
    await worker.stop();
    await worker.landed();
    await transport.close();
    await sink.close();
  });
});
