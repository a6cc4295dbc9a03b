/** What direct delivery says of a domain without dialling: hosts in order, what they must show, and who is avoided. */
import { afterEach, expect, test } from "vitest";

import { closeNetwork, memoryStore, mx, sendTo, startNetwork } from "../dns/mail-network.ts";

afterEach(closeNetwork);

test("hosts and addresses in order, and those that did not answer", async () => {
  const net = await startNetwork({
    "b.test": mx("mx1.b.test", "mx2.b.test", "mx3.b.test"),
    "mx1.b.test": { A: ["127.0.0.2"] },
    "mx2.b.test": { A: ["127.0.0.3"] },
    "mx3.b.test": {},
  });
  const second = await net.host("127.0.0.3");
  const direct = net.direct();
  for (let i = 0; i < 3; i++) await sendTo(direct, "person@b.test");
  const report = await direct.report("b.test");
  expect(report).toMatchObject({ delivery: "direct", outcome: "try", problem: null });
  expect(report.hosts).toMatchObject([
    {
      host: "mx1.b.test",
      addresses: [{ address: "127.0.0.2", avoided_until: "2026-06-01T12:00:30.000Z" }],
      problem: "did not answer lately",
    },
    {
      host: "mx2.b.test",
      addresses: [{ address: "127.0.0.3", avoided_until: null }],
      policy: "none",
      tls: "opportunistic",
      verified: false,
      problem: null,
    },
    { host: "mx3.b.test", addresses: [], problem: "has no address" },
  ]);
  expect([...direct.avoided().keys()]).toEqual(["b.test"]);
  expect(second.connections).toHaveLength(1);
});

test("an enforced policy, what it forbids, and what DNS makes certain", async () => {
  const store = memoryStore();
  store.entries.set("sts.test", {
    id: "1",
    mode: "enforce",
    mx: ["mx1.sts.test"],
    max_age: 86_400,
    fetched_at: "2026-06-01T11:00:00Z",
  });
  const net = await startNetwork({
    "sts.test": mx("mx1.sts.test", "mx2.sts.test"),
    "_mta-sts.sts.test": { TXT: ["v=STSv1; id=1;"] },
    "mx1.sts.test": { A: ["127.0.0.2"] },
    "mx2.sts.test": { A: ["127.0.0.3"] },
    "null.test": { MX: [{ preference: 0, exchange: "." }] },
  });
  net.dns.fault("broken.test", "servfail");
  const direct = net.direct({
    sts_store: store,
    fetch_policy: () => Promise.reject(new Error("nothing is fetched here")),
  });
  const report = await direct.report("sts.test");
  expect(report.mta_sts).toEqual({ mode: "enforce", failure: null });
  expect(report.hosts).toMatchObject([
    { host: "mx1.sts.test", policy: "mta-sts", tls: "required", verified: true, problem: null },
    { host: "mx2.sts.test", problem: "mx2.sts.test is not in the MTA-STS policy of sts.test" },
  ]);
  expect(await direct.report("null.test")).toMatchObject({
    outcome: "refuse",
    problem: { enhanced_status_code: "5.1.10" },
    hosts: [],
  });
  expect(await direct.report("broken.test")).toMatchObject({
    outcome: "wait",
    problem: { enhanced_status_code: "4.4.3" },
  });
});
