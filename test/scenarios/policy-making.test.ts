/** Standing policies being made: who may, what a replay says of them before, and rules about received mail. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import { Refusal } from "../../src/core/refusal.ts";
import type { NewPolicy } from "../../src/engine/policies.ts";
import { insertAllowlistEntry } from "../../src/store/mailboxes.ts";
import { promise } from "../promises.ts";
import { mailIn } from "./mail-in.ts";
import { type PolicyScene, inDays, policyScene } from "./policy-scene.ts";

let scene: PolicyScene;
let it: PolicyScene["it"];
let make: PolicyScene["make"];
let entryOf: PolicyScene["entryOf"];
let asAdmin: PolicyScene["asAdmin"];
let owner: PolicyScene["owner"];
beforeAll(async () => {
  scene = await policyScene();
  ({ it, make, entryOf, asAdmin, owner } = scene);
});
afterAll(() => it.stop());

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
    // The key does not oversee: of what is held it learns nothing by a trial either.
    const { name: _, ...draft } = rule;
    const wider = { ...draft, match: { direction: "inbound" }, position: 0 };
    expect((await asAdmin("/v1/policies/replay", draft)).body).toMatchObject({ checked: 1 });
    expect((await asAdmin("/v1/policies/replay", wider)).body).toMatchObject({ matched: 1 });
    const tried = async (
      match: Record<string, unknown>,
      position?: number,
    ): Promise<[number, number]> => {
      const { checked, matched } = await it.node.engine.replayPolicy(owner(), {
        mailbox_id: box,
        match,
        outcome: "hold",
        required: null,
        ...(position === undefined ? {} : { position }),
      });
      return [checked, matched.length];
    };
    expect(await tried(rule.match)).toEqual([2, 0]);
    expect(await tried({ direction: "inbound" }, 0)).toEqual([2, 2]);
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
      `UPDATE change_request SET granted_by = 'person:${owner().person_id}', granted_at = now() WHERE change_id = '${body.change_id}'`,
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
      it.node.engine.createPolicy({ ...owner(), ...actor }, { ...wanted, ...more }).then(
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
