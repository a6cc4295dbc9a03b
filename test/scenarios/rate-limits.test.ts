/** Rate limits: a key or an operator that asks too much is refused with the time to wait, at every door and on every node, and people never are. */
import nodemailer from "nodemailer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRateLimits } from "../../src/engine/rate-limit.ts";
import { unlimited } from "../../src/engine/context.ts";
import type { Actor } from "../../src/core/actor.ts";
import { ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;

beforeAll(async () => {
  running = await run({ MULTIMAIL_KEY_RATE: "60", MULTIMAIL_OPERATOR_RATE: "200" });
  node = await secondNode(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const keyOf = async (): Promise<{ id: string; secret: string }> =>
  (await ownerKeys(node)).make(["read", "send"]);

const times = (count: number, call: () => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, call));

/** Empties the bucket of a key, for longer than any test takes. */
const empty = (id: string): Promise<void> =>
  node.asOwner(`UPDATE rate_bucket SET tokens = -1000 WHERE subject = 'key:${id}'`);

/** As if so many seconds had gone by since the buckets were last drawn from. */
const wait = (seconds: number): Promise<void> =>
  node.asOwner(`UPDATE rate_bucket SET updated_at = updated_at - interval '${seconds} seconds'`);

const account = (key: string): Promise<Answer> => running.call(key, "/v1/account");

test("a key that asks more than its quota is refused with the time to wait, and others are not", async () => {
  await wait(60);
  const { secret } = await keyOf();
  const answers = await times(140, () => account(secret));
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(60);
  // What the bucket gains while the calls last.
  expect(refused.length).toBeGreaterThanOrEqual(40);
  for (const { body, headers } of refused) {
    expect(body).toMatchObject({ code: "rate_limited", request_id: expect.any(String) });
    expect(body.hint).toContain("Retry-After");
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(headers.get("ratelimit-policy")).toBe('"key";q=60;w=60');
    expect(headers.get("ratelimit")).toMatch(/^"key";r=0;t=\d+$/);
  }
  expect((await account((await keyOf()).secret)).status).toBe(200);
});

test("MCP and SMTP draw from the same bucket as REST", async () => {
  await wait(60);
  const { id, secret } = await keyOf();
  expect((await account(secret)).status).toBe(200);
  await empty(id);
  // One that the node had drawn before may be left.
  await times(2, () => account(secret));
  const mcp = await running.call(
    secret,
    "/mcp",
    { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} },
    { headers: { accept: "application/json, text/event-stream" } },
  );
  expect(mcp.status).toBe(429);
  expect(mcp.headers.get("retry-after")).not.toBeNull();
  const smtp = running.instance.smtp?.submission;
  const transport = nodemailer.createTransport({
    host: smtp?.host ?? "",
    port: smtp?.port ?? 0,
    auth: { user: running.known.mailbox_address, pass: secret },
    tls: { rejectUnauthorized: false },
  });
  const message = {
    from: running.known.mailbox_address,
    to: "ada@example.com",
    subject: "One too many",
    text: "Text",
  };
  await expect(transport.sendMail(message)).rejects.toMatchObject({
    responseCode: 451,
    message: expect.stringContaining("rate_limited"),
  });
  transport.close();
});

test("a stream that is open takes nothing from its key's limit, and goes on where that is used up", async () => {
  await wait(60);
  const { id, secret } = await keyOf();
  const began = performance.now();
  const stream = await fetch(`${running.known.url}/v1/events/stream?timeout_seconds=5`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  expect(stream.status).toBe(200);
  await empty(id);
  // One that the node had drawn before may be left.
  const answers = await times(2, () => account(secret));
  expect(answers.map(({ status }) => status)).toContain(429);
  // It finds out every two seconds whether its key still stands.
  await stream.text();
  expect(performance.now() - began).toBeGreaterThan(4900);
});

test("all keys of an operator together are held to its quota, while a person still gets through", async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, keyOf));
  await wait(60);
  const answers = (
    await Promise.all(keys.map(({ secret }) => times(55, () => account(secret))))
  ).flat();
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(50);
  expect(refused.map(({ headers }) => headers.get("ratelimit-policy"))).toContain(
    '"operator";q=200;w=60',
  );
  const cookie = await signIn(running);
  const page = await fetch(`${running.known.url}/pending`, { headers: { cookie } });
  expect(page.status).toBe(200);
});

