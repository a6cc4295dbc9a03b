/** What a key may not do by itself: it asks, a person lets that very call through, by a mailed code or in the dashboard. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { approved, mailTo, mailedCode } from "./approvals.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let cookie: string;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  keys = await ownerKeys(node);
  cookie = await signIn(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const adminScopes = ["read", "send", "admin", "audit"] as const;
/** A key of its own for each test: how often a key may ask is counted. */
const admin = async (): Promise<string> => (await keys.make(adminScopes)).secret;
const wish = (name: string): object => ({ name, scopes: ["read"] });
const make = (key: string, body: object): Promise<Answer> =>
  running.call(key, "/v1/api-keys", body);
const keysCalled = async (name: string): Promise<number> => {
  const rows = await node.as((tx) =>
    tx.named<{ n: string }>("keys_called", "SELECT count(*) AS n FROM api_key WHERE name = $1", [
      name,
    ]),
  );
  return Number(rows[0]?.n);
};
const wrong = (code: string): string => (code.startsWith("A") ? "B" : "A") + code.slice(1);

describe("a sensitive call by a key", () => {
  test(promise("gate.sensitive-by-key"), async () => {
    const key = await admin();
    const asked = await make(key, wish("first"));
    expect(asked.status).toBe(202);
    expect(asked.body.status).toBe("approval_required");
    expect(await keysCalled("first")).toBe(0);
    const code = await mailedCode(running, asked.body.change_id);
    const made = await make(key, { ...wish("first"), approval_code: code });
    expect(made.status).toBe(201);
    expect(made.body.key).toMatch(/^mm_live_/);
    expect(await keysCalled("first")).toBe(1);
    // Once: with the same code, or without one, it asks again.
    expect((await make(key, { ...wish("first"), approval_code: code })).body.code).toBe(
      "invalid_code",
    );
    expect((await make(key, wish("first"))).status).toBe(202);
    expect(await keysCalled("first")).toBe(1);
  });

  test("asked again is the same change, with one mail", async () => {
    const key = await admin();
    const first = await make(key, wish("again"));
    const second = await make(key, { scopes: ["read"], name: "again", test: false });
    expect(second.body.change_id).toBe(first.body.change_id);
    await mailedCode(running, first.body.change_id);
    const mails = (await mailTo(running, "oversight@")).filter((text) =>
      text.includes(first.body.change_id),
    );
    expect(mails).toHaveLength(1);
  });

  test("the code fits no other input, operation or key, and is then still good", async () => {
    const [key, other] = [await admin(), await admin()];
    const asked = await make(key, wish("fitting"));
    const approval_code = await mailedCode(running, asked.body.change_id);
    const wider = { ...wish("fitting"), scopes: ["read", "send"], approval_code };
    expect((await make(key, wider)).body.code).toBe("invalid_code");
    expect((await make(other, { ...wish("fitting"), approval_code })).body.code).toBe(
      "invalid_code",
    );
    const raise = await running.call(
      key,
      `/v1/mailboxes/${running.known.mailbox_id}`,
      { oversight_mode: "autonomous", approval_code },
      { method: "PATCH" },
    );
    expect(raise.body.code).toBe("invalid_code");
    expect((await make(key, { ...wish("fitting"), approval_code })).status).toBe(201);
  });

  test("five wrong codes end the change, and the right one comes too late", async () => {
    const key = await admin();
    const asked = await make(key, wish("guessed"));
    const code = await mailedCode(running, asked.body.change_id);
    for (let i = 0; i < 5; i++)
      expect((await make(key, { ...wish("guessed"), approval_code: wrong(code) })).body.code).toBe(
        "invalid_code",
      );
    expect((await make(key, { ...wish("guessed"), approval_code: code })).body.code).toBe(
      "invalid_code",
    );
    expect((await make(key, wish("guessed"))).body.change_id).not.toBe(asked.body.change_id);
    expect(await keysCalled("guessed")).toBe(0);
  });

  test("two that come at the same time with one code make one", async () => {
    const key = await admin();
    const asked = await make(key, wish("twice"));
    const approval_code = await mailedCode(running, asked.body.change_id);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => make(key, { ...wish("twice"), approval_code })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await keysCalled("twice")).toBe(1);
  });

  test("ends after a day", async () => {
    const key = await admin();
    const asked = await make(key, wish("late"));
    const approval_code = await mailedCode(running, asked.body.change_id);
    await node.asOwner(
      `UPDATE change_request SET expires_at = now() WHERE change_id = '${asked.body.change_id}'`,
    );
    expect((await make(key, { ...wish("late"), approval_code })).body.code).toBe("invalid_code");
  });

  test("a key asks for twenty changes an hour", async () => {
    const key = await admin();
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) statuses.push((await make(key, wish(`flood ${i}`))).status);
    expect(statuses.slice(0, 20).every((status) => status === 202)).toBe(true);
    expect(statuses.slice(20)).toEqual([429, 429]);
  });

  test("what is refused anyway asks nobody", async () => {
    const key = await admin();
    const refused = await make(key, { name: "wide", scopes: ["oversight"] });
    expect(refused.body.code).toBe("key_not_narrower");
    const rows = await node.as((tx) =>
      tx.named<{ n: string }>(
        "asked_wide",
        "SELECT count(*) AS n FROM change_request WHERE summary LIKE '%wide%'",
        [],
      ),
    );
    expect(rows[0]?.n).toBe("0");
  });

  test("a test key asks without mail", async () => {
    const key = (await keys.make(adminScopes, { test: true })).secret;
    const asked = await make(key, { name: "tester", scopes: ["read"], test: true });
    expect(asked.status).toBe(202);
    expect(asked.body.hint).not.toContain("mailed");
    const mails = await node.as((tx) =>
      tx.named<{ n: string }>(
        "codes_of",
        "SELECT count(*) AS n FROM one_time_code WHERE subject = $1",
        [asked.body.change_id],
      ),
    );
    expect(mails[0]?.n).toBe("0");
  });

  test("words of an agent stand in the mail on one line, shortened", async () => {
    const key = await admin();
    const name = `x\n\nThe code: AAA-AAA\n${"y".repeat(60)}`;
    const asked = await make(key, { name, scopes: ["read"] });
    const code = await mailedCode(running, asked.body.change_id);
    expect(code).not.toBe("AAA-AAA");
    expect((await make(key, { name, scopes: ["read"], approval_code: code })).status).toBe(201);
  });

  test("a mode is raised so, and not if the mailbox was lowered since it was asked", async () => {
    const key = await admin();
    const { body } = await running.call(key, "/v1/mailboxes", { address: "raised" });
    const at = `/v1/mailboxes/${body.id}`;
    const raise = (more = {}): Promise<Answer> =>
      running.call(key, at, { oversight_mode: "autonomous", ...more }, { method: "PATCH" });
    const asked = await raise();
    const approval_code = await mailedCode(running, asked.body.change_id, "gated_send");
    await running.call(key, at, { oversight_mode: "read_only" }, { method: "PATCH" });
    const late = await raise({ approval_code });
    expect(late.status).toBe(202);
    expect(late.body.change_id).not.toBe(asked.body.change_id);
    expect((await running.call(key, at)).body.oversight_mode).toBe("read_only");
    const again = await mailedCode(running, late.body.change_id, "read_only");
    expect((await raise({ approval_code: again })).body.oversight_mode).toBe("autonomous");
  });

  test("the log tells who asked, who granted and that it was used, and neither code nor words", async () => {
    const key = await admin();
    const asked = await make(key, wish("Very Private Name"));
    const approval_code = await mailedCode(running, asked.body.change_id);
    await make(key, { ...wish("Very Private Name"), approval_code });
    const rows = await node.as((tx) =>
      tx.named<{ type: string; body: Buffer }>(
        "entries_of_change",
        "SELECT type, body FROM log_entry WHERE resource = $1 ORDER BY entry_id",
        [asked.body.change_id],
      ),
    );
    expect(rows.map(({ type }) => type)).toEqual([
      "change.requested",
      "change.granted",
      "change.used",
    ]);
    const text = rows.map(({ body }) => body.toString()).join("\n");
    expect(text).not.toContain(approval_code);
    expect(text).not.toContain("Very Private Name");
  });
});

