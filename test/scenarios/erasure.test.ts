/** Erasing a person: what goes, what stays, who may ask, and that everything still verifies. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyBundle } from "../../src/audit/bundle.ts";
import type { Actor } from "../../src/core/actor.ts";
import { approved } from "./approvals.ts";
import { countRows, erasureIs, freshOwner, linesOf } from "./compliance-people.ts";
import { anErasure } from "./compliance-rows.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let owner: Actor;
let people = 0;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  keys = await ownerKeys(node);
  owner = await freshOwner(node);
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

const somebody = (): string => `Person${++people}@Example.com`;
const admin = (path: string, body?: unknown, more?: { method: string }): Promise<Answer> =>
  running.call(running.known.admin_key, path, body, more);
const emails = (): string => `/v1/mailboxes/${running.known.mailbox_id}/emails`;

/** A message that was approved and delivered. */
async function delivered(to: string[], words = "Secret words"): Promise<string> {
  const { body } = await running.send({
    to,
    subject: words,
    markdown: `${words} in the body.`,
    idempotency_key: `${words} to ${to[0]}`,
  });
  await running.decide(body.id, "approve");
  await running.settled(body.id, "delivered");
  return body.id;
}

async function erased(address: string): Promise<{ id: string; messages: number }> {
  const { erasure_id } = await node.engine.requestErasure(owner, { address, reference: "T-1" });
  const { messages } = await erasureIs(running, erasure_id, "settling", "done");
  return { id: erasure_id, messages };
}

/** Everything that the database holds as text, of the tables where a person could stand. */
async function everywhere(): Promise<string> {
  const tables =
    "message message_content message_version recipient idempotency contact allowlist_entry event service_mail message_search thread delivery_transcript log_entry erasure";
  const texts = [];
  for (const table of tables.split(" ")) {
    const rows = await node.as((tx) =>
      tx.named<{ row: string }>(`all_${table}`, `SELECT t::text AS row FROM ${table} t`, []),
    );
    // Bytes stand there in hex.
    for (const { row } of rows)
      texts.push(
        row,
        row.replaceAll(/\\\\?x([0-9a-f]+)/g, (_, hex: string) =>
          Buffer.from(hex, "hex").toString("latin1"),
        ),
      );
  }
  return texts.join("\n").toLowerCase();
}

describe("what goes", () => {
  test("an erased person stands nowhere any more: not in messages sent and received, contacts, allowlists, events or the log", async () => {
    const eve = somebody();
    const words = "Marzipan Rhinoceros";
    const sent = await delivered([eve, "bob@example.com"], words);
    const received = await keepReceived(node, running.known.mailbox_id, {
      from: `Eve Example <${eve}>`,
      subject: words,
      text: `${words}, she wrote`,
    });
    await admin("/v1/contacts", { email: eve, name: "Eve Example" });
    await node.engine.addAllowlistEntry(owner, running.known.mailbox_id, eve);
    expect(await everywhere()).toContain(eve.toLowerCase());
    const { messages } = await erased(eve);
    expect(messages).toBe(2);
    const left = await everywhere();
    // The row of the erasure itself knows whom until every node has forgotten the key.
    const places = left.split("\n").filter((line) => line.includes(eve.toLowerCase()));
    expect(places.filter((line) => !line.includes(",settling,"))).toEqual([]);
    expect(left).not.toContain(words.toLowerCase());
    expect(left).not.toContain("eve example");
    // Bob is somebody else.
    const { body } = await admin(`${emails()}/${sent}`);
    expect(body.to).toEqual(["erased@erased.invalid", "bob@example.com"]);
    expect(body).toMatchObject({ status: "delivered", subject: "", markdown: "", text_body: "" });
    expect(body.erased_at).toMatch(/^20/);
    expect((await admin(`${emails()}/${received}`)).body).toMatchObject({
      from: "erased@erased.invalid",
      subject: "",
      text_body: "",
    });
  });

  test("what was erased is neither read raw, nor answered, nor sent again", async () => {
    const eve = somebody();
    const sent = await delivered([eve]);
    const received = await keepReceived(node, running.known.mailbox_id, { from: eve });
    await erased(eve);
    for (const id of [sent, received]) {
      expect(await admin(`${emails()}/${id}/raw`)).toMatchObject({
        status: 410,
        body: { code: "content_erased" },
      });
      const answer = { markdown: "An answer" };
      const reply = `/v1/mailboxes/${running.known.mailbox_id}/reply/${id}`;
      expect((await running.call(running.known.agent_key, reply, answer)).body.code).toBe(
        "content_erased",
      );
    }
    const found = await admin(`${emails()}?q=secret`);
    expect(found.body.emails.map((one: { id: string }) => one.id)).not.toContain(sent);
  });

  test("mail that has not left is cancelled, and erased once its last entry has its place", async () => {
    const eve = somebody();
    const { body } = await running.send({ to: [eve] });
    await erased(eve);
    expect((await admin(`${emails()}/${body.id}`)).body).toMatchObject({
      status: "cancelled",
      to: ["erased@erased.invalid"],
    });
    expect((await running.decide(body.id, "approve")).status).toBe(409);
  });

  test("a suppression stays, so that nobody writes to them again", async () => {
    const eve = somebody();
    await admin("/v1/suppression", { address: eve });
    await erased(eve);
    const again = await running.send({ to: [eve] });
    expect(again.body.code).toBe("recipient_suppressed");
  });
});

