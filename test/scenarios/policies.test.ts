/** Standing policies in the flow: what they hold, allow, block and ask for, at submission, at edits and again as mail leaves. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bundle } from "../../src/audit/bundle-format.ts";
import { verifyBundle } from "../../src/audit/bundle.ts";
import type { Actor } from "../../src/core/actor.ts";
import { Refusal } from "../../src/core/refusal.ts";
import type { NewPolicy } from "../../src/engine/policies.ts";
import { insertAllowlistEntry } from "../../src/store/mailboxes.ts";
import { loadPolicies } from "../../src/store/policies.ts";
import { firstOwner } from "../../src/store/people.ts";
import { promise } from "../promises.ts";
import { mailIn } from "./mail-in.ts";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import { keepReceived } from "./received-mail.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
let owner: Actor;
beforeAll(async () => {
  it = await modedInstance();
  const person = await it.node.as((tx) => firstOwner(tx));
  owner = {
    kind: "person",
    operator_id: it.node.operator_id,
    credential_id: "session",
    person_id: person?.person_id ?? "",
    role: "owner",
    scopes: ["read", "admin", "oversight", "audit"],
    mailbox_ids: null,
    test: false,
    signed_in_at: new Date().toISOString(),
  };
});
afterAll(() => it.stop());

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
const inAnHour = (): string => inDays(1 / 24);

/** A rule made by the owner, who has just signed in. */
const make = (mailboxId: string | null, rule: Partial<NewPolicy>): Promise<{ policy_id: string }> =>
  it.node.engine.createPolicy(
    { ...owner, signed_in_at: new Date().toISOString() },
    {
      mailbox_id: mailboxId,
      name: "Legal",
      match: {},
      outcome: "hold",
      required: null,
      ...(rule.outcome === "allow" ? { expires_at: inDays(7) } : {}),
      ...rule,
    },
  );
const revoke = (policyId: string): Promise<unknown> =>
  it.node.engine.revokePolicy({ ...owner, signed_in_at: new Date().toISOString() }, policyId);
const asAdmin = (path: string, body?: unknown, method?: string): Promise<Answer> =>
  it.running.call(it.running.known.admin_key, path, body, method === undefined ? {} : { method });
const rowOf = async (id: string): Promise<Record<string, unknown>> =>
  (
    await it.node.as((tx) =>
      tx.named<Record<string, unknown>>(
        "row_of",
        `SELECT m.policy_id, m.required, m.passkey, m.gated, h.policy_id AS handed_by FROM message m
         LEFT JOIN handoff h ON h.operator_id = m.operator_id AND h.message_id = m.message_id WHERE m.message_id = $1`,
        [id],
      ),
    )
  )[0] ?? {};
const entryOf = async (id: string, type: string): Promise<Record<string, unknown>> => {
  const [row] = await it.node.as((tx) =>
    tx.named<{ body: Buffer }>(
      "entry_of",
      "SELECT body FROM log_entry WHERE resource = $1 AND type = $2 ORDER BY entry_id DESC LIMIT 1",
      [id, type],
    ),
  );
  return (JSON.parse(row?.body.toString() ?? "{}") as { data: Record<string, unknown> }).data;
};
/** The evidence of a message, and what an outsider finds wrong with it. */
async function proven(box: string, id: string): Promise<{ bundle: Bundle; faults: unknown[] }> {
  const path = `/v1/mailboxes/${box}/emails/${id}/proof`;
  const bundle = (await it.running.call(it.running.known.agent_key, path)).body as Bundle;
  const report = await verifyBundle(bundle, { pinned: bundle.keys, now: new Date() });
  return { bundle, faults: report.checks.filter(({ status }) => status === "fail") };
}
/** What waits for its time leaves now. */
const release = (id: string): Promise<void> =>
  it.node.asOwner(
    `UPDATE due SET due_at = now() WHERE kind = 'release' AND message_id = '${id}';
     UPDATE message SET send_at = now() WHERE message_id = '${id}'`,
  );

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

