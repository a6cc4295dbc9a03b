/** Who is told of mail that waits, when, and in which words: the real engine and database, by a clock that only the test moves. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { noticeKinds } from "../../src/engine/notices.ts";
import { promise } from "../promises.ts";
import { draftOf } from "../simulation/engine-calls.ts";
import { type Telling, everybody, hour, life, minute, openTelling, toOf } from "./telling.ts";

let telling: Telling;
beforeAll(async () => {
  telling = await openTelling();
});
afterAll(() => telling.world.close());
beforeEach(() => telling.reset());

describe("notices", () => {
  test("everybody who may decide is told at once, recipients first, with all that a decision needs", async () => {
    const { id } = await telling.submit({
      subject: "Invoice 7",
      markdown: "Please pay.\n\nThank you.",
    });
    const [row] = [...(await telling.world.rows([id])).values()];
    const mails = await telling.tick();
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
    expect(await telling.tick()).toEqual([]);
  });

  test("those whom the mailbox names are asked first; where they are gone, all who may decide are", async () => {
    await telling.name(["p2", "p3"]);
    await telling.submit();
    expect(toOf(await telling.tick())).toEqual(["p2@people.example", "p3@people.example"]);
    await telling.world.sql("UPDATE person SET removed_at = now() WHERE person_id IN ('p2', 'p3')");
    await telling.submit();
    expect(toOf(await telling.tick())).toEqual(["owner@operator.example", "p1@people.example"]);
  });

  test("a removed person and an auditor are told nothing, also of what was gathered for them before", async () => {
    await telling.choose("p1", { mail: "digest", digest_minutes: 30 });
    await telling.choose("p2", { mail: "digest", digest_minutes: 30 });
    await telling.submit();
    expect(toOf(await telling.tick())).toEqual(["owner@operator.example", "p3@people.example"]);
    await telling.world.sql("UPDATE person SET removed_at = now() WHERE person_id = 'p1'");
    await telling.world.sql("UPDATE person SET role = 'auditor' WHERE person_id = 'p2'");
    telling.world.clock.now += 40 * minute;
    expect(await telling.tick()).toEqual([]);
  });

  test("a mail that is queued for somebody who is removed before it leaves stays here", async () => {
    await telling.onlyP1();
    await telling.submit();
    await telling.tell();
    await telling.world.sql("UPDATE person SET removed_at = now() WHERE person_id = 'p1'");
    expect(await telling.tick()).toEqual([]);
  });

  test(promise("notice.decided"), async () => {
    await telling.choose("p2", { mail: "digest", digest_minutes: 30 });
    const { id } = await telling.submit();
    const p3 = telling.world.deciders[2];
    if (!p3) throw new Error("no decider");
    await telling.tick();
    await telling.decide(p3, id, "reject");
    for (const part of [0.2, 0.5, 0.8, 1]) {
      telling.world.clock.now = Date.UTC(2030, 0, 2, 11) + life * part;
      expect(await telling.tick(), String(part)).toEqual([]);
    }
  });

  test("a notice that has not left when its message is decided stays here", async () => {
    const p3 = telling.world.deciders[2];
    if (!p3) throw new Error("no decider");
    const { id } = await telling.submit();
    await telling.tell();
    await telling.decide(p3, id, "reject");
    expect(await telling.tick()).toEqual([]);
  });

  test(promise("notice.hostile-text"), async () => {
    await telling.onlyP1();
    await telling.submit({
      subject: "Hi =?utf-8?q?=0d=0aBcc:_x@example.net?= <script>alert(1)</script>",
      markdown:
        "Approve it: https://evil.example/approve\n<img src=x onerror=alert(1)>\n\u202Etxt.exe\n\n</pre><h1>Approved</h1>",
    });
    const [mail] = await telling.tick();
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
    await telling.world.engine.submit(
      telling.world.test_agent,
      draftOf(telling.boxOf("gated_all"), ["ada@example.com"]),
    );
    expect(await telling.tick()).toEqual([]);
  });

  test("mail that waits for nobody leaves no rows for telling", async () => {
    const free = telling.world.boxes.find(({ mode }) => mode === "autonomous");
    if (!free) throw new Error("no autonomous mailbox");
    const sent = await telling.world.engine.submit(
      telling.world.agent,
      draftOf(free, ["ada@example.com"]),
    );
    expect(sent.status).toBe("queued");
    for (const kind of noticeKinds)
      expect(
        await telling.world.queue.claim(kind, {
          now: new Date(telling.world.clock.now + 400 * 24 * hour),
          lease_until: new Date(telling.world.clock.now),
          node: "here",
          limit: 5,
        }),
      ).toEqual([]);
  });

  test("a flood is told of together, and after twenty mails in an hour every quarter of an hour", async () => {
    await telling.onlyP1();
    for (let n = 0; n < 6; n++) await telling.submit({ subject: `Number ${n}` });
    const [list, ...none] = await telling.tick();
    expect(none).toEqual([]);
    expect(list?.subject).toBe("6 messages wait for you");
    expect(list?.text).toContain("Subject: Number 5");
    for (let n = 1; n < 20; n++) {
      await telling.submit();
      expect(await telling.tick()).toHaveLength(1);
    }
    await telling.submit({ subject: "One too many" });
    await telling.submit();
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now += 15 * minute;
    expect((await telling.tick()).map(({ subject }) => subject)).toEqual([
      "2 messages wait for you",
    ]);
  });
});

describe("whenever a message begins to wait", () => {
  const nothingLeft = async (): Promise<void> => {
    telling.world.clock.now += 400 * 24 * hour;
    for (const kind of noticeKinds)
      expect(await telling.world.queue.claim(kind, telling.claiming()), kind).toEqual([]);
  };

  test("an edited message is told of anew, with what was changed", async () => {
    await telling.onlyP1();
    const { id } = await telling.submit({ markdown: "Dear Ada,\n\nwe pay 10 EUR.\n\nYours" });
    await telling.tick();
    const place = { mailbox_id: telling.boxOf("gated_all").mailbox_id, email_id: id };
    const markdown = "Dear Ada,\n\nwe pay 9000 EUR.\n\nYours";
    await telling.world.engine.edit(telling.world.agent, place, { markdown });
    const [mail, ...more] = await telling.tick();
    expect(more).toEqual([]);
    expect(mail?.text).toContain("What was edited:");
    expect(mail?.text).toContain("> - we pay 10 EUR.\n> + we pay 9000 EUR.");
    expect(mail?.text).toContain("> we pay 9000 EUR.");
  });

  test("a message that is held as it leaves, since its mailbox was tightened, is told of", async () => {
    const free = telling.world.boxes.find(({ mode }) => mode === "autonomous");
    const draft = draftOf(free ?? telling.boxOf("autonomous"), ["ada@example.com"]);
    const { id } = await telling.world.engine.submit(telling.world.agent, draft);
    await telling.world.sql("UPDATE mailbox SET mode = 'gated_all' WHERE mailbox_id = $1", [
      draft.mailbox_id,
    ]);
    const due = await telling.world.queue.claim("deliver", telling.claiming());
    await telling.world.engine.handOff(telling.world.operator_id, due);
    await telling.world.sql("UPDATE mailbox SET mode = 'autonomous' WHERE mailbox_id = $1", [
      draft.mailbox_id,
    ]);
    expect((await telling.world.rows([id])).get(id)?.status).toBe("pending_approval");
    const mails = await telling.tick();
    expect(toOf(mails)).toEqual(everybody);
    expect(mails[0]?.text).toContain("Why it is held: ");
  });

  test("held because passkeys are asked for by now: who approved signed in is asked again", async () => {
    await telling.onlyP1();
    const { world } = telling;
    const p1 = world.deciders[0];
    if (!p1) throw new Error("no decider");
    const { id } = await telling.submit();
    await telling.tick();
    await telling.decide(p1, id, "approve");
    await world.sql("UPDATE mailbox SET passkey_required = true");
    world.clock.now += minute;
    const released = await world.queue.claim("release", telling.claiming());
    await world.engine.timeOut("release", world.operator_id, released);
    const due = await world.queue.claim("deliver", telling.claiming());
    await world.engine.handOff(world.operator_id, due);
    await world.sql("UPDATE mailbox SET passkey_required = false");
    expect((await world.rows([id])).get(id)?.status).toBe("pending_approval");
    expect(toOf(await telling.tick())).toEqual(["p1@people.example"]);
  });

  test("what is cancelled, approved, rejected or expired leaves nothing to be told", async () => {
    const p1 = telling.world.deciders[0];
    if (!p1) throw new Error("no decider");
    const cancelled = await telling.submit();
    await telling.world.engine.cancel(telling.world.agent, null, cancelled.id);
    await telling.decide(p1, (await telling.submit()).id, "approve");
    await telling.decide(p1, (await telling.submit()).id, "reject");
    const expired = await telling.submit();
    await telling.world.sql(
      "UPDATE due SET due_at = $1 WHERE kind = 'expire' AND message_id = $2",
      [new Date(telling.world.clock.now), expired.id],
    );
    const due = await telling.world.queue.claim("expire", telling.claiming());
    await telling.world.engine.timeOut("expire", telling.world.operator_id, due);
    expect((await telling.world.rows([expired.id])).get(expired.id)?.status).toBe("expired");
    await nothingLeft();
  });
});

describe("why a message is held", () => {
  const why = "Why it is held: held by the rule 'Big refunds'";
  /** What each notice since says of it. */
  const told = async (): Promise<string[]> =>
    (await telling.tick()).map(({ text }) => /^Why it is held: .*$/m.exec(text)?.[0] ?? "nothing");
  beforeEach(async () => {
    const rule = { mailbox_id: null, match: {}, outcome: "hold", required: null } as const;
    const { admin, world } = telling;
    const named = { ...rule, name: "Big refunds" };
    const { policy_id } = await world.engine.createPolicy(admin(), named);
    return async () => void (await world.engine.revokePolicy(admin(), policy_id));
  });

  test("stays said while votes are missing, whatever an approver writes", async () => {
    const box = telling.world.boxes.find((one) => one.required === 2);
    const p1 = telling.world.deciders[0];
    if (!box || !p1) throw new Error("no such mailbox or person");
    const { id } = await telling.submit({ box });
    expect(await told()).toEqual(everybody.map(() => why));
    const request = { email_id: id, decision: "approve", reason: "ok for me" } as const;
    await telling.world.engine.decide(p1, [request]);
    telling.world.clock.now += life / 2;
    expect(await told()).toEqual([why, why, why]);
  });

  test("is said again when what was approved is pulled back", async () => {
    await telling.onlyP1();
    const p1 = telling.world.deciders[0];
    if (!p1) throw new Error("no decider");
    const { id } = await telling.submit();
    await telling.tick();
    const request = { email_id: id, decision: "approve", reason: "ok for me" } as const;
    await telling.world.engine.decide(p1, [request]);
    await telling.world.engine.undo(p1, id);
    expect(await told()).toEqual([why]);
  });

  test("is said where the wait for its time comes before the gate", async () => {
    await telling.onlyP1();
    const { world } = telling;
    const draft = {
      ...draftOf(telling.boxOf("gated_all"), ["ada@example.com"]),
      send_at: new Date(world.clock.now + hour).toISOString(),
      gate_timing: "schedule_first",
    } as const;
    expect((await world.engine.submit(world.agent, draft)).status).toBe("scheduled");
    world.clock.now += hour;
    const due = await world.queue.claim("release", telling.claiming());
    await world.engine.timeOut("release", world.operator_id, due);
    expect(await told()).toEqual([why]);
  });
});

