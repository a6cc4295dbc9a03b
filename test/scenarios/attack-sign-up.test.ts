/** Attacks on sign-up and on agents' registration: enumeration, forged and replayed proofs, guessed codes, floods, races, injection. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { mailTo } from "./approvals.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { encoded, openSignUp, solved } from "./signing-up.ts";

let running: Running;
let node: SecondNode;
let counter = 0;
/** What the instance's clock of sign-ups may be set to: rows are made older instead. */
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
const challenge = async () => (await running.call(null, "/v1/signup/challenge")).body;

async function signUp(more: Record<string, unknown> = {}): Promise<Answer> {
  return running.call(null, "/v1/signup", {
    operator_name: "A newcomer",
    postal_address: "2 New Street",
    oversight_email: stranger(),
    altcha: more["altcha"] ?? solved(await challenge()),
    ...more,
  });
}

const register = (oversight_email: string, more: object = {}): Promise<Answer> =>
  running.call(null, "/agent/auth", { oversight_email, agent_name: "Helper", ...more });

/** The text of the newest mail to an address, once there are so many. */
async function mails(address: string, count: number): Promise<string[]> {
  await expect
    .poll(async () => (await mailTo(running, address)).length, { timeout: 10_000 })
    .toBe(count);
  return mailTo(running, address);
}

