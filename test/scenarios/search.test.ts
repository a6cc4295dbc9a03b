/** Full-text search: what is found, that nothing else is, and that it is found along the index. */
import { promise } from "../promises.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Founded } from "../../src/engine/bootstrap.ts";
import type { Tx } from "../../src/store/database.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let other: Founded;
let box: string;
const mail: Record<string, string> = {};

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  other = await node.found("other");
  box = running.known.mailbox_id;
  mail["ours"] = (
    await running.send({
      to: ["Grace Hopper <grace@navy.example>"],
      subject: "Your café invoice 2026-0815",
      markdown: "The **amount** is 400 euros, see <script>alert(1)</script>.",
    })
  ).body.id;
  mail["answer"] = await keepReceived(node, box, {
    from: "Grace Hopper <grace@navy.example>",
    subject: "Re: Your café invoice",
    text: "The amount is wrong.\r\n\r\n> The amount is 400 euros\r\n",
    attachments: [
      { filename: "Beleg-März.pdf", content_type: "application/pdf", content: Buffer.from("x") },
    ],
  });
  mail["japanese"] = await keepReceived(node, box, {
    subject: "昨日の発票について",
    text: "発票です",
  });
  mail["archived"] = await keepReceived(node, box, { status: "archived", text: "amount again" });
  mail["theirs"] = await keepReceived(
    node,
    other.mailbox_id,
    { text: "The amount of the other operator" },
    other.operator_id,
  );
  await indexed();
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

