/** Direct delivery keeps the pace each destination bears: reuse, cached DNS, halving, breakers, bounded queues, and nobody blocks another. */
import { afterEach, expect, test } from "vitest";

import { openDirect } from "../../src/mail/direct.ts";
import { closeNetwork, memoryStore, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import type { MailNetwork } from "../dns/mail-network.ts";
import { DATA, FROM } from "../sink/sending.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";

afterEach(closeNetwork);

const TO = "person@b.test";

function network(): Promise<MailNetwork> {
  return startNetwork({
    "b.test": mx("mx.b.test"),
    "hosted.test": mx("mx.b.test"),
    "mx.b.test": { A: ["127.0.0.2"] },
    "c.test": mx("mx.c.test"),
    "mx.c.test": { A: ["127.0.0.3"] },
  });
}

test("many messages share few connections and no further DNS questions", async () => {
  const net = await network();
  const host = await net.host("127.0.0.2");
  const direct = net.direct();
  await sendTo(direct, TO);
  const asked = net.dns.questions.length;
  for (let i = 0; i < 20; i++) await sendTo(direct, `r${i}@b.test`);
  await Promise.all(Array.from({ length: 20 }, (_, i) => sendTo(direct, `s${i}@b.test`)));
  expect(net.dns.questions).toHaveLength(asked);
  expect(host.message_count).toBe(41);
  expect(host.connections.length).toBeLessThanOrEqual(10);
});

test("domains with the same mail provider share its connections", async () => {
  const net = await network();
  const host = await net.host("127.0.0.2");
  const direct = net.direct();
  await sendTo(direct, TO);
  await sendTo(direct, "x@hosted.test");
  expect([host.message_count, host.connections.length]).toEqual([2, 1]);
});

/** How many messages are under way at once when each of them hangs: the window. Ends the transport. */
async function width(
  host: SmtpSink,
  direct: ReturnType<MailNetwork["direct"]>,
  least: number,
): Promise<number> {
  const before = host.connections.length;
  host.fault("mail", "hang");
  const sending = Array.from({ length: 30 }, () => sendTo(direct, TO));
  const hanging = () =>
    host.connections.slice(before).filter((one) => one.commands.length > 1).length;
  await host.until(() => hanging() >= least);
  await direct.close(10);
  await Promise.all(sending);
  host.heal();
  return host.connections.length - before;
}

const eight = { limits: { initial: 8, max: 8, idle_ms: 1 } };

test.each([
  ["421", "mail", "421 4.3.2 slow down\r\n"],
  ["4.7.x", "rcpt", "450 4.7.1 too fast\r\n"],
] as const)("%s halves what may be under way, other refusals do not", async (_, point, reply) => {
  const net = await network();
  const host = await net.host("127.0.0.2");
  const direct = net.direct(eight);
  host.fault("rcpt", { reply: "450 4.2.0 greylisted\r\n" }, { times: 1 });
  await sendTo(direct, TO);
  await host.until((sink) => sink.open_sockets === 0);
  for (let i = 0; i < 2; i++) {
    host.fault(point, { reply }, { times: 1 });
    expect((await sendTo(direct, TO)).recipients[0]!.reply.code).toBe(Number(reply.slice(0, 3)));
    await host.until((sink) => sink.open_sockets === 0);
  }
  expect(await width(host, direct, 2)).toBe(2);
  expect(await width(host, net.direct(eight), 8)).toBe(8);
});

test("success widens it again", async () => {
  const net = await network();
  const host = await net.host("127.0.0.2");
  const direct = net.direct(eight);
  host.fault("mail", { reply: "421 4.3.2 slow down\r\n" }, { times: 3 });
  for (let i = 0; i < 3; i++) await sendTo(direct, TO);
  for (let i = 0; i < 60; i++) await sendTo(direct, TO);
  await host.until((sink) => sink.open_sockets === 0);
  expect(await width(host, direct, 8)).toBe(8);
});

test("greetings with 421 halve once, also when other connections took the mail", async () => {
  const net = await network();
  const host = await net.host("127.0.0.2");
  const direct = net.direct(eight);
  host.fault("connect", { reply: "421 too many\r\n", then: "disconnect" }, { skip: 1 });
  const sent = await Promise.all(Array.from({ length: 8 }, () => sendTo(direct, TO)));
  expect(sent.every(({ recipients }) => recipients[0]!.outcome === "accepted")).toBe(true);
  host.heal();
  await host.until((sink) => sink.open_sockets === 0);
  const left = await width(host, direct, 4);
  expect([4, 5]).toContain(left);
});

test("an address that does not answer is left alone for a while, then asked by one", async () => {
  const net = await network();
  const dialled: string[] = [];
  const { connect } = await import("node:net");
  const direct = net.direct({
    connect: (options) => {
      dialled.push(options.host!);
      return connect(options);
    },
  });
  for (let i = 0; i < 5; i++)
    expect((await sendTo(direct, TO)).recipients[0]).toMatchObject({
      outcome: "temporary",
      stage: "connect",
      reason: "connect_failed",
      reply: { enhanced: "4.4.1" },
    });
  expect(dialled).toHaveLength(3);
  net.pass(31_000);
  await Promise.all([sendTo(direct, TO), sendTo(direct, TO)]);
  expect(dialled).toHaveLength(4);
  net.pass(31_000);
  await sendTo(direct, TO);
  expect(dialled).toHaveLength(4);
  await net.host("127.0.0.2");
  net.pass(31_000);
  expect((await sendTo(direct, TO)).recipients[0]!.outcome).toBe("accepted");
  expect((await sendTo(direct, TO)).recipients[0]!.outcome).toBe("accepted");
});

test("a destination that hangs fills its own queue only: more for it fails fast, others go through", async () => {
  const net = await network();
  const slow = await net.host("127.0.0.2");
  const quick = await net.host("127.0.0.3");
  slow.fault("mail", "hang");
  const direct = net.direct({
    limits: { initial: 2, max: 2, max_waiting: 3, max_wait_ms: 60_000 },
  });
  const stuck = Array.from({ length: 5 }, () => sendTo(direct, TO));
  await slow.until(
    (sink) => sink.connections.filter((one) => one.commands.length > 1).length === 2,
  );
  expect((await sendTo(direct, TO)).recipients[0]).toMatchObject({
    outcome: "temporary",
    reason: "congested",
    reply: { code: 0, enhanced: "4.4.5" },
  });
  expect((await sendTo(direct, "x@c.test")).recipients[0]!.outcome).toBe("accepted");
  expect(quick.message_count).toBe(1);
  await direct.close(10);
  for (const one of await Promise.all(stuck))
    expect(one.recipients[0]).toMatchObject({ outcome: "temporary", reason: "transport_closed" });
  expect((await sendTo(direct, TO)).recipients[0]!.reason).toBe("transport_closed");
});

test("who waited too long for a place fails as temporary", async () => {
  const net = await network();
  const slow = await net.host("127.0.0.2");
  slow.fault("mail", "hang");
  const direct = net.direct({ limits: { initial: 1, max: 1, max_wait_ms: 50 } });
  const [first, second] = [sendTo(direct, TO), sendTo(direct, TO)];
  expect((await second).recipients[0]!.reason).toBe("congested");
  await direct.close(10);
  expect((await first).recipients[0]!.reason).toBe("transport_closed");
});

test("pools that are not used are closed and forgotten, the bound holds, and nothing stays open after close", async () => {
  const zone = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`d${i}.test`, { A: [`127.0.1.${i + 1}`] }]),
  );
  const net = await startNetwork(zone);
  const hosts = await Promise.all(
    Array.from({ length: 30 }, (_, i) => net.host(`127.0.1.${i + 1}`)),
  );
  const direct = net.direct({ limits: { max_pools: 5, max_sites: 5, idle_ms: 60_000 } });
  for (let i = 0; i < 30; i++)
    expect((await sendTo(direct, `x@d${i}.test`)).recipients[0]!.outcome).toBe("accepted");
  const open = () => hosts.reduce((sum, host) => sum + host.open_sockets, 0);
  await Promise.all(
    hosts.slice(0, 25).map((host) => host.until((sink) => sink.open_sockets === 0)),
  );
  expect(open()).toBe(5);
  await direct.close();
  await Promise.all(hosts.map((host) => host.until((sink) => sink.open_sockets === 0)));
});

