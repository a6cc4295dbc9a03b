/** Webhooks of a running instance: who is told what, signed how, tried how often, and what people and keys may do about it. */
import { createHmac } from "node:crypto";
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { approved, mailTo } from "./approvals.ts";
import { ownerOf } from "./authorisation-grants.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { type Receiver, type Told, receiver } from "./webhook-receiver.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let target: Receiver;
const made: string[] = [];

type Wanted = Parameters<SecondNode["engine"]["createWebhook"]>[1];

beforeAll(async () => {
  running = await run({ MULTIMAIL_PRIVATE_WEBHOOKS: "yes" });
  node = await secondNode(running);
  keys = await ownerKeys(node);
});
afterAll(async () => {
  await node.close();
  await running.stop();
});
beforeEach(async () => {
  target = await receiver();
});
afterEach(async () => {
  for (const id of made.splice(0)) await admin(`/v1/webhooks/${id}`, undefined, "DELETE");
  await target.close();
});

function admin(path: string, body?: unknown, method?: string): Promise<Answer> {
  return running.call(running.known.admin_key, path, body, method === undefined ? {} : { method });
}

/** A webhook as the owner makes it in the dashboard: a key may ask people for so many changes in an hour only. */
async function hook(wanted: Partial<Wanted> = {}): Promise<Answer["body"]> {
  const { row, signing_secret } = await node.engine.createWebhook(ownerOf(node, node.operator_id), {
    url: target.url,
    events: ["*"],
    mailbox_id: null,
    description: null,
    ordered: false,
    secret: null,
    ...wanted,
  });
  made.push(row.webhook_id);
  return { id: row.webhook_id, signing_secret };
}

const about =
  (type: string, emailId?: string) =>
  ({ body }: Told): boolean =>
    body.type === type && (emailId === undefined || body.data.email_id === emailId);