/** Waits until the index worker has nothing left to do. */
async function indexed(): Promise<void> {
  const end = Date.now() + 20_000;
  const left = (operator: string): Promise<unknown[]> =>
    node.as((tx) => tx.named("left", "SELECT 1 FROM due WHERE kind = 'index'", []), operator);
  while ((await left(node.operator_id)).length + (await left(other.operator_id)).length > 0) {
    if (Date.now() > end) throw new Error("the index is not up to date");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

type Found = { id: string; highlights: string[] };

async function found(q: string, more = "", key = running.known.agent_key): Promise<Found[]> {
  const where = key === other.agent_key ? other.mailbox_id : box;
  const path = `/v1/mailboxes/${where}/emails?q=${encodeURIComponent(q)}${more}`;
  const { status, body } = await running.call(key, path);
  expect(status, `${q} ${JSON.stringify(body)}`).toBe(200);
  return body.emails;
}

async function names(q: string, more = ""): Promise<string[]> {
  return (await found(q, more)).map(
    ({ id }) => Object.entries(mail).find(([, one]) => one === id)?.[0] ?? id,
  );
}

describe("search", () => {
  test("finds by subject, people, attachment names and body, newest first, without accents and case", async () => {
    for (const [q, wanted] of [
      ["amount", ["archived", "answer", "ours"]],
      ["AMOUNT wrong", ["answer"]],
      ["cafe", ["answer", "ours"]],
      ["CAFÉ invo", ["answer", "ours"]],
      ["2026-0815", ["ours"]],
      ["hopper", ["answer", "ours"]],
      ["grace@navy.example", ["answer", "ours"]],
      ["navy.example", ["answer", "ours"]],
      ["beleg-marz.pdf", ["answer"]],
      ["märz", ["answer"]],
      ['"amount is 400"', ["answer", "ours"]],
      ['"is amount 400"', []],
      ["amount -again", ["answer", "ours"]],
      ["wrong or again", ["archived", "answer"]],
      ["発票", ["japanese"]],
      ["票発", []],
      ["amou", ["archived", "answer", "ours"]],
      ["amou wrong", []],
      ["nothing", []],
    ] as const)
      expect(await names(q), q).toEqual(wanted);
  });

  test("goes with every filter, and page by page", async () => {
    expect(await names("amount", "&direction=inbound")).toEqual(["archived", "answer"]);
    expect(await names("amount", "&status=archived")).toEqual(["archived"]);
    expect(await names("amount", "&has_attachments=true")).toEqual(["answer"]);
    expect(await names("amount", `&since_id=${mail["ours"]}`)).toEqual(["archived", "answer"]);
    expect(await names("amount", "&limit=1&offset=1")).toEqual(["answer"]);
    const path = `/v1/mailboxes/${box}/emails?q=amount&limit=1`;
    const all: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const { body } = await running.call(
        running.known.agent_key,
        `${path}&cursor=${cursor}`.replace(/&cursor=$/, ""),
      );
      all.push(...body.emails.map(({ id }: Found) => id));
      cursor = body.next_cursor;
    }
    expect(all).toEqual([mail["archived"], mail["answer"], mail["ours"]]);
  });

  test("shows each message as the list without words does, also one that people decided on", async () => {
    const { id } = (
      await running.send({
        to: ["Zoe <zoe@navy.example>", "abe@navy.example"],
        cc: ["cy@navy.example"],
        subject: "Gated quokka",
        markdown: "A quokka.",
      })
    ).body;
    mail["quokka"] = id;
    await running.decide(id, "approve");
    await running.settled(id, "delivered");
    await indexed();
    const list = `/v1/mailboxes/${box}/emails`;
    const key = running.known.agent_key;
    const { emails } = (await running.call(key, list)).body;
    const searched = (await running.call(key, `${list}?q=quokka`)).body.emails;
    expect(searched).toEqual([
      { ...emails.find((one: Found) => one.id === id), highlights: ["A ⟦quokka⟧."] },
    ]);
    expect(searched[0]).toMatchObject({
      to: ["zoe@navy.example", "abe@navy.example"],
      approvals: 1,
    });
    const unknown = await running.call(key, `/v1/mailboxes/${"0".repeat(26)}/emails?q=quokka`);
    expect(unknown.status).toBe(404);
  });

  test("shows what it found as plain text between marks", async () => {
    const [, , ours] = await found("amount");
    expect(ours?.highlights).toEqual([
      "The **⟦amount⟧** is 400 euros, see <script>alert(1)</script>.",
    ]);
    expect((await found("hopper"))[0]?.highlights).toEqual([]);
  });

  test(promise("search.tenant"), async () => {
    expect((await found("amount")).map(({ id }) => id)).not.toContain(mail["theirs"]);
    const theirs = await found("amount", "", other.agent_key);
    expect(theirs.map(({ id }) => id)).toEqual([mail["theirs"]]);
    const asked = node.as((tx) =>
      tx.named("steal", "SELECT search_messages($1, NULL, 'amount', NULL, NULL, 10)", [
        other.operator_id,
      ]),
    );
    await expect(asked).rejects.toThrow(/another operator/);
  });

  test("takes any text as words", async () => {
    for (const q of [
      "'",
      "' OR 1=1 --",
      "a:* | !b & (c",
      "\\",
      "amount':*",
      '"',
      '"unclosed amount',
      "!!!",
      "-",
      "or or or",
      "<->",
      "amount <2> wrong",
      "x".repeat(500),
      "%_*?",
      "$1",
      "🦊",
      "-amount",
    ])
      await found(q);
    expect(await names("amount ' wrong")).toEqual(["answer"]);
  });

  test("is up to date with what was sent and received since, within its pause", async () => {
    const id = await keepReceived(node, box, { text: "Latecomer" });
    await indexed();
    expect((await found("latecomer")).map((one) => one.id)).toEqual([id]);
  });
});

describe("a large store", () => {
  beforeAll(async () => {
    await node.asOwner(`
      INSERT INTO message SELECT operator_id, lpad(n::text, 26, '0'), mailbox_id, direction, CASE WHEN n % 2 = 0 THEN 'read' ELSE 'rejected' END,
        mode, test, required, timing, gated, handed, authors, author_kind, author_id, digest, attempts, first_attempt_at,
        lpad(n::text, 26, '0'), rfc_message_id, from_address, subject, size_bytes, attachments, tags, metadata, reason, send_at,
        expires_at, created_at, updated_at
      FROM message, generate_series(1, 20000) n WHERE message_id = '${mail["japanese"]}';
      INSERT INTO message_search SELECT '${node.operator_id}', lpad(n::text, 26, '0'), '${box}',
        to_tsvector('simple', 'everywhere ' || CASE WHEN n % 4000 = 1 THEN 'seldom ' ELSE '' END || CASE WHEN n = 8 THEN 'once ' ELSE '' END || repeat('filling words of a usual mail ', 20) || n)
      FROM generate_series(1, 20000) n;
      ANALYZE message_search; ANALYZE message`);
  });

  /** Rows of the search table that one statement fetched. */
  const cost = (q: string): Promise<{ rows: number; ids: number }> =>
    node.database.transaction(node.operator_id, async (tx) => {
      const before = await fetchedSoFar(tx);
      const ids = await tx.named(
        "found",
        "SELECT search_messages($1, $2, $3::tsquery, NULL, NULL, 500)",
        [node.operator_id, [box], q],
      );
      return { rows: (await fetchedSoFar(tx)) - before, ids: ids.length };
    });

  async function fetchedSoFar(tx: Tx): Promise<number> {
    const [row] = await tx.named<{ rows: number }>(
      "fetched",
      "SELECT (idx_tup_fetch + seq_tup_read)::int AS rows FROM pg_stat_xact_user_tables WHERE relname = 'message_search'",
      [],
    );
    return row?.rows ?? 0;
  }

  test("is searched along the index: a rare word costs as many rows as it is found in", async () => {
    expect(await cost("'once'")).toEqual({ rows: 1, ids: 1 });
    expect(await cost("'seldom'")).toEqual({ rows: 5, ids: 5 });
    const common = await cost("'everywhere'");
    expect(common.ids).toBe(500);
    // Back in time along the key: all that are met match.
    expect(common.rows).toBeLessThan(1000);
  });

  test("gives what filters let through, however far back it is", async () => {
    // Of these every second one is withheld; the one that is found lies behind ten thousand that match.
    const ids = (await found("seldom")).map(({ id }) => id);
    expect(ids).toEqual([]);
    expect((await found("everywhere", "&status=rejected")).length).toBe(0);
    expect((await found("everywhere", "&limit=3")).map(({ id }) => Number(id))).toEqual([
      20_000, 19_998, 19_996,
    ]);
    expect((await found("everywhere once")).map(({ id }) => Number(id))).toEqual([8]);
    expect((await found("everywhere", `&since_id=${"0".repeat(22)}1996&offset=9000`)).length).toBe(
      2,
    );
  });
});
