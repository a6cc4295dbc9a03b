/** What a key can reach and make: the walls of mailboxes, of persons, and of the key that made it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Scope } from "../../src/core/actor.ts";
import type { Founded } from "../../src/engine/bootstrap.ts";
import { promise } from "../promises.ts";
import { approved } from "./approvals.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { decideOnPage } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let other: Founded;
let cookie: string;
/** What a key that is bound to the second mailbox may not see. */
let own: { mailbox_id: string; email_id: string; key_id: string };
let second: string;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  keys = await ownerKeys(node);
  other = await node.found("other");
  cookie = await signIn(running);
  second = (await running.call(running.known.admin_key, "/v1/mailboxes", { address: "second" }))
    .body.id;
  own = {
    mailbox_id: running.known.mailbox_id,
    email_id: (await running.send()).body.id,
    key_id: (await keys.make(["read"])).id,
  };
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

describe("a key that is bound to a mailbox", () => {
  const boundKey = (scopes: readonly Scope[]): Promise<string> =>
    keys.make(scopes, { mailbox_ids: [second] }).then(({ secret }) => secret);

  test("lists, reads and decides on its own mailbox alone", async () => {
    const agent = await boundKey(["read", "send"]);
    const overseer = await boundKey(["read", "oversight"]);
    const mine = await running.call(agent, `/v1/mailboxes/${second}/send`, {
      to: ["ada@example.com"],
      subject: "x",
      markdown: "x",
    });
    expect(mine.status).toBe(202);
    const mailboxes = await running.call(agent, "/v1/mailboxes");
    expect(mailboxes.body.mailboxes.map((one: { id: string }) => one.id)).toEqual([second]);
    const pending = await running.call(overseer, "/v1/oversight/pending?limit=100");
    expect(
      new Set(pending.body.emails.map((one: { mailbox_id: string }) => one.mailbox_id)),
    ).toEqual(new Set([second]));
    // Another mailbox's message by way of one's own mailbox.
    for (const end of ["", "/raw", "/proof"])
      expect(
        (await running.call(agent, `/v1/mailboxes/${second}/emails/${own.email_id}${end}`)).status,
        end,
      ).toBe(404);
    expect(
      (await running.call(agent, `/v1/mailboxes/${second}/emails/${own.email_id}/cancel`, {}))
        .status,
    ).toBe(404);
    // One of several that is not one's own: none is decided.
    const both = await running.call(overseer, "/v1/oversight/decide", {
      decisions: [mine.body.id, own.email_id].map((email_id) => ({
        email_id,
        decision: "approve",
      })),
    });
    expect(both.status).toBe(404);
    const kept = await running.call(agent, `/v1/mailboxes/${second}/emails/${mine.body.id}`);
    expect(kept.body).toMatchObject({ status: "pending_send_approval", decisions: [] });
  });

  test("sees in the audit log what happened in its mailbox, and nothing else", async () => {
    const auditor = await boundKey(["audit"]);
    const entries = await running.call(auditor, "/v1/audit-log?limit=100");
    expect(entries.body.entries.length).toBeGreaterThan(0);
    expect(
      new Set(entries.body.entries.map((one: { mailbox_id: string }) => one.mailbox_id)),
    ).toEqual(new Set([second]));
    expect(
      (await running.call(auditor, `/v1/audit-log?resource=${own.email_id}`)).body.entries,
    ).toEqual([]);
    expect((await running.call(auditor, `/v1/audit-log?mailbox_id=${own.mailbox_id}`)).status).toBe(
      404,
    );
  });

  test("sees and ends only keys that are bound within its mailbox", async () => {
    const admin = await keys.make(["read", "admin"], { mailbox_ids: [second] });
    const inside = await keys.make(["read"], { mailbox_ids: [second] });
    const across = await keys.make(["read"], { mailbox_ids: [second, own.mailbox_id] });
    const listed = await running.call(admin.secret, "/v1/api-keys?limit=100");
    const ids = listed.body.api_keys.map((one: { id: string }) => one.id);
    expect(ids).toContain(inside.id);
    expect(ids).not.toContain(across.id);
    for (const key of listed.body.api_keys) expect(key.mailbox_ids).toEqual([second]);
    const end = (id: string): Promise<Answer> =>
      running.call(admin.secret, `/v1/api-keys/${id}`, undefined, { method: "DELETE" });
    expect((await end(across.id)).status).toBe(404);
    expect((await end(own.key_id)).status).toBe(404);
    expect((await end(inside.id)).status).toBe(200);
    expect((await running.call(inside.secret, "/v1/account")).status).toBe(401);
    expect((await running.call(across.secret, "/v1/account")).status).toBe(200);
  });
});

