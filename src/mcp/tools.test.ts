/** Promises of the tool table. */
import { expect, test } from "vitest";
import { z } from "zod";
import { sampleActor, sampleOperations } from "./sample-operations.ts";
import { toolTable } from "./tools.ts";

const table = toolTable(sampleOperations);
const names = (view: Parameters<typeof table.list>[0]): string[] =>
  table.list(view).map(({ name }) => name);
const view = { read_only: false, default_mailbox: false };

test("a credential sees only the tools that its scopes allow, and none without tool: true", () => {
  expect(names({ ...view, actor: sampleActor("send") })).toEqual(["send_email"]);
  expect(names({ ...view, actor: sampleActor("oversight") })).toEqual(["decide_email"]);
  expect(names({ ...view, actor: sampleActor("audit") })).toEqual([]);
  // admin implies read
  expect(names({ ...view, actor: sampleActor("admin") })).toEqual([
    "list_mailboxes",
    "read_email",
    "wait_for_email",
    "download_attachment",
    "delete_mailbox",
  ]);
});

test("a credential bound to mailboxes does not see what is about the whole operator", () => {
  const [sample, ...rest] = sampleOperations;
  if (!sample) throw new Error("no sample");
  const tools = toolTable([{ ...sample, whole: true }, ...rest]);
  const seen = (mailbox_ids: string[] | null): string[] =>
    tools.list({ ...view, actor: { ...sampleActor("read"), mailbox_ids } }).map(({ name }) => name);
  expect(seen(null)).toContain(sample.name);
  expect(seen(["01K7Q4M8Z3N5T6V7W8X9Y0ABCD"])).not.toContain(sample.name);
  expect(seen(["01K7Q4M8Z3N5T6V7W8X9Y0ABCD"])).toContain("read_email");
});

test("where every mailbox is read_only the send tools are absent", () => {
  const actor = sampleActor("read", "send");
  expect(names({ ...view, actor })).toContain("send_email");
  expect(names({ ...view, actor, read_only: true })).not.toContain("send_email");
});

test("the list is computed once per set of scopes, whatever their order", () => {
  const first = table.list({ ...view, actor: sampleActor("read", "send") });
  expect(table.list({ ...view, actor: sampleActor("send", "read", "read") })).toBe(first);
  expect(table.list({ ...view, actor: sampleActor("send") })).not.toBe(first);
});

test("the input schema refuses unknown fields, and defaults make fields optional", () => {
  const schema = table.get("send_email")?.tool.inputSchema;
  expect(schema).toMatchObject({ type: "object", additionalProperties: false });
  expect(schema?.required).toEqual(["mailbox_id", "to", "markdown"]);
  expect(schema).not.toHaveProperty("$schema");
});

test("the output schema allows the success and the refusal, and nothing but objects", () => {
  expect(table.get("send_email")?.tool.outputSchema).toMatchObject({
    type: "object",
    anyOf: [
      { type: "object", required: ["id", "status"] },
      { type: "object", required: ["error", "code", "request_id"] },
    ],
  });
  expect(table.get("decide_email")?.tool.outputSchema).toMatchObject({ type: "object" });
  expect(table.get("download_attachment")?.tool).not.toHaveProperty("outputSchema");
  const sample = sampleOperations[0];
  if (!sample) throw new Error("no sample");
  expect(() => toolTable([{ ...sample, output: z.array(z.string()) }])).toThrow(
    /list_mailboxes.*object/,
  );
});

test("annotations follow the effect", () => {
  const hints = (name: string): unknown => table.get(name)?.tool.annotations;
  expect(hints("list_mailboxes")).toEqual({
    title: "List mailboxes",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  });
  expect(hints("read_email")).toMatchObject({ readOnlyHint: true, openWorldHint: true });
  expect(hints("send_email")).toEqual({
    title: "Send an email",
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: true,
  });
  expect(hints("delete_mailbox")).toEqual({
    title: "Delete a mailbox",
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: true,
    openWorldHint: false,
  });
  expect(hints("decide_email")).toMatchObject({ readOnlyHint: false, destructiveHint: true });
});

test("a connection with a default mailbox need not name one, and keeps the field", () => {
  const list = table.list({ ...view, actor: sampleActor("read"), default_mailbox: true });
  const schema = list.find(({ name }) => name === "read_email")?.inputSchema;
  expect(schema?.required).toEqual(["email_id"]);
  expect(schema?.properties).toHaveProperty("mailbox_id.pattern");
  expect(table.get("read_email")?.tool.inputSchema.required).toEqual(["mailbox_id", "email_id"]);
});

test("the largest body is that of the largest tool the credential may call", () => {
  expect(table.largestBody(sampleActor("read"), 100)).toBe(100);
  expect(table.largestBody(sampleActor("send"), 100)).toBe(2 * 1024 * 1024);
});
