/** Lists of an inbox: each filter, how mail is read and marked, and that large inboxes are read along an index. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listMessageIds } from "../../src/store/message-list.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let box: string;
const mail: Record<string, string> = {};

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  box = running.known.mailbox_id;
  const sent = await running.send({ subject: "Ours", tags: { team: "sales", vip: "yes" } });
  mail["sent"] = sent.body.id;
  mail["plain"] = await keepReceived(node, box, {
    from: "Ada <ada@example.com>",
    thread_id: "t-1",
  });
  mail["bob"] = await keepReceived(node, box, {
    from: "Bob <bob@Other.example>",
    subject: "100% _odd_ \\ title",
    reply_to: "desk@other.example",
    attachments: [{ filename: "a.txt", content_type: "text/plain", content: Buffer.from("a") }],
  });
  mail["bounce"] = await keepReceived(node, box, { kind: "bounce" });
  mail["flagged"] = await keepReceived(node, box, { status: "spam_flagged" });
  mail["quarantined"] = await keepReceived(node, box, { status: "spam_quarantined" });
  mail["deleted"] = await keepReceived(node, box, { status: "deleted" });
  mail["archived"] = await keepReceived(node, box, { status: "archived" });
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

async function names(query: string, key = running.known.agent_key): Promise<string[]> {
  const { status, body } = await running.call(key, `/v1/mailboxes/${box}/emails?${query}`);
  expect(status, query).toBe(200);
  return body.emails.map(
    ({ id }: { id: string }) => Object.entries(mail).find(([, one]) => one === id)?.[0] ?? id,
  );
}

describe("a list", () => {
  test("leaves out spam and deleted mail unless their status is asked for", async () => {
    expect(await names("")).toEqual(["archived", "bounce", "bob", "plain", "sent"]);
    expect(await names("status=spam_flagged")).toEqual(["flagged"]);
    expect(await names("status=spam_quarantined")).toEqual(["quarantined"]);
    expect(await names("status=deleted")).toEqual(["deleted"]);
  });

  test("is filtered by each of its filters, and by several at once", async () => {
    for (const [query, wanted] of [
      ["status=unread", ["bounce", "bob", "plain"]],
      ["status=archived", ["archived"]],
      ["status=pending_send_approval", ["sent"]],
      ["status=unread&direction=outbound", []],
      ["direction=inbound", ["archived", "bounce", "bob", "plain"]],
      ["direction=outbound", ["sent"]],
      ["kind=bounce", ["bounce"]],
      ["sender=OTHER.example", ["bob"]],
      ["sender=%25", []],
      ["subject_contains=100%25%20_ODD_%20%5C", ["bob"]],
      ["subject_contains=_odd__", []],
      ["thread_id=t-1", ["plain"]],
      ["thread_id=t-", []],
      ["tag=vip", ["sent"]],
      ["tag=team:sales", ["sent"]],
      ["tag=team:sale", []],
      ["tag=sales", []],
      ["has_attachments=true", ["bob"]],
      ["has_attachments=true&status=unread&sender=bob&kind=mail", ["bob"]],
      ["date_after=2999-01-01T00:00:00Z", []],
      ["date_before=2999-01-01T00:00:00Z&direction=outbound", ["sent"]],
      [`since_id=${mail["bounce"]}`, ["archived"]],
      ["limit=2&offset=1", ["bounce", "bob"]],
    ] as const)
      expect(await names(query), query).toEqual(wanted);
  });

  test("goes on behind its cursor, also where rows were skipped", async () => {
    const first = await running.call(
      running.known.agent_key,
      `/v1/mailboxes/${box}/emails?limit=2&offset=1`,
    );
    expect(await names(`limit=2&offset=1&cursor=${first.body.next_cursor}`)).toEqual([
      "plain",
      "sent",
    ]);
  });
});

describe("a received email", () => {
  const at = (name: string): string => `/v1/mailboxes/${box}/emails/${mail[name]}`;

  test("shows both directions' fields, what is new in it, and what was found about it", async () => {
    const { body } = await running.call(running.known.agent_key, `${at("bob")}?peek=true`);
    expect(body).toMatchObject({
      direction: "inbound",
      status: "unread",
      kind: "mail",
      from: "bob@Other.example",
      from_name: "Bob",
      reply_to: ["desk@other.example"],
      new_text: "Hello.",
      authentication: { dmarc: "pass" },
      screening: { verdict: "pass" },
      attachments: [{ filename: "a.txt", size_bytes: 1, inline: false }],
      decisions: [],
      complained_at: null,
    });
    const sent = await running.call(running.known.agent_key, at("sent"));
    expect(sent.body).toMatchObject({ kind: "mail", new_text: null, authentication: null });
  });

  test("is read once an agent has read it, and not by a peek, an overseer or a key that only looks", async () => {
    const { agent_key: agent, oversight_key: overseer } = running.known;
    const unread = async (): Promise<boolean> => (await names("status=unread")).includes("plain");
    await running.call(agent, `${at("plain")}?peek=true`);
    await running.call(overseer, at("plain"));
    expect(await unread()).toBe(true);
    expect((await running.call(agent, at("plain"))).body.status).toBe("read");
    expect(await unread()).toBe(false);
    expect(await names("status=read")).toEqual(["plain"]);
  });

  test("is marked, and a mark is no way around screening", async () => {
    const mark = (name: string, status: string, key = running.known.agent_key) =>
      running.call(key, at(name), { status }, { method: "PATCH" });
    for (const status of ["archived", "deleted", "unread", "unread", "read"])
      expect((await mark("plain", status)).body).toEqual({ id: mail["plain"], status });
    for (const name of ["flagged", "quarantined"])
      for (const status of ["read", "deleted"])
        expect((await mark(name, status)).body.code, name).toBe("not_editable");
    expect((await mark("sent", "read")).body.code).toBe("not_inbound");
    expect((await mark("plain", "spam_flagged")).status).toBe(400);
    expect((await mark("plain", "read", running.known.oversight_key)).status).toBe(403);
    const log = await running.call(
      running.known.admin_key,
      `/v1/audit-log?mailbox_id=${box}&type=message.marked`,
    );
    // The second `unread` changed nothing.
    expect(log.body.entries ?? []).toHaveLength(4);
  });

  test("has no proof of sending, and cannot be cancelled", async () => {
    expect((await running.call(running.known.admin_key, `${at("bob")}/proof`)).status).toBe(404);
    const answer = await running.call(running.known.agent_key, `${at("bob")}/cancel`, {});
    expect(answer.body.code).toBe("not_cancellable");
  });
});

describe("a large inbox", () => {
  test("is read along its indexes: the newest, the unread, the flagged of all mailboxes", async () => {
    await node.asOwner(`
      INSERT INTO message SELECT operator_id, lpad(n::text, 26, '0'), mailbox_id, direction,
        CASE WHEN n % 20000 = 0 THEN 'unread' ELSE 'read' END, mode, test, required, timing, gated, handed, authors, author_kind,
        author_id, digest, attempts, first_attempt_at, lpad(n::text, 26, '0'), rfc_message_id, from_address, subject, size_bytes,
        attachments, tags, metadata, reason, send_at, expires_at, created_at, updated_at
      FROM message, generate_series(1, 60000) n WHERE message_id = '${mail["plain"]}';
      ANALYZE message`);
    const base = { mailbox_ids: [box], withheld: false, order: "newest", limit: 21 } as const;
    /** Rows of the table that one list fetched, as the database counts them. */
    const fetched = (filter: object): Promise<number> =>
      node.database.transaction(node.operator_id, async (tx) => {
        await listMessageIds(tx, { ...base, ...filter });
        const [row] = await tx.named<{ rows: number }>(
          "fetched",
          "SELECT (idx_tup_fetch + seq_tup_read)::int AS rows FROM pg_stat_xact_user_tables WHERE relname = 'message'",
          [],
        );
        return row?.rows ?? 0;
      });
    for (const filter of [
      {},
      { statuses: ["unread"] },
      { statuses: ["archived"] },
      { statuses: ["spam_flagged"], mailbox_ids: null },
      { statuses: ["pending_inbound_approval"], withheld: true },
      { thread_id: "t-1" },
    ])
      expect(await fetched(filter), JSON.stringify(filter)).toBeLessThan(50);
  });
});