describe("author and approver", () => {
  const send = async (key: string, mailboxId = own.mailbox_id): Promise<string> =>
    (
      await running.call(key, `/v1/mailboxes/${mailboxId}/send`, {
        to: ["bob@example.com"],
        subject: "x",
        markdown: "x",
      })
    ).body.id;
  const decide = (key: string, emailId: string, decision = "approve"): Promise<Answer> =>
    running.call(key, "/v1/oversight/decide", { email_id: emailId, decision });

  /** Another person of the operator, by a key of theirs that decides. */
  const approver = async (name: string): Promise<string> =>
    (await keys.make(["read", "oversight"], { person_id: await keys.person(name) })).secret;

  test("a person who writes by one key decides neither by another nor on the page", async () => {
    const theirs = await keys.make(["read", "send"], { person_id: keys.owner_id });
    const id = await send(theirs.secret);
    for (const decision of ["approve", "reject", "revise"]) {
      const refused = await decide(running.known.oversight_key, id, decision);
      expect(refused.status).toBe(403);
      expect(refused.body.code).toBe("self_approval");
    }
    const message = await running.settled(id, "pending_send_approval");
    expect(await decideOnPage(running, cookie, message, "approve")).toBe(403);
    expect((await decide(await approver("bea"), id)).status).toBe(200);
    await running.settled(id, "delivered");
  });

  test("a key puts no other key into a person's name, which would keep them from deciding on its mail", async () => {
    const made = await running.call(running.known.admin_key, "/v1/api-keys", {
      name: "the owner's agent",
      scopes: ["read", "send"],
      person_id: keys.owner_id,
    });
    expect(made.status).toBe(403);
    expect(made.body).toMatchObject({ code: "key_not_narrower", field: "person_id" });
  });

  test("two approvals are two people's: another key or the page of the first does not count", async () => {
    const { body: mailbox } = await running.call(running.known.admin_key, "/v1/mailboxes", {
      address: "quorum",
      approvals_required: 2,
    });
    const id = await send(running.known.agent_key, mailbox.id);
    const first = await decide(running.known.oversight_key, id);
    expect(first.body).toMatchObject({
      status: "pending_send_approval",
      approvals: 1,
      approvals_required: 2,
    });
    const again = await keys.make(["oversight"], { person_id: keys.owner_id });
    for (const key of [running.known.oversight_key, again.secret]) {
      const refused = await decide(key, id);
      expect(refused.status).toBe(409);
      expect(refused.body.code).toBe("already_decided");
    }
    const read = async (): Promise<Answer["body"]> =>
      (await running.call(running.known.agent_key, `/v1/mailboxes/${mailbox.id}/emails/${id}`))
        .body;
    expect(await decideOnPage(running, cookie, await read(), "approve")).toBe(409);
    expect(await read()).toMatchObject({ status: "pending_send_approval", approvals: 1 });
    expect((await decide(await approver("cem"), id)).body).toMatchObject({
      status: "queued",
      approvals: 2,
    });
  });

  test("a decision about other content than the present is refused", async () => {
    const id = await send(running.known.agent_key);
    const stale = await running.decide(id, "approve", { digest: "0".repeat(64) });
    expect(stale.status).toBe(409);
    expect(stale.body).toMatchObject({ code: "stale_digest", field: "digest" });
  });

  test("a test key lets no live message leave", async () => {
    const overseer = (await keys.make(["read", "oversight"], { test: true })).secret;
    const live = await send(running.known.agent_key);
    const refused = await decide(overseer, live);
    expect(refused.status).toBe(403);
    expect(refused.body.code).toBe("test_key");
    await running.settled(live, "pending_send_approval");
    const testAgent = (await keys.make(["read", "send"], { test: true })).secret;
    expect((await decide(overseer, await send(testAgent))).status).toBe(200);
  });
});

