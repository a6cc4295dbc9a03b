/** Direct delivery to ourselves: by the door of this process, by our MX name where others take our mail, and never in a ring. */
import { afterEach, expect, test } from "vitest";

import type { OwnReception } from "../../src/mail/direct.ts";
import { closeNetwork, memoryStore, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { startSink } from "../sink/smtp-sink.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";

afterEach(closeNetwork);

const OWN_NAME = "mta.sender.example";
const TO = "person@ours.test";

const ours = (door: OwnReception["door"]): OwnReception => ({
  receives: (domain) => Promise.resolve(domain === "ours.test"),
  door,
});

/** Policies that demand what no door of ours can show: they must not be asked for. */
const enforced = {
  fetch_policy: () =>
    Promise.resolve(`version: STSv1\nmode: enforce\nmx: ${OWN_NAME}\nmax_age: 86400\n`),
};

async function network() {
  const net = await startNetwork({
    "ours.test": mx(OWN_NAME),
    "theirs.test": mx(OWN_NAME),
    "_mta-sts.ours.test": { TXT: ["v=STSv1; id=1;"] },
    [OWN_NAME]: { A: ["127.0.0.2"] },
  });
  net.dns.sign("ours.test");
  net.dns.sign(OWN_NAME);
  net.dns.put(`_${net.port}._tcp.${OWN_NAME}`, {
    TLSA: [{ usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) }],
  });
  return net;
}

async function doorOf(tls = selfSigned(["door.test"])): Promise<SmtpSink> {
  return await startSink({ host: "127.0.0.1", tls });
}

test("the door of this process gets it at its own port, under no policy, and nobody is told how TLS fared", async () => {
  const net = await network();
  const outside = await net.host("127.0.0.2");
  const door = await doorOf();
  const direct = net.direct({
    ...enforced,
    dane: true,
    allow_private: false,
    own: ours(() => Promise.resolve({ host: "127.0.0.1", port: door.port })),
  });
  try {
    expect(await sendTo(direct, TO)).toMatchObject({
      recipients: [{ outcome: "accepted" }],
      connection: { host: OWN_NAME, address: "127.0.0.1", tls: { policy: "none" } },
    });
    expect([door.message_count, outside.message_count]).toEqual([1, 0]);
    expect(direct.sessions).toEqual([]);
    expect(await direct.report("ours.test")).toMatchObject({
      outcome: "try",
      mta_sts: { mode: null },
      hosts: [{ host: OWN_NAME, addresses: [{ address: "127.0.0.1" }], policy: "none" }],
    });
    expect((await sendTo(direct, "x@theirs.test")).recipients[0]).toMatchObject({
      outcome: "permanent",
      reply: { enhanced: "5.4.6" },
    });
  } finally {
    await door.close();
  }
});

test("where others take our mail, their address behind our name is dialled, a private one too, under our policy", async () => {
  const net = await network();
  const outside = await net.host("127.0.0.2", { tls: selfSigned([OWN_NAME]) });
  const own = ours(() => Promise.resolve(null));
  const plain = net.direct({ allow_private: false, own });
  expect(await sendTo(plain, TO)).toMatchObject({
    recipients: [{ outcome: "accepted" }],
    connection: { address: "127.0.0.2", port: net.port },
  });
  expect(plain.sessions).toHaveLength(1);
  for (const policy of [{ dane: true }, { ...enforced, sts_store: memoryStore() }])
    expect(
      (await sendTo(net.direct({ allow_private: false, own, ...policy }), TO)).recipients[0],
    ).toMatchObject({ outcome: "temporary", stage: "tls" });
  expect(outside.message_count).toBe(1);
});

test("mail waits until the door is open, and a transport that closes sends what waits back untried", async () => {
  const net = await network();
  const door = await doorOf();
  const opening = Promise.withResolvers<{ host: string; port: number }>();
  const asked = Promise.withResolvers<void>();
  const direct = net.direct({
    own: ours(() => {
      asked.resolve();
      return opening.promise;
    }),
  });
  try {
    const sending = sendTo(direct, TO);
    await asked.promise;
    opening.resolve({ host: "127.0.0.1", port: door.port });
    expect((await sending).recipients[0]!.outcome).toBe("accepted");

    const waits = Promise.withResolvers<void>();
    const stopping = net.direct({
      own: ours(() => {
        waits.resolve();
        return new Promise(() => undefined);
      }),
    });
    const left = sendTo(stopping, TO);
    await waits.promise;
    await stopping.close();
    expect((await left).recipients[0]).toMatchObject({
      outcome: "temporary",
      reason: "transport_closed",
    });
    expect(door.message_count).toBe(1);
  } finally {
    await door.close();
  }
});
