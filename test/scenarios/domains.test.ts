/** Domains of one's own, whole: asked for, wrong in words, proven, written from, rotated, let go, with a real DNS server. */
import { promise } from "../promises.ts";
import { createHash } from "node:crypto";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Founded } from "../../src/engine/bootstrap.ts";
import { asMailauthResolver } from "../../src/mail/dns-adapters.ts";
import { openResolver } from "../../src/mail/dns-resolver.ts";
import { type DnsServerForTests, startDns } from "../dns/server.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { type Shown, publish, recordOf, recordsOf } from "./domain-life.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let dns: DnsServerForTests;
let sink: SmtpSink;
let node: SecondNode;
let other: Founded;
let cookie: string;

beforeAll(async () => {
  dns = await startDns({});
  sink = await startSink();
  running = await run({
    MULTIMAIL_DNS: dns.address,
    MULTIMAIL_DOMAIN: "host.example",
    MULTIMAIL_SMTP_NAME: "mx.host.example",
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
  });
  node = await secondNode(running);
  node.context.domains.resolver = openResolver({
    servers: [dns.address],
    max_cached: 0,
    now: () => new Date(),
  });
  other = await node.found("other");
  cookie = await signIn(running);
});
afterAll(async () => {
  await node?.close();
  await running?.stop();
  await sink?.close();
  await dns?.close();
});

const call = (path: string, body?: unknown, method?: string, key?: string): Promise<Answer> =>
  running.call(
    key ?? running.known.admin_key,
    `/v1/domains${path}`,
    body,
    method === undefined ? {} : { method },
  );
const verify = (id: string, key?: string): Promise<Answer> =>
  call(`/${id}/verify`, {}, undefined, key);

/** Asks for a domain and enters its records; answers what verifying says. */
async function proven(name: string): Promise<Answer> {
  const made = await call("", { domain: name });
  publish(dns, made.body.records);
  return verify(made.body.id);
}

const judged = (answer: Answer, purpose: string): Pick<Shown, "status" | "message"> => {
  const { status, message } = recordOf(answer, purpose);
  return { status, message };
};

const rows = <T>(text: string, ...values: unknown[]): Promise<T[]> =>
  node.as((tx) =>
    tx.named<T & object>(
      createHash("sha256").update(text).digest("hex").slice(0, 20),
      text,
      values,
    ),
  );

/** A mailbox in a domain that sends without asking; answers its id. */
async function writer(address: string): Promise<string> {
  const made = await running.call(running.known.admin_key, "/v1/mailboxes", { address });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  expect(await setMode(running, cookie, made.body.id, "autonomous")).toBe(303);
  return made.body.id;
}

/** What the identity header of a message says of its operator. */
function operatorClaim(mail: Buffer | undefined): object {
  const [, header = ""] =
    /^X-MultiMail-Identity:((?:[^\r]|\r\n[ \t])*)/im.exec(mail?.toString("latin1") ?? "") ?? [];
  const [, claims = ""] = header.replaceAll(/\s/g, "").split(".");
  return JSON.parse(Buffer.from(claims, "base64url").toString()).operator;
}

/** Sends from a mailbox; answers the selectors of the signatures that arrived, with what mailauth says of them. */
async function signatures(mailboxId: string): Promise<Record<string, string>> {
  const { length } = sink.messages;
  const path = `/v1/mailboxes/${mailboxId}/send`;
  const message = { to: ["ada@example.net"], subject: "Signed", markdown: "Hello." };
  const sent = await running.call(running.known.agent_key, path, message);
  expect(sent.status, JSON.stringify(sent.body)).toBe(202);
  await sink.until(({ messages }) => messages.length > length);
  const live = openResolver({ servers: [dns.address], max_cached: 0, now: () => new Date() });
  const { results } = await dkimVerify(sink.messages[length]?.data ?? Buffer.alloc(0), {
    resolver: asMailauthResolver(live),
  });
  live.close();
  return Object.fromEntries(results.map((one) => [one.selector, one.status.result]));
}

