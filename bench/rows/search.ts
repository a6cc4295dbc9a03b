/** Full-text search: 50 results through REST, with what was found in them, against the same query by hand on the same database. */
import type pg from "pg";
import { fillReceived, openOwner, timed } from "../filled-mailbox.ts";
import { type Row, type Side, atMost, median, quantile } from "../figures.ts";
import { type Server, openServer } from "../multimail.ts";

/** What the row is given. */
export type SearchOptions = { messages: number; rounds: number };

/** In most messages, in many, in few, two words, a phrase that is rare, a name. */
const queries = ["word0", "word100", "word15000", "word3 word7", '"word1 word2"', "person 500"];

/** Each query so often in a round. */
const times = 15;

const results = 50;

/** As a person would write it who knows the schema. The texts come along, as they do for showing what was found. */
const byHand = `
SELECT m.*, left(c.body_text, 65536) AS body,
  (SELECT jsonb_agg(to_jsonb(r)) FROM recipient r WHERE r.operator_id = m.operator_id AND r.message_id = m.message_id) AS recipients
FROM message_search s JOIN message m USING (operator_id, message_id) JOIN message_content c USING (operator_id, message_id)
WHERE s.mailbox_id = $1 AND s.operator_id = (SELECT operator_id FROM mailbox WHERE mailbox_id = $1)
  AND s.tsv @@ websearch_to_tsquery('simple', $2)
ORDER BY s.message_id DESC LIMIT ${results}`;

type Found = { emails: { id: string }[] };

async function ours(server: Server, q: string): Promise<{ ms: number; ids: string[] }> {
  // A quotation mark's end keeps the last word from being a beginning too: both sides look for the same.
  const { ms, body } = await timed(
    server,
    `/v1/mailboxes/${server.mailbox_id}/emails?limit=${results}&q=${encodeURIComponent(whole(q))}`,
  );
  return { ms, ids: (body as Found).emails.map((email) => email.id) };
}

const whole = (q: string): string =>
  q.endsWith('"') ? q : q.replace(/\S+$/, (last) => `"${last}"`);

async function theirs(
  owner: pg.Client,
  server: Server,
  q: string,
): Promise<{ ms: number; ids: string[] }> {
  const begun = performance.now();
  const { rows } = await owner.query<{ message_id: string }>(byHand, [server.mailbox_id, q]);
  return { ms: performance.now() - begun, ids: rows.map((row) => row.message_id) };
}

/** In turn, query by query; both must find the same. */
export async function searching(options: SearchOptions): Promise<Row> {
  const server = await openServer();
  const sides: [Side, Side] = [
    { name: "MultiMail, REST", runs: [] },
    { name: "by hand", runs: [] },
  ];
  const slowest = new Map<string, number[]>();
  try {
    await fillReceived(server, options.messages);
    const owner = await openOwner(server);
    for (let round = -1; round < options.rounds; round++) {
      const took: [number[], number[]] = [[], []];
      for (let n = 0; n < times; n++)
        for (const q of queries) {
          // Whoever comes second finds the rows in the processor's caches; so each comes second every other time.
          const first = n % 2 === 0 ? await ours(server, q) : null;
          const other = await theirs(owner, server, q);
          const mine = first ?? (await ours(server, q));
          if (mine.ids.join() !== other.ids.join()) throw new Error(`${q}: not the same results`);
          took[0].push(mine.ms);
          took[1].push(other.ms);
          if (round >= 0) slowest.set(q, [...(slowest.get(q) ?? []), mine.ms / other.ms]);
        }
      if (round < 0) continue;
      for (const [i, side] of sides.entries())
        side.runs.push({
          value: median(took[i] ?? []),
          more: { p95_ms: quantile(took[i] ?? [], 0.95) },
        });
    }
    await owner.end();
  } finally {
    await server.close();
  }
  const value = (side: Side): number => median(side.runs.map((run) => run.value));
  const p95 = median(sides[0].runs.map((run) => run.more?.["p95_ms"] ?? Number.NaN));
  return {
    row: options.messages > 100_000 ? "search-1m" : "search",
    what: `${options.messages} messages, ${queries.length} queries in turn, ${results} results of each`,
    unit: "ms",
    sides,
    checks: [
      atMost("÷ by hand", value(sides[0]) / value(sides[1]), 1.5),
      atMost("p95 ms", p95, 100),
    ],
    notes: [...slowest].map(([q, ratios]) => `${q}: ${median(ratios).toFixed(2)} × by hand`),
  };
}
