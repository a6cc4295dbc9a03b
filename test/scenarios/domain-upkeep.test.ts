/** What goes on around proven domains: the worker's checks, the MTA-STS policy, and reports of others by mail. */
import { gzipSync } from "node:zlib";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openResolver } from "../../src/mail/dns-resolver.ts";
import { type DnsServerForTests, startDns } from "../dns/server.ts";
import { publish, recordOf, recordsOf } from "./domain-life.ts";
import { mailIn } from "./mail-in.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let dns: DnsServerForTests;
let node: SecondNode;
/** What the second node's clock is ahead. */
let ahead = 0;

beforeAll(async () => {
  dns = await startDns({});
  running = await run({
    MULTIMAIL_DNS: dns.address,
    MULTIMAIL_DOMAIN: "host.example",
    MULTIMAIL_SMTP_NAME: "mx.host.example",
  });
  node = await secondNode(running, () => new Date(Date.now() + ahead));
  node.context.domains = {
    resolver: openResolver({ servers: [dns.address], max_cached: 0, now: () => new Date() }),
    host: { ...node.context.domains.host, smtp_name: "mx.host.example" },
  };
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
  await dns?.close();
});

const call = (path: string, body?: unknown, method?: string): Promise<Answer> =>
  running.call(
    running.known.admin_key,
    `/v1/domains${path}`,
    body,
    method === undefined ? {} : { method },
  );

async function proven(name: string): Promise<Answer> {
  const made = await call("", { domain: name });
  publish(dns, made.body.records);
  const verified = await call(`/${made.body.id}/verify`, {});
  expect(verified.body.status).toBe("verified");
  return verified;
}

/** One round of the worker, when the next check of a domain has come due; answers how many hours that took. */
async function nextCheck(id: string): Promise<number> {
  const [due] = await node.as((tx) =>
    tx.named<{ due_at: Date }>("due_of", "SELECT due_at FROM due WHERE message_id = $1", [id]),
  );
  if (!due) return Number.POSITIVE_INFINITY;
  const waited = due.due_at.getTime() - node.context.now().getTime();
  ahead += Math.max(0, waited) + 1;
  const now = node.context.now();
  const claims = await node.queue.claim("verify_domain", {
    now,
    lease_until: new Date(now.getTime() + 60_000),
    node: "test",
    limit: 100,
  });
  await node.engine.recheckDomains(node.operator_id, claims);
  return Math.round(waited / 3_600_000);
}

const told = (id: string): Promise<{ type: string }[]> =>
  node.as((tx) =>
    tx.named(
      "told",
      "SELECT type FROM event WHERE operator_id = $1 AND data->>'domain_id' = $2 ORDER BY event_id",
      [tx.operator_id, id],
    ),
  );

describe("the worker", () => {
  test("verifies a domain whose records came later, and switches to keys that DNS shows, without a call", async () => {
    const made = await call("", { domain: "later.example.com" });
    const { id } = made.body;
    await nextCheck(id);
    expect((await call(`/${id}`)).body).toMatchObject({ status: "pending" });
    publish(dns, made.body.records);
    await nextCheck(id);
    expect((await call(`/${id}`)).body).toMatchObject({ status: "verified" });
    const rotated = await call(`/${id}/rotate-dkim`, {});
    publish(dns, recordsOf(rotated, "dkim"));
    await nextCheck(id);
    const statuses = (await call(`/${id}`)).body.dkim.map((key: { status: string }) => key.status);
    expect(statuses).toEqual(["retired", "retired", "active", "active"]);
  });

  test("notices records that vanish, tells after the third time, and when they are back; sending goes on", async () => {
    const { body } = await proven("frail.example.com");
    const path = recordOf({ body } as Answer, "return_path");
    dns.remove(path.name);
    const hours: number[] = [];
    for (let i = 0; i < 4; i++) hours.push(await nextCheck(body.id));
    expect(hours).toEqual([24, 1, 1, 6]);
    expect(await told(body.id)).toEqual([{ type: "domain.verified" }, { type: "domain.failing" }]);
    const failing = await call(`/${body.id}`);
    expect(failing.body).toMatchObject({ status: "failing", verified_at: body.verified_at });
    expect(recordOf(failing, "return_path").status).toBe("missing");
    expect(failing.body.dkim[0].status).toBe("active");
    publish(dns, body.records);
    await nextCheck(body.id);
    expect((await call(`/${body.id}`)).body.status).toBe("verified");
    expect((await told(body.id)).map(({ type }) => type)).toEqual([
      "domain.verified",
      "domain.failing",
      "domain.verified",
    ]);
  });

  test("takes silence of DNS for no failure, and for no recovery", async () => {
    const { body } = await proven("silent.example.com");
    for (const { name } of body.records) dns.fault(name, "servfail");
    for (let i = 0; i < 4; i++) await nextCheck(body.id);
    expect((await call(`/${body.id}`)).body).toMatchObject({ status: "verified" });
    dns.heal();
    const path = recordOf({ body } as Answer, "return_path");
    dns.remove(path.name);
    await nextCheck(body.id);
    await nextCheck(body.id);
    dns.fault(path.name, "servfail");
    await nextCheck(body.id);
    expect((await call(`/${body.id}`)).body).toMatchObject({ status: "failing" });
    expect(await told(body.id)).toEqual([{ type: "domain.verified" }]);
    dns.heal();
    await nextCheck(body.id);
    expect(await told(body.id)).toEqual([{ type: "domain.verified" }, { type: "domain.failing" }]);
  });
});

