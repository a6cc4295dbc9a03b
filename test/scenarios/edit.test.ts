/** Edits of mail that has not left: new digest, voided approvals, the gate asked anew, and races with everything else. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { type ModedInstance, modedInstance, overseer } from "./moded-instance.ts";
import { decideOnPage } from "./people.ts";
import { keyOf } from "./owner-keys.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const hour = 3_600_000;
const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString();
const edit = (
  box: string,
  id: string,
  change: object,
  key = it.running.known.agent_key,
): Promise<Answer> =>
  it.running.call(key, `/v1/mailboxes/${box}/emails/${id}/schedule`, change, { method: "PATCH" });
const later = (box: string, more: object = {}): Promise<Answer> =>
  it.send(box, { send_at: inFuture(hour), ...more });
const dueOf = (id: string): Promise<{ kind: string; due_at: Date }[]> =>
  it.node.as((tx) =>
    tx.named(
      "due_of_test",
      "SELECT kind, due_at FROM due WHERE message_id = $1 AND kind IN ('deliver', 'release', 'expire')",
      [id],
    ),
  );
const logOf = async (id: string): Promise<{ type: string; data: Record<string, unknown> }[]> => {
  const path = `/v1/audit-log?limit=100&resource=${id}`;
  return (await it.running.call(it.running.known.oversight_key, path)).body.entries.toReversed();
};
const letGo = (id: string): Promise<void> =>
  it.node.asOwner(
    `UPDATE message SET send_at = now() WHERE message_id = '${id}';
     UPDATE due SET due_at = now() WHERE kind = 'release' AND message_id = '${id}'`,
  );

describe("content", () => {
  test(promise("decide.edit-voids"), async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await later(box)).body;
    const before = await it.read(box, id);
    expect((await it.running.decide(id, "approve")).body.status).toBe("scheduled");
    const edited = await edit(box, id, { subject: "Other words" });
    expect(edited.status).toBe(200);
    expect(edited.body).toMatchObject({ id, status: "pending_send_approval" });
    expect(edited.body.digest).not.toBe(before.digest);
    const held = await it.read(box, id);
    expect(held).toMatchObject({
      approvals: 0,
      subject: "Other words",
      digest: edited.body.digest,
    });
    expect(held.message_id).toBe(before.message_id);
    expect((await dueOf(id)).map(({ kind }) => kind)).toEqual(["expire"]);
    const stale = await it.running.decide(id, "approve", { digest: before.digest });
    expect(stale.body.code).toBe("stale_digest");
    await it.running.decide(id, "approve", { digest: edited.body.digest });
    await letGo(id);
    const [copy] = it.copiesOf(await it.reaches(box, id, "sent"));
    expect(copy?.data.toString("latin1")).toMatch(/^Subject: Other words\r$/m);
  });

  test("recipients, text and files of pending mail change in one step; what is not named stays", async () => {
    const box = await it.mailboxIn("gated_all");
    const file = { filename: "a.txt", content: Buffer.from("file").toString("base64") };
    const sent = await it.send(box, {
      to: ['"Doe, \\"J\\"" <j@example.com>'],
      cc: ["c@example.com"],
      reply_to: "Desk <desk@example.com>",
      attachments: [file],
    });
    const { id } = sent.body;
    const edited = await edit(box, id, { cc: [], bcc: ["hidden@example.com"], markdown: "New." });
    expect(edited.body.status).toBe("pending_send_approval");
    const read = await it.read(box, id);
    expect(read).toMatchObject({
      to: ["j@example.com"],
      cc: [],
      bcc: ["hidden@example.com"],
      markdown: "New.",
      reply_to: ["desk@example.com"],
      attachments: [{ filename: "a.txt", size_bytes: 4 }],
    });
    await it.running.decide(id, "approve", { digest: edited.body.digest });
    const message = await it.reaches(box, id, "sent");
    const copies = it.copiesOf(message);
    expect(copies.map(({ to }) => to).toSorted()).toEqual(["hidden@example.com", "j@example.com"]);
    const mail = copies[0]?.data.toString("latin1") ?? "";
    expect(mail).toMatch(/^To: "Doe, \\"J\\"" <j@example.com>\r$/m);
    expect(mail).not.toContain("hidden@example.com");
    expect(mail).toContain(file.content);
    const edits = (await logOf(id)).filter(({ type }) => type === "message.edited");
    expect(edits).toHaveLength(1);
    expect(edits[0]?.data).toMatchObject({
      digest: edited.body.digest,
      status: "pending_approval",
      content: { to: [expect.any(String), expect.any(String)] },
    });
  });

  test("an edit that changes nothing leaves digest, approvals and log as they were", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await later(box)).body;
    await it.running.decide(id, "approve");
    const before = await it.read(box, id);
    const entries = (await logOf(id)).length;
    const same = {
      to: "ada@example.com",
      subject: "A test",
      markdown: "Some *text*.",
      attachments: [],
      send_at: before.send_at,
    };
    expect((await edit(box, id, same)).body).toMatchObject({
      status: "scheduled",
      digest: before.digest,
    });
    expect(await it.read(box, id)).toEqual(before);
    expect(await logOf(id)).toHaveLength(entries);
  });

  test(promise("gate.editor-never-decides"), async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await it.send(box)).body;
    const [row] = await it.node.as((tx) =>
      tx.named<{ person_id: string }>("a_person", "SELECT person_id FROM person LIMIT 1", []),
    );
    const admin = await it.node.engine.authenticate(it.running.known.admin_key);
    if (!admin || !row) throw new Error("no admin");
    // The admin's key in the owner's name: it is the owner who edits.
    await it.node.engine.edit(
      { ...admin, person_id: row.person_id },
      { mailbox_id: box, email_id: id },
      { subject: "Edited by the owner" },
    );
    const message = await it.read(box, id);
    // Neither on the page nor by the key that is theirs too.
    expect(await decideOnPage(it.running, it.cookie, message, "approve")).not.toBe(303);
    const byKey = await it.running.decide(id, "approve", { digest: message.digest });
    expect(byKey.body.code).toBe("self_approval");
    expect(await it.read(box, id)).toMatchObject({ status: "pending_send_approval", approvals: 0 });
  });

  test("an edit to somebody who is suppressed, to nobody, or of another digest is refused", async () => {
    const box = await it.mailboxIn("gated_all");
    const first = await it.send(box, { to: ["left@example.com"] });
    await it.running.decide(first.body.id, "approve");
    await it.reaches(box, first.body.id, "sent");
    await it.unsubscribe(box, first.body.id, "left@example.com");
    const { id } = (await it.send(box)).body;
    const before = await it.read(box, id);
    for (const [change, code, field] of [
      [{ cc: ["left@example.com"] }, "recipient_suppressed", "cc[0]"],
      [{ to: [] }, "validation_failed", "to"],
      [{ to: ["no address"] }, "validation_failed", "to[0]"],
      [{ subject: "" }, "validation_failed", "subject"],
      [{ subject: "x", digest: "0".repeat(64) }, "stale_digest", "digest"],
      [{ gate_timing: "schedule_first" }, "validation_failed", "gate_timing"],
      [{ send_at: inFuture(-hour) }, "validation_failed", "send_at"],
    ] as const)
      expect((await edit(box, id, change)).body, JSON.stringify(change)).toMatchObject({
        code,
        field,
      });
    expect(await it.read(box, id)).toEqual(before);
  });
});

describe("scheduled mail", () => {
  test("edited in an autonomous mailbox it waits on; on a gated one's allowlist a stranger brings the gate back", async () => {
    const free = await it.mailboxIn("autonomous");
    const one = (await later(free)).body.id;
    expect((await edit(free, one, { markdown: "Other." })).body.status).toBe("scheduled");
    expect((await dueOf(one)).map(({ kind }) => kind)).toEqual(["release"]);
    await letGo(one);
    const [copy] = it.copiesOf(await it.reaches(free, one, "sent"));
    expect(copy?.data.toString("latin1")).toContain("Other.");

    const gated = await it.mailboxIn("gated_send");
    await it.allow(gated, "ada@example.com");
    const two = (await later(gated)).body.id;
    expect((await it.read(gated, two)).status).toBe("scheduled");
    const edited = await edit(gated, two, { bcc: ["stranger@example.com"] });
    expect(edited.body.status).toBe("pending_send_approval");
    // And without the stranger it is still a person's to decide.
    expect((await edit(gated, two, { bcc: [] })).body.status).toBe("pending_send_approval");
  });

  test("under a mode lowered since, an edit asks the stricter one", async () => {
    const box = await it.mailboxIn("autonomous");
    const { id } = (await later(box)).body;
    await it.lower(box, "gated_all");
    expect((await edit(box, id, { markdown: "Other." })).body.status).toBe("pending_send_approval");
    await it.lower(box, "read_only");
    expect((await edit(box, id, { markdown: "Again." })).body.code).toBe("mode_forbids_send");
  });

  test("a monitored message keeps its overseer through edits of its recipients", async () => {
    const box = await it.mailboxIn("monitored");
    const { id } = (await later(box)).body;
    await edit(box, id, { to: ["grace@example.com"] });
    await letGo(id);
    const message = await it.reaches(box, id, "sent");
    expect(
      it
        .copiesOf(message)
        .map(({ to }) => to)
        .toSorted(),
    ).toEqual(["grace@example.com", overseer]);
  });

  test("another time alone keeps the approvals, and moves the release", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await later(box)).body;
    const { digest } = await it.read(box, id);
    await it.running.decide(id, "approve");
    const send_at = inFuture(1500);
    const moved = await edit(box, id, { send_at });
    expect(moved.body).toMatchObject({ status: "scheduled", send_at, digest });
    expect((await it.read(box, id)).approvals).toBe(1);
    const message = await it.reaches(box, id, "sent");
    expect(Date.parse(message.recipients[0].receipt.at)).toBeGreaterThanOrEqual(
      Date.parse(send_at),
    );
    expect((await logOf(id)).map(({ type }) => type)).toContain("message.rescheduled");
  });

  test("an earlier time does not shorten the undo window of a person's approval", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await later(box)).body;
    await decideOnPage(it.running, it.cookie, await it.read(box, id), "approve");
    const approved = Date.now();
    await edit(box, id, { send_at: inFuture(0) });
    const [due] = await dueOf(id);
    expect(due?.kind).toBe("release");
    // Ten seconds, as the mailbox says; a claim would have moved it by a minute.
    expect(due?.due_at.getTime()).toBeGreaterThan(approved + 5000);
    expect(due?.due_at.getTime()).toBeLessThan(approved + 15_000);
    expect((await it.read(box, id)).status).toBe("scheduled");
  });
});

describe("what may not be edited", () => {
  test("mail that left, ended, is a live one to a test key, or lies elsewhere", async () => {
    const box = await it.mailboxIn("autonomous");
    const sent = (await it.send(box)).body.id;
    await it.reaches(box, sent, "sent");
    const cancelled = (await later(box)).body.id;
    await it.running.call(
      it.running.known.agent_key,
      `/v1/mailboxes/${box}/emails/${cancelled}/cancel`,
      {},
    );
    for (const id of [sent, cancelled])
      for (const change of [{ subject: "x" }, { send_at: inFuture(hour) }, {}])
        expect((await edit(box, id, change)).body.code).toBe("not_editable");
    it.sink.fault("mail", "tempfail");
    const deferred = (await it.send(box)).body.id;
    await it.deferred(box, deferred);
    expect((await edit(box, deferred, { subject: "x" })).body.code).toBe("not_editable");
    it.sink.heal();
    const made = await keyOf(it.node, ["read", "send"], { test: true });
    const { id } = (await later(box)).body;
    expect((await edit(box, id, { subject: "x" }, made)).body.code).toBe("test_key");
    const other = await it.mailboxIn("autonomous");
    expect((await edit(other, id, { subject: "x" })).status).toBe(404);
    const stranger = (await it.node.found("editor")).agent_key;
    expect((await edit(box, id, { subject: "x" }, stranger)).status).toBe(404);
  });
});

describe("at the same moment", () => {
  test(promise("gate.edit-races"), async () => {
    const box = await it.mailboxIn("gated_all");
    const ids = await Promise.all(
      Array.from({ length: 25 }, async () => String((await it.send(box)).body.id)),
    );
    await Promise.all(
      ids.map(async (id, i) => {
        const before = await it.read(box, id);
        const [edited, decided] = await Promise.all(
          i % 2 === 0
            ? [
                edit(box, id, { subject: "Edited" }),
                it.running.decide(id, "approve", { digest: before.digest }),
              ]
            : [
                edit(box, id, { to: ["eve@example.com"] }),
                it.running.decide(id, "approve", { digest: before.digest }),
              ],
        );
        if (edited.status === 200) {
          // The approval came too late, or was voided: either way nothing leaves.
          expect(await it.read(box, id)).toMatchObject({
            status: "pending_send_approval",
            approvals: 0,
            digest: edited.body.digest,
          });
          expect([200, 409]).toContain(decided.status);
        } else {
          expect(edited.body.code).toBe("not_editable");
          expect(decided.status).toBe(200);
          const message = await it.reaches(box, id, "sent");
          expect(message.digest).toBe(before.digest);
        }
      }),
    );
  });

  test("two edits both count, one after the other", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await it.send(box)).body;
    const answers = await Promise.all([
      edit(box, id, { subject: "By one" }),
      edit(box, id, { markdown: "By the other." }),
      edit(box, id, { cc: ["third@example.com"] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await it.read(box, id)).toMatchObject({
      subject: "By one",
      markdown: "By the other.",
      cc: ["third@example.com"],
    });
    // Of two who read the same content, one is told that it changed.
    const { digest } = await it.read(box, id);
    const both = await Promise.all([
      edit(box, id, { subject: "First", digest }),
      edit(box, id, { subject: "Second", digest }),
    ]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  test("an edit against the release: what left is whole, the old or the new", async () => {
    const box = await it.mailboxIn("autonomous");
    const at = new Date(Date.now() + 1200).toISOString();
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => String((await it.send(box, { send_at: at })).body.id)),
    );
    while ((await it.read(box, ids[0] ?? "")).status === "scheduled");
    await Promise.all(
      ids.map(async (id) => {
        const answer = await edit(box, id, { subject: "Edited", to: ["eve@example.com"] });
        const message = await it.reaches(box, id, "sent");
        const [copy, more] = it.copiesOf(message);
        expect(more).toBeUndefined();
        const edited = answer.status === 200;
        if (!edited) expect(answer.body.code).toBe("not_editable");
        expect(copy?.to).toBe(edited ? "eve@example.com" : "ada@example.com");
        expect(copy?.data.toString("latin1").includes("Subject: Edited\r\n")).toBe(edited);
      }),
    );
  });
});