describe("what keys may be made", () => {
  const make = (key: string, wish: object): Promise<Answer> =>
    running.call(key, "/v1/api-keys", { name: "wish", ...wish });
  const approve = (key: string, wish: object): Promise<Answer> =>
    approved(running, key, "/v1/api-keys", { name: "wish", ...wish });
  const refusedFor = async (key: string, wish: object): Promise<string> => {
    const { status, body } = await make(key, wish);
    return status === 202 ? body.status : `${body.code} ${body.field}`;
  };

  test("no key holds both send and oversight, whoever makes it", async () => {
    const { admin_key: admin } = running.known;
    expect(await refusedFor(admin, { scopes: ["send", "oversight"] })).toBe(
      "scopes_exclude_each_other scopes",
    );
    await expect(keys.make(["send", "oversight"])).rejects.toMatchObject({
      code: "scopes_exclude_each_other",
    });
  });

  test("a key asks only for keys that are narrower than itself", async () => {
    const { admin_key: admin } = running.known;
    const all = ["read", "send", "admin", "audit"] as const;
    const bound = (await keys.make(all, { mailbox_ids: [second] })).secret;
    const testAdmin = (await keys.make(all, { test: true })).secret;
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const later = new Date(Date.now() + 7_200_000).toISOString();
    const brief = (await keys.make(all, { expires_at: soon })).secret;
    const cases: [string, object, string][] = [
      [admin, { scopes: all }, "key_not_narrower scopes"],
      [admin, { scopes: [...all, ...all].slice(0, 5) }, "key_not_narrower scopes"],
      [admin, { scopes: ["oversight"] }, "key_not_narrower scopes"],
      [admin, { scopes: ["read", "send"] }, "approval_required"],
      [admin, { scopes: all, test: true }, "approval_required"],
      [admin, { scopes: all, mailbox_ids: [second, second] }, "approval_required"],
      [admin, { scopes: ["read"], mailbox_ids: [other.mailbox_id] }, "not_found mailbox_ids"],
      [admin, { scopes: ["read"], mailbox_ids: [] }, "validation_failed mailbox_ids"],
      [admin, { scopes: ["read"], person_id: other.mailbox_id }, "key_not_narrower person_id"],
      [
        admin,
        { scopes: ["read"], expires_at: "2020-01-01T00:00:00Z" },
        "validation_failed expires_at",
      ],
      [admin, { scopes: ["root"] }, "validation_failed scopes[0]"],
      [admin, { scopes: [] }, "validation_failed scopes"],
      [bound, { scopes: ["read"] }, "key_not_narrower mailbox_ids"],
      [bound, { scopes: ["read"], mailbox_ids: null }, "key_not_narrower mailbox_ids"],
      [bound, { scopes: ["read"], mailbox_ids: [own.mailbox_id] }, "key_not_narrower mailbox_ids"],
      [
        bound,
        { scopes: ["read"], mailbox_ids: [second, own.mailbox_id] },
        "key_not_narrower mailbox_ids",
      ],
      [bound, { scopes: all, mailbox_ids: [second] }, "key_not_narrower scopes"],
      [bound, { scopes: ["read"], mailbox_ids: [second] }, "approval_required"],
      [testAdmin, { scopes: ["read", "send"] }, "key_not_narrower test"],
      [testAdmin, { scopes: ["read", "send"], test: true }, "approval_required"],
      [brief, { scopes: ["read"] }, "key_not_narrower expires_at"],
      [brief, { scopes: ["read"], expires_at: later }, "key_not_narrower expires_at"],
      // In UTC this lies in the year 10000, whose text sorts before every other.
      [
        brief,
        { scopes: ["read"], expires_at: "9999-12-31T23:59:59-14:00" },
        "validation_failed expires_at",
      ],
      [brief, { scopes: ["read"], expires_at: soon }, "approval_required"],
      [running.known.agent_key, { scopes: ["read"] }, "scope_required undefined"],
      [running.known.oversight_key, { scopes: ["read"] }, "scope_required undefined"],
    ];
    for (const [key, wish, outcome] of cases)
      expect(await refusedFor(key, wish), JSON.stringify(wish)).toBe(outcome);
  });

  test("a key makes no second approver, and no author apart from its person", async () => {
    const nobodys = (await keys.make(["read", "admin", "oversight"])).secret;
    expect(await refusedFor(nobodys, { scopes: ["oversight"] })).toBe("key_not_narrower scopes");
    const owners = (await keys.make(["read", "admin", "oversight"], { person_id: keys.owner_id }))
      .secret;
    const child = await approve(owners, { scopes: ["read", "oversight"] });
    expect(child.body.person_id).toBe(keys.owner_id);
    const stranger = await keys.person("dan");
    expect(await refusedFor(owners, { scopes: ["oversight"], person_id: stranger })).toBe(
      "key_not_narrower person_id",
    );
    const writers = (await keys.make(["read", "send", "admin"], { person_id: keys.owner_id }))
      .secret;
    const agent = await approve(writers, { scopes: ["read", "send"] });
    expect(agent.body.person_id).toBe(keys.owner_id);
    const id = (
      await running.call(agent.body.key, `/v1/mailboxes/${own.mailbox_id}/send`, {
        to: ["bob@example.com"],
        subject: "x",
        markdown: "x",
      })
    ).body.id;
    expect((await running.decide(id, "approve")).body.code).toBe("self_approval");
  });

  test(promise("keys.shown-once"), async () => {
    const made = await approve(running.known.admin_key, { scopes: ["read"] });
    const secret = String(made.body.key);
    expect(secret).toMatch(/^mm_live_[\w-]{43}$/);
    expect(made.body.api_key).toBe(secret);
    const list = await running.call(running.known.admin_key, "/v1/api-keys?limit=100");
    const listed = list.body.api_keys.find((one: { id: string }) => one.id === made.body.id);
    const { key: _key, api_key: _apiKey, ...shown } = made.body;
    expect({ ...listed, last_used_at: null }).toEqual(shown);
    expect(JSON.stringify(list.body)).not.toContain(secret);
    expect(secret.startsWith(shown.prefix)).toBe(true);
    expect(shown.prefix.length).toBeLessThanOrEqual(14);
    // Neither in the row nor anywhere else in the database, log entries and events included.
    const tables = await node.as((tx) =>
      tx.named<{ name: string }>(
        "tables",
        "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
        [],
      ),
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const rows = await node.as((tx) =>
        tx.named<{ n: string }>(
          `scan_${name}`,
          `SELECT count(*) AS n FROM "${name}" t WHERE t::text LIKE '%' || $1 || '%' OR t::text LIKE '%' || $2 || '%'`,
          [secret, Buffer.from(secret).toString("hex")],
        ),
      );
      expect(rows[0]?.n, name).toBe("0");
    }
  });
});
