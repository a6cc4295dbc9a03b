/** Feedback on mail that really left: bounces, complaints and absence notes, believed only with our own token. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Copy, type SentOut, arf, dsn, sentOut } from "./sent-out.ts";

let out: SentOut;

beforeAll(async () => {
  out = await sentOut();
});
afterAll(() => out?.stop());

let counter = 0;
const somebody = (): string => `person${counter++}@example.net`;

const one = async (to = somebody()): Promise<Copy> => {
  const [copy] = await out.send(to);
  if (!copy) throw new Error("nothing left");
  return copy;
};

/** Hands a report in from the null sender and waits until it has been opened up. */
async function comesBack(to: string, report: string): Promise<void> {
  expect(await out.mail.raw("", to, report)).toMatch(/^250 /);
  await out.opened();
}

const types = async (id: string): Promise<string[]> =>
  (await out.events(id)).map(({ type }) => type);

/** The mailbox's received mail about a subject. */
const kept = async (subject: string): Promise<{ kind: string; thread_id: string; id: string }[]> =>
  (await out.mail.inbox()).filter((message) => message.subject === subject);

describe("a bounce to the return path", () => {
  test("of a recipient who does not exist ends the message and suppresses", async () => {
    const copy = await one();
    expect(copy.path).toMatch(/^[0-9a-z]{64}@bounces\.multimail\.localhost$/);
    await comesBack(copy.path, dsn(copy));
    const body = await out.read(copy.id);
    expect(body.status).toBe("bounced");
    expect(body.recipients).toMatchObject([{ status: "bounced" }]);
    expect(body.reason).toContain("no such user");
    expect(await out.suppressed(copy.to)).toBe(true);
    expect(await types(copy.id)).toEqual([
      "message.queued",
      "message.sent",
      "message.bounced",
      "suppression.added",
    ]);
    expect(await out.entries(copy.id)).toContain("message.reported");
    expect(await out.entries(copy.id)).toContain("suppression.added");
    const again = await out.running.send({ to: [copy.to.toUpperCase()] });
    expect(again).toMatchObject({ status: 422, body: { code: "recipient_suppressed" } });
  });

  test("by which nobody is dead bounces and suppresses nobody", async () => {
    for (const [status, diagnostic] of [
      ["5.2.2", "552 5.2.2 mailbox full"],
      ["5.7.1", "554 5.7.1 message refused by policy"],
      ["5.7.1", "554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org"],
      ["4.4.1", "connection timed out"],
    ]) {
      const copy = await one();
      await comesBack(copy.path, dsn(copy, { status: status ?? "", diagnostic: diagnostic ?? "" }));
      expect((await out.read(copy.id)).status, diagnostic).toBe("bounced");
      expect(await out.suppressed(copy.to), diagnostic).toBe(false);
    }
  });

  test("that tells of a delay is an event and no more, also with hard words", async () => {
    const copy = await one();
    await comesBack(copy.path, dsn(copy, { action: "delayed", status: "4.4.1" }));
    await comesBack(copy.path, dsn(copy, { action: "delayed", status: "5.1.1" }));
    expect(await out.read(copy.id)).toMatchObject({ status: "sent" });
    expect(await out.suppressed(copy.to)).toBe(false);
    expect(await types(copy.id)).toEqual([
      "message.queued",
      "message.sent",
      "message.deferred",
      "message.deferred",
    ]);
  });

  test("that tells of a delay is one event and one entry, however often it comes", async () => {
    const [copy, other] = [await one(), await one()];
    const report = dsn(copy, { action: "delayed", status: "4.4.1" });
    for (let i = 0; i < 3; i++) await comesBack(copy.path, report);
    const events = await types(copy.id);
    expect(events.filter((type) => type === "message.deferred")).toHaveLength(1);
    const entries = await out.entries(copy.id);
    expect(entries.filter((type) => type === "message.reported")).toHaveLength(1);
    // Another copy is told of by the same words, and the end of the same copy by others.
    await comesBack(other.path, report);
    expect(await types(other.id)).toContain("message.deferred");
    await comesBack(copy.path, dsn(copy));
    expect((await out.read(copy.id)).status).toBe("bounced");
  });

  test("that tells of success makes it delivered", async () => {
    const copy = await one();
    await comesBack(copy.path, dsn(copy, { action: "delivered", status: "2.0.0" }));
    expect(await out.read(copy.id)).toMatchObject({
      status: "delivered",
      recipients: [{ status: "delivered" }],
    });
    expect((await types(copy.id)).at(-1)).toBe("message.delivered");
  });

  test("counts once, however often it comes", async () => {
    const copy = await one();
    const report = dsn(copy);
    for (let i = 0; i < 3; i++) await comesBack(copy.path, report);
    await comesBack(copy.path, dsn(copy));
    const events = await types(copy.id);
    expect(events.filter((type) => type === "message.bounced")).toHaveLength(1);
    expect(events.filter((type) => type === "suppression.added")).toHaveLength(1);
  });

  test("of one recipient leaves the others as they are", async () => {
    const people = [somebody(), somebody(), somebody()];
    const copies = await out.send(people);
    expect(new Set(copies.map(({ path }) => path)).size).toBe(3);
    const [, second] = copies;
    if (!second) throw new Error("no second copy");
    await comesBack(second.path, dsn(second));
    const body = await out.read(second.id);
    expect(body.status).toBe("sent");
    expect(body.recipients.map(({ status }: { status: string }) => status)).toEqual([
      "sent",
      "bounced",
      "sent",
    ]);
    for (const { to } of copies) expect(await out.suppressed(to)).toBe(to === second.to);
  });
});

