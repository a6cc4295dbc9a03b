/** The OpenAPI description of a few operations. */
import { expect, test } from "vitest";
import { z } from "zod";
import type { OperationSpec } from "../contract/operation.ts";
import { refusalCodes } from "../core/refusal.ts";
import { buildOpenApi } from "./openapi.ts";

const mode = z.enum(["low", "high"]).describe("How much");
const mailbox = z.object({ id: z.string(), mode, size: z.int().default(3) });
const list = z.object({ mailboxes: z.array(mailbox), next_cursor: z.string().nullable() });

const base = {
  tag: "Mailboxes",
  summary: "Summary",
  description: "Description",
  effect: "read",
  access: "read",
  status: 200,
  refusals: ["not_found"],
  tool: true,
} as const;

const operations: OperationSpec[] = [
  {
    ...base,
    name: "send_email",
    tag: "Messages",
    method: "POST",
    path: "/v1/mailboxes/{mailbox_id}/send",
    effect: "send",
    access: "send",
    status: 202,
    also: { 200: "Already sent" },
    refusals: ["idempotency_conflict", "mode_forbids_send", "not_pending", "rate_limited"],
    input: z.strictObject({
      mailbox_id: z.string(),
      to: z.array(z.string()).describe("Recipients"),
      mode: mode.optional(),
      template: mailbox.optional(),
      idempotency_key: z.string().optional(),
    }),
    output: z.object({ id: z.string(), mailbox: mailbox.nullable() }),
  },
  {
    ...base,
    name: "get_mailbox",
    method: "GET",
    path: "/v1/mailboxes/{mailbox_id}",
    input: z.strictObject({ mailbox_id: z.string() }),
    output: mailbox,
  },
  {
    ...base,
    name: "list_mailboxes",
    method: "GET",
    path: "/v1/mailboxes",
    input: z.strictObject({
      limit: z.int().min(1).default(20).describe("How many"),
      status: z.array(mode),
    }),
    output: list,
  },
  {
    ...base,
    name: "create_mailbox",
    method: "POST",
    path: "/v1/mailboxes",
    effect: "write",
    access: "admin",
    status: 202,
    input: z.strictObject({}),
    output: list,
  },
  {
    ...base,
    name: "get_tile",
    tag: "Audit",
    access: "public",
    method: "GET",
    path: "/audit/tile/{level}/{rest*}",
    input: z.strictObject({ level: z.int(), rest: z.string() }),
    output: { content_type: "application/octet-stream" },
  },
];

const options = { version: "1.2.3", components: { Mode: mode, Mailbox: mailbox } };
// oxlint-disable-next-line typescript/no-explicit-any
const document: any = buildOpenApi(operations, options);
const send = document.paths["/v1/mailboxes/{mailbox_id}/send"].post;

test("each operation is at its path with camelCase id, tag, effect, scope and security", () => {
  expect(Object.keys(document.paths)).toEqual([
    "/audit/tile/{level}/{rest}",
    "/v1/mailboxes",
    "/v1/mailboxes/{mailbox_id}",
    "/v1/mailboxes/{mailbox_id}/send",
  ]);
  expect(send).toMatchObject({
    operationId: "sendEmail",
    tags: ["Messages"],
    "x-effect": "send",
    "x-scope": "send",
    security: [{ bearer: [] }, { apiKey: [] }],
  });
  expect(document.paths["/audit/tile/{level}/{rest}"].get.security).toEqual([]);
  expect(document.tags).toEqual([{ name: "Audit" }, { name: "Mailboxes" }, { name: "Messages" }]);
  expect(document.openapi).toMatch(/^3\.1\.\d$/);
  expect(document.info.version).toBe("1.2.3");
});

test("inputs are taken apart into path, query, header and body", () => {
  expect(send.parameters.map((p: { in: string; name: string }) => `${p.in} ${p.name}`)).toEqual([
    "path mailbox_id",
    "header Idempotency-Key",
  ]);
  expect(send.requestBody).toEqual({
    required: true,
    content: {
      "application/json": {
        schema: {
          type: "object",
          properties: {
            to: { type: "array", items: { type: "string" }, description: "Recipients" },
            mode: { $ref: "#/components/schemas/Mode" },
            template: { $ref: "#/components/schemas/MailboxInput" },
            idempotency_key: { type: "string" },
          },
          required: ["to"],
          additionalProperties: false,
        },
        example: { to: ["ada@example.com"] },
      },
    },
  });
  expect(document.paths["/v1/mailboxes"].get.parameters).toEqual([
    {
      name: "limit",
      in: "query",
      required: false,
      description: "How many",
      schema: { type: "integer", minimum: 1, default: 20 },
    },
    {
      name: "status",
      in: "query",
      required: true,
      schema: { type: "array", items: { $ref: "#/components/schemas/Mode" } },
    },
  ]);
  expect(document.paths["/v1/mailboxes"].post.requestBody).toBeUndefined();
});

