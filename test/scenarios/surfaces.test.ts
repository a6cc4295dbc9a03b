/** One capability, several doors: REST, MCP and the command line over the same running instance give the same answers. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { allOperations } from "../../src/operations/all.ts";
import { runCommand } from "./operation-calls.ts";
import { type Running, run } from "./running.ts";

let running: Running;
beforeAll(async () => {
  running = await run();
});
afterAll(() => running.stop());

/** Runs a command as a person in the data folder's shell would. */
const cli = (...args: string[]) => runCommand(args, { MULTIMAIL_DATA: running.folder });

async function cliJson(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await cli(...args, "--json");
  expect(code, err).toBe(0);
  return JSON.parse(out) as Record<string, unknown>;
}

async function mcp(key: string, name: string, input: Record<string, unknown>): Promise<unknown> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${running.known.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    }),
  );
  try {
    const answer = await client.callTool({ name, arguments: input });
    return answer.structuredContent;
  } finally {
    await client.close();
  }
}

it("a message is written, read, decided and proved by commands alone", async () => {
  const sent = await cliJson(
    "send",
    "--to",
    "ada@example.com",
    "--subject",
    "By hand",
    "--markdown",
    "Hello.",
  );
  const id = String(sent["id"]);
  expect(sent["status"]).toBe("pending_send_approval");
  expect((await cliJson("pending"))["emails"]).toMatchObject([{ id }]);
  expect(await cliJson("approve", id)).toMatchObject({ status: "queued" });
  await running.settled(id, "delivered");
  expect(await cliJson("read", id)).toMatchObject({ id, status: "delivered", markdown: "Hello." });
  expect((await cli("raw", id)).out).toContain("Subject: By hand\r\n");
  expect((await cliJson("inbox"))["emails"]).toMatchObject([{ id }]);
  expect(await cliJson("proof", id)).toMatchObject({ format: "multimail-bundle/v1" });
  expect((await cliJson("audit", "log", "--limit", "5"))["entries"]).toHaveLength(5);
  expect((await cli("audit", "proof", "0")).out).toContain("c2sp.org/tlog-proof@v1\n");
  expect((await cli("cancel", id)).code).toBe(1);
});

it("the tools of MCP answer what REST answers", async () => {
  const { agent_key, oversight_key, mailbox_id } = running.known;
  const sent = await mcp(agent_key, "send_email", {
    mailbox_id,
    to: ["bob@example.com"],
    subject: "By tool",
    markdown: "Hello.",
    idempotency_key: "tool-1",
  });
  const { id } = sent as { id: string };
  const again = await running.send({
    to: ["bob@example.com"],
    subject: "By tool",
    markdown: "Hello.",
    idempotency_key: "tool-1",
  });
  // The same call through another door is the same message.
  expect(again.body).toMatchObject({ id, status: "already_sent" });
  const byRest = await running.call(agent_key, `/v1/mailboxes/${mailbox_id}/emails/${id}`);
  expect(await mcp(agent_key, "read_email", { email_id: id })).toEqual(byRest.body);
  expect(
    await mcp(oversight_key, "decide_email", { email_id: id, decision: "reject", reason: "No" }),
  ).toMatchObject({
    status: "rejected",
  });
  expect((await running.settled(id, "rejected")).decisions).toMatchObject([
    { reason: "No", class: "B" },
  ]);
});

it("every command of an operation has a help page", async () => {
  const commands = allOperations.flatMap(({ cli: one }) => (one ? [one.command] : []));
  const codes = await Promise.all(
    commands.map(async (command) => (await cli(...command.split(" "), "--help")).code),
  );
  expect(codes).toEqual(commands.map(() => 0));
});

it("an agent may put its mailbox under more oversight, and not under less", async () => {
  const lowered = await cliJson("configure-mailbox", "--oversight-mode", "gated_all");
  expect(lowered["oversight_mode"]).toBe("gated_all");
  const raised = await running.call(
    running.known.agent_key,
    `/v1/mailboxes/${running.known.mailbox_id}/configure`,
    { oversight_mode: "gated_send" },
    { method: "PATCH" },
  );
  expect(raised).toMatchObject({ status: 403, body: { code: "mode_raise_needs_person" } });
});
