/** The resolver against a DNS server on loopback that forges, cuts off, fails and falls silent. */
import { afterEach, describe, expect, test } from "vitest";

import { asMailauthResolver } from "../../src/mail/dns-adapters.ts";
import type { DnsResolver } from "../../src/mail/dns-record.ts";
import { openResolver } from "../../src/mail/dns-resolver.ts";
import type { DnsResolverOptions } from "../../src/mail/dns-resolver.ts";
import { testValidation } from "../../src/mail/dnssec-watch.ts";
import { startDns } from "../dns/server.ts";
import type { DnsServerForTests, DnsServerOptions, ZoneEntry } from "../dns/server.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

let now = 0;

async function pair(
  zone: Record<string, ZoneEntry>,
  options: Partial<DnsResolverOptions> = {},
  server: DnsServerOptions = {},
): Promise<{ dns: DnsServerForTests; resolver: DnsResolver }> {
  const dns = await startDns(zone, server);
  now = 1_800_000_000_000;
  const resolver = openResolver({
    servers: [dns.address],
    timeout_ms: 300,
    tries: 1,
    trusted: true,
    now: () => new Date(now),
    ...options,
  });
  undo.push(
    () => dns.close(),
    () => resolver.close(),
  );
  return { dns, resolver };
}

test("every type comes back as data, names in lower case without the final dot", async () => {
  const certificate = Buffer.from("ab".repeat(32), "hex");
  const { resolver } = await pair({
    "b.test": {
      MX: [{ preference: 10, exchange: "MX1.B.test" }],
      A: ["192.0.2.1", "192.0.2.2"],
      AAAA: ["2001:db8::1"],
      TXT: [["v=x", "y"], ["other"]],
      PTR: ["Host.B.test."],
      SRV: [{ priority: 1, weight: 2, port: 3, target: "S.b.test" }],
    },
    "_25._tcp.b.test": { TLSA: [{ usage: 3, selector: 1, matchingType: 1, certificate }] },
    "null.test": { MX: [{ preference: 0, exchange: "." }] },
    "alias.test": { CNAME: ["B.test"] },
  });
  const records = async (name: string, type: Parameters<DnsResolver["resolve"]>[1]) =>
    (await resolver.resolve(name, type)).records;
  expect(await records("B.Test.", "MX")).toEqual([{ preference: 10, exchange: "mx1.b.test" }]);
  expect(await records("b.test", "A")).toEqual(["192.0.2.1", "192.0.2.2"]);
  expect(await records("b.test", "AAAA")).toEqual(["2001:db8::1"]);
  expect(await records("b.test", "TXT")).toEqual([["v=x", "y"], ["other"]]);
  expect(await records("b.test", "PTR")).toEqual(["host.b.test"]);
  expect(await records("b.test", "SRV")).toEqual([
    { priority: 1, weight: 2, port: 3, target: "s.b.test" },
  ]);
  expect(await records("_25._tcp.b.test", "TLSA")).toEqual([
    { usage: 3, selector: 1, matching: 1, data: certificate },
  ]);
  expect(await records("null.test", "MX")).toEqual([{ preference: 0, exchange: "." }]);
  expect(await records("alias.test", "CNAME")).toEqual(["b.test"]);
  expect(await resolver.resolve("alias.test", "A")).toMatchObject({
    status: "ok",
    canonical: "b.test",
    records: ["192.0.2.1", "192.0.2.2"],
  });
});

test("no name, no such record, a failure, a refusal and silence are told apart", async () => {
  const { dns, resolver } = await pair({ "b.test": { A: ["192.0.2.1"] } });
  dns.fault("broken.test", "servfail");
  dns.fault("refused.test", "refused");
  dns.fault("silent.test", "timeout");
  const status = async (name: string) => (await resolver.resolve(name, "MX")).status;
  expect(await status("nobody.test")).toBe("nxdomain");
  expect(await status("b.test")).toBe("nodata");
  expect(await status("broken.test")).toBe("servfail");
  expect(await status("refused.test")).toBe("servfail");
  expect(await status("silent.test")).toBe("timeout");
  const seen = dns.questions.length;
  for (const name of ["", ".", "a..b", `${"x".repeat(64)}.test`, "sp ace.test", "ü.test"])
    expect(await status(name)).toBe("nxdomain");
  expect(dns.questions).toHaveLength(seen);
});

test("an answer with another id or about another name is not believed", async () => {
  const { dns, resolver } = await pair({ "b.test": { A: ["192.0.2.1"] } });
  dns.fault("b.test", "forged");
  expect((await resolver.resolve("b.test", "A")).records).toEqual(["192.0.2.1"]);
});

test("an answer cut off by UDP is fetched whole over TCP", async () => {
  const addresses = Array.from({ length: 90 }, (_, i) => `192.0.2.${i + 1}`);
  const { dns, resolver } = await pair({ "b.test": { A: addresses } });
  dns.fault("b.test", "truncated");
  expect((await resolver.resolve("b.test", "A")).records).toEqual(addresses);
  expect(dns.questions).toEqual(["A b.test udp", "A b.test tcp"]);
});

test("a next server is asked when one fails, and the same one again when it was silent", async () => {
  const second = await startDns({ "b.test": { A: ["192.0.2.1"] } });
  undo.push(() => second.close());
  const first = await startDns({});
  undo.push(() => first.close());
  first.fault("b.test", "servfail");
  first.fault("c.test", "timeout");
  second.fault("c.test", "timeout");
  const resolver = openResolver({
    servers: [first.address, second.address],
    timeout_ms: 100,
    tries: 2,
    now: () => new Date(now),
  });
  undo.push(() => resolver.close());
  expect((await resolver.resolve("b.test", "A")).records).toEqual(["192.0.2.1"]);
  expect((await resolver.resolve("c.test", "A")).status).toBe("timeout");
  expect(first.questions).toEqual(["A b.test udp", "A c.test udp", "A c.test udp"]);
});