/** An answer without what is an accident of the moment. */
function shape({ status, headers, body }: Answer): unknown {
  const names = [...headers.keys()].filter((name) => !/^x-request-id$|^date$/.test(name));
  const text = JSON.stringify(body)
    .replaceAll(/"[0-9A-HJKMNP-TV-Z]{26}"/g, '"ID"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
  return { status, names, text, length: headers.get("content-length") };
}

describe("whoever asks learns nothing of an address", () => {
  test(promise("signup.no-enumeration"), async () => {
    const known = await signUp({ oversight_email: "owner@known.example" });
    const unknown = await signUp({ oversight_email: "nobody@known.example" });
    expect(shape(known)).toEqual(shape(unknown));
    expect(known.status).toBe(202);
    const [told = ""] = await mails("owner@known.example", 1);
    expect(told).toContain("You have a MultiMail account already");
    expect(told).not.toMatch(/The code:/);
    const [code = ""] = await mails("nobody@known.example", 1);
    expect(code).toMatch(/^The code: [A-Z2-9]{3}-[A-Z2-9]{3}/m);
  });

  test("asking to be let in by a member's address is answered as by a stranger's, who gets no mail", async () => {
    const known = await register("owner@known.example");
    const unknown = await register("nobody2@known.example");
    expect(shape(known)).toEqual(shape(unknown));
    const all = await mails("owner@known.example", 2);
    expect(all.at(-1)).toMatch(/^The code: \d{6}\r?$/m);
    expect(await mailTo(running, "nobody2@known.example")).toEqual([]);
  });

  test("wrong codes are answered alike, whatever stands behind the id", async () => {
    const open = await openSignUp(node, "account", stranger());
    const nothing = node.context.new_id();
    const answers = await Promise.all(
      [open.id, nothing].map((sign_up_id) =>
        running.call(null, "/v1/signup/confirm", { sign_up_id, code: "AAA-AAA" }),
      ),
    );
    const agent = await openSignUp(node, "agent", "owner@known.example");
    const wrong = await Promise.all(
      [agent.id, nothing].map((registration_id) =>
        running.call(null, "/agent/auth/confirm", { registration_id, code: "0000000" }),
      ),
    );
    const [first, ...others] = [...answers, ...wrong].map((answer) =>
      JSON.stringify({ ...answer.body, request_id: "" }),
    );
    expect(JSON.parse(first ?? "")).toMatchObject({ code: "invalid_code" });
    for (const other of others) expect(other).toBe(first);
  });
});

describe("a proof of work", () => {
  test("opens one sign-up, also when it is sent twice at once", async () => {
    const altcha = solved(await challenge());
    const answers = await Promise.all([1, 2, 3].map(() => signUp({ altcha })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 403, 403]);
    expect((await signUp({ altcha })).body).toMatchObject({ code: "invalid_proof" });
  });

  test("that is forged, unsolved or missing opens none, and nobody is mailed", async () => {
    const given = await challenge();
    const to = stranger();
    for (const altcha of [
      encoded({ ...given, number: 0 }),
      encoded({ ...given, number: "1" }),
      "x",
      "A".repeat(1999),
    ])
      expect((await signUp({ altcha, oversight_email: to })).body.code).toBe("invalid_proof");
    expect((await signUp({ altcha: "A".repeat(2001) })).status).toBe(400);
    expect(await mailTo(running, to)).toEqual([]);
  });

  test("that was refused for another reason can be used again", async () => {
    const altcha = solved(await challenge());
    expect((await signUp({ altcha, oversight_email: "not an address" })).status).toBe(400);
    expect((await signUp({ altcha })).status).toBe(202);
  });
});

describe("codes", () => {
  test("die after five wrong tries", async () => {
    for (const [kind, path, name, code] of [
      ["account", "/v1/signup/confirm", "sign_up_id", "AAA-AAA"],
      ["agent", "/agent/auth/confirm", "registration_id", "x"],
    ] as const) {
      const open = await openSignUp(
        node,
        kind,
        kind === "agent" ? "owner@known.example" : stranger(),
      );
      for (let i = 0; i < 5; i++)
        expect((await running.call(null, path, { [name]: open.id, code })).status).toBe(403);
      expect((await running.call(null, path, { [name]: open.id, code: open.code })).status).toBe(
        403,
      );
    }
  });

  test("wrong tries at once count each", async () => {
    const open = await openSignUp(node, "account", stranger());
    const body = (code: string) => ({ sign_up_id: open.id, code });
    await Promise.all(
      Array.from({ length: 8 }, () => running.call(null, "/v1/signup/confirm", body("AAA-AAA"))),
    );
    expect((await running.call(null, "/v1/signup/confirm", body(open.code))).status).toBe(403);
  });

  test("of one sign-up open neither another nor a registration", async () => {
    const [one, two] = [
      await openSignUp(node, "account", stranger()),
      await openSignUp(node, "account", stranger()),
    ];
    const crossed = { sign_up_id: two.id, code: one.code };
    expect((await running.call(null, "/v1/signup/confirm", crossed)).status).toBe(403);
    const agent = { registration_id: one.id, code: one.code };
    expect((await running.call(null, "/agent/auth/confirm", agent)).status).toBe(403);
  });

  test(promise("signup.one-account"), async () => {
    const open = await openSignUp(node, "account", stranger());
    const before = (await node.engine.operatorIds()).length;
    const given = { sign_up_id: open.id, code: open.code };
    const answers = await Promise.all(
      [1, 2, 3].map(() => running.call(null, "/v1/signup/confirm", given)),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 403, 403]);
    expect((await node.engine.operatorIds()).length).toBe(before + 1);
    const agent = await openSignUp(node, "agent", "owner@known.example");
    const let_in = { registration_id: agent.id, code: agent.code };
    const agents = await Promise.all(
      [1, 2, 3].map(() => running.call(null, "/agent/auth/confirm", let_in)),
    );
    expect(agents.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 403, 403]);
  });

  test("of two sign-ups of one address make one account", async () => {
    const email = stranger();
    const two = [
      await openSignUp(node, "account", email),
      await openSignUp(node, "account", email.toUpperCase()),
    ];
    const answers = await Promise.all(
      two.map(({ id, code }) => running.call(null, "/v1/signup/confirm", { sign_up_id: id, code })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 403]);
  });

  test("make another account for the address of one that was deleted, and let no agent into that one", async () => {
    const email = stranger();
    const confirm = async (): Promise<Answer> => {
      const { id, code } = await openSignUp(node, "account", email);
      return running.call(null, "/v1/signup/confirm", { sign_up_id: id, code });
    };
    const { body } = await confirm();
    expect((await confirm()).status).toBe(403);
    await node.asOwner(
      `UPDATE operator SET stopped_at = now(), closed_at = now() WHERE operator_id = '${body.account_id}'`,
    );
    const before = (await mailTo(running, email)).length;
    expect((await register(email)).status).toBe(202);
    const again = await confirm();
    expect(again.status).toBe(201);
    expect(again.body.account_id).not.toBe(body.account_id);
    expect((await mailTo(running, email)).length).toBe(before);
  });

  test("of a stranger whom somebody named as their oversight address open what is the stranger's own", async () => {
    const [mallory, victim] = [stranger(), stranger()];
    const { id, code } = await openSignUp(node, "account", mallory);
    const { body } = await running.call(null, "/v1/signup/confirm", { sign_up_id: id, code });
    await node.asOwner(
      `UPDATE operator SET oversight_address = '${victim}' WHERE operator_id = '${body.account_id}'`,
    );
    // No agent of the victim's is let into the account of whoever named them.
    await register(victim);
    expect((await mailTo(running, victim)).length).toBe(0);
    // And the victim opens an account as anybody does.
    expect((await signUp({ oversight_email: victim })).status).toBe(202);
    const [mail] = await mails(victim, 1);
    expect(mail).toContain("code");
  });

  test("expire", async () => {
    const open = await openSignUp(node, "account", stranger());
    await node.asOwner(
      `UPDATE one_time_code SET expires_at = now() - interval '1 second' WHERE subject = '${open.id}'`,
    );
    const given = { sign_up_id: open.id, code: open.code };
    expect((await running.call(null, "/v1/signup/confirm", given)).status).toBe(403);
  });
});

