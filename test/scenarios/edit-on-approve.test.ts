/** An approver's edit: three texts kept, what changed told to the agent with the reason, approvals void, and waiting for all of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyBundle } from "../../src/audit/bundle.ts";
import { promise } from "../promises.ts";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import { ownerKeys } from "./owner-keys.ts";
import { decideOnPage } from "./people.ts";
import { type Answer, postForm } from "./running.ts";

let it: ModedInstance;
/** A key that oversees, and is not the owner's. */
let editor: string;
beforeAll(async () => {
  it = await modedInstance();
  editor = (await (await ownerKeys(it.node)).make(["oversight", "read"])).secret;
});
afterAll(() => it.stop());

const asOverseer = (path: string, body?: unknown, method = "POST"): Promise<Answer> =>
  it.running.call(editor, path, body, { method });
const editPending = (id: string, change: object): Promise<Answer> =>
  asOverseer(`/v1/oversight/pending/${id}`, change, "PATCH");
const asAgent = (path: string): Promise<Answer> =>
  it.running.call(it.running.known.agent_key, path);
const waitFor = (box: string, id: string, seconds: number): Promise<Answer> =>
  asAgent(`/v1/mailboxes/${box}/emails/${id}/wait?timeout_seconds=${seconds}`);
const pending = async (more: object = {}): Promise<{ box: string; id: string; digest: string }> => {
  const box = await it.mailboxIn("gated_all");
  const { id } = (
    await it.send(box, { subject: "Refund", markdown: "Dear Ada,\n\nyou get 500.\n", ...more })
  ).body;
  return { box, id, digest: (await it.read(box, id)).digest };
};

describe("an approver's edit", () => {
  test("keeps what was proposed, tells the agent what changed and why, and goes out as edited by another's approval", async () => {
    const { box, id, digest } = await pending({ cc: ["boss@example.com"] });
    const edited = await editPending(id, {
      digest,
      subject: "Your refund",
      markdown: "Dear Ada,\n\nyou get 50.\n",
      cc: [],
      reason: "It is fifty.",
    });
    expect(edited.status, JSON.stringify(edited.body)).toBe(200);
    expect(edited.body).toMatchObject({ status: "pending_send_approval" });
    const told = (await asAgent(`/v1/mailboxes/${box}/emails/${id}/versions`)).body;
    expect(told.versions).toHaveLength(2);
    expect(told.versions[0]).toMatchObject({
      version: 1,
      digest,
      subject: "Refund",
      cc: ["boss@example.com"],
      reason: "It is fifty.",
      diff: null,
    });
    expect(told.versions[0].replaced_by).toBe(told.versions[1].written_by);
    expect(told.versions[1]).toMatchObject({ version: 2, replaced_by: null, cc: [] });
    expect(told.diff).toEqual({
      subject: { from: "Refund", to: "Your refund" },
      recipients: { added: [], removed: ["cc: boss@example.com"] },
      attachments: { added: [], removed: [] },
      body: [
        { op: "equal", text: "Dear Ada,\n\n" },
        { op: "delete", text: "you get 500.\n" },
        { op: "insert", text: "you get 50.\n" },
      ],
    });
    const [event] = await it.node.as((tx) =>
      tx.named<{ data: object }>(
        "edited_of_test",
        "SELECT data FROM event WHERE message_id = $1 AND type = 'message.edited'",
        [id],
      ),
    );
    expect(event?.data).toMatchObject({
      reason: "It is fifty.",
      changed: ["subject", "text", "recipients"],
    });
    // The editor wrote it now.
    const own = await asOverseer("/v1/oversight/decide", {
      email_id: id,
      decision: "approve",
      digest: edited.body.digest,
    });
    expect(own.body.code).toBe("self_approval");
    const message = await it.read(box, id);
    expect(await decideOnPage(it.running, it.cookie, message, "approve")).toBe(303);
    const waited = await waitFor(box, id, 5);
    expect(waited.body).toMatchObject({
      decided: true,
      edited: true,
      decision: { decision: "approve", reason: "looked at it" },
      diff: { subject: { to: "Your refund" } },
    });
  });

  test(promise("edit.needs-the-digest-seen"), async () => {
    const { box, id, digest } = await pending();
    await editPending(id, { digest, subject: "First" });
    const late = await editPending(id, { digest, subject: "Second" });
    expect([late.status, late.body.code]).toEqual([409, "stale_digest"]);
    expect((await it.read(box, id)).subject).toBe("First");
    const blind = await editPending(id, { subject: "Blind" });
    expect([blind.status, blind.body.code]).toEqual([400, "validation_failed"]);
    const elsewhere = await it.running.call(
      it.running.known.agent_key,
      `/v1/oversight/pending/${id}`,
      { digest, subject: "By the agent" },
      { method: "PATCH" },
    );
    expect(elsewhere.status).toBe(403);
  });

  test("is refused for what waits for no decision, and recipients who are suppressed", async () => {
    const { id, digest } = await pending();
    await it.running.call(it.running.known.admin_key, "/v1/suppression", {
      address: "gone@example.com",
    });
    const gone = await editPending(id, { digest, to: ["gone@example.com"] });
    expect(gone.body.code).toBe("recipient_suppressed");
    await it.running.decide(id, "reject");
    expect((await editPending(id, { digest, subject: "Late" })).body.code).toBe("not_pending");
  });

  test("an edit and an approval that meet: never are both of the old content", async () => {
    for (let n = 0; n < 15; n++) {
      const { box, id, digest } = await pending();
      const [edited, approved] = await Promise.all([
        editPending(id, { digest, subject: `Edit ${n}` }),
        decideOnPage(it.running, it.cookie, { id, digest }, "approve"),
      ]);
      expect([edited.status, approved]).toSatisfy(
        ([edit, approve]) => (edit === 200) !== (approve === 303),
      );
      const now = await it.read(box, id);
      if (edited.status === 200) expect(now).toMatchObject({ approvals: 0, subject: `Edit ${n}` });
      else expect(now).toMatchObject({ subject: "Refund", digest });
    }
  });
});

