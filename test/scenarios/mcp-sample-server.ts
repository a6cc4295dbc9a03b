/** A listening MCP door over the sample operations, with official clients and the stdio bridge as a program. */
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Actor } from "../../src/core/actor.ts";
import { createMcpDoor } from "../../src/mcp/door.ts";
import { type Sample, sampleActor, sampleDispatcher } from "../../src/mcp/sample-operations.ts";

/** How the client settles on a revision of the protocol. */
export type Mode = "legacy" | { pin: string };

/** What tests change and look at. */
export type McpSampleServer = {
  base: string;
  keys: Map<string, Actor>;
  sample: Sample;
  read_only: boolean;
  /** Back to two keys, no calls seen, and no client connected. */
  reset(): Promise<void>;
  close(): Promise<void>;
  /** A connected client; `reset` closes it. */
  overHttp(mode: Mode, key?: string): Promise<Client>;
  /** The same through the bridge in a process of its own, with `env` added to its settings. */
  overStdio(mode: Mode, env?: Record<string, string>): Promise<Client>;
};

/** Arguments for node that make it the program that `multimail mcp` is: the bridge on the process's streams. */
export const bridgeArgs = [
  "--input-type=module",
  "-e",
  `import { runStdio } from ${JSON.stringify(new URL("../../src/mcp/stdio.ts", import.meta.url).href)};
  process.exitCode = await runStdio({
    api_url: process.env.MULTIMAIL_API_URL,
    api_key: process.env.MULTIMAIL_API_KEY,
    mailbox_id: process.env.MULTIMAIL_MAILBOX_ID,
    stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, fetch,
  });`,
];

/** Listens on a free loopback port. */
export async function startMcpSampleServer(): Promise<McpSampleServer> {
  // The port is known only once something listens, and the door wants its own address.
  const mounted: { door?: ReturnType<typeof createMcpDoor> } = {};
  const listener = serve({
    fetch: (request) => mounted.door?.(request) ?? new Response(null, { status: 503 }),
    hostname: "127.0.0.1",
    port: 0,
  });
  await once(listener, "listening");
  const base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const sample: Sample = { seen: [], gate: Promise.resolve() };
  const clients: Client[] = [];
  const started = (mode: Mode): Client => {
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
    clients.push(client);
    return client;
  };
  const server: McpSampleServer = {
    base,
    keys: new Map(),
    sample,
    read_only: false,
    async reset() {
      for (const client of clients.splice(0)) await client.close();
      server.keys = new Map([
        ["mm_test_agent", sampleActor("read", "send")],
        ["mm_test_approver", sampleActor("oversight")],
      ]);
      sample.seen = [];
      sample.gate = Promise.resolve();
      server.read_only = false;
    },
    async close() {
      await server.reset();
      await new Promise((done) => listener.close(done));
    },
    async overHttp(mode, key = "mm_test_agent") {
      const client = started(mode);
      const requestInit = { headers: { Authorization: `Bearer ${key}` } };
      const url = new URL(`${base}/mcp`);
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
      return client;
    },
    async overStdio(mode, more = {}) {
      const client = started(mode);
      const env = { MULTIMAIL_API_URL: base, MULTIMAIL_API_KEY: "mm_test_agent", ...more };
      const command = process.execPath;
      await client.connect(
        new StdioClientTransport({ command, args: bridgeArgs, env, stderr: "ignore" }),
      );
      return client;
    },
  };
  mounted.door = createMcpDoor({
    dispatcher: sampleDispatcher(sample),
    authenticate: async (key) => server.keys.get(key) ?? null,
    read_only_view: async () => server.read_only,
    version: "1.2.3",
    progress_interval: 20,
    public_url: base,
    new_request_id: randomUUID,
    random_bytes: randomBytes,
    log: { error: () => {}, debug: () => {} },
  });
  return server;
}