describe("cache", () => {
  test("keeps an answer for its time and a missing name for the SOA's", async () => {
    const { dns, resolver } = await pair({ "b.test": { A: ["192.0.2.1"] } });
    for (let i = 0; i < 3; i++) await resolver.resolve("b.test", "A");
    for (let i = 0; i < 3; i++) await resolver.resolve("nobody.test", "A");
    expect(dns.questions).toHaveLength(2);
    now += 61_000;
    await resolver.resolve("b.test", "A");
    expect(dns.questions).toHaveLength(2);
    await resolver.resolve("nobody.test", "A");
    expect(dns.questions).toHaveLength(3);
    now += 240_000;
    dns.put("b.test", { A: ["192.0.2.9"] });
    expect((await resolver.resolve("b.test", "A")).records).toEqual(["192.0.2.9"]);
  });

  test("asks once for many who ask at the same time, and never holds more than its bound", async () => {
    const { dns, resolver } = await pair({ "b.test": { A: ["192.0.2.1"] } }, { max_cached: 2 });
    await Promise.all(Array.from({ length: 20 }, () => resolver.resolve("b.test", "A")));
    expect(dns.questions).toHaveLength(1);
    for (const name of ["c.test", "d.test", "b.test"]) await resolver.resolve(name, "A");
    expect(dns.questions).toHaveLength(4);
  });
});

test("aliases in a ring or without end are a failure, not a loop", async () => {
  const { resolver } = await pair({
    "a.test": { CNAME: ["b.test"] },
    "b.test": { CNAME: ["a.test"] },
  });
  expect((await resolver.resolve("a.test", "A")).status).toBe("servfail");
});

describe("the AD bit", () => {
  test("counts only where the servers are trusted, on loopback too", async () => {
    const { dns, resolver } = await pair({ "b.test": { A: ["192.0.2.1"] } });
    dns.sign("b.test");
    dns.put("c.test", { A: ["192.0.2.1"] });
    expect((await resolver.resolve("b.test", "A")).authenticated).toBe(true);
    expect((await resolver.resolve("b.test", "TLSA")).authenticated).toBe(true);
    expect((await resolver.resolve("c.test", "A")).authenticated).toBe(false);
    const wary = openResolver({
      servers: [dns.address],
      now: () => new Date(now),
    });
    undo.push(() => wary.close());
    expect((await wary.resolve("b.test", "A")).authenticated).toBe(false);
  });

  test("an alias out of the signed zone takes it away", async () => {
    const { dns, resolver } = await pair({
      "b.test": { CNAME: ["c.example"] },
      "c.example": { A: ["192.0.2.1"] },
    });
    dns.sign("b.test");
    expect((await resolver.resolve("b.test", "A")).authenticated).toBe(false);
  });

  test("the self-test passes only where the signed name is vouched for and the broken one fails, and fails only on proof", async () => {
    const probe = { signed: "signed.test", bogus: "bogus.test" };
    const { dns, resolver } = await pair(
      { "signed.test": { A: ["192.0.2.1"] }, "bogus.test": { A: ["192.0.2.2"] } },
      {},
      { ttl: 1, negative_ttl: 1 },
    );
    const shows = () => {
      now += 10_000;
      return testValidation(resolver, probe);
    };
    expect(await shows()).toBe("does_not");
    dns.sign("signed.test");
    expect(await shows()).toBe("does_not");
    dns.fault("bogus.test", "bogus");
    expect(await shows()).toBe("validates");
    for (const silence of ["timeout", "servfail"] as const) {
      dns.fault("signed.test", silence);
      expect(await shows()).toBe("unknown");
    }
    dns.heal();
    dns.fault("bogus.test", "timeout");
    expect(await shows()).toBe("unknown");
    dns.put("signed.test", {});
    expect(await shows()).toBe("unknown");
    dns.put("unsigned.test", { A: ["192.0.2.1"] });
    dns.put("signed.test", { CNAME: ["unsigned.test"] });
    expect(await shows()).toBe("does_not");
  });
});

test("in mailauth's shape: lists, priorities, and errors with the codes of node:dns", async () => {
  const { dns, resolver } = await pair({
    "b.test": { MX: [{ preference: 10, exchange: "mx.b.test" }], TXT: [["v=spf1 ", "-all"]] },
  });
  dns.fault("broken.test", "servfail");
  const resolve = asMailauthResolver(resolver);
  expect(await resolve("b.test", "TXT")).toEqual([["v=spf1 ", "-all"]]);
  expect(await resolve("b.test", "MX")).toEqual([{ exchange: "mx.b.test", priority: 10 }]);
  await expect(resolve("b.test", "A")).rejects.toMatchObject({ code: "ENODATA" });
  await expect(resolve("nobody.test", "A")).rejects.toMatchObject({ code: "ENOTFOUND" });
  await expect(resolve("broken.test", "A")).rejects.toMatchObject({ code: "ESERVFAIL" });
  await expect(resolve("b.test", "ANY")).rejects.toMatchObject({ code: "ENOTIMP" });
});

test("closing gives up what is under way at once", async () => {
  const { dns, resolver } = await pair({}, { timeout_ms: 60_000 });
  dns.fault("silent.test", "timeout");
  const asking = resolver.resolve("silent.test", "A");
  resolver.close();
  expect((await asking).status).toBe("timeout");
});
