/** A decision as an MCP task: an agent's client asks, goes on, and comes back for what the person said. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, run } from "./running.ts";

let running: Running;
beforeAll(async () => {
  running = await run();
});
afterAll(() => running.stop());

type Reply = {
  result?: {
    task?: { taskId: string; status: string };
    content?: unknown[];
    structuredContent?: unknown;
    _meta?: unknown;
    isError?: boolean;
    tools?: { name: string; execution?: { taskSupport?: string } }[];
  };
  error?: { code: number; message: string; data?: unknown };
};

let ids = 0;
async function rpc(method: string, params: object, key = running.known.agent_key): Promise<Reply> {
  const response = await fetch(`${running.known.url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: ++ids, method, params }),
  });
  const text = await response.text();
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as Reply;
}

const begin = async (email_id: string): Promise<Reply> =>
  rpc("tools/call", {
    name: "wait_for_decision",
    arguments: { mailbox_id: running.known.mailbox_id, email_id },
    task: { ttl: 60_000 },
  });

test("is begun, works while nobody has decided, and then has the decision", async () => {
  const { body } = await running.send({ subject: "A task" });
  const begun = await begin(body.id);
  expect(begun.result?.task, JSON.stringify(begun)).toMatchObject({ status: "working", ttl: null });
  const { taskId } = begun.result?.task ?? {};
  expect((await rpc("tasks/get", { taskId })).result).toMatchObject({ taskId, status: "working" });
  const result = rpc("tasks/result", { taskId });
  await running.decide(body.id, "reject", { reason: "Not like this." });
  const done = (await result).result;
  expect(done?.structuredContent).toMatchObject({
    decided: true,
    status: "rejected",
    decision: { reason: "Not like this." },
  });
  // A reviewer's words are for the agent to follow: they do not stand among those of outsiders.
  const [said] = (done?.content ?? []) as { text: string }[];
  expect(JSON.parse(said?.text ?? "")).toMatchObject({ decision: { reason: "Not like this." } });
  expect(done?._meta).toEqual({ "io.modelcontextprotocol/related-task": { taskId } });
  expect((await rpc("tasks/get", { taskId })).result).toMatchObject({ status: "completed" });
});

test("is nobody else's, and no other tool's", async () => {
  const { body } = await running.send({ subject: "Another task" });
  const { taskId } = (await begin(body.id)).result?.task ?? {};
  const unbound = await rpc("tasks/get", { taskId: `${taskId}x` });
  expect(unbound.error?.code).toBe(-32602);
  for (const task of [
    "",
    "A".repeat(5000),
    Buffer.from(JSON.stringify({ tool: "send_email", arguments: {}, created_ms: 0 })).toString(
      "base64url",
    ),
    Buffer.from(
      JSON.stringify({ tool: "wait_for_decision", arguments: { email_id: "x" }, created_ms: 0 }),
    ).toString("base64url"),
    Buffer.from(
      JSON.stringify({ tool: "wait_for_decision", arguments: {}, created_ms: 1e300 }),
    ).toString("base64url"),
  ])
    for (const method of ["tasks/get", "tasks/result"])
      expect((await rpc(method, { taskId: task })).error?.code, method).toBe(-32602);
  const missing = await begin("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  expect(missing.result?.isError).toBe(true);
  const plain = await rpc("tools/call", { name: "check_inbox", arguments: {}, task: {} });
  expect(plain.result?.task).toBeUndefined();
});

test("that cannot be looked at just now is still there", async () => {
  const { body } = await running.send({ subject: "A task among many" });
  const { taskId } = (await begin(body.id)).result?.task ?? {};
  const waits = Array.from({ length: 51 }, () => rpc("tasks/result", { taskId }));
  const error = (await Promise.race(waits)).error;
  expect(error).toMatchObject({ code: -32603, data: { code: "rate_limited", retry_after: 5 } });
  await running.decide(body.id, "approve");
  const ended = await Promise.all(waits);
  expect(ended.filter(({ result }) => result?.structuredContent !== undefined)).toHaveLength(50);
});

test("is announced: by the server, and by the one tool that waits", async () => {
  const tools = (await rpc("tools/list", {})).result?.tools ?? [];
  const tasks = tools.filter(({ execution }) => execution?.taskSupport === "optional");
  expect(tasks.map(({ name }) => name)).toEqual(["wait_for_decision"]);
});