test("many checks within one bad hour are one failure", async () => {
  ahead = 0;
  const { body } = await proven("hasty.example.com");
  await call(`/${body.id}/rotate-dkim`, {});
  dns.remove(recordOf({ body } as Answer, "return_path").name);
  for (let i = 0; i < 4; i++) await nextCheck(body.id);
  expect((await call(`/${body.id}`)).body.status).toBe("failing");
  expect(await told(body.id)).toEqual([{ type: "domain.verified" }]);
});

/** Asks for the policy as another mail system does, by the name it looked up. */
function policyAt(host: string): Promise<{ status: number; type: string; text: string }> {
  const { port } = new URL(running.known.url);
  return new Promise((resolve, reject) => {
    request(
      { host: "127.0.0.1", port, path: "/.well-known/mta-sts.txt", headers: { host } },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers["content-type"] ?? "",
            text,
          }),
        );
      },
    )
      .on("error", reject)
      .end();
  });
}

describe("the MTA-STS policy", () => {
  test("is served under the name of each proven domain, in its mode, and under no other name", async () => {
    const { body } = await proven("sts.example.com");
    expect(await policyAt("mta-sts.sts.example.com")).toEqual({
      status: 200,
      type: "text/plain; charset=utf-8",
      text: "version: STSv1\r\nmode: testing\r\nmx: mx.host.example\r\nmax_age: 86400\r\n",
    });
    const before = recordOf({ body } as Answer, "mta_sts").value;
    const changed = await call(`/${body.id}`, { mta_sts: "enforce" }, "PATCH");
    expect(changed.body.mta_sts).toBe("enforce");
    expect(recordOf(changed, "mta_sts").value).not.toBe(before);
    expect((await policyAt("MTA-STS.sts.example.com:443")).text).toContain("mode: enforce\r\n");
    const verified = await call(`/${body.id}/verify`, {});
    expect(recordOf(verified, "mta_sts")).toMatchObject({ status: "wrong" });
    await call("", { domain: "unproven.example.com" });
    for (const host of ["mta-sts.unproven.example.com", "sts.example.com", "127.0.0.1", "mta-sts."])
      expect((await policyAt(host)).status, host).toBe(404);
  });
});

const dmarc = (domain: string, id: string, count: string): string =>
  `<?xml version="1.0"?><feedback><report_metadata><org_name>Receiver</org_name><report_id>${id}</report_id><date_range><begin>${Math.floor(Date.now() / 1000) - 90_000}</begin><end>${Math.floor(Date.now() / 1000) - 3600}</end></date_range></report_metadata><policy_published><domain>${domain}</domain><p>none</p></policy_published>${[
    ["192.0.2.1", count, "pass", "pass"],
    ["198.51.100.9", "3", "fail", "fail"],
  ]
    .map(
      ([ip, n, dkim, spf]) =>
        `<record><row><source_ip>${ip}</source_ip><count>${n}</count><policy_evaluated><disposition>none</disposition><dkim>${dkim}</dkim><spf>${spf}</spf></policy_evaluated></row><identifiers><header_from>${domain}</header_from></identifiers></record>`,
    )
    .join("")}</feedback>`;

const tls = (domain: string): string =>
  JSON.stringify({
    "organization-name": "Receiver",
    "report-id": "t1",
    "date-range": { "start-datetime": "2020-01-01T00:00:00Z" },
    policies: [
      {
        policy: { "policy-type": "sts", "policy-domain": domain },
        summary: { "total-successful-session-count": 8, "total-failure-session-count": 2 },
        "failure-details": [{ "result-type": "certificate-expired", "failed-session-count": 2 }],
      },
      {
        policy: { "policy-type": "sts", "policy-domain": "elsewhere.example" },
        summary: { "total-successful-session-count": 99, "total-failure-session-count": 99 },
      },
    ],
  });

