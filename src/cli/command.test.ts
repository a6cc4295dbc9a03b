/** Which words mean which command. */
import { expect, test } from "vitest";
import { z } from "zod";
import { type CliOperation, commandsOf, findCommand, nearest } from "./command.ts";

const operation = (name: string, more: Partial<CliOperation> = {}): CliOperation => ({
  name,
  tag: "Test",
  summary: name,
  description: name,
  method: "POST",
  path: "/v1/x",
  effect: "write",
  access: "send",
  input: z.strictObject({}),
  output: z.object({}),
  status: 200,
  refusals: [],
  tool: true,
  ...more,
});

const commands = commandsOf(
  [
    operation("list_keys", { cli: { command: "keys" } }),
    operation("create_key", { cli: { command: "keys create", positional: ["name"] } }),
    operation("decide_email", {
      cli_presets: [
        { command: "approve", positional: ["email_id"], preset: { decision: "approve" } },
      ],
    }),
    operation("serve_tea", { cli: { command: "serve" } }),
  ],
  {
    serve: { summary: "Start", run: async () => 0 },
    "audit verify": { summary: "Verify", run: async () => 0 },
  },
);

test.each([
  [["keys"], "keys", []],
  [["keys", "create", "a"], "keys create", ["a"]],
  [["keys", "other"], "keys", ["other"]],
  [["approve", "X", "--json"], "approve", ["X", "--json"]],
  [["audit", "verify", "f"], "audit verify", ["f"]],
  [["call", "decide-email"], "call decide-email", []],
  [["call", "decide_email", "x"], "call decide-email", ["x"]],
])("%j is the command %s", (args, words, rest) => {
  const found = findCommand(commands, args);
  expect([found?.command.words, found?.rest]).toEqual([words, rest]);
});

test("a local command wins over an operation of the same words, and half a command is none", () => {
  expect(findCommand(commands, ["serve"])?.command.kind).toBe("local");
  expect(findCommand(commands, ["audit"])).toBeNull();
  expect(findCommand(commands, [])).toBeNull();
});

test("the nearest candidate is named only when it is near", () => {
  const words = commands.map((command) => command.words);
  expect(nearest("aprove", words)).toBe("approve");
  expect(nearest("key", words)).toBe("keys");
  expect(nearest("zzzzzz", words)).toBeNull();
});
