/** Direct delivery and TLS: nothing checked without a policy, everything under MTA-STS, and never a step down where one holds. */
import { afterEach, describe, expect, test } from "vitest";

import type { StsEntry } from "../../src/mail/mta-sts.ts";
import { closeNetwork, memoryStore, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import type { MailNetwork } from "../dns/mail-network.ts";
import { promise } from "../promises.ts";
import { selfSigned } from "../sink/self-signed.ts";

afterEach(closeNetwork);

const TO = "person@b.test";
const right = selfSigned(["mx.b.test"]);
const wrong = selfSigned(["other.example"]);

function network(): Promise<MailNetwork> {
  return startNetwork({ "b.test": mx("mx.b.test"), "mx.b.test": { A: ["127.0.0.2"] } });
}

describe("without a policy", () => {
  test("a wrong certificate delivers, encrypted, and the result says that nothing was checked", async () => {
    const net = await network();
    const host = await net.host("127.0.0.2", { tls: wrong });
    const direct = net.direct();
    const { recipients, connection } = await sendTo(direct, TO);
    expect(recipients[0]!.outcome).toBe("accepted");
    expect(connection.tls).toMatchObject({ policy: "none", verified: false, authorized: false });
    expect(host.messages[0]!.secure).toBe(true);
    expect(direct.sessions).toMatchObject([
      { policy_type: "no-policy-found", result: "success", encrypted: true, mx_host: "mx.b.test" },
    ]);
  });

  test("a handshake that fails is followed by a new connection in the clear, and the result tells it", async () => {
    const net = await network();
    const host = await net.host("127.0.0.2", { tls: right });
    host.fault("starttls", { reply: "220 go\r\n", then: "disconnect" });
    const direct = net.direct();
    const { recipients, connection } = await sendTo(direct, TO);
    expect(recipients[0]!.outcome).toBe("accepted");
    expect(connection.tls).toBeNull();
    expect(connection.note).toMatch(/TLS handshake.*; sent in the clear/);
    expect(host.messages[0]!.connection).toBe(2);
    expect(direct.sessions).toMatchObject([{ result: "validation-failure", encrypted: false }]);

    // For a while nobody tries again what failed; afterwards TLS is used as before.
    expect((await sendTo(direct, TO)).connection.note).toContain("TLS failed lately");
    expect(host.connections).toHaveLength(2);
    host.heal();
    net.pass(11 * 60_000);
    expect((await sendTo(direct, TO)).connection.tls).not.toBeNull();
  });
});

describe("MTA-STS", () => {
  const policy = (mode: string, host = "mx.b.test") =>
    `version: STSv1\r\nmode: ${mode}\r\nmx: ${host}\r\nmax_age: 86400\r\n`;

  async function published(text: string, tls = right) {
    const net = await network();
    net.dns.put("_mta-sts.b.test", { TXT: [["v=STSv1; id=1;"]] });
    const host = await net.host("127.0.0.2", { tls });
    const fetched: string[] = [];
    const sts_store = memoryStore();
    const direct = net.direct({
      sts_store,
      ca: right.cert,
      fetch_policy: (domain) => {
        fetched.push(domain);
        return text === "" ? Promise.reject(new Error("no")) : Promise.resolve(text);
      },
    });
    return { net, host, direct, fetched, sts_store };
  }

  test("enforced: the right certificate delivers and is reported as verified", async () => {
    const { direct, fetched, sts_store } = await published(policy("enforce"));
    const { recipients, connection } = await sendTo(direct, TO);
    expect(recipients[0]!.outcome).toBe("accepted");
    expect(connection.tls).toMatchObject({ policy: "mta-sts", verified: true, authorized: true });
    await sendTo(direct, TO);
    expect(fetched).toEqual(["b.test"]);
    expect(sts_store.entries.get("b.test")).toMatchObject({ id: "1", mode: "enforce" });
    expect(direct.sessions).toMatchObject([{ policy_type: "sts", result: "success" }]);
  });

  test(promise("direct.mta-sts-enforced"), async () => {
    const bad = await published(policy("enforce"), wrong);
    expect((await sendTo(bad.direct, TO)).recipients[0]).toMatchObject({
      outcome: "temporary",
      stage: "tls",
      reason: "tls_failed",
    });
    expect(bad.host.message_count).toBe(0);
    expect(bad.host.connections).toHaveLength(1);
    expect(bad.direct.sessions).toMatchObject([{ result: "certificate-not-trusted" }]);
    await closeNetwork();

    const cut = await published(policy("enforce"));
    cut.host.fault("starttls", { reply: "220 go\r\n", then: "disconnect" });
    expect((await sendTo(cut.direct, TO)).recipients[0]!.outcome).toBe("temporary");
    cut.host.heal();
    cut.host.fault("ehlo", { reply: "250 sink.test\r\n" });
    expect((await sendTo(cut.direct, TO)).recipients[0]!.outcome).toBe("temporary");
    expect(cut.host.message_count).toBe(0);
    expect(cut.direct.sessions.map(({ result }) => result)).toEqual([
      "validation-failure",
      "starttls-not-supported",
    ]);
  });

  test("enforced: a host that the policy does not name is not dialled, and no relay is used instead", async () => {
    const { net, host, sts_store } = await published(policy("enforce", "*.mx.b.test"));
    const relayed: unknown[] = [];
    const direct = net.direct({
      sts_store,
      fetch_policy: () => Promise.resolve(policy("enforce", "*.mx.b.test")),
      fallback: {
        send: (message) => Promise.reject(new Error(`relayed ${relayed.push(message)}`)),
        close: () => Promise.resolve(),
      },
    });
    expect((await sendTo(direct, TO)).recipients[0]).toMatchObject({
      outcome: "temporary",
      reason: "tls_failed",
      reply: { enhanced: "4.7.5", text: expect.stringContaining("not in the MTA-STS policy") },
    });
    expect([host.connections.length, relayed.length]).toEqual([0, 0]);
    expect(direct.sessions).toMatchObject([{ policy_type: "sts", result: "validation-failure" }]);
  });

  test.each([
    ["a wrong certificate", policy("testing"), "certificate-not-trusted"],
    ["a host not named", policy("testing", "mx.other.test"), "validation-failure"],
  ])("testing: %s delivers all the same and is only reported", async (_, text, result) => {
    const { direct, host } = await published(text, wrong);
    expect((await sendTo(direct, TO)).recipients[0]!.outcome).toBe("accepted");
    expect(host.messages[0]!.secure).toBe(true);
    expect(direct.sessions).toMatchObject([{ policy_type: "sts", sts_mode: "testing", result }]);
  });

  test("testing: a failed handshake still falls back to the clear", async () => {
    const { direct, host } = await published(policy("testing"));
    host.fault("starttls", { reply: "220 go\r\n", then: "disconnect" });
    expect((await sendTo(direct, TO)).recipients[0]!.outcome).toBe("accepted");
  });

  test.each([
    ["none", policy("none")],
    ["that is malformed", "version: STSv1\nmode: enforce\n"],
    ["that cannot be fetched", ""],
  ])("a policy %s delivers as if there were none", async (_, text) => {
    const { direct, host } = await published(text, wrong);
    expect((await sendTo(direct, TO)).recipients[0]!.outcome).toBe("accepted");
    expect(host.messages[0]!.secure).toBe(true);
  });

  test("a kept policy holds across a restart, and where DNS and HTTPS no longer confirm it, until it expires", async () => {
    const { net, host, direct, sts_store } = await published(policy("enforce"), wrong);
    expect((await sendTo(direct, TO)).recipients[0]!.outcome).toBe("temporary");
    net.dns.put("_mta-sts.b.test", { TXT: [["v=STSv1; id=2;"]] });
    net.pass(400_000);
    const restarted = net.direct({
      sts_store,
      fetch_policy: () => Promise.reject(new Error("blocked")),
    });
    expect((await sendTo(restarted, TO)).recipients[0]!.outcome).toBe("temporary");
    net.dns.remove("_mta-sts.b.test");
    net.pass(400_000);
    expect((await sendTo(restarted, TO)).recipients[0]!.outcome).toBe("temporary");
    expect(host.message_count).toBe(0);
    net.pass(86_400_000);
    expect((await sendTo(restarted, TO)).recipients[0]!.outcome).toBe("accepted");
  });

  test("a policy that cannot be stored holds all the same", async () => {
    const { net, host } = await published(policy("enforce"), wrong);
    const fetched: string[] = [];
    const direct = net.direct({
      sts_store: { ...memoryStore(), put: () => Promise.reject(new Error("disk full")) },
      fetch_policy: (domain) => {
        fetched.push(domain);
        return Promise.resolve(policy("enforce"));
      },
    });
    for (let i = 0; i < 2; i++)
      expect((await sendTo(direct, TO)).recipients[0]!.outcome).toBe("temporary");
    expect(host.message_count).toBe(0);
    expect(fetched).toHaveLength(1);
  });

  test("a new id brings the new policy at once; the same id is looked at again behind the mail", async () => {
    const { net, direct, fetched, sts_store } = await published(policy("enforce"));
    await sendTo(direct, TO);
    const entry: StsEntry = sts_store.entries.get("b.test")!;
    net.pass(50_000_000);
    expect((await sendTo(direct, TO)).connection.tls).toMatchObject({ policy: "mta-sts" });
    expect(fetched).toHaveLength(2);
    await Promise.resolve();
    expect(sts_store.entries.get("b.test")!.fetched_at > entry.fetched_at).toBe(true);
    net.dns.put("_mta-sts.b.test", { TXT: [["v=STSv1; id=2"]] });
    net.pass(400_000);
    await sendTo(direct, TO);
    expect(sts_store.entries.get("b.test")!.id).toBe("2");
  });
});
