/** The command line against a real server: commands, inputs, output, exit codes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startCli } from "./sample-cli.ts";

let cli: Awaited<ReturnType<typeof startCli>>;
beforeAll(async () => {
  cli = await startCli();
});
afterAll(() => cli.end());
beforeEach(() => {
  cli.seen.length = 0;
});

const run: typeof cli.run = (args, settings) => cli.run(args, settings);

const mailFlags = [
  "--mailbox-id",
  "box",
  "--to",
  "ann@example.com",
  "--to",
  "bob@example.com",
  "--subject",
  "Hi",
];

test("send calls its operation with typed inputs from flags, a file and JSON", async () => {
  const { code, out } = await run([
    "send",
    ...mailFlags,
    "--markdown",
    `@${join(cli.folder, "mail.md")}`,
    "--priority",
    "1",
    "--urgent",
    "--metadata",
    '{"a":"b"}',
  ]);
  expect(code).toBe(0);
  expect(out).toBe("id      01J0000000000000000000000A\nstatus  queued\n");
  expect(cli.seen[0]?.input).toEqual({
    mailbox_id: "box",
    to: ["ann@example.com", "bob@example.com"],
    subject: "Hi",
    markdown: "# From a file",
    priority: 1,
    urgent: true,
    metadata: { a: "b" },
  });
});

test("a text can come from standard input, and a flag be negated", async () => {
  expect(
    (await run(["send", ...mailFlags, "--markdown", "-", "--no-urgent"], { stdin: "piped" })).code,
  ).toBe(0);
  expect(cli.seen[0]?.input).toMatchObject({ markdown: "piped", urgent: false });
});

test("lists print as a table that hostile subjects cannot leave", async () => {
  const { code, out } = await run(["inbox", "--mailbox-id", "box"]);
  expect(code).toBe(0);
  expect(out.split("\n")[0]).toMatch(/^ID +STATUS +FROM +SUBJECT$/);
  expect(out).toContain("ann@example.com");
  expect(out).toContain("More: --cursor abc");
  expect(out).not.toMatch(/[\u001b\u0007\u202e]/);
  expect((await run(["inbox", "--mailbox-id", "box", "--q", "nothing"])).out).toBe("(none)\n");
});

test("--json prints the server's JSON, before or behind the command", async () => {
  for (const args of [
    ["inbox", "--mailbox-id", "box", "--json"],
    ["--json", "inbox", "--mailbox-id=box"],
  ]) {
    const { code, out } = await run(args);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      emails: [{ subject: "Hello" }, {}],
      next_cursor: "abc",
    });
  }
});

test("a positional input is the one the command names, and the mailbox has a default", async () => {
  const env = {
    MULTIMAIL_API_URL: cli.url,
    MULTIMAIL_API_KEY: "mm_test_all",
    MULTIMAIL_MAILBOX_ID: "env-box",
  };
  const { code, out } = await run(["read", "01J0000000000000000000000B"], { env });
  expect(code).toBe(0);
  expect(cli.seen[0]?.input).toEqual({
    mailbox_id: "env-box",
    email_id: "01J0000000000000000000000B",
  });
  expect(out).toContain("\nmarkdown:\nFirst line\nsecond \ufffd[31mline\n");
  expect(out).toContain("\nrecipients:\n");
});

test("approve and reject are one operation with the decision preset, which no flag can change", async () => {
  expect((await run(["approve", "E1"], { env: cli.first_run })).code).toBe(0);
  expect((await run(["reject", "E2", "--reason", "No"], { env: cli.first_run })).code).toBe(0);
  expect(cli.seen.map(({ input }) => input)).toEqual([
    { email_id: "E1", decision: "approve" },
    { email_id: "E2", decision: "reject", reason: "No" },
  ]);
  expect((await run(["reject", "E1", "--decision", "approve"], { env: cli.first_run })).code).toBe(
    2,
  );
});

test("every operation can be called by name, and bytes go to standard output or a file", async () => {
  expect(
    (
      await run(["call", "decide_email", "--email-id", "E1", "--decision", "reject"], {
        env: cli.first_run,
      })
    ).code,
  ).toBe(0);
  expect((await run(["call", "get-file", "--name", "a/b c"])).out).toBe("bytes of a/b c");
  const file = join(cli.folder, "out.bin");
  expect((await run(["call", "get-file", "--name", "\u001b[2J", "--output", file])).out).toBe("");
  expect(await readFile(file, "utf8")).toBe("bytes of \u001b[2J");
  expect((await run(["call", "get-file", "--name", "\u001b[2J"], { columns: 80 })).out).toBe(
    "bytes of \ufffd[2J",
  );
});

test("query inputs arrive as they were given, also a comma in a list of one", async () => {
  await run([
    "inbox",
    "--mailbox-id",
    "a/b",
    "--tag",
    "x,y",
    "--status",
    "sent",
    "--status",
    "queued",
    "--limit",
    "5",
    "--unread",
  ]);
  expect(cli.seen[0]?.input).toEqual({
    mailbox_id: "a/b",
    tag: ["x,y"],
    status: ["sent", "queued"],
    limit: 5,
    unread: true,
  });
});

test("a path value that a URL would resolve never calls another operation", async () => {
  for (const value of ["..", ".", ""]) {
    const { code } = await run(["call", "delete-mailbox", `--mailbox-id=${value}`]);
    expect(code).toBe(2);
  }
  expect((await run(["call", "get-file", "--name", "a/../../v1"])).code).toBe(2);
  expect(cli.seen).toEqual([]);
});

test("a refusal ends with 1 and tells error, hint and code on standard error", async () => {
  const { code, out, err } = await run([
    "send",
    "--mailbox-id",
    "box",
    "--to",
    "a@x",
    "--subject",
    "conflict",
    "--markdown",
    "x",
  ]);
  expect([code, out]).toEqual([1, ""]);
  expect(err).toMatch(
    /^error: This mailbox only reads\.\nhint: Ask for an upgrade\.\ncode: mode_forbids_send \(request request-\d+\)\n$/,
  );
  const asJson = await run([
    "send",
    "--mailbox-id",
    "box",
    "--to",
    "a@x",
    "--subject",
    "conflict",
    "--markdown",
    "x",
    "--json",
  ]);
  expect(JSON.parse(asJson.err)).toMatchObject({ code: "mode_forbids_send" });
});

test.each([
  [
    ["inbox", "--mailbox-id", "box", "--limt", "5"],
    "There is no option --limt.",
    "Did you mean --limit?",
  ],
  [["inbox", "--mailbox-id", "box", "--limit", "five"], "--limit expects a number", undefined],
  [["inbox", "--mailbox-id", "box", "--limit", "500"], "--limit: ", undefined],
  [["inbox"], "--mailbox-id is missing.", "Or set MULTIMAIL_MAILBOX_ID."],
  [["read", "--mailbox-id", "box"], "<email_id> is missing.", undefined],
  [["read", "A", "B", "--mailbox-id", "box"], 'Unexpected argument "B"', undefined],
  [["read", "A", "--email-id", "B", "--mailbox-id", "box"], "email_id is given twice", undefined],
  [["inbox", "--mailbox-id"], "--mailbox-id", undefined],
  [["aprove", "E1"], "There is no command aprove E1.", "Did you mean multimail approve?"],
  [
    ["call", "send-emial"],
    "There is no command call send-emial.",
    "Did you mean multimail call send-email?",
  ],
])("%j is a usage error that ends with 2 and sends nothing", async (args, message, hint) => {
  const { code, err } = await run(args);
  expect([code, err.includes(message)]).toEqual([2, true]);
  if (hint !== undefined) expect(err).toContain(`hint: ${hint}`);
  expect(cli.seen).toEqual([]);
});

test("local commands get their arguments untouched and give their own exit code", async () => {
  const { code, ran } = await run(["audit", "verify", "bundle", "--json", "--strict"]);
  expect([code, ran]).toEqual([20, [["audit verify", "bundle", "--json", "--strict"]]]);
  expect((await run(["help", "serve"])).ran).toEqual([["serve", "--help"]]);
});

test("a local command without arguments runs only without any, and its help runs nothing", async () => {
  expect((await run(["sign-in-link"])).ran).toEqual([["sign-in-link"]]);
  for (const args of [
    ["sign-in-link", "--help"],
    ["sign-in-link", "-h"],
    ["help", "sign-in-link"],
  ]) {
    const { code, out, ran } = await run(args);
    expect([code, out.includes("Asks the instance here."), ran]).toEqual([0, true, []]);
  }
  const { code, err, ran } = await run(["sign-in-link", "--for", "me"]);
  expect([code, err.includes("takes no arguments"), ran]).toEqual([2, true, []]);
});

test("an answer that is a document is JSON without being asked, so that it can go into a file", async () => {
  const { code, out } = await run(["proof", "id-1"]);
  expect([code, JSON.parse(out)]).toEqual([0, { format: "bundle/v1" }]);
});

test("help lists the commands with exit codes, and the flags of a command from its schema", async () => {
  const overview = await run(["--help"]);
  expect(overview.code).toBe(0);
  for (const text of [
    "approve",
    "Reject a pending email",
    "audit verify",
    "Start everything",
    "cannot be reached",
    "MULTIMAIL_API_KEY",
  ])
    expect(overview.out).toContain(text);
  expect(overview.out).not.toContain("call decide-email");
  for (const args of [
    ["send", "--help"],
    ["send", "-h"],
    ["help", "send"],
  ]) {
    const { code, out } = await run(args);
    expect(code).toBe(0);
    expect(out).toMatch(/--to <text> … +Recipients \(required; may be repeated\)/);
    expect(out).toMatch(/--priority <number> +1 is highest \(default 3\)/);
    expect(out).toContain("POST /v1/mailboxes/{mailbox_id}/send");
  }
  expect((await run(["approve", "--help"])).out).not.toContain("--decision");
  expect((await run(["webhooks", "create", "--help"])).out).toMatch(/--api-url <text> /);
  expect((await run(["help", "call"])).out).toContain("call decide-email");
});
