/** Calls that wait: progress while they do, an end when their client goes, and decisions as tasks of the 2026-07-28 extension. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { mailboxId } from "../../src/mcp/sample-operations.ts";
import { type McpSampleServer, type Mode, startMcpSampleServer } from "./mcp-sample-server.ts";
import { type Running, run } from "./running.ts";

/** The machine may be busy with other tests. */
const patient = { timeout: 15_000 };

const revisions: [string, Mode][] = [
  ["2025-11-25", "legacy"],
  ["2026-07-28", { pin: "2026-07-28" }],
];

describe.each(revisions)("a call that waits, in revision %s", (_, mode) => {
  let server: McpSampleServer;
  beforeAll(async () => {
    server = await startMcpSampleServer();
  });
  beforeEach(() => server.reset());
  afterAll(() => server.close());

  const wait = {
    name: "wait_for_email",
    arguments: { mailbox_id: mailboxId, timeout_seconds: 90 },
  };
  const over = [
    ["HTTP", () => server.overHttp(mode)],
    ["stdio", () => server.overStdio(mode)],
  ] as const;

  test.each(over)("tells its progress over %s to a client that wants it", async (_name, open) => {
    let release = (): void => {};
    server.sample.gate = new Promise((resolve) => (release = resolve));
    const told: { progress: number; total?: number | undefined; message?: string | undefined }[] =
      [];
    const client = await open();
    const answer = client.callTool(wait, { onprogress: (one) => void told.push(one) });
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(2), patient);
    release();
    expect((await answer).structuredContent).toEqual({ arrived: true });
    expect(told[0]).toMatchObject({ total: 90, message: "Waiting" });
    const times = told.map(({ progress }) => progress);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
  });

  test("tells a client that wants none nothing, and answers it in one piece", async () => {
    const client = await server.overHttp(mode);
    const answered = await client.callTool(wait);
    expect(answered.structuredContent).toEqual({ arrived: true });
  });

  test.each(over)("ends when its client over %s cancels or goes away", async (_name, open) => {
    server.sample.gate = new Promise(() => {});
    const client = await open();
    const cancel = new AbortController();
    const given = client.callTool(wait, { signal: cancel.signal, onprogress: () => {} });
    await vi.waitFor(() => expect(server.sample.seen).toHaveLength(1), patient);
    cancel.abort();
    await expect(given).rejects.toThrow(/abort/i);
    const names = (): string[] => server.sample.seen.map(({ name }) => name);
    await vi.waitFor(() => expect(names()).toContain("wait_for_email given up"), patient);
    const second = client.callTool(wait, { onprogress: () => {} }).catch(() => null);
    await vi.waitFor(() => expect(server.sample.seen).toHaveLength(3), patient);
    await client.close();
    await second;
    await vi.waitFor(() => expect(server.sample.seen).toHaveLength(4), patient);
  });
});

/** The wire schemas of the extension, where the testers' packages are installed. */
const schemas = new URL(
  "../../tools/mcp/node_modules/@modelcontextprotocol/ext-tasks/dist/core/v2/index.js",
  import.meta.url,
);
type Checks = Record<"isCreateTaskResultV2" | "isDetailedTaskV2", (value: unknown) => boolean>;
const official = existsSync(schemas) ? ((await import(schemas.href)) as Checks) : null;

