/** What newcomers get who signed up or registered themselves: an account or a mailbox of their own, walled off, also after a restart. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mailTo } from "./approvals.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { openSignUp, solved } from "./signing-up.ts";

let running: Running;
let node: SecondNode;
let counter = 0;

beforeAll(async () => {
  running = await run({
    MULTIMAIL_SIGNUP: "open",
    MULTIMAIL_OVERSIGHT_ADDRESS: "owner@known.example",
  });
  node = await secondNode(running);
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

const stranger = (): string => `s${counter++}@people.example`;

async function signUp(more: Record<string, unknown> = {}): Promise<Answer> {
  return running.call(null, "/v1/signup", {
    operator_name: "A newcomer",
    postal_address: "2 New Street",
    oversight_email: stranger(),
    altcha: solved((await running.call(null, "/v1/signup/challenge")).body),
    ...more,
  });
}

const register = (oversight_email: string, more: object = {}): Promise<Answer> =>
  running.call(null, "/agent/auth", { oversight_email, agent_name: "Helper", ...more });

describe("what a newcomer gets", () => {
  test("an address whose mail comes here oversees nothing: agents would read its codes", async () => {
    for (const oversight_email of [
      "me@multimail.localhost",
      "me@sub.multimail.localhost",
      running.known.mailbox_address,
    ])
      expect((await signUp({ oversight_email })).body).toMatchObject({
        code: "validation_failed",
        field: "oversight_email",
      });
  });

  test("is walled off: another log, other keys, a domain of its own; the host's are not reached", async () => {
    const open = await openSignUp(node, "account", stranger());
    const given = { sign_up_id: open.id, code: open.code };
    const { body, status } = await running.call(null, "/v1/signup/confirm", given);
    expect(status).toBe(201);
    const mine = await running.call(body.api_key, "/v1/mailboxes");
    expect(mine.body.mailboxes.map((one: { id: string }) => one.id)).toEqual([body.mailbox_id]);
    const theirs = `/v1/mailboxes/${running.known.mailbox_id}`;
    expect((await running.call(body.api_key, theirs)).status).toBe(404);
    expect(body.mailbox_address).toBe(`agent@${body.slug}.multimail.localhost`);
    const log = await running.call(body.api_key, "/v1/audit-log?limit=100");
    const types = log.body.entries.map((one: { type: string }) => one.type);
    expect(types).toContain("operator.created");
    expect(types).toContain("api_key.created");
    // The key decides on nothing, and makes none that does.
    expect((await running.call(body.api_key, "/v1/oversight/pending")).status).toBe(403);
    const wanted = { name: "x", scopes: ["oversight"] };
    expect((await running.call(body.api_key, "/v1/api-keys", wanted)).status).toBe(403);
    expect(await (await fetch(`${running.known.url}/audit/checkpoint`)).json()).toMatchObject({
      code: "not_found",
    });
    // The sequencer comes behind what is committed.
    const own = `${running.known.url}/audit/${body.account_id}/checkpoint`;
    await expect
      .poll(async () => (await fetch(own)).text(), { timeout: 10_000 })
      .toContain(`/${body.account_id}\n`);
  });

  test("names that are taken, reserved or the service's get letters behind them", async () => {
    const slugs = [];
    for (let i = 0; i < 2; i++) {
      const open = await openSignUp(node, "account", stranger());
      await node.asOwner(
        `UPDATE sign_up SET wanted = wanted || '{"operator_name": "Twice Ltd"}' WHERE sign_up_id = '${open.id}'`,
      );
      const given = { sign_up_id: open.id, code: open.code };
      slugs.push((await running.call(null, "/v1/signup/confirm", given)).body.slug);
    }
    expect(slugs[0]).toBe("twice-ltd");
    expect(slugs[1]).toMatch(/^twice-ltd-[0-9a-f]{4}$/);
    for (const mailbox of ["oversight", "agent"]) {
      const open = await openSignUp(node, "agent", "owner@known.example");
      await node.asOwner(
        `UPDATE sign_up SET wanted = wanted || '{"mailbox": "${mailbox}"}' WHERE sign_up_id = '${open.id}'`,
      );
      const given = { registration_id: open.id, code: open.code };
      const { body } = await running.call(null, "/agent/auth/confirm", given);
      expect(body.mailbox_address).toMatch(
        new RegExp(`^${mailbox}-[0-9a-f]{4}@multimail\\.localhost$`),
      );
    }
  });

  test("an agent that was let in has its own mailbox and nothing else", async () => {
    const open = await openSignUp(node, "agent", "owner@known.example");
    const given = { registration_id: open.id, code: open.code };
    const { body } = await running.call(null, "/agent/auth/confirm", given);
    const mailboxes = await running.call(body.api_key, "/v1/mailboxes");
    expect(mailboxes.body.mailboxes.map((one: { id: string }) => one.id)).toEqual([
      body.mailbox_id,
    ]);
    for (const [path, payload] of [
      ["/v1/mailboxes", { address: "more" }],
      ["/v1/api-keys", { name: "x", scopes: ["read"] }],
      ["/v1/oversight/decide", { email_id: open.id, decision: "approve" }],
    ] as const)
      expect((await running.call(body.api_key, path, payload)).status, path).toBe(403);
    const log = await running.call(running.known.admin_key, "/v1/audit-log?limit=5");
    expect(JSON.stringify(log.body.entries)).toContain(open.id);
    for (const scopes of [["admin"], ["oversight"], ["read", "audit"]])
      expect((await register("owner@known.example", { scopes })).status).toBe(400);
  });

  test("whose overseer was removed since is let in by nobody", async () => {
    const open = await openSignUp(node, "agent", "gone@known.example");
    const given = { registration_id: open.id, code: open.code };
    expect((await running.call(null, "/agent/auth/confirm", given)).status).toBe(403);
  });
});

test("a sign-up outlives a restart of the server", async () => {
  const before = await run({ MULTIMAIL_SIGNUP: "open" });
  const { body: challenged } = await before.call(null, "/v1/signup/challenge");
  const wanted = {
    operator_name: "Patient Ltd",
    postal_address: "2 New Street",
    oversight_email: "patient@people.example",
  };
  const altcha = solved(challenged);
  const { body: asked } = await before.call(null, "/v1/signup", { ...wanted, altcha });
  let mail: string | undefined;
  await expect
    .poll(async () => ([mail] = await mailTo(before, "patient@people.example")).length)
    .toBe(1);
  const code = /^The code: (\S+)/m.exec(mail ?? "")?.[1] ?? "";
  await before.stop(true);
  const after = await run({ MULTIMAIL_SIGNUP: "open" }, before.folder);
  try {
    // The proof was used before the restart, and is used still.
    expect((await after.call(null, "/v1/signup", { ...wanted, altcha })).status).toBe(403);
    const given = { sign_up_id: asked.sign_up_id, code };
    const { status, body } = await after.call(null, "/v1/signup/confirm", given);
    expect(status).toBe(201);
    expect((await after.call(body.api_key, "/v1/account")).body.name).toBe("Patient Ltd");
  } finally {
    await after.stop();
  }
});