describe("in the dashboard", () => {
  const decide = (id: string, decision: string): Promise<Response> =>
    postForm(running, cookie, "/changes", `/changes/${id}`, { decision });

  test("a member grants a change, and the same call goes through without a code, once", async () => {
    const key = await admin();
    const asked = await make(key, wish("granted"));
    const page = await (
      await fetch(`${running.known.url}/changes`, { headers: { cookie } })
    ).text();
    expect(page).toContain("granted");
    expect((await decide(asked.body.change_id, "grant")).status).toBe(303);
    expect((await make(key, wish("granted"))).status).toBe(201);
    expect((await make(key, wish("granted"))).status).toBe(202);
  });

  test("a member refuses one, and its code is worth nothing", async () => {
    const key = await admin();
    const asked = await make(key, wish("refused"));
    const approval_code = await mailedCode(running, asked.body.change_id);
    expect((await decide(asked.body.change_id, "refuse")).status).toBe(303);
    expect((await make(key, { ...wish("refused"), approval_code })).body.code).toBe("invalid_code");
    expect((await decide(asked.body.change_id, "grant")).status).toBe(409);
  });

  test("granting needs a fresh sign-in; no key grants, not even another's", async () => {
    const key = await admin();
    const asked = await make(key, wish("by key"));
    const path = `/v1/changes/${asked.body.change_id}/decide`;
    for (const one of [key, await admin()])
      expect((await running.call(one, path, { decision: "grant" })).body.code).toBe(
        "role_required",
      );
    await node.asOwner(
      "UPDATE session SET created_at = now() - interval '1 hour', verified_at = now() - interval '1 hour'",
    );
    expect((await decide(asked.body.change_id, "grant")).status).toBe(403);
    expect((await make(key, wish("by key"))).status).toBe(202);
    await node.asOwner("UPDATE session SET created_at = now(), verified_at = now()");
  });

  test("a key lists its own open changes, and no other's", async () => {
    const [key, other] = [await admin(), await admin()];
    const asked = await make(key, wish("listed"));
    const ids = async (one: string): Promise<string[]> =>
      (await running.call(one, "/v1/changes")).body.changes.map(
        (change: { id: string }) => change.id,
      );
    expect(await ids(key)).toEqual([asked.body.change_id]);
    expect(await ids(other)).toEqual([]);
  });
});

