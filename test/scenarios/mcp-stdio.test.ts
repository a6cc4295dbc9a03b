/** The stdio bridge as the program that agents start: settings, errors, end of input, cancellation. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { mailboxId } from "../../src/mcp/sample-operations.ts";
import { bridgeArgs, type McpSampleServer, startMcpSampleServer } from "./mcp-sample-server.ts";

/** The machine may be busy with other tests. */
const patient = { timeout: 15_000 };

let server: McpSampleServer;

beforeAll(async () => {
  server = await startMcpSampleServer();
});

afterAll(() => server.close());

beforeEach(() => server.reset());

describe("the bridge as a program", () => {
  /** Runs it with `input` on standard input, which ends when `during` has. */
  async function run(
    env: Record<string, string>,
    input: string,
    during: (child: ChildProcess) => Promise<void> = async () => {},
  ): Promise<{ status: number | null; out: string[]; err: string }> {
    const child: ChildProcess = spawn(process.execPath, bridgeArgs, { env, stdio: "pipe" });
    const closed = once(child, "close");
    let out = "";
    let err = "";
    child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.stdin?.on("error", () => {});
    child.stdin?.write(input);
    await during(child);
    child.stdin?.end();
    const [status] = (await closed) as [number | null];
    return { status, out: out.split("\n").filter((line) => line !== ""), err };
  }
  const ids = (out: readonly string[]): unknown[] =>
    out.map((line) => (JSON.parse(line) as { id: unknown }).id);
  const good = (): Record<string, string> => ({
    MULTIMAIL_API_URL: server.base,
    MULTIMAIL_API_KEY: "mm_test_agent",
  });

  test.each([
    ["no address", { MULTIMAIL_API_URL: "" }, 2, /set MULTIMAIL_API_URL/],
    [
      "a wrong address",
      { MULTIMAIL_API_URL: "mail.example.com" },
      2,
      /MULTIMAIL_API_URL is no http address/,
    ],
    ["no key", { MULTIMAIL_API_KEY: "" }, 2, /set MULTIMAIL_API_KEY/],
    ["a refused key", { MULTIMAIL_API_KEY: "mm_test_old" }, 1, /does not accept MULTIMAIL_API_KEY/],
    [
      "no server",
      { MULTIMAIL_API_URL: "http://127.0.0.1:9" },
      1,
      /cannot reach http:\/\/127.0.0.1:9\/mcp/,
    ],
    [
      "a wrong mailbox",
      { MULTIMAIL_MAILBOX_ID: "desk" },
      2,
      /MULTIMAIL_MAILBOX_ID is no mailbox id/,
    ],
  ])("with %s it ends with one line that says so", async (_, env, status, line) => {
    const result = await run({ ...good(), ...env }, "");
    expect(result.err).toMatch(line);
    expect(result.err.trim().split("\n")).toHaveLength(1);
    expect(result).toMatchObject({ status, out: [] });
  });

  test("it answers everything that was asked before its input ended, and accepts /v1 in the address", async () => {
    const env = { ...good(), MULTIMAIL_API_URL: `${server.base}/v1/` };
    const lines = [1, 2, 3].map((id) => JSON.stringify({ jsonrpc: "2.0", id, method: "ping" }));
    const result = await run(env, `${lines.join("\n")}\n`);
    expect(result.status).toBe(0);
    expect(new Set(ids(result.out))).toEqual(new Set([1, 2, 3]));
  });

  test("a line that is not JSON is answered as a parse error and the next one served", async () => {
    const result = await run(good(), 'nonsense\n\n{"jsonrpc":"2.0","id":"a","method":"ping"}');
    const answers = result.out.map((line) => JSON.parse(line));
    expect(answers).toContainEqual(
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32700 }) }),
    );
    expect(answers).toContainEqual(expect.objectContaining({ id: "a", result: {} }));
  });

  test("a cancelled call is given up and never answered", async () => {
    let release = (): void => {};
    server.sample.gate = new Promise((resolve) => (release = resolve));
    const params = { name: "wait_for_email", arguments: { mailbox_id: mailboxId } };
    const wait = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    const result = await run(good(), `${wait}\n`, async (child) => {
      await vi.waitFor(() => expect(server.sample.seen).toHaveLength(1), patient);
      const cancel = {
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: 1 },
      };
      child.stdin?.write(`${JSON.stringify(cancel)}\n{"jsonrpc":"2.0","id":2,"method":"ping"}\n`);
      if (child.stdout) await once(child.stdout, "data");
      release();
    });
    expect(ids(result.out)).toEqual([2]);
  });

  test("a request that the door refuses is answered under its own id", async () => {
    const nested = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${'{"a":'.repeat(200)}1${"}".repeat(201)}`;
    const result = await run(good(), nested);
    expect(JSON.parse(result.out[0] ?? "")).toMatchObject({
      id: 7,
      error: { data: { code: "invalid_json" } },
    });
  });

  test("a server that is gone for a while costs the calls of that while, and is told once", async () => {
    let down = false;
    const front = createServer((incoming, outgoing) => {
      if (down) return void incoming.socket.destroy();
      const { host: _, ...headers } = incoming.headers;
      const forwarded = request(
        `${server.base}${incoming.url}`,
        { method: "POST", headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        },
      );
      incoming.pipe(forwarded);
    });
    front.listen(0, "127.0.0.1");
    await once(front, "listening");
    const { port } = front.address() as AddressInfo;
    const env = { ...good(), MULTIMAIL_API_URL: `http://127.0.0.1:${port}` };
    const ping = (id: number): string =>
      `${JSON.stringify({ jsonrpc: "2.0", id, method: "ping" })}\n`;
    try {
      const result = await run(env, ping(1), async (child) => {
        const answered = async (): Promise<void> => {
          if (child.stdout) await once(child.stdout, "data");
        };
        await answered();
        for (const [is, id] of [
          [true, 2],
          [true, 3],
          [false, 4],
        ] as const) {
          down = is;
          const next = answered();
          child.stdin?.write(ping(id));
          await next;
        }
      });
      expect(result.status).toBe(0);
      const answers = result.out.map((line) => JSON.parse(line));
      expect(answers).toMatchObject([
        { id: 1, result: {} },
        { id: 2, error: { code: -32000, message: expect.stringContaining("cannot reach") } },
        { id: 3, error: { code: -32000 } },
        { id: 4, result: {} },
      ]);
      expect(result.err.trim().split("\n")).toEqual([
        expect.stringMatching(/^multimail mcp: cannot reach /),
        expect.stringMatching(/answers again$/),
      ]);
    } finally {
      front.closeAllConnections();
      front.close();
    }
  });

  test("a message of more than a million bytes comes whole, and back", async () => {
    const markdown = "ü".repeat(800_000);
    const params = {
      name: "send_email",
      arguments: { mailbox_id: mailboxId, to: ["a@example.org"], markdown },
    };
    const line = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    const result = await run(good(), `${line}\n`);
    expect(JSON.parse(result.out[0] ?? "")).toMatchObject({ id: 1, result: { content: [{}] } });
    expect(server.sample.seen).toMatchObject([{ input: { markdown } }]);
  });
});
