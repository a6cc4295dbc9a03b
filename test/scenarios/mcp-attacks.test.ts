/** Attacks on the MCP door over real sockets: callers who try to reach each other, the prototype, or more than was offered. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { emailId, hostileMail, mailboxId, sampleActor } from "../../src/mcp/sample-operations.ts";
import { type McpSampleServer, startMcpSampleServer } from "./mcp-sample-server.ts";

let server: McpSampleServer;

beforeAll(async () => {
  server = await startMcpSampleServer();
});

beforeEach(() => server.reset());

afterAll(() => server.close());

type Message = {
  id?: unknown;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers of the wire
  result?: any;
  error?: { code: number; message: string };
};

/** The messages of an answer, whether JSON or events, split as any client would. */
async function ask(
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; messages: Message[] }> {
  const response = await fetch(`${server.base}/mcp`, {
    method: "POST",
    headers: {
      authorization: "Bearer mm_test_agent",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const events = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  // As the least strict clients do it: every end of line that Unicode knows.
  const lines = text.split(/\r\n|[\n\r\v\f\u001C-\u001E\u0085\u2028\u2029]/);
  const parts = events ? lines.filter((line) => line.startsWith("data: ")) : [text];
  return {
    status: response.status,
    messages: parts.map((part) => JSON.parse(part.replace(/^data: /, ""))),
  };
}

const call = (name: unknown, args: unknown, id: unknown = 1): object => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});

test("callers who use the same ids at the same time get their own answers and nobody else's", async () => {
  const operators = Array.from({ length: 8 }, (_, i) => `operator-${i}`);
  for (const name of operators)
    server.keys.set(`mm_test_${name}`, { ...sampleActor("read", "send"), credential_id: name });
  const asked = Array.from({ length: 200 }, (_, i) => operators[i % operators.length] ?? "");
  const answers = await Promise.all(
    asked.map((name) =>
      ask(
        call("send_email", {
          mailbox_id: mailboxId,
          to: [`${name}@example.org`],
          subject: "",
          markdown: name,
          extra: name,
        }),
        { authorization: `Bearer mm_test_${name}` },
      ),
    ),
  );
  for (const [i, { messages }] of answers.entries()) {
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({ id: 1, result: { structuredContent: { field: "extra" } } });
    expect(JSON.stringify(messages)).not.toContain(operators[(i + 1) % operators.length]);
  }
  const requests = answers.map(({ messages }) => messages[0]?.result.structuredContent.request_id);
  expect(new Set(requests).size).toBe(200);
});

test("nothing that a mail or a caller says can begin an event of its own in the answer", async () => {
  const split =
    '\r\n\r\ndata: {"jsonrpc":"2.0","id":1,"result":{"owned":true}}\r\n\r\n\u2028data: {}\u2029\u0085data: {}\0';
  const { messages } = await ask(call("read_email", { mailbox_id: mailboxId, email_id: split }));
  expect(messages).toHaveLength(1);
  expect(messages[0]?.result.isError).toBe(true);
  for (const id of [split, split.slice(4)]) {
    const named = await ask(call("no_such_tool", {}, id));
    expect(named.messages).toHaveLength(1);
    expect(named.messages[0]).toMatchObject({ id, error: { code: -32_602 } });
  }
  const mail = await ask(call("read_email", { mailbox_id: mailboxId, email_id: emailId }));
  expect(mail.messages).toHaveLength(1);
  expect(mail.messages[0]?.result.structuredContent.markdown).toBe(hostileMail.markdown);
});

test.each([
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "valueOf",
  "",
  " send_email",
  "SEND_EMAIL",
  "send_email\0",
  "../send_email",
  "x".repeat(100_000),
])("there is no tool %j", async (name) => {
  const { messages } = await ask(call(name, {}));
  expect(messages[0]?.error?.code).toBe(-32_602);
  expect(JSON.stringify(messages).length).toBeLessThan(1000);
  expect(server.sample.seen).toEqual([]);
});

test.each([
  ["a list", []],
  ["text", "mailbox_id"],
  ["a number", 7],
  ["null", null],
])("arguments that are %s are refused by the protocol", async (_, args) => {
  const { messages } = await ask(call("send_email", args));
  expect(messages[0]?.error?.code).toBe(-32_602);
  expect(server.sample.seen).toEqual([]);
});

const mail = { mailbox_id: mailboxId, to: ["a@example.org"], markdown: "Hi" };

test.each([
  ["a field that is not there", { ...mail, approval_code: "000000" }],
  ["an inherited name", { ...mail, constructor: { prototype: { scopes: ["admin"] } } }],
  ["another's credential", { ...mail, actor: { scopes: ["admin"] }, operator_id: "x" }],
  ["a list for text", { ...mail, markdown: ["Hi"] }],
  ["an object for a list", { ...mail, to: { 0: "a@example.org", length: 1 } }],
  ["half a surrogate pair", { ...mail, markdown: "\ud800" }],
  ["NUL", { ...mail, markdown: "a\0b" }],
  ["a list in place of an id", { ...mail, mailbox_id: [mailboxId] }],
])("%s in the arguments is refused by name, and nothing runs", async (_, args) => {
  const { messages } = await ask(call("send_email", args));
  expect(messages[0]?.result).toMatchObject({
    isError: true,
    structuredContent: { code: "validation_failed", field: expect.stringMatching(/./) },
  });
  expect(server.sample.seen).toEqual([]);
});

test("the task, progress and meta fields of a call reach no operation", async () => {
  const params = {
    name: "send_email",
    arguments: mail,
    task: { ttl: 1 },
    _meta: { progressToken: "t", "multimail/actor": "admin" },
    actor: "admin",
  };
  const { messages } = await ask({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  expect(messages.at(-1)?.result).not.toHaveProperty("task");
  expect(server.sample.seen).toMatchObject([{ input: { markdown: "Hi" } }]);
  expect(Object.keys(server.sample.seen[0]?.input ?? {})).not.toContain("actor");
});

test("a client cannot cancel the waiting of another credential", async () => {
  let release = (): void => {};
  server.sample.gate = new Promise((resolve) => (release = resolve));
  const waiting = ask(call("wait_for_email", { mailbox_id: mailboxId, timeout_seconds: 60 }, 42));
  await expect.poll(() => server.sample.seen.length).toBe(1);
  server.keys.set("mm_test_other", { ...sampleActor("read"), credential_id: "somebody-else" });
  const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 42 } };
  const response = await fetch(`${server.base}/mcp`, {
    method: "POST",
    headers: {
      authorization: "Bearer mm_test_other",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify(cancel),
  });
  expect(response.status).toBe(202);
  expect(server.sample.seen.map(({ name }) => name)).toEqual(["wait_for_email"]);
  release();
  expect((await waiting).messages.at(-1)?.result.structuredContent).toEqual({ arrived: true });
});

describe("names that were rebound", () => {
  /** The status line that a raw request with these headers gets. */
  async function status(headers: Record<string, string>): Promise<string> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
    const socket = connect(Number(new URL(server.base).port), "127.0.0.1");
    const lines = Object.entries({
      Authorization: "Bearer mm_test_agent",
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "Content-Length": String(body.length),
      Connection: "close",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return head.toString().slice(9, 12);
  }

  test.each([
    [{ Host: "evil.example", Origin: "http://evil.example" }, "403"],
    [{ Host: "evil.example", "Sec-Fetch-Site": "same-origin" }, "403"],
    [{ Host: "localhost.evil.example", Origin: "http://localhost.evil.example" }, "403"],
    [{ Host: "127.0.0.1", Origin: "null" }, "403"],
    [{ Host: "multimail.internal" }, "200"],
    [{ Host: "localhost" }, "200"],
  ])("%j is answered %s", async (headers, answer) => {
    expect(await status(headers)).toBe(answer);
  });
});