describe("reminders and escalation", () => {
  test(promise("notice.reminder-escalation"), async () => {
    await telling.onlyP1();
    const { id } = await telling.submit({ subject: "Forgotten" });
    const begun = telling.world.clock.now;
    expect(toOf(await telling.tick())).toEqual(["p1@people.example"]);
    telling.world.clock.now = begun + life / 2 - 1;
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now = begun + life / 2;
    const reminded = await telling.tick();
    expect(reminded.map(({ to, subject }) => `${to} ${subject}`)).toEqual([
      "p1@people.example Still waiting: Forgotten (to ada@example.com)",
    ]);
    telling.world.clock.now = begun + life * 0.8 - 1;
    expect(await telling.tick()).toEqual([]);
    telling.world.clock.now = begun + life * 0.8;
    const escalated = await telling.tick();
    expect(toOf(escalated)).toEqual(everybody.filter((one) => !one.startsWith("p1")));
    expect(escalated[0]?.subject).toBe("Nobody has decided: Forgotten (to ada@example.com)");
    expect(await telling.world.entries(id)).toEqual([
      "message.submitted",
      "message.reminded",
      "message.escalated",
    ]);
    expect(await telling.world.events(id)).toEqual([
      "oversight.pending",
      "oversight.reminder",
      "oversight.reminder",
    ]);
    telling.world.clock.now = begun + life - 1;
    expect(await telling.tick()).toEqual([]);
  });

  test("where everybody had been asked, owners and admins are asked once more when time runs out", async () => {
    await telling.submit();
    await telling.tick();
    telling.world.clock.now += life / 2;
    await telling.tick();
    telling.world.clock.now += life * 0.3;
    expect(toOf(await telling.tick())).toEqual(["owner@operator.example"]);
  });

  test("whoever has approved already is not reminded; the others of the quorum are", async () => {
    const box = telling.world.boxes.find((one) => one.required === 2);
    const p1 = telling.world.deciders[0];
    if (!box || !p1) throw new Error("no such mailbox or person");
    const { id } = await telling.submit({ box });
    await telling.tick();
    await telling.decide(p1, id, "approve");
    telling.world.clock.now += life / 2;
    expect(toOf(await telling.tick())).toEqual(everybody.filter((one) => !one.startsWith("p1")));
  });
});
