/** Flags from a schema, and what their texts become. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { UsageError, flagValue, flagsOf } from "./flags.ts";

const flags = flagsOf(
  z.strictObject({
    note: z.string().optional(),
    to: z.array(z.string()).describe("Recipients"),
    cc: z.union([z.string(), z.array(z.string())]).optional(),
    limit: z.int().default(20),
    urgent: z.boolean().optional(),
    mode: z.enum(["low", "high"]).nullable().optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    attachments: z.array(z.object({ name: z.string() })).optional(),
    sizes: z.array(z.int()).optional(),
  }),
);
const flag = (name: string) => flags.find((one) => one.name === name)!;
async function* stdin() {
  yield Buffer.from("from ");
  yield "stdin";
}
const value = (name: string, ...texts: string[]) =>
  flagValue(flag(name), texts, { stdin: stdin() });

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flags-"));
  await writeFile(join(folder, "text.md"), "# Hello");
  await writeFile(join(folder, "data.json"), '{"a":"b"}');
});
afterAll(() => rm(folder, { recursive: true }));

test("required flags come first, and each says what it takes", () => {
  expect(flags[0]?.name).toBe("to");
  expect(flag("to")).toMatchObject({
    flag: "to",
    scalar: "string",
    many: "list",
    required: true,
    description: "Recipients",
  });
  expect(flag("cc")).toMatchObject({ scalar: "string", many: "list_or_one" });
  expect(flag("limit")).toMatchObject({ scalar: "number", required: false, default: 20 });
  expect(flag("mode")).toMatchObject({ scalar: "string", choices: ["low", "high"] });
  expect(flags.filter(({ nullable }) => nullable).map(({ name }) => name)).toEqual(["mode"]);
  expect(flag("metadata")).toMatchObject({ scalar: "json", many: "no" });
  expect(flag("attachments")).toMatchObject({ scalar: "json", many: "list" });
});

test("texts become the types of the schema", async () => {
  expect(await value("note", "5")).toBe("5");
  expect(await value("limit", "5")).toBe(5);
  expect(await value("urgent", "false")).toBe(false);
  expect(await value("to", "a@x")).toEqual(["a@x"]);
  expect(await value("to", "Doe, J <a@x>", "b@x")).toEqual(["Doe, J <a@x>", "b@x"]);
  expect(await value("cc", "a@x")).toBe("a@x");
  expect(await value("cc", "a@x", "b@x")).toEqual(["a@x", "b@x"]);
  expect(await value("sizes", "1", "2")).toEqual([1, 2]);
  expect(await value("metadata", '{"a":"b"}')).toEqual({ a: "b" });
  expect(await value("attachments", '{"name":"a"}', '{"name":"b"}')).toEqual([
    { name: "a" },
    { name: "b" },
  ]);
  expect(await value("attachments", '[{"name":"a"}]')).toEqual([{ name: "a" }]);
});

test("a text can come from a file or standard input, and @@ keeps the at sign", async () => {
  expect(await value("note", `@${join(folder, "text.md")}`)).toBe("# Hello");
  expect(await value("note", "-")).toBe("from stdin");
  expect(await value("note", "@@handle")).toBe("@handle");
  expect(await value("metadata", `@${join(folder, "data.json")}`)).toEqual({ a: "b" });
  expect(await value("to", "@handle")).toEqual(["@handle"]);
});

test.each([
  ["limit", ["five"]],
  ["limit", ["0x10"]],
  ["limit", ["1", "2"]],
  ["note", ["@/no/such/file"]],
  ["metadata", ["{"]],
  ["urgent", ["maybe"]],
])("--%s %j is a usage error", async (name, texts) => {
  await expect(value(name, ...texts)).rejects.toBeInstanceOf(UsageError);
});