describe("a rule about received mail", () => {
  test("holds what it meets for a person, in any mode, and leaves the rest alone", async () => {
    const box = await it.mailboxIn("gated_send");
    const { body } = await asAdmin(`/v1/mailboxes/${box}`);
    const mail = mailIn(it.running);
    const rule = {
      mailbox_id: box,
      name: "Strangers with files",
      match: { direction: "inbound", recipient_known: false, has_attachment: true },
      outcome: "hold",
    };
    expect((await asAdmin("/v1/policies", rule)).status).toBe(201);
    const file = { filename: "a.txt", content: "hello" };
    await mail.deliver({ to: body.address, subject: "with", attachments: [file] });
    await mail.deliver({ to: body.address, subject: "without" });
    const seen = async (key: string): Promise<Record<string, [string, string | null]>> =>
      Object.fromEntries(
        (await mail.inbox(key, box)).map(({ subject, status, reason }) => [
          subject,
          [status, reason],
        ]),
      );
    for (
      let tries = 0;
      Object.keys(await seen(it.running.known.oversight_key)).length < 2;
      tries++
    ) {
      if (tries > 400) throw new Error("the mail did not come");
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(await seen(it.running.known.oversight_key)).toMatchObject({
      with: ["pending_inbound_approval", "held by the rule 'Strangers with files'"],
      without: ["unread", null],
    });
    expect(await seen(it.running.known.agent_key), "an agent sees no held mail").not.toHaveProperty(
      "with",
    );
    const { name: _, ...draft } = rule;
    expect((await asAdmin("/v1/policies/replay", draft)).body).toMatchObject({
      checked: 2,
      matched: 0,
    });
    const wider = { ...draft, match: { direction: "inbound" } };
    expect((await asAdmin("/v1/policies/replay", { ...wider, position: 0 })).body).toMatchObject({
      checked: 2,
      matched: 2,
    });
    expect((await asAdmin("/v1/policies", { ...rule, outcome: "block" })).body).toMatchObject({
      code: "validation_failed",
      field: "outcome",
    });
  });
});

describe("a replay", () => {
  test("says before a rule is made what then comes true", async () => {
    const box = await it.mailboxIn("gated_send");
    await it.node.as((tx) =>
      insertAllowlistEntry(tx, {
        mailbox_id: box,
        entry_id: it.node.context.new_id(),
        pattern: "*@listed.example",
        confirmed_by: "person:somebody",
        created_at: new Date(),
      }),
    );
    const mail = [
      { to: ["a@friends.example"] },
      { to: ["b@friends.example"], markdown: "My card is 4111 1111 1111 1111." },
      { to: ["c@friends.example", "d@example.com"] },
      { to: ["e@listed.example"] },
      { to: ["f@listed.example"], tags: { kind: "offer" } },
      { to: ["g@friends.example"], tags: { kind: "offer" } },
    ];
    const sendAll = async (): Promise<string[]> => {
      const statuses: string[] = [];
      for (const one of mail) {
        const { body } = await it.send(box, one);
        statuses.push(body.status === "queued" ? "through" : "held");
        if (body.status === "queued") await it.reaches(box, body.id, "sent");
      }
      return statuses;
    };
    const first = await sendAll();
    expect(first).toEqual(["held", "held", "held", "through", "through", "held"]);

    const allow = { match: { recipients: ["*@friends.example"] }, outcome: "allow" } as const;
    const hold = { match: { tags: ["kind=offer"] }, outcome: "hold", position: 1 } as const;
    const allowed = await asAdmin("/v1/policies/replay", { mailbox_id: box, ...allow });
    expect(allowed.body).toMatchObject({
      checked: 6,
      cut_short: false,
      matched: 3,
      let_through: 2,
      held: 0,
      blocked: 0,
    });
    expect(allowed.body.messages[0]).toMatchObject({
      subject: "A test",
      happened: "held",
      without_rule: "held",
      with_rule: "through",
      status: "pending_send_approval",
    });
    const tried = await asAdmin("/v1/policies/replay", { mailbox_id: box, ...hold });
    expect(tried.body).toMatchObject({ matched: 2, let_through: 0, held: 1 });

    await make(box, allow);
    const second = await sendAll();
    const freed = second.filter((where, i) => where === "through" && first[i] === "held");
    expect(freed).toHaveLength(allowed.body.let_through);

    // The same question, asked under the rules of now.
    const now = await asAdmin("/v1/policies/replay", { mailbox_id: box, ...hold });
    expect(now.body).toMatchObject({ checked: 12, matched: 4, held: 4 });
    await make(box, hold);
    const third = await sendAll();
    const kept = third.filter((where, i) => where === "held" && second[i] === "through");
    // Of twelve messages each was there twice.
    expect(kept).toHaveLength(now.body.held / 2);
  });

  test("makes nothing, and is bounded to the last 200", async () => {
    const before = await asAdmin("/v1/policies");
    await asAdmin("/v1/policies/replay", { match: { has_link: false }, outcome: "block" });
    expect((await asAdmin("/v1/policies")).body).toEqual(before.body);
  });
});

describe("who makes, changes and revokes rules", () => {
  test(promise("policy.loosening-needs-person"), async () => {
    const box = await it.mailboxIn("gated_send");
    const allow = {
      mailbox_id: box,
      name: "Friends",
      match: { recipients: ["*@friends.example"] },
      outcome: "allow",
      expires_at: inDays(7),
    };
    const asked = await asAdmin("/v1/policies", allow);
    expect(asked).toMatchObject({ status: 202, body: { status: "approval_required" } });
    expect((await asAdmin(`/v1/policies?mailbox_id=${box}`)).body.policies).toEqual([]);

    // Tightening is a key's too, and at once.
    const block = { mailbox_id: box, name: "Shut", match: { has_link: true }, outcome: "block" };
    const made = await asAdmin("/v1/policies", block);
    expect(made).toMatchObject({ status: 201, body: { active: true } });
    // But not in front of what asks for more.
    const before = { ...block, name: "Before", outcome: "hold", position: 1 };
    expect((await asAdmin("/v1/policies", before)).body).toMatchObject({
      code: "validation_failed",
      field: "expires_at",
    });
    const ending = { ...before, expires_at: inDays(1) };
    expect((await asAdmin("/v1/policies", ending)).status).toBe(202);

    const path = `/v1/policies/${made.body.id}`;
    expect((await asAdmin(path, undefined, "DELETE")).status).toBe(202);
    expect((await asAdmin(path, { expires_at: inDays(1) }, "PATCH")).status).toBe(202);
    expect((await asAdmin(path, { name: "Closed" }, "PATCH")).body).toMatchObject({
      name: "Closed",
      active: true,
    });

    const { policy_id: id } = await make(box, { ...allow, outcome: "allow", required: null });
    const moved = await asAdmin(`/v1/policies/${id}`, { position: 5 }, "PATCH");
    expect(moved.status, "an allow before a block").toBe(202);
    const sooner = await asAdmin(`/v1/policies/${id}`, { expires_at: inDays(1) }, "PATCH");
    expect(sooner.status).toBe(200);
    const later = await asAdmin(`/v1/policies/${id}`, { expires_at: inDays(5) }, "PATCH");
    expect(later.body).toMatchObject({ code: "validation_failed", field: "expires_at" });
    const gone = await asAdmin(`/v1/policies/${id}`, undefined, "DELETE");
    expect(gone).toMatchObject({ status: 200, body: { active: false } });
    const twice = await asAdmin(`/v1/policies/${id}`, undefined, "DELETE");
    expect(twice.body.code).toBe("not_editable");
  });

  test("a rule of a key that a person let through says so, and no other stands on a key's word", async () => {
    const box = await it.mailboxIn("gated_send");
    const allow = {
      mailbox_id: box,
      name: "Granted",
      match: { recipients: ["*@granted.example"] },
      outcome: "allow",
      expires_at: inDays(7),
    };
    const { body } = await asAdmin("/v1/policies", allow);
    await it.node.asOwner(
      `UPDATE change_request SET granted_by = 'person:${owner.person_id}', granted_at = now() WHERE change_id = '${body.change_id}'`,
    );
    const made = await asAdmin("/v1/policies", allow);
    expect(made).toMatchObject({ status: 201, body: { created_by: `change:${body.change_id}` } });
    const sent = await it.send(box, { to: ["a@granted.example"] });
    await it.reaches(box, sent.body.id, "sent");
    // Used once: the same rule again is asked for anew.
    expect((await asAdmin("/v1/policies", allow)).status).toBe(202);
    expect(await entryOf(made.body.id, "policy.created")).toMatchObject({
      outcome: "allow",
      conditions: ["recipients"],
      change: body.change_id,
    });
  });

  test("a person needs a fresh sign-in and the role, and what loosens ends within 90 days", async () => {
    const box = await it.mailboxIn("gated_send");
    const wanted: NewPolicy = {
      mailbox_id: box,
      name: "Friends",
      match: { recipients: ["*@friends.example"] },
      outcome: "allow",
      required: null,
      expires_at: inDays(7),
    };
    const tried = (actor: Partial<Actor>, more: Partial<NewPolicy> = {}): Promise<string> =>
      it.node.engine
        .createPolicy(
          { ...owner, signed_in_at: new Date().toISOString(), ...actor },
          { ...wanted, ...more },
        )
        .then(
          () => "made",
          (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
        );
    expect(await tried({ signed_in_at: new Date(Date.now() - 3_600_000).toISOString() })).toBe(
      "fresh_sign_in_required",
    );
    expect(await tried({ role: "approver" })).toBe("role_required");
    expect(await tried({}, { expires_at: undefined })).toBe("validation_failed");
    expect(await tried({}, { expires_at: inDays(91) })).toBe("validation_failed");
    expect(await tried({}, { match: {} })).toBe("validation_failed");
    expect(await tried({}, { expires_at: inDays(89) })).toBe("made");
  });

  test("conditions that nobody could read are refused by name", async () => {
    const tried = async (match: object): Promise<unknown> => {
      const { body } = await asAdmin("/v1/policies", { name: "x", outcome: "hold", match });
      return [body.code, body.field];
    };
    expect(await tried({ colour: "blue" })).toEqual(["validation_failed", "match.colour"]);
    expect(await tried({ recipients: ["*"] })).toEqual([
      "validation_failed",
      "match.recipients[0]",
    ]);
    expect(await tried({ time: { time_zone: "Nowhere/City" } })).toEqual([
      "validation_failed",
      "match.time.time_zone",
    ]);
    expect(await tried({ direction: "sideways" })).toEqual([
      "validation_failed",
      "match.direction",
    ]);
    expect(await tried({ direction: "inbound", tags: ["a"] })).toEqual([
      "validation_failed",
      "match.tags",
    ]);
    expect(await tried({ screening: ["nonsense"] })).toEqual([
      "validation_failed",
      "match.screening[0]",
    ]);
  });
});