test("the same zod object is one component, twice only where input and output differ", () => {
  const { schemas } = document.components;
  expect(Object.keys(schemas)).toEqual(["Mailbox", "MailboxInput", "Mode", "Error"]);
  expect(schemas.Mailbox.required).toEqual(["id", "mode", "size"]);
  expect(schemas.MailboxInput.required).toEqual(["id", "mode"]);
  const get = document.paths["/v1/mailboxes/{mailbox_id}"].get;
  expect(get.responses[200].content["application/json"].schema).toEqual({
    $ref: "#/components/schemas/Mailbox",
  });
  // One output object of two operations stands in both.
  const { get: lister, post } = document.paths["/v1/mailboxes"];
  expect(post.responses[202].content).toEqual(lister.responses[200].content);
  expect(
    lister.responses[200].content["application/json"].schema.properties.mailboxes.items,
  ).toEqual({ $ref: "#/components/schemas/Mailbox" });
});

test("refusals are grouped by status with their codes, other successes are named", () => {
  expect(send.responses[200].description).toBe("Already sent");
  const codes = Object.fromEntries(
    Object.entries<{
      content: Record<string, { schema: { properties: { code?: { enum: string[] } } } }>;
    }>(send.responses)
      .filter(([status]) => Number(status) >= 400)
      .map(([status, response]) => [
        status,
        response.content["application/json"]?.schema.properties.code?.enum,
      ]),
  );
  expect(codes).toEqual({
    400: ["validation_failed", "invalid_json", "invalid_idempotency_key"],
    401: ["unauthenticated"],
    403: ["scope_required", "mode_forbids_send"],
    404: ["not_found"],
    409: ["idempotency_conflict", "not_pending"],
    413: ["payload_too_large"],
    415: ["unsupported_media_type"],
    429: ["rate_limited"],
    500: ["internal"],
    503: ["unavailable"],
  });
  expect(Object.keys(send.responses[429].headers)).toContain("Retry-After");
  expect(document.components.schemas.Error.properties.code.enum).toEqual([...refusalCodes]);
});

test("every call may be told to slow down, but for those of monitors and caches", () => {
  const paths = ["/health", "/ready", "/v1/openapi.json", "/v1/public-keys"];
  const probes = paths.map((path, i) => ({
    ...base,
    name: `probe_${i}`,
    method: "GET" as const,
    path,
    access: "public" as const,
    input: z.strictObject({}),
    output: z.object({}),
  }));
  const described: typeof document = buildOpenApi([...operations, ...probes], { version: "1" });
  const slowed = Object.entries<Record<string, { responses: object }>>(described.paths).flatMap(
    ([path, item]) =>
      Object.values(item).map(({ responses }) => [path, "429" in responses] as const),
  );
  expect(slowed.filter(([, slows]) => !slows).map(([path]) => path)).toEqual(paths.slice(0, 3));
  expect(slowed.length).toBeGreaterThan(paths.length);
});

test("every reference resolves, every path parameter is declared, every operationId is unique", () => {
  const text = JSON.stringify(document);
  expect(text).not.toContain("$schema");
  expect(text).not.toContain("operation:");
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    expect(document.components.schemas).toHaveProperty([name ?? ""]);
  const ids = new Set<string>();
  for (const [path, item] of Object.entries<
    Record<string, { operationId: string; parameters?: { in: string; name: string }[] }>
  >(document.paths))
    for (const operation of Object.values(item)) {
      expect(ids.has(operation.operationId)).toBe(false);
      ids.add(operation.operationId);
      const declared = (operation.parameters ?? [])
        .filter((p) => p.in === "path")
        .map((p) => p.name);
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
});

test("the order of operations and components changes nothing", () => {
  const again = buildOpenApi([...operations].reverse(), {
    version: "1.2.3",
    components: { Mailbox: mailbox, Mode: mode },
  });
  expect(JSON.stringify(again)).toBe(JSON.stringify(document));
});
