/** The MTA-STS policy fetcher against a real HTTPS server that misbehaves. */
import { createServer } from "node:https";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";

import { openResolver } from "../../src/mail/dns-resolver.ts";
import { openPolicyFetcher } from "../../src/mail/mta-sts-fetch.ts";
import type { PolicyFetcher } from "../../src/mail/mta-sts.ts";
import { startDns } from "../dns/server.ts";
import { selfSigned } from "../sink/self-signed.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const POLICY = "version: STSv1\nmode: enforce\nmx: mx.b.test\nmax_age: 86400\n";
const right = selfSigned(["mta-sts.b.test"]);

interface Fetching {
  readonly listener?: RequestListener;
  readonly tls?: typeof right;
  readonly allow_private?: boolean;
  readonly timeout_ms?: number;
}

async function fetcher(options: Fetching): Promise<{ fetch: PolicyFetcher; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer({ ...(options.tls ?? right) }, (request, response) => {
    asked.push(`${request.method} ${request.headers.host?.split(":")[0]} ${request.url}`);
    if (options.listener) return options.listener(request, response);
    response.setHeader("content-type", "text/plain; charset=utf-8");
    response.end(POLICY);
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dns = await startDns({ "mta-sts.b.test": { A: ["127.0.0.1"] } });
  const resolver = openResolver({ servers: [dns.address], now: () => new Date() });
  undo.push(
    () => dns.close(),
    () => resolver.close(),
    () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  );
  const fetch = openPolicyFetcher({
    resolver,
    random: () => 0,
    allow_private: options.allow_private ?? true,
    port: (server.address() as AddressInfo).port,
    ca: right.cert,
    ...(options.timeout_ms !== undefined && { timeout_ms: options.timeout_ms }),
  });
  return { fetch, asked };
}

test("fetches the policy from its one place", async () => {
  const { fetch, asked } = await fetcher({});
  expect(await fetch("b.test")).toBe(POLICY);
  expect(asked).toEqual(["GET mta-sts.b.test /.well-known/mta-sts.txt"]);
});

const answer =
  (
    status: number,
    type: string,
    body: string,
    headers: Record<string, string> = {},
  ): RequestListener =>
  (_, response) => {
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(body);
  };

test.each<[string, Fetching]>([
  ["a redirect", { listener: answer(301, "text/plain", POLICY, { location: "/elsewhere" }) }],
  ["a status other than 200", { listener: answer(404, "text/plain", POLICY) }],
  ["HTML", { listener: answer(200, "text/html", POLICY) }],
  ["a type that only begins like text/plain", { listener: answer(200, "text/plainer", POLICY) }],
  ["too much", { listener: answer(200, "text/plain", POLICY + "#".repeat(70_000)) }],
  ["a certificate for another name", { tls: selfSigned(["b.test"]) }],
  ["a certificate nobody trusts", { tls: selfSigned(["mta-sts.b.test"]) }],
])("refuses %s", async (_, options) => {
  const { fetch, asked } = await fetcher(options);
  await expect(fetch("b.test")).rejects.toThrow();
  expect(asked.length).toBe(options.tls ? 0 : 1);
});

test("gives up on a server that hangs, in the head or in the body", async () => {
  const silent = await fetcher({ listener: () => undefined, timeout_ms: 200 });
  await expect(silent.fetch("b.test")).rejects.toThrow();
  const trickling = await fetcher({
    timeout_ms: 200,
    listener: (_, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("version: STSv1\n");
    },
  });
  await expect(trickling.fetch("b.test")).rejects.toThrow();
});

test("asks no address that is not public, and none of a name that does not exist", async () => {
  const { fetch, asked } = await fetcher({ allow_private: false });
  await expect(fetch("b.test")).rejects.toThrow();
  await expect(fetch("nobody.test")).rejects.toThrow();
  expect(asked).toEqual([]);
});