const actorOf = (id: string, kind: Actor["kind"] = "api_key"): Actor => ({
  kind,
  operator_id: node.operator_id,
  credential_id: id,
  person_id: null,
  role: null,
  scopes: ["read"],
  mailbox_ids: null,
  test: false,
  signed_in_at: null,
});

/** Two nodes with one clock of the test's. */
function nodes(quota: number): {
  tick(ms: number): void;
  through(n: number, of: 0 | 1, id: string): Promise<number>;
} {
  let now = Date.now();
  const limits = { ...unlimited, key_rate: quota };
  const each = [0, 1].map(() =>
    createRateLimits({ database: node.database, now: () => new Date(now), limits }),
  );
  return {
    tick(ms) {
      now += ms;
    },
    async through(n, of, id) {
      const limits = each[of] ?? Promise.reject(new Error("there are two nodes"));
      const tries = Array.from({ length: n }, async () => (await limits).take(actorOf(id)));
      return (await Promise.allSettled(tries)).filter(({ status }) => status === "fulfilled")
        .length;
    },
  };
}

test("two nodes share one bucket: what one took the other has not", async () => {
  const { through } = nodes(120);
  expect(await through(90, 0, "shared")).toBe(90);
  // A block of two may lie unused with the other node.
  const rest = await through(90, 1, "shared");
  expect(rest).toBeGreaterThanOrEqual(28);
  expect(rest).toBeLessThanOrEqual(30);
});

test("a bucket fills with time and never beyond its quota", async () => {
  const { tick, through } = nodes(60);
  expect(await through(100, 0, "fills")).toBe(60);
  tick(999);
  expect(await through(5, 0, "fills")).toBe(0);
  tick(5001);
  expect(await through(100, 0, "fills")).toBe(6);
  tick(3_600_000);
  expect(await through(100, 0, "fills")).toBe(60);
});

test("a clock that is behind neither takes nor gives what another clock counted", async () => {
  const { tick, through } = nodes(60);
  expect(await through(60, 0, "clocks")).toBe(60);
  tick(-600_000);
  expect(await through(5, 1, "clocks")).toBe(0);
});

test("a busy key costs one write a second and node, and a refused one none", async () => {
  let draws = 0;
  const database = {
    ...node.database,
    as: ((operatorId, work) => {
      draws++;
      return node.database.as(operatorId, work);
    }) satisfies typeof node.database.as,
  };
  const now = new Date();
  const limits = { ...unlimited, key_rate: 6000 };
  const { take } = createRateLimits({ database, now: () => now, limits });
  await Promise.all(Array.from({ length: 1000 }, () => take(actorOf("busy"))));
  expect(draws).toBe(10);
  await Promise.allSettled(Array.from({ length: 6000 }, () => take(actorOf("busy"))));
  expect(draws).toBeLessThanOrEqual(61);
  const before = draws;
  await Promise.allSettled(Array.from({ length: 100 }, () => take(actorOf("busy"))));
  expect(draws).toBe(before);
});

test("people and the service itself are not counted", async () => {
  const { take } = createRateLimits({
    database: node.database,
    now: () => new Date(),
    limits: { ...unlimited, key_rate: 1 },
  });
  for (const kind of ["person", "system"] as const)
    await expect(
      Promise.all(Array.from({ length: 5 }, () => take(actorOf("somebody", kind)))),
    ).resolves.toHaveLength(5);
});

test("an address without a credential, or with wrong ones, is refused after its quota; monitors are not", async () => {
  const open = await run({ MULTIMAIL_PUBLIC_RATE: "20" });
  try {
    const jwks = (): Promise<Answer> => open.call(null, "/.well-known/multimail-jwks.json");
    const answers = await times(15, jwks);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const wrong = `mm_live_${"A".repeat(43)}`;
    const codes = (await times(10, () => open.call(wrong, "/v1/account"))).map(
      ({ status }) => status,
    );
    expect(codes.filter((status) => status === 401)).toHaveLength(5);
    expect(codes.filter((status) => status === 429)).toHaveLength(5);
    const refused = await jwks();
    expect(refused.headers.get("ratelimit-policy")).toBe('"address";q=20;w=60');
    expect(refused.body.code).toBe("rate_limited");
    for (const path of ["/health", "/ready", "/v1/openapi.json"])
      expect((await open.call(null, path)).status).toBe(200);
    expect((await open.call(open.known.agent_key, "/v1/account")).status).toBe(200);
  } finally {
    await open.stop();
  }
});