describe("the life of a domain", () => {
  test("it is created with its records, wrong ones are named in words, right ones verify it, and mail from it is signed", async () => {
    const made = await call("", { domain: "Shop.Example.com." });
    expect(made).toMatchObject({
      status: 201,
      body: { domain: "shop.example.com", status: "pending", verified_at: null, instance: false },
    });
    const { id, records } = made.body;
    expect(await call("", { domain: "shop.example.com" })).toMatchObject({
      status: 200,
      body: { id },
    });
    const address = "bot@shop.example.com";
    expect(await running.call(running.known.admin_key, "/v1/mailboxes", { address })).toMatchObject(
      { status: 400, body: { code: "unknown_domain" } },
    );

    const nothing = await verify(id);
    expect(judged(nothing, "dkim").status).toBe("missing");
    expect(judged(nothing, "return_path").status).toBe("missing");
    expect(judged(nothing, "dmarc").status).toBe("not_required");

    const dkim = recordOf(made, "dkim");
    const wrong = (value: string): Promise<Answer> => {
      publish(dns, [{ ...dkim, value }]);
      return verify(id);
    };
    const cut = await wrong(dkim.value.slice(0, 255));
    expect(judged(cut, "dkim")).toMatchObject({ status: "wrong" });
    expect(judged(cut, "dkim").message).toMatch(/cut off after \d+ of \d+ characters/);
    const another = await wrong(dkim.value.replace("p=MIIB", "p=MIIC"));
    expect(judged(another, "dkim").message).toContain("differs in its first 12 characters");
    publish(dns, [dkim, { ...dkim, value: "v=DKIM1; k=rsa; p=MIIC" }]);
    expect(judged(await verify(id), "dkim").message).toContain("two DKIM records");
    dns.put(dkim.name, { CNAME: ["elsewhere.example.net"] });
    expect(judged(await verify(id), "dkim").message).toBe(
      "A CNAME to elsewhere.example.net was found where TXT is expected.",
    );
    dns.remove(dkim.name);
    publish(dns, [{ ...dkim, name: `${dkim.name}.shop.example.com` }]);
    expect(judged(await verify(id), "dkim").message).toBe(
      `Your provider appended the domain twice: found at ${dkim.name}.shop.example.com.`,
    );
    publish(dns, [...records, { ...recordOf(made, "spf"), value: "v=spf1 -all" }]);
    dns.put(dkim.name, {});
    expect(judged(await verify(id), "spf").message).toContain("two SPF records");
    dns.fault(dkim.name, "servfail");
    expect(judged(await verify(id), "dkim").status).toBe("unknown");
    dns.heal();

    publish(dns, records);
    const right = await verify(id);
    expect(right.body).toMatchObject({ status: "verified" });
    expect(
      right.body.records.filter((one: Shown) => one.required).map((one: Shown) => one.status),
    ).toEqual(["ok", "ok"]);
    expect(new Set(right.body.records.map((one: Shown) => one.status))).toEqual(new Set(["ok"]));

    const passes = await signatures(await writer(address));
    expect(passes).toEqual(
      Object.fromEntries(
        right.body.dkim.map((key: { selector: string }) => [key.selector, "pass"]),
      ),
    );
    expect(operatorClaim(sink.messages.at(-1)?.data)).toMatchObject({ verified: true });
    // The instance's own domain is anybody's whom it lets write from there.
    await signatures(await writer("plain@host.example"));
    expect(operatorClaim(sink.messages.at(-1)?.data)).toMatchObject({ verified: false });
    expect(await call(`/${id}`, undefined, "DELETE")).toMatchObject({
      status: 409,
      body: { code: "domain_in_use" },
    });
    const types = await rows<{ type: string }>(
      "SELECT type FROM event WHERE operator_id = $1 AND data->>'domain_id' = $2",
      node.operator_id,
      id,
    );
    expect(types).toEqual([{ type: "domain.verified" }]);
  });

  test("rotated keys sign once DNS shows them, the old ones until then, and their records are to be kept", async () => {
    const before = await proven("turn.example.com");
    const mailbox = await writer("bot@turn.example.com");
    const { id, dkim: old } = before.body;
    const rotated = await call(`/${id}/rotate-dkim`, {});
    expect(rotated.status).toBe(200);
    const pending = rotated.body.dkim.filter((key: { status: string }) => key.status === "pending");
    expect(pending).toHaveLength(2);
    expect((await call(`/${id}/rotate-dkim`, {})).body.dkim).toEqual(rotated.body.dkim);

    expect((await verify(id)).body).toMatchObject({ status: "verified", dkim: rotated.body.dkim });
    const selectors = (keys: { selector: string }[]): string[] =>
      keys.map((key) => key.selector).toSorted();
    expect(Object.keys(await signatures(mailbox)).toSorted()).toEqual(selectors(old));

    publish(dns, recordsOf(rotated, "dkim"));
    const switched = await verify(id);
    const retired = switched.body.dkim.filter(
      (key: { status: string }) => key.status === "retired",
    );
    expect(selectors(retired)).toEqual(selectors(old));
    for (const { keep_until } of retired)
      expect(Date.parse(keep_until)).toBeGreaterThan(Date.now() + 18.9 * 86_400_000);
    expect(await signatures(mailbox)).toEqual(
      Object.fromEntries(selectors(pending).map((selector) => [selector, "pass"])),
    );
    // What is retired still verifies older mail, for those who pin our keys.
    const keys = await running.call(running.known.admin_key, "/v1/public-keys");
    for (const selector of selectors(old))
      expect(Object.keys(keys.body.dkim)).toContain(`${selector}._domainkey.turn.example.com`);
    const logged = await rows<{ type: string }>(
      "SELECT type FROM log_entry WHERE operator_id = $1 AND resource = ANY ($2)",
      node.operator_id,
      (
        await rows<{ key_id: string }>(
          "SELECT key_id FROM signing_key WHERE domain = $1",
          "turn.example.com",
        )
      ).map(({ key_id }) => key_id),
    );
    const count = (type: string): number => logged.filter((one) => one.type === type).length;
    expect([
      count("signing_key.created"),
      count("signing_key.activated"),
      count("signing_key.retired"),
    ]).toEqual([4, 4, 2]);
  });

  test("another node signs with the new key as soon as it has looked, and sees a new domain at once", async () => {
    const made = await call("", { domain: "far.example.com" });
    expect(await node.context.keyring.dkimOf(node.operator_id, "far.example.com")).toEqual([]);
    publish(dns, made.body.records);
    await verify(made.body.id);
    node.context.keyring.forget(node.operator_id);
    const keys = await node.context.keyring.dkimOf(node.operator_id, "far.example.com");
    expect(keys.map(({ algorithm }) => algorithm)).toEqual(["rsa-sha256", "ed25519-sha256"]);
  });

  test("a message whose domain has no key in use waits with the reason, and goes out when there is one", async () => {
    const { body } = await proven("keyless.example.com");
    const mailbox = await writer("bot@keyless.example.com");
    const keys = (status: string): Promise<void> =>
      node.asOwner(
        `UPDATE signing_key SET status = '${status}' WHERE domain = 'keyless.example.com'`,
      );
    await keys("pending");
    // Whatever changes keys through the instance lets it look at all of them anew.
    await verify((await call("", { domain: "unrelated.example.com" })).body.id);
    const sent = await running.call(running.known.agent_key, `/v1/mailboxes/${mailbox}/send`, {
      to: ["ada@example.net"],
      subject: "Waits",
      markdown: "Hello.",
    });
    const path = `/v1/mailboxes/${mailbox}/emails/${sent.body.id}`;
    const read = async (): Promise<Answer["body"]> =>
      (await running.call(running.known.agent_key, path)).body;
    await expect
      .poll(async () => (await read()).recipients[0].status, { timeout: 10_000 })
      .toBe("deferred");
    const waiting = await read();
    expect(waiting.status).toBe("queued");
    expect(waiting.recipients[0].receipt.reply).toContain(
      "keyless.example.com has no DKIM key in use",
    );
    expect((await verify(body.id)).body.dkim[0].status).toBe("active");
    await node.asOwner(`UPDATE due SET due_at = now() WHERE message_id = '${sent.body.id}'`);
    await expect.poll(async () => (await read()).status, { timeout: 10_000 }).toBe("sent");
  });

  test("a domain that is deleted while a mailbox is made there leaves no mailbox without a domain", async () => {
    for (let round = 0; round < 8; round++) {
      const name = `fleeting${round}.example.com`;
      const { body } = await proven(name);
      const [made, gone] = await Promise.all([
        running.call(running.known.admin_key, "/v1/mailboxes", { address: `bot@${name}` }),
        call(`/${body.id}`, undefined, "DELETE"),
      ]);
      expect([made.status, gone.status].toSorted((a, b) => a - b)).toEqual(
        made.status === 201 ? [201, 409] : [200, 400],
      );
    }
  });

  test("a domain without mailboxes goes, its waiting keys with it, and can be asked for anew", async () => {
    const { body } = await proven("gone.example.com");
    expect((await call(`/${body.id}`, undefined, "DELETE")).status).toBe(200);
    expect((await call(`/${body.id}`)).status).toBe(404);
    expect((await call("", { domain: "gone.example.com" })).body.id).not.toBe(body.id);
    const statuses = await rows<{ status: string }>(
      "SELECT DISTINCT status FROM signing_key WHERE domain = $1 ORDER BY 1",
      "gone.example.com",
    );
    expect(statuses.map((row) => row.status)).toEqual(["pending", "retired"]);
  });
});