/** The newest delivery of a webhook, once it has come to a status. */
async function delivered(webhookId: string, ...statuses: string[]): Promise<Answer["body"]> {
  const end = Date.now() + 15_000;
  for (;;) {
    const { body } = await admin(`/v1/webhook-deliveries?webhook_id=${webhookId}`);
    const found = body.deliveries.find(
      (one: { status: string; attempts: number }) =>
        statuses.includes(one.status) && one.attempts > 0,
    );
    if (found) return found;
    if (Date.now() > end) throw new Error(`no delivery is ${statuses.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

describe("a webhook that a key asks for", () => {
  test("waits for a person, and is made once by the call repeated with their code", async () => {
    const body = { url: target.url, events: ["message.*"] };
    const asked = await admin("/v1/webhooks", body);
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({ status: "approval_required" });
    const listed = await admin("/v1/webhooks");
    expect(listed.body.webhooks).toEqual([]);
    const answer = await approved(running, running.known.admin_key, "/v1/webhooks", body);
    expect(answer.status).toBe(201);
    const { body: webhook } = answer;
    made.push(webhook.id);
    expect(webhook).toMatchObject({ events: ["message.*"], mailbox_id: null, paused: false });
    expect(webhook.signing_secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const after = await admin("/v1/webhooks");
    expect(after.body.subscriptions).toEqual(after.body.webhooks);
    expect(after.body.webhooks).toMatchObject([{ id: webhook.id }]);
    expect(JSON.stringify(after.body)).not.toContain("whsec_");
    expect((await admin(`/v1/webhooks/${webhook.id}`)).body.signing_secret).toBeUndefined();
  });

  test("is refused where it would never be called, or names no event", async () => {
    for (const wanted of [
      { url: "ftp://example.com/" },
      { url: "https://user:pw@example.com/" },
      { url: "nonsense" },
      { url: target.url, events: ["message.nonsense"] },
      { url: target.url, events: [] },
      { url: target.url, secret: "short" },
      { url: target.url, nonsense: true },
    ]) {
      const answer = await admin("/v1/webhooks", wanted);
      expect(answer.status, JSON.stringify(wanted)).toBe(400);
      expect(answer.body.code).toBe("validation_failed");
    }
    const testKey = await keys.make(["read", "admin"], { test: true });
    const answer = await running.call(testKey.secret, "/v1/webhooks", { url: target.url });
    expect(answer.body.code).toBe("test_key");
  });
});

describe("what happens is told", () => {
  test("signed, so that standardwebhooks, svix and existing clients verify it", async () => {
    const { signing_secret: secret } = await hook({ events: ["oversight.pending"] });
    const sent = await running.send({ metadata: { ticket: "7" }, thread_id: "zd-12345" });
    const { headers, raw, body } = await target.until(about("oversight.pending", sent.body.id));
    const head = headers as Record<string, string>;
    expect(new Standard(secret).verify(raw, head)).toEqual(body);
    new Svix(secret).verify(raw, head);
    expect(head["x-multimail-signature"]).toBe(
      `sha256=${createHmac("sha256", secret).update(raw).digest("hex")}`,
    );
    expect(head["webhook-id"]).toBe(body.id);
    expect(body).toMatchObject({
      type: "oversight.pending",
      event: "oversight.pending",
      email_id: sent.body.id,
      thread_id: "zd-12345",
      mailbox_id: running.known.mailbox_id,
      data: {
        email_id: sent.body.id,
        thread_id: "zd-12345",
        metadata: { ticket: "7" },
        subject: "A test",
        text: "Some *text*.",
        to: ["ada@example.com"],
        status: "pending_send_approval",
      },
    });
  });

  test("a secret of one's own signs, and two sign while it rotates", async () => {
    const own = "my-own-secret-of-old";
    const webhook = await hook({ events: ["oversight.pending"], secret: own });
    const first = await running.send();
    const one = await target.until(about("oversight.pending", first.body.id));
    expect(one.headers["x-multimail-signature"]).toBe(
      `sha256=${createHmac("sha256", own).update(one.raw).digest("hex")}`,
    );
    new Standard(webhook.signing_secret).verify(one.raw, one.headers as Record<string, string>);
    const rotated = await admin(`/v1/webhooks/${webhook.id}/rotate`, {});
    expect(rotated.status).toBe(200);
    expect(rotated.body.signing_secret).not.toBe(webhook.signing_secret);
    const second = await running.send();
    const two = await target.until(about("oversight.pending", second.body.id));
    for (const secret of [webhook.signing_secret, rotated.body.signing_secret]) {
      new Standard(secret).verify(two.raw, two.headers as Record<string, string>);
      new Svix(secret).verify(two.raw, two.headers as Record<string, string>);
    }
    // A day later the old one is out.
    await node.asOwner(
      `UPDATE webhook SET old_until = now() - interval '1 second' WHERE webhook_id = '${webhook.id}'`,
    );
    const third = await running.send();
    const three = await target.until(about("oversight.pending", third.body.id));
    expect(() =>
      new Standard(webhook.signing_secret).verify(
        three.raw,
        three.headers as Record<string, string>,
      ),
    ).toThrow();
    new Standard(rotated.body.signing_secret).verify(
      three.raw,
      three.headers as Record<string, string>,
    );
  });

  test("each subscriber is told in the spelling that it asked for", async () => {
    const other = await receiver();
    await hook({ events: ["email.pending_approval", "email.received"] });
    await hook({ url: other.url, events: ["oversight.*", "message.received"] });
    const sent = await running.send();
    const id = await keepReceived(node, running.known.mailbox_id, { status: "unread" });
    await target.until(about("email.pending_approval", sent.body.id));
    await other.until(about("oversight.pending", sent.body.id));
    await other.close();
    expect(id).toHaveLength(26);
  });

  test("from submission to delivery, in the order in which it happened", async () => {
    await hook({ ordered: true });
    const sent = await running.send({ thread_id: "in-order" });
    await running.decide(sent.body.id, "approve");
    await target.until(about("message.delivered", sent.body.id));
    const types = target.told
      .filter(({ body }) => body.email_id === sent.body.id)
      .map(({ body }) => body.type);
    expect(types).toEqual([
      "oversight.pending",
      "oversight.approved",
      "message.queued",
      "message.sent",
      "message.delivered",
    ]);
  });

  test(promise("webhook.test-key"), async () => {
    await hook({ events: ["oversight.*", "message.*"] });
    const testKey = await keys.make(["read", "send"], { test: true });
    const quiet = await running.send({}, testKey.secret);
    const sent = await running.send();
    await target.until(about("oversight.pending", sent.body.id));
    expect(quiet.status).toBe(202);
    expect(target.told.some(({ body }) => body.email_id === quiet.body.id)).toBe(false);
  });

  test("a long text is cut at 256 KB", async () => {
    await hook({ events: ["oversight.pending"] });
    const sent = await running.send({ markdown: "ä".repeat(200_000) });
    const { body } = await target.until(about("oversight.pending", sent.body.id));
    expect(body.data.text_truncated).toBe(true);
    expect(Buffer.byteLength(body.data.text)).toBe(256 * 1024);
    expect(body.data.text).toMatch(/^ä+$/);
  });
});

describe("walls", () => {
  test("a webhook of one mailbox is told of that mailbox only", async () => {
    const address = `walled-${Date.now()}`;
    const { body: other } = await admin("/v1/mailboxes", { address });
    await hook({ mailbox_id: other.id });
    const elsewhere = await running.send();
    const here = await running.call(running.known.agent_key, `/v1/mailboxes/${other.id}/send`, {
      to: ["ada@example.com"],
      subject: "Here",
      markdown: "x",
    });
    await target.until(about("oversight.pending", here.body.id));
    expect(target.told.some(({ body }) => body.email_id === elsewhere.body.id)).toBe(false);
  });

  test("a key bound to a mailbox sees, makes and changes webhooks of that mailbox only", async () => {
    const address = `bound-${Date.now()}`;
    const { body: other } = await admin("/v1/mailboxes", { address });
    const bound = (await keys.make(["read", "admin"], { mailbox_ids: [other.id] })).secret;
    const whole = await hook();
    const listed = await running.call(bound, "/v1/webhooks");
    expect(listed.body.webhooks).toEqual([]);
    for (const [path, body, method] of [
      [`/v1/webhooks/${whole.id}`, undefined, "GET"],
      [`/v1/webhooks/${whole.id}`, { paused: true }, "PATCH"],
      [`/v1/webhooks/${whole.id}`, undefined, "DELETE"],
      [`/v1/webhooks/${whole.id}/rotate`, {}, "POST"],
      [`/v1/webhooks/${whole.id}/test`, {}, "POST"],
      [`/v1/webhook-deliveries?webhook_id=${whole.id}`, undefined, "GET"],
    ] as const)
      expect((await running.call(bound, path, body, { method })).status, path).toBe(404);
    const own = await approved(running, bound, "/v1/webhooks", { url: target.url });
    expect(own.body.mailbox_id).toBe(other.id);
    made.push(own.body.id);
    const foreign = { url: target.url, mailbox_id: running.known.mailbox_id };
    expect((await running.call(bound, "/v1/webhooks", foreign)).status).toBe(404);
  });

  test("another operator is told of nothing, and sees nothing", async () => {
    const other = await node.found(`hooks${Date.now()}`);
    const mine = await hook();
    const sent = await running.send();
    await target.until(about("oversight.pending", sent.body.id));
    const listed = await running.call(other.admin_key, "/v1/webhooks");
    expect(listed.body.webhooks).toEqual([]);
    expect((await running.call(other.admin_key, `/v1/webhooks/${mine.id}`)).status).toBe(404);
    const events = await running.call(other.admin_key, "/v1/events?limit=100");
    expect(JSON.stringify(events.body)).not.toContain(sent.body.id);
  });
});

describe("a target that fails", () => {
  test("is tried again, under the same id, and the log shows each try", async () => {
    const webhook = await hook({ events: ["oversight.pending"] });
    let left = 1;
    target.answer = (_told, response) =>
      left-- > 0
        ? response.writeHead(503, { "x-reason": "busy", "retry-after": "1" }).end("try later\0")
        : response.writeHead(200).end("ok");
    const sent = await running.send();
    const first = await target.until(about("oversight.pending", sent.body.id));
    const waiting = await delivered(webhook.id, "pending");
    expect(waiting).toMatchObject({
      event: "oversight.pending",
      attempts: 1,
      last_attempt: {
        request: { method: "POST", url: target.url, headers: { "webhook-id": first.body.id } },
        response: { status: 503, headers: { "x-reason": "busy" }, body: "try later\u{FFFD}" },
      },
    });
    expect(waiting.next_attempt_at).not.toBeNull();
    await admin(`/v1/webhook-deliveries/${waiting.id}/redeliver`, {});
    const done = await delivered(webhook.id, "delivered");
    expect(done).toMatchObject({ attempts: 2, next_attempt_at: null });
    const whole = await admin(`/v1/webhook-deliveries/${waiting.id}`);
    expect(whole.body.tries.map((one: Answer["body"]) => one.response.status)).toEqual([503, 200]);
    expect(JSON.parse(whole.body.request_body)).toEqual(first.body);
    expect(target.told.map(({ headers }) => headers["webhook-id"])).toEqual([
      first.body.id,
      first.body.id,
    ]);
  });

  test("a redirect is no success and is not followed", async () => {
    const elsewhere = await receiver();
    const webhook = await hook({ events: ["oversight.pending"] });
    target.answer = (_told, response) => response.writeHead(302, { location: elsewhere.url }).end();
    await running.send();
    expect(await delivered(webhook.id, "pending")).toMatchObject({
      last_attempt: { response: { status: 302 } },
    });
    expect(elsewhere.told).toEqual([]);
    await elsewhere.close();
  });

  test("410 Gone pauses it at once, and people are told", async () => {
    const webhook = await hook({ events: ["oversight.pending"] });
    target.answer = (_told, response) => response.writeHead(410).end();
    const sent = await running.send();
    await delivered(webhook.id, "dead");
    expect((await admin(`/v1/webhooks/${webhook.id}`)).body).toMatchObject({
      paused: true,
      active: false,
      paused_reason: "the target answered 410 Gone",
    });
    const overseer = (await admin("/v1/account")).body.oversight_address;
    await expect
      .poll(async () => (await mailTo(running, overseer)).some((text) => text.includes(webhook.id)))
      .toBe(true);
    // What happens meanwhile waits.
    target.answer = (_told, response) => response.writeHead(204).end();
    const later = await running.send();
    await expect
      .poll(async () => {
        const { body } = await admin(`/v1/webhook-deliveries?webhook_id=${webhook.id}`);
        return body.deliveries.length;
      })
      .toBe(2);
    const resumed = await admin(`/v1/webhooks/${webhook.id}`, { paused: false }, "PATCH");
    expect(resumed.body).toMatchObject({ paused: false, paused_reason: null });
    await target.until(about("oversight.pending", later.body.id));
    const again = await admin(`/v1/webhooks/${webhook.id}/redeliver`, {});
    expect(again.body).toEqual({ count: 1 });
    await target.until(
      ({ body }) => body.email_id === sent.body.id && target.told.at(-1)?.body.id === body.id,
    );
  });
});

test("a test event goes to the webhook that is tested, whatever it subscribes to", async () => {
  const webhook = await hook({ events: ["domain.verified"] });
  const answer = await admin(`/v1/webhooks/${webhook.id}/test`, {});
  expect(answer.status).toBe(202);
  const { body } = await target.until(about("webhook.test"));
  expect(body.data.webhook_id).toBe(webhook.id);
  const delivery = await delivered(webhook.id, "delivered");
  expect(delivery.id).toBe(answer.body.delivery_id);
});

test("another URL or other events are as sensitive as a new webhook; pausing and naming are not", async () => {
  const webhook = await hook({ events: ["oversight.pending"] });
  const path = `/v1/webhooks/${webhook.id}`;
  for (const change of [{ url: `${target.url}/2` }, { events: ["*"] }])
    expect((await admin(path, change, "PATCH")).status).toBe(202);
  expect((await admin(path, { description: "Ours", paused: true }, "PATCH")).body).toMatchObject({
    description: "Ours",
    paused: true,
    paused_reason: "paused by hand",
    url: target.url,
    events: ["oversight.pending"],
  });
  expect((await admin(`${path}/test`, {})).body.code).toBe("not_editable");
  const changed = await approved(
    running,
    running.known.admin_key,
    path,
    { events: ["*"] },
    {
      method: "PATCH",
    },
  );
  expect(changed.body.events).toEqual(["*"]);
});

describe("the URLs of a mailbox", () => {
  test("are webhooks like any other, and a person's to set", async () => {
    const { body: mailbox } = await admin("/v1/mailboxes", { address: `urls-${Date.now()}` });
    const path = `/v1/mailboxes/${mailbox.id}`;
    const change = { oversight_webhook_url: target.url };
    const set = await approved(running, running.known.admin_key, path, change, {
      method: "PATCH",
    });
    expect(set.body).toMatchObject({ oversight_webhook_url: target.url, webhook_url: null });
    const { body } = await admin(`/v1/webhooks?mailbox_id=${mailbox.id}`);
    expect(body.webhooks).toMatchObject([{ url: target.url, origin: "oversight" }]);
    const sent = await running.call(running.known.agent_key, `${path}/send`, {
      to: ["ada@example.com"],
      subject: "x",
      markdown: "x",
    });
    await target.until(about("email.pending_approval", sent.body.id));
    const [webhook] = body.webhooks;
    const moved = await admin(`/v1/webhooks/${webhook.id}`, { url: `${target.url}/2` }, "PATCH");
    expect(moved.body.code).toBe("not_editable");
    // Nobody silences oversight with a key alone, by none of the ways.
    const pause = { paused: true };
    expect((await admin(`/v1/webhooks/${webhook.id}`, pause, "PATCH")).status).toBe(202);
    expect((await admin(`/v1/webhooks/${webhook.id}`)).body.paused).toBe(false);
    const at = `/v1/webhooks/${webhook.id}`;
    const key = running.known.admin_key;
    expect((await approved(running, key, at, pause, { method: "PATCH" })).status).toBe(200);
    // Which request let it through stands with what was done.
    const log = await admin(
      `/v1/audit-log?resource=${webhook.id}&action=webhook.changed&limit=100`,
    );
    expect(log.body.entries.at(-1).data).toMatchObject({
      paused: true,
      change: expect.any(String),
    });
    expect((await admin(`/v1/webhooks/${webhook.id}`, undefined, "DELETE")).status).toBe(202);
    expect((await admin(path, { oversight_webhook_url: null }, "PATCH")).status).toBe(202);
    const gone = await approved(
      running,
      running.known.admin_key,
      path,
      { oversight_webhook_url: null },
      { method: "PATCH" },
    );
    expect(gone.body.oversight_webhook_url).toBeNull();
    expect((await admin(`/v1/webhooks?mailbox_id=${mailbox.id}`)).body.webhooks).toEqual([]);
  });

  test("deleting the webhook behind one takes it out of the mailbox", async () => {
    const wanted = { address: `born-${Date.now()}`, webhook_url: target.url };
    const born = await approved(running, running.known.admin_key, "/v1/mailboxes", wanted);
    expect(born.body.webhook_url).toBe(target.url);
    const { body } = await admin(`/v1/webhooks?mailbox_id=${born.body.id}`);
    expect(body.webhooks).toMatchObject([{ origin: "mailbox", mailbox_id: born.body.id }]);
    await admin(`/v1/webhooks/${body.webhooks[0].id}`, undefined, "DELETE");
    expect((await admin(`/v1/mailboxes/${born.body.id}`)).body.webhook_url).toBeNull();
  });
});
