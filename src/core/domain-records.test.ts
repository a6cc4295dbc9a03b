/** The records of a domain: complete, and the same again when their zone file is read. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type DomainFacts,
  type DomainRecord,
  domainRecords,
  senders,
  stsPolicy,
  stsPolicyId,
  zoneFile,
  zoneLine,
} from "./domain-records.ts";

const facts: DomainFacts = {
  domain: "example.com",
  keys: [
    {
      selector: "r1",
      algorithm: "rsa2048",
      value: "v=DKIM1; k=rsa; p=AA",
      status: "retired",
      keep_until: new Date(0),
    },
    {
      selector: "r2",
      algorithm: "rsa2048",
      value: "v=DKIM1; k=rsa; p=BB",
      status: "active",
      keep_until: null,
    },
    {
      selector: "r3",
      algorithm: "rsa2048",
      value: "v=DKIM1; k=rsa; p=CC",
      status: "pending",
      keep_until: null,
    },
  ],
  identity: {
    jwks: "https://mail.example/jwks",
    log: "log+1+x",
    keys: [{ selector: "i", spki: "KK" }],
  },
  sts_mode: "testing",
  host: {
    smtp_name: "mx.host.example",
    web_host: "mail.host.example",
    source_addresses: [],
    delivery: "direct",
  },
};

/** What stands in a zone file, by the rules of RFC 1035 section 5.1 as far as ours uses them. */
function readZone(text: string): { name: string; ttl: number; type: string; data: string[] }[] {
  return text.split("\n").flatMap((line) => {
    const tokens: string[] = [];
    let i = 0;
    while (i < line.length) {
      const c = line[i] ?? "";
      if (c === ";") break;
      if (c === " ") {
        i++;
        continue;
      }
      const octets: number[] = [];
      const inQuotes = c === '"';
      if (inQuotes) i++;
      while (i < line.length && (inQuotes ? line[i] !== '"' : line[i] !== " ")) {
        const code = line.charCodeAt(i);
        if (line[i] !== "\\") octets.push(code);
        else if (/^\d{3}/.test(line.slice(i + 1))) {
          octets.push(Number(line.slice(i + 1, i + 4)));
          i += 3;
        } else octets.push(line.charCodeAt(++i));
        i++;
      }
      if (inQuotes) i++;
      tokens.push(Buffer.from(octets).toString("latin1"));
    }
    const [name = "", ttl, , type = "", ...data] = tokens;
    return tokens.length === 0 ? [] : [{ name, ttl: Number(ttl), type, data }];
  });
}

describe("the zone file", () => {
  test("any TXT value comes back from it, in strings of at most 255 octets", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 700 }), (value) => {
        const plain = value.toWellFormed();
        const record: DomainRecord = {
          type: "TXT",
          name: "x.example.com",
          value: plain,
          purpose: "identity",
          required: false,
          ttl: 60,
          note: plain,
        };
        const text = zoneFile(plain, [record]);
        const [read, ...others] = readZone(text);
        expect(others).toEqual([]);
        expect(read).toMatchObject({ name: "x.example.com.", ttl: 60, type: "TXT" });
        expect(read?.data.every((one) => one.length <= 255)).toBe(true);
        expect(Buffer.from(read?.data.join("") ?? "", "latin1").toString()).toBe(plain);
      }),
    );
  });

  test("every record of a domain comes back from its own line, and what may harm existing mail is a comment", () => {
    const records = domainRecords(facts);
    for (const record of records) {
      const [read] = readZone(zoneLine(record));
      expect(read).toMatchObject({ name: `${record.name}.`, ttl: record.ttl, type: record.type });
      const value =
        record.type === "TXT"
          ? record.value
          : record.type === "MX"
            ? `10${record.value}.`
            : `${record.value}.`;
      expect(read?.data.join("")).toBe(value);
    }
    const live = readZone(zoneFile("example.com", records));
    expect(live).toHaveLength(records.length - 2);
    expect(live.some(({ name }) => name === "example.com.")).toBe(false);
  });
});

describe("the records", () => {
  test("of several keys, the one that signs is required and the others are not", () => {
    const dkim = domainRecords(facts).filter(({ purpose }) => purpose === "dkim");
    expect(dkim.map(({ name, required }) => [name, required])).toEqual([
      ["r1._domainkey.example.com", false],
      ["r2._domainkey.example.com", true],
      ["r3._domainkey.example.com", false],
    ]);
    const [first] = domainRecords({ ...facts, keys: facts.keys.slice(2) });
    expect(first).toMatchObject({ name: "r3._domainkey.example.com", required: true });
  });

  test("SPF names the addresses that mail leaves from, else the server's name; it is required where mail leaves directly", () => {
    expect(senders({ ...facts.host, source_addresses: ["192.0.2.1", "2001:db8::1"] })).toEqual([
      "ip4:192.0.2.1",
      "ip6:2001:db8::1",
    ]);
    expect(senders(facts.host)).toEqual(["a:mx.host.example"]);
    for (const delivery of ["direct", "relay", "capture"] as const) {
      const records = domainRecords({ ...facts, host: { ...facts.host, delivery } });
      expect(records.find(({ purpose }) => purpose === "spf")?.required).toBe(
        delivery === "direct",
      );
    }
  });

  test("the host of the policy is an address where the instance has no name, and the mail server where it is nobody's", () => {
    const host = (webHost: string): DomainRecord | undefined =>
      domainRecords({ ...facts, host: { ...facts.host, web_host: webHost } }).find(
        ({ purpose }) => purpose === "mta_sts_host",
      );
    expect(host("mail.host.example")).toMatchObject({ type: "CNAME", value: "mail.host.example" });
    expect(host("192.0.2.1")).toMatchObject({ type: "A", value: "192.0.2.1" });
    expect(host("2001:db8::1")).toMatchObject({ type: "AAAA", value: "2001:db8::1" });
    expect(host("localhost")).toMatchObject({ type: "CNAME", value: "mx.host.example" });
  });

  test("the id of a policy changes with it and is one that RFC 8461 allows", () => {
    const ids = (["none", "testing", "enforce"] as const).flatMap((mode) =>
      ["mx.a.example", "mx.b.example"].map((mx) => stsPolicyId(mode, mx)),
    );
    // Without a policy there is no server in it.
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9]{1,32}$/);
    expect(createHash("sha256").update(stsPolicy("none", "x")).digest("hex")).toContain(ids[0]);
  });
});
