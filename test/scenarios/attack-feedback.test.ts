/** Reports of a recipient who means harm: they cannot take away the evidence of the message that they are about. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Copy, type SentOut, arf, dsn, sentOut } from "./sent-out.ts";

let out: SentOut;
beforeAll(async () => {
  out = await sentOut();
});
afterAll(() => out?.stop());

/** Gives a message as many entries as many reports would: copies of one of its own. */
async function filled({ id }: Copy, wanted: number): Promise<void> {
  const missing = wanted - (await out.entries(id)).length;
  await out.node.asOwner(
    `INSERT INTO log_entry SELECT e.operator_id, substr(e.entry_id, 1, 20) || lpad(n::text, 6, '0'), e.type, e.actor_kind, e.actor_id,
       e.resource, e.mailbox_id, e.thread_id, e.at, e.body FROM generate_series(1, ${missing}) n,
       (SELECT * FROM log_entry WHERE resource = '${id}' AND type = 'message.attempted' LIMIT 1) e`,
  );
}

test("reports that change nothing leave room in the evidence for those that do", async () => {
  const [copy] = await out.send("eve@example.net");
  if (!copy) throw new Error("nothing left");
  await filled(copy, 700);
  const { mail, running } = out;
  for (const report of [
    dsn(copy, { action: "delayed", status: "4.4.1" }),
    dsn(copy, { action: "delayed", status: "4.4.2" }),
    arf(copy, "not-spam"),
    arf(copy, "not-spam").replace("SomeGenerator", "Another"),
  ])
    expect(await mail.raw("", copy.path, report)).toMatch(/^250 /);
  await out.opened();
  expect(await out.entries(copy.id)).toHaveLength(700);
  expect(await mail.raw("", copy.path, dsn(copy))).toMatch(/^250 /);
  await out.opened();
  expect((await out.read(copy.id)).status).toBe("bounced");
  const { agent_key, mailbox_id } = running.known;
  const proof = await running.call(
    agent_key,
    `/v1/mailboxes/${mailbox_id}/emails/${copy.id}/proof`,
  );
  expect(proof.status).toBe(200);
});
