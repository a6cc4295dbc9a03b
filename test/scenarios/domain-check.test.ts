/** The live check of records against a real DNS server: aliases, includes, addresses, silence. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DomainFacts,
  type DomainRecord,
  type SendingHost,
  domainRecords,
} from "../../src/core/domain-records.ts";
import { checkRecords } from "../../src/engine/domain-check.ts";
import type { DnsResolver } from "../../src/mail/dns-record.ts";
import { openResolver } from "../../src/mail/dns-resolver.ts";
import { type DnsServerForTests, startDns } from "../dns/server.ts";

let dns: DnsServerForTests;
let resolver: DnsResolver;

beforeAll(async () => {
  dns = await startDns({ "mx.host.example": { A: ["192.0.2.25"] } });
  const now = (): Date => new Date();
  resolver = openResolver({
    servers: [dns.address],
    timeout_ms: 200,
    tries: 1,
    max_cached: 0,
    now,
  });
});
afterAll(async () => {
  resolver?.close();
  await dns?.close();
});

const host: SendingHost = {
  smtp_name: "mx.host.example",
  web_host: "mail.host.example",
  source_addresses: ["192.0.2.25", "192.0.2.26"],
  delivery: "direct",
};

/** What the check says of the records for one purpose. */
async function checked(
  purpose: DomainRecord["purpose"],
  more: Partial<SendingHost> = {},
): Promise<{ status: string; message: string }> {
  const at = { ...host, ...more };
  const facts: DomainFacts = {
    domain: "example.com",
    keys: [
      {
        selector: "r",
        algorithm: "rsa2048",
        value: "v=DKIM1; k=rsa; p=AAAABBBB",
        status: "pending",
        keep_until: null,
      },
    ],
    identity: { jwks: "https://mail.host.example/jwks", log: "log+1+x", keys: [] },
    sts_mode: "testing",
    host: at,
  };
  const records = domainRecords(facts).filter((record) => record.purpose === purpose);
  const [first] = await checkRecords({ resolver, host: at, domain: "example.com" }, records);
  if (!first) throw new Error("nothing was checked");
  return first;
}

describe("SPF", () => {
  test("that lets us send by way of another's record is right, as receivers evaluate it", async () => {
    dns.put("bounces.example.com", { TXT: ["v=spf1 include:spf.host.example -all"] });
    dns.put("spf.host.example", { TXT: ["v=spf1 ip4:192.0.2.24/30 -all"] });
    expect((await checked("spf")).status).toBe("ok");
    expect((await checked("spf", { source_addresses: [] })).status).toBe("ok");
  });

  test("that lets only some of our addresses send is wrong, and so is one that names none", async () => {
    dns.put("spf.host.example", { TXT: ["v=spf1 ip4:192.0.2.25 -all"] });
    expect(await checked("spf")).toMatchObject({
      status: "wrong",
      message: "The SPF record does not name ip4:192.0.2.25 ip4:192.0.2.26.",
    });
    dns.put("bounces.example.com", { TXT: ["v=spf1 -all"] });
    expect((await checked("spf", { source_addresses: [] })).status).toBe("wrong");
  });
});

describe("aliases", () => {
  test("that lead to the right key are right", async () => {
    dns.put("r._domainkey.example.com", { CNAME: ["keys.host.example"] });
    dns.put("keys.host.example", { TXT: [["v=DKIM1; k=rsa; ", "p=AAAABBBB"]] });
    expect((await checked("dkim")).status).toBe("ok");
    dns.remove("keys.host.example");
    expect((await checked("dkim")).message).toContain("A CNAME to keys.host.example");
  });

  test("for the policy's host may be an alias or an address of ours, and nobody else's", async () => {
    dns.put("mail.host.example", { A: ["192.0.2.80"] });
    expect((await checked("mta_sts_host")).status).toBe("not_required");
    for (const entry of [{ CNAME: ["mail.host.example"] }, { A: ["192.0.2.80"] }]) {
      dns.put("mta-sts.example.com", entry);
      expect((await checked("mta_sts_host")).status).toBe("ok");
    }
    expect((await checked("mta_sts_host", { web_host: "192.0.2.80" })).status).toBe("ok");
    dns.put("mta-sts.example.com", { A: ["192.0.2.81"] });
    expect(await checked("mta_sts_host")).toMatchObject({
      status: "wrong",
      message: "The name leads to 192.0.2.81, not to mail.host.example.",
    });
  });
});

describe("an answer that does not come", () => {
  test.each(["servfail", "timeout"] as const)("by %s is unknown, never missing", async (fault) => {
    dns.put("r._domainkey.example.com", { TXT: ["v=DKIM1; k=rsa; p=AAAABBBB"] });
    for (const name of ["r._domainkey.example.com", "bounces.example.com", "mta-sts.example.com"])
      dns.fault(name, fault);
    for (const purpose of ["dkim", "return_path", "spf", "mta_sts_host"] as const)
      expect([purpose, (await checked(purpose)).status]).toEqual([purpose, "unknown"]);
    dns.heal();
    expect((await checked("dkim")).status).toBe("ok");
  });
});
