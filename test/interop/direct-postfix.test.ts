/** Direct delivery into a real Postfix, found by MX, over STARTTLS, under MTA-STS and DANE; skipped by name where it cannot run. */
import { afterEach, expect, test } from "vitest";

import { closeNetwork, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import type { MailNetwork } from "../dns/mail-network.ts";
import { tlsa } from "../dns/authority.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { no_postfix, startPostfix } from "./postfix-peer.ts";
import type { PostfixPeer } from "./postfix-peer.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  await closeNetwork();
  for (const step of undo.splice(0).reverse()) await step();
});

const tls = selfSigned(["mx.b.test"]);

async function network(): Promise<{ net: MailNetwork; postfix: PostfixPeer }> {
  const net = await startNetwork({
    "b.test": mx("dead.b.test", "mx.b.test"),
    "dead.b.test": { A: ["127.0.0.7"] },
    "mx.b.test": { A: ["127.0.0.2"] },
  });
  const postfix = await startPostfix({
    address: "127.0.0.2",
    port: net.port,
    hostname: "mx.b.test",
    domain: "b.test",
    people: ["person"],
    tls,
  });
  undo.push(() => postfix.stop());
  return { net, postfix };
}

test.skipIf(no_postfix)(
  "Postfix takes mail found by MX over STARTTLS, and its refusals come through recipient by recipient",
  async () => {
    const { net, postfix } = await network();
    const direct = net.direct();
    const { recipients, connection } = await sendTo(direct, "person@b.test");
    expect(recipients[0]).toMatchObject({ outcome: "accepted", reply: { enhanced: "2.0.0" } });
    expect(connection).toMatchObject({
      host: "mx.b.test",
      address: "127.0.0.2",
      tls: { version: "TLSv1.3", policy: "none", verified: false },
    });
    const [mail] = (await postfix.inbox("person", 1)).map((one) => one.toString("latin1"));
    expect(mail).toContain("using TLSv1.3");
    expect(mail).toContain("\r\n.dot\r\n..\r\nbye\r\n");
    expect((await sendTo(direct, "nobody@b.test")).recipients[0]).toMatchObject({
      outcome: "permanent",
      stage: "rcpt",
      reply: { code: 550, enhanced: "5.1.1" },
    });
    const many = await Promise.all(
      Array.from({ length: 60 }, () => sendTo(direct, "person@b.test")),
    );
    expect(many.filter((one) => one.recipients[0]!.outcome !== "accepted")).toEqual([]);
    expect(await postfix.inbox("person", 61)).toHaveLength(61);
  },
);

test.skipIf(no_postfix)(
  "Postfix's certificate is verified under MTA-STS and under DANE, and a wrong one gets no mail",
  async () => {
    const { net, postfix } = await network();
    net.dns.put("_mta-sts.b.test", { TXT: [["v=STSv1; id=1;"]] });
    const fetch_policy = () =>
      Promise.resolve("version: STSv1\nmode: enforce\nmx: mx.b.test\nmax_age: 86400\n");
    const trusting = net.direct({ fetch_policy, ca: tls.cert });
    expect((await sendTo(trusting, "person@b.test")).connection.tls).toMatchObject({
      policy: "mta-sts",
      verified: true,
    });
    const wary = net.direct({ fetch_policy });
    expect((await sendTo(wary, "person@b.test")).recipients[0]!.reason).toBe("tls_failed");

    net.dns.sign("b.test");
    const place = `_${net.port}._tcp.mx.b.test`;
    net.dns.put(place, { TLSA: [tlsa(tls.cert, 3, 1, 1)] });
    net.pass(301_000);
    const dane = net.direct({ dane: true });
    expect((await sendTo(dane, "person@b.test")).connection.tls).toMatchObject({
      policy: "dane",
      verified: true,
    });
    net.dns.put(place, { TLSA: [tlsa(selfSigned(["mx.b.test"]).cert, 3, 1, 1)] });
    net.pass(301_000);
    expect((await sendTo(dane, "person@b.test")).recipients[0]!.reason).toBe("tls_failed");
    expect(await postfix.inbox("person", 2)).toHaveLength(2);
  },
);
