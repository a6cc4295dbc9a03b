/** What keys may not loosen, and what test keys may not touch: live mail, mailboxes, live keys. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { personOf } from "./deciders.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
beforeAll(async () => {
  running = await run({ MULTIMAIL_DAILY_QUOTA: "100" });
  node = await secondNode(running);
  keys = await ownerKeys(node);
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

const change = (key: string, body: object): Promise<Answer> =>
  running.call(key, `/v1/mailboxes/${running.known.mailbox_id}`, body, { method: "PATCH" });

describe("a key with admin", () => {
  const loosenings = { ai_disclosure: false, undo_seconds: 9, expiry_seconds: 7 * 86_400 + 1 };

  test("loosens neither an existing mailbox nor a new one by itself", async () => {
    const before = (await change(running.known.admin_key, {})).body;
    for (const [field, value] of Object.entries(loosenings)) {
      const asked = await change(running.known.admin_key, { display_name: "x", [field]: value });
      expect(asked.status, field).toBe(202);
      expect(asked.body.status, field).toBe("approval_required");
      const made = await running.call(running.known.admin_key, "/v1/mailboxes", {
        address: field.slice(0, 4),
        [field]: value,
      });
      expect(made.status, field).toBe(202);
      expect(made.body.status, field).toBe("approval_required");
    }
    expect((await change(running.known.admin_key, {})).body).toEqual(before);
  });

  test("tightens freely; the name it gives is in the log", async () => {
    const tighter = { undo_seconds: 60, expiry_seconds: 3600, display_name: "Support" };
    expect((await change(running.known.admin_key, tighter)).body).toMatchObject(tighter);
    const log = await running.call(
      running.known.oversight_key,
      `/v1/audit-log?type=mailbox.changed&resource=${running.known.mailbox_id}`,
    );
    expect(JSON.stringify(log.body)).toContain('"display_name":"Support"');
  });

  test("a signed-in owner may loosen", async () => {
    const cookie = await signIn(running);
    const page = `/mailboxes/${running.known.mailbox_id}`;
    const answer = await postForm(running, cookie, page, page, {
      ai_disclosure: "no",
      was_ai_disclosure: "yes",
    });
    expect(answer.status).toBe(303);
    expect((await change(running.known.admin_key, {})).body.ai_disclosure).toBe(false);
  });
});

describe("a quota", () => {
  test("above that of the instance needs a person, also where the mailbox had none of its own", async () => {
    const key = running.known.admin_key;
    expect((await change(key, {})).body.daily_quota).toBeNull();
    expect((await change(key, { daily_quota: 101 })).status).toBe(202);
    expect((await change(key, { daily_quota: 100 })).body.daily_quota).toBe(100);
    expect((await change(key, { daily_quota: 50 })).body.daily_quota).toBe(50);
    expect((await change(key, { daily_quota: null })).status).toBe(202);
    await node.asOwner("UPDATE mailbox SET daily_quota = 200");
    expect((await change(key, { daily_quota: null })).body.daily_quota).toBeNull();
  });
});

describe("who is asked to decide", () => {
  test("is changed by a person only, and nobody else than members who may decide", async () => {
    const key = running.known.admin_key;
    const approver = await keys.person("grace");
    const auditor = await keys.person("audrey");
    await node.asOwner(`UPDATE person SET role = 'auditor' WHERE person_id = '${auditor}'`);
    const nobody = "0".repeat(26);
    for (const approver_ids of [[auditor], [approver, nobody], []]) {
      const { status, body } = await change(key, { approver_ids });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: "validation_failed", field: "approver_ids" });
    }
    const asked = await change(key, { approver_ids: [approver] });
    expect(asked.status).toBe(202);
    expect((await change(key, {})).body.approver_ids).toBeNull();
    const owner = personOf(node, keys.owner_id, "owner");
    const pending = await node.engine.findChanges(owner, { limit: 100 });
    expect(JSON.stringify(pending)).toContain("grace <grace@example.com>");
    const wanted = { approver_ids: [approver, keys.owner_id, approver] };
    await node.engine.changeMailbox(owner, running.known.mailbox_id, wanted);
    const both = [approver, keys.owner_id].toSorted();
    expect((await change(key, {})).body.approver_ids).toEqual(both);
    // The same again is no change; others, one less or nobody in particular are.
    expect((await change(key, { approver_ids: both.toReversed() })).status).toBe(200);
    expect((await change(key, { approver_ids: [approver] })).status).toBe(202);
    expect((await change(key, { approver_ids: null })).status).toBe(202);
    const log = await running.call(
      running.known.oversight_key,
      `/v1/audit-log?type=mailbox.changed&resource=${running.known.mailbox_id}`,
    );
    expect(JSON.stringify(log.body)).toContain(`"approver_ids":${JSON.stringify(both)}`);
  });
});

describe("a test key", () => {
  test("changes nothing of live mail, mailboxes and live keys", async () => {
    const admin = (await keys.make(["read", "send", "admin"], { test: true })).secret;
    const live = await keys.make(["read"]);
    const { body: message } = await running.send();
    const decider = (await keys.make(["read", "oversight"], { test: true })).secret;
    const email = `/v1/mailboxes/${running.known.mailbox_id}/emails/${message.id}`;
    const refused = {
      cancel: await running.call(admin, `${email}/cancel`, {}),
      lower: await change(admin, { oversight_mode: "read_only" }),
      rename: await change(admin, { display_name: "x" }),
      make: await running.call(admin, "/v1/mailboxes", { address: "made" }),
      revoke: await running.call(admin, `/v1/api-keys/${live.id}`, undefined, { method: "DELETE" }),
    };
    for (const [what, { status, body }] of Object.entries(refused)) {
      expect(status, what).toBe(403);
      expect(body.code, what).toBe("test_key");
    }
    expect(
      (
        await running.call(decider, "/v1/oversight/decide", {
          email_id: message.id,
          decision: "approve",
        })
      ).status,
    ).toBe(403);
    expect((await running.settled(message.id, "pending_send_approval")).decisions).toEqual([]);
    expect((await running.call(live.secret, "/v1/account")).status).toBe(200);
  });

  test("cancels its own kind's messages and ends test keys", async () => {
    const admin = (await keys.make(["read", "send", "admin"], { test: true })).secret;
    const { body: message } = await running.send({}, admin);
    const cancelled = await running.call(
      admin,
      `/v1/mailboxes/${running.known.mailbox_id}/emails/${message.id}/cancel`,
      {},
    );
    expect(cancelled.status).toBe(200);
    const made = await keys.make(["read"], { test: true });
    const ended = await running.call(admin, `/v1/api-keys/${made.id}`, undefined, {
      method: "DELETE",
    });
    expect(ended.status).toBe(200);
  });
});
