/** Direct delivery under DANE (RFC 7672): the whole table of what DNS may say and what a host may show. */
import { afterEach, describe, expect, test } from "vitest";

import { closeNetwork, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import type { MailNetwork } from "../dns/mail-network.ts";
import { newAuthority, no_openssl, tlsa } from "../dns/authority.ts";
import { selfSigned } from "../sink/self-signed.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";

afterEach(closeNetwork);

const TO = "person@b.test";
const shown = selfSigned(["whatever.example"]);
const other = selfSigned(["mx.b.test"]);

async function network(
  records: readonly unknown[],
  tls = shown,
  signed = "b.test",
): Promise<{ net: MailNetwork; host: SmtpSink }> {
  const net = await startNetwork({ "b.test": mx("mx.b.test"), "mx.b.test": { A: ["127.0.0.2"] } });
  net.dns.put(`_${net.port}._tcp.mx.b.test`, { TLSA: records });
  net.dns.sign(signed);
  return { net, host: await net.host("127.0.0.2", { tls }) };
}

test.each([
  [0, 0],
  [0, 1],
  [0, 2],
  [1, 0],
  [1, 1],
  [1, 2],
])("3 %i %i that fits delivers whatever names the certificate has", async (selector, matching) => {
  const { net } = await network([
    tlsa(other.cert, 3, 1, 1),
    tlsa(shown.cert, 3, selector, matching),
  ]);
  const direct = net.direct({ dane: true });
  const { recipients, connection } = await sendTo(direct, TO);
  expect(recipients[0]!.outcome).toBe("accepted");
  expect(connection.tls).toMatchObject({ policy: "dane", verified: true, authorized: false });
  expect(direct.sessions).toMatchObject([{ policy_type: "tlsa", result: "success" }]);
});

test("a record that does not fit delivers nothing, in the clear neither; nor does a host without TLS", async () => {
  const { net, host } = await network([tlsa(other.cert, 3, 1, 1)]);
  const direct = net.direct({ dane: true });
  expect((await sendTo(direct, TO)).recipients[0]).toMatchObject({
    outcome: "temporary",
    stage: "tls",
    reply: { enhanced: "4.7.5", text: expect.stringContaining("no TLSA record") },
  });
  host.fault("ehlo", { reply: "250 sink.test\r\n" });
  expect((await sendTo(direct, TO)).recipients[0]!.outcome).toBe("temporary");
  expect(host.message_count).toBe(0);
  expect(direct.sessions.map(({ policy_type, result }) => [policy_type, result])).toEqual([
    ["tlsa", "validation-failure"],
    ["tlsa", "validation-failure"],
  ]);
});

test("where no record is usable TLS is demanded and any certificate will do", async () => {
  const unusable = [
    tlsa(other.cert, 0, 1, 1),
    tlsa(other.cert, 1, 1, 1),
    { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(31) },
    { usage: 3, selector: 1, matchingType: 9, certificate: Buffer.alloc(32) },
    { usage: 3, selector: 7, matchingType: 1, certificate: Buffer.alloc(32) },
  ];
  const { net, host } = await network(unusable);
  const direct = net.direct({ dane: true });
  const { recipients, connection } = await sendTo(direct, TO);
  expect(recipients[0]!.outcome).toBe("accepted");
  expect(connection.tls).toMatchObject({ policy: "dane", verified: false });
  await direct.close();
  host.fault("ehlo", { reply: "250 sink.test\r\n" });
  expect((await sendTo(net.direct({ dane: true }), TO)).recipients[0]!.outcome).toBe("temporary");
  expect(host.message_count).toBe(1);
});

test("forged or failing TLSA answers defer the host, and the next host gets the mail", async () => {
  const { net, host } = await network([tlsa(shown.cert, 3, 1, 1)]);
  net.dns.fault(`_${net.port}._tcp.mx.b.test`, "bogus");
  const direct = net.direct({ dane: true });
  expect((await sendTo(direct, TO)).recipients[0]).toMatchObject({
    outcome: "temporary",
    reason: "dns_failed",
    reply: { enhanced: "4.4.3" },
  });
  expect(host.connections).toHaveLength(0);
  expect(direct.sessions).toMatchObject([{ policy_type: "tlsa", result: "dnssec-invalid" }]);
  net.dns.put("b.test", mx("mx.b.test", "mx2.b.test"));
  net.dns.put("mx2.b.test", { A: ["127.0.0.3"] });
  await net.host("127.0.0.3");
  net.pass(301_000);
  expect((await sendTo(direct, TO)).connection.host).toBe("mx2.b.test");
});

test("there is no DANE without records, without DNSSEC on any part of the way, or while it is off", async () => {
  const plain = async (change: (net: MailNetwork) => void, dane = true, signed = "b.test") => {
    const { net, host } = await network([tlsa(other.cert, 3, 1, 1)], shown, signed);
    change(net);
    const { connection } = await sendTo(net.direct({ dane: () => dane }), TO);
    expect(connection.tls).toMatchObject({ policy: "none", verified: false });
    expect(host.message_count).toBe(1);
    await closeNetwork();
  };
  await plain((net) => net.dns.remove(`_${net.port}._tcp.mx.b.test`));
  await plain(() => undefined, false);
  // The host's zone is signed, but a forged MX could have named it.
  await plain(() => undefined, true, "mx.b.test");
  await plain((net) => {
    net.dns.put("unsigned.test", { A: ["127.0.0.2"] });
    net.dns.put("b.test", mx("unsigned.test"));
    net.dns.put(`_${net.port}._tcp.unsigned.test`, { TLSA: [tlsa(other.cert, 3, 1, 1)] });
  });
});

test("mail waits for the first word on whether the resolver validates", async () => {
  const { net, host } = await network([tlsa(other.cert, 3, 1, 1)]);
  const word = Promise.withResolvers<boolean>();
  const asked = Promise.withResolvers<void>();
  const direct = net.direct({
    dane() {
      asked.resolve();
      return word.promise;
    },
  });
  const sending = sendTo(direct, TO);
  await asked.promise;
  word.resolve(true);
  expect((await sending).recipients[0]).toMatchObject({ outcome: "temporary", stage: "tls" });
  expect(host.message_count).toBe(0);
});

test("DANE goes before MTA-STS: a certificate that only DANE binds delivers under an enforced policy", async () => {
  const { net } = await network([tlsa(shown.cert, 3, 1, 1)]);
  net.dns.put("_mta-sts.b.test", { TXT: [["v=STSv1; id=1;"]] });
  const fetch_policy = () =>
    Promise.resolve("version: STSv1\nmode: enforce\nmx: mx.b.test\nmax_age: 86400\n");
  const { recipients, connection } = await sendTo(net.direct({ dane: true, fetch_policy }), TO);
  expect(recipients[0]!.outcome).toBe("accepted");
  expect(connection.tls).toMatchObject({ policy: "dane", verified: true });
  // Records that bind nothing do not loosen the policy.
  net.dns.put(`_${net.port}._tcp.mx.b.test`, { TLSA: [tlsa(shown.cert, 1, 1, 1)] });
  net.pass(301_000);
  const strict = await sendTo(net.direct({ dane: true, fetch_policy }), TO);
  expect(strict.recipients[0]).toMatchObject({ outcome: "temporary", stage: "tls" });
});

describe.skipIf(no_openssl)("an authority bound by usage 2", () => {
  const names = ["mx.b.test"];
  const verdict = async (
    record: (ca: string) => unknown,
    issue: {
      names?: string[];
      chain?: boolean;
      by_other?: boolean;
      forged?: boolean;
      days_later?: number;
    } = {},
  ) => {
    const authority = newAuthority("authority.test");
    const signer = issue.by_other === true ? newAuthority("authority.test") : authority;
    const issued = signer.issue(issue.names ?? names, issue);
    // Somebody else's certificate, with the bound authority's put beside it.
    const cert = issue.forged === true ? issued.cert + authority.cert : issued.cert;
    const tls = { key: issued.key, cert };
    const { net } = await network([record(authority.cert)], tls);
    // Dates are judged by the clock of the delivery.
    const started = new Date("2026-06-01T12:00:00Z").getTime();
    net.pass(Date.now() - started + (issue.days_later ?? 0) * 86_400_000);
    const [one] = (await sendTo(net.direct({ dane: true }), TO)).recipients;
    await closeNetwork();
    return one!.outcome;
  };

  test.each([
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
  ])("2 %i %i fits a chain that leads to it", async (selector, matching) => {
    expect(await verdict((ca) => tlsa(ca, 2, selector, matching))).toBe("accepted");
  });

  test("given in full it need not be sent, and the next-hop domain is a name that will do", async () => {
    expect(await verdict((ca) => tlsa(ca, 2, 0, 0), { chain: false })).toBe("accepted");
    expect(await verdict((ca) => tlsa(ca, 2, 1, 0), { chain: false })).toBe("accepted");
    expect(await verdict((ca) => tlsa(ca, 2, 0, 1), { names: ["b.test"] })).toBe("accepted");
  });

  test("does not fit another name, a certificate out of date, another authority, or a missing link", async () => {
    const bound = (ca: string) => tlsa(ca, 2, 0, 1);
    expect(await verdict(bound, { names: ["mx.other.test"] })).toBe("temporary");
    expect(await verdict(bound, { days_later: 31 })).toBe("temporary");
    expect(await verdict(bound, { by_other: true })).toBe("temporary");
    expect(await verdict(bound, { chain: false })).toBe("temporary");
    expect(await verdict(bound, { by_other: true, chain: false, forged: true })).toBe("temporary");
    expect(await verdict((ca) => tlsa(ca, 2, 1, 0), { by_other: true })).toBe("temporary");
  });
});
