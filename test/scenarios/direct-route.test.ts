/** Direct delivery finds its way: MX order, address families, refusals by DNS, private targets, and what a host's failure changes. */
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";

import { openTransport } from "../../src/mail/smtp-client.ts";
import { closeNetwork, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import { DATA, FROM } from "../sink/sending.ts";

afterEach(closeNetwork);

const TO = "person@b.test";

test("the best MX gets the mail, and the next one only when it does not answer", async () => {
  const net = await startNetwork({
    "b.test": {
      MX: [20, 10].map((preference) => ({ preference, exchange: `mx${preference}.b.test` })),
    },
    "mx10.b.test": { A: ["127.0.0.2"] },
    "mx20.b.test": { A: ["127.0.0.3"] },
  });
  const second = await net.host("127.0.0.3");
  const direct = net.direct();
  const fallen = await sendTo(direct, TO);
  expect(fallen.recipients[0]!.outcome).toBe("accepted");
  expect(fallen.connection).toMatchObject({ host: "mx20.b.test", address: "127.0.0.3" });
  expect(fallen.connection.note).toContain("mx10.b.test [127.0.0.2]: connection failed");

  const first = await net.host("127.0.0.2");
  const { connection } = await sendTo(direct, TO);
  expect(connection).toMatchObject({ host: "mx10.b.test", address: "127.0.0.2", port: net.port });
  expect(connection.note).toBeUndefined();
  expect([first.message_count, second.message_count]).toEqual([1, 1]);
});

test("a greeting that refuses leads to the next MX; a refused recipient does not", async () => {
  const net = await startNetwork({
    "b.test": mx("mx1.b.test", "mx2.b.test"),
    "mx1.b.test": { A: ["127.0.0.2"] },
    "mx2.b.test": { A: ["127.0.0.3"] },
  });
  const first = await net.host("127.0.0.2");
  const second = await net.host("127.0.0.3");
  const direct = net.direct();
  for (const reply of ["421 4.3.2 too busy\r\n", "554 5.3.2 no service\r\n"]) {
    first.heal();
    first.fault("connect", { reply, then: "disconnect" });
    expect((await sendTo(direct, TO)).connection.host).toBe("mx2.b.test");
  }
  first.heal();
  first.fault("rcpt", { reply: "450 4.2.0 greylisted\r\n" }, { times: 1 });
  expect(await sendTo(direct, TO)).toMatchObject({
    recipients: [{ outcome: "temporary", stage: "rcpt", reply: { code: 450, enhanced: "4.2.0" } }],
    connection: { host: "mx1.b.test" },
  });
  first.fault("rcpt", { reply: "550 5.1.1 no such user\r\n" });
  expect((await sendTo(direct, TO)).recipients[0]).toMatchObject({
    outcome: "permanent",
    reply: { code: 550, enhanced: "5.1.1" },
  });
  expect(second.message_count).toBe(2);
});

test("what DNS says for certain is permanent, and what it fails to say is temporary", async () => {
  const net = await startNetwork({
    "null.test": { MX: [{ preference: 0, exchange: "." }] },
    "bare.test": { TXT: [["here"]] },
    "loop.test": mx("mta.sender.example", "mx2.loop.test"),
    "dangling.test": mx("gone.dangling.test"),
    "numbers.test": mx("127.0.0.2"),
    "unsure.test": mx("mx.unsure.test"),
  });
  net.dns.fault("broken.test", "servfail");
  net.dns.fault("silent.test", "timeout");
  net.dns.fault("mx.unsure.test", "servfail");
  const direct = net.direct();
  const end = async (domain: string) => {
    const [one] = (await sendTo(direct, `x@${domain}`)).recipients;
    return [one!.outcome, one!.reply.code, one!.reply.enhanced, one!.reason];
  };
  expect(await end("null.test")).toEqual(["permanent", 0, "5.1.10", "unroutable"]);
  expect(await end("nobody.test")).toEqual(["permanent", 0, "5.1.2", "unroutable"]);
  expect(await end("no_host.test")).toEqual(["permanent", 0, "5.1.2", "unroutable"]);
  expect(await end("bare.test")).toEqual(["permanent", 0, "5.4.4", "unroutable"]);
  expect(await end("dangling.test")).toEqual(["permanent", 0, "5.4.4", "unroutable"]);
  expect(await end("numbers.test")).toEqual(["permanent", 0, "5.4.4", "unroutable"]);
  expect(await end("loop.test")).toEqual(["permanent", 0, "5.4.6", "unroutable"]);
  expect(await end("broken.test")).toEqual(["temporary", 0, "4.4.3", "dns_failed"]);
  expect(await end("silent.test")).toEqual(["temporary", 0, "4.4.3", "dns_failed"]);
  expect(await end("unsure.test")).toEqual(["temporary", 0, "4.4.3", "dns_failed"]);
});

test("a domain without MX is its own host, also behind an alias; an address literal is dialled as it stands", async () => {
  const net = await startNetwork({
    "b.test": { A: ["127.0.0.2"] },
    "alias.test": { CNAME: ["b.test"] },
  });
  const sink = await net.host("127.0.0.2");
  const direct = net.direct();
  for (const [to, host] of [
    ["x@b.test", "b.test"],
    ["x@alias.test", "b.test"],
    ["x@[127.0.0.2]", "127.0.0.2"],
  ] as const)
    expect(await sendTo(direct, to)).toMatchObject({
      recipients: [{ outcome: "accepted", address: to }],
      connection: { host, address: "127.0.0.2" },
    });
  expect(sink.message_count).toBe(3);
});

test("IPv6 is tried first and IPv4 takes over where it does not answer", async () => {
  const net = await startNetwork({
    "b.test": mx("mx.b.test"),
    "mx.b.test": { AAAA: ["::1"], A: ["127.0.0.2"] },
  });
  const four = await net.host("127.0.0.2");
  const direct = net.direct();
  expect((await sendTo(direct, TO)).connection.address).toBe("127.0.0.2");
  const six = await net.host("::1");
  expect((await sendTo(direct, TO)).connection.address).toBe("::1");
  expect([six.message_count, four.message_count]).toEqual([1, 1]);
});

test("nothing private is dialled unless allowed, in whatever form it is written", async () => {
  const net = await startNetwork({
    "b.test": mx("mx.b.test"),
    "mx.b.test": {
      A: ["127.0.0.2", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"],
      AAAA: ["::1", "::ffff:127.0.0.2", "fe80::1", "fd00::1", "2002:7f00:2::", "64:ff9b::7f00:2"],
    },
  });
  const dialled: unknown[] = [];
  const direct = net.direct({
    allow_private: false,
    connect: (options) => {
      dialled.push(options.host);
      throw new Error("dialled");
    },
  });
  for (const to of [TO, "x@[127.0.0.2]", "x@[IPv6:::1]"])
    expect((await sendTo(direct, to)).recipients[0]).toMatchObject({
      outcome: "permanent",
      reason: "unroutable",
      reply: { enhanced: "5.4.4", text: expect.stringContaining("not public") },
    });
  expect(dialled).toEqual([]);
});

test("no more than twenty addresses are dialled for one message, from the source address of their family", async () => {
  const addresses = (host: number) => Array.from({ length: 9 }, (_, i) => `127.0.${host}.${i + 1}`);
  const net = await startNetwork({
    "b.test": mx("h2.b.test", "h3.b.test", "h4.b.test"),
    "h2.b.test": { A: addresses(2), AAAA: ["::1"] },
    "h3.b.test": { A: addresses(3) },
    "h4.b.test": { A: addresses(4) },
  });
  const dialled: string[] = [];
  const direct = net.direct({
    source_addresses: { v4: "127.0.0.5", v6: "::1" },
    connect: (options) => {
      dialled.push(`${options.host} from ${options.localAddress}`);
      return connect(options);
    },
  });
  expect((await sendTo(direct, TO)).recipients[0]).toMatchObject({
    outcome: "temporary",
    reply: { code: 0, enhanced: "4.4.1" },
  });
  expect(dialled).toHaveLength(20);
  expect(new Set(dialled).size).toBe(20);
  expect(dialled[0]).toBe("::1 from ::1");
  expect(dialled.slice(1).every((one) => one.endsWith("from 127.0.0.5"))).toBe(true);
});

test("each recipient has its own result where a message goes to several domains", async () => {
  const net = await startNetwork({
    "b.test": mx("mx.b.test"),
    "mx.b.test": { A: ["127.0.0.2"] },
    "c.test": { A: ["127.0.0.3"] },
    "null.test": { MX: [{ preference: 0, exchange: "." }] },
  });
  const answer_rcpt = (address: string) =>
    address.startsWith("bad@") ? "550 5.1.1 no" : undefined;
  const b = await net.host("127.0.0.2", { answer_rcpt });
  const c = await net.host("127.0.0.3");
  const recipients = ["x@c.test", "a@b.test", "y@null.test", "bad@B.test", "c@b.test"];
  const result = await net.direct().send({ from: FROM, recipients, data: DATA });
  expect(result.recipients.map(({ address, outcome }) => [address, outcome])).toEqual([
    ["x@c.test", "accepted"],
    ["a@b.test", "accepted"],
    ["y@null.test", "permanent"],
    ["bad@B.test", "permanent"],
    ["c@b.test", "accepted"],
  ]);
  expect(b.messages[0]!.to).toEqual(["a@b.test", "c@b.test"]);
  expect(c.message_count).toBe(1);
});

test("a relay takes what cannot be reached, but not what was refused", async () => {
  const net = await startNetwork({
    "b.test": mx("mx.b.test"),
    "mx.b.test": { A: ["127.0.0.2"] },
    "null.test": { MX: [{ preference: 0, exchange: "." }] },
  });
  const relay = await net.host("127.0.0.9");
  const fallback = openTransport({
    host: "127.0.0.9",
    port: net.port,
    tls: "none",
    verify_certificate: false,
    ehlo_name: "mta.sender.example",
    now: () => new Date(),
  });
  const direct = net.direct({ fallback });
  expect(await sendTo(direct, TO)).toMatchObject({
    recipients: [{ outcome: "accepted" }],
    connection: { address: "127.0.0.9", note: expect.stringContaining("by the relay") },
  });
  expect((await sendTo(direct, "x@null.test")).recipients[0]!.outcome).toBe("permanent");
  const host = await net.host("127.0.0.2");
  host.fault("rcpt", { reply: "450 4.2.0 later\r\n" });
  expect((await sendTo(direct, TO)).recipients[0]!.reply.code).toBe(450);
  expect(relay.message_count).toBe(1);
});