describe("pulling back", () => {
  test("an approved message that waits to leave is pending again, and needs a new approval", async () => {
    const { box, id, digest } = await pending();
    expect(await decideOnPage(it.running, it.cookie, { id, digest }, "approve")).toBe(303);
    expect((await it.read(box, id)).status).toBe("scheduled");
    const back = await asOverseer("/v1/oversight/undo", { email_id: id });
    expect(back.body, JSON.stringify(back.body)).toMatchObject({ status: "pending_send_approval" });
    expect(await it.read(box, id)).toMatchObject({
      approvals: 0,
      decisions: [{ decision: "approve", voided_at: expect.stringMatching(/Z$/) }],
    });
    expect((await asOverseer("/v1/oversight/undo", { email_id: id })).body.code).toBe(
      "not_scheduled",
    );
    await it.running.decide(id, "approve");
    await it.reaches(box, id, "sent");
    const proof = await asAgent(`/v1/mailboxes/${box}/emails/${id}/proof`);
    expect(proof.status).toBe(200);
    const report = await verifyBundle(proof.body, { pinned: proof.body.keys, now: new Date() });
    expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
  });
});

describe("waiting", () => {
  test("ends soon after the decision, whoever makes it, and at the end of its time", async () => {
    const { box, id } = await pending();
    const began = performance.now();
    const idle = await waitFor(box, id, 1);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(idle.body).toMatchObject({ decided: false, decision: null, edited: false, diff: null });
    const waits = Array.from({ length: 20 }, () => waitFor(box, id, 60));
    await waitFor(box, id, 1);
    await it.running.decide(id, "reject", { reason: "No." });
    for (const { body } of await Promise.all(waits))
      expect(body).toMatchObject({
        decided: true,
        status: "rejected",
        decision: { decision: "reject", reason: "No." },
      });
  });

  test("is for those who may read the message, and not for everybody at once", async () => {
    const { box, id } = await pending();
    const other = await it.mailboxIn("gated_all");
    expect((await waitFor(other, id, 0)).status).toBe(404);
    const many = Array.from({ length: 60 }, () => waitFor(box, id, 60));
    await waitFor(box, id, 0);
    const refused = (await Promise.race(
      many.map(async (one) => ((await one).status === 429 ? one : new Promise(() => undefined))),
    )) as Answer;
    expect(refused.body.code).toBe("rate_limited");
    await it.running.decide(id, "reject");
    const statuses = (await Promise.all(many)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(50);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  });
});

describe("on the page", () => {
  const form = (path: string, fields: Record<string, string>): Promise<Response> =>
    postForm(it.running, it.cookie, path.replace(/\/undo$/, ""), path, fields);

  test("an approver edits, sees what changed, and pulls back what was approved", async () => {
    const { box, id, digest } = await pending();
    const saved = await form(`/messages/${id}/edit`, {
      digest,
      to: "ada@example.com\nBob <bob@example.com>",
      cc: "",
      bcc: "",
      subject: "<b>Refund</b>",
      markdown: "Dear Ada,\n\nyou get 5.\n",
      reason: "Five.",
    });
    expect(saved.status).toBe(303);
    const edited = await it.read(box, id);
    expect(edited).toMatchObject({
      to: ["ada@example.com", "bob@example.com"],
      subject: "<b>Refund</b>",
    });
    const shown = await page(`/messages/${id}`);
    expect(shown).toContain("What was changed since it was proposed");
    expect(shown).toContain("<ins>you get 5.\n</ins>");
    expect(shown).toContain("&lt;b&gt;Refund&lt;/b&gt;");
    const stale = await form(`/messages/${id}/edit`, {
      digest,
      to: "eve@example.com",
      cc: "",
      bcc: "",
      subject: "Kept words",
      markdown: "Typed in vain?",
      reason: "",
    });
    expect(stale.status).toBe(409);
    expect(await stale.text()).toContain("Typed in vain?");
    const approved = await asOverseer("/v1/oversight/decide", {
      email_id: id,
      decision: "approve",
      digest: edited.digest,
    });
    expect(approved.status).toBe(200);
  });

  test("the button pulls an approved message back", async () => {
    const { box, id, digest } = await pending();
    await decideOnPage(it.running, it.cookie, { id, digest }, "approve");
    expect(await page(`/messages/${id}`)).toContain("Pull it back");
    expect((await form(`/messages/${id}/undo`, {})).status).toBe(303);
    expect(await it.read(box, id)).toMatchObject({ status: "pending_send_approval", approvals: 0 });
  });

  const page = async (path: string): Promise<string> =>
    (await fetch(`${it.running.known.url}${path}`, { headers: { cookie: it.cookie } })).text();
});