describe("reports of others", () => {
  test("come by mail to the domain's address, are kept once, and are summed up", async () => {
    const { body } = await proven("told.example.com");
    const box = await running.call(running.known.admin_key, "/v1/mailboxes", {
      address: "people@told.example.com",
    });
    const mail = mailIn(running);
    const report = (id: string, count: string, domain = "told.example.com"): object => ({
      from: "noreply@receiver.example",
      to: "dmarc-reports@told.example.com",
      subject: `Report domain: ${domain} Submitter: receiver.example Report-ID: ${id}`,
      text: "A report.",
      attachments: [
        {
          filename: `receiver.example!${domain}!1700000000!1700086399.xml.gz`,
          contentType: "application/gzip",
          content: gzipSync(dmarc(domain, id, count)),
        },
      ],
    });
    await mail.deliver({ ...report("r1", "10"), messageId: "<1@receiver.example>" });
    await mail.deliver({ ...report("r1", "10"), messageId: "<2@receiver.example>" });
    await mail.deliver({ ...report("r2", "5"), messageId: "<3@receiver.example>" });
    await mail.deliver({
      from: "noreply@receiver.example",
      to: "tls-reports@told.example.com",
      subject: "Report Domain: told.example.com",
      headers: { "TLS-Report-Domain": "told.example.com" },
      text: "A report.",
      attachments: [
        {
          filename: "r.json.gz",
          contentType: "application/tlsrpt+gzip",
          content: gzipSync(tls("told.example.com")),
        },
      ],
    });
    // About another's domain, and unreadable: somebody must read these.
    await mail.deliver({
      ...report("r3", "7", "elsewhere.example"),
      subject: "Report domain: elsewhere.example",
    });
    const broken = report("r4", "7") as { attachments: { content: Buffer }[] };
    if (broken.attachments[0])
      broken.attachments[0].content = Buffer.from("\u001f\u008bnonsense", "latin1");
    await mail.deliver({ ...broken, subject: "Report domain: told.example.com broken" });
    const { admin_key } = running.known;
    await mail.received("Report domain: elsewhere.example", admin_key, box.body.id);
    await mail.received("Report domain: told.example.com broken", admin_key, box.body.id);
    expect(await mail.inbox(admin_key, box.body.id)).toHaveLength(2);

    const summed = await call(`/${body.id}/reports`);
    expect(summed.body.dmarc).toEqual({
      reports: 2,
      unauthenticated_reports: 2,
      organisations: ["Receiver"],
      messages: 21,
      passed: 15,
      failed: 6,
      dkim_aligned: 15,
      spf_aligned: 15,
      sources: [
        {
          source_ip: "192.0.2.1",
          header_from: "told.example.com",
          messages: 15,
          passed: 15,
          failed: 0,
          dkim_aligned: 15,
          spf_aligned: 15,
        },
        {
          source_ip: "198.51.100.9",
          header_from: "told.example.com",
          messages: 6,
          passed: 0,
          failed: 6,
          dkim_aligned: 0,
          spf_aligned: 0,
        },
      ],
    });
    expect(summed.body.tls).toMatchObject({
      reports: 1,
      successful_sessions: 8,
      failed_sessions: 2,
      failures: [{ result_type: "certificate-expired", sessions: 2 }],
    });
    const entries = await node.as((tx) =>
      tx.named<{ type: string }>(
        "report_entries",
        "SELECT type FROM log_entry WHERE operator_id = $1 AND type = 'report.received'",
        [tx.operator_id],
      ),
    );
    expect(entries).toHaveLength(3);
  });

  test("of somebody who makes them up end after a while, and none takes much room", async () => {
    const { body } = await proven("flooded.example.com");
    await node.asOwner(`
      INSERT INTO aggregate_report SELECT '${node.operator_id}', 'r' || i, 'dmarc', 'flooded.example.com', 'x', i::text,
        now(), now(), '{"sources": [], "messages": 0, "passed": 0, "failed": 0, "dkim_aligned": 0, "spf_aligned": 0}', now()
      FROM generate_series(1, 499) i`);
    const mail = mailIn(running);
    const many = Array.from({ length: 80 }, (_, i) => `192.0.2.${i}`)
      .map(
        (ip) =>
          `<record><row><source_ip>${ip}</source_ip><count>1</count></row><identifiers><header_from>x.example</header_from></identifiers></record>`,
      )
      .join("");
    const xml = (id: string): string =>
      dmarc("flooded.example.com", id, "1").replace(/<record>.*<\/record>/, many);
    for (const id of ["f1", "f2"]) {
      const subject = "Report domain: flooded.example.com";
      const attachment = { filename: "r.xml", contentType: "text/xml", content: xml(id) };
      const to = "dmarc-reports@flooded.example.com";
      await mail.deliver({
        to,
        subject,
        attachments: [attachment],
        messageId: `<${id}@x.example>`,
      });
      await expect
        .poll(() => node.as((tx) => tx.named("still_waiting", "SELECT 1 FROM inbound", [])), {
          timeout: 10_000,
        })
        .toEqual([]);
    }
    const summed = await call(`/${body.id}/reports`);
    expect(summed.body.dmarc).toMatchObject({ reports: 500, messages: 80 });
    expect(summed.body.dmarc.sources).toHaveLength(50);
  });
});
