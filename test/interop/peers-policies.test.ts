/** A server process that delivers directly keeps to what destinations demand: MTA-STS, DANE, and a relay for those out of reach. */
import { randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { FirstRunFile } from "../../src/first-run.ts";
import { newAuthority, no_openssl, tlsa } from "../dns/authority.ts";
import { mx } from "../dns/mail-network.ts";
import { startDns } from "../dns/server.ts";
import type { DnsServerForTests } from "../dns/server.ts";
import { type ChildServer, freePorts, ready, spawnServer } from "../scenarios/child-server.ts";
import { noNotices } from "../scenarios/owner-statement.ts";
import { selfSigned } from "../sink/self-signed.ts";
import type { KeyAndCertificate } from "../sink/self-signed.ts";
import { startSink } from "../sink/smtp-sink.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";
import { type PolicyHost, no_policy_host, startPolicyHost } from "./policy-host.ts";

const PORT = randomInt(20_000, 30_000);
const POLICY_ADDRESS = "127.0.0.10";

const policy = (mode: string, domain: string): string =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: mx.${domain}\r\nmax_age: 86400\r\n`;

describe.skipIf(no_openssl || no_policy_host)("a server under policies", () => {
  let folder: string;
  let dns: DnsServerForTests;
  let web: PolicyHost;
  let server: ChildServer;
  let known: FirstRunFile;
  let relay: SmtpSink;
  const hosts = new Map<string, SmtpSink>();

  /** A domain with one mail host of its own; null is one that offers no STARTTLS. */
  async function addHost(domain: string, at: number, tls: KeyAndCertificate | null): Promise<void> {
    const address = `127.0.0.${at}`;
    dns.put(domain, mx(`mx.${domain}`));
    dns.put(`mx.${domain}`, { A: [address] });
    hosts.set(
      domain,
      await startSink({ host: address, port: PORT, ...(tls === null ? {} : { tls }) }),
    );
  }

  async function addPolicy(domain: string): Promise<void> {
    dns.put(`_mta-sts.${domain}`, { TXT: [["v=STSv1; id=20260101;"]] });
    dns.put(`mta-sts.${domain}`, { A: [POLICY_ADDRESS] });
    await Promise.resolve();
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "multimail-policies-"));
    const authority = newAuthority("authority.test");
    const ca = join(folder, "authority.pem");
    await writeFile(ca, authority.cert);
    const domains = ["fits.test", "wrong.test", "clear.test", "testing.test"];
    // The probe of the self-test that DANE waits for: one name signed well, one badly.
    dns = await startDns({ "isc.org": { A: ["192.0.2.1"] } });
    dns.sign("isc.org");
    dns.fault("dnssec-failed.org", "bogus");
    await addHost("fits.test", 11, authority.issue(["mx.fits.test"]));
    await addHost("wrong.test", 12, selfSigned(["mx.wrong.test"]));
    await addHost("clear.test", 13, null);
    await addHost("testing.test", 14, selfSigned(["other.test"]));
    await addHost("free.test", 15, selfSigned(["other.test"]));
    const shown = selfSigned(["mx.dane.test"]);
    await addHost("dane.test", 16, shown);
    await addHost("undone.test", 17, selfSigned(["mx.undone.test"]));
    for (const domain of domains) await addPolicy(domain);
    for (const domain of ["dane.test", "undone.test"]) {
      dns.sign(domain);
      dns.put(`_${PORT}._tcp.mx.${domain}`, { TLSA: [tlsa(shown.cert, 3, 1, 1)] });
    }
    dns.put("away.test", mx("mx.away.test"));
    dns.put("mx.away.test", { A: ["127.0.0.99"] });
    web = await startPolicyHost(
      POLICY_ADDRESS,
      authority.issue(domains.map((domain) => `mta-sts.${domain}`)),
      Object.fromEntries(
        domains.map((one) => [one, policy(one === "testing.test" ? "testing" : "enforce", one)]),
      ),
    );
    relay = await startSink();
    server = spawnServer({
      MULTIMAIL_DATA: folder,
      ...freePorts,
      MULTIMAIL_DELIVERY: "direct",
      MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${relay.port}?tls=none`,
      MULTIMAIL_DNS: dns.address,
      MULTIMAIL_DNS_VALIDATES: "yes",
      MULTIMAIL_DIRECT_PORT: String(PORT),
      MULTIMAIL_PRIVATE_TARGETS: "yes",
      NODE_EXTRA_CA_CERTS: ca,
    });
    known = await ready(server, folder);
    await noNotices(folder);
  });
  afterAll(async () => {
    server?.process.kill();
    await server?.ended;
    await Promise.all([...hosts.values(), relay].map((sink) => sink?.close()));
    await Promise.all([web?.stop(), dns?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  // oxlint-disable-next-line typescript/no-explicit-any
  async function call(key: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${known.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  }

  /** Sends one approved message and answers its recipient, with message status, after the first attempt. */
  // oxlint-disable-next-line typescript/no-explicit-any
  async function attempt(domain: string, ...more: string[]): Promise<any> {
    const box = `/v1/mailboxes/${known.mailbox_id}`;
    const { id } = await call(known.agent_key, `${box}/send`, {
      to: [domain, ...more].map((one) => `person@${one}`),
      subject: `To ${domain}`,
      markdown: "Hello.",
    });
    await call(known.oversight_key, "/v1/oversight/decide", { email_id: id, decision: "approve" });
    for (let i = 0; i < 600; i++) {
      const message = await call(known.agent_key, `${box}/emails/${id}`);
      const [recipient] = message.recipients;
      if (recipient.receipt)
        return { ...recipient, message: message.status, others: message.recipients.slice(1) };
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`no attempt was made: ${server.output()}`);
  }
  const count = (domain: string): number => hosts.get(domain)!.message_count;

  test("an enforced MTA-STS policy is fetched, and a host that fits it gets the mail", async () => {
    expect(await attempt("fits.test")).toMatchObject({
      status: "delivered",
      receipt: { host: "mx.fits.test", tls: { version: "TLSv1.3" } },
    });
    expect(web.asked).toContain("mta-sts.fits.test");
    expect(hosts.get("fits.test")!.messages[0]!.secure).toBe(true);
  });

  test("under an enforced policy a certificate that does not fit, or none, gets nothing and the relay neither", async () => {
    for (const domain of ["wrong.test", "clear.test"]) {
      expect(await attempt(domain), domain).toMatchObject({
        status: "deferred",
        message: "queued",
        receipt: { outcome: "temporary", enhanced_status_code: "4.7.5" },
      });
      expect(count(domain)).toBe(0);
    }
    expect(relay.connections).toHaveLength(0);
  });

  test("a policy in testing, or none, delivers whatever the certificate says", async () => {
    for (const domain of ["testing.test", "free.test"]) {
      expect(await attempt(domain), domain).toMatchObject({ status: "delivered" });
      expect(hosts.get(domain)!.messages[0]!.secure).toBe(true);
    }
    expect(web.asked).toContain("mta-sts.testing.test");
    expect(web.asked).not.toContain("mta-sts.free.test");
  });

  test("DANE delivers to the key that DNS binds, and to no other", async () => {
    expect(dns.questions).toContain("A dnssec-failed.org udp");
    expect(await attempt("dane.test")).toMatchObject({ status: "delivered" });
    expect(await attempt("undone.test")).toMatchObject({
      status: "deferred",
      receipt: { enhanced_status_code: "4.7.5" },
    });
    expect([count("dane.test"), count("undone.test")]).toEqual([1, 0]);
  });

  test("what cannot be reached goes to the relay, and is then sent but not delivered", async () => {
    expect(relay.message_count).toBe(0);
    expect(await attempt("away.test")).toMatchObject({ status: "sent", message: "sent" });
    expect(relay.messages.map(({ to }) => to)).toEqual([["person@away.test"]]);
    expect(await attempt("away.test", "free.test")).toMatchObject({
      status: "sent",
      message: "sent",
      others: [{ status: "delivered" }],
    });
  });
});
