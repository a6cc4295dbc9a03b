/** Which hosts a domain's mail goes to, by answers given as data. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { DnsAnswer, DnsResolver, DnsType } from "./dns-record.ts";
import { asciiDomain, findRoute, isPublicAddress, resolveHost } from "./route.ts";

function resolverOf(table: Record<string, Partial<DnsAnswer<DnsType>>>): DnsResolver {
  return {
    resolve: (name, type) => {
      const answer = table[`${type} ${name}`] ?? { status: "nodata" };
      const blank = { records: [], authenticated: false, ttl: 60, canonical: name };
      return Promise.resolve({ ...blank, ...answer } as never);
    },
    close: () => undefined,
  };
}

function exchanges(...pairs: [number, string][]): Partial<DnsAnswer<"MX">> {
  return {
    status: "ok",
    records: pairs.map(([preference, exchange]) => ({ preference, exchange })),
  };
}

const first = (_below: number): number => 0;

function route(domain: string, table: Record<string, Partial<DnsAnswer<DnsType>>>, random = first) {
  return findRoute(domain, { resolver: resolverOf(table), own_names: ["mx.us.test"], random });
}

describe("order", () => {
  test("is by preference, and by chance among equals only", async () => {
    const table = {
      "MX b.test": exchanges([20, "c.test"], [10, "a.test"], [10, "b.test"], [5, "z.test"]),
    };
    const orders = new Set<string>();
    for (let i = 0; i < 4; i++) {
      const found = await route("b.test", table, (below) => i % below);
      orders.add(found.kind === "route" ? found.hosts.join(" ") : "refused");
    }
    expect([...orders].sort()).toEqual([
      "z.test a.test b.test c.test",
      "z.test b.test a.test c.test",
    ]);
  });

  test("names each host once and no more than ten", async () => {
    const twice = await route("b.test", { "MX b.test": exchanges([1, "a.test"], [2, "a.test"]) });
    expect(twice).toMatchObject({ hosts: ["a.test"] });
    const many = Array.from({ length: 50 }, (_, i): [number, string] => [i, `h${i}.test`]);
    expect(await route("b.test", { "MX b.test": exchanges(...many) })).toMatchObject({
      hosts: many.slice(0, 10).map(([, host]) => host),
    });
  });
});

describe("loops", () => {
  test("only hosts better than ourselves are left", async () => {
    const table = {
      "MX b.test": exchanges([5, "a.test"], [10, "mx.us.test"], [10, "peer.test"], [20, "w.test"]),
    };
    expect(await route("b.test", table)).toMatchObject({ hosts: ["a.test"] });
    expect(
      await route("b.test", { "MX b.test": exchanges([1, "mx.us.test"], [1, "x.test"]) }),
    ).toMatchObject({ kind: "refused", outcome: "permanent", enhanced: "5.4.6" });
    expect(await route("mx.us.test", {})).toMatchObject({ enhanced: "5.4.6" });
  });

  test("mail that ends with us is no loop where nobody better is left, and goes to the names that are ours", async () => {
    const asked: string[] = [];
    const found = (domain: string, ...pairs: [number, string][]) =>
      findRoute(domain, {
        resolver: resolverOf(
          pairs.length === 0 ? {} : { [`MX ${domain.toLowerCase()}`]: exchanges(...pairs) },
        ),
        own_names: ["mx.us.test", "us.test"],
        random: first,
        receives(name) {
          asked.push(name);
          return Promise.resolve(name === "b.test" || name === "us.test");
        },
      });
    expect(
      await found("B.test", [20, "us.test"], [10, "mx.us.test"], [30, "backup.test"]),
    ).toMatchObject({
      kind: "route",
      domain: "b.test",
      hosts: ["mx.us.test", "us.test"],
      own: true,
    });
    expect(await found("us.test")).toMatchObject({ hosts: ["us.test"], own: true });
    expect(asked).toEqual(["b.test", "us.test"]);
    expect(await found("c.test", [10, "mx.us.test"])).toMatchObject({ enhanced: "5.4.6" });
    // Its mail does not come to us, or only where others fail: they are asked first.
    for (const pairs of [
      [[10, "a.test"]],
      [
        [10, "a.test"],
        [20, "mx.us.test"],
      ],
    ] as const)
      expect(
        await found("b.test", ...pairs.map(([n, name]): [number, string] => [n, name])),
      ).toMatchObject({
        hosts: ["a.test"],
        own: false,
      });
  });
});

test("a null MX among others is passed over, alone it refuses", async () => {
  expect(await route("b.test", { "MX b.test": exchanges([0, "."]) })).toMatchObject({
    outcome: "permanent",
    enhanced: "5.1.10",
  });
  expect(await route("b.test", { "MX b.test": exchanges([0, "."], [1, "a.test"]) })).toMatchObject({
    hosts: ["a.test"],
  });
});

test("internationalized domains are asked for by their A-labels", async () => {
  expect(
    await route("bücher.test", { "MX xn--bcher-kva.test": exchanges([1, "a.test"]) }),
  ).toMatchObject({ domain: "xn--bcher-kva.test", hosts: ["a.test"] });
});

test.each([
  "[127.0.0.1",
  "[x]",
  "[IPv6:::g]",
  "[IPv6:]",
  "[]",
  "",
  ".",
  "1.2.3.4",
  "a..b",
  "a_b.test",
])("%j is no place to go to", async (domain) => {
  expect(await route(domain, {})).toMatchObject({ outcome: "permanent", enhanced: "5.1.2" });
});

test("asciiDomain never throws and gives only plain names", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const name = asciiDomain(text);
      expect(name === null || /^[a-z0-9.-]+$/.test(name)).toBe(true);
    }),
  );
});

describe("addresses", () => {
  test("alternate between the families, at most ten, IPv6 first", async () => {
    const four = Array.from({ length: 9 }, (_, i) => `8.8.8.${i}`);
    const found = await resolveHost("h.test", {
      resolver: resolverOf({
        "A h.test": { status: "ok", records: four, authenticated: true },
        "AAAA h.test": { status: "ok", records: ["2600::1", "2600::2"], authenticated: true },
      }),
      random: (below) => below - 1,
      allow_private: false,
    });
    expect(found).toMatchObject({ status: "ok", authenticated: true });
    const addresses = found.status === "ok" ? found.addresses : [];
    expect(addresses.slice(0, 4)).toEqual(["2600::1", "8.8.8.0", "2600::2", "8.8.8.1"]);
    expect(addresses).toHaveLength(10);
  });

  test("one family that DNSSEC does not vouch for makes both unsure; one that fails does not hide the other", async () => {
    const table = {
      "A h.test": { status: "ok", records: ["8.8.8.8"], authenticated: true },
      "AAAA h.test": { status: "ok", records: ["2600::1"] },
      "A i.test": { status: "ok", records: ["8.8.8.8"] },
      "AAAA i.test": { status: "servfail" },
      "A j.test": { status: "timeout" },
    } as const;
    const options = { resolver: resolverOf(table), random: first, allow_private: false };
    expect(await resolveHost("h.test", options)).toMatchObject({ authenticated: false });
    expect(await resolveHost("i.test", options)).toMatchObject({ addresses: ["8.8.8.8"] });
    expect(await resolveHost("j.test", options)).toEqual({ status: "failed" });
    expect(await resolveHost("k.test", options)).toEqual({ status: "none" });
  });

  test.each(["8.8.8.8", "1.1.1.1", "2600::1", "2a00:1450:4001:80e::200e"])(
    "%s is public",
    (one) => {
      expect(isPublicAddress(one)).toBe(true);
    },
  );

  test.each([
    ..."127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1".split(" "),
    ..."192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1".split(" "),
    ..."255.255.255.255 ::1 :: fe80::1 fd00::1 fec0::1 ff02::1 2001:db8::1 3fff::1".split(" "),
    ..."::ffff:8.8.8.8 ::ffff:127.0.0.1 ::127.0.0.1 2002:7f00:1:: 2001::1".split(" "),
    ..."64:ff9b::7f00:1 100::1 4000::1 5f00::1 x 1.2.3 fe80::1%eth0".split(" "),
  ])("%s is not", (one) => {
    expect(isPublicAddress(one)).toBe(false);
  });
});