describe("a bounce without our token", () => {
  test("to the mailbox, or to a return path with a changed character, changes nothing", async () => {
    const copy = await one();
    const { mailbox_address } = out.running.known;
    const forged = dsn(copy).replace(/^Subject: .*$/m, "Subject: A forged bounce");
    await comesBack(mailbox_address, forged);
    const other = dsn(copy).replace(/^Subject: .*$/m, "Subject: Another forged bounce");
    await comesBack("postmaster@multimail.localhost", other);
    for (const at of [0, 30, 53, 60, 63]) {
      const changed = copy.path[at] === "7" ? "8" : "7";
      const path = copy.path.slice(0, at) + changed + copy.path.slice(at + 1);
      expect(await out.mail.raw("", path, forged)).toMatch(/^550 5\.1\.1 /);
    }
    expect(await out.read(copy.id)).toMatchObject({ status: "sent" });
    expect(await out.suppressed(copy.to)).toBe(false);
    expect(await types(copy.id)).toEqual(["message.queued", "message.sent"]);
    expect(await kept("A forged bounce")).toMatchObject([{ kind: "bounce" }]);
    expect(await kept("Another forged bounce")).toMatchObject([{ kind: "bounce" }]);
  });

  test("of another operator's copy is not taken at our domain", async () => {
    const copy = await one();
    await out.node.found("elsewhere");
    expect(
      await out.mail.raw(
        "",
        copy.path.replace("multimail.localhost", "elsewhere.example"),
        dsn(copy),
      ),
    ).toMatch(/^550 /);
  });
});

describe("a complaint", () => {
  test("to the return path, or to fbl@ and abuse@ with our token in what it returns, suppresses", async () => {
    for (const to of [null, "fbl@multimail.localhost", "Abuse@multimail.localhost"]) {
      const copy = await one();
      expect(copy.token).toHaveLength(80);
      await comesBack(to ?? copy.path, arf(copy));
      const body = await out.read(copy.id);
      expect(body.complained_at, to ?? "return path").not.toBeNull();
      expect(body.status).toBe("sent");
      expect(await out.suppressed(copy.to)).toBe(true);
      expect((await types(copy.id)).slice(2)).toEqual(["message.complained", "suppression.added"]);
      expect(await out.entries(copy.id)).toContain("message.complained");
      // A complaint of a hundred is more than the rule of 0.3 % bears; it must not stop the next round.
      await out.node.asOwner("UPDATE mailbox_day SET complained = 0");
      await out.node.asOwner("UPDATE mailbox SET paused_at = NULL, paused_reason = NULL");
    }
  });

  test("that names no copy of ours is mail to be read", async () => {
    const copy = await one();
    const forged = { ...copy, data: copy.data.replaceAll(copy.token, "0".repeat(80)) };
    const report = arf(forged).replace("Subject: FW: report", "Subject: FW: a forged report");
    await comesBack("fbl@multimail.localhost", report);
    expect(await out.suppressed(copy.to)).toBe(false);
    expect(await kept("FW: a forged report")).toMatchObject([{ kind: "complaint" }]);
  });

  test("about a message that has not left is none", async () => {
    const copy = await one();
    const { body } = await out.running.send({
      to: [somebody()],
      send_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const { unsubscribeToken } = await import("../../src/engine/unsubscribe-token.ts");
    const token = unsubscribeToken(out.node.context.unsubscribe_key, {
      operator_id: out.node.operator_id,
      message_id: body.id,
      position: 0,
    });
    await comesBack(
      "fbl@multimail.localhost",
      arf({ ...copy, data: copy.data.replaceAll(copy.token, token) }),
    );
    expect((await out.read(body.id)).complained_at).toBeNull();
  });

  test("that takes it back, or tells of authentication, suppresses nobody", async () => {
    for (const type of ["not-spam", "auth-failure"]) {
      const copy = await one();
      await comesBack(copy.path, arf(copy, type));
      expect(await out.suppressed(copy.to)).toBe(false);
      expect((await out.read(copy.id)).complained_at).toBeNull();
    }
  });
});

describe("what a person's mail system answers", () => {
  test("an absence note to the return path is in the thread, as an automatic reply, and suppresses nobody", async () => {
    const copy = await one();
    const note = [
      `From: <${copy.to}>`,
      "Subject: Out of office: away until Monday",
      "Auto-Submitted: auto-replied",
      "X-Auto-Response-Suppress: All",
      "",
      "I am out of the office until Monday.",
      "",
    ].join("\r\n");
    await comesBack(copy.path, note);
    expect(await kept("Out of office: away until Monday")).toMatchObject([
      { kind: "auto_reply", thread_id: copy.thread_id },
    ]);
    expect(await out.suppressed(copy.to)).toBe(false);
    expect((await out.read(copy.id)).status).toBe("sent");
  });
});
