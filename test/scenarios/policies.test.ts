/** Standing policies in the flow: what they hold, allow, block and ask for, at submission, at edits and again as mail leaves. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadPolicies } from "../../src/store/policies.ts";
import { type PolicyScene, inDays, policyScene } from "./policy-scene.ts";
import { keepReceived } from "./received-mail.ts";
import type { Answer } from "./running.ts";

let scene: PolicyScene;
let it: PolicyScene["it"];
let make: PolicyScene["make"];
let revoke: PolicyScene["revoke"];
let rowOf: PolicyScene["rowOf"];
let entryOf: PolicyScene["entryOf"];
let proven: PolicyScene["proven"];
let release: PolicyScene["release"];
beforeAll(async () => {
  scene = await policyScene();
  ({ it, make, revoke, rowOf, entryOf, proven, release } = scene);
});
afterAll(() => it.stop());

const inAnHour = (): string => inDays(1 / 24);

describe("a rule at submission", () => {
  test("holds in an autonomous mailbox, blocks, and asks for a quorum or a passkey, and says which rule it was", async () => {
    const box = await it.mailboxIn("autonomous");
    const { policy_id: hold } = await make(box, { match: { recipients: ["*@legal.example"] } });
    await make(box, {
      match: { has_attachment: true },
      outcome: "quorum",
      required: 2,
      name: "Two",
    });
    await make(box, { match: { tags: ["risk=high"] }, outcome: "passkey", name: "Key" });
    await make(box, { match: { has_link: true }, outcome: "block", name: "No links" });

    const held = await it.send(box, { to: ["a@example.com", "b@legal.example"] });
    expect(held.body).toMatchObject({
      status: "pending_send_approval",
      reason: "held by the rule 'Legal'",
    });
    expect(await rowOf(held.body.id)).toMatchObject({ policy_id: hold, gated: true });
    expect(await entryOf(held.body.id, "message.submitted")).toMatchObject({ policy: hold });

    const file = { filename: "a.txt", content: "YQ==", content_type: "text/plain" };
    const two = await it.send(box, { attachments: [file] });
    expect(two.body.reason).toBe("held by the rule 'Two': 2 approvals");
    expect(await rowOf(two.body.id)).toMatchObject({ required: 2 });
    expect((await it.running.decide(two.body.id, "approve")).body).toMatchObject({
      status: "pending_send_approval",
      approvals: 1,
      approvals_required: 2,
    });

    const key = await it.send(box, { tags: { risk: "high" } });
    expect(key.body.reason).toBe("held by the rule 'Key': approval by passkey");
    expect((await it.running.decide(key.body.id, "approve")).body.code).toBe("passkey_required");

    const blocked = await it.send(box, { markdown: "See https://example.com/x" });
    expect(blocked.body).toMatchObject({
      status: "blocked",
      reason: "blocked by the rule 'No links'",
    });

    await it.running.decide(held.body.id, "approve");
    await it.reaches(box, held.body.id, "sent");
    const { bundle, faults } = await proven(box, held.body.id);
    expect(faults).toEqual([]);
    const payload = Buffer.from(bundle.decisions[0]?.statement.payload ?? "", "base64");
    expect(JSON.parse(payload.toString())).toMatchObject({ predicate: { policy: hold } });

    const plain = await it.send(box);
    const sent = await it.reaches(box, plain.body.id, "sent");
    expect(it.copiesOf(sent)).toHaveLength(1);
    expect(await rowOf(plain.body.id)).toMatchObject({ policy_id: null, handed_by: null });
  });

  test("that allows lets gated_send mail through to all its recipients, is named by the hand-off, and beats neither gated_all nor the scan", async () => {
    const box = await it.mailboxIn("gated_send");
    const match = { recipients: ["*@friends.example"] };
    const { policy_id: id } = await make(box, { match, outcome: "allow" });
    const sent = await it.send(box, { to: ["a@friends.example"], cc: ["b@friends.example"] });
    await it.reaches(box, sent.body.id, "sent");
    expect(await rowOf(sent.body.id)).toMatchObject({ policy_id: id, handed_by: id, gated: false });
    expect(await entryOf(sent.body.id, "message.handed_off")).toMatchObject({ policy: id });

    expect((await proven(box, sent.body.id)).faults).toEqual([]);

    const mixed = await it.send(box, { to: ["a@friends.example", "c@example.com"] });
    expect(mixed.body.status).toBe("pending_send_approval");
    const card = { to: ["a@friends.example"], markdown: "My card is 4111 1111 1111 1111." };
    expect((await it.send(box, card)).body.status).toBe("pending_send_approval");

    const strict = await it.mailboxIn("gated_all");
    await make(strict, { match, outcome: "allow" });
    const still = await it.send(strict, { to: ["a@friends.example"] });
    expect(still.body.status).toBe("pending_send_approval");
  });

  test("knows whom the mailbox has written to, and takes nobody for known who only wrote to it", async () => {
    const box = await it.mailboxIn("autonomous");
    const first = await it.send(box, { to: ["known@example.com"] });
    await it.reaches(box, first.body.id, "sent");
    await make(box, { match: { recipient_known: false }, name: "New people" });
    expect((await it.send(box, { to: ["Known@example.com"] })).body.status).toBe("queued");
    await keepReceived(it.node, box, { from: "new@example.com" });
    expect((await it.send(box, { to: ["new@example.com"] })).body.reason).toBe(
      "held by the rule 'New people'",
    );
    // Another mailbox's correspondence is none of this one's.
    const other = await it.mailboxIn("autonomous");
    await make(other, { match: { recipient_known: false } });
    expect((await it.send(other, { to: ["known@example.com"] })).body.status).toBe(
      "pending_send_approval",
    );
  });

  test("of all mailboxes and of one stand in one order, and the first that meets decides", async () => {
    const box = await it.mailboxIn("gated_send");
    const { policy_id: all } = await make(null, {
      match: { recipients: ["*@everywhere.example"] },
      position: 5,
      name: "Everywhere",
      // It stands before other mailboxes' rules that ask for more.
      expires_at: inDays(1),
    });
    await make(box, {
      match: { recipients: ["*@everywhere.example"] },
      outcome: "allow",
      position: 6,
    });
    const sent = await it.send(box, { to: ["a@everywhere.example"] });
    expect(sent.body.reason).toBe("held by the rule 'Everywhere'");
    await revoke(all);
    const after = await it.send(box, { to: ["a@everywhere.example"] });
    await it.reaches(box, after.body.id, "sent");
  });
});

describe("a rule as the message leaves", () => {
  test("that let it through and was revoked, or has expired since, lets nothing through any more", async () => {
    const box = await it.mailboxIn("gated_send");
    const rule = { match: { recipients: ["*@later.example"] }, outcome: "allow" } as const;
    for (const end of ["revoked", "expired"]) {
      const { policy_id: id } = await make(box, rule);
      const sent = await it.send(box, { to: ["a@later.example"], send_at: inAnHour() });
      expect(sent.body.status, end).toBe("scheduled");
      if (end === "revoked") await revoke(id);
      else
        await it.node.asOwner(
          `UPDATE policy SET expires_at = now() - interval '1 second' WHERE policy_id = '${id}'`,
        );
      await release(sent.body.id);
      const message = await it.reaches(box, sent.body.id, "pending_send_approval");
      expect(message.reason).toBe("the rule that let it through does not stand any more");
      await it.running.decide(sent.body.id, "approve");
      expect(it.copiesOf(await it.reaches(box, sent.body.id, "sent"))).toHaveLength(1);
      expect(await rowOf(sent.body.id)).toMatchObject({ handed_by: null });
      expect((await proven(box, sent.body.id)).faults).toEqual([]);
    }
  });

  test("that was made since holds or blocks what was queued, and raises what an approved message needs", async () => {
    const box = await it.mailboxIn("autonomous");
    const scheduled = (to: string): Promise<Answer> =>
      it.send(box, { to: [to], send_at: inAnHour() });
    const [held, blocked] = [
      await scheduled("a@tight.example"),
      await scheduled("b@tight.example"),
    ];
    await make(box, { match: { recipients: ["a@tight.example"] }, name: "Tight" });
    await make(box, { match: { recipients: ["b@tight.example"] }, outcome: "block", name: "Shut" });
    for (const { body } of [held, blocked]) await release(body.id);
    const message = await it.reaches(box, held.body.id, "pending_send_approval");
    expect(message.reason).toBe("held by the rule 'Tight'");
    expect((await it.reaches(box, blocked.body.id, "blocked")).reason).toBe(
      "blocked by the rule 'Shut'",
    );

    const gated = await it.mailboxIn("gated_all");
    const one = await it.send(gated, { send_at: inAnHour() });
    expect((await it.running.decide(one.body.id, "approve")).body.status).toBe("scheduled");
    await make(gated, { outcome: "quorum", required: 2, name: "Four eyes" });
    await release(one.body.id);
    const again = await it.reaches(gated, one.body.id, "pending_send_approval");
    expect(again).toMatchObject({
      approvals: 1,
      approvals_required: 2,
      reason: "held by the rule 'Four eyes': 2 approvals",
    });
  });
});

describe("revoking", () => {
  test("is not answered while a hand-off that goes by the rule is under way", async () => {
    const box = await it.mailboxIn("gated_send");
    const match = { recipients: ["*@friends.example"] };
    const { policy_id: id } = await make(box, { match, outcome: "allow" });
    const order: string[] = [];
    let revoked: Promise<unknown> = Promise.resolve();
    await it.node.database.transaction(it.node.operator_id, async (tx) => {
      expect((await loadPolicies(tx, [box], true)).map(({ policy_id }) => policy_id)).toContain(id);
      revoked = revoke(id).then(() => order.push("revoked"));
      // Until the database says that it waits.
      for (let tries = 0; tries < 400 && !(await isWaiting()); tries++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await isWaiting()).toBe(true);
      order.push("handed off");
    });
    await revoked;
    expect(order).toEqual(["handed off", "revoked"]);
    const left = await it.node.as((tx) => loadPolicies(tx, [box], true));
    expect(left.map(({ policy_id }) => policy_id)).not.toContain(id);
  });
});

const isWaiting = async (): Promise<boolean> =>
  (
    await it.node.as((tx) =>
      tx.named<{ waits: boolean }>(
        "waits",
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted) AS waits",
        [],
      ),
    )
  )[0]?.waits ?? false;

describe("a rule at an edit", () => {
  const edit = (box: string, id: string, change: object): Promise<Answer> =>
    it.running.call(
      it.running.known.agent_key,
      `/v1/mailboxes/${box}/emails/${id}/schedule`,
      change,
      { method: "PATCH" },
    );

  test("is asked again: other recipients are held, asked more of, or refused", async () => {
    const box = await it.mailboxIn("gated_send");
    await make(box, { match: { recipients: ["*@board.example"] }, outcome: "quorum", required: 3 });
    await make(box, {
      match: { recipients: ["*@press.example"] },
      outcome: "block",
      name: "Press",
    });
    await make(box, { match: { recipients: ["*@fine.example"] }, outcome: "allow" });
    const allowed = await it.send(box, { to: ["a@fine.example"], send_at: inAnHour() });
    expect(allowed.body.status).toBe("scheduled");
    const moved = await edit(box, allowed.body.id, { to: ["a@board.example"] });
    expect(moved.body).toMatchObject({
      status: "pending_send_approval",
      reason: "held by the rule 'Legal': 3 approvals",
    });
    expect(await rowOf(allowed.body.id)).toMatchObject({ required: 3 });
    const pressed = await edit(box, allowed.body.id, { to: ["a@press.example"] });
    expect(pressed.body).toMatchObject({ code: "content_blocked" });
    expect(pressed.body.error).toContain("the rule 'Press'");
    // So is mail that waits anyway.
    const waiting = await it.send(box);
    expect(waiting.body.status).toBe("pending_send_approval");
    await edit(box, waiting.body.id, { cc: ["b@board.example"] });
    expect(await it.read(box, waiting.body.id)).toMatchObject({
      approvals_required: 3,
      reason: "held by the rule 'Legal': 3 approvals",
    });
    // What it once asked for it goes on asking for, whoever gets it now.
    await edit(box, allowed.body.id, { to: ["a@fine.example"] });
    expect(await rowOf(allowed.body.id)).toMatchObject({ required: 3, gated: true });
    expect(await it.read(box, allowed.body.id)).toMatchObject({ status: "pending_send_approval" });
  });

  test("and at the sending of a draft", async () => {
    const box = await it.mailboxIn("autonomous");
    await make(box, { match: { recipients: ["*@legal.example"] } });
    const drafts = `/v1/mailboxes/${box}/drafts`;
    const agent = it.running.known.agent_key;
    const draft = { to: ["a@legal.example"], subject: "x", markdown: "x" };
    const { body } = await it.running.call(agent, drafts, draft);
    const sent = await it.running.call(agent, `${drafts}/${body.id}/send`, {});
    expect(sent.body).toMatchObject({
      status: "pending_send_approval",
      reason: "held by the rule 'Legal'",
    });
  });
});
