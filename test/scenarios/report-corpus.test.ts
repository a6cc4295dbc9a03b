/** The corpus of reports as mail systems really write them, each about a message of ours that really left. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { type Copy, type SentOut, sentOut } from "./sent-out.ts";

type Expected = {
  file: string;
  from: string;
  kind: "bounce" | "complaint" | "auto_reply" | "mail" | "tls_report" | "dmarc_report";
  recipients?: { address: string | null; action: string; suppress: boolean }[];
  suppress?: boolean;
};

const folder = join(import.meta.dirname, "../mail/reports");
const corpus = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Expected[];

let out: SentOut;
const copies = new Map<string, Copy>();

/** The report as it would have come about our copy: its return path, its Message-ID, its recipient. */
function about(copy: Copy, { file, recipients = [] }: Expected): Buffer {
  const text = readFileSync(join(folder, `${file}.eml`), "latin1")
    .replaceAll(/\r?\n/g, "\r\n")
    .replaceAll("b+7q3zk9@bounce.example.com", copy.path)
    .replaceAll("<0190aa11.7c@mail.example.com>", copy.message_id);
  const [first] = recipients;
  const address = first?.address ?? null;
  if (address === null) return Buffer.from(text, "latin1");
  // Also as an Original-Recipient writes it (RFC 3461 §4).
  const xtext = address.replaceAll("+", "+2B");
  return Buffer.from(text.replaceAll(address, copy.to).replaceAll(xtext, copy.to), "latin1");
}

beforeAll(async () => {
  out = await sentOut();
  for (const { file } of corpus) {
    const [copy] = await out.send(`${file}@example.net`);
    if (copy) copies.set(file, copy);
  }
  // The stop for reputation has tests of its own.
  await out.node.asOwner("DELETE FROM mailbox_day");
  for (const expected of corpus) {
    const copy = copies.get(expected.file);
    if (!copy) throw new Error(`nothing left for ${expected.file}`);
    const reply = await out.mail.raw(expected.from, copy.path, about(copy, expected));
    if (!reply.startsWith("250 ")) throw new Error(`${expected.file}: ${reply}`);
  }
  await out.opened();
}, 180_000);
afterAll(() => out?.stop());

describe("a report to the return path", () => {
  test.each(corpus)(
    "is taken for what it is: $file",
    async ({ file, kind, recipients, suppress }) => {
      const copy = copies.get(file);
      if (!copy) throw new Error("nothing left");
      const [told] = recipients ?? [];
      const dead =
        kind === "bounce" ? told?.suppress === true : kind === "complaint" && suppress === true;
      expect(await out.suppressed(copy.to)).toBe(dead);
      const body = await out.read(copy.id);
      const byAction: Record<string, string> = { failed: "bounced", delivered: "delivered" };
      expect(body.status).toBe(byAction[told?.action ?? ""] ?? "sent");
      expect(body.complained_at !== null).toBe(kind === "complaint" && suppress === true);
      const kept = (
        await out.node.as((tx) =>
          tx.named<{ kind: string }>(
            "kept_in_thread",
            "SELECT kind FROM message WHERE operator_id = $1 AND thread_id = $2 AND direction = 'inbound'",
            [tx.operator_id, copy.thread_id],
          ),
        )
      ).map((message) => message.kind);
      if (kind === "auto_reply" || kind === "mail") expect(kept).toEqual([kind]);
      if (kind === "bounce" || kind === "complaint") expect(kept).toEqual([]);
    },
  );

  test(promise("suppression.hard-only"), async () => {
    const { body } = await out.running.call(
      out.running.known.admin_key,
      "/v1/suppression?limit=100",
    );
    const wanted = corpus.filter(
      ({ suppress, recipients }) => suppress === true || recipients?.[0]?.suppress === true,
    );
    expect(body.suppressions.map((row: { address: string }) => row.address).toSorted()).toEqual(
      wanted.map(({ file }) => `${file}@example.net`).toSorted(),
    );
  });
});