describe("a decision as a task of revision 2026-07-28", () => {
  let running: Running;
  beforeAll(async () => {
    running = await run();
  });
  afterAll(() => running.stop());

  // oxlint-disable-next-line typescript/no-explicit-any -- answers of the wire
  type Reply = { status: number; result: any; error?: { code: number; data?: unknown } };
  const extension = "io.modelcontextprotocol/tasks";
  let ids = 0;

  async function rpc(
    method: string,
    params: Record<string, unknown>,
    {
      extensions = { [extension]: {} },
      key = running.known.agent_key,
    }: { extensions?: object; key?: string } = {},
  ): Promise<Reply> {
    const name = params["name"] ?? params["taskId"];
    const response = await fetch(`${running.known.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof name === "string" ? { "mcp-name": name } : {}),
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: ++ids,
        method,
        params: {
          ...params,
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
            "io.modelcontextprotocol/clientCapabilities": { extensions },
          },
        },
      }),
    });
    const text = await response.text();
    const answer = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as Omit<Reply, "status">;
    return { status: response.status, ...answer };
  }

  const begin = (email_id: string, more: object = {}, client?: object): Promise<Reply> =>
    rpc(
      "tools/call",
      {
        name: "wait_for_decision",
        arguments: { mailbox_id: running.known.mailbox_id, email_id, ...more },
      },
      client,
    );

  async function pending(): Promise<string> {
    const { body } = await running.send({ subject: "A task" });
    await running.settled(body.id, "pending_send_approval");
    return body.id;
  }

  test("is offered to a client that knows tasks, works, and then holds the result", async () => {
    const id = await pending();
    const { result: begun } = await begin(id);
    expect(begun).toMatchObject({ resultType: "task", status: "working", ttlMs: null });
    expect(begun).not.toHaveProperty("task");
    expect(official?.isCreateTaskResultV2(begun) ?? true).toBe(true);
    const { taskId } = begun;
    const { result: working } = await rpc("tasks/get", { taskId });
    expect(working).toMatchObject({ resultType: "complete", status: "working", taskId });
    expect(working).not.toHaveProperty("result");
    await running.decide(id, "reject", { reason: "Not so." });
    const { result: done } = await rpc("tasks/get", { taskId });
    expect(done).toMatchObject({
      status: "completed",
      result: { structuredContent: { decided: true, status: "rejected" } },
    });
    expect(done.result).not.toHaveProperty("_meta");
    expect(official?.isDetailedTaskV2(done) ?? true).toBe(true);
    expect((await begin(id)).result).toMatchObject({
      resultType: "complete",
      structuredContent: { decided: true },
    });
  });

  test("is none for a client that does not know tasks, and none for one that only looks", async () => {
    const id = await pending();
    const plain = await begin(id, { timeout_seconds: 1 }, { extensions: {} });
    expect(plain.result).toMatchObject({
      resultType: "complete",
      structuredContent: { decided: false },
    });
    const peek = await begin(id, { timeout_seconds: 0 });
    expect(peek.result).toMatchObject({ resultType: "complete" });
    const { taskId } = (await begin(id)).result;
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"])
      expect(await rpc(method, { taskId }, { extensions: {} }), method).toMatchObject({
        status: 400,
        error: {
          code: -32_021,
          data: { requiredCapabilities: { extensions: { [extension]: {} } } },
        },
      });
  });

  test("is acknowledged when cancelled and waits on, and has no methods of the revision before", async () => {
    const id = await pending();
    const { taskId } = (await begin(id)).result;
    for (const method of ["tasks/cancel", "tasks/update"])
      expect((await rpc(method, { taskId, inputResponses: {} })).result, method).toEqual(
        expect.objectContaining({ resultType: "complete" }),
      );
    expect((await rpc("tasks/get", { taskId })).result.status).toBe("working");
    for (const method of ["tasks/result", "tasks/list"])
      expect((await rpc(method, { taskId })).error?.code, method).toBe(-32_601);
    const discovered = (await rpc("server/discover", {})).result;
    expect(discovered.capabilities.extensions).toHaveProperty([extension]);
    expect(discovered.capabilities).not.toHaveProperty("tasks");
  });

  test("is nobody else's, whoever guesses its id", async () => {
    const { taskId } = (await begin(await pending())).result;
    const { oversight_key: key } = running.known;
    expect((await rpc("tasks/get", { taskId }, { key })).result.status).toBe("working");
    const forged = (about: object): string =>
      Buffer.from(JSON.stringify(about)).toString("base64url");
    for (const other of [
      "",
      `${taskId}A`,
      "A".repeat(5000),
      forged({ tool: "send_email", arguments: {}, created_ms: 0 }),
      forged({ tool: "constructor", arguments: {}, created_ms: 0 }),
      forged({ tool: "wait_for_decision", arguments: { email_id: "x" }, created_ms: 0 }),
    ])
      for (const method of ["tasks/get", "tasks/cancel"])
        expect((await rpc(method, { taskId: other })).error?.code, method).toBe(-32_602);
  });
});
