/** Client-id metadata documents, fetched by the guarded agent from real HTTPS servers that may misbehave. */
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openAuthorization } from "../../src/authorization.ts";
import { availability } from "../../src/availability.ts";
import type { AuthorizationServer } from "../../src/contract/oauth.ts";
import { openResolver } from "../../src/mail/dns-resolver.ts";
import { startDns } from "../dns/server.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { outcome } from "./members.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let now = Date.now();
const certificate = selfSigned(["app.test", "127.0.0.1"]);
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  running = await run();
  node = await secondNode(running, () => new Date(now));
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

/** A server for documents, and an authorization server that may call it. */
async function documents(
  answer: RequestListener,
  allow_private = true,
): Promise<{ server: AuthorizationServer; url(path: string): string; asked: string[] }> {
  const asked: string[] = [];
  const web = createServer(certificate, (request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const { port } = web.address() as AddressInfo;
  const dns = await startDns({ "app.test": { A: ["127.0.0.1"] } });
  const resolver = openResolver({ servers: [dns.address], now: () => new Date() });
  const guard = availability(pino({ level: "silent" }));
  const ca = certificate.cert;
  const opened = openAuthorization({ context: node.context, resolver, allow_private, guard, ca });
  undo.push(
    () => dns.close(),
    () => resolver.close(),
    () => {
      web.closeAllConnections();
      return new Promise((resolve) => web.close(resolve));
    },
    () => opened.close(),
  );
  return { server: opened.server, url: (path) => `https://app.test:${port}${path}`, asked };
}

const body = (client_id: string, more: object = {}): string =>
  JSON.stringify({
    client_id,
    client_name: "An app",
    redirect_uris: ["http://127.0.0.1/callback"],
    ...more,
  });

test("a client is known by its document, which is fetched once for all who ask, and again after a while", async () => {
  const web = await documents((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(body(web.url("/client.json")));
  });
  const url = web.url("/client.json");
  const all = await Promise.all(Array.from({ length: 5 }, () => web.server.client(url)));
  expect(all[0]).toMatchObject({ client_id: url, client_name: "An app" });
  expect(web.asked).toEqual(["/client.json"]);
  now += 11 * 60_000;
  await web.server.client(url);
  expect(web.asked).toHaveLength(2);
});

test("a document that is wrong, large, elsewhere or no JSON makes no client", async () => {
  const web = await documents((request, response) => {
    const url = web.url(request.url ?? "");
    const json = () => response.setHeader("content-type", "application/json");
    switch (request.url) {
      case "/missing":
        response.statusCode = 404;
        return response.end();
      case "/elsewhere":
        response.writeHead(302, { location: web.url("/good") });
        return response.end();
      case "/html":
        response.setHeader("content-type", "text/html");
        return response.end(body(url));
      case "/large":
        json();
        return response.end(body(url, { filler: "x".repeat(20_000) }));
      case "/other":
        json();
        return response.end(body(web.url("/good")));
      case "/deep":
        json();
        return response.end("[".repeat(8000));
      case "/secret":
        json();
        return response.end(body(url, { client_secret: "x" }));
      case "/script":
        json();
        return response.end(body(url, { redirect_uris: ["javascript:alert(1)"] }));
      default:
        json();
        return response.end(body(url));
    }
  });
  expect(await outcome(web.server.client(web.url("/good")))).toBe("done");
  for (const path of [
    "/missing",
    "/elsewhere",
    "/html",
    "/large",
    "/other",
    "/deep",
    "/secret",
    "/script",
  ])
    expect([path, await outcome(web.server.client(web.url(path)))]).toEqual([
      path,
      "invalid_client",
    ]);
  // A failure is remembered for a moment too: nobody makes us knock and knock.
  const before = web.asked.length;
  await outcome(web.server.client(web.url("/missing")));
  expect(web.asked).toHaveLength(before);
});

test("no document is asked for at an address that is not public", async () => {
  const web = await documents((_, response) => response.end("{}"), false);
  for (const url of [
    web.url("/client.json"),
    web.url("/client.json").replace("app.test", "127.0.0.1"),
    "https://[::1]:1/client.json",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost:8420/x",
  ])
    expect([url, await outcome(web.server.client(url))]).toEqual([url, "invalid_client"]);
  expect(web.asked).toEqual([]);
});