describe("floods", () => {
  test(promise("signup.flood"), async () => {
    const to = stranger();
    for (let i = 0; i < 3; i++)
      expect((await signUp({ oversight_email: i === 1 ? to.toUpperCase() : to })).status).toBe(202);
    const fourth = await signUp({ oversight_email: to });
    expect(fourth.status).toBe(429);
    expect(Number(fourth.headers.get("retry-after"))).toBeGreaterThan(3000);
    const older = `UPDATE sign_up SET created_at = created_at - interval '2 hours' WHERE lower(email) = '${to}'`;
    await node.asOwner(older);
    for (let i = 0; i < 3; i++) expect((await signUp({ oversight_email: to })).status).toBe(202);
    await node.asOwner(older);
    const seventh = await signUp({ oversight_email: to });
    expect(seventh.status).toBe(429);
    expect(Number(seventh.headers.get("retry-after"))).toBeGreaterThan(18 * 3600);
    expect(await mails(to, 6)).toHaveLength(6);
  });

  test("asked at once it is no more", async () => {
    const to = stranger();
    const answers = await Promise.all(Array.from({ length: 8 }, () => register(to)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
  });

  test("of many addresses end for the hour once the instance has mailed to 300", async () => {
    const fill = (id: string) =>
      `INSERT INTO sign_up (operator_id, sign_up_id, kind, email, known, wanted, created_at, expires_at)
       SELECT '${node.operator_id}', '${id}' || i, 'account', 'f' || i || '@flood.example', false, '{}', now(), now() FROM generate_series(1, 300) i`;
    await node.asOwner(fill("FLOOD"));
    expect((await signUp()).body).toMatchObject({ code: "rate_limited" });
    expect((await register(stranger())).status).toBe(202);
    await node.asOwner("DELETE FROM sign_up WHERE email LIKE '%@flood.example'");
    expect((await signUp()).status).toBe(202);
  });

  test("what was never confirmed is pruned", async () => {
    const { body } = await signUp();
    await node.asOwner(
      `UPDATE sign_up SET created_at = now() - interval '3 days' WHERE sign_up_id = '${body.sign_up_id}'`,
    );
    await node.asOwner("UPDATE sign_up_proof SET expires_at = now() - interval '1 second'");
    expect(await node.engine.pruneSignUps(new Date())).toBeGreaterThanOrEqual(2);
    const rows = await node.as((tx) =>
      tx.named(
        "left",
        "SELECT 1 FROM sign_up WHERE sign_up_id = $1 UNION ALL SELECT 1 FROM sign_up_proof",
        [body.sign_up_id],
      ),
    );
    expect(rows).toEqual([]);
  });
});

describe("text of somebody else", () => {
  test.each([
    ["operator_name", "Evil\r\nBcc: victim@example.com"],
    ["operator_name", "Evil\u2028Name"],
    ["operator_name", "a\u202eb"],
    ["operator_name", "x".repeat(101)],
    ["postal_address", "Street\nTown"],
    ["postal_address", "x".repeat(501)],
    ["oversight_email", "a@b.example\r\nBcc: c@d.example"],
    ["oversight_email", "a@b.example, c@d.example"],
    ["mailbox_local_part", "a b"],
    ["mailbox_local_part", "a+b"],
    ["mailbox_local_part", "../x"],
    ["admin", "yes"],
  ])("%s cannot be %j", async (field, value) => {
    const answer = await signUp({ [field]: value });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(field);
  });

  test.each([
    '"a b"@people.example',
    "björn@people.example",
    "a@bücher.example",
    "a@[127.0.0.1]",
    "a@localhost",
    "Grace <grace@people.example>",
    `${"a".repeat(64)}@people.example`,
    `${"a".repeat(65)}@people.example`,
    "a@" + "b.".repeat(120) + "example",
    "a@people.example.",
    "<>",
    "a%b@people.example",
  ])("the address %s is taken or refused in words, on both roads", async (oversight_email) => {
    const answers = [await signUp({ oversight_email }), await register(oversight_email)];
    for (const { status, body } of answers)
      expect(status === 202 || body.code === "validation_failed", JSON.stringify(body)).toBe(true);
  });

  test.each(["Click http://evil.example", "x\r\nBcc: v@example.com", "<b>", "a.example", ""])(
    "no agent is called %j",
    async (agent_name) => {
      expect((await register("owner@known.example", { agent_name })).status).toBe(400);
    },
  );

  test("no word of whoever signs up goes to the address that they name", async () => {
    const to = stranger();
    await signUp({
      oversight_email: to,
      operator_name: "WIN A PRIZE at evil example",
      owner_name: "Prince",
    });
    const [mail = ""] = await mails(to, 1);
    expect(mail).not.toMatch(/PRIZE|Prince/);
  });

  test("a body that is huge, or nested deeply, is refused", async () => {
    expect((await signUp({ operator_name: "x".repeat(2_000_000) })).status).toBe(413);
    const nested = `{"operator_name": ${"[".repeat(100_000)}`;
    expect((await running.call(null, "/v1/signup", nested)).status).toBe(400);
  });
});

test("while sign-up is closed nothing of it answers, and no page shows it", async () => {
  const closed = await run();
  try {
    const challenged = await closed.call(null, "/v1/signup/challenge");
    expect(challenged).toMatchObject({ status: 403, body: { code: "sign_up_closed" } });
    const altcha = solved(await node.engine.proofChallenge());
    const wanted = {
      operator_name: "x",
      postal_address: "x",
      oversight_email: "a@b.example",
      altcha,
    };
    expect((await closed.call(null, "/v1/signup", wanted)).status).toBe(403);
    const given = { sign_up_id: node.context.new_id(), code: "AAA-AAA" };
    expect((await closed.call(null, "/v1/signup/confirm", given)).status).toBe(403);
    expect((await closed.call(null, "/signup")).status).toBe(403);
    expect((await closed.call(null, "/sign-in")).body).not.toContain("/signup");
  } finally {
    await closed.stop();
  }
});

test("neither codes nor keys of newcomers stand in the database's text or in the log", async () => {
  const { body: asked } = await signUp({ oversight_email: "secret@people.example" });
  const [mail = ""] = await mails("secret@people.example", 1);
  const code = /^The code: (\S+)/m.exec(mail)?.[1] ?? "";
  const given = { sign_up_id: asked.sign_up_id, code };
  const { body } = await running.call(null, "/v1/signup/confirm", given);
  expect(body.api_key).toMatch(/^mm_live_/);
  for (const table of ["sign_up", "one_time_code", "log_entry", "api_key", "event"]) {
    const rows = await node.database.as("*", (tx) =>
      tx.named(
        `secrets_${table}`,
        `SELECT to_jsonb(t)::text AS text, encode(convert_to(t::text, 'UTF8'), 'escape') AS raw FROM ${table} t`,
        [],
      ),
    );
    const text = JSON.stringify(rows);
    expect(text, table).not.toContain(body.api_key);
    expect(text, table).not.toContain(code);
    expect(text, table).not.toContain(code.replace("-", ""));
  }
  const files = await readdir(running.folder);
  for (const file of files.filter((name) => name.endsWith(".json")))
    expect(await readFile(join(running.folder, file), "utf8"), file).not.toContain(body.api_key);
});
