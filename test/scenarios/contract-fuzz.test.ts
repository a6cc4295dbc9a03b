/** The contract under fire: every operation of openapi.json, over HTTP, with what its schema allows and what it does not. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { opens } from "../../src/contract/operation.ts";
import type { Scope } from "../../src/core/actor.ts";
import { operationId } from "../../src/http/openapi.ts";
import { allOperations } from "../../src/operations/all.ts";
import { pointed } from "../json-pointer.ts";
import { type Resolve, type Schema, hostile, objectOf } from "../schema-arbitrary.ts";
import { ownerKeys } from "./owner-keys.ts";
import { type Running, run } from "./running.ts";
import { secondNode } from "./second-node.ts";

/** Requests by each key to each operation; a longer hunt asks for more. */
const runs = Number(process.env["MULTIMAIL_FUZZ_RUNS"] ?? 10);

let running: Running;
let document: Schema;
let keys: { name: string; key: string; scopes: readonly Scope[] }[];
/** Ids that are there, by the name of the parameter. */
let real: Record<string, string[]>;

beforeAll(async () => {
  running = await run({ MULTIMAIL_DNS: "127.0.0.1:1" });
  document = (await running.call(null, "/v1/openapi.json")).body;
  const node = await secondNode(running);
  const { make } = await ownerKeys(node);
  const keyOf = async (...scopes: Scope[]) => ({
    name: scopes.join(" "),
    key: (await make(scopes)).secret,
    scopes,
  });
  keys = [
    await keyOf("read", "send"),
    await keyOf("read", "send", "admin", "audit"),
    await keyOf("read", "oversight", "admin", "audit"),
  ];
  await node.close();
  real = await things();
});
afterAll(() => running.stop());

/** One of each thing, made by its own operation. */
async function things(): Promise<Record<string, string[]>> {
  const { admin_key, mailbox_id } = running.known;
  const sent = (await running.send()).body.id as string;
  const draft = await running.call(running.known.agent_key, `/v1/mailboxes/${mailbox_id}/drafts`, {
    to: ["ada@example.com"],
    subject: "A draft",
    markdown: "Text.",
  });
  const domain = await running.call(admin_key, "/v1/domains", { domain: "fuzz.example.com" });
  const policy = await running.call(admin_key, "/v1/policies", {
    name: "To one",
    match: { recipients: ["ada@example.com"] },
    outcome: "require_approval",
  });
  const thread = await running.call(admin_key, `/v1/mailboxes/${mailbox_id}/emails/${sent}`);
  const contact = await running.call(admin_key, "/v1/contacts", { email: "ada@example.com" });
  return {
    mailbox_id: [mailbox_id],
    email_id: [sent],
    draft_id: [draft.body.id],
    contact_id: [contact.body.id],
    domain_id: [domain.body.id],
    policy_id: [policy.body.id],
    thread_id: [thread.body.thread_id],
  };
}

type Described = { path: string; method: string; operation: Schema };

function* described(): Generator<Described> {
  for (const [path, methods] of Object.entries<Schema>(document.paths))
    for (const [method, operation] of Object.entries<Schema>(methods))
      if (typeof operation.operationId === "string") yield { path, method, operation };
}

const resolve: Resolve = (reference) => pointed(document, reference);

const address = fc.constantFrom("ada@example.com", "Bob B <bob@example.net>", "zoë@example.org");
const rarely = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const mostly = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: hostile });

/** Nothing here may take long, and nobody is to be locked out of their own account for the rest. */
const known = (): Record<string, fc.Arbitrary<unknown>> => ({
  timeout_seconds: fc.constant(1),
  content: rarely(fc.base64String({ maxLength: 200 })),
  content_base64: fc.base64String({ maxLength: 200 }),
  send_at: rarely(
    fc
      .date({ min: new Date(), max: new Date(Date.now() + 86_400_000), noInvalidDate: true })
      .map((at) => at.toISOString()),
  ),
  content_type: fc.constant("application/pdf"),
  // Whoever may not send is told only that.
  oversight_mode: fc.constant("gated_send"),
  // Made up they are refused, and that is soon seen.
  ...Object.fromEntries(
    ["cursor", "since_id", "approval_code"].map((name) => [
      name,
      rarely(fc.string({ maxLength: 40 })),
    ]),
  ),
  ...Object.fromEntries(
    ["to", "cc", "bcc", "reply_to", "email", "address", "sender"].map((name) => [
      name,
      mostly(address),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(real).map(([name, ids]) => [
      name,
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...ids) },
        { weight: 1, arbitrary: fc.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) },
      ),
    ]),
  ),
});

/** Calls that would take the ground from under all others: they are asked by tests of their own. */
const last = new Set([
  "revokeApiKey",
  "deleteAccount",
  "stopSending",
  "deleteMailbox",
  "eventStream",
  "streamEvents",
]);

type Call = { path: Record<string, unknown>; query: Record<string, unknown>; body: unknown };

