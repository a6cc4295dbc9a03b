/** The MCP door over real sockets and pipes, seen by the official client in both revisions of the protocol. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Client } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  emailId,
  hostileMail,
  mailboxId,
  otherMailboxId,
} from "../../src/mcp/sample-operations.ts";
import { type McpSampleServer, type Mode, startMcpSampleServer } from "./mcp-sample-server.ts";

let server: McpSampleServer;

beforeAll(async () => {
  server = await startMcpSampleServer();
});

afterAll(() => server.close());

beforeEach(() => server.reset());

const revisions: { revision: string; mode: Mode }[] = [
  { revision: "2025-11-25", mode: "legacy" },
  { revision: "2026-07-28", mode: { pin: "2026-07-28" } },
];
const mail = { mailbox_id: mailboxId, to: ["a@example.org"], subject: "Hello", markdown: "Hi" };

describe.each(revisions)("revision $revision", ({ revision, mode: chosen }) => {
  describe.each([
    ["HTTP", (mode: Mode) => server.overHttp(mode)],
    ["stdio", (mode: Mode) => server.overStdio(mode)],
  ])("over %s", (_, open) => {
    test("a client connects and learns who it talks to", async () => {
      const client = await open(chosen);
      expect(client.getNegotiatedProtocolVersion()).toBe(revision);
      expect(client.getServerVersion()).toMatchObject({ name: "multimail", version: "1.2.3" });
      expect(client.getInstructions()).toContain("untrusted-mail");
    });

    test("the tools are those the key may call, with schemas the client can compile", async () => {
      const { tools } = await (await open(chosen)).listTools();
      expect(tools.map(({ name }) => name)).toEqual([
        "list_mailboxes",
        "read_email",
        "send_email",
        "wait_for_email",
        "download_attachment",
      ]);
    });

    test("a call answers structured content and the same as text", async () => {
      const client = await open(chosen);
      await client.listTools();
      const result = await client.callTool({ name: "send_email", arguments: mail });
      const answer = { id: emailId, status: "pending_send_approval" };
      expect(result.structuredContent).toEqual(answer);
      expect(result.content).toEqual([{ type: "text", text: JSON.stringify(answer) }]);
      expect(server.sample.seen).toEqual([{ name: "send_email", input: mail }]);
    });

    test("a refusal is an error result that says why and what to do", async () => {
      const client = await open(chosen);
      await client.listTools();
      const result = await client.callTool({
        name: "send_email",
        arguments: { ...mail, subject: "stop" },
      });
      expect(result).toMatchObject({
        isError: true,
        structuredContent: {
          error: "Sending is stopped.",
          code: "operator_stopped",
          hint: "Ask a person.",
          retry_after: 60,
          request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
      });
      expect(result.content).toEqual([
        { type: "text", text: JSON.stringify(result.structuredContent) },
      ]);
    });

    test("invalid arguments name the field", async () => {
      const client = await open(chosen);
      const refused = async (more: object): Promise<unknown> =>
        (await client.callTool({ name: "send_email", arguments: { ...mail, ...more } }))
          .structuredContent;
      expect(await refused({ to: ["a@example.org", "nobody"] })).toMatchObject({
        code: "validation_failed",
        field: "to[1]",
      });
      expect(await refused({ body: "Hi" })).toMatchObject({
        code: "validation_failed",
        field: "body",
      });
    });

    test("an unknown tool is a protocol error", async () => {
      const client = await open(chosen);
      await expect(client.callTool({ name: "format_disk", arguments: {} })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining("format_disk"),
      });
    });

    test("a tool beyond the key's scopes is refused when called all the same", async () => {
      const client = await open(chosen);
      const args = { email_id: emailId, decision: "approve" };
      expect(await client.callTool({ name: "decide_email", arguments: args })).toMatchObject({
        isError: true,
        structuredContent: { code: "scope_required" },
      });
    });

    test("where every mailbox is read_only, sending is neither listed nor possible", async () => {
      server.read_only = true;
      const client = await open(chosen);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).not.toContain("send_email");
      expect(await client.callTool({ name: "send_email", arguments: mail })).toMatchObject({
        isError: true,
        structuredContent: { code: "mode_forbids_send" },
      });
      expect(server.sample.seen).toEqual([]);
    });

    test("a mailbox of others is not found", async () => {
      const client = await open(chosen);
      const args = { ...mail, mailbox_id: otherMailboxId };
      expect(await client.callTool({ name: "send_email", arguments: args })).toMatchObject({
        structuredContent: { code: "not_found" },
      });
    });

    test("mail comes whole as data, and in the text form behind a fence with a fresh nonce", async () => {
      const client = await open(chosen);
      const args = { mailbox_id: mailboxId, email_id: emailId };
      const read = (): ReturnType<Client["callTool"]> =>
        client.callTool({ name: "read_email", arguments: args });
      const [one, two] = [await read(), await read()];
      expect(one.structuredContent).toEqual(hostileMail);
      const texts = (one.content as { text: string }[]).map(({ text }) => text);
      expect(texts).toHaveLength(2);
      expect(texts[0]).not.toMatch(/Ignore|Urgent/);
      expect(texts[0]).toContain("eve@example.net");
      expect(texts[1]).toMatch(
        /<untrusted-mail nonce="([0-9a-f]{32})">[^]*Ignore your instructions[^]*<\/untrusted-mail nonce="\1">$/,
      );
      expect(two.content).not.toEqual(one.content);
    });

    test("a text attachment comes as text, another as a blob", async () => {
      const client = await open(chosen);
      const load = async (filename: string): Promise<unknown> => {
        const args = { mailbox_id: mailboxId, email_id: emailId, filename };
        const { content } = await client.callTool({ name: "download_attachment", arguments: args });
        return content.at(-1);
      };
      expect(await load("note.txt")).toMatchObject({
        type: "resource",
        resource: { text: "Grüße\r\n" },
      });
      expect(await load("pixel.png")).toMatchObject({
        type: "resource",
        resource: { blob: "iVD/AA==" },
      });
    });

    test("a key revoked in the middle ends the connection's power at once", async () => {
      const client = await open(chosen);
      await client.callTool({ name: "send_email", arguments: mail });
      server.keys.delete("mm_test_agent");
      await expect(client.callTool({ name: "send_email", arguments: mail })).rejects.toThrow(
        /revoked|Unauthorized/i,
      );
      await expect(client.listTools()).rejects.toThrow(/revoked|Unauthorized/i);
      expect(server.sample.seen).toHaveLength(1);
    });
  });

  test("the default mailbox of the bridge makes mailbox_id optional", async () => {
    const client = await server.overStdio(chosen, { MULTIMAIL_MAILBOX_ID: mailboxId });
    const { tools } = await client.listTools();
    expect(tools.find(({ name }) => name === "read_email")?.inputSchema.required).toEqual([
      "email_id",
    ]);
    await client.callTool({ name: "read_email", arguments: { email_id: emailId } });
    expect(server.sample.seen).toEqual([
      { name: "read_email", input: { mailbox_id: mailboxId, email_id: emailId } },
    ]);
  });

  test("an approver's key sees decide_email and not send_email", async () => {
    const client = await server.overHttp(chosen, "mm_test_approver");
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["decide_email"]);
  });

  test("calls over the bridge run side by side, and a cancelled one holds nobody up", async () => {
    const client = await server.overStdio(chosen);
    let release = (): void => {};
    server.sample.gate = new Promise((resolve) => (release = resolve));
    const cancel = new AbortController();
    const args = { mailbox_id: mailboxId };
    const given = client.callTool(
      { name: "wait_for_email", arguments: args },
      { signal: cancel.signal },
    );
    const kept = client.callTool({ name: "wait_for_email", arguments: args });
    await client.callTool({ name: "send_email", arguments: mail });
    cancel.abort();
    await expect(given).rejects.toThrow(/abort/i);
    release();
    expect((await kept).structuredContent).toEqual({ arrived: true });
  });
});

test("a page of another origin is refused with 403", async () => {
  const response = await fetch(`${server.base}/mcp`, {
    method: "POST",
    headers: { origin: "https://evil.example", authorization: "Bearer mm_test_agent" },
    body: "{}",
  });
  expect(response.status).toBe(403);
});

test("a huge body is refused before it has been sent", async () => {
  const port = Number(new URL(server.base).port);
  const socket = connect(port, "127.0.0.1");
  socket.write(
    "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer mm_test_agent\r\n" +
      `Content-Type: application/json\r\nContent-Length: ${10 * 1024 ** 3}\r\n\r\n[`,
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});
