/** The outbound scan in the flow: what it blocks never leaves, what it holds waits for a person, whatever the mode. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const blocked = { markdown: `The key is mm_live_${"Ab3".repeat(14)}d, keep it.` };
const held = { markdown: "My card is 4111 1111 1111 1111, thanks." };
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();
const edit = (box: string, id: string, change: object): Promise<Answer> =>
  it.running.call(
    it.running.known.agent_key,
    `/v1/mailboxes/${box}/emails/${id}/schedule`,
    change,
    { method: "PATCH" },
  );
const screeningOf = async (id: string): Promise<unknown> => {
  const [row] = await it.node.as((tx) =>
    tx.named<{ screening: unknown }>(
      "screening_of",
      "SELECT screening FROM message WHERE message_id = $1",
      [id],
    ),
  );
  return row?.screening;
};

describe("the outbound scan", () => {
  test("blocks what nobody mails on purpose, in every mode, and says why", async () => {
    for (const mode of ["gated_all", "autonomous"] as const) {
      const box = await it.mailboxIn(mode);
      const sent = await it.send(box, blocked);
      expect(sent.status).toBe(202);
      expect(sent.body).toMatchObject({
        status: "blocked",
        reason: expect.stringContaining("MultiMail key"),
      });
      expect(sent.body.reason).not.toContain("Ab3Ab3Ab3");
      const message = await it.read(box, sent.body.id);
      expect(message).toMatchObject({ status: "blocked", reason: sent.body.reason });
      expect((await it.running.decide(sent.body.id, "approve")).body.code).toBe("not_pending");
      expect(it.copiesOf(message)).toEqual([]);
      expect(await screeningOf(sent.body.id)).toMatchObject({
        verdict: "block",
        findings: [{ rule: "own_keys", action: "block" }],
      });
      const events = await it.node.as((tx) =>
        tx.named<{ type: string }>("events_of", "SELECT type FROM event WHERE message_id = $1", [
          sent.body.id,
        ]),
      );
      expect(events).toEqual([{ type: "message.failed" }]);
    }
  });

  test("holds for a person what a person can judge, also in an autonomous mailbox", async () => {
    const box = await it.mailboxIn("autonomous");
    const sent = await it.send(box, held);
    expect(sent.body).toMatchObject({
      status: "pending_send_approval",
      reason: expect.stringContaining("card number"),
    });
    await it.running.decide(sent.body.id, "approve");
    const [copy] = it.copiesOf(await it.reaches(box, sent.body.id, "sent"));
    // A person let it go: it is not called automatic.
    expect(copy?.data.toString("latin1")).not.toMatch(/^Auto-Submitted:/im);
    const clean = await it.send(box);
    expect(clean.body).toMatchObject({ status: "queued" });
    expect(clean.body).not.toHaveProperty("reason");
    expect(await screeningOf(clean.body.id)).toMatchObject({ verdict: "pass", findings: [] });
  });

  test("a mailbox's own policy is asked, and an action that nobody knows holds", async () => {
    const box = await it.mailboxIn("autonomous");
    const policy = (value: object): Promise<void> =>
      it.node.asOwner(
        `UPDATE mailbox SET scan_policy = '${JSON.stringify(value)}' WHERE mailbox_id = '${box}'`,
      );
    await policy({ cards: "mark" });
    expect((await it.send(box, held)).body.status).toBe("queued");
    await policy({ cards: "block" });
    expect((await it.send(box, held)).body.status).toBe("blocked");
    await policy({ cards: "allow-all", nonsense: "mark" });
    expect((await it.send(box, held)).body.status).toBe("pending_send_approval");
  });

  test("an edit to what is blocked is refused and changes nothing; to what is held it brings a person in", async () => {
    const box = await it.mailboxIn("autonomous");
    const { id } = (await it.send(box, { send_at: inAnHour() })).body;
    const before = await it.read(box, id);
    const refused = await edit(box, id, blocked);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: "content_blocked" });
    expect(await it.read(box, id)).toEqual(before);
    const review = await edit(box, id, held);
    expect(review.body).toMatchObject({
      status: "pending_send_approval",
      reason: expect.stringContaining("card number"),
    });
    expect((await edit(box, id, blocked)).body.code).toBe("content_blocked");
  });

  test("a draft is scanned when it is sent", async () => {
    const box = await it.mailboxIn("autonomous");
    const path = `/v1/mailboxes/${box}/drafts`;
    const agent = it.running.known.agent_key;
    for (const [content, status] of [
      [held, "pending_send_approval"],
      [blocked, "blocked"],
    ] as const) {
      const draft = await it.running.call(agent, path, {
        to: ["ada@example.com"],
        subject: "x",
        ...content,
      });
      expect(draft.status).toBe(201);
      const sent = await it.running.call(agent, `${path}/${draft.body.id}/send`, {});
      expect(sent.body).toMatchObject({ status, reason: expect.stringContaining("scan found") });
    }
  });

  test("a reason to look stays with the message through edits and drafts", async () => {
    const box = await it.mailboxIn("autonomous");
    const actor = await it.node.engine.authenticate(it.running.known.agent_key);
    if (!actor) throw new Error("the agent's key is not known");
    const sent = await it.node.engine.submit(actor, {
      mailbox_id: box,
      to: ["ada@example.com"],
      cc: [],
      bcc: [],
      subject: "x",
      markdown: "x",
      attachments: [],
      tags: {},
      metadata: {},
      send_at: inAnHour(),
      gate_timing: "schedule_first",
      review: "the sixth answer in a row",
    });
    expect(sent).toMatchObject({ status: "scheduled", reason: "the sixth answer in a row" });
    const edited = await edit(box, sent.id, { markdown: "y" });
    expect(edited.body).toMatchObject({ status: "scheduled" });
    await it.node.asOwner(`UPDATE due SET due_at = now() WHERE message_id = '${sent.id}'`);
    await it.reaches(box, sent.id, "pending_send_approval");
    await it.running.decide(sent.id, "revise", {
      digest: edited.body.digest,
      reason: "be polite",
    });
    const agent = it.running.known.agent_key;
    const draft = `/v1/mailboxes/${box}/drafts/${sent.id}`;
    await it.running.call(agent, draft, { markdown: "z", send_at: null }, { method: "PATCH" });
    expect((await it.running.call(agent, `${draft}/send`, {})).body).toMatchObject({
      status: "pending_send_approval",
      reason: "the sixth answer in a row",
    });
  });
});