function callOf({ operation }: Described): fc.Arbitrary<Call> {
  const parameters = (operation.parameters ?? []).map((one: Schema) =>
    one.$ref ? resolve(one.$ref) : one,
  );
  const place = (where: string): fc.Arbitrary<Record<string, unknown>> => {
    const here = parameters.filter((one: Schema) => one.in === where);
    return objectOf(
      {
        properties: Object.fromEntries(here.map((one: Schema) => [one.name, one.schema])),
        required: here
          .filter((one: Schema) => one.required === true)
          .map((one: Schema) => one.name),
      },
      resolve,
      known(),
    );
  };
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const body: fc.Arbitrary<unknown> = schema
    ? fc.oneof(
        {
          weight: 12,
          arbitrary: objectOf(schema.$ref ? resolve(schema.$ref) : schema, resolve, known()),
        },
        { weight: 1, arbitrary: hostile },
      )
    : fc.constant(undefined);
  return fc.record({ path: place("path"), query: place("query"), body });
}

const inUrl = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return encodeURIComponent(text.toWellFormed().slice(0, 3000));
};

function addressOf(path: string, call: Call): string {
  const filled = path.replaceAll(
    /\{([^}]+)\}/g,
    (_, name: string) => inUrl(call.path[name]) || "-",
  );
  const given = Object.entries(call.query).filter(([, value]) => value !== undefined);
  const pairs = given.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${inUrl(name)}=${inUrl(one)}`),
  );
  return pairs.length === 0 ? filled : `${filled}?${pairs.join("&")}`;
}

async function ask(one: Described, key: string | null, call: Call) {
  const withBody = call.body !== undefined && one.method !== "get";
  const response = await fetch(`${running.known.url}${addressOf(one.path, call)}`, {
    method: one.method.toUpperCase(),
    redirect: "manual",
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(withBody ? { "content-type": "application/json" } : {}),
    },
    ...(withBody ? { body: JSON.stringify(call.body) } : {}),
  });
  return { response, text: await response.text() };
}

const specs = new Map(allOperations.map((spec) => [operationId(spec.name), spec]));

/** The answer is one of those that the document lists, in the form that it says. */
function judge(one: Described, response: Response, text: string): void {
  const { operation } = one;
  // A path that the generator spoilt may be another operation's, or nobody's.
  const elsewhere =
    response.status === 405 || (response.status === 404 && !operation.responses["404"]);
  expect(response.status, text).toBeLessThan(500);
  if (elsewhere) return;
  const answer = operation.responses[String(response.status)];
  expect(answer, `${response.status} is not documented: ${text.slice(0, 300)}`).toBeDefined();
  expect(response.headers.get("x-request-id")).toBeTruthy();
  if (response.status >= 400) {
    const body = JSON.parse(text) as Record<string, unknown>;
    expect(body).toMatchObject({
      error: expect.any(String),
      code: expect.any(String),
      request_id: expect.any(String),
    });
    const codes = answer.content["application/json"].schema.properties.code.enum;
    expect(codes, `${String(body["code"])} is not documented for ${response.status}`).toContain(
      body["code"],
    );
    expect(text).not.toMatch(/\bat .*\.ts:\d+|node_modules|SELECT |pg_|\/tmp\//);
    return;
  }
  const spec = specs.get(operation.operationId);
  if (!spec || "content_type" in spec.output || response.status !== spec.status) return;
  const checked = spec.output.safeParse(JSON.parse(text));
  expect(checked.success, `${checked.error?.message}\n${text.slice(0, 500)}`).toBe(true);
}

describe("every operation of the document", () => {
  test(
    "without a credential answers 401 with where to get one, unless it is public",
    { timeout: 120_000 },
    async () => {
      for (const one of described()) {
        const isPublic = (one.operation.security ?? document.security ?? []).length === 0;
        const [sample] = fc.sample(callOf(one), { numRuns: 1, seed: 7 });
        if (!sample || isPublic) continue;
        const { response, text } = await ask(one, null, {
          ...sample,
          body: one.method === "get" ? undefined : {},
        });
        expect(response.status, `${one.method} ${one.path}: ${text}`).toBe(401);
        expect(response.headers.get("www-authenticate")).toContain("resource_metadata=");
        expect(JSON.parse(text)).toMatchObject({ code: "unauthenticated" });
      }
    },
  );

  test("answers what it documents, whatever comes", { timeout: 600_000 }, async () => {
    let asked = 0;
    let understood = 0;
    const wrong: string[] = [];
    for (const one of described()) {
      if (last.has(one.operation.operationId)) continue;
      const calls = fc.sample(callOf(one), { numRuns: runs, seed: 20_261_121 });
      const spec = specs.get(one.operation.operationId);
      for (const { name, key, scopes } of keys)
        for (const call of spec && !opens(spec, { scopes }) ? calls.slice(0, 2) : calls) {
          const { response, text } = await ask(one, key, call);
          asked++;
          if (response.ok) understood++;

          try {
            judge(one, response, text);
          } catch (error) {
            wrong.push(
              `${one.method} ${addressOf(one.path, call).slice(0, 200)} by ${name} ${JSON.stringify(call.body)?.slice(0, 400)}\n  ${String(error instanceof Error ? error.message : error).slice(0, 600)}`,
            );
          }
        }
    }
    expect(wrong.slice(0, 20).join("\n\n")).toBe("");
    expect(asked).toBeGreaterThan(100 * runs);
    // Answers of success are judged too only where there are some.
    expect(understood / asked).toBeGreaterThan(0.2);
  });
});