test("closing ends what still waits for DNS, and the relay with it", async () => {
  const net = await network();
  net.dns.fault("b.test", "timeout");
  let closed = 0;
  const direct = net.direct({
    fallback: {
      send: () => Promise.reject(new Error("sent")),
      close: () => Promise.resolve(void closed++),
    },
  });
  const host = await net.host("127.0.0.3");
  net.dns.fault("mx.c.test", "timeout", "AAAA");
  const asking = [sendTo(direct, TO), sendTo(direct, "x@c.test")];
  await direct.close(10);
  const [silent, found] = await Promise.all(asking);
  expect(silent!.recipients[0]!.outcome).toBe("temporary");
  expect(found!.recipients[0]).toMatchObject({ outcome: "temporary", reason: "transport_closed" });
  expect([closed, host.connections.length]).toEqual([1, 0]);
});

test("an envelope that could break a command is refused before DNS is asked", async () => {
  const net = await network();
  const direct = openDirect({
    resolver: { resolve: () => Promise.reject(new Error("asked")), close: () => undefined },
    ehlo_name: "mta.sender.example",
    now: () => new Date(),
    dane: false,
    fetch_policy: null,
    sts_store: memoryStore(),
  });
  await expect(
    direct.send({ from: FROM, recipients: ["a@b.test>\r\nDATA"], data: DATA }),
  ).rejects.toMatchObject({ code: "bad_address" });
  await direct.close();
  expect(net.dns.questions).toEqual([]);
});
