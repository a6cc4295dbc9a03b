/** Calls to URLs that others chose: names that lead inside, by DNS of whatever kind, and servers that misbehave. */
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { DnsAnswer, DnsResolver, DnsType } from "../../src/mail/dns-record.ts";
import { type GuardedAgentOptions, openGuardedAgent } from "../../src/web/guarded-agent.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Answers questions about addresses from a list that may differ from question to question. */
function resolverOf(answers: (asked: number, name: string) => readonly string[]): DnsResolver {
  let asked = 0;
  return {
    resolve<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> {
      if (type === "A") asked++;
      const records = answers(asked, name).filter((one) => one.includes(":") === (type === "AAAA"));
      return Promise.resolve({
        status: records.length === 0 ? "nodata" : "ok",
        records: records as unknown as DnsAnswer<T>["records"],
        authenticated: false,
        ttl: 0,
        canonical: name,
      });
    },
    close: () => undefined,
  };
}

async function server(listener: RequestListener): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const listening = createServer((request, response) => {
    asked.push(request.url ?? "");
    request.resume();
    listener(request, response);
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  undo.push(() => {
    listening.closeAllConnections();
    return new Promise((resolve) => listening.close(resolve));
  });
  return { port: (listening.address() as AddressInfo).port, asked };
}

function agent(options: Partial<GuardedAgentOptions>) {
  const opened = openGuardedAgent({
    resolver: resolverOf(() => ["127.0.0.1"]),
    allow_private: false,
    allow_http: true,
    ...options,
  });
  undo.push(opened.close);
  return (url: string, timeout_ms = 3000) =>
    opened.call(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: Buffer.from("{}"),
      timeout_ms,
      max_answer: 1000,
    });
}

describe("a name that leads inside is not called", () => {
  test.each([
    ["loopback", ["127.0.0.1"]],
    ["private", ["10.1.2.3"]],
    ["the metadata of a cloud", ["169.254.169.254"]],
    ["IPv6 loopback", ["::1"]],
    ["a mapped address", ["::ffff:127.0.0.1"]],
    ["NAT64", ["64:ff9b::7f00:1"]],
    ["unique local", ["fd12::1"]],
    ["one public address and one private", ["93.184.216.34", "127.0.0.1"]],
    ["a public IPv4 and a private IPv6 address", ["93.184.216.34", "::1"]],
  ])("%s", async (_name, addresses) => {
    const { port, asked } = await server((_request, response) => response.end());
    const call = agent({ resolver: resolverOf(() => addresses) });
    expect(await call(`http://hook.example.com:${port}/`)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("not a public address"),
    });
    expect(asked).toEqual([]);
  });

  test("one that was public when its subscription was saved and leads inside when it is called", async () => {
    const { port, asked } = await server((_request, response) => response.end());
    const resolver = resolverOf((nth) => (nth === 1 ? ["93.184.216.34"] : ["127.0.0.1"]));
    await resolver.resolve("hook.example.com", "A");
    const call = agent({ resolver });
    expect((await call(`http://hook.example.com:${port}/`)).kind).toBe("refused");
    expect(asked).toEqual([]);
  });

  test("one that has no address is tried again later, not refused for good", async () => {
    const call = agent({ resolver: resolverOf(() => []) });
    expect(await call("http://hook.example.com/")).toEqual({ kind: "failed", reason: "ENOTFOUND" });
  });
});

describe("with private targets allowed", () => {
  const inside = { allow_private: true };

  test("a redirect is an answer and is not followed", async () => {
    const { port, asked } = await server((_request, response) =>
      response.writeHead(307, { location: "/elsewhere" }).end("moved"),
    );
    const call = agent(inside);
    expect(await call(`http://hook.example.com:${port}/hook`)).toMatchObject({
      kind: "answered",
      status: 307,
      cut: false,
    });
    expect(asked).toEqual(["/hook"]);
  });

  test("an answer without end is cut, one that never comes is given up in its time", async () => {
    const endless = await server((_request, response) => {
      const chunk = Buffer.alloc(65_536, "x");
      const more = (): boolean => response.write(chunk, () => !response.destroyed && more());
      more();
    });
    const call = agent(inside);
    const answer = await call(`http://hook.example.com:${endless.port}/`);
    expect(answer).toMatchObject({ kind: "answered", status: 200, cut: true });
    expect(answer.kind === "answered" && answer.body.length).toBe(1000);
    const hanging = await server(() => undefined);
    expect(await call(`http://hook.example.com:${hanging.port}/`, 200)).toEqual({
      kind: "failed",
      reason: "timeout",
    });
    const resetting = await server((request) => request.socket.resetAndDestroy());
    expect((await call(`http://hook.example.com:${resetting.port}/`)).kind).toBe("failed");
  });

  test("names that only this machine knows are called", async () => {
    const { port } = await server((_request, response) => response.writeHead(204).end());
    const call = agent({ ...inside, resolver: resolverOf(() => []) });
    expect(await call(`http://localhost:${port}/`)).toMatchObject({ kind: "answered" });
  });
});
