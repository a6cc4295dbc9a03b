/** A loopback address at which the conformance suite, which has no key, finds a door of ours: it adds one and changes nothing else. */
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createDispatcher } from "../../src/contract/dispatch.ts";
import { createDoorOf, type McpDoorOptions } from "../../src/mcp/door.ts";
import { createOpenCalls } from "../../src/mcp/open-calls.ts";
import { resourceTable } from "../../src/mcp/resources.ts";
import { sampleActor } from "../../src/mcp/sample-operations.ts";
import { toolTable } from "../../src/mcp/tools.ts";
import { fixtureOperations, fixtureServer } from "./mcp-conformance-fixtures.ts";

/** Something that listens. */
export type Listening = { base: string; close(): Promise<void> };

/** Forwards every request to `target`, byte for byte, with `key` in `Authorization`. */
export async function withKey(target: string, key: string): Promise<Listening> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const forwarded = request(
      {
        host: hostname,
        port,
        method: incoming.method,
        path: incoming.url,
        headers: { ...incoming.headers, authorization: `Bearer ${key}` },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  return listening(server);
}

/** Our door before the fixtures of the suite. */
export async function fixtureDoor(): Promise<Listening> {
  const key = "mm_test_conformance";
  const dispatcher = createDispatcher(fixtureOperations, {});
  const options: McpDoorOptions = {
    dispatcher,
    authenticate: async (given) => (given === key ? sampleActor("read", "send") : null),
    read_only_view: async () => false,
    version: "1.0.0",
    progress_interval: 50,
    public_url: "http://127.0.0.1",
    new_request_id: randomUUID,
    random_bytes: randomBytes,
    log: { error: () => {}, debug: () => {} },
  };
  const tables = {
    tools: toolTable(dispatcher.operations),
    resources: resourceTable(dispatcher.operations),
    calls: createOpenCalls(),
  };
  const door = createDoorOf(options, tables.tools.largestBody, (caller, era) =>
    fixtureServer(options, tables, caller, era),
  );
  const listener = serve({ fetch: door, hostname: "127.0.0.1", port: 0 });
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const front = await withKey(`http://127.0.0.1:${port}`, key);
  return {
    base: front.base,
    async close() {
      await front.close();
      await new Promise((done) => listener.close(done));
    },
  };
}

async function listening(server: Server): Promise<Listening> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