describe("what still verifies", () => {
  test("the evidence of an erased message says what was erased, and by which leaf", async () => {
    const eve = somebody();
    const sent = await delivered([eve, "bob@example.com"]);
    const whole = await admin(`${emails()}/${sent}/proof`);
    const pinned = whole.body.keys;
    const before = await verifyBundle(whole.body, { pinned, now: new Date() });
    expect(before).toMatchObject({ verdict: "valid", erased: [] });
    await erased(eve);
    const proof = await admin(`${emails()}/${sent}/proof`);
    const after = await verifyBundle(proof.body, { pinned, now: new Date() });
    expect(after.checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(after).toMatchObject({ verdict: "erased", exit_code: 20 });
    expect(after.erased.some((one) => /^body of entry \w+ \(leaf \d+\)$/.test(one))).toBe(true);
    // Bob's own address still opens.
    expect(proof.body.openings.map((one: { data: string }) => one.data)).toContain(
      "to:bob@example.com",
    );
    // Without its leaf the same silence is an alarm.
    const silent = {
      ...proof.body,
      entries: proof.body.entries.filter(
        ({ body }: { body: string }) =>
          !Buffer.from(body, "base64").toString().includes('"erasure"'),
      ),
    };
    expect((await verifyBundle(silent, { pinned, now: new Date() })).verdict).toBe("invalid");
  });

  test("what another recipient's key opens of the content goes too, and their own address stays", async () => {
    const eve = somebody();
    // The first recipient's key opens subject and body.
    const sent = await delivered(["bob@example.com", eve]);
    const whole = await admin(`${emails()}/${sent}/proof`);
    const fieldsOf = ({ body }: Answer): string[] =>
      [...new Set<string>(body.openings.map(({ field }: { field: string }) => field))].toSorted();
    expect(fieldsOf(whole)).toEqual(["body", "subject", "to[0]", "to[1]"]);
    await erased(eve);
    const proof = await admin(`${emails()}/${sent}/proof`);
    expect(fieldsOf(proof)).toEqual(["to[0]"]);
    const report = await verifyBundle(proof.body, { pinned: whole.body.keys, now: new Date() });
    expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(report.verdict).toBe("erased");
  });

  test("erased one after the other, all people of a message go", async () => {
    const [eve, ann] = [somebody(), somebody()];
    const sent = await delivered([eve, ann]);
    await erased(eve);
    await erased(ann);
    const { body } = await admin(`${emails()}/${sent}/proof`);
    expect(body.recipients.map((one: { address: string }) => one.address)).toEqual(["", ""]);
    const report = await verifyBundle(body, { pinned: body.keys, now: new Date() });
    expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(report.verdict).toBe("erased");
  });

  test("mail to the person that began later is not touched, and its evidence is whole", async () => {
    const eve = somebody();
    await delivered([eve]);
    const { erasure_id } = await node.engine.requestErasure(owner, {
      address: eve,
      reference: null,
    });
    const later = await delivered([eve], "A new beginning");
    await erasureIs(running, erasure_id, "settling");
    const after = await delivered([eve], "And another");
    for (const id of [later, after]) {
      const { body } = await admin(`${emails()}/${id}/proof`);
      const report = await verifyBundle(body, { pinned: body.keys, now: new Date() });
      expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
      expect(report.verdict).toBe("valid");
    }
  });

  test("what another node sealed with the destroyed key is named too when the erasure settles", async () => {
    const eve = somebody();
    const keeping = await keys.make(["read", "send"]);
    await delivered([eve]);
    const actor = await node.engine.authenticate(keeping.secret);
    if (actor === null) throw new Error("no key");
    // This node remembers the key that the instance's worker destroys.
    await node.context.subjects.of(node.operator_id, eve);
    const { id } = await erased(eve);
    const late = await node.engine.submit(actor, {
      mailbox_id: running.known.mailbox_id,
      to: [eve],
      cc: [],
      bcc: [],
      subject: "Late",
      markdown: "Late",
      attachments: [],
      tags: {},
      metadata: {},
    });
    await expect.poll(() => countRows(node, "log_pending"), { timeout: 10_000 }).toBe(0);
    await node.asOwner(`UPDATE erasure SET next_at = now() WHERE erasure_id = '${id}'`);
    await erasureIs(running, id, "done");
    const { body } = await admin(`${emails()}/${late.id}/proof`);
    const report = await verifyBundle(body, { pinned: body.keys, now: new Date() });
    const openings = report.checks.find(({ name }) => /opening/i.test(name));
    expect(openings?.status).not.toBe("fail");
    expect(report.erased.some((one) => one.startsWith("to[0] of entry"))).toBe(true);
    // Nothing tells any more whom it was.
    expect(await countRows(node, `erasure WHERE erasure_id = '${id}' AND address IS NULL`)).toBe(1);
  });
});

describe("who may ask", () => {
  test("a key needs a person for it; the answer names no address", async () => {
    const eve = somebody();
    await delivered([eve]);
    const key = (await keys.make(["read", "admin"])).secret;
    const made = await approved(running, key, "/v1/subjects/erase", {
      address: eve,
      reference: "DSR-7",
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ status: "running", reference: "DSR-7" });
    expect(JSON.stringify(made.body)).not.toContain("@");
    await erasureIs(running, made.body.id, "settling");
    // Neither by name nor as a hash that can be guessed at.
    const guess = createHash("sha256").update(JSON.stringify({ address: eve, reference: "DSR-7" }));
    const { entries } = (await admin("/v1/audit-log?action=change.requested&limit=100")).body;
    expect(entries.length).toBeGreaterThan(0);
    expect(JSON.stringify(entries)).not.toContain(guess.digest("hex"));
    const listed = await admin("/v1/subjects/erasures");
    expect(listed.body.erasures[0]).toMatchObject({ id: made.body.id, messages: 1 });
  });

  test("a stale sign-in, an auditor, a test key and a key of one mailbox are refused", async () => {
    const wanted = { address: somebody(), reference: null };
    const stale = { ...owner, signed_in_at: new Date(Date.now() - 3_600_000).toISOString() };
    await expect(node.engine.requestErasure(stale, wanted)).rejects.toMatchObject({
      code: "fresh_sign_in_required",
    });
    await expect(
      node.engine.requestErasure(await freshOwner(node, "auditor"), wanted),
    ).rejects.toMatchObject({ code: "role_required" });
    await expect(
      node.engine.requestErasure({ ...owner, kind: "api_key", test: true }, wanted),
    ).rejects.toMatchObject({ code: "test_key" });
    await expect(
      node.engine.requestErasure({ ...owner, mailbox_ids: [running.known.mailbox_id] }, wanted),
    ).rejects.toMatchObject({ code: "scope_required" });
  });

  test("one's own people and mailboxes are not erased by address", async () => {
    for (const address of [running.known.mailbox_address, "oversight@multimail.localhost"])
      await expect(
        node.engine.requestErasure(owner, { address, reference: null }),
      ).rejects.toMatchObject({ code: "validation_failed", detail: { field: "address" } });
  });

  test("asked for twice it is the same erasure", async () => {
    const address = somebody();
    const [a, b] = await Promise.all([
      node.engine.requestErasure(owner, { address, reference: null }),
      node.engine.requestErasure(owner, { address, reference: null }),
    ]);
    expect(a.erasure_id).toBe(b.erasure_id);
  });

  test("asked for again it is the one under way, however many were asked for since", async () => {
    // One that settles only in a year, older than a hundred others.
    const id = await anErasure(node, node);
    const [asked] = await node.as((tx) =>
      tx.named<{ address: string }>("t", "SELECT address FROM erasure WHERE erasure_id = $1", [id]),
    );
    const address = asked?.address ?? "";
    for (let i = 0; i < 101; i++) await anErasure(node, node);
    const again = await node.engine.requestErasure(owner, { address, reference: null });
    expect(again.erasure_id).toBe(id);
  });

  test("another operator's mail with the same person is not touched", async () => {
    const other = await node.found(`other${++people}`);
    const eve = somebody();
    const theirs = await keepReceived(node, other.mailbox_id, { from: eve }, other.operator_id);
    await delivered([eve]);
    expect((await erased(eve)).messages).toBe(1);
    const { body } = await running.call(
      other.admin_key,
      `/v1/mailboxes/${other.mailbox_id}/emails/${theirs}`,
    );
    expect(body.from.toLowerCase()).toBe(eve.toLowerCase());
    const exported = await running.call(other.admin_key, "/v1/subjects/export", { address: eve });
    const lines = linesOf(exported.body);
    expect(lines.filter(({ type }) => type === "message").map(({ id }) => id)).toEqual([theirs]);
    const erasures = await running.call(other.admin_key, "/v1/subjects/erasures");
    expect(erasures.body.erasures).toEqual([]);
  });
});