describe("whose it is", () => {
  test("many may ask for a name, and who has not proven it by a key of their own gets nothing", async () => {
    const { admin_key: theirs } = other;
    const ours = await call("", { domain: "both.example.com" });
    const other_ = await call("", { domain: "both.example.com" }, undefined, theirs);
    expect([ours.status, other_.status]).toEqual([201, 201]);
    publish(dns, ours.body.records);
    expect((await verify(other_.body.id, theirs)).body.status).toBe("pending");
    expect((await verify(ours.body.id)).body.status).toBe("verified");
    publish(dns, [...ours.body.records, ...recordsOf(other_, "dkim")]);
    expect(await verify(other_.body.id, theirs)).toMatchObject({
      status: 409,
      body: { code: "domain_taken" },
    });
    expect((await call(`/${ours.body.id}`, undefined, undefined, theirs)).status).toBe(404);
    expect(
      (await call(`/${other_.body.id}`, undefined, undefined, theirs)).body.dkim,
    ).toMatchObject([{ status: "pending" }, { status: "pending" }]);
  });

  test(promise("domains.one-prover"), async () => {
    const { admin_key: theirs } = other;
    for (let round = 0; round < 5; round++) {
      const name = `race${round}.example.com`;
      const [a, b] = await Promise.all([
        call("", { domain: name }),
        call("", { domain: name }, undefined, theirs),
      ]);
      publish(dns, [...a.body.records, ...recordsOf(b, "dkim")]);
      const ends = await Promise.all([
        verify(a.body.id),
        verify(b.body.id, theirs),
        verify(a.body.id),
        verify(b.body.id, theirs),
      ]);
      const verified = ends.map(({ body }) => body.status === "verified");
      expect(verified[0]).toBe(verified[2]);
      expect(verified[1]).toBe(verified[3]);
      expect(verified[0]).not.toBe(verified[1]);
      const [lost] = ends.filter(({ status }) => status !== 200);
      expect(lost?.body.code).toBe("domain_taken");
      const entries = await node.database.as("*", (tx) =>
        tx.named<{ count: number }>(
          "verified_entries",
          "SELECT count(*)::int AS count FROM log_entry WHERE type = 'domain.verified' AND resource IN ($1, $2)",
          [a.body.id, b.body.id],
        ),
      );
      expect(entries[0]?.count).toBe(1);
    }
  });

  test.each([
    ["com", "labels"],
    ["co.uk", "public suffix"],
    ["github.io", "public suffix"],
    ["127.0.0.1", "IP address"],
    ["[::1]", "domain name"],
    ["0x7f.1", "IP address"],
    ["a_b.example.com", "domain name"],
    ["https://example.com", "domain name"],
    ["ada@example.com", "address"],
    ["bounces.example.com", "meaning of its own"],
    [`${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.com`, "longer than"],
  ])("%s is refused: %s", async (domain, words) => {
    const answer = await call("", { domain });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "validation_failed", field: "domain" },
    });
    expect(answer.body.error).toContain(words);
  });

  test("the host's own name, and names below it, belong to the host", async () => {
    const { admin_key: theirs } = other;
    for (const domain of ["host.example", "mail.host.example"])
      expect(await call("", { domain }, undefined, theirs)).toMatchObject({
        status: 409,
        body: { code: "domain_taken" },
      });
    expect((await call("", { domain: "mail.host.example" })).status).toBe(201);
    const { body } = await call("?limit=100");
    const own = body.domains.find((one: { domain: string }) => one.domain === "host.example");
    expect(own).toMatchObject({ instance: true, status: "verified" });
    expect(await call(`/${own.id}`, undefined, "DELETE")).toMatchObject({
      status: 409,
      body: { code: "domain_in_use" },
    });
    expect((await call(`/${own.id}`)).body.records.length).toBeGreaterThan(8);
  });

  test("names in other scripts are kept as A-labels and shown as both", async () => {
    const made = await call("", { domain: "Bücher.example.com" });
    expect(made.body).toMatchObject({
      domain: "xn--bcher-kva.example.com",
      unicode: "bücher.example.com",
    });
    for (const { name } of made.body.records as Shown[])
      expect(name).toMatch(/xn--bcher-kva\.example\.com$/);
  });
});
