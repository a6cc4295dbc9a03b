/** TLS reports to domains that ask for them: counted in direct delivery, sent once a day by mail or HTTPS, by one node only. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTlsBook } from "../../src/engine/tls-reports.ts";
import { readTlsReport } from "../../src/mail/aggregate-report.ts";
import { openResolver } from "../../src/mail/dns-resolver.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { openChatPost } from "../../src/workers/chat-post.ts";
import { startTlsReports } from "../../src/workers/tls-reports.ts";
import { closeNetwork, type MailNetwork, mx, sendTo, startNetwork } from "../dns/mail-network.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { setMode } from "./people.ts";
import { type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let net: MailNetwork;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  running = await run({ MULTIMAIL_DNS: "127.0.0.1:1" });
  // The network's clock says 1 June 2026.
  node = await secondNode(running, () => new Date("2026-06-02T05:00:00Z"));
  net = await startNetwork({
    "mailed.test": mx("mx.mailed.test"),
    "posted.test": mx("mx.posted.test"),
    "silent.test": mx("mx.silent.test"),
    "mx.mailed.test": { A: ["127.0.0.2"] },
    "mx.posted.test": { A: ["127.0.0.4"] },
    "mx.silent.test": { A: ["127.0.0.5"] },
    "reports.test": { ...mx("mx.reports.test"), A: ["127.0.0.1"] },
    "mx.reports.test": { A: ["127.0.0.3"] },
    "_smtp._tls.mailed.test": { TXT: ["v=TLSRPTv1; rua=mailto:tls@reports.test"] },
    "_smtp._tls.broken.test": {},
  });
});
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  await closeNetwork();
  await node?.close();
  await running?.stop();
});

const outcomes = async (): Promise<Record<string, string | null>> => {
  const rows = await node.as((tx) =>
    tx.named<{ domain: string; outcome: string | null }>(
      "tls_outcomes",
      "SELECT domain, outcome FROM tls_report ORDER BY domain",
      [],
    ),
  );
  return Object.fromEntries(rows.map(({ domain, outcome }) => [domain, outcome]));
};

test("sessions of a day become one report for each domain that asks for one", async () => {
  const certificate = selfSigned(["reports.test"]);
  const posted: { type: string | undefined; body: Buffer }[] = [];
  const web = createServer(certificate, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      posted.push({ type: request.headers["content-type"], body: Buffer.concat(chunks) });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  ends.push(() => web.close());
  const webPort = (web.address() as AddressInfo).port;
  net.dns.put("_smtp._tls.posted.test", {
    TXT: [`v=TLSRPTv1; rua=https://reports.test:${webPort}/tls`],
  });
  for (const address of ["127.0.0.2", "127.0.0.4", "127.0.0.5"])
    await net.host(address, { tls: selfSigned(["mx.test"]) });
  const inbox = await net.host("127.0.0.3");
  const direct = net.direct();
  for (const domain of ["mailed", "mailed", "posted", "silent"])
    await sendTo(direct, `person@${domain}.test`);
  const book = createTlsBook(node.context);
  for (const session of direct.sessions) book.add(session);
  await book.flush();
  // A second node saw one more, which failed.
  const other = createTlsBook(node.context);
  const [first] = direct.sessions;
  if (!first) throw new Error("no session was reported");
  other.add({
    ...first,
    domain: "mailed.test",
    result: "starttls-not-supported",
    encrypted: false,
  });
  await other.flush();

  const resolver = openResolver({
    servers: [net.dns.address],
    timeout_ms: 300,
    tries: 1,
    now: node.context.now,
  });
  ends.push(() => resolver.close());
  // The reports are planned over four hours; this is the moment when all of them are due.
  await node.engine.planTlsReports();
  await node.asOwner("UPDATE tls_report SET due_at = '2026-06-02T04:00:00Z'");
  const quiet = { warn: () => undefined, error: () => undefined };
  const workers = [1, 2].map(() =>
    startTlsReports({
      engine: node.engine,
      resolver,
      transport: direct,
      post: openChatPost({
        resolver,
        allow_private: true,
        ca: certificate.cert,
        content_type: "application/tlsrpt+gzip",
      }),
      now: node.context.now,
      log: quiet,
    }),
  );
  for (const worker of workers) ends.push(() => worker.stop());
  await expect
    .poll(async () => Object.values(await outcomes()).every((outcome) => outcome !== null), {
      timeout: 20_000,
    })
    .toBe(true);
  expect(await outcomes()).toEqual({
    "mailed.test": expect.stringMatching(/^accepted: 250 /) as string,
    "posted.test": "accepted: status 200",
    "silent.test": "no reports wanted",
  });
  expect(inbox.messages).toHaveLength(1);
  expect(inbox.messages[0]).toMatchObject({ from: "", to: ["tls@reports.test"] });
  const data = inbox.messages[0]?.data ?? Buffer.alloc(0);
  expect(data.toString("latin1")).toMatch(/^DKIM-Signature:[^]*?d=multimail\.localhost;/);
  const mail = await parseMail(data);
  const sessions = direct.sessions.filter(({ domain }) => domain === "mailed.test").length;
  expect(await readTlsReport(mail.attachments[0]?.content ?? data)).toMatchObject({
    organisation: "multimail.localhost",
    begin: "2026-06-01T00:00:00.000Z",
    successful_sessions: sessions,
    failed_sessions: 1,
    policies: [
      { policy_domain: "mailed.test", failures: [{ result_type: "starttls-not-supported" }] },
    ],
  });
  expect(posted).toHaveLength(1);
  expect(posted[0]?.type).toBe("application/tlsrpt+gzip");
  expect(await readTlsReport(posted[0]?.body ?? data)).toMatchObject({
    policies: [{ policy_domain: "posted.test" }],
  });
});

test("a report that cannot be sent is tried again, for a day, and results go after two weeks", async () => {
  const book = createTlsBook(node.context);
  book.add({
    at: "2026-06-01T00:00:00.000Z",
    domain: "broken.test",
    policy_type: "no-policy-found",
    policy_strings: [],
    mx_patterns: [],
    sts_mode: null,
    mx_host: "mx.broken.test",
    receiving_ip: null,
    result: "success",
    failure_reason: null,
    encrypted: true,
  });
  await book.flush();
  await node.engine.planTlsReports();
  await node.asOwner(
    "UPDATE tls_report SET due_at = '2026-06-02T04:00:00Z' WHERE domain = 'broken.test'",
  );
  expect(await node.engine.claimTlsReports(9)).toEqual([
    { day: "2026-06-01", domain: "broken.test", attempts: 1 },
  ]);
  // It is taken, and comes due in an hour.
  expect(await node.engine.claimTlsReports(9)).toEqual([]);
  await node.asOwner("UPDATE tls_result SET day = '2026-05-01'");
  await node.engine.planTlsReports();
  const rows = await node.as((tx) => tx.named("tls_rows", "SELECT 1 FROM tls_result", []));
  expect(rows).toEqual([]);
});

test("an instance that delivers directly writes down how TLS fared, unless it is told not to", async () => {
  net.dns.put("counted.test", mx("mx.counted.test"));
  net.dns.put("mx.counted.test", { A: ["127.0.0.6"] });
  await net.host("127.0.0.6", { tls: selfSigned(["mx.test"]) });
  const settings = {
    MULTIMAIL_DELIVERY: "direct",
    MULTIMAIL_DNS: net.dns.address,
    MULTIMAIL_DIRECT_PORT: String(net.port),
    MULTIMAIL_PRIVATE_TARGETS: "yes",
  };
  const counted = async (more: Record<string, string>) => {
    let it = await run({ ...settings, ...more });
    await setMode(it, await signIn(it), it.known.mailbox_id, "autonomous");
    const { body } = await it.send({ to: "person@counted.test" });
    await it.settled(body.id, "delivered");
    // What was counted is written at the end at the latest.
    await it.stop(true);
    it = await run({ MULTIMAIL_DNS: net.dns.address }, it.folder);
    const again = await secondNode(it);
    const rows = await again.as((tx) =>
      tx.named<{ domain: string; sessions: number; detail: object }>(
        "tls_counted",
        "SELECT domain, sessions::int AS sessions, detail FROM tls_result",
        [],
      ),
    );
    await again.close();
    await it.stop();
    return rows;
  };
  expect(await counted({})).toMatchObject([
    {
      domain: "counted.test",
      sessions: 1,
      detail: { policy_type: "no-policy-found", result: "success", mx_host: null },
    },
  ]);
  expect(await counted({ MULTIMAIL_TLS_REPORTS: "no" })).toEqual([]);
});