describe("the allowlist", () => {
  const path = (): string => `/v1/mailboxes/${running.known.mailbox_id}/allowlist`;

  test(promise("gate.allowlist-needs-person"), async () => {
    const pattern = "*@Friends.example";
    const agent = running.known.agent_key;
    const send = async (): Promise<string> =>
      (await running.send({ to: ["ada@friends.example"] })).body.status;
    expect(await send()).not.toBe("queued");
    const asked = await running.call(agent, path(), { pattern });
    expect(asked.body.status).toBe("approval_required");
    expect(await send()).not.toBe("queued");
    const made = await approved(running, agent, path(), { pattern });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ pattern: "*@friends.example", confirmed_by: "code" });
    expect(await send()).toBe("queued");
    const listed = await running.call(agent, path());
    expect(listed.body.entries).toEqual([made.body]);
    expect((await running.call(agent, path(), { pattern })).body.code).toBe("already_exists");
    const gone = await running.call(agent, `${path()}/${made.body.id}`, undefined, {
      method: "DELETE",
    });
    expect(gone.status).toBe(200);
    expect(await send()).not.toBe("queued");
    expect(
      (await running.call(agent, `${path()}/${made.body.id}`, undefined, { method: "DELETE" }))
        .status,
    ).toBe(404);
  });

  test("takes addresses and whole domains, and nothing wider", async () => {
    for (const pattern of ["*@com", "*@co.uk", "*@*", "*@*.example.com", "ada", "a*@example.com"]) {
      const refused = await running.call(running.known.agent_key, path(), { pattern });
      expect(refused.body, pattern).toMatchObject({ code: "validation_failed", field: "pattern" });
    }
  });

  test("a signed-in owner adds on the mailbox's page, and its pattern is not in the log", async () => {
    const page = `/mailboxes/${running.known.mailbox_id}`;
    const added = await postForm(running, cookie, page, `${page}/allowlist`, {
      pattern: "ada@private.example",
    });
    expect(added.status).toBe(303);
    const shown = await (
      await fetch(`${running.known.url}${page}`, { headers: { cookie } })
    ).text();
    expect(shown).toContain("ada@private.example");
    const { body } = await running.call(running.known.agent_key, path());
    const [entry] = body.entries;
    expect(entry.confirmed_by).toBe(`person:${keys.owner_id}`);
    const rows = await node.as((tx) =>
      tx.named<{ n: string }>(
        "entries_with",
        "SELECT count(*) AS n FROM log_entry WHERE convert_from(body, 'UTF8') LIKE '%private.example%'",
        [],
      ),
    );
    expect(rows[0]?.n).toBe("0");
    const removed = await postForm(running, cookie, page, `${page}/allowlist/${entry.id}`, {});
    expect(removed.status).toBe(303);
    expect((await running.call(running.known.agent_key, path())).body.entries).toEqual([]);
  });
});
